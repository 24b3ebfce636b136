// Barriers between steps: one wherever threads could disturb each other, and none that could be left out.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Span, Touch } from "../../../src/backend/wasm/program/phases.ts";
import { barriersBefore, spansOf } from "../../../src/backend/wasm/program/phases.ts";
import type { Buffer, LoopStep } from "../../../src/ir/program.ts";
import { ExprBuilder } from "../../../src/ir/scalar.ts";

const span = (from: number, to: number): Span => ({ from, to });
const step = (parallel: boolean, reads: Span[], writes: Span[]): Touch => ({ parallel, reads, writes });
const [a, b, c] = [span(0, 8), span(8, 16), span(16, 24)];

describe("barriersBefore", () => {
  test.each<[string, Touch[], boolean[]]>([
    ["a result that is read", [step(true, [a], [b]), step(true, [b], [c])], [false, true]],
    ["an operand that is written", [step(true, [a], [b]), step(true, [c], [a])], [false, true]],
    ["a result that is written again", [step(true, [a], [b]), step(true, [c], [b])], [false, true]],
    ["only reads in common", [step(true, [a], [b]), step(true, [a], [c])], [false, false]],
    ["two steps of one thread", [step(false, [a], [b]), step(false, [b], [c])], [false, false]],
    ["a step of one thread before others", [step(false, [a], [b]), step(true, [b], [c])], [false, true]],
    ["a step of one thread after others", [step(true, [a], [b]), step(false, [b], [c])], [false, true]],
    [
      "one barrier for two hazards",
      [step(true, [], [a]), step(true, [], [b]), step(true, [a], [c]), step(true, [b], [])],
      [false, false, true, false],
    ],
    ["bytes that only touch", [step(true, [], [span(0, 5)]), step(true, [], [span(5, 6)])], [false, false]],
    ["bytes that overlap", [step(true, [], [span(0, 5)]), step(true, [], [span(4, 6)])], [false, true]],
  ])("%s", (_, steps, expected) => {
    expect(barriersBefore(steps)).toEqual(expected);
  });

  test("as many as needed, of any steps", () => {
    const spans = fc.array(
      fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 3 })).map(([from, n]) => span(from, from + n)),
      { maxLength: 2 },
    );
    const steps = fc.array(fc.record({ parallel: fc.boolean(), reads: spans, writes: spans }), {
      maxLength: 12,
    });
    const meet = (x: readonly Span[], y: readonly Span[]): boolean =>
      x.some((p) => y.some((q) => Math.max(p.from, q.from) < Math.min(p.to, q.to)));
    const mayNotMeet = (x: Touch, y: Touch): boolean =>
      (x.parallel || y.parallel) &&
      (meet(x.writes, y.writes) || meet(x.writes, y.reads) || meet(x.reads, y.writes));
    const holds = (list: readonly Touch[], barriers: readonly boolean[]): boolean =>
      list.every((y, j) =>
        list.slice(0, j).every((x, i) => !mayNotMeet(x, y) || barriers.slice(i + 1, j + 1).includes(true)),
      );
    fc.assert(
      fc.property(steps, (list) => {
        const barriers = barriersBefore(list);
        expect(holds(list, barriers)).toBe(true);
        barriers.forEach((barrier, i) => {
          if (barrier) expect(holds(list, barriers.with(i, false))).toBe(false);
        });
      }),
    );
  });
});

describe("spansOf", () => {
  const buffer = (length: number, dtype: Buffer["dtype"] = "float32"): Buffer => ({
    dtype,
    length,
    kind: "temp",
    name: "",
  });
  const e = new ExprBuilder();
  const loop: LoopStep = {
    kind: "loop",
    name: "add",
    outer: [],
    inner: [2, 3],
    operands: [
      { dtype: "float32", source: { buffer: 0, offset: 4, strides: [-3, 1] } },
      { dtype: "float32", source: { scalar: 0 } },
    ],
    stages: [],
    maps: [
      {
        body: e.add(e.input(0, "float32"), e.input(1, "float32")),
        to: { buffer: 1, offset: 2, strides: [6, 2] },
      },
    ],
    values: [],
  };

  test("are the bytes of all places", () => {
    const place = [100, 1000];
    expect(spansOf(loop, { buffers: [buffer(8), buffer(20)] }, (id) => place[id]!)).toEqual({
      reads: [span(100 + 4 * 1, 100 + 4 * 7)],
      writes: [span(1000 + 4 * 2, 1000 + 4 * 13)],
    });
  });
  test("of nothing are none", () => {
    expect(spansOf({ ...loop, inner: [0, 3] }, { buffers: [buffer(8), buffer(20)] }, () => 0)).toEqual({
      reads: [],
      writes: [],
    });
  });
  test("of a step of the host are whole buffers", () => {
    const buffers = [buffer(3), buffer(2, "int64")];
    const host = { kind: "host", name: "", reads: [0], writes: [1], run: () => undefined } as const;
    expect(spansOf(host, { buffers }, (id) => 100 * id)).toEqual({
      reads: [span(0, 12)],
      writes: [span(100, 116)],
    });
  });
});
