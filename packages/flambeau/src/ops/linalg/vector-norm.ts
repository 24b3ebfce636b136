// The p-norm along dimensions, with its gradient.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html

import type { Saved } from "../../tensor/node.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { op } from "../define.ts";

const infinite = (p: number): boolean => Math.abs(p) === Number.POSITIVE_INFINITY;

function forward(x: AnyTensor, p: number, dims: readonly number[], keepdim: boolean): AnyTensor {
  if (x.ndim === 0) return p === 0 ? x.ne(0).to(x.dtype) : x.abs();
  const options = { keepdim };
  if (p === Number.POSITIVE_INFINITY) return x.abs().amax(dims, options);
  if (p === Number.NEGATIVE_INFINITY) return x.abs().amin(dims, options);
  if (p === 0) return x.ne(0).to(x.dtype).sum(dims, options);
  if (p === 1) return x.abs().sum(dims, options);
  if (p === 2) return x.square().sum(dims, options).sqrt();
  return x
    .abs()
    .pow(p)
    .sum(dims, options)
    .pow(1 / p);
}

/** Gradients at 0 are 0, also where the formula has a pole; extrema share theirs evenly. */
function gradient(g: AnyTensor, s: Saved): AnyTensor | null {
  const x: AnyTensor = s.x;
  const p: number = s.meta(1);
  const dims: readonly number[] = s.meta(2);
  const kept = x.shape.map((n: number, i: number) => (dims.includes(i) ? 1 : n));
  const up = g.reshape(kept);
  if (p === 0) return null;
  if (p === 1) return x.sign().mul(up);
  const y: AnyTensor = s.y.reshape(kept);
  if (infinite(p)) {
    const hits = x.abs().eq(y).logicalOr(x.isnan().logicalAnd(y.isnan()));
    const count: AnyTensor = x.ndim === 0 ? hits.to(g.dtype) : hits.to(g.dtype).sum(dims, { keepdim: true });
    return x.sign().mul(up.div(count)).mul(hits);
  }
  const atZero = y.eq(0);
  if (p === 2) return x.mul(up.div(y).maskedFill(atZero, 0));
  if (p < 2) {
    // |x|^(p - 1) has a pole at 0 for p < 1.
    const powers = x.sign().mul(x.abs().pow(p - 1));
    const scaled = p < 1 ? powers.maskedFill(x.eq(0), 0) : powers;
    return scaled.mul(up.mul(y.pow(1 - p)).maskedFill(atZero, 0));
  }
  return x.mul(x.abs().pow(p - 2)).mul(up.div(y.pow(p - 1)).maskedFill(atZero, 0));
}

/** The p-norm of floats along the (normalised) dimensions `dims`. */
export const normAlong: (x: AnyTensor, p: number, dims: readonly number[], keepdim: boolean) => AnyTensor =
  op({
    name: "linalg.vectorNorm",
    saves: "both",
    forward,
    vjp: gradient,
  });
