// Rows of a matrix by their numbers, as embeddings look them up, with gradients that may be scaled row by row.
// Floor L4 (ops). Source: ATen/native/Embedding.cpp

import { isFloat } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import { allocate, allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh, viewOf } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import { cellsOf, cellsPer, dataOf, takeRowsInto } from "../elements.ts";
import { foldRows } from "../fold-rows.ts";

/** Which rows are looked up. */
export interface Lookup {
  /** Numbers of rows, all in range. */
  readonly rows: Int32Array;
  /** The shape of the numbers. */
  readonly shape: Shape;
  /** How many rows there are. */
  readonly count: number;
  /** What the gradient of each row looked up is multiplied by; null for 1. */
  readonly factors: Float64Array | null;
}

function copyRows(x: AnyTensor, { rows, shape, factors }: Lookup, scaled: boolean): AnyTensor {
  const features: number = x.shape[1];
  const source = x.contiguous();
  const from = dataOf(source);
  const n = rows.length * features;
  const out: AnyTensor = fresh(allocateUnset(x.dtype, n), [...shape, features], x.dtype);
  if (!scaled || !factors) {
    const width = cellsPer(x.dtype);
    takeRowsInto(
      cellsOf(out.storage.data),
      cellsOf(source.storage.data),
      source.offset * width,
      rows,
      features * width,
      isFloat(x.dtype),
    );
    return out;
  }
  const to = dataOf(out);
  for (let i = 0, w = 0; i < rows.length; i++) {
    const start = source.offset + rows[i]! * features;
    for (let k = 0; k < features; k++) to[w++] = from[start + k]! * factors[i]!;
  }
  return out;
}

/** out[..., :] = x[rows[...], :] */
export const lookUp: (x: AnyTensor, lookup: Lookup) => AnyTensor = op({
  name: "embedding",
  forward: (x: AnyTensor, lookup: Lookup) => copyRows(x, lookup, false),
  vjp: (g, s) => spread(g, s.meta(1)),
});

/** The same with every row times its factor: the transpose of {@link spread}. */
const lookUpScaled: (x: AnyTensor, lookup: Lookup) => AnyTensor = op({
  name: "embedding",
  forward: (x: AnyTensor, lookup: Lookup) => copyRows(x, lookup, true),
  vjp: (g, s) => spread(g, s.meta(1)),
});

/** Zeros, to whose row rows[i] factors[i] g_i is added. */
const spread: (g: AnyTensor, lookup: Lookup) => AnyTensor = op({
  name: "embeddingBackward",
  forward: (g: AnyTensor, { rows, count, factors }: Lookup) => {
    const features: number = g.shape[g.ndim - 1];
    const source = g.contiguous();
    const from = dataOf(source);
    const out: AnyTensor = fresh(allocate(g.dtype, count * features), [count, features], g.dtype);
    const to = dataOf(out);
    if (!factors) {
      foldRows("sum", g.dtype, to, 0, rows, from, source.offset, features);
      return out;
    }
    for (let i = 0, r = source.offset; i < rows.length; i++) {
      const start = rows[i]! * features;
      const f = factors[i]!;
      if (f === 0) r += features;
      else if (f === 1) for (let k = 0; k < features; k++) to[start + k]! += from[r++]!;
      else for (let k = 0; k < features; k++) to[start + k]! += from[r++]! * f;
    }
    return out;
  },
  vjp: (gg, s) => lookUpScaled(gg, s.meta(1)),
});

/** The tensor itself, whose gradient is multiplied by `factors`. */
export const gradientTimes: (x: AnyTensor, factors: AnyTensor) => AnyTensor = op({
  name: "embedding",
  saves: "inputs",
  forward: (x: AnyTensor) => viewOf(x, x.shape, x.strides, x.offset),
  vjp: (g, s) => [g.mul(s.at(1)), null],
});
