// Pooling in ONNX. Floor L5 (io). Source: https://onnx.ai/onnx/operators/onnx__MaxPool.html

import type { DType } from "../../../base/dtype.ts";
import { isFloat } from "../../../base/dtype.ts";
import type { Graph, Ref } from "../graph.ts";
import type { Call, GraphValue } from "../merge.ts";
import { arrayOf } from "../merge.ts";
import type { Dim, Dims } from "../sizes.ts";
import { isSize, product } from "../sizes.ts";
import type { Lowering, Lowerings } from "./common.ts";
import { fixed, fixedList, optionsAt, refuse, squeezed, tensorAt, transposed, unsqueezed } from "./common.ts";
import { batched } from "./linear.ts";
import { reduction } from "./reduce.ts";

interface PoolOptions {
  readonly stride: number | readonly number[] | null;
  readonly padding: number | readonly number[];
  readonly dilation: number | readonly number[];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
}

interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly ceil: boolean;
}

/** Sliding windows. A last one that hangs over the border is what padding is made for, where sizes are known. */
function windowsOf(call: Call, n: number, x: GraphValue, sizes: Dims): Windows {
  const o = optionsAt<PoolOptions>(call, 2);
  const kernel = fixedList(call, call.args[1], n, "kernel size");
  const whole =
    o.stride === undefined || o.stride === null || (Array.isArray(o.stride) && o.stride.length === 0);
  const strides = whole ? kernel : fixedList(call, o.stride, n, "stride");
  const dilations = fixedList(call, o.dilation ?? 1, n, "dilation");
  const before = fixedList(call, o.padding ?? 0, n, "padding");
  const input = x.shape.slice(-n);
  const known = input.every((d) => !isSize(d));
  if (!o.ceilMode || !known)
    return { kernel, strides, dilations, pads: [...before, ...before], ceil: o.ceilMode ?? false };
  const after = before.map((p, i) => {
    const reach = dilations[i]! * (kernel[i]! - 1) + 1;
    const used = ((sizes[i] as number) - 1) * strides[i]! + reach;
    return Math.max(p, used - (input[i] as number) - p);
  });
  return { kernel, strides, dilations, pads: [...before, ...after], ceil: false };
}

const attributesOf = ({
  kernel,
  strides,
  pads,
  ceil,
}: Windows): Record<string, number | readonly number[]> => ({
  kernel_shape: kernel,
  strides,
  pads,
  ceil_mode: ceil ? 1 : 0,
});

const maxPool =
  (n: number): Lowering =>
  (g, call) => {
    const x = tensorAt(call, 0);
    const [values, places] = call.results as [GraphValue, GraphValue | undefined];
    const windows = windowsOf(call, n, x, values.shape.slice(-n));
    const single = x.shape.length === n + 1;
    const input = single ? unsqueezed(g, g.ref(x), 0) : g.ref(x);
    const attributes = { ...attributesOf(windows), dilations: windows.dilations };
    const [y, at] = g.multi("MaxPool", [input], attributes, [x.dtype, places ? "int64" : null]);
    const out = single ? squeezed(g, y!, 0) : y!;
    if (!places) return [out];
    // ONNX counts places through the whole batch, PyTorch in each plane.
    const area = g.number(product(x.shape.slice(-n)), "int64");
    const inPlane = g.cast(g.node("Mod", [at!, area]), "int32");
    return [out, single ? squeezed(g, inPlane, 0) : inPlane];
  };

const avgPool =
  (n: number): Lowering =>
  (g, call) => {
    const x = tensorAt(call, 0);
    const sizes = call.results[0]!.shape.slice(-n);
    const windows = windowsOf(call, n, x, sizes);
    const { countIncludePad = true, divisorOverride = null } = optionsAt<PoolOptions>(call, 2);
    const uneven = windows.ceil || windows.pads.slice(0, n).some((p, i) => p !== windows.pads[n + i]);
    if (uneven && (countIncludePad || divisorOverride !== null))
      return refuse(
        call,
        "with ceilMode has windows that hang over the border and no form in ONNX: use countIncludePad: false",
      );
    const wide: DType = isFloat(x.dtype)
      ? x.dtype
      : refuse(call, `of ${x.dtype} has no form in ONNX; convert to float32`);
    const includes = countIncludePad || divisorOverride !== null;
    const attributes = { ...attributesOf(windows), count_include_pad: includes ? 1 : 0 };
    const y = batched(g, x, n + 2, (input) => g.node("AveragePool", [input], attributes));
    if (divisorOverride === null) return y;
    const area = windows.kernel.reduce((p, k) => p * k, 1);
    return g.node("Mul", [y, g.scalar(area / divisorOverride, wide)]);
  };

/** Where window i of `count` over `length` elements begins and ends. */
const windowAt = (i: number, length: number, count: number): readonly [number, number] => [
  Math.floor((i * length) / count),
  Math.ceil(((i + 1) * length) / count),
];

/** Means over windows along the last dimensions, as products with matrices of shares. */
function adaptiveMeans(g: Graph, call: Call, x: GraphValue, sizes: Dims): Ref {
  const rank = x.shape.length;
  let y = g.ref(x);
  sizes.forEach((size, i) => {
    const axis = rank - sizes.length + i;
    const length = fixed(call, x.shape[axis], "spatial size");
    const count = fixed(call, size, "output size");
    if (length === count) return;
    const shares = new Array<number>(length * count).fill(0);
    for (let k = 0; k < count; k++) {
      const [from, to] = windowAt(k, length, count);
      for (let l = from; l < to; l++) shares[l * count + k] = 1 / (to - from);
    }
    const matrix = g.constant(arrayOf(x.dtype, shares), x.dtype, [length, count], "windows");
    const order = x.shape.map((_, d) => d);
    order[axis] = rank - 1;
    order[rank - 1] = axis;
    y = transposed(g, g.node("MatMul", [transposed(g, y, order), matrix]), order);
  });
  return y;
}

/** Maxima over windows along the last dimensions, one after the other. */
function adaptiveMaxima(g: Graph, call: Call, x: GraphValue, sizes: Dims): Ref {
  let y = g.ref(x);
  sizes.forEach((size, i) => {
    const axis = x.shape.length - sizes.length + i;
    const length = fixed(call, x.shape[axis], "spatial size");
    const count = fixed(call, size, "output size");
    const parts = Array.from({ length: count }, (_, k) => {
      const [from, to] = windowAt(k, length, count);
      return reduction(g, "ReduceMax", g.slice(y, axis, from, to, length), [axis], true);
    });
    y = parts.length === 1 ? parts[0]! : g.node("Concat", parts, { axis });
  });
  return y;
}

/** Equal windows side by side, in the length of one; null if they are not. */
function regular(input: Dims, sizes: Dims): readonly number[] | null {
  const each = sizes.map((s, i) => {
    const l: Dim = input[i]!;
    return typeof l === "number" && typeof s === "number" && l % s === 0 ? l / s : 0;
  });
  return each.some((k) => k === 0) ? null : each;
}

const adaptivePool =
  (n: number, kind: "Average" | "Max"): Lowering =>
  (g, call) => {
    const x = tensorAt(call, 0);
    if (call.results.length > 1) return refuse(call, "with returnIndices has no form in ONNX");
    const sizes = call.results[0]!.shape.slice(-n);
    if (sizes.every((s) => s === 1))
      return batched(g, x, n + 2, (input) => g.node(`Global${kind}Pool`, [input]));
    const kernel = regular(x.shape.slice(-n), sizes);
    if (kernel)
      return batched(g, x, n + 2, (input) =>
        g.node(`${kind}Pool`, [input], { kernel_shape: kernel, strides: kernel }),
      );
    return kind === "Average" ? adaptiveMeans(g, call, x, sizes) : adaptiveMaxima(g, call, x, sizes);
  };

const each = (name: string, make: (n: number) => Lowering): Lowerings =>
  Object.fromEntries([1, 2, 3].map((n) => [`nn.functional.${name.replace("#", `${n}d`)}()`, make(n)]));

export const pools: Lowerings = {
  ...each("maxPool#", maxPool),
  ...each("maxPool#WithIndices", maxPool),
  ...each("avgPool#", avgPool),
  ...each("adaptiveAvgPool#", (n) => adaptivePool(n, "Average")),
  ...each("adaptiveMaxPool#", (n) => adaptivePool(n, "Max")),
};
