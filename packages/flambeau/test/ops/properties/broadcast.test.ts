// Elementwise ops of operands that broadcast, in all layouts, against plain loops.

import fc from "fast-check";
import { expect, test } from "vitest";
import * as torch from "../../../src/index.ts";
import type { Plain, Shape, Tensor } from "./plain.ts";
import { anyLayout, build, count, elements, laid, read, runs, shapes } from "./plain.ts";

/** The element of an operand that is repeated to a larger shape. */
const repeated = (x: Plain, at: readonly number[]): number =>
  read(
    x,
    x.shape.map((n, d) => (n === 1 ? 0 : at[at.length - x.shape.length + d]!)),
  );

/** A shape, and one of operands that broadcast to it or to less: leading dimensions left out, some extents 1. */
const operandOf = (out: Shape): fc.Arbitrary<number[]> =>
  fc
    .record({
      skip: fc.integer({ min: 0, max: out.length }),
      ones: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    })
    .map(({ skip, ones }) => out.slice(skip).map((n, d) => (ones[d] ? 1 : n)));
const pairs = shapes(5).chain((out) => fc.tuple(operandOf(out), operandOf(out), operandOf(out)));

const common = (a: Shape, b: Shape): number[] => {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, d) => {
    const [x, y] = [a[d - rank + a.length] ?? 1, b[d - rank + b.length] ?? 1];
    return x === 1 ? y : x;
  });
};
const valuesOf = (shape: Shape, factor: number): Plain => ({
  shape,
  data: Array.from({ length: count(shape) }, (_, i) => ((i * factor) % 7) - 3),
});

const binary: Record<string, [(a: Tensor, b: Tensor) => Tensor, (a: number, b: number) => number]> = {
  add: [(a, b) => a.add(b), (a, b) => a + b],
  sub: [(a, b) => a.sub(b), (a, b) => a - b],
  mul: [(a, b) => a.mul(b), (a, b) => a * b],
  maximum: [(a, b) => a.maximum(b), Math.max],
  lt: [(a, b) => a.lt(b), (a, b) => Number(a < b)],
  atan2: [(a, b) => a.atan2(b), Math.atan2],
};
const dtypes = fc.constantFrom("float64" as const, "float32" as const, "int32" as const);

test.each(Object.keys(binary))("%s of all shapes that broadcast", (name) => {
  const [ours, plain] = binary[name]!;
  fc.assert(
    fc.property(pairs, anyLayout, anyLayout, dtypes, ([s, t], la, lb, dtype) => {
      const [a, b] = [valuesOf(s, 3), valuesOf(t, 5)];
      const y = ours(laid(a, la, dtype), laid(b, lb, dtype));
      const expected = build(common(s, t), (at) => plain(repeated(a, at), repeated(b, at)));
      expect(y.shape).toEqual(expected.shape);
      elements(y).forEach((v, i) => {
        expect(Number(v)).toBeCloseTo(expected.data[i]!, 6);
      });
    }),
    runs(150),
  );
});

test("where of three operands", () => {
  fc.assert(
    fc.property(pairs, anyLayout, anyLayout, ([s, t, u], la, lb) => {
      const [c, a, b] = [valuesOf(s, 3), valuesOf(t, 5), valuesOf(u, 2)];
      const y = torch.where(laid(c, la).gt(0), laid(a, lb), laid(b, la));
      const expected = build(common(common(s, t), u), (at) =>
        repeated(c, at) > 0 ? repeated(a, at) : repeated(b, at),
      );
      expect([y.shape, elements(y)]).toEqual([expected.shape, expected.data]);
    }),
    runs(150),
  );
});

test("in place, an operand broadcasts to the tensor that is changed, never the reverse", () => {
  fc.assert(
    fc.property(pairs, anyLayout, anyLayout, ([s, t], la, lb) => {
      const [a, b] = [valuesOf(s, 3), valuesOf(t, 5)];
      const x = laid(a, la);
      const fits = common(s, t).join() === s.join();
      if (!fits) {
        expect(() => x.add_(laid(b, lb))).toThrow(torch.RuntimeError);
        return;
      }
      x.add_(laid(b, lb));
      expect(elements(x)).toEqual(build(s, (at) => repeated(a, at) + repeated(b, at)).data);
    }),
    runs(150),
  );
});

test("shapes that do not go together are refused, and broadcastShapes agrees", () => {
  fc.assert(
    fc.property(shapes(4), shapes(4), (s, t) => {
      const rank = Math.max(s.length, t.length);
      const fits = Array.from({ length: rank }, (_, d) => [
        s[d - rank + s.length] ?? 1,
        t[d - rank + t.length] ?? 1,
      ]).every(([x, y]) => x === y || x === 1 || y === 1);
      const add = (): Tensor => torch.zeros(s).add(torch.zeros(t));
      if (fits) {
        expect(add().shape).toEqual(common(s, t));
        expect(torch.broadcastShapes(s, t)).toEqual(common(s, t));
      } else {
        expect(add).toThrow(torch.ShapeError);
        expect(() => torch.broadcastShapes(s, t)).toThrow(torch.ShapeError);
      }
    }),
    runs(300),
  );
});
