// Figure: SVG, PNG, notebook output and files.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Animator, plot } from "../src/index.ts";

const figure = plot(
  [1, 10, 100],
  [
    [1e-3, 1, 1e2],
    [1, 0, 2],
  ],
  {
    xlabel: "epoch",
    ylabel: "损失",
    yscale: "log",
    legend: ["train", "test & <more>"],
  },
);

/** Width and height from a PNG's first chunk. */
function pngSize(png: Uint8Array): [number, number] {
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
}

describe("SVG and PNG", () => {
  it("draws an SVG with curves, labels and powers of ten", async () => {
    const svg = await figure.toSvg();
    expect(svg).toMatch(/^<svg[^>]*width="350"[^>]*height="250"/);
    for (const text of ["epoch", "损失", "train", "test &amp; &lt;more&gt;", "10⁻²"])
      expect(svg).toContain(text);
    expect(svg).toContain('stroke-dasharray="6,4"');
    expect(svg).not.toContain("NaN");
  });

  it("breaks the curve where a log axis has no place for a value", async () => {
    const path = (svg: string): string => /mark-line[\s\S]*?<path[^>]*d="([^"]*)"/.exec(svg)?.[1] ?? "";
    const broken = path(await plot([1, 2, 0, 3, 4], null, { yscale: "log" }).toSvg());
    expect(broken.match(/M/g)?.length).toBe(2);
    const whole = path(await plot([1, 2, 5, 3, 4], null, { yscale: "log" }).toSvg());
    expect(whole.match(/M/g)?.length).toBe(1);
  });

  it("gives each panel of a grid its own look", async () => {
    const animator = new Animator({ ncols: 2, legend: ["a", "b"], display: "none" });
    for (const i of [0, 1]) animator.add(i, [i, i]);
    const svg = await animator.figure().toSvg();
    expect(svg).toContain("#1f77b4");
    expect(svg).toContain("#bf00bf");
  });

  it("draws a PNG of the size asked for, with visible text", async () => {
    expect(pngSize(await figure.toPng())).toEqual([700, 500]);
    expect(pngSize(await figure.toPng(1))).toEqual([350, 250]);
    // Without a font both would be blank, and so alike.
    const [one, other] = ["aaaa", "mmmm"].map((title) => plot([1, 2], null, { title }).toPng());
    expect(await one).not.toEqual(await other);
    await expect(figure.toPng(0)).rejects.toThrow("scale must be a positive number");
  });

  it("shows itself in a notebook", async () => {
    const shown = figure as unknown as Record<symbol, () => Promise<Record<string, unknown>>>;
    const bundle = await shown[Symbol.for("Jupyter.display")]?.();
    expect(Object.keys(bundle ?? {}).sort()).toEqual([
      "application/vnd.vegalite.v5+json",
      "image/svg+xml",
      "text/plain",
    ]);
    expect(bundle?.["application/vnd.vegalite.v5+json"]).toMatchObject({
      $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    });
    expect(bundle?.["text/plain"]).toContain("10⁻");
  });

  it("names its parts by its content, so that the same figure gives the same file", async () => {
    const ids = async (of: typeof figure): Promise<string> =>
      /url\(#([^)]*)\)/.exec(await of.toSvg())?.[1] ?? "";
    expect(await figure.toSvg()).toBe(await figure.toSvg());
    expect(await ids(figure)).toMatch(/^clip-\w+-0$/);
    expect(await ids(figure)).not.toBe(await ids(plot([1, 2])));
  });

  it("is plain JSON, also after it was drawn", async () => {
    await figure.toSvg();
    expect(JSON.parse(JSON.stringify(figure.spec))).toEqual(figure.spec);
  });
});

describe("save", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "d2l-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("writes SVG, PNG and the spec by extension, and nothing beside them", async () => {
    for (const name of ["a.svg", "b.PNG", "c.json", "d.vl.json"]) await figure.save(join(folder, name));
    expect(await readFile(join(folder, "a.svg"), "utf8")).toBe(await figure.toSvg());
    expect(pngSize(await readFile(join(folder, "b.PNG")))).toEqual([700, 500]);
    expect(JSON.parse(await readFile(join(folder, "c.json"), "utf8"))).toEqual(figure.spec);
    expect((await readdir(folder)).sort()).toEqual(["a.svg", "b.PNG", "c.json", "d.vl.json"]);
  });

  it("replaces a file", async () => {
    await writeFile(join(folder, "a.svg"), "old");
    await figure.save(join(folder, "a.svg"));
    expect(await readFile(join(folder, "a.svg"), "utf8")).toMatch(/^<svg/);
  });

  it.each(["e.pdf", "e", "e.svg.bak", "svg", "dir.svg/e"])("refuses %s before it writes", async (name) => {
    const before = await readdir(folder);
    await expect(figure.save(join(folder, name))).rejects.toThrow("must end in .svg, .png or .json");
    expect(await readdir(folder)).toEqual(before);
  });

  it("leaves nothing behind where it cannot write", async () => {
    const before = (await readdir(folder)).sort();
    const missing = join(folder, "no", "such", "e.json");
    await expect(figure.save(missing)).rejects.toMatchObject({
      message: expect.stringContaining(missing) as string,
      cause: { code: "ENOENT" },
    });
    await expect(figure.save(join(folder, "a.svg", "e.json"))).rejects.toThrow("cannot write");
    // The target is a folder: the file is complete, but cannot be put there.
    const { mkdir } = await import("node:fs/promises");
    await mkdir(join(folder, "full.json", "x"), { recursive: true });
    await expect(figure.save(join(folder, "full.json"))).rejects.toThrow("cannot write");
    expect((await readdir(folder)).sort()).toEqual([...before, "full.json"].sort());
  });
});
