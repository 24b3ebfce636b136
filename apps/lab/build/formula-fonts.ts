// KaTeX's fonts with the glyphs that the articles use: a tenth of their size.

import { glob, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import subsetFont from "subset-font";
import type { Plugin } from "vite";
import { articleIn, formulaCharacters } from "./articles.ts";

const lessons = join(import.meta.dirname, "../../../lessons");
const cache = join(import.meta.dirname, "../node_modules/.formula-fonts");

/** All characters of the articles' formulas; some are written as entities. */
async function characters(): Promise<string> {
  for await (const name of glob("*/page.*.md", { cwd: lessons })) await articleIn(join(lessons, name));
  return [...formulaCharacters, "<", ">"].sort().join("");
}

export function formulaFonts(): Plugin {
  return {
    name: "formula-fonts",
    apply: "build",
    enforce: "pre",
    async transform(code, id) {
      if (!/\/katex\/dist\/katex\.min\.css$/.test(id)) return null;
      const folder = dirname(id);
      const text = await characters();
      await mkdir(cache, { recursive: true });
      const fonts = new Map<string, string>();
      for (const [, url = ""] of code.matchAll(/url\(([^)]*\.woff2)\)/g)) {
        const file = join(cache, basename(url));
        const font = await readFile(join(folder, url));
        await writeFile(file, await subsetFont(font, text, { targetFormat: "woff2" }));
        fonts.set(url, relative(folder, file));
      }
      // Older forms of the fonts are for browsers that cannot run WebAssembly.
      const css = code.replace(
        /src:url\(([^)]*\.woff2)\) format\("woff2"\)[^}]*/g,
        (_, url) => `src:url(${fonts.get(url)}) format("woff2")`,
      );
      return { code: css, map: null };
    },
  };
}
