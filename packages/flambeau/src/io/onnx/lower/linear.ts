// Matrix products, convolutions and normalisation in ONNX. Floor L5 (io). Source: https://onnx.ai/onnx/operators/

import { isFloat } from "../../../base/dtype.ts";
import type { Attributes, Graph, Ref } from "../graph.ts";
import { float } from "../graph.ts";
import type { GraphValue } from "../merge.ts";
import { isGraphValue } from "../merge.ts";
import type { Lowering, Lowerings } from "./common.ts";
import {
  dtypeOf,
  first,
  fixed,
  fixedExtents,
  fixedList,
  maybe,
  optionsAt,
  refuse,
  squeezed,
  tensorAt,
  transposed,
  unsqueezed,
  widened,
} from "./common.ts";

const matmul: Lowering = (g, call) => {
  const [a, b] = [g.ref(tensorAt(call, 0)), g.ref(tensorAt(call, 1))];
  return widened(g, a.dtype, [a, b], (x, y) => g.node("MatMul", [x, y]));
};

const linear: Lowering = (g, call) => {
  const [x, weight] = [tensorAt(call, 0), tensorAt(call, 1)];
  const bias = call.args[2];
  const plain = isFloat(x.dtype) && x.shape.length === 2 && weight.shape.length === 2;
  if (plain && (!isGraphValue(bias) || bias.shape.length === 1))
    return g.node("Gemm", [g.ref(x), g.ref(weight), maybe(g, bias)], { transB: 1 });
  const turned = weight.shape.length === 2 ? transposed(g, g.ref(weight), [1, 0]) : g.ref(weight);
  return widened(g, x.dtype, [g.ref(x), turned], (a, b) => {
    const y = g.node("MatMul", [a, b]);
    return isGraphValue(bias) ? g.node("Add", [y, g.cast(g.ref(bias), a.dtype)]) : y;
  });
};

const einsum: Lowering = (g, call) => {
  const operands = call.args.slice(1).flat().filter(isGraphValue);
  return g.node(
    "Einsum",
    operands.map((x) => g.ref(x)),
    { equation: String(call.args[0]) },
  );
};

// ---- convolutions -------------------------------------------------------------------------------------------

interface ConvOptions {
  readonly stride: number | readonly number[];
  readonly padding: number | string | readonly number[];
  readonly dilation: number | readonly number[];
  readonly outputPadding: number | readonly number[];
  readonly groups: number;
}

/** Runs `f` over a batch, which a single example becomes for the time. */
export function batched(g: Graph, x: GraphValue, rank: number, f: (x: Ref) => Ref): Ref {
  return x.shape.length === rank ? f(g.ref(x)) : squeezed(g, f(unsqueezed(g, g.ref(x), 0)), 0);
}

const convolution =
  (n: number, op: "Conv" | "ConvTranspose"): Lowering =>
  (g, call) => {
    const [x, weight] = [tensorAt(call, 0), tensorAt(call, 1)];
    if (!isFloat(x.dtype)) return refuse(call, `of ${x.dtype} has no form in ONNX; convert to float32`);
    const o = optionsAt<ConvOptions>(call, 3);
    const kernel = fixedExtents(call, weight.shape.slice(2), "kernel");
    const dilations = fixedList(call, o.dilation ?? 1, n, "dilation");
    const strides = fixedList(call, o.stride ?? 1, n, "stride");
    let pads: number[];
    if (o.padding === "same") {
      const overhang = kernel.map((k, i) => dilations[i]! * (k - 1));
      const before = overhang.map((total) => Math.floor(total / 2));
      pads = [...before, ...overhang.map((total, i) => total - before[i]!)];
    } else {
      const padding = o.padding === "valid" ? 0 : (o.padding ?? 0);
      const each = fixedList(call, padding, n, "padding");
      pads = [...each, ...each];
    }
    const group = o.groups ?? 1;
    const attributes: Attributes = { kernel_shape: kernel, strides, pads, dilations, group };
    const extra = { output_padding: fixedList(call, o.outputPadding ?? 0, n, "output padding") };
    return batched(g, x, n + 2, (input) =>
      g.node(
        op,
        [input, g.ref(weight), maybe(g, call.args[2])],
        op === "Conv" ? attributes : { ...attributes, ...extra },
      ),
    );
  };

// ---- normalisation ------------------------------------------------------------------------------------------

const repeated = (g: Graph, value: number, shape: readonly number[], x: GraphValue): Ref =>
  g.constant(
    x.dtype === "float64"
      ? new Float64Array(shape.reduce((p, n) => p * n, 1)).fill(value)
      : new Float32Array(shape.reduce((p, n) => p * n, 1)).fill(value),
    x.dtype,
    shape,
    value === 1 ? "ones" : "zeros",
  );

const batchNorm: Lowering = (g, call) => {
  const x = tensorAt(call, 0);
  const [, weight, bias, mean, variance, training] = call.args;
  if (training)
    return refuse(call, "is in training mode, where statistics change: call eval() on the module");
  const channels = fixed(call, x.shape[1], "number of channels");
  const parameters = [
    maybe(g, weight) ?? repeated(g, 1, [channels], x),
    maybe(g, bias) ?? repeated(g, 0, [channels], x),
    maybe(g, mean),
    maybe(g, variance),
  ];
  const epsilon = float(fixed(call, call.args[7], "epsilon"));
  return [g.node("BatchNormalization", [g.ref(x), ...parameters], { epsilon }), null, null];
};

const layerNorm: Lowering = (g, call) => {
  const [x, , weight, bias, eps] = call.args;
  const shape = fixedExtents(call, call.args[1] as readonly number[], "normalised shape");
  const input = x as GraphValue;
  const scale = maybe(g, weight) ?? repeated(g, 1, shape, input);
  const attributes = { axis: -shape.length, epsilon: float(fixed(call, eps, "epsilon")) };
  return [g.node("LayerNormalization", [g.ref(input), scale, maybe(g, bias)], attributes), null, null];
};

interface Layout {
  readonly outer: number;
  readonly eps: number;
}

/** Rows of groups of channels, [N, groups, rest]: what group normalisation is made of. */
const groupNorm: Lowering = (g, call) => {
  const x = tensorAt(call, 0);
  const layout = call.args[3] as { readonly n: number; readonly eps: number };
  const inner = x.shape.slice(2);
  const channels = fixed(call, x.shape[1], "number of channels");
  const area = fixedExtents(call, inner, "extent").reduce((p, n) => p * n, 1);
  const groups = (channels * area) / fixed(call, layout.n, "size of groups");
  const parts = g.node("Reshape", [g.ref(x), g.ints([0, groups, -1])]);
  const parameters = [repeated(g, 1, [groups], x), repeated(g, 0, [groups], x)];
  const y = g.node("InstanceNormalization", [parts, ...parameters], { epsilon: float(layout.eps) });
  return g.reshape(y, [x.shape[0]!, groups, -1], x.shape);
};

const instanceNorm: Lowering = (g, call) => {
  const x = tensorAt(call, 0);
  const { outer, eps } = call.args[3] as Layout;
  if (outer !== 1) return refuse(call, "uses statistics of the batch: call eval() on the module");
  const channels = fixed(call, x.shape[1], "number of channels");
  const parameters = [repeated(g, 1, [channels], x), repeated(g, 0, [channels], x)];
  return g.node("InstanceNormalization", [g.ref(x), ...parameters], { epsilon: float(eps) });
};

// ---- resizing -----------------------------------------------------------------------------------------------

interface InterpolateOptions {
  readonly size: number | readonly number[] | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: string;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;
  readonly antialias: boolean;
}

const interpolate: Lowering = (g, call) => {
  const x = tensorAt(call, 0);
  const n = x.shape.length - 2;
  const o = optionsAt<InterpolateOptions>(call, 1);
  const { mode = "nearest", antialias = false } = o;
  if (antialias && g.opset < 18) return refuse(call, "with antialias needs opset 18 or later");
  const nearest = mode.startsWith("nearest");
  const transformation = nearest
    ? mode === "nearest"
      ? "asymmetric"
      : "half_pixel"
    : o.alignCorners
      ? "align_corners"
      : "pytorch_half_pixel";
  const attributes: Attributes = {
    mode: nearest ? "nearest" : mode === "bicubic" ? "cubic" : "linear",
    coordinate_transformation_mode: transformation,
    ...(nearest ? { nearest_mode: mode === "nearest" ? "floor" : "round_prefer_ceil" } : {}),
    ...(mode === "bicubic" ? { cubic_coeff_a: float(antialias ? -0.5 : -0.75) } : {}),
    ...(antialias ? { antialias: 1, exclude_outside: 1 } : {}),
  };
  const input = g.cast(first(g, call), nearest && x.dtype === "uint8" ? "int32" : x.dtype);
  if (o.scaleFactor !== undefined && o.scaleFactor !== null && !o.recomputeScaleFactor) {
    const scales = fixedList(call, o.scaleFactor, n, "scale factor");
    const all = g.constant(Float32Array.from([1, 1, ...scales]), "float32", [n + 2]);
    return g.cast(g.node("Resize", [input, null, all], attributes), dtypeOf(call));
  }
  const sizes = g.dims([...x.shape.slice(0, 2), ...call.results[0]!.shape.slice(2)]);
  return g.cast(g.node("Resize", [input, null, null, sizes], attributes), dtypeOf(call));
};

interface GridOptions {
  readonly mode: string;
  readonly paddingMode: string;
  readonly alignCorners: boolean | null;
}

const gridSample: Lowering = (g, call) => {
  const { mode = "bilinear", paddingMode = "zeros", alignCorners } = optionsAt<GridOptions>(call, 2);
  const attributes = {
    mode: g.opset >= 20 ? ({ bilinear: "linear", bicubic: "cubic" }[mode] ?? mode) : mode,
    padding_mode: paddingMode,
    align_corners: alignCorners ? 1 : 0,
  };
  return g.node("GridSample", [g.ref(tensorAt(call, 0)), g.ref(tensorAt(call, 1))], attributes);
};

export const linears: Lowerings = {
  matmul,
  linear,
  "einsum()": einsum,
  "nn.functional.conv1d()": convolution(1, "Conv"),
  "nn.functional.conv2d()": convolution(2, "Conv"),
  "nn.functional.conv3d()": convolution(3, "Conv"),
  "nn.functional.convTranspose1d()": convolution(1, "ConvTranspose"),
  "nn.functional.convTranspose2d()": convolution(2, "ConvTranspose"),
  "nn.functional.convTranspose3d()": convolution(3, "ConvTranspose"),
  "nativeBatchNorm()": batchNorm,
  "nativeLayerNorm()": layerNorm,
  layerNorm: groupNorm,
  standardize: instanceNorm,
  "nn.functional.interpolate()": interpolate,
  "nn.functional.gridSample()": gridSample,
};

/** Which calls of functions over ops have a form of their own; the others are taken apart. */
export const takesLinear = (op: string, args: readonly unknown[]): boolean =>
  op === "einsum"
    ? typeof args[0] === "string"
    : op !== "nn.functional.interpolate" || (args[1] as { mode?: string } | undefined)?.mode !== "area";
