// Numbers to pictures: ticks, scales of sliders, data of curves, copies for another thread.

import { describe, expect, it } from "vitest";
import type { Picture } from "../../../lessons/live.ts";
import { slider } from "../../../lessons/live.ts";
import { positionOf, rangeOf, valueAt, written } from "../src/live/scale.ts";
import { isDiverged, snapshot } from "../src/live/snapshot.ts";
import { extent, ticks } from "../src/pictures/axes.ts";
import { isDark, ramp } from "../src/pictures/colors.ts";
import { dataOf, shapeOf } from "../src/pictures/curves.ts";
import { summaryOf, tableOf } from "../src/pictures/describe.ts";

const curves = (
  y: readonly number[],
  yscale: "linear" | "log" = "linear",
): Extract<Picture, { kind: "curves" }> => ({
  kind: "curves",
  curves: [{ name: "loss", x: y.map((_, i) => i), y }],
  xlabel: "epoch",
  yscale,
});

describe("ticks", () => {
  it("are round and inside", () => {
    expect(ticks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(-2.3, 2.4, 4)).toEqual([-2, 0, 2]);
    expect(ticks(0, 0.03, 3)).toEqual([0, 0.01, 0.02, 0.03]);
  });
  it("are one where the range is empty", () => expect(ticks(3, 3, 4)).toEqual([3]));
});

describe("extent", () => {
  it("passes over what is not finite", () => {
    expect(extent([3, Number.NaN, -1], [Number.POSITIVE_INFINITY])).toEqual([-1, 3]);
    expect(extent([Number.NaN])).toEqual([0, 0]);
  });
});

describe("sliders", () => {
  const lambda = slider(3, 0, 10, { step: 0.1 });
  const lr = slider(0.003, 0.0003, 0.1, { scale: "log" });

  it("stand on their steps", () => {
    expect(rangeOf(lambda)).toEqual({ min: 0, max: 10, step: 0.1 });
    expect(valueAt(lambda, 0.30000000000000004)).toBe(0.3);
    expect(valueAt(lambda, 11)).toBe(10);
  });
  it("space the values of a logarithmic one by ratio, and reach both ends", () => {
    const { min, max } = rangeOf(lr);
    expect(valueAt(lr, min)).toBe(0.0003);
    expect(valueAt(lr, max)).toBe(0.1);
    expect(valueAt(lr, Math.round(positionOf(lr, 0.003)))).toBeCloseTo(0.003, 4);
  });
  it("write numbers as people do", () => {
    expect([0, 3, 0.1 + 0.2, 0.00005, 1234567, 12.5].map(written)).toEqual([
      "0",
      "3",
      "0.3",
      "5e-5",
      "1.23e+6",
      "12.5",
    ]);
  });
});

describe("curves", () => {
  it("have gaps where nothing can be drawn", () => {
    expect(dataOf(curves([1, Number.NaN, 3]))).toEqual([
      [0, 1, 2],
      [1, null, 3],
    ]);
    expect(dataOf(curves([1, 0, -1], "log"))[1]).toEqual([1, null, null]);
  });
  it("share an axis: an x of the one is no gap of the other", () => {
    const picture: Extract<Picture, { kind: "curves" }> = {
      kind: "curves",
      curves: [
        { name: "a", x: [0, 2], y: [1, 2] },
        { name: "b", x: [1], y: [Number.NaN] },
      ],
    };
    expect(dataOf(picture).map((row) => Array.from(row))).toEqual([
      [0, 1, 2],
      [1, undefined, 2],
      [undefined, null, undefined],
    ]);
  });
  it("keep their plot when only data or names change", () => {
    expect(shapeOf(curves([1, 2]))).toBe(shapeOf(curves([5, 6, 7])));
    expect(shapeOf(curves([1], "log"))).not.toBe(shapeOf(curves([1])));
  });
});

describe("snapshot", () => {
  it("copies numbers, so that training can go on, and gives the buffers away", () => {
    const values = new Float32Array([1, 2]);
    const transfer: ArrayBuffer[] = [];
    const copy = snapshot({ kind: "bars", values }, transfer);
    values[0] = 9;
    expect(copy).toEqual({ kind: "bars", values: new Float32Array([1, 2]), reference: undefined });
    expect(transfer).toHaveLength(1);
  });
  it("finds what is not finite in every kind", () => {
    const bad = Number.NaN;
    const pictures: Picture[] = [
      curves([1, bad]),
      { kind: "bars", values: [bad] },
      { kind: "heatmap", rows: 1, columns: 1, values: [bad] },
      { kind: "histograms", from: 0, to: 1, rows: [{ name: "a", counts: [bad] }] },
      { kind: "images", height: 1, width: 1, values: [bad], captions: ["a"] },
      { kind: "numbers", rows: [{ name: "a", value: bad }] },
    ];
    expect(pictures.map(isDiverged)).toEqual(pictures.map(() => true));
    expect(isDiverged(curves([1, 2]))).toBe(false);
  });
});

describe("pictures in words", () => {
  it("say from where to where curves go", () => {
    expect(summaryOf(curves([2, 1, 0.5]))).toBe("loss: 2 → 0.5 (epoch 0 … 2)");
  });
  it("have all numbers in their table", () => {
    const heatmap: Picture = { kind: "heatmap", rows: 1, columns: 2, values: [0.25, 1], rowNames: ["query"] };
    expect(tableOf(heatmap)).toEqual({ head: ["", "0", "1"], rows: [["query", "0.25", "1"]] });
    expect(tableOf(curves([2, 1]))?.rows).toEqual([
      ["0", "2"],
      ["1", "1"],
    ]);
  });
});

describe("colours of cells", () => {
  it("run between their stops", () => {
    const color = ramp(["#000000", "#ff0000", "#fff"]);
    expect([0, 0.25, 0.5, 1, 2].map(color)).toEqual([
      [0, 0, 0],
      [128, 0, 0],
      [255, 0, 0],
      [255, 255, 255],
      [255, 255, 255],
    ]);
    expect(isDark([20, 80, 140])).toBe(true);
    expect(isDark([244, 242, 238])).toBe(false);
  });
});

describe("points that share an x", () => {
  const picture: Picture = {
    kind: "curves",
    curves: [
      { name: "cars", x: [3, 1, Number.NaN, 3], y: [30, 10, 20, 31], points: true },
      { name: "line", x: [1, 4], y: [1, 4] },
    ],
  };

  it("are all drawn, in the order of x", () => {
    expect(dataOf(picture as never)).toEqual([
      [1, 3, 3, 4],
      [10, 30, 31, undefined],
      [1, undefined, undefined, 4],
    ]);
  });

  it("all stand in the table", () => {
    expect(tableOf(picture)?.rows.map(([x, cars]) => [x, cars])).toEqual([
      ["1", "10"],
      ["3", "30"],
      ["3", "31"],
      ["4", ""],
    ]);
  });
});
