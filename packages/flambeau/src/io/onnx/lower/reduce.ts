// Reductions, scans and sorting in ONNX. Floor L5 (io). Source: https://onnx.ai/onnx/operators/

import type { DType } from "../../../base/dtype.ts";
import type { Graph, Ref } from "../graph.ts";
import type { Call } from "../merge.ts";
import type { Dims } from "../sizes.ts";
import { product } from "../sizes.ts";
import type { Lowering, Lowerings } from "./common.ts";
import {
  dimAt,
  dimsAt,
  dtypeOf,
  first,
  fixed,
  isOne,
  optionsAt,
  refuse,
  shapeOf,
  tensorAt,
} from "./common.ts";

interface Options {
  readonly keepdim: boolean;
  readonly dtype: DType;
  readonly correction: number;
  readonly unbiased: boolean;
  readonly descending: boolean;
  readonly largest: boolean;
}

/** A reduction over dimensions; those of other ops than sums are an attribute until opset 18. */
export function reduction(g: Graph, op: string, x: Ref, axes: readonly number[], keepdim: boolean): Ref {
  const keepdims = keepdim ? 1 : 0;
  if (axes.length === 0) return x;
  if (op === "ReduceSum" || g.opset >= 18) return g.node(op, [x, g.ints(axes)], { keepdims });
  return g.node(op, [x], { axes, keepdims });
}

/** Computes in `wide` where runtimes do not reduce bytes and bools. */
const reduced =
  (
    op: string,
    wide: (dtype: DType) => DType = (d) => (d === "bool" || d === "uint8" ? "int32" : d),
  ): Lowering =>
  (g, call) => {
    const { shape } = tensorAt(call, 0);
    const { keepdim = false, dtype } = optionsAt<Options>(call, 2);
    const x = g.cast(first(g, call), wide(dtype ?? tensorAt(call, 0).dtype));
    return g.cast(reduction(g, op, x, dimsAt(call, 1, shape.length), keepdim), dtypeOf(call));
  };

const summed = (d: DType): DType => (d === "bool" || d === "uint8" ? "int32" : d);

/** Any or all: the largest or the smallest of zeros and ones. */
const logical =
  (op: string): Lowering =>
  (g, call) => {
    const { shape } = tensorAt(call, 0);
    const { keepdim = false } = optionsAt<Options>(call, 2);
    const bits = g.cast(g.cast(first(g, call), "bool"), "int32");
    return g.cast(reduction(g, op, bits, dimsAt(call, 1, shape.length), keepdim), "bool");
  };

/** The place of an extremum along a dimension, or of all elements. */
function place(g: Graph, op: string, x: Ref, shape: Dims, dim: number | null, keepdim: boolean): Ref {
  const row = dim === null || shape.length === 0 ? g.node("Reshape", [x, g.ints([-1])]) : x;
  const axis = dim === null || shape.length === 0 ? 0 : dim;
  const found = g.node(op, [row], { axis, keepdims: keepdim && row === x ? 1 : 0 }, "int64");
  return g.cast(
    keepdim && row !== x ? g.node("Reshape", [found, g.ints(shape.map(() => 1))]) : found,
    "int32",
  );
}

const extremumPlace =
  (op: string): Lowering =>
  (g, call) => {
    const { shape } = tensorAt(call, 0);
    const dim = call.args[1] === undefined || call.args[1] === null ? null : dimAt(call, 1, shape.length);
    return place(g, op, first(g, call), shape, dim, optionsAt<Options>(call, 2).keepdim ?? false);
  };

/** The extremum of all elements, or along a dimension with its place. */
const extremum =
  (op: string, index: string): Lowering =>
  (g, call) => {
    const { shape } = tensorAt(call, 0);
    const x = first(g, call);
    const wide = x.dtype === "bool" || x.dtype === "uint8" ? g.cast(x, "int32") : x;
    if (call.args[1] === undefined)
      return g.cast(reduction(g, op, wide, dimsAt(call, 1, shape.length), false), x.dtype);
    const { keepdim = false } = optionsAt<Options>(call, 2);
    const dim = dimAt(call, 1, shape.length);
    return [
      g.cast(reduction(g, op, wide, shape.length === 0 ? [] : [dim], keepdim), x.dtype),
      place(g, index, wide, shape, dim, keepdim),
    ];
  };

/** The sum of squares of deviations over n - correction. */
const variance: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const x = first(g, call);
  const { keepdim = false, correction, unbiased } = optionsAt<Options>(call, 2);
  const axes = dimsAt(call, 1, shape.length);
  const off = g.node("Sub", [x, reduction(g, "ReduceMean", x, axes, true)]);
  const squares = reduction(g, "ReduceSum", g.node("Mul", [off, off]), axes, keepdim);
  const count = g.number(product(axes.map((d) => shape[d]!)), x.dtype);
  const freedom = g.node("Sub", [count, g.scalar(correction ?? (unbiased === false ? 0 : 1), x.dtype)]);
  return g.node("Div", [squares, g.node("Max", [freedom, g.scalar(0, x.dtype)])]);
};

/** The p-norm over dimensions. */
export function normOver(g: Graph, x: Ref, p: number, axes: readonly number[], keepdim: boolean): Ref {
  const over = (op: string, v: Ref): Ref => reduction(g, op, v, axes, keepdim);
  if (p === 1) return over("ReduceL1", x);
  if (p === 2) return over("ReduceL2", x);
  const size = g.node("Abs", [x]);
  if (p === Number.POSITIVE_INFINITY) return over("ReduceMax", size);
  if (p === Number.NEGATIVE_INFINITY) return over("ReduceMin", size);
  if (p === 0) return over("ReduceSum", g.node("Sign", [size]));
  const powers = over("ReduceSum", g.node("Pow", [size, g.scalar(p, x.dtype)]));
  return g.node("Pow", [powers, g.scalar(1 / p, x.dtype)]);
}

const norm: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const p = fixed(call, call.args[1], "power");
  return normOver(g, first(g, call), p, dimsAt(call, 2, shape.length), call.args[3] === true);
};

function ordered(g: Graph, call: Call, count: Ref, dim: number, largest: boolean): readonly (Ref | null)[] {
  const x = first(g, call);
  if (tensorAt(call, 0).shape.length === 0) return refuse(call, "of a 0-d tensor cannot be exported");
  const wide = x.dtype === "bool" || x.dtype === "uint8" ? g.cast(x, "int32") : x;
  const attributes = { axis: dim, largest: largest ? 1 : 0, sorted: 1 };
  const [values, places] = g.multi("TopK", [wide, count], attributes, [wide.dtype, "int64"]);
  return [g.cast(values!, x.dtype), g.cast(places!, "int32")];
}

const sort: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const dim = dimAt(call, 1, shape.length, -1);
  return ordered(g, call, g.dims([shape[dim] ?? 1]), dim, optionsAt<Options>(call, 2).descending ?? false);
};

const topk: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const dim = dimAt(call, 2, shape.length, -1);
  return ordered(
    g,
    call,
    g.dims([shapeOf(call)[dim] ?? 1]),
    dim,
    optionsAt<Options>(call, 3).largest ?? true,
  );
};

const cumsum: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  if (shape.length === 0 || shape.every(isOne)) return first(g, call);
  const axis = g.constant(BigInt64Array.of(BigInt(dimAt(call, 1, shape.length))), "int64", []);
  return g.node("CumSum", [first(g, call), axis], { reverse: call.args[2] === true ? 1 : 0 });
};

export const reductions: Lowerings = {
  sum: reduced("ReduceSum", summed),
  prod: reduced("ReduceProd", summed),
  mean: reduced("ReduceMean"),
  amax: reduced("ReduceMax"),
  amin: reduced("ReduceMin"),
  any: logical("ReduceMax"),
  all: logical("ReduceMin"),
  max: extremum("ReduceMax", "ArgMax"),
  min: extremum("ReduceMin", "ArgMin"),
  argmax: extremumPlace("ArgMax"),
  argmin: extremumPlace("ArgMin"),
  var: variance,
  norm,
  "logsumexp()": (g, call) => {
    const { shape } = tensorAt(call, 0);
    const x = g.cast(first(g, call), dtypeOf(call));
    const { keepdim = false } = optionsAt<Options>(call, 2);
    return reduction(g, "ReduceLogSumExp", x, dimsAt(call, 1, shape.length), keepdim);
  },
  sort,
  topk,
  cumsum,
};
