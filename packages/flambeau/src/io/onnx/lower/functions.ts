// Functions that ONNX has no operator for, in several: rarer ones of numbers, distances, diagonals, windows. Floor L5 (io).

import { normalizeDim } from "../../../base/shape.ts";
import type { Graph, Ref } from "../graph.ts";
import { arrayOf } from "../merge.ts";
import type { Dim } from "../sizes.ts";
import type { Lowering, Lowerings } from "./common.ts";
import {
  choose,
  commonDType,
  dimAt,
  dtypeOf,
  first,
  fixed,
  fixedExtents,
  operand,
  optionsAt,
  refuse,
  shapeOf,
  squeezed,
  tensorAt,
  transposed,
  unsqueezed,
} from "./common.ts";
import { binary, logaddexp } from "./elementwise.ts";
import { normOver, reduction } from "./reduce.ts";

interface Options {
  readonly beta: number;
  readonly delta: number;
  readonly nan: number | null;
  readonly posinf: number | null;
  readonly neginf: number | null;
  readonly eps: number | null;
  readonly keepdim: boolean;
  readonly invert: boolean;
}

/** A function of floats with options. */
const withOptions =
  (f: (g: Graph, x: Ref, options: Partial<Options>) => Ref): Lowering =>
  (g, call) =>
    f(g, g.cast(first(g, call), dtypeOf(call)), optionsAt<Options>(call, 1));

const by = (g: Graph, op: string, x: Ref, value: number): Ref => g.node(op, [x, g.scalar(value, x.dtype)]);
const is = (g: Graph, op: string, x: Ref, value: number): Ref =>
  g.node(op, [x, g.scalar(value, x.dtype)], {}, "bool");

/** A square near 0, a line beyond `limit`. */
function bent(g: Graph, x: Ref, limit: number, slope: number): Ref {
  const size = g.node("Abs", [x]);
  const square = by(g, "Mul", g.node("Mul", [size, size]), slope / (2 * limit));
  return choose(g, is(g, "Less", size, limit), square, by(g, "Mul", by(g, "Sub", size, limit / 2), slope));
}

function replaced(g: Graph, x: Ref, { nan, posinf, neginf }: Partial<Options>): Ref {
  const largest = x.dtype === "float64" ? Number.MAX_VALUE : 3.4028234663852886e38;
  const number = (v: number | null | undefined, otherwise: number): Ref => g.scalar(v ?? otherwise, x.dtype);
  const infinite = g.node("IsInf", [x], {}, "bool");
  const end = choose(g, is(g, "Greater", x, 0), number(posinf, largest), number(neginf, -largest));
  return choose(g, g.node("IsNaN", [x], {}, "bool"), number(nan, 0), choose(g, infinite, end, x));
}

function logit(g: Graph, x: Ref, { eps }: Partial<Options>): Ref {
  const z = eps ? by(g, "Min", by(g, "Max", x, eps), 1 - eps) : x;
  return g.node("Log", [g.node("Div", [z, g.node("Sub", [g.scalar(1, x.dtype), z])])]);
}

function sinc(g: Graph, x: Ref): Ref {
  const t = by(g, "Mul", x, Math.PI);
  return choose(g, is(g, "Equal", x, 0), g.scalar(1, x.dtype), g.node("Div", [g.node("Sin", [t]), t]));
}

// ---- distances ----------------------------------------------------------------------------------------------

const cdist: Lowering = (g, call) => {
  const [a, b] = [tensorAt(call, 0), tensorAt(call, 1)];
  const [x, y] = [unsqueezed(g, g.ref(a), a.shape.length - 1), unsqueezed(g, g.ref(b), b.shape.length - 2)];
  const rank = shapeOf(call).length;
  return normOver(g, g.node("Sub", [x, y]), fixed(call, call.args[2] ?? 2, "power"), [rank], false);
};

/** The length along a dimension, at least eps. */
const boundedNorm: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const length = normOver(g, first(g, call), 2, [dimAt(call, 1, shape.length)], true);
  return by(g, "Max", length, fixed(call, call.args[2], "eps"));
};

// ---- diagonals and windows ----------------------------------------------------------------------------------

/** Two dimensions put last. */
function lastTwo(rank: number, a: number, b: number): number[] {
  const rest = Array.from({ length: rank }, (_, d) => d).filter((d) => d !== a && d !== b);
  return [...rest, a, b];
}
const inverse = (order: readonly number[]): number[] => order.map((_, i) => order.indexOf(i));

const diagonal: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const rank = shape.length;
  const offset = fixed(call, call.args[1] ?? 0, "offset");
  const [a, b] = [dimAt(call, 2, rank, 0), dimAt(call, 3, rank, 1)];
  const [m, n] = fixedExtents(call, [shape[a]!, shape[b]!], "extent") as [number, number];
  const order = lastTwo(rank, a, b);
  const rows = transposed(g, first(g, call), order);
  const flat = g.reshape(
    rows,
    order.map((d) => shape[d]!),
    [...order.slice(0, -2).map((d) => shape[d]!), m * n],
  );
  const [row, column] = offset < 0 ? [-offset, 0] : [0, offset];
  const length = Math.max(0, Math.min(m - row, n - column));
  const places = Array.from({ length }, (_, i) => (row + i) * n + column + i);
  return g.node("Gather", [flat, g.ints(places)], { axis: rank - 2 });
};

const diagEmbed: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const rank = shape.length + 1;
  const offset = fixed(call, call.args[1] ?? 0, "offset");
  const [a, b] = [dimAt(call, 2, rank, -2), dimAt(call, 3, rank, -1)];
  const n = fixed(call, shape.at(-1), "extent") + Math.abs(offset);
  const pads = new Array<number>(2 * shape.length).fill(0);
  pads[offset < 0 ? shape.length - 1 : 2 * shape.length - 1] = Math.abs(offset);
  const x = first(g, call);
  const long =
    offset === 0 ? x : g.node("Pad", [x, g.ints(pads), g.scalar(0, x.dtype)], { mode: "constant" });
  const hits = Array.from({ length: n * n }, (_, i) => (i % n) - Math.floor(i / n) === offset);
  const mask = g.constant(arrayOf("bool", hits), "bool", [n, n], "diagonal");
  const y = choose(g, mask, unsqueezed(g, long, rank - 1), g.scalar(0, x.dtype));
  return transposed(g, y, inverse(lastTwo(rank, a, b)));
};

const windows: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const rank = shape.length;
  if (rank === 0) return refuse(call, "of a 0-d tensor has no form in ONNX");
  const axis = dimAt(call, 1, rank);
  const [length, size, step] = [shape[axis], call.args[2], call.args[3]].map((v) =>
    fixed(call, v, "size"),
  ) as [number, number, number];
  const count = Math.floor((length - size) / step) + 1;
  const places = Array.from({ length: count * size }, (_, i) => Math.floor(i / size) * step + (i % size));
  const index = g.constant(arrayOf("int64", places), "int64", [count, size], "windows");
  const y = g.node("Gather", [first(g, call), index], { axis });
  const order = Array.from({ length: rank + 1 }, (_, d) => d).filter((d) => d !== axis + 1);
  return transposed(g, y, [...order, axis + 1]);
};

// ---- order and membership -----------------------------------------------------------------------------------

/** The k-th smallest along a dimension, with its place. */
function smallest(g: Graph, x: Ref, k: number, dim: number, keepdim: boolean): [Ref, Ref] {
  const [values, places] = g.multi("TopK", [x, g.ints([k])], { axis: dim, largest: 0, sorted: 1 }, [
    x.dtype,
    "int64",
  ]) as [Ref, Ref];
  return [values, g.cast(places, "int32")].map((r) => {
    const last = g.slice(r, dim, k - 1, k, k);
    return keepdim ? last : squeezed(g, last, dim);
  }) as [Ref, Ref];
}

const median: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const x = first(g, call);
  const middle = (n: Dim | undefined): number => (fixed(call, n, "extent") + 1) >> 1;
  if (call.args[1] !== undefined) {
    const dim = dimAt(call, 1, shape.length);
    return smallest(g, x, middle(shape[dim]), dim, optionsAt<Options>(call, 2).keepdim ?? false);
  }
  const count = fixedExtents(call, shape, "extent").reduce((p, n) => p * n, 1);
  return smallest(g, g.node("Reshape", [x, g.ints([-1])]), middle(count), 0, false)[0];
};

const kthvalue: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  const dim = dimAt(call, 2, shape.length, -1);
  const k = fixed(call, call.args[1], "k");
  return smallest(g, first(g, call), k, dim, optionsAt<Options>(call, 3).keepdim ?? false);
};

const isin: Lowering = (g, call) => {
  const dtype = commonDType(call.args.slice(0, 2));
  const rank = shapeOf(call).length;
  const elements = unsqueezed(g, operand(g, call, call.args[0], dtype), rank);
  const set = g.node("Reshape", [operand(g, call, call.args[1], dtype), g.ints([-1])]);
  const hits = g.cast(g.node("Equal", [elements, set], {}, "bool"), "int32");
  const found = g.cast(reduction(g, "ReduceMax", hits, [rank], false), "bool");
  return optionsAt<Options>(call, 2).invert ? g.node("Not", [found]) : found;
};

/** Products of the first elements of a row, step by step. */
const cumprod: Lowering = (g, call) => {
  const { shape } = tensorAt(call, 0);
  if (shape.length === 0) return first(g, call);
  const dim = dimAt(call, 1, shape.length);
  const length = fixed(call, shape[dim], "extent");
  if (length > 256) return refuse(call, "over more than 256 elements has no form in ONNX");
  const x = first(g, call);
  const rows: Ref[] = [];
  for (let i = 0; i < length; i++) {
    const row = g.slice(x, dim, i, i + 1, length);
    rows.push(i === 0 ? row : g.node("Mul", [rows[i - 1]!, row]));
  }
  return rows.length === 1 ? rows[0]! : g.node("Concat", rows, { axis: dim });
};

// ---- back from windows --------------------------------------------------------------------------------------

const maxUnpool: Lowering = (g, call) => {
  const [y, indices] = [tensorAt(call, 0), tensorAt(call, 1)];
  const shape = shapeOf(call);
  const rank = fixed(call, call.args[3], "rank");
  const lead = shape.slice(0, -rank);
  const plane = (dims: readonly Dim[]): number =>
    fixedExtents(call, dims, "extent").reduce((p, n) => p * n, 1);
  const [from, to] = [y.shape, shape].map((s) => [...lead, plane(s.slice(-rank))]) as [Dim[], Dim[]];
  const zeros = g.expand(g.scalar(0, y.dtype), [], to);
  const [values, places] = [y, indices].map((v) => g.reshape(g.ref(v), v.shape, from)) as [Ref, Ref];
  const x = g.node("ScatterElements", [zeros, places, values], { axis: lead.length });
  return g.reshape(x, to, shape);
};

const col2Im: Lowering = (g, call) => {
  if (g.opset < 18) return refuse(call, "needs opset 18 or later");
  const b = call.args[1] as Record<"image" | "kernel" | "stride" | "padding" | "dilation", readonly number[]>;
  const y = tensorAt(call, 0);
  const single = y.shape.length === 2;
  const input = single ? unsqueezed(g, g.ref(y), 0) : g.ref(y);
  const attributes = { strides: b.stride, pads: [...b.padding, ...b.padding], dilations: b.dilation };
  const image = g.node("Col2Im", [input, g.ints(b.image), g.ints(b.kernel)], attributes);
  return single ? squeezed(g, image, 0) : image;
};

export const functions: Lowerings = {
  smoothL1Loss: withOptions((g, x, { beta = 1 }) => bent(g, x, beta, 1)),
  huberLoss: withOptions((g, x, { delta = 1 }) => bent(g, x, delta, delta)),
  nanToNum: withOptions(replaced),
  logit: withOptions(logit),
  sinc: withOptions(sinc),
  deg2rad: withOptions((g, x) => by(g, "Mul", x, Math.PI / 180)),
  rad2deg: withOptions((g, x) => by(g, "Mul", x, 180 / Math.PI)),
  logaddexp2: binary((g, a, b) =>
    by(g, "Mul", logaddexp(g, by(g, "Mul", a, Math.LN2), by(g, "Mul", b, Math.LN2)), Math.LOG2E),
  ),
  heaviside: binary((g, a, b) => choose(g, is(g, "Equal", a, 0), b, g.cast(is(g, "Greater", a, 0), a.dtype))),
  cdist,
  cosineSimilarity: boundedNorm,
  pdist: (g, call) => {
    const { shape } = tensorAt(call, 0);
    return normOver(
      g,
      first(g, call),
      fixed(call, call.args[1], "power"),
      [normalizeDim(-1, shape.length, "pdist")],
      false,
    );
  },
  diagonal,
  diagEmbed,
  unfold: windows,
  median,
  kthvalue,
  isin,
  cumprod,
  maxUnpool,
  col2Im,
  "linalg.det": (g, call) => g.node("Det", [first(g, call)]),
};
