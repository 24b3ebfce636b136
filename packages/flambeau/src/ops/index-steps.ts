// Gathers and scatters in captured functions: steps of a program over rows or elements by number, instead of loops here.
// Floor L4 (ops).

import { isContiguous, numel } from "../base/shape.ts";
import type { Access } from "../ir/program.ts";
import type { Recorder } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

export type Mode = "gather" | "scatter" | "scatterAdd";

/** Access of a tensor whose dimension d is gone through by numbers. */
const still = (access: Access, d: number): Access => ({
  ...access,
  strides: access.strides.map((s, i) => (i === d ? 0 : s)),
});

/** What is read while `self` is written must lie elsewhere. */
const apart = (x: AnyTensor, self: AnyTensor): AnyTensor => (x.storage === self.storage ? x.clone() : x);

/** A tensor without dimensions as one of a single element. */
const lifted = (x: AnyTensor): AnyTensor => (x.ndim === 0 ? x.view([1]) : x);

/** out[n] = x[n with its place along d replaced by index[n]], for n within the shape of `index`. */
export function recordGather(to: Recorder, x: AnyTensor, d: number, index: AnyTensor, out: AnyTensor): void {
  if (numel(index.shape) === 0) return;
  if (x.ndim === 0 || index.ndim === 0) {
    recordGather(to, lifted(x), d, lifted(index), lifted(out));
    return;
  }
  to.step((read, write) => ({
    kind: "elements",
    name: "gather",
    mode: "gather",
    dtype: x.dtype,
    shape: index.shape,
    limit: x.shape[d],
    step: x.strides[d]!,
    index: read(index),
    from: still(read(x), d),
    to: write(out),
  }));
}

/** self[n, likewise] = source[n], or += source[n]; a source without dimensions is the same for all n. */
export function recordScatter(
  to: Recorder,
  name: string,
  mode: Exclude<Mode, "gather">,
  self: AnyTensor,
  d: number,
  index: AnyTensor,
  source: AnyTensor,
): void {
  if (numel(index.shape) === 0) return;
  if (self.ndim === 0 || index.ndim === 0) {
    recordScatter(to, name, mode, lifted(self), d, lifted(index), source);
    return;
  }
  const [numbers, values] = [apart(index, self), apart(source, self)];
  to.step((read, write) => {
    const from = read(values);
    return {
      kind: "elements",
      name,
      mode,
      dtype: self.dtype,
      shape: index.shape,
      limit: self.shape[d],
      step: self.strides[d]!,
      index: read(numbers),
      from: values.ndim === 0 ? { ...from, strides: index.shape.map(() => 0) } : from,
      to: still(write(self, true), d),
    };
  });
}

/** A tensor, and how far apart in memory its elements lie along the dimensions of a step. */
export interface Strided {
  readonly tensor: AnyTensor;
  readonly strides: readonly number[];
}

/** Numbers over the dimensions of a step, below `limit`; one more is `step` elements further on. */
export interface Numbers extends Strided {
  readonly limit: number;
  readonly step: number;
}

/** Elements of `whole` (with a stride of 0 where numbers go) read into `part`, or written or added from there. */
export function recordElements(
  to: Recorder,
  name: string,
  mode: Mode,
  shape: readonly number[],
  numbers: Numbers,
  whole: Strided,
  part: Strided,
): void {
  if (numel(shape) === 0) return;
  const gathers = mode === "gather";
  const index = gathers ? numbers.tensor : apart(numbers.tensor, whole.tensor);
  const other = gathers ? part.tensor : apart(part.tensor, whole.tensor);
  to.step((read, write) => {
    const list = { ...read(index), strides: numbers.strides };
    const [from, target] = gathers
      ? [read(whole.tensor), write(other)]
      : [read(other), write(whole.tensor, true)];
    const [a, b] = gathers ? [whole, part] : [part, whole];
    return {
      kind: "elements",
      name,
      mode,
      dtype: whole.tensor.dtype,
      shape,
      limit: numbers.limit,
      error: "IndexError",
      step: numbers.step,
      index: list,
      from: { ...from, strides: a.strides },
      to: { ...target, strides: b.strides },
    };
  });
}

/** Numbers that may count from the end as those from the start; out of range they stay. */
export const fromStart = (index: AnyTensor, size: number): AnyTensor =>
  index.where(index.ge(0), index.add(size));

/** Whether the slices of dimension d are rows: one after the other, of adjacent elements. */
const hasRows = (x: AnyTensor, d: number): boolean =>
  numel(x.shape.slice(0, d)) === 1 && isContiguous(x.shape.slice(d + 1), x.strides.slice(d + 1));

/**
 * Slices of dimension d by number: `gather` part[.., i, ..] = whole[.., index[i], ..], the others the other way round. `index` is of one
 * dimension.
 */
export function recordSlices(
  to: Recorder,
  name: string,
  mode: Mode,
  whole: AnyTensor,
  d: number,
  index: AnyTensor,
  part: AnyTensor,
): void {
  if (numel(part.shape) === 0) return;
  const gathers = mode === "gather";
  const numbers = gathers ? index : apart(index, whole);
  const other = gathers ? part : apart(part, whole);
  const rows = mode !== "scatter" && hasRows(whole, d) && hasRows(part, d);
  to.step((read, write) => {
    const list = read(numbers);
    const [from, target] = gathers ? [read(whole), write(part)] : [read(other), write(whole, true)];
    const common = {
      name,
      dtype: whole.dtype,
      limit: whole.shape[d] as number,
      error: "IndexError",
    } as const;
    if (rows) {
      const row = (a: Access): Access => ({ ...a, strides: [a.strides[d]!] });
      return {
        kind: "rows",
        ...common,
        mode,
        rows: part.shape[d],
        width: numel(part.shape.slice(d + 1)),
        index: list,
        from: row(from),
        to: row(target),
      };
    }
    return {
      kind: "elements",
      ...common,
      mode,
      shape: part.shape,
      step: whole.strides[d]!,
      index: { ...list, strides: part.shape.map((_: number, i: number) => (i === d ? list.strides[0]! : 0)) },
      from: gathers ? still(from, d) : from,
      to: gathers ? target : still(target, d),
    };
  });
}
