// Tensors as plain lists of elements, and indices as coordinates: what the property tests hold ours against. No strides.

import fc from "fast-check";
import * as torch from "../../../src/index.ts";

export type Tensor = torch.AnyTensor;
export type Shape = readonly number[];
export type Coords = readonly number[];

export const count = (shape: Shape): number => shape.reduce((n, m) => n * m, 1);

/** All coordinates of a shape, the last dimension fastest. */
export function coordinates(shape: Shape): Coords[] {
  let all: number[][] = [[]];
  for (const n of shape) all = all.flatMap((c) => Array.from({ length: n }, (_, i) => [...c, i]));
  return all;
}

/** Place of an element in row-major order. */
export const placeOf = (shape: Shape, at: Coords): number => at.reduce((p, i, d) => p * shape[d]! + i, 0);

/** Elements in row-major order. */
export interface Plain<T = number> {
  readonly shape: Shape;
  readonly data: readonly T[];
}
export const read = <T>(x: Plain<T>, at: Coords): T => x.data[placeOf(x.shape, at)]!;
/** The plain tensor of a shape whose elements `f` gives by their coordinates. */
export const build = <T>(shape: Shape, f: (at: Coords) => T): Plain<T> => ({
  shape,
  data: coordinates(shape).map(f),
});

/** Elements of a tensor of ours in row-major order. */
export const elements = (x: Tensor): unknown[] => [x.tolist()].flat(Infinity) as unknown[];
export const toPlain = (x: Tensor): Plain => ({ shape: x.shape, data: elements(x).map(Number) });

export const layouts = ["packed", "transposed", "sliced", "offset"] as const;
export type Layout = (typeof layouts)[number];

/** A tensor with these elements whose memory is laid out in one of several ways. */
export function laid(
  x: Plain,
  layout: Layout,
  dtype: "float64" | "int32" | "bool" | "float32" = "float64",
): Tensor {
  const { shape } = x;
  const rank = shape.length;
  const whole: Tensor =
    layout === "transposed"
      ? torch.zeros([...shape].reverse(), { dtype }).permute(shape.map((_, d) => rank - 1 - d))
      : layout === "sliced" && rank > 0
        ? torch.zeros([...shape.slice(0, -1), 2 * shape[rank - 1]! + 1], { dtype }).sliceDim(-1, 1, null, 2)
        : layout === "offset"
          ? torch.zeros([2, ...shape], { dtype }).select(0, 1)
          : torch.zeros([...shape], { dtype });
  whole.copy_(torch.tensor([...x.data], { dtype: "float64" }).reshape([...shape]));
  return whole;
}

/** Elements that are all different: 1, 2, 3, ... */
export const numbered = (shape: Shape): Plain => ({
  shape,
  data: Array.from({ length: count(shape) }, (_, i) => i + 1),
});

export const shapes = (maxRank: number, maxExtent = 3): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0, max: maxExtent }), { maxLength: maxRank });
/** Shapes without an extent of 0 most of the time, so that most cases hold elements. */
export const mostlyFull = (maxRank: number, maxExtent = 3): fc.Arbitrary<number[]> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.integer({ min: 1, max: maxExtent }), { maxLength: maxRank }) },
    { weight: 1, arbitrary: shapes(maxRank, maxExtent) },
  );
export const anyLayout: fc.Arbitrary<Layout> = fc.constantFrom(...layouts);
/** Every run sees the same cases. */
export const runs = (numRuns: number): fc.Parameters<unknown> => ({ seed: 20221, numRuns });
