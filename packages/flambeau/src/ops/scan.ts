// Running sums, products and extrema along a dimension.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.cumsum.html

import type { DType, TypedArray } from "../base/dtype.ts";
import { checkDType, isFloat } from "../base/dtype.ts";
import { normalizeDim } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import type { Rows } from "./along.ts";
import { notFor, rowsAlong } from "./along.ts";
import { composite, op } from "./define.ts";
import { hasPrefixes, recordPrefixes } from "./extrema-steps.ts";
import { cat } from "./join.ts";
import { recurrence, runningExtremum, runningLogSumExp, runningProduct, runningSum } from "./scan-rows.ts";
import type { AlongDim, CumulativeOp, CumulativePair } from "./signatures.ts";

interface DTypeOption {
  /** The dtype to compute in; by default that of the input, int32 for smaller integers and bools. */
  readonly dtype?: DType;
}

/** The input in the dtype that a sum or product of it has. */
function prepared(x: AnyTensor, options: DTypeOption, name: string): AnyTensor {
  const dtype = options.dtype ? checkDType(options.dtype) : null;
  if (dtype === "bool") throw notFor(`${name}_out_cpu`, dtype);
  if (dtype) return x.to(dtype);
  return x.dtype === "uint8" || x.dtype === "bool" ? x.int() : x;
}

type Kernel = (from: TypedArray, offset: number, to: TypedArray, rows: Rows, reverse: boolean) => void;

/** A new tensor like `x` that `kernel` fills row by row. */
function scan(x: AnyTensor, dim: number, kernel: Kernel, name: string, reverse = false): AnyTensor {
  const rows = rowsAlong(x.shape, dim, name);
  const combine = kernel === runningSum ? "sum" : kernel === runningProduct ? "prod" : null;
  if (recorder !== null && combine && x.ndim > 0 && hasPrefixes(x, rows.d)) {
    const sums: AnyTensor = fresh(allocateUnset(x.dtype, x.numel()), x.shape, x.dtype);
    if (x.numel() > 0) recordPrefixes(recorder, name, combine, x, rows.d, reverse, sums);
    return sums;
  }
  const source = x.contiguous();
  const out = allocateUnset(x.dtype, x.numel());
  if (out.length > 0) kernel(source.storage.data, source.offset, out, rows, reverse);
  return fresh(out, x.shape, x.dtype);
}

/** The sums of all elements up to each one, or from each one on. */
const sumUp: (x: AnyTensor, dim: number, reverse: boolean) => AnyTensor = op({
  name: "cumsum",
  forward: (x: AnyTensor, dim: number, reverse: boolean) => scan(x, dim, runningSum, "cumsum", reverse),
  vjp: (g, s): AnyTensor => sumUp(g, s.meta(1), !s.meta(2)),
});

/**
 * y_i = x_1 + ... + x_i along `dim`. Integers and bools are summed as int32, int64 as int64; floats are added up in
 * float64.
 */
export const cumsum: CumulativeOp<"cumsum"> = composite(
  (x: AnyTensor, dim: number, options: DTypeOption = {}) => sumUp(prepared(x, options, "cumsum"), dim, false),
  { inplace: true },
);

/**
 * s_i = g_i + a_i s_{i+1}, or s_i = g_i + a_{i-1} s_{i-1} from the front: the gradients of products and of logarithms
 * of sums are such, and so are its own.
 */
const linear: (g: AnyTensor, a: AnyTensor, dim: number, reverse: boolean) => AnyTensor = op({
  name: "linearRecurrence",
  saves: "both",
  forward: (g: AnyTensor, a: AnyTensor, dim: number, reverse: boolean) => {
    const factors = a.contiguous();
    const kernel: Kernel = (from, offset, to, rows) =>
      recurrence(from, offset, factors.storage.data, factors.offset, to, rows, reverse);
    return scan(g, dim, kernel, "linearRecurrence");
  },
  vjp: (up, s) => {
    const dim = s.meta(2);
    const reverse = s.meta(3);
    const ds = linear(up, s.b, dim, !reverse);
    // Factor i stands between the values i and i + 1; the last one is not used.
    const n = s.y.shape[dim];
    const rest = n - 1;
    const towards = (reverse ? ds : s.y).narrow(dim, 0, rest).mul((reverse ? s.y : ds).narrow(dim, 1, rest));
    return [ds, cat([towards, s.b.narrow(dim, rest, 1).zerosLike()], dim)];
  },
});

/** The elements after the first one, with a last one more that stands for nothing. */
const following = (x: AnyTensor, dim: number): AnyTensor => {
  const n = x.shape[dim]!;
  return cat([x.narrow(dim, 1, n - 1), x.detach().narrow(dim, 0, 1)], dim);
};

const multiplyUp: (x: AnyTensor, dim: number) => AnyTensor = op({
  name: "cumprod",
  saves: "both",
  forward: (x: AnyTensor, dim: number) => scan(x, dim, runningProduct, "cumprod"),
  // dx_j = (x_1 ... x_{j-1}) sum_{i >= j} g_i x_{j+1} ... x_i: no division, so zeros need no care.
  vjp: (g, s) => {
    const { x, y } = s;
    const { d, size } = rowsAlong(x.shape, s.meta(1), "cumprod");
    if (x.ndim === 0 || x.numel() === 0) return g;
    const before = cat([y.detach().narrow(d, 0, 1).onesLike(), y.narrow(d, 0, size - 1)], d);
    return before.mul(linear(g, following(x, d), d, true));
  },
});

/** y_i = x_1 x_2 ... x_i along `dim`. Integers and bools are multiplied as int32, int64 as int64. */
export const cumprod: CumulativeOp<"cumprod"> = composite(
  (x: AnyTensor, dim: number, options: DTypeOption = {}) => multiplyUp(prepared(x, options, "cumprod"), dim),
  { inplace: true },
);

/** y_i = log(e^x_1 + ... + e^x_i) along `dim`, without overflow. Floats only. */
export const logcumsumexp: AlongDim<"logcumsumexp"> = op({
  saves: "both",
  forward: (x: AnyTensor, dim: number) => {
    normalizeDim(dim, x.ndim, "logcumsumexp");
    if (!isFloat(x.dtype)) throw notFor("logcumsumexp_out_cpu", x.dtype);
    return scan(x, dim, runningLogSumExp, "logcumsumexp");
  },
  // dx_j = sum_{i >= j} g_i e^(x_j - y_i), with exponents of y_j - y_{j+1} <= 0 from step to step.
  vjp: (g, s) => {
    const { x, y } = s;
    const { d } = rowsAlong(x.shape, s.meta(1), "logcumsumexp");
    if (x.ndim === 0 || x.numel() === 0) return g;
    const decay = y.sub(following(y, d)).exp();
    return linear(g, decay, d, true).mul(x.sub(y).exp());
  },
});

const cumulativeExtremum = <Name extends string>(name: Name, largest: boolean): CumulativePair<Name> =>
  op({
    fields: ["values", "indices"],
    saves: "output",
    forward: (x: AnyTensor, dim: number) => {
      const rows = rowsAlong(x.shape, dim, name);
      const source = x.contiguous();
      const values = allocateUnset(x.dtype, x.numel());
      const indices = new Int32Array(values.length);
      if (values.length > 0) {
        const { data } = source.storage;
        runningExtremum(data as Float32Array, source.offset, values as Float32Array, indices, rows, largest);
      }
      return [fresh(values, x.shape, x.dtype), fresh(indices, x.shape, "int32")];
    },
    multiVjp: ([g], s) => g!.newZeros(s.meta(0).shape).scatterAdd_(s.meta(1), s.result(1), g!),
  });

/** The largest element so far along `dim`, and the last place where it stood. From a NaN on, all are NaN. */
export const cummax: CumulativePair<"cummax"> = cumulativeExtremum("cummax", true);

/** The smallest element so far along `dim`, and the last place where it stood. From a NaN on, all are NaN. */
export const cummin: CumulativePair<"cummin"> = cumulativeExtremum("cummin", false);
