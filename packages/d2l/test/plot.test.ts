// plot and setAxes: what stands in the Vega-Lite spec.

import { describe, expect, it } from "vitest";
import type { Figure } from "../src/index.ts";
import { plot, setAxes } from "../src/index.ts";
import type { LinePanel } from "../src/spec.ts";
import { panelsOf } from "../src/spec.ts";

const only = (figure: Figure): LinePanel => panelsOf(figure.spec)[0] as LinePanel;
const points = (figure: Figure): (number | null)[][] => only(figure).data.values.map(({ x, y }) => [x, y]);

describe("plot: data", () => {
  it("takes one vector as y and counts x from 0", () => {
    expect(points(plot([3, 1, 2]))).toEqual([
      [0, 3],
      [1, 1],
      [2, 2],
    ]);
    expect(points(plot([3, 1], null, { xlabel: "i" }))).toEqual([
      [0, 3],
      [1, 1],
    ]);
  });

  it("gives all curves the one x, or each its own", () => {
    const shared = plot(
      [1, 2],
      [
        [3, 4],
        [5, 6],
      ],
    );
    expect(points(shared)).toEqual([
      [1, 3],
      [2, 4],
      [1, 5],
      [2, 6],
    ]);
    const own = plot([[1, 2], [9]], [[3, 4], [6]]);
    expect(only(own).data.values.map((row) => row.series)).toEqual(["line 1", "line 1", "line 2"]);
    expect(points(own).at(-1)).toEqual([9, 6]);
  });

  it("takes typed arrays, big integers and anything with tolist()", () => {
    const tensor = { tolist: () => [0.5, 1.5] };
    expect(points(plot(new Float32Array([1, 2]), tensor))).toEqual([
      [1, 0.5],
      [2, 1.5],
    ]);
    expect(points(plot(new BigInt64Array([1n, 2n]), [tensor])).map(([x]) => x)).toEqual([1, 2]);
    expect(points(plot({ tolist: () => [[1], [2]] }))).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect(points(plot([{ tolist: () => 7 }, 8]))).toEqual([
      [0, 7],
      [1, 8],
    ]);
  });

  it("keeps the order of the points", () => {
    expect(points(plot([3, 1, 2], [1, 2, 3])).map(([x]) => x)).toEqual([3, 1, 2]);
    expect(only(plot([1])).encoding.order).toEqual({ value: null });
  });

  it("leaves gaps: null for what is not finite, a rule on log axes for what is not positive", () => {
    const figure = plot([0, 1, 2, 3], [1, Number.NaN, Number.POSITIVE_INFINITY, -1], { yscale: "log" });
    expect(points(figure).map(([, y]) => y)).toEqual([1, null, null, -1]);
    expect(only(figure).transform).toEqual([{ calculate: "datum.y > 0 ? datum.y : null", as: "y" }]);
    expect(only(plot([1])).transform).toBeUndefined();
  });

  it("refuses data that do not fit, by name", () => {
    expect(() => plot([1, 2], [1, 2, 3])).toThrow("curve 0 has 2 values of x and 3 of y");
    expect(() => plot([[1], [2]], [[1], [2], [3]])).toThrow("X has 2 vectors and Y has 3");
    expect(() => plot(["1"] as never)).toThrow(TypeError);
    expect(() => plot([1, [2]] as never)).toThrow("numbers and vectors are mixed");
    expect(() => plot(5 as never)).toThrow("expected an array");
  });

  it("draws nothing from nothing", () => {
    const figure = plot([]);
    expect(points(figure)).toEqual([]);
    expect(only(figure).encoding.y.scale.domain).toEqual([0, 1]);
    expect(figure.toTerminal({ columns: 40 }).split("\n").length).toBeGreaterThan(5);
  });
});

describe("plot: axes", () => {
  it("names the axes and the curves", () => {
    const { encoding } = only(
      plot([[1], [2], [3]], null, { xlabel: "x", ylabel: "f(x)", legend: ["a", "b"] }),
    );
    expect([encoding.x.title, encoding.y.title]).toEqual(["x", "f(x)"]);
    expect(encoding.color.scale.domain).toEqual(["a", "b", "line 3"]);
    expect(encoding.color.legend?.["values"]).toEqual(["a", "b"]);
    expect(only(plot([1])).encoding.color.legend).toBeNull();
  });

  it("keeps curves of the same name apart", () => {
    expect(only(plot([[1], [2]], null, { legend: ["a", "a"] })).encoding.color.scale.domain).toEqual([
      "a",
      "a (2)",
    ]);
  });

  it("uses the limits, and the data with a margin where there are none", () => {
    const { x, y } = only(plot([0, 100], [0, 10], { xlim: [1, 50] })).encoding;
    expect(x.scale.domain).toEqual([1, 50]);
    expect(y.scale.domain).toEqual([-0.5, 10.5]);
    const log = only(plot([0, 1], [1e-3, 1e3], { yscale: "log", ylim: [0, 1e4] })).encoding.y.scale;
    expect(log.domain[0]).toBeGreaterThan(1e-4);
    expect(log.domain[1]).toBe(1e4);
    expect(only(plot([2, 2])).encoding.y.scale.domain).toEqual([1.9, 2.1]);
    expect(only(plot([0, 0], null, { yscale: "log" })).encoding.y.scale.domain).toEqual([0.1, 1]);
  });

  it("survives the largest and the smallest numbers", () => {
    for (const yscale of ["linear", "log"] as const) {
      const figure = plot([Number.MIN_VALUE, Number.MAX_VALUE], null, { yscale });
      const { domain } = only(figure).encoding.y.scale;
      expect(domain.every(Number.isFinite)).toBe(true);
      expect(figure.toTerminal({ columns: 60, color: false })).toMatch(/[\u2801-\u28ff]/);
    }
  });

  it("labels powers of ten on a log axis", () => {
    const { axis } = only(plot([1e-3, 1e2], null, { yscale: "log" })).encoding.y;
    expect(axis["values"]).toContain(1e-3);
    expect(axis["values"]).toContain(100);
    expect(axis["labelExpr"]).toContain("10⁻³");
  });

  it("puts the legend where the fewest points are", () => {
    const falling = Array.from({ length: 50 }, (_, i) => Math.exp(-i / 10));
    expect(only(plot(falling, null, { legend: ["a"] })).encoding.color.legend?.["orient"]).toBe("top-right");
    const rising = falling.map((v) => 1 - v);
    expect(["top-left", "bottom-right"]).toContain(
      only(plot(rising, null, { legend: ["a"] })).encoding.color.legend?.["orient"],
    );
    const many = Array.from({ length: 7 }, (_, i) => [i]);
    const legend = many.map((_, i) => `curve ${i}`);
    expect(only(plot(many, null, { legend })).encoding.color.legend?.["orient"]).toBe("right");
  });

  it("is 100 px to the inch", () => {
    expect([only(plot([1])).width, only(plot([1])).height]).toEqual([350, 250]);
    expect(only(plot([1], null, { figsize: [6, 4] })).width).toBe(600);
  });

  it("refuses what it cannot use", () => {
    expect(() => plot([1], null, { yscale: "symlog" as never })).toThrow('yscale must be "linear" or "log"');
    expect(() => plot([1], null, { xlim: [0, Number.NaN] })).toThrow("xlim must be two finite numbers");
    expect(() => plot([1], null, { figsize: [0, 1] })).toThrow("figsize");
    expect(() => plot([1], null, { fmts: ["s"] })).toThrow('"s" is not a line format');
    expect(() => plot([1], null, { fmts: ["rm"] })).toThrow(RangeError);
  });
});

describe("plot: formats", () => {
  it("reads colour and line in either order, as matplotlib does", () => {
    const { color, strokeDash } = only(
      plot([[1], [2], [3], [4], [5]], null, { fmts: ["-", "m--", "-.g", "r:", "C1"] }),
    ).encoding;
    expect(color.scale.range).toEqual(["#1f77b4", "#bf00bf", "#158030", "#e01b24", "#ff7f0e"]);
    expect(strokeDash.scale.range).toEqual([[], [6, 4], [7, 4, 1, 4], [1, 4], []]);
  });

  it("repeats them when there are more curves", () => {
    expect(only(plot([[1], [2], [3]], null, { fmts: ["r", "g"] })).encoding.color.scale.range).toEqual([
      "#e01b24",
      "#158030",
      "#e01b24",
    ]);
  });
});

describe("setAxes and themes", () => {
  it("sets the axes anew and keeps the curves", () => {
    const figure = plot([1, 2], [0.1, -1], { xlabel: "x", yscale: "log", figsize: [5, 3], fmts: ["r:"] });
    expect(setAxes(figure, { ylabel: "y", legend: ["a"] })).toBe(figure);
    const panel = only(figure);
    expect([panel.encoding.x.title, panel.encoding.y.title]).toEqual([null, "y"]);
    expect(panel.encoding.y.scale.type).toBe("linear");
    expect(points(figure)).toEqual([
      [1, 0.1],
      [2, -1],
    ]);
    expect(panel.encoding.color.scale).toEqual({ domain: ["a"], range: ["#e01b24"] });
    expect([panel.width, panel.height]).toEqual([500, 300]);
    expect(() => setAxes(figure, { xscale: "no" as never })).toThrow("setAxes: xscale");
  });

  it("changes the theme and back without loss, and leaves the original alone", () => {
    const figure = plot([[1], [2]], null, { legend: ["a", "b"] });
    const dark = figure.withTheme("dark");
    expect(dark.spec.background).toBe("#0d1117");
    expect(only(dark).encoding.color.scale.range).not.toEqual(only(figure).encoding.color.scale.range);
    expect(dark.withTheme("light").spec).toEqual(figure.spec);
    expect(plot([1], null, { theme: "dark" }).spec.background).toBe("#0d1117");
    expect(setAxes(plot([1], null, { theme: "dark" }), {}).spec.background).toBe("#0d1117");
  });
});

it("dots have no line, keep their points through setAxes, and show in the terminal", async () => {
  const figure = plot(
    [
      [1, 2, 4],
      [1, 4],
    ],
    [
      [1, 3, 2],
      [0, 3],
    ],
    { fmts: ["C7o", "-"], legend: ["data", "fit"] },
  );
  expect(figure.toTerminal({ columns: 60, color: false })).toContain("⠂⠄⠐ data");
  const dots = async (): Promise<number | undefined> =>
    (await figure.toSvg()).match(/aria-roledescription="point"[^>]*d="M[1-9]/g)?.length;
  expect(await dots()).toBe(3);
  setAxes(figure, { ylim: [0, 4], legend: ["data", "fit"] });
  expect(await dots()).toBe(3);
  expect(() => plot([1], [1], { fmts: ["o-"] })).toThrow(/dots \(o\)/);
});
