// Normalisation of rows: layer normalisation, and the inner part of group normalisation.
// Floor L4 (ops). Source: https://arxiv.org/abs/1607.06450, ATen/native/layer_norm.cpp

import type { Shape } from "../base/shape.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { RunRows } from "../tensor/rows.ts";
import { rowRunner } from "../tensor/rows.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { op } from "./define.ts";

/** How the elements lie, and what was found. */
export interface Rows {
  readonly rows: number;
  readonly n: number;
  readonly eps: number;
  /** Mean and 1 / sqrt(variance + eps) of each row; filled by the call. */
  mean: AnyTensor | null;
  scale: AnyTensor | null;
}

export const rowsOf = (rows: number, n: number, eps: number): Rows => ({
  rows,
  n,
  eps,
  mean: null,
  scale: null,
});

type Maybe = AnyTensor | null;

const forward = (hasWeight: boolean, hasBias: boolean): RunRows =>
  rowRunner("layerNorm", (nest, dtype) => {
    const { k } = nest;
    const x = nest.operand("full", dtype);
    const count = nest.operand("scalar", dtype);
    const eps = nest.operand("scalar", dtype);
    const weight = hasWeight ? nest.operand("column", dtype) : null;
    const bias = hasBias ? nest.operand("column", dtype) : null;
    const mean = k.div(nest.reduce("sum", x), count);
    const off = k.sub(x, mean);
    const variance = k.div(nest.reduce("sum", k.mul(off, off)), count);
    const scale = k.div(1, k.sqrt(k.add(variance, eps)));
    const standard = k.mul(off, scale);
    const scaled = weight ? k.mul(standard, weight) : standard;
    nest.map(bias ? k.add(scaled, bias) : scaled);
    nest.value(mean);
    nest.value(scale);
  });

/** The gradients of x, weight and bias. */
const backward = (hasWeight: boolean, hasBias: boolean): RunRows =>
  rowRunner("layerNormBackward", (nest, dtype) => {
    const { k } = nest;
    const g = nest.operand("full", dtype);
    const x = nest.operand("full", dtype);
    const mean = nest.operand("row", dtype);
    const scale = nest.operand("row", dtype);
    const count = nest.operand("scalar", dtype);
    const weight = hasWeight ? nest.operand("column", dtype) : null;
    const standard = k.mul(k.sub(x, mean), scale);
    const own = weight ? k.mul(g, weight) : g;
    const centre = k.div(nest.reduce("sum", own), count);
    const slope = k.div(nest.reduce("sum", k.mul(own, standard)), count);
    nest.map(k.mul(k.sub(k.sub(own, centre), k.mul(standard, slope)), scale));
    if (weight) nest.sumOverRows(k.mul(g, standard));
    if (hasBias) nest.sumOverRows(g);
  });

// By whether there is a weight, and a bias.
const runForward = [
  [forward(false, false), forward(false, true)],
  [forward(true, false), forward(true, true)],
] as const;
const runBackward = [
  [backward(false, false), backward(false, true)],
  [backward(true, false), backward(true, true)],
] as const;

/**
 * (x - mean) / sqrt(variance + eps) weight + bias, with the mean and the biased variance of x's row; weight and bias have
 * one element for each column.
 */
export const normalizeRows: (x: AnyTensor, weight: Maybe, bias: Maybe, layout: Rows) => AnyTensor = op({
  name: "layerNorm",
  saves: "inputs",
  forward: (x: AnyTensor, weight: Maybe, bias: Maybe, layout: Rows) => {
    const { rows, n, eps } = layout;
    const operands: (AnyTensor | number)[] = [x, n, eps];
    if (weight) operands.push(weight);
    if (bias) operands.push(bias);
    const run = runForward[weight ? 1 : 0][bias ? 1 : 0];
    const [y, mean, scale] = run(x.dtype, rows, n, operands, [x.shape, [rows], [rows]]) as [
      AnyTensor,
      AnyTensor,
      AnyTensor,
    ];
    layout.mean = mean;
    layout.scale = scale;
    return y;
  },
  vjp: (g, s) => (mode.grad ? recordedGradients : gradients)(g, s.x, s.at(1), s.meta(2) as Maybe, s.meta(3)),
});

/** Gradients of x, then of weight and bias as far as they are there. */
function gradients(g: AnyTensor, x: AnyTensor, weight: Maybe, bias: Maybe, layout: Rows): AnyTensor[] {
  const { rows, n, mean, scale } = layout;
  const operands: (AnyTensor | number)[] = [g, x, mean!, scale!, n];
  if (weight) operands.push(weight);
  const shapes: Shape[] = [x.shape];
  if (weight) shapes.push(weight.shape);
  if (bias) shapes.push(bias.shape);
  return runBackward[weight ? 1 : 0][bias ? 1 : 0](x.dtype, rows, n, operands, shapes);
}

/** The same over ops, so that it can be differentiated again. */
function recordedGradients(
  g: AnyTensor,
  x: AnyTensor,
  weight: Maybe,
  bias: Maybe,
  layout: Rows,
): AnyTensor[] {
  const { rows, n, eps } = layout;
  const over = (t: AnyTensor): AnyTensor => t.mean(1, { keepdim: true });
  const input = x.reshape([rows, n]);
  const centred = input.sub(over(input));
  const scale = over(centred.square()).add(eps).rsqrt();
  const standard = centred.mul(scale);
  const up = g.reshape([rows, n]);
  const own = weight ? up.mul(weight.reshape([n])) : up;
  const dx = own
    .sub(over(own))
    .sub(standard.mul(over(own.mul(standard))))
    .mul(scale);
  const found: AnyTensor[] = [dx.reshape(x.shape)];
  if (weight) found.push(up.mul(standard).sum(0).reshape(weight.shape));
  if (bias) found.push(up.sum(0).reshape(bias.shape));
  return found;
}
