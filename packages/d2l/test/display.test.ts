// onFigure: what a page is told about the pictures.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Figure } from "../src/index.ts";
import { Animator, onFigure, plot, setAxes } from "../src/index.ts";
import { curvesOf, panelsOf } from "../src/spec.ts";

const seen: { figure: Figure; key: number }[] = [];
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  seen.length = 0;
  end = onFigure((figure, key) => seen.push({ figure, key }));
});
afterEach(() => {
  end();
  vi.useRealTimers();
});

const points = (figure: Figure): number =>
  panelsOf(figure.spec)
    .flatMap((panel) => curvesOf(panel))
    .reduce((sum, { x }) => sum + x.length, 0);

describe("onFigure", () => {
  it("is told of a plot, and of the same plot with other axes under the same key", () => {
    const first = plot([1, 2], [3, 4]);
    setAxes(first, { ylabel: "y" });
    plot([1, 2], [5, 6]);
    expect(seen.map(({ figure }) => figure === first)).toEqual([true, true, false]);
    const keys = seen.map(({ key }) => key);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it("is told the states of an animator, at most 15 a second, and the last one", () => {
    using animator = new Animator({ xlim: [0, 100] });
    for (let step = 0; step < 50; step++) animator.add(step, [step, -step]);
    expect(seen.map(({ figure }) => points(figure))).toEqual([2]);
    vi.advanceTimersByTime(100);
    expect(seen.map(({ figure }) => points(figure))).toEqual([2, 100]);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
  });

  it("draws what reaches the right edge at once, so that a loop without pauses shows its end", () => {
    const animator = new Animator({ xlim: [1, 3] });
    for (const step of [1, 2, 3]) animator.add(step, step);
    expect(seen.map(({ figure }) => points(figure))).toEqual([1, 3]);
  });

  it("draws no animator that asked for no display, and nothing after the end of the subscription", () => {
    new Animator({ display: "none" }).add(1, 1);
    expect(seen).toEqual([]);
    end();
    plot([1, 2]);
    new Animator().add(1, 1);
    expect(seen).toEqual([]);
  });
});
