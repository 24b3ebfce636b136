// Views, joins and copies in another order in ONNX. Floor L5 (io). Source: https://onnx.ai/onnx/operators/

import type { Scalar } from "../../../base/dtype.ts";
import { normalizeDim } from "../../../base/shape.ts";
import type { Graph, Ref } from "../graph.ts";
import type { Call } from "../merge.ts";
import { arrayOf, isGraphValue } from "../merge.ts";
import type { Dim, Dims } from "../sizes.ts";
import { combined, isSize } from "../sizes.ts";
import type { Lowering, Lowerings } from "./common.ts";
import {
  dimAt,
  dtypeOf,
  first,
  fixed,
  optionsAt,
  refuse,
  shapeOf,
  squeezed,
  tensorAt,
  transposed,
  unsqueezed,
} from "./common.ts";

const reshape: Lowering = (g, call) => g.reshape(first(g, call), tensorAt(call, 0).shape, shapeOf(call));

/** Numbers given one by one or as one list. */
const listOf = (args: readonly unknown[]): readonly number[] =>
  (Array.isArray(args[0]) ? args[0] : args) as readonly number[];

/** Dimensions in a new order. */
export function orderOf(call: Call): readonly number[] {
  const rank = tensorAt(call, 0).shape.length;
  if (call.op === "permute") return listOf(call.args.slice(1)).map((d) => normalizeDim(d, rank, "permute"));
  const order = Array.from({ length: rank }, (_, d) => d);
  if (rank === 0) return order;
  const [a, b] = [dimAt(call, 1, rank), dimAt(call, 2, rank)];
  [order[a], order[b]] = [order[b]!, order[a]!];
  return order;
}

/** Dimensions of extent 1 that go. */
export function gone(call: Call): readonly number[] {
  const { shape } = tensorAt(call, 0);
  const dim = call.args[1] as number | readonly number[] | undefined;
  const chosen =
    dim === undefined
      ? null
      : (typeof dim === "number" ? [dim] : dim).map((d) => normalizeDim(d, shape.length, "squeeze"));
  return shape.flatMap((n, d) => (n === 1 && (chosen === null || chosen.includes(d)) ? [d] : []));
}

const clipped = (v: Dim | null | undefined, fallback: Dim, n: Dim): Dim =>
  combined([v ?? fallback, n], (at, length) => Math.min(Math.max(at < 0 ? at + length : at, 0), length));

/** A part along one dimension. */
export interface Part {
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
  readonly step: number;
  readonly length: Dim;
  /** Whether it is one element, whose dimension goes. */
  readonly single: boolean;
}

/** What part of its argument a narrow, a slice or a select is. */
export function partOf(call: Call): Part {
  const { shape } = tensorAt(call, 0);
  const axis = dimAt(call, 1, shape.length, 0);
  const length = shape[axis]!;
  const [, , a, b] = call.args as [unknown, unknown, Dim, Dim];
  if (call.op === "select") {
    const start = clipped(a, 0, length);
    return { axis, start, end: combined([start], (s) => s + 1), step: 1, length, single: true };
  }
  if (call.op === "narrow") {
    const start = clipped(a, 0, length);
    return { axis, start, end: combined([start, b], (s, n) => s + n), step: 1, length, single: false };
  }
  const start = clipped(a, 0, length);
  const end = combined([start, clipped(b, length, length)], (s, e) => Math.max(s, e));
  return { axis, start, end, step: fixed(call, call.args[4] ?? 1, "step"), length, single: false };
}

const part: Lowering = (g, call) => {
  const { axis, start, end, step, length, single } = partOf(call);
  const x = first(g, call);
  const [, , from = 0, to = null] = call.args as [unknown, unknown, Dim?, Dim?];
  // Places beyond the end are cut by ONNX as here.
  if (call.op === "sliceDim" && isSize(end) && !isSize(from) && typeof to === "number")
    return g.node("Slice", [x, g.ints([from ?? 0]), g.ints([to]), g.ints([axis]), g.ints([step])]);
  if (!single) return g.slice(x, axis, start, end, length, step);
  if (!isSize(start)) return g.node("Gather", [x, g.scalar(start, "int64")], { axis });
  return squeezed(g, g.slice(x, axis, start, end, length), axis);
};

const cat: Lowering = (g, call) => {
  const all = (call.args[0] as readonly unknown[]).filter(isGraphValue);
  const parts = all.filter((x) => !(x.shape.length === 1 && x.shape[0] === 0));
  const dtype = dtypeOf(call);
  if (parts.length === 0) return g.cast(g.ref(all[0]!), dtype);
  const axis = dimAt(call, 1, parts[0]!.shape.length, 0);
  const refs = parts.map((x) => g.cast(g.ref(x), dtype));
  return refs.length === 1 ? refs[0]! : g.node("Concat", refs, { axis });
};

const repeat: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const times = call.args[1] as Dims;
  const lead = times.length - shape.length;
  const x = unsqueezed(g, first(g, call), ...Array.from({ length: lead }, (_, i) => i));
  return times.every((n) => n === 1) ? x : g.node("Tile", [x, g.dims(times)]);
};

const repeatInterleave: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const [, times, axis] = call.args as [unknown, Dim, number];
  const wide = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)];
  const target = wide.with(axis + 1, times);
  const y = g.expand(unsqueezed(g, first(g, call), axis + 1), wide, target);
  return g.reshape(y, target, shapeOf(call));
};

/** Borders: pairs from the last dimension on, as PyTorch has them, for every dimension in the order of ONNX. */
function pads(call: Call, padding: readonly unknown[], rank: number): { before: number[]; after: number[] } {
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  for (let i = 0; i < padding.length; i += 2) {
    const axis = rank - 1 - i / 2;
    before[axis] = fixed(call, padding[i], "padding");
    after[axis] = fixed(call, padding[i + 1], "padding");
  }
  return { before, after };
}

function constantPad(g: Graph, call: Call, value: Scalar): Ref {
  const x = first(g, call);
  const { before, after } = pads(call, call.args[1] as unknown[], tensorAt(call, 0).shape.length);
  return g.node("Pad", [x, g.ints([...before, ...after]), g.scalar(value, x.dtype)], { mode: "constant" });
}

const pad: Lowering = (g, call) => {
  const [, padding, mode = "constant", value] = call.args as [unknown, unknown[], string?, (Scalar | null)?];
  if (mode === "constant") return constantPad(g, call, value ?? 0);
  const { shape } = tensorAt(call, 0);
  const { before, after } = pads(call, padding, shape.length);
  const x = first(g, call);
  if (mode !== "circular")
    return g.node("Pad", [x, g.ints([...before, ...after])], {
      mode: mode === "replicate" ? "edge" : "reflect",
    });
  if ([...before, ...after].some((p) => p < 0))
    return refuse(call, "with a negative circular padding has no form in ONNX");
  let y = x;
  shape.forEach((length, axis) => {
    const [left, right] = [before[axis]!, after[axis]!];
    const ends = [
      ...(left > 0
        ? [g.node("Slice", [y, g.ints([-left]), g.ints([Number.MAX_SAFE_INTEGER]), g.ints([axis])])]
        : []),
      y,
      ...(right > 0 ? [g.slice(y, axis, 0, right, length)] : []),
    ];
    if (ends.length > 1) y = g.node("Concat", ends, { axis });
  });
  return y;
};

const flip: Lowering = (g, call) => {
  const rank = tensorAt(call, 0).shape.length;
  const axes = listOf(call.args.slice(1)).map((d) => normalizeDim(d, rank, "flip"));
  if (rank === 0 || axes.length === 0) return first(g, call);
  const all = (v: number): Ref => g.ints(axes.map(() => v));
  const beyond = g.constant(new BigInt64Array(axes.length).fill(-(2n ** 63n - 1n)), "int64", [axes.length]);
  return g.node("Slice", [first(g, call), all(-1), beyond, g.ints(axes), all(-1)]);
};

const roll: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const axis = dimAt(call, 2, shape.length);
  const length = shape[axis]!;
  const shift = call.args[1] as Dim;
  const x = first(g, call);
  const cut = combined([shift, length], (by, n) => (n === 0 ? 0 : (((n - by) % n) + n) % n));
  if (cut === 0) return x;
  return g.node("Concat", [g.slice(x, axis, cut, length, length), g.slice(x, axis, 0, cut, length)], {
    axis,
  });
};

const triangle =
  (upper: number): Lowering =>
  (g, call) => {
    const x = first(g, call);
    const wide = x.dtype === "int32" || x.dtype === "uint8" ? "int64" : x.dtype;
    const k = g.constant(arrayOf("int64", [fixed(call, call.args[1] ?? 0, "diagonal")]), "int64", []);
    return g.cast(g.node("Trilu", [g.cast(x, wide), k], { upper }), x.dtype);
  };

/** Blocks of an image as columns: a strided convolution with one kernel for each place in the block. */
const unfold: Lowering = (g, call) => {
  const x = tensorAt(call, 0);
  if (x.shape.length !== 4) return refuse(call, "of other than 4 dimensions has no form in ONNX");
  const [, channels] = x.shape;
  const count = fixed(call, channels, "number of channels");
  type Pair = number | readonly number[];
  const o = optionsAt<{ dilation: Pair; padding: Pair; stride: Pair }>(call, 2);
  const pair = (v: unknown): readonly number[] => (Array.isArray(v) ? v : [v, v]) as readonly number[];
  const [kh, kw] = pair(call.args[1]) as [number, number];
  const taps = kh * kw;
  const kernel = new Array<number>(count * taps * taps).fill(0);
  for (let c = 0; c < count; c++) for (let t = 0; t < taps; t++) kernel[(c * taps + t) * taps + t] = 1;
  const weight = g.constant(arrayOf(x.dtype, kernel), x.dtype, [count * taps, 1, kh, kw], "blocks");
  const padding = pair(o.padding ?? 0);
  const columns = g.node("Conv", [g.ref(x), weight], {
    kernel_shape: [kh, kw],
    group: count,
    dilations: pair(o.dilation ?? 1),
    strides: pair(o.stride ?? 1),
    pads: [...padding, ...padding],
  });
  return g.node("Reshape", [columns, g.ints([0, count * taps, -1])]);
};

export const movements: Lowerings = {
  view: reshape,
  reshape,
  permute: (g, call) => transposed(g, first(g, call), orderOf(call)),
  transpose: (g, call) => transposed(g, first(g, call), orderOf(call)),
  unsqueeze: (g, call) => unsqueezed(g, first(g, call), dimAt(call, 1, tensorAt(call, 0).shape.length + 1)),
  squeeze: (g, call) => squeezed(g, first(g, call), ...gone(call)),
  expand: (g, call) => g.expand(first(g, call), tensorAt(call, 0).shape, shapeOf(call)),
  narrow: part,
  sliceDim: part,
  select: part,
  cat,
  repeat,
  repeatInterleave,
  constantPadNd: (g, call) => constantPad(g, call, (call.args[2] as Scalar | undefined) ?? 0),
  "nn.functional.pad()": pad,
  flip,
  roll,
  tril: triangle(0),
  triu: triangle(1),
  "nn.functional.unfold()": unfold,
};
