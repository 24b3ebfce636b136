// Convolutions as modules, and what their adjoints (conv-transpose.ts) share with them.
// Floor L5 (nn). Source: torch/nn/modules/conv.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { ConvLayer } from "../base/types/index.ts";
import { conv1d, conv2d, conv3d } from "../ops/functional/conv.ts";
import { pad } from "../ops/functional/pad.ts";
import type { Sizes } from "../ops/functional/sizes.ts";
import { expandSizes } from "../ops/functional/sizes.ts";
import { empty } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import { calculateFanInAndFanOut, kaimingUniform_, uniform_ } from "./init.ts";
import type { Port, ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { Parameter } from "./parameter.ts";
import { pyTuple } from "./print.ts";

/** What the padding of a convolution may be. */
export type ConvPadding = Sizes | "same" | "valid";
/** Options of the convolution modules. */
export interface ConvModuleOptions<
  S extends Sizes = Sizes,
  P extends ConvPadding = ConvPadding,
  D extends Sizes = Sizes,
> {
  /** Steps of the kernel. Default 1. */
  readonly stride?: S;
  /** Border added to both sides; "same" keeps the size, "valid" adds none. Default 0. */
  readonly padding?: P;
  /** Distance between elements of the kernel. Default 1. */
  readonly dilation?: D;
  /** Into how many groups channels are split. Default 1. */
  readonly groups?: number;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
  /** What the border holds. Default "zeros". */
  readonly paddingMode?: "zeros" | "reflect" | "replicate" | "circular";
  readonly dtype?: DType;
}
/** @internal All settings of a convolution, in PyTorch's order. */
export interface ConvSettings {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes | "same" | "valid";
  readonly outputPadding: Sizes;
  readonly dilation: Sizes;
  readonly groups: number;
  readonly bias: boolean;
  readonly paddingMode: string;
  readonly dtype: DType | undefined;
}
const defaults = {
  inChannels: required,
  outChannels: required,
  kernelSize: required,
  stride: 1,
  padding: 0,
  dilation: 1,
  groups: 1,
  bias: true,
  paddingMode: "zeros",
  dtype: undefined,
};

/** [N, In, ...] gives [N, Out, ...]; spatial extents follow where kernel (`K`), stride, padding and dilation are literals. */
export interface ConvRule<
  In extends number,
  Out extends number,
  Spatial extends 1 | 2 | 3,
  Name extends string,
  K,
  S,
  P,
  D,
> extends ShapeRule {
  readonly out: ConvLayer<this["x"], In, Out, K, S, P, D, Spatial, Name>;
}

/** @internal What convolutions and their adjoints keep. */
export abstract class ConvBase<In extends number, Out extends number, R extends ShapeRule> extends Layer<R> {
  declare readonly "~port": Port<"channels", In, Out>;
  readonly inChannels: In;
  readonly outChannels: Out;
  readonly kernelSize: Shape;
  readonly stride: Shape;
  readonly padding: Shape | "same" | "valid";
  readonly dilation: Shape;
  readonly outputPadding: Shape;
  readonly groups: number;
  readonly paddingMode: string;
  weight: Parameter;
  bias: Parameter<[Out]> | null;

  constructor(spatial: 1 | 2 | 3, transposed: boolean, o: ConvSettings) {
    super();
    const { inChannels, outChannels, groups } = o;
    if (!(groups > 0)) throw new ValueError("groups must be a positive integer");
    if (inChannels % groups !== 0) throw new ValueError("in_channels must be divisible by groups");
    if (outChannels % groups !== 0) throw new ValueError("out_channels must be divisible by groups");
    this.inChannels = inChannels as In;
    this.outChannels = outChannels as Out;
    this.kernelSize = expandSizes(o.kernelSize, spatial, "kernel_size");
    this.stride = expandSizes(o.stride, spatial, "stride");
    this.padding = typeof o.padding === "string" ? o.padding : expandSizes(o.padding, spatial, "padding");
    this.dilation = expandSizes(o.dilation, spatial, "dilation");
    this.outputPadding = expandSizes(o.outputPadding, spatial, "output_padding");
    this.groups = groups;
    this.paddingMode = o.paddingMode;
    if (typeof this.padding === "string") {
      if (!["same", "valid"].includes(this.padding))
        throw new ValueError(
          `Invalid padding string '${this.padding as string}', should be one of {'same', 'valid'}`,
        );
      if (this.padding === "same" && this.stride.some((s) => s !== 1))
        throw new ValueError("padding='same' is not supported for strided convolutions");
    }
    const modes = ["zeros", "reflect", "replicate", "circular"];
    if (!modes.includes(o.paddingMode))
      throw new ValueError(
        `padding_mode must be one of {${modes.map((m) => `'${m}'`).join(", ")}}, but got padding_mode='${o.paddingMode}'`,
      );
    const dtype = o.dtype ?? getDefaultDType();
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    this.weight = new Parameter(
      empty([...channels, ...this.kernelSize], { dtype }) as AnyTensor,
    ) as Parameter;
    this.bias = o.bias
      ? (new Parameter(empty([outChannels], { dtype }) as AnyTensor) as Parameter<[Out]>)
      : null;
    this.resetParameters();
  }

  /** Draws weight and bias anew, both from U(-sqrt k, sqrt k), k = 1 / fan-in. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (!this.bias) return;
    const [fanIn] = calculateFanInAndFanOut(this.weight);
    if (fanIn === 0) return;
    const bound = 1 / Math.sqrt(fanIn);
    uniform_(this.bias, -bound, bound);
  }

  override extraRepr(): string {
    const zeros = (v: Shape): boolean => v.every((n) => n === 0);
    let s = `${this.inChannels}, ${this.outChannels}, kernel_size=${pyTuple(this.kernelSize)}, stride=${pyTuple(this.stride)}`;
    // A string differs from a tuple of zeros, so PyTorch prints it.
    if (typeof this.padding === "string") s += `, padding=${this.padding}`;
    else if (!zeros(this.padding)) s += `, padding=${pyTuple(this.padding)}`;
    if (this.dilation.some((d) => d !== 1)) s += `, dilation=${pyTuple(this.dilation)}`;
    if (!zeros(this.outputPadding)) s += `, output_padding=${pyTuple(this.outputPadding)}`;
    if (this.groups !== 1) s += `, groups=${this.groups}`;
    if (this.bias === null) s += ", bias=False";
    if (this.paddingMode !== "zeros") s += `, padding_mode=${this.paddingMode}`;
    return s;
  }
}

const functions = { 1: conv1d, 2: conv2d, 3: conv3d };

abstract class Conv<
  In extends number,
  Out extends number,
  Spatial extends 1 | 2 | 3,
  Name extends string,
  K,
  S,
  P,
  D,
> extends ConvBase<In, Out, ConvRule<In, Out, Spatial, Name, K, S, P, D>> {
  constructor(name: Name, spatial: Spatial, args: readonly unknown[]) {
    super(spatial, false, { ...named<ConvSettings>(name, defaults, args), outputPadding: 0 });
  }
  forward(x: AnyTensor): AnyTensor {
    const { stride, padding, dilation, groups, paddingMode: mode } = this;
    const conv = functions[this.kernelSize.length as Spatial];
    if (mode === "zeros") return conv(x, this.weight, this.bias, { stride, padding, dilation, groups });
    const pairs = this.kernelSize.map((k, i): [number, number] => {
      const total = padding === "same" ? dilation[i]! * (k - 1) : 0;
      return typeof padding === "string"
        ? [Math.floor(total / 2), Math.ceil(total / 2)]
        : [padding[i]!, padding[i]!];
    });
    return conv(pad(x, pairs.toReversed().flat(), mode as "reflect"), this.weight, this.bias, {
      stride,
      dilation,
      groups,
    });
  }
}

/**
 * The cross-correlation of signals with learned kernels.
 *
 * @param inChannels channels of the input; @param outChannels number of kernels; @param kernelSize their length
 *
 * **Shape** input [N, inChannels, L] or [inChannels, L]; `weight` [outChannels, inChannels / groups, kernelSize], `bias`
 * [outChannels].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 */
export class Conv1d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends ConvPadding = 0,
  const D extends Sizes = 1,
> extends Conv<In, Out, 1, "Conv1d", K, S, P, D> {
  constructor(inChannels: In, outChannels: Out, kernelSize: K, options?: ConvModuleOptions<S, P, D>);
  constructor(...args: unknown[]) {
    super("Conv1d", 1, args);
  }
}
/**
 * The cross-correlation of images with learned kernels: input [N, inChannels, H, W] or [inChannels, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 * @example
 * new nn.Conv2d(1, 6, 5, { padding: 2 })(torch.zeros(2, 1, 28, 28)).shape // [2, 6, 28, 28]
 */
export class Conv2d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends ConvPadding = 0,
  const D extends Sizes = 1,
> extends Conv<In, Out, 2, "Conv2d", K, S, P, D> {
  constructor(inChannels: In, outChannels: Out, kernelSize: K, options?: ConvModuleOptions<S, P, D>);
  constructor(...args: unknown[]) {
    super("Conv2d", 2, args);
  }
}
/** The cross-correlation of volumes with learned kernels: input [N, inChannels, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html */
export class Conv3d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends ConvPadding = 0,
  const D extends Sizes = 1,
> extends Conv<In, Out, 3, "Conv3d", K, S, P, D> {
  constructor(inChannels: In, outChannels: Out, kernelSize: K, options?: ConvModuleOptions<S, P, D>);
  constructor(...args: unknown[]) {
    super("Conv3d", 3, args);
  }
}
