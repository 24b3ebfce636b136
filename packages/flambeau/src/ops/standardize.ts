// Groups of elements brought to mean 0 and variance 1: the inner part of all normalisation.
// Floor L4 (ops). Source: ATen/native/Normalization.cpp

import { numel } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { mode } from "../tensor/grad-mode.ts";
import { allocate, allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { op } from "./define.ts";
import { dataOf } from "./elements.ts";

/**
 * Which elements belong together, and what was found: element (o, g, i) of the row-major [outer, groups, inner] is in
 * group g.
 */
export interface Groups {
  readonly outer: number;
  readonly groups: number;
  readonly inner: number;
  readonly eps: number;
  /** The mean of each group; filled by the call. */
  readonly mean: Float64Array;
  /** Its biased variance. */
  readonly variance: Float64Array;
  /** 1 / sqrt(variance + eps). */
  readonly scale: Float64Array;
}

export const groupsOf = (outer: number, groups: number, inner: number, eps: number): Groups => ({
  outer,
  groups,
  inner,
  eps,
  mean: new Float64Array(groups),
  variance: new Float64Array(groups),
  scale: new Float64Array(groups),
});

type Maybe = AnyTensor | null;

/**
 * (x - mean) / sqrt(variance + eps) weight + bias, with the mean and the biased variance of x's group; weight and bias
 * have one element for each group.
 */
export const standardize: (x: AnyTensor, weight: Maybe, bias: Maybe, groups: Groups) => AnyTensor = op({
  name: "standardize",
  saves: "inputs",
  forward: (x: AnyTensor, weight: Maybe, bias: Maybe, layout: Groups) => {
    if (recorder !== null) return standardizedInOps(x, weight, bias, layout);
    const { outer, groups, inner, eps, mean, variance, scale } = layout;
    const source = x.contiguous();
    const data = dataOf(source);
    const start = source.offset;
    const count = outer * inner;
    mean.fill(0);
    variance.fill(0);
    for (let o = 0, at = start; o < outer; o++)
      for (let g = 0; g < groups; g++) {
        let sum = 0;
        for (const end = at + inner; at < end; at++) sum += data[at]!;
        mean[g]! += sum;
      }
    for (let g = 0; g < groups; g++) mean[g]! /= count;
    for (let o = 0, at = start; o < outer; o++)
      for (let g = 0; g < groups; g++) {
        const m = mean[g]!;
        let sum = 0;
        for (const end = at + inner; at < end; at++) {
          const d = data[at]! - m;
          sum += d * d;
        }
        variance[g]! += sum;
      }
    for (let g = 0; g < groups; g++) {
      variance[g]! /= count;
      scale[g] = 1 / Math.sqrt(variance[g]! + eps);
    }
    const out: AnyTensor = fresh(allocateUnset(x.dtype, numel(x.shape)), x.shape, x.dtype);
    const to = dataOf(out);
    const w = weight ? valuesOf(weight) : null;
    const b = bias ? valuesOf(bias) : null;
    for (let o = 0, at = start, r = 0; o < outer; o++)
      for (let g = 0; g < groups; g++) {
        const m = mean[g]!;
        const f = w ? scale[g]! * w[g]! : scale[g]!;
        const c = b ? b[g]! : 0;
        for (const end = at + inner; at < end; at++) to[r++] = (data[at]! - m) * f + c;
      }
    return out;
  },
  vjp: (g, s) =>
    (mode.grad || recorder !== null ? recordedGradients : gradients)(
      g,
      s.x,
      s.at(1),
      s.meta(2) !== null,
      s.meta(3),
    ),
});

/** The elements as numbers, row-major. */
const valuesOf = (x: AnyTensor): ArrayLike<number> => x.toTypedArray() as ArrayLike<number> as Float32Array;

/** Gradients of x, then of weight and bias as far as they are there. */
function gradients(
  up: AnyTensor,
  x: AnyTensor,
  weight: Maybe,
  hasBias: boolean,
  layout: Groups,
): AnyTensor[] {
  const { outer, groups, inner, mean, scale } = layout;
  const count = outer * inner;
  const source = x.contiguous();
  const data = dataOf(source);
  const upstream = up.contiguous();
  const g = dataOf(upstream);
  const sums = new Float64Array(groups);
  const products = new Float64Array(groups);
  for (let o = 0, at = source.offset, from = upstream.offset; o < outer; o++)
    for (let k = 0; k < groups; k++) {
      const m = mean[k]!;
      let sum = 0;
      let product = 0;
      for (const end = at + inner; at < end; at++) {
        const v = g[from++]!;
        sum += v;
        product += v * (data[at]! - m);
      }
      sums[k]! += sum;
      products[k]! += product;
    }
  for (let k = 0; k < groups; k++) products[k]! *= scale[k]!;
  const w = weight ? valuesOf(weight) : null;
  const out: AnyTensor = fresh(allocateUnset(x.dtype, numel(x.shape)), x.shape, x.dtype);
  const to = dataOf(out);
  for (let o = 0, at = source.offset, from = upstream.offset, r = 0; o < outer; o++)
    for (let k = 0; k < groups; k++) {
      const m = mean[k]!;
      const s = scale[k]!;
      const f = w ? s * w[k]! : s;
      const centre = sums[k]! / count;
      const slope = (products[k]! / count) * s;
      for (const end = at + inner; at < end; at++)
        to[r++] = f * (g[from++]! - centre - (data[at]! - m) * slope);
    }
  const found = [out];
  const perGroup = (values: Float64Array): AnyTensor => {
    const t: AnyTensor = fresh(allocate(x.dtype, groups), [groups], x.dtype);
    dataOf(t).set(values);
    return t;
  };
  if (weight) found.push(perGroup(products));
  if (hasBias) found.push(perGroup(sums));
  return found;
}

/** Mean, biased variance and 1 / sqrt(variance + eps) of each group, [1, groups, 1], over ops. */
export function statisticsInOps(
  x: AnyTensor,
  { outer, groups, inner, eps }: Groups,
): {
  readonly centred: AnyTensor;
  readonly mean: AnyTensor;
  readonly variance: AnyTensor;
  readonly scale: AnyTensor;
} {
  const all = x.reshape([outer, groups, inner]);
  const over = (t: AnyTensor): AnyTensor => t.mean([0, 2], { keepdim: true });
  const mean = over(all);
  const centred: AnyTensor = all.sub(mean);
  const variance = over(centred.square());
  return { centred, mean, variance, scale: variance.add(eps).rsqrt() };
}

/** The result over ops, which a captured program fuses. */
function standardizedInOps(x: AnyTensor, weight: Maybe, bias: Maybe, layout: Groups): AnyTensor {
  const { centred, scale } = statisticsInOps(x, layout);
  const perGroup = (t: AnyTensor): AnyTensor => t.reshape([1, layout.groups, 1]);
  const standard: AnyTensor = centred.mul(scale);
  const scaled = weight ? standard.mul(perGroup(weight)) : standard;
  return (bias ? scaled.add(perGroup(bias)) : scaled).reshape(x.shape);
}

/** The gradients over ops, so that they can be differentiated again, and captured. */
function recordedGradients(
  up: AnyTensor,
  x: AnyTensor,
  weight: Maybe,
  hasBias: boolean,
  layout: Groups,
): AnyTensor[] {
  const { outer, groups, inner } = layout;
  const shape = [outer, groups, inner];
  const over = (t: AnyTensor): AnyTensor => t.mean([0, 2], { keepdim: true });
  const { centred, scale } = statisticsInOps(x, layout);
  const standard = centred.mul(scale);
  const g = up.reshape(shape);
  const own = weight ? g.mul(weight.reshape([1, groups, 1])) : g;
  const dx = own
    .sub(over(own))
    .sub(standard.mul(over(own.mul(standard))))
    .mul(scale);
  const found: AnyTensor[] = [dx.reshape(x.shape)];
  if (weight) found.push(g.mul(standard).sum([0, 2]).reshape(weight.shape));
  if (hasBias) found.push(g.sum([0, 2]));
  return found;
}
