// Picking one element for each example, with a factor: the inner part of the losses over classes; and the cross-entropy
// of rows of scores, which needs no row of log-probabilities in between.
// Floor L4 (ops). Source: ATen/native/LossNLL.cpp

import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import { mode } from "../../tensor/grad-mode.ts";
import { rowRunner } from "../../tensor/rows.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import { dataOf } from "../elements.ts";

/** Which elements are picked. */
export interface Picks {
  /** The shape that is picked from. */
  readonly from: Shape;
  /** The result's shape. */
  readonly shape: Shape;
  /** Row-major place of each element, -1 for none. */
  readonly places: Int32Array;
  /** A factor for each, 0 where there is no element. */
  readonly factors: Float64Array;
}

/** out_i = -factors_i x[places_i], and 0 where there is no place. */
export const pickNegated: (x: AnyTensor, picks: Picks) => AnyTensor = op({
  name: "nllLoss",
  forward: (x: AnyTensor, { places, factors, shape }: Picks) => {
    const source = x.contiguous();
    const data = dataOf(source);
    const out: AnyTensor = fresh(allocate(x.dtype, places.length), shape, x.dtype);
    const to = dataOf(out);
    for (let i = 0; i < places.length; i++) {
      const p = places[i]!;
      to[i] = p < 0 ? 0 : -factors[i]! * data[source.offset + p]!;
    }
    return out;
  },
  vjp: (g, s) => spreadNegated(g, s.meta(1)),
});

/** The transpose of {@link pickNegated}: zeros, with -factors_i g_i at places_i. No place is listed twice. */
const spreadNegated: (g: AnyTensor, picks: Picks) => AnyTensor = op({
  name: "nllLossBackward",
  forward: (g: AnyTensor, { places, factors, from }: Picks) => {
    const source = g.contiguous();
    const data = dataOf(source);
    const out: AnyTensor = fresh(allocate(g.dtype, numel(from)), from, g.dtype);
    const to = dataOf(out);
    for (let i = 0; i < places.length; i++) {
      const p = places[i]!;
      if (p >= 0) to[p] = -factors[i]! * data[source.offset + i]!;
    }
    return out;
  },
  vjp: (gg, s) => pickNegated(gg, s.meta(1)),
});

/** The maximum of each row of scores, and the logarithm of its sum of e^(x - maximum). */
const runRowSums = rowRunner("crossEntropy", (nest, dtype) => {
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const top = nest.reduce("max", x);
  nest.value(top);
  nest.value(k.log(nest.reduce("sum", k.exp(k.sub(x, top)))));
});

/** softmax(x) times a factor for each row. */
const runScaledSoftmax = rowRunner("crossEntropyBackward", (nest, dtype) => {
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const top = nest.operand("row", dtype);
  const log = nest.operand("row", dtype);
  nest.map(k.mul(k.exp(k.sub(k.sub(x, top), log)), nest.operand("row", dtype)));
});

/** What {@link pickEntropy} finds in each row, for its gradient. */
export interface RowSums {
  top: AnyTensor | null;
  log: AnyTensor | null;
}

/** {@link pickNegated} of log softmax(x) over the last dimension, from which one element of each row is picked. */
export const pickEntropy: (x: AnyTensor, picks: Picks, found: RowSums) => AnyTensor = op({
  name: "crossEntropy",
  saves: "inputs",
  forward: (x: AnyTensor, { places, factors, shape }: Picks, found: RowSums) => {
    const { dtype } = x;
    const rows = places.length;
    const source = x.contiguous();
    const [top, log] = runRowSums(dtype, rows, numel(x.shape) / rows, [source], [[rows], [rows]]);
    found.top = top!;
    found.log = log!;
    const out: AnyTensor = fresh(allocate(dtype, rows), shape, dtype);
    const [data, to, tops, logs] = [source, out, top!, log!].map(dataOf);
    for (let i = 0; i < rows; i++) {
      const p = places[i]!;
      if (p >= 0) to![i] = factors[i]! * (logs![i]! - (data![source.offset + p]! - tops![i]!));
    }
    return out;
  },
  vjp: (g, s) =>
    mode.grad ? recordedEntropyGradient(g, s.x, s.meta(1)) : entropyGradient(g, s.x, s.meta(1), s.meta(2)),
});

/** g_i factors_i (softmax(x)_i - 1 at the place that was picked). */
function entropyGradient(
  g: AnyTensor,
  x: AnyTensor,
  { places, factors }: Picks,
  { top, log }: RowSums,
): AnyTensor {
  const { dtype } = x;
  const rows = places.length;
  const source = g.contiguous();
  const up = dataOf(source);
  const scale: AnyTensor = fresh(allocate(dtype, rows), [rows], dtype);
  const scales = dataOf(scale);
  for (let i = 0; i < rows; i++) if (places[i]! >= 0) scales[i] = factors[i]! * up[source.offset + i]!;
  const [dx] = runScaledSoftmax(dtype, rows, numel(x.shape) / rows, [x, top!, log!, scale], [x.shape]);
  const to = dataOf(dx!);
  for (let i = 0; i < rows; i++) if (places[i]! >= 0) to[places[i]!]! -= scales[i]!;
  return dx!;
}

/** The same over ops, so that it can be differentiated again. */
function recordedEntropyGradient(g: AnyTensor, x: AnyTensor, picks: Picks): AnyTensor {
  const picked = spreadNegated(g, picks);
  return picked.sub((x.softmax(-1) as AnyTensor).mul(picked.sum(-1, { keepdim: true })));
}
