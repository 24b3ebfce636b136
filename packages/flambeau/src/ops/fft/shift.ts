// The order in which the terms of a spectrum stand, and their frequencies.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/fft.html#helper-functions

import { IndexError, RuntimeError } from "../../base/errors.ts";
import { normalizeDim } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import { cat } from "../join.ts";
import type { ShiftOp } from "../signatures.ts";

type Dim = number | readonly number[] | null;

function shifted(x: AnyTensor, dim: Dim | undefined, name: string, by: (n: number) => number): AnyTensor {
  const dims = dim === undefined || dim === null ? x.shape.map((_: number, i: number) => i) : [dim].flat();
  if (dims.length === 0) throw new RuntimeError(`${name}: expected at least one dimension to shift`);
  if (x.ndim === 0)
    throw new IndexError(`${name}: Dimension specified as ${dims[0]} but tensor has no dimensions`);
  return dims.reduce((y: AnyTensor, d: number) => {
    const at = normalizeDim(d, y.ndim, name);
    const n = y.shape[at]!;
    const k = by(n);
    return k === 0 || k === n ? y.clone() : cat([y.narrow(at, n - k, k), y.narrow(at, 0, n - k)], at);
  }, x);
}

/** Moves the term of frequency 0 from the front to the middle, along `dim` (a number or a list; default all). */
export const fftshift: ShiftOp = composite((x: AnyTensor, dim?: Dim) =>
  shifted(x, dim, "fftshift", (n) => Math.floor(n / 2)),
);

/** Moves the term of frequency 0 from the middle back to the front: undoes {@link fftshift}. */
export const ifftshift: ShiftOp = composite((x: AnyTensor, dim?: Dim) =>
  shifted(x, dim, "ifftshift", (n) => Math.ceil(n / 2)),
);
