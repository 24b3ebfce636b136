// Elements by number in ONNX, and changes in place, of which a graph knows the result only. Floor L5 (io).
// Source: https://onnx.ai/onnx/operators/onnx__GatherND.html, onnx__ScatterElements.html, onnx__ScatterND.html

import type { Scalar } from "../../../base/dtype.ts";
import type { Graph, Ref } from "../graph.ts";
import type { Call, GraphValue } from "../merge.ts";
import { isGraphValue } from "../merge.ts";
import type { Dims } from "../sizes.ts";
import { combined, isSize, sameDims } from "../sizes.ts";
import { putBack } from "../value.ts";
import type { Lowering, Lowerings } from "./common.ts";
import {
  choose,
  dimAt,
  first,
  isOne,
  operand,
  optionsAt,
  refuse,
  shapeOf,
  squeezed,
  tensorAt,
  transposed,
  unsqueezed,
} from "./common.ts";
import { gone, orderOf, partOf } from "./movement.ts";

/** A source of any shape that broadcasts, as one of the wanted shape. */
function broadcast(g: Graph, call: Call, x: unknown, like: GraphValue, shape: Dims): Ref {
  const from = isGraphValue(x) ? x.shape : [];
  return g.expand(operand(g, call, x, like.dtype), from, shape);
}

// ---- elements by number -------------------------------------------------------------------------------------

const gather: Lowering = (g, call) => {
  const [x, index] = [tensorAt(call, 0), tensorAt(call, 2)];
  if (x.shape.length === 0) return first(g, call);
  return g.node("GatherElements", [g.ref(x), g.ref(index)], { axis: dimAt(call, 1, x.shape.length) });
};

const indexSelect: Lowering = (g, call) => {
  const [x, index] = [tensorAt(call, 0), tensorAt(call, 2)];
  if (x.shape.length === 0) return first(g, call);
  const list = index.shape.length === 0 ? unsqueezed(g, g.ref(index), 0) : g.ref(index);
  return g.node("Gather", [g.ref(x), list], { axis: dimAt(call, 1, x.shape.length) });
};

const take: Lowering = (g, call) => {
  const flat = g.node("Reshape", [first(g, call), g.ints([-1])]);
  return g.node("Gather", [flat, g.ref(tensorAt(call, 1))], { axis: 0 });
};

interface Numbers {
  /** The indexed dimensions, which come first in `order`. */
  readonly dims: readonly number[];
  readonly order: readonly number[];
  /** The index tensors. */
  readonly lists: readonly GraphValue[];
  /** The shape that they broadcast to. */
  readonly shape: Dims;
  /** Where the result has that shape: in place of the indexed dimensions if they are neighbours, else in front. */
  readonly at: number;
}

function numbersOf(call: Call, x: GraphValue): Numbers {
  const indices = call.args[1] as readonly (GraphValue | null)[];
  const dims: number[] = [];
  const lists: GraphValue[] = [];
  indices.forEach((index, d) => {
    if (index === null) return;
    if (index.dtype === "bool" || index.dtype === "uint8")
      return refuse(call, "with a mask has a shape that depends on values: use torch.where or maskedFill");
    dims.push(d);
    lists.push(index);
  });
  const rank = Math.max(0, ...lists.map((l) => l.shape.length));
  const shape = Array.from({ length: rank }, (_, i) => {
    const all = lists.flatMap((l) => l.shape[i - rank + l.shape.length] ?? []);
    return all.find((d) => !isOne(d)) ?? 1;
  });
  const others = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const adjacent = dims.every((d, i) => d === dims[0]! + i);
  return { dims, order: [...dims, ...others], lists, shape, at: adjacent ? (dims[0] ?? 0) : 0 };
}

/** The index tensors side by side, [...shape, number of them]. */
function joined(g: Graph, { lists, shape }: Numbers): Ref {
  const columns = lists.map((l) => {
    const wide = g.expand(g.cast(g.ref(l), "int64"), l.shape, shape);
    return unsqueezed(g, wide, shape.length);
  });
  return columns.length === 1 ? columns[0]! : g.node("Concat", columns, { axis: -1 });
}

/** The order of dimensions in which `rank` of them, in front, go to place `at`. */
const moved = (total: number, rank: number, at: number): number[] => {
  const rest = Array.from({ length: total - rank }, (_, i) => rank + i);
  return [...rest.slice(0, at), ...Array.from({ length: rank }, (_, i) => i), ...rest.slice(at)];
};
const inverse = (order: readonly number[]): number[] => order.map((_, i) => order.indexOf(i));

const indexTensors: Lowering = (g, call) => {
  const x = tensorAt(call, 0);
  const numbers = numbersOf(call, x);
  const { dims, lists, order, shape, at } = numbers;
  if (dims.length === 0) return g.ref(x);
  if (dims.length === 1) return g.node("Gather", [g.ref(x), g.ref(lists[0]!)], { axis: dims[0]! });
  const y = g.node("GatherND", [transposed(g, g.ref(x), order), joined(g, numbers)]);
  return transposed(g, y, moved(shapeOf(call).length, shape.length, at));
};

const indexPut: Lowering = (g, call) => {
  const x = tensorAt(call, 0);
  const numbers = numbersOf(call, x);
  const { dims, order, shape, at } = numbers;
  if (dims.length === 0) return refuse(call, "without an index tensor has no form in ONNX");
  const rest = order.slice(dims.length).map((d) => x.shape[d]!);
  const whole = [...rest.slice(0, at), ...shape, ...rest.slice(at)];
  const values = broadcast(g, call, call.args[2], x, whole);
  const updates = transposed(g, values, inverse(moved(whole.length, shape.length, at)));
  const attributes = { reduction: call.args[3] === true ? "add" : "none" };
  const y = g.node("ScatterND", [transposed(g, g.ref(x), order), joined(g, numbers), updates], attributes);
  return transposed(g, y, inverse(order));
};

// ---- scattering ---------------------------------------------------------------------------------------------

function scattered(g: Graph, call: Call, source: unknown, reduction: string): Ref {
  const [x, index] = [tensorAt(call, 0), tensorAt(call, 2)];
  if (x.shape.length === 0) return operand(g, call, source, x.dtype);
  let updates = broadcast(g, call, source, x, isGraphValue(source) ? source.shape : index.shape);
  if (isGraphValue(source))
    // A source may have more than the index asks for.
    source.shape.forEach((n, axis) => {
      updates = g.slice(updates, axis, 0, index.shape[axis]!, n);
    });
  const axis = dimAt(call, 1, x.shape.length);
  return g.node("ScatterElements", [g.ref(x), g.ref(index), updates], { axis, reduction });
}

const scatter: Lowering = (g, call) => {
  const { reduce } = optionsAt<{ reduce: string }>(call, 4);
  return scattered(g, call, call.args[3], reduce === "add" ? "add" : reduce === "multiply" ? "mul" : "none");
};

const folds: Readonly<Record<string, string>> = { sum: "add", prod: "mul", amax: "max", amin: "min" };

const scatterReduce: Lowering = (g, call) => {
  const reduction = folds[String(call.args[4])];
  const { includeSelf = true } = optionsAt<{ includeSelf: boolean }>(call, 5);
  if (!reduction || !includeSelf)
    return refuse(call, "by mean, or without the elements themselves, has no form in ONNX");
  if (reduction.startsWith("m") && reduction !== "mul" && g.opset < 18)
    return refuse(call, "needs opset 18 or later");
  return scattered(g, call, call.args[3], reduction);
};

const put: Lowering = (g, call) => {
  const [x, index, source] = [tensorAt(call, 0), tensorAt(call, 1), tensorAt(call, 2)];
  const [flat, places, values] = [x, index, source].map((v) =>
    g.node("Reshape", [g.ref(v), g.ints([-1])]),
  ) as [Ref, Ref, Ref];
  const reduction = call.args[3] === true ? "add" : "none";
  return g.reshape(g.node("ScatterElements", [flat, places, values], { axis: 0, reduction }), [-1], x.shape);
};

/** Slices along one dimension, put to the places that a list of numbers names. */
const slices =
  (reduction: string): Lowering =>
  (g, call) => {
    const [x, index] = [tensorAt(call, 0), tensorAt(call, 2)];
    const rank = x.shape.length;
    if (rank === 0) return refuse(call, "of a 0-d tensor has no form in ONNX");
    const axis = dimAt(call, 1, rank);
    const length = index.shape[0] ?? 1;
    const target = x.shape.map((n, d) => (d === axis ? length : n));
    const column = x.shape.map((_, d) => (d === axis ? length : 1));
    const places = g.expand(g.reshape(g.ref(index), index.shape, column), column, target);
    const { alpha } = optionsAt<{ alpha: number }>(call, 4);
    let updates = broadcast(g, call, call.args[3], x, target);
    if (alpha !== undefined && alpha !== 1)
      updates = g.node("Mul", [updates, operand(g, call, alpha, x.dtype)]);
    return g.node("ScatterElements", [g.ref(x), places, updates], { axis, reduction });
  };

// ---- changes in place ---------------------------------------------------------------------------------------

const maskedFill: Lowering = (g, call) => {
  const x = tensorAt(call, 0);
  const value = operand(g, call, call.args[2], x.dtype);
  return choose(g, g.cast(g.ref(tensorAt(call, 1)), "bool"), value, g.ref(x));
};

const copied: Lowering = (g, call) => broadcast(g, call, call.args[1], tensorAt(call, 0), shapeOf(call));

const filled: Lowering = (g, call) => {
  const value = call.op === "zero_" ? 0 : (call.args[1] as Scalar | GraphValue);
  return broadcast(g, call, value, tensorAt(call, 0), shapeOf(call));
};

/** The whole that a view looks into, after the view has changed: `[whole before, view after, the view's call]`. */
const replaced: Lowering = (g, call) => {
  const [old, now] = [tensorAt(call, 0), tensorAt(call, 1)];
  const view = call.args[2] as Call;
  const y = g.ref(now);
  switch (view.op) {
    case "contiguous":
      return y;
    case "view":
    case "reshape":
      return g.reshape(y, now.shape, old.shape);
    case "permute":
    case "transpose":
      return transposed(g, y, inverse(orderOf(view)));
    case "squeeze":
      return unsqueezed(g, y, ...gone(view));
    case "unsqueeze":
      return squeezed(g, y, dimAt(view, 1, now.shape.length));
    case "expand":
      return sameDims(now.shape, old.shape) ? y : refuse(call, "into an expanded tensor has no form in ONNX");
    case "select":
    case "narrow":
    case "sliceDim": {
      const { axis, start, end, step, length, single } = partOf(view);
      const middle = single ? unsqueezed(g, y, axis) : y;
      if (step !== 1) return stepped(g, call, axis, middle);
      const x = g.ref(old);
      const before = start === 0 ? [] : [g.slice(x, axis, 0, start, length)];
      const ends = combined([end, length], (e, n) => n - e) === 0;
      const after = ends ? [] : [g.slice(x, axis, end, length, length)];
      const parts = [...before, middle, ...after];
      return parts.length === 1 ? middle : g.node("Concat", parts, { axis });
    }
    default:
      return refuse(call, `into the result of '${view.op}' has no form in ONNX`);
  }
};

/** Every `step`-th slice anew. */
function stepped(g: Graph, call: Call, axis: number, values: Ref): Ref {
  const old = tensorAt(call, 0);
  const { start, end, step } = partOf(call.args[2] as Call);
  if (isSize(start) || isSize(end))
    return refuse(call, "with a step along a dynamic dimension has no form in ONNX");
  const places = Array.from({ length: Math.ceil((end - start) / step) }, (_, i) => start + i * step);
  const target = old.shape.with(axis, places.length);
  const column = old.shape.map((_, d) => (d === axis ? places.length : 1));
  const list = g.constant(BigInt64Array.from(places, BigInt), "int64", column);
  const index = g.expand(list, column, target);
  return g.node("ScatterElements", [g.ref(old), index, values], { axis });
}

export const indexing: Lowerings = {
  gather,
  indexSelect,
  take,
  indexTensors,
  indexPut,
  scatter,
  scatterReduce,
  put,
  scatterAdd: (g, call) => scattered(g, call, call.args[3], "add"),
  indexAdd: slices("add"),
  indexCopy: slices("none"),
  indexFill: slices("none"),
  maskedFill,
  copy_: copied,
  fill_: filled,
  zero_: filled,
  [putBack]: replaced,
};
