// Extrema with their positions, and running sums and products, as loops of captured programs.
// Floor L4 (ops).

import type { DType } from "../base/dtype.ts";
import { isFloat } from "../base/dtype.ts";
import { contiguousStrides, numel } from "../base/shape.ts";
import type { Access } from "../ir/program.ts";
import { ExprBuilder } from "../ir/scalar.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { arange } from "../tensor/range.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

const without = <V>(list: readonly V[], d: number): V[] => list.filter((_, i) => i !== d);

/** The extremum of each row along dimension d and its first position; the first NaN wins over all numbers. */
export function recordExtrema(
  to: Recorder,
  name: string,
  x: AnyTensor,
  d: number,
  largest: boolean,
  values: AnyTensor,
  indices: AnyTensor,
): void {
  const size: number = x.shape[d];
  const outer = without(x.shape as number[], d);
  const places = arange(size);
  const k = new ExprBuilder();
  const dtype = x.dtype as DType;
  const compared = dtype === "bool" ? "int32" : dtype;
  const element = k.cast(k.input(0, dtype), compared);
  const best = k.input(2, compared);
  const hit = k.eq(element, best);
  const found = isFloat(dtype) ? k.or(hit, k.ne(element, element)) : hit;
  const still = outer.map(() => 0);
  to.step((read, write) => {
    const rows: Access = { ...read(x), strides: [...without(x.strides, d), x.strides[d]!] };
    const columns: Access = { ...read(places), strides: [...still, 1] };
    const stored = (t: AnyTensor): Access => ({ ...write(t), strides: contiguousStrides(outer) });
    return {
      kind: "loop",
      name,
      outer,
      inner: [size],
      operands: [
        { dtype, source: rows },
        { dtype: "int32", source: columns },
      ],
      stages: [
        { combine: largest ? "max" : "min", body: element },
        { combine: "min", body: k.select(found, k.input(1, "int32"), size - 1) },
      ],
      maps: [],
      values: [
        { body: k.cast(best, dtype), to: stored(values) },
        { body: k.input(3, "int32"), to: stored(indices) },
      ],
    };
  });
}

/** Rows beyond this are too long for {@link recordPrefixes}, which looks at all elements for each result, unless there are few. */
const longRow = 16;
const fewElements = 65536;

/** Whether a loop is worth it. */
export const hasPrefixes = (x: AnyTensor, d: number): boolean => {
  const n: number = x.shape[d] ?? 1;
  return n <= longRow || numel(x.shape) * n <= fewElements;
};

/** For each element along dimension d the sum or product of those up to it, or from it on. */
export function recordPrefixes(
  to: Recorder,
  name: string,
  combine: "sum" | "prod",
  x: AnyTensor,
  d: number,
  reverse: boolean,
  out: AnyTensor,
): void {
  const size: number = x.shape[d];
  const rows = without(x.shape as number[], d);
  const places = arange(size);
  const k = new ExprBuilder();
  const dtype = x.dtype as DType;
  const [from, at] = [k.input(1, "int32"), k.input(2, "int32")];
  const counts = reverse ? k.ge(from, at) : k.le(from, at);
  const body = k.select(counts, k.input(0, dtype), combine === "sum" ? 0 : 1);
  const still = rows.map(() => 0);
  to.step((read, write) => {
    const elements: Access = { ...read(x), strides: [...without(x.strides, d), 0, x.strides[d]!] };
    const list = read(places);
    return {
      kind: "loop",
      name,
      outer: [...rows, size],
      inner: [size],
      operands: [
        { dtype, source: elements },
        { dtype: "int32", source: { ...list, strides: [...still, 0, 1] } },
        { dtype: "int32", source: { ...list, strides: [...still, 1, 0] } },
      ],
      stages: [{ combine, body }],
      maps: [],
      values: [
        {
          body: k.input(3, dtype),
          to: { ...write(out), strides: [...without(out.strides, d), out.strides[d]!] },
        },
      ],
    };
  });
}
