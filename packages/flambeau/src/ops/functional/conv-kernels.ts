// The three products of a convolution over arrays: its result, the gradient of its input, that of its weight.
// All are sums of weight[o, c, k] * input[c, stride * t + dilation * k - padding] * output[o, t] over what is not asked for.
// Floor L4 (ops). Source: https://arxiv.org/abs/1603.07285 (which product is which gradient)

import type { DType, TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import { matrixProduct } from "../../tensor/routines.ts";
import { allocate, allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import type { Data } from "../elements.ts";
import { dataOf } from "../elements.ts";
import type { ConvGeometry, ConvPlan } from "./conv-plan.ts";
import { collectOutput, planOf, spread, spreadOutput } from "./conv-plan.ts";

/** Most elements of shifted copies that are made at once. */
const copiesLimit = 1 << 20;
/** Arrays kept for the next call, by use; larger ones are let go. */
const keptElements = 1 << 22;
const kept = new Map<string, TypedArray>();

/** Memory for intermediate values of one call; what is in it is not specified. */
function scratch(dtype: DType, use: string, n: number): Data {
  const key = `${dtype} ${use}`;
  let data = kept.get(key);
  if (!data || data.length < n) {
    data = new dtypes[dtype].array(n);
    if (n <= keptElements) kept.set(key, data);
  }
  return data as Data;
}

const view = (
  data: Data,
  offset: number,
  rowStride: number,
  colStride: number,
): { data: TypedArray; offset: number; rowStride: number; colStride: number } => ({
  data,
  offset,
  rowStride,
  colStride,
});

const zeroOf = (dtype: DType): number => (dtype === "int64" ? (0n as unknown as number) : 0);

/** Rows p of `to`: elements shifts[p] + from .. + n of x. */
function shiftedCopies(x: Data, shifts: Int32Array, from: number, n: number, to: Data): void {
  for (let p = 0, w = 0; p < shifts.length; p++, w += n) {
    const start = shifts[p]! + from;
    if (n > 64) to.set(x.subarray(start, start + n), w);
    else for (let q = 0; q < n; q++) to[w + q] = x[start + q]!;
  }
}

/** out[i, q] = sum over p of a[i, p] * x[shifts[p] + q] for q < n; a has m rows from `at`. */
function shiftedProduct(
  dtype: DType,
  m: number,
  n: number,
  a: Data,
  at: number,
  x: Data,
  shifts: Int32Array,
  out: Data,
): void {
  const k = shifts.length;
  const block = Math.min(n, Math.max(64, Math.floor(copiesLimit / Math.max(k, 1))));
  const copies = scratch(dtype, "copies", k * block);
  if (block === n) {
    shiftedCopies(x, shifts, 0, n, copies);
    matrixProduct(1, m, n, k, view(a, at, k, 1), 0, view(copies, 0, n, 1), 0, out, 0, null);
    return;
  }
  const part = scratch(dtype, "part", m * block);
  for (let q = 0; q < n; q += block) {
    const width = Math.min(block, n - q);
    shiftedCopies(x, shifts, q, width, copies);
    matrixProduct(1, m, width, k, view(a, at, k, 1), 0, view(copies, 0, width, 1), 0, part, 0, null);
    for (let i = 0; i < m; i++) out.set(part.subarray(i * width, (i + 1) * width), i * n + q);
  }
}

/** out[i, p] += sum over q < n of g[i * pitch + q] * x[shifts[p] + q]; `out` has m rows from `at`. */
function shiftedSums(
  dtype: DType,
  m: number,
  n: number,
  g: Data,
  pitch: number,
  x: Data,
  shifts: Int32Array,
  out: Data,
  at: number,
): void {
  const k = shifts.length;
  const block = Math.min(n, Math.max(64, Math.floor(copiesLimit / Math.max(k, 1))));
  const copies = scratch(dtype, "copies", k * block);
  const part = scratch(dtype, "part", m * k);
  for (let q = 0; q < n; q += block) {
    const width = Math.min(block, n - q);
    shiftedCopies(x, shifts, q, width, copies);
    matrixProduct(1, m, k, width, view(g, q, pitch, 1), 0, view(copies, 0, 1, width), 0, part, 0, null);
    for (let i = 0; i < m * k; i++) out[at + i]! += part[i]!;
  }
}

/** The images of a batch, spread out one after another into one array. */
class Spread {
  readonly data: Data;
  readonly shifts: Int32Array;
  readonly #plan: ConvPlan;
  readonly #x: AnyTensor;
  readonly #channels: number;

  /** `channels` of x at a time. */
  constructor(plan: ConvPlan, x: AnyTensor, channels: number) {
    this.#plan = plan;
    this.#x = x;
    this.#channels = channels;
    const { phases, cells, taps } = plan;
    this.data = scratch(x.dtype, "spread", phases.length * channels * cells);
    this.data.fill(zeroOf(x.dtype), 0, phases.length * channels * cells);
    this.shifts = new Int32Array(channels * taps);
    for (let c = 0; c < channels; c++)
      phases.forEach((phase, i) => {
        phase.taps.forEach((tap, j) => {
          this.shifts[c * taps + tap] = (c * phases.length + i) * cells + phase.shifts[j]!;
        });
      });
  }

  /** Fills the array with group number `part` of all groups of all images. */
  load(part: number): void {
    const { phases, cells, input } = this.#plan;
    const size = numel(input);
    for (let c = 0; c < this.#channels; c++) {
      const from = this.#x.offset + (part * this.#channels + c) * size;
      phases.forEach((phase, i) => {
        spread(
          this.#plan,
          phase.first,
          dataOf(this.#x),
          from,
          this.data,
          (c * phases.length + i) * cells,
          false,
        );
      });
    }
  }
}

/** The convolution of x [N, C, ...] with a weight [O, C / groups, ...], both packed; `bias` [O] is added. */
export function convolved(
  x: AnyTensor,
  weight: AnyTensor,
  bias: AnyTensor | null,
  g: ConvGeometry,
): AnyTensor {
  const plan = planOf(g);
  const { groups } = g;
  const [batch, channels] = x.shape as [number, number];
  const [maps] = weight.shape as [number];
  const [c, m] = [channels / groups, maps / groups];
  const dtype = x.dtype;
  const size = numel(plan.output);
  const y: AnyTensor = fresh(allocateUnset(dtype, batch * maps * size), [batch, maps, ...g.output], dtype);
  if (numel(y.shape) === 0) return y;
  const packed = bias?.contiguous();
  const biases = packed ? dataOf(packed) : null;
  const from = packed?.offset ?? 0;
  const out = dataOf(y);
  const w = dataOf(weight);
  if (plan.pointwise && groups === 1) {
    const images = view(dataOf(x), x.offset, size, 1);
    matrixProduct(batch, m, size, c, view(w, weight.offset, c, 1), 0, images, c * size, out, 0, null);
    if (biases)
      for (let r = 0, i = 0; r < batch * maps; r++) {
        const b = biases[from + (r % maps)]!;
        for (const end = i + size; i < end; i++) out[i]! += b;
      }
    return y;
  }
  const images = new Spread(plan, x, c);
  const result = scratch(dtype, "result", m * plan.span);
  const rows = c * plan.taps;
  for (let part = 0; part < batch * groups; part++) {
    const group = part % groups;
    images.load(part);
    const at = weight.offset + group * m * rows;
    shiftedProduct(dtype, m, plan.span, w, at, images.data, images.shifts, result);
    for (let o = 0; o < m; o++)
      collectOutput(
        plan,
        result,
        o * plan.span,
        out,
        (part * m + o) * size,
        biases ? biases[from + group * m + o]! : 0,
      );
  }
  return y;
}

/** The gradient of the input of a convolution, from y [N, O, ...] and the weight: the adjoint of {@link convolved}. */
export function convolvedBack(y: AnyTensor, weight: AnyTensor, g: ConvGeometry): AnyTensor {
  const plan = planOf(g);
  const { groups } = g;
  const [batch, maps] = y.shape as [number, number];
  const c = weight.shape[1] as number;
  const m = maps / groups;
  const dtype = y.dtype;
  const size = numel(plan.input);
  const outputs = numel(plan.output);
  const x: AnyTensor = fresh(
    allocate(dtype, batch * c * groups * size),
    [batch, c * groups, ...g.input],
    dtype,
  );
  if (numel(x.shape) === 0 || numel(y.shape) === 0) return x;
  const out = dataOf(x);
  const w = dataOf(weight);
  if (plan.pointwise && groups === 1) {
    const images = view(dataOf(y), y.offset, size, 1);
    matrixProduct(batch, c, size, m, view(w, weight.offset, 1, c), 0, images, m * size, out, 0, null);
    return x;
  }
  // Outputs with zeros in front and behind, so that every input finds those that it went into.
  const { reach, cells, taps } = plan;
  const length = reach + cells;
  const grid = scratch(dtype, "spread", m * length);
  grid.fill(zeroOf(dtype), 0, m * length);
  const result = scratch(dtype, "result", c * cells);
  const phases = plan.phases.map((phase) => {
    const n = phase.taps.length;
    const shifts = new Int32Array(m * n);
    for (let o = 0; o < m; o++)
      for (let j = 0; j < n; j++) shifts[o * n + j] = o * length + reach - phase.shifts[j]!;
    // The weight of each group as [c, o, tap].
    const turned = new dtypes[dtype as DType].array(groups * c * m * n) as Data;
    let i = 0;
    for (let group = 0; group < groups; group++)
      for (let ci = 0; ci < c; ci++)
        for (let o = 0; o < m; o++)
          for (let j = 0; j < n; j++)
            turned[i++] = w[weight.offset + ((group * m + o) * c + ci) * taps + phase.taps[j]!]!;
    return { first: phase.first, shifts, turned };
  });
  for (let part = 0; part < batch * groups; part++) {
    for (let o = 0; o < m; o++)
      spreadOutput(plan, dataOf(y), y.offset + (part * m + o) * outputs, grid, o * length + reach);
    for (const { first, shifts, turned } of phases) {
      const at = (part % groups) * c * shifts.length;
      shiftedProduct(dtype, c, cells, turned, at, grid, shifts, result);
      for (let ci = 0; ci < c; ci++)
        spread(plan, first, out, (part * c + ci) * size, result, ci * cells, true);
    }
  }
  return x;
}

/** The gradient of the weight of a convolution: [O, C / groups, ...] from x [N, C, ...] and y [N, O, ...]. */
export function convolvedWeight(x: AnyTensor, y: AnyTensor, g: ConvGeometry): AnyTensor {
  const plan = planOf(g);
  const { groups } = g;
  const [batch, channels] = x.shape as [number, number];
  const maps = y.shape[1] as number;
  const [c, m] = [channels / groups, maps / groups];
  const dtype = x.dtype;
  const rows = c * plan.taps;
  const weight: AnyTensor = fresh(allocate(dtype, maps * rows), [maps, c, ...g.kernel], dtype);
  if (numel(x.shape) === 0 || numel(y.shape) === 0) return weight;
  const out = dataOf(weight);
  const images = new Spread(plan, x, c);
  const outputs = numel(plan.output);
  const { span } = plan;
  const grid = scratch(dtype, "outputs", m * span);
  grid.fill(zeroOf(dtype), 0, m * span);
  for (let part = 0; part < batch * groups; part++) {
    images.load(part);
    for (let o = 0; o < m; o++)
      spreadOutput(plan, dataOf(y), y.offset + (part * m + o) * outputs, grid, o * span);
    shiftedSums(dtype, m, span, grid, span, images.data, images.shifts, out, (part % groups) * m * rows);
  }
  return weight;
}
