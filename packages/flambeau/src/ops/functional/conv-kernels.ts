// The three products of a convolution over arrays: its result, the gradient of its input, that of its weight.
// All are sums of weight[o, c, k] * input[c, stride * t + dilation * k - padding] * output[o, t] over what is not asked for.
// Floor L4 (ops). Source: https://arxiv.org/abs/1603.07285 (which product is which gradient)

import type { DType, TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import type { ShiftedPart, SpreadImages } from "../../ir/routines.ts";
import { matrixProduct, shiftedProductOf, shiftedSumsOf } from "../../tensor/routines.ts";
import { allocate, allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import type { Data } from "../elements.ts";
import { dataOf } from "../elements.ts";
import type { ConvGeometry, ConvPlan } from "./conv-plan.ts";
import { inputMoves, outputMoves, planOf, reversed } from "./conv-plan.ts";
import { convBackStep, convStep, convWeightStep } from "./conv-steps.ts";
import { copiedProduct, copiedSums } from "./shifted.ts";

type Bias = { readonly data: TypedArray; readonly offset: number } | null;

function product(
  batch: number,
  images: SpreadImages,
  parts: readonly ShiftedPart[],
  bias: Bias,
  out: AnyTensor,
  offset: number,
  size: number,
): void {
  const stride = numel(out.shape) / batch;
  const to = dataOf(out);
  if (out.dtype === "float32")
    shiftedProductOf(batch, images, parts, bias, to as unknown as Float32Array, offset, stride, size);
  else copiedProduct(out.dtype, batch, images, parts, bias, to, offset, stride, size);
}

/** One group of the channels of a batch of inputs, spread out phase by phase. */
function spreadInputs(plan: ConvPlan, x: AnyTensor, channels: number, group: number): SpreadImages {
  const { phases, cells, input } = plan;
  const size = numel(input);
  const pitch = phases.length * cells;
  return {
    data: x.storage.data,
    offset: x.offset + group * channels * size,
    stride: x.shape[1] * size,
    size,
    channels,
    moves: phases.map((phase, i) => inputMoves(plan, phase.first, i * cells)),
    pitch,
    length: channels * pitch,
  };
}

/** Where each element of the kernel finds its inputs in them: [channel, tap]. */
function shiftsInto({ phases, cells, taps }: ConvPlan, channels: number): Int32Array {
  const shifts = new Int32Array(channels * taps);
  for (let c = 0; c < channels; c++)
    phases.forEach((phase, i) => {
      phase.taps.forEach((tap, j) => {
        shifts[c * taps + tap] = (c * phases.length + i) * cells + phase.shifts[j]!;
      });
    });
  return shifts;
}

/** One group of the channels of a batch of outputs, each with `before` zeros in front in an array of `pitch`. */
function spreadOutputs(
  plan: ConvPlan,
  y: AnyTensor,
  channels: number,
  group: number,
  before: number,
  pitch: number,
): SpreadImages {
  const size = numel(plan.output);
  return {
    data: y.storage.data,
    offset: y.offset + group * channels * size,
    stride: y.shape[1] * size,
    size,
    channels,
    moves: [outputMoves(plan, before)],
    pitch,
    length: channels * pitch,
  };
}

const matrices = (x: AnyTensor, size: number) => ({
  data: x.storage.data,
  offset: x.offset,
  rowStride: size,
  colStride: 1,
});

/** The convolution of x [N, C, ...] with a weight [O, C / groups, ...], both packed; `bias` [O] is added. */
export function convolved(
  x: AnyTensor,
  weight: AnyTensor,
  bias: AnyTensor | null,
  g: ConvGeometry,
): AnyTensor {
  const step = convStep(x, weight, bias, g);
  if (step) return step;
  const plan = planOf(g);
  const { groups } = g;
  const [batch, channels] = x.shape as [number, number];
  const [maps] = weight.shape as [number];
  const [c, m] = [channels / groups, maps / groups];
  const size = numel(plan.output);
  const shape = [batch, maps, ...g.output];
  const y: AnyTensor = fresh(allocateUnset(x.dtype, batch * maps * size), shape, x.dtype);
  if (numel(y.shape) === 0) return y;
  const packed = bias?.contiguous();
  if (plan.pointwise && groups === 1) {
    const w = { data: weight.storage.data, offset: weight.offset, rowStride: c, colStride: 1 };
    const out = dataOf(y);
    matrixProduct(batch, m, size, c, w, 0, matrices(x, size), c * size, out as TypedArray, 0, null);
    if (packed) {
      const b = dataOf(packed);
      for (let r = 0, i = 0; r < batch * maps; r++) {
        const value = b[packed.offset + (r % maps)]!;
        for (const end = i + size; i < end; i++) out[i]! += value;
      }
    }
    return y;
  }
  const shifts = shiftsInto(plan, c);
  const collect = reversed(outputMoves(plan, 0));
  for (let group = 0; group < groups; group++) {
    const part = {
      m,
      n: plan.span,
      data: weight.storage.data,
      offset: weight.offset + group * m * c * plan.taps,
      shifts,
      collect,
    };
    const b = packed ? { data: packed.storage.data, offset: packed.offset + group * m } : null;
    product(batch, spreadInputs(plan, x, c, group), [part], b, y, group * m * size, size);
  }
  return y;
}

/** The gradient of the input of a convolution, from y [N, O, ...] and the weight: the adjoint of {@link convolved}. */
export function convolvedBack(y: AnyTensor, weight: AnyTensor, g: ConvGeometry): AnyTensor {
  const step = convBackStep(y, weight, g);
  if (step) return step;
  const plan = planOf(g);
  const { groups } = g;
  const [batch, maps] = y.shape as [number, number];
  const c = weight.shape[1] as number;
  const m = maps / groups;
  const dtype = y.dtype as DType;
  const size = numel(plan.input);
  const shape = [batch, c * groups, ...g.input];
  const x: AnyTensor = fresh(allocate(dtype, numel(shape)), shape, dtype);
  if (numel(x.shape) === 0 || numel(y.shape) === 0) return x;
  if (plan.pointwise && groups === 1) {
    const w = { data: weight.storage.data, offset: weight.offset, rowStride: 1, colStride: c };
    matrixProduct(batch, c, size, m, w, 0, matrices(y, size), m * size, x.storage.data, 0, null);
    return x;
  }
  // Outputs with zeros in front and behind, so that every input finds those that it went into.
  const { reach, cells, taps } = plan;
  const pitch = reach + cells;
  const w = dataOf(weight);
  for (let group = 0; group < groups; group++) {
    const parts = plan.phases.map((phase) => {
      const n = phase.taps.length;
      const shifts = new Int32Array(m * n);
      for (let o = 0; o < m; o++)
        for (let j = 0; j < n; j++) shifts[o * n + j] = o * pitch + reach - phase.shifts[j]!;
      // The weight as [c, o, tap].
      const turned = new dtypes[dtype].array(c * m * n);
      const to = turned as Data;
      for (let ci = 0, i = 0; ci < c; ci++)
        for (let o = 0; o < m; o++) {
          const from = weight.offset + ((group * m + o) * c + ci) * taps;
          for (let j = 0; j < n; j++) to[i++] = w[from + phase.taps[j]!]!;
        }
      const collect = reversed(inputMoves(plan, phase.first, 0));
      return { m: c, n: cells, data: turned, offset: 0, shifts, collect };
    });
    product(batch, spreadOutputs(plan, y, m, group, reach, pitch), parts, null, x, group * c * size, size);
  }
  return x;
}

/** The gradient of the weight of a convolution: [O, C / groups, ...] from x [N, C, ...] and y [N, O, ...]. */
export function convolvedWeight(x: AnyTensor, y: AnyTensor, g: ConvGeometry): AnyTensor {
  const step = convWeightStep(x, y, g);
  if (step) return step;
  const plan = planOf(g);
  const { groups } = g;
  const [batch, channels] = x.shape as [number, number];
  const maps = y.shape[1] as number;
  const [c, m] = [channels / groups, maps / groups];
  const dtype = x.dtype;
  const count = m * c * plan.taps;
  const weight: AnyTensor = fresh(allocate(dtype, groups * count), [maps, c, ...g.kernel], dtype);
  if (numel(x.shape) === 0 || numel(y.shape) === 0) return weight;
  const out = dataOf(weight);
  const shifts = shiftsInto(plan, c);
  const { span } = plan;
  for (let group = 0; group < groups; group++) {
    const inputs = spreadInputs(plan, x, c, group);
    const outputs = spreadOutputs(plan, y, m, group, 0, span);
    const at = group * count;
    if (dtype === "float32") {
      shiftedSumsOf(batch, inputs, outputs, span, shifts, out as unknown as Float32Array, at);
      if (out.subarray(at, at + count).every(Number.isFinite)) continue;
      // 0 times something that is not finite may have come in between.
      out.fill(0, at, at + count);
    }
    copiedSums(dtype, batch, inputs, outputs, shifts, out, at);
  }
  return weight;
}
