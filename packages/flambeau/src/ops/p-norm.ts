// The p-norm of vectors of a tensor, and its gradient.
// Floor L4 (ops). Source: torch/csrc/autograd/FunctionsManual.cpp of PyTorch 1.13, norm_backward.

import type { DType } from "../base/dtype.ts";
import type { Dims } from "../tensor/reduction.ts";
import { reducer } from "../tensor/reduction.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { op } from "./define.ts";
import { unreduced } from "./reduced.ts";

const same = (d: DType): DType => d;
const run0 = reducer({
  combine: "sum",
  dtype: same,
  map: (k, x) => k.select(k.ne(x, 0), k.const(1, x.dtype), 0),
});
const run1 = reducer({ combine: "sum", dtype: same, map: (k, x) => k.abs(x) });
const run2 = reducer({
  combine: "sum",
  dtype: same,
  map: (k, x) => k.mul(x, x),
  post: (k, sum) => k.sqrt(sum),
});
const runLargest = reducer({ combine: "max", dtype: same, map: (k, x) => k.abs(x) });
const runSmallest = reducer({ combine: "min", dtype: same, map: (k, x) => k.abs(x) });

/** (sum |x|^p)^(1/p), and its limits. Of nothing it is 0, whatever p. Not recorded. */
export function pNorm(x: AnyTensor, p: number, dim: Dims, keepdim: boolean): AnyTensor {
  if (p === 1 || x.numel() === 0) return run1("norm", x, dim, keepdim);
  if (p === 2) return run2("norm", x, dim, keepdim);
  if (p === 0) return run0("norm", x, dim, keepdim);
  if (p === Number.POSITIVE_INFINITY) return runLargest("norm", x, dim, keepdim);
  if (p === Number.NEGATIVE_INFINITY) return runSmallest("norm", x, dim, keepdim);
  return run1("norm", x.abs().pow_(p), dim, keepdim).pow_(1 / p);
}

/** {@link pNorm} with a gradient; the subgradients at 0 and of ties are PyTorch's. */
export const vectorNorm: (x: AnyTensor, p: number, dim: Dims, keepdim: boolean) => AnyTensor = op({
  name: "norm",
  saves: "both",
  forward: pNorm,
  vjp: (g, s) => {
    const p: number = s.meta(1);
    // A count is flat.
    if (p === 0) return null;
    const { x } = s;
    const up = unreduced(g, x.shape, s.meta(2), s.meta(3), "norm");
    if (p === 1) return x.sign().mul(up);
    const y = unreduced(s.y, x.shape, s.meta(2), s.meta(3), "norm");
    // A norm of 0 is replaced before it divides: a second derivative would multiply its infinity by 0.
    const zero = y.eq(0);
    const over = (power: number): AnyTensor => {
      const safe = y.maskedFill(zero, 1);
      return up.div(power === 1 ? safe : safe.pow(power)).maskedFill(zero, 0);
    };
    if (p === 2) return x.mul(over(1));
    const size = x.abs();
    if (!Number.isFinite(p)) {
      const hits = size.eq(y).logicalOr(size.isnan());
      return x
        .sign()
        .mul(up.div(hits.sum(s.meta(2), { keepdim: true })))
        .mul(hits);
    }
    // sign(x) |x|^(p-1) y^(1-p), 0 where y is, and for p < 1 where x is.
    if (p < 1)
      return x
        .sign()
        .mul(size.pow(p - 1).maskedFill(x.eq(0), 0))
        .mul(up)
        .mul(y.pow(1 - p));
    const scale = over(p - 1);
    return (p < 2 ? x.sign().mul(size.pow(p - 1)) : x.mul(size.pow(p - 2))).mul(scale);
  },
});
