// Accumulator and Timer, and that importing the library loads nothing heavy.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { Accumulator, Timer } from "../src/index.ts";

describe("Accumulator", () => {
  it("sums, and is read by index", () => {
    const metric = new Accumulator(3);
    metric.add(1, 2, 3);
    metric.add(0.5, 10n, { tolist: () => [[4]] });
    expect([metric[0], metric[1], metric[2]]).toEqual([1.5, 12, 7]);
    expect(metric[0] / metric[1]).toBe(0.125);
    expect([metric.at(0), metric.at(-1), metric.length]).toEqual([1.5, 7, 3]);
    metric.reset();
    expect(metric[0]).toBe(0);
  });

  it("has types for the indices that exist", () => {
    const metric = new Accumulator(2);
    expectTypeOf(metric[1]).toEqualTypeOf<number>();
    // @ts-expect-error there is no third sum
    expect(metric[2]).toBeUndefined();
    const n: number = 2;
    expectTypeOf(new Accumulator(n)).toEqualTypeOf<Accumulator>();
    // @ts-expect-error the sums are changed by add and reset
    expect(() => (metric[0] = 1)).toThrow(TypeError);
  });

  it("refuses what does not fit, and adds nothing then", () => {
    const metric = new Accumulator(2);
    expect(() => metric.add(1)).toThrow("expected 2 values, got 1");
    expect(() => metric.add(1, "2" as never)).toThrow(TypeError);
    expect(() => metric.add(1, { tolist: () => [1, 2] })).toThrow("got 2 values");
    expect(() => metric.at(2)).toThrow(RangeError);
    expect(metric[0]).toBe(0);
    for (const n of [0, -1, 1.5]) expect(() => new Accumulator(n)).toThrow(RangeError);
  });
});

describe("Timer", () => {
  afterEach(() => vi.useRealTimers());

  it("measures seconds", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const timer = new Timer();
    expect(timer.avg()).toBeNaN();
    vi.advanceTimersByTime(1500);
    expect(timer.stop()).toBeCloseTo(1.5);
    timer.start();
    vi.advanceTimersByTime(500);
    timer.stop();
    expect(timer.times.map((t) => t.toFixed(3))).toEqual(["1.500", "0.500"]);
    expect(timer.sum()).toBeCloseTo(2);
    expect(timer.avg()).toBeCloseTo(1);
    expect(timer.cumsum().map((t) => t.toFixed(3))).toEqual(["1.500", "2.000"]);
  });
});

describe("import", () => {
  it("loads neither Vega nor a module of Node's", async () => {
    const script = `
      import { registerHooks } from "node:module";
      const seen = [];
      registerHooks({ resolve(specifier, context, next) { seen.push(specifier); return next(specifier, context); } });
      await import(${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)});
      console.log(JSON.stringify(seen.filter((s) => !s.startsWith(".") && !s.startsWith("file:"))));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    expect(new Set(JSON.parse(stdout))).toEqual(new Set(["get-east-asian-width", "flambeau"]));
  });
});
