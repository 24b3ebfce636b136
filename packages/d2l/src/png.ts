// SVG to PNG in Node: resvg compiled to WebAssembly, with the fonts it needs (it has none of its own).
// Loaded on first use only; a page draws on its own canvas instead.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { initWasm, Resvg } from "@resvg/resvg-wasm";

let ready: Promise<Uint8Array> | undefined;

/** Draws an SVG document; `scale` is pixels per px. */
export async function svgToPng(svg: string, scale: number): Promise<Uint8Array<ArrayBuffer>> {
  ready ??= load();
  const fontBuffers = [await ready];
  if (WIDE.test(svg)) {
    const font = await systemFont();
    if (font) fontBuffers.push(font);
    else
      process.emitWarning("toPng: no font here has Chinese, Japanese or Korean; such labels show as boxes");
  }
  const drawing = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" },
    fitTo: { mode: "zoom", value: scale },
  });
  try {
    const image = drawing.render();
    const png = new Uint8Array(image.asPng());
    image.free();
    return png;
  } finally {
    drawing.free();
  }
}

async function load(): Promise<Uint8Array> {
  // import.meta.resolve would do, but is missing where tests and bundlers run this module.
  const { resolve } = createRequire(import.meta.url);
  const [wasm, font] = await Promise.all([
    readFile(resolve("@resvg/resvg-wasm/index_bg.wasm")),
    readFile(resolve("@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff2")),
  ]);
  await initWasm(wasm);
  return font;
}

const WIDE = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]/u;

// A font with these characters weighs 5 to 20 MB, too much to ship; these come with the systems.
const SYSTEM_FONTS: readonly string[] = [
  "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
  "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
  "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
  "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
  "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
  "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
  "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
  "/System/Library/Fonts/PingFang.ttc",
  "/System/Library/Fonts/Hiragino Sans GB.ttc",
  "/System/Library/Fonts/STHeiti Light.ttc",
  "/Library/Fonts/Arial Unicode.ttf",
  "C:\\Windows\\Fonts\\msyh.ttc",
  "C:\\Windows\\Fonts\\simsun.ttc",
  "C:\\Windows\\Fonts\\malgun.ttf",
];

async function systemFont(): Promise<Uint8Array | undefined> {
  for (const path of SYSTEM_FONTS) {
    const font = await readFile(path).catch(() => undefined);
    if (font) return font;
  }
  return undefined;
}
