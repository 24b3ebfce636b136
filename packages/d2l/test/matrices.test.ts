// showHeatmaps and showImages: their specs, pictures, themes and text.

import * as torch from "flambeau";
import { describe, expect, test } from "vitest";
import * as d2l from "../src/index.ts";
import { panelsOf } from "../src/spec.ts";
import type { TilePanel } from "../src/tiles.ts";

const panels = (figure: d2l.Figure): TilePanel[] => panelsOf(figure.spec) as TilePanel[];
const text = (figure: d2l.Figure, columns = 80): string => figure.toTerminal({ columns, color: false });
/** Filled rectangles of an SVG, but for the ground. */
const rectangles = (svg: string): number => svg.match(/<path [^>]*fill="rgb/g)?.length ?? 0;

const matrix = [
  [0, 0.25, 0.5],
  [0.75, 1, Number.NaN],
];

describe("showHeatmaps", () => {
  const figure = d2l.showHeatmaps(matrix, { xlabel: "Keys", ylabel: "Queries", titles: ["one"] });

  test("draws a rectangle for each number, on a scale from the least to the largest", async () => {
    const [panel] = panels(figure);
    expect(panel?.encoding.color.scale.domain).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(panel?.data.values[0].v).toEqual([0, 0.25, 0.5, 0.75, 1, null]);
    const svg = await figure.toSvg();
    expect(rectangles(svg)).toBe(5);
    for (const label of ["Keys", "Queries", "one"]) expect(svg).toContain(label);
    // Ends of the ramp: least and largest.
    for (const color of ["rgb(255, 245, 240)", "rgb(103, 0, 13)"]) expect(svg).toContain(color);
    expect(svg).not.toContain("NaN");
  });

  test("has the first row on top, in the terminal too", () => {
    expect(text(figure).split("\n")).toEqual([
      "one",
      "Queries",
      "0   ░░▒▒",
      "1 ▓▓██",
      "  0 1 2",
      "   Keys",
      "0   ░░▒▒▓▓██ 1",
    ]);
  });

  test("places four dimensions as rows and columns of the figure, with one scale", () => {
    const w = torch.arange(2 * 3 * 4 * 5, { dtype: "float32" }).reshape(2, 3, 4, 5);
    const grid = d2l.showHeatmaps(w, { titles: ["a", "b", "c"] });
    expect((grid.spec as { columns?: number }).columns).toBe(3);
    expect(panels(grid).map((panel) => panel.title)).toEqual(["a", "b", "c", "a", "b", "c"]);
    expect(panels(grid).map((panel) => panel.data.values[0].v[0])).toEqual([0, 20, 40, 60, 80, 100]);
    expect(new Set(panels(grid).map((panel) => panel.encoding.color.scale.domain.join()))).toEqual(
      new Set(["0,29.75,59.5,89.25,119"]),
    );
    expect(panels(grid).filter((panel) => panel.encoding.color.legend !== null)).toHaveLength(1);
    const bare = panels(d2l.showHeatmaps(w.at(0), { columns: 2, legend: false }));
    expect(bare.map((panel) => panel.encoding.color.legend)).toEqual([null, null, null]);
  });

  test("names rows and columns", async () => {
    const named = d2l.showHeatmaps([[1, 2]], { rowNames: ["甲"], columnNames: ["long name", 'qu"ote'] });
    const svg = await named.toSvg();
    for (const name of ["甲", "long name", "qu&quot;ote"]) expect(svg).toContain(name.replace("&quot;", '"'));
    expect(text(named)).toContain("甲   ██");
    expect(() => d2l.showHeatmaps(matrix, { rowNames: ["a"] })).toThrow(/rowNames has 1 names, expected 2/);
  });

  test("some names among many stand in one line, as far as there is room", () => {
    const names = Array.from({ length: 30 }, (_, i) => (i % 10 === 5 ? `0.${i}` : ""));
    const sparse = d2l.showHeatmaps([names.map((_, i) => i)], { columnNames: names });
    expect(text(sparse).split("\n")[1]).toBe("       0.5       0.15      0.25");
    expect(panels(sparse)[0]?.encoding.x.axis).toMatchObject({ values: [5, 15, 25], labelAngle: 0 });
  });

  test("changes its theme and back", () => {
    const dark = figure.withTheme("dark");
    expect(dark.spec).toEqual(
      d2l.showHeatmaps(matrix, { xlabel: "Keys", ylabel: "Queries", titles: ["one"], theme: "dark" }).spec,
    );
    expect(panels(dark)[0]?.encoding.color.scale.range).not.toEqual(
      panels(figure)[0]?.encoding.color.scale.range,
    );
    expect(dark.withTheme("light").spec).toEqual(figure.spec);
  });

  test("keeps within the columns it is given", () => {
    const wide = d2l.showHeatmaps(torch.rand(2, 3, 6, 40), {
      rowNames: Array.from({ length: 6 }, (_, i) => `layer number ${i}`),
      xlabel: "a label that is longer than the picture is wide, by far",
    });
    for (const columns of [100, 60, 40, 12, 5])
      for (const line of text(wide, columns).split("\n"))
        expect(d2l.textWidth(line), line).toBeLessThanOrEqual(Math.max(columns, 24));
  });

  test("joins curves in one figure", async () => {
    const both = d2l.Figure.grid([d2l.plot([1, 2], [3, 4]), figure], 2);
    expect(rectangles(await both.toSvg())).toBe(5);
    expect(text(both)).toContain("▓▓██");
    expect(both.withTheme("dark").withTheme("light").spec).toEqual(both.spec);
    expect(() => d2l.setAxes(figure, { xlabel: "x" })).toThrow(/figure of curves/);
  });

  test("takes one value for all, and limits", () => {
    expect(panels(d2l.showHeatmaps([[2, 2]]))[0]?.encoding.color.scale.domain).toEqual([
      2, 2.25, 2.5, 2.75, 3,
    ]);
    const [panel] = panels(d2l.showHeatmaps(matrix, { vlim: [-2, 2], cmap: "Blues" }));
    expect(panel?.encoding.color.scale.domain).toEqual([-2, -1, 0, 1, 2]);
  });

  test.for([
    [[[1], [1, 2]], {}, /one size/],
    [[1, 2], {}, /2 to 4 dimensions/],
    [[], {}, /nothing to draw/],
    [matrix, { vlim: [1, 0] }, /vlim/],
    [matrix, { cmap: "jet" }, /cmap must be one of Reds, Blues, Greys/],
  ] as const)("refuses %j with %j", ([data, options, message]) => {
    expect(() => d2l.showHeatmaps(data as d2l.Matrices, options as d2l.HeatmapOptions)).toThrow(message);
  });

  test("tells a page", () => {
    const seen: d2l.Figure[] = [];
    const end = d2l.onFigure((shown) => seen.push(shown));
    const one = d2l.showHeatmaps(matrix);
    const two = d2l.showImages([matrix.slice(0, 1)], 1, 1);
    end();
    expect(seen).toEqual([one, two]);
  });
});

describe("showImages", () => {
  const images = torch.tensor([
    [
      [0, 1],
      [1, 0],
    ],
    [
      [0, 0],
      [0, 1],
    ],
    [
      [1, 1],
      [1, 1],
    ],
  ]);

  test("draws as many as the grid has, with titles of several lines and no axes", async () => {
    const figure = d2l.showImages(images, 1, 2, { titles: ["3\n5", "8"] });
    const svg = await figure.toSvg();
    expect(rectangles(svg)).toBe(3);
    for (const line of [">3<", ">5<", ">8<"]) expect(svg).toContain(line);
    expect(text(figure)).toBe(["3", "5     8", "  ██", "██      ██"].join("\n"));
  });

  test("pictures shrink to half their size where a row would not fit otherwise", () => {
    const figure = d2l.showImages(torch.ones(5, 28, 28), 1, 5, { vlim: [0, 1] });
    expect(text(figure, 160).split("\n")).toHaveLength(14);
    const narrow = text(figure, 80).split("\n");
    expect(narrow).toHaveLength(7);
    expect(narrow[0]).toBe(Array(5).fill("█".repeat(14)).join("  "));
  });

  test.for([
    [torch.ones(2, 3, 4, 4), [1, 2], /without channels/],
    [images, [0, 2], /numRows and numCols/],
  ] as const)("refuses what it cannot draw", ([data, [rows, columns], message]) => {
    expect(() => d2l.showImages(data, rows, columns)).toThrow(message);
  });
});
