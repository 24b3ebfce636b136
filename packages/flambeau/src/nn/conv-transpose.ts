// The adjoints of convolutions as modules.
// Floor L5 (nn). Source: torch/nn/modules/conv.py

import type { DType } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../ops/functional/conv.ts";
import type { Sizes } from "../ops/functional/sizes.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isOptions, named, required } from "./arguments.ts";
import type { ConvSettings } from "./conv.ts";
import { ConvBase } from "./conv.ts";

/** Options of the modules of this file. */
export interface ConvTransposeModuleOptions {
  /** Default 1. */
  readonly stride?: Sizes;
  /** Places cut off on both sides. Default 0. */
  readonly padding?: Sizes;
  /** Places added on one side. Default 0. */
  readonly outputPadding?: Sizes;
  /** Default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default 1. */
  readonly dilation?: Sizes;
  readonly dtype?: DType;
}
const defaults = {
  inChannels: required,
  outChannels: required,
  kernelSize: required,
  stride: 1,
  padding: 0,
  outputPadding: 0,
  groups: 1,
  bias: true,
  dilation: 1,
  paddingMode: "zeros",
  dtype: undefined,
};
const functions = { 1: convTranspose1d, 2: convTranspose2d, 3: convTranspose3d };

abstract class ConvTranspose<
  In extends number,
  Out extends number,
  Spatial extends 1 | 2 | 3,
  Name extends string,
> extends ConvBase<In, Out, Spatial, Name> {
  constructor(name: Name, spatial: Spatial, args: readonly unknown[]) {
    const o = named<ConvSettings>(name, defaults, args);
    if (o.paddingMode !== "zeros") throw new ValueError(`Only "zeros" padding mode is supported for ${name}`);
    super(spatial, true, o);
  }
  /** @param outputSize the wanted spatial extents, which decide what `outputPadding` would */
  forward(x: AnyTensor, outputSize?: Shape | { readonly outputSize?: Shape } | null): AnyTensor {
    const { stride, padding, dilation, groups } = this;
    const wanted = isOptions(outputSize)
      ? (outputSize as { outputSize?: Shape }).outputSize
      : (outputSize as Shape | null | undefined);
    const outputPadding = wanted ? extraFor(this, x, wanted) : this.outputPadding;
    const f = functions[this.kernelSize.length as Spatial];
    return f(x, this.weight, this.bias, {
      stride,
      padding: padding as Shape,
      outputPadding,
      groups,
      dilation,
    });
  }
}

/** The output padding that gives the spatial extents `wanted`. */
function extraFor(
  m: { kernelSize: Shape; stride: Shape; padding: Shape | string; dilation: Shape },
  x: AnyTensor,
  wanted: Shape,
): Shape {
  const n = m.kernelSize.length;
  const sizes = wanted.length === n ? wanted : wanted.slice(-n);
  if (wanted.length !== n && wanted.length !== x.ndim)
    throw new ValueError(
      `ConvTranspose${n}D: for ${x.ndim}D input, output_size must have ${n} or ${x.ndim} elements (got ${wanted.length})`,
    );
  const input = (x.shape as Shape).slice(-n);
  return sizes.map((size, i) => {
    const least =
      (input[i]! - 1) * m.stride[i]! -
      2 * (m.padding as Shape)[i]! +
      m.dilation[i]! * (m.kernelSize[i]! - 1) +
      1;
    if (size < least || size > least + m.stride[i]! - 1)
      throw new ValueError(
        `requested an output size of [${sizes.join(", ")}], but valid sizes at dimension ${i} range from ${least} to ${least + m.stride[i]! - 1} (for an input of [${input.join(", ")}])`,
      );
    return size - least;
  });
}

/**
 * The adjoint of a convolution of signals ("deconvolution"): (L - 1) stride - 2 padding + dilation (kernelSize - 1) +
 * outputPadding + 1 places from L.
 *
 * **Shape** input [N, inChannels, L] or [inChannels, L]; `weight` [inChannels, outChannels / groups, kernelSize].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 */
export class ConvTranspose1d<In extends number = number, Out extends number = number> extends ConvTranspose<
  In,
  Out,
  1,
  "ConvTranspose1d"
> {
  constructor(inChannels: In, outChannels: Out, kernelSize: Sizes, options?: ConvTransposeModuleOptions);
  constructor(...args: unknown[]) {
    super("ConvTranspose1d", 1, args);
  }
}
/** {@link ConvTranspose1d} of images, [N, inChannels, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html */
export class ConvTranspose2d<In extends number = number, Out extends number = number> extends ConvTranspose<
  In,
  Out,
  2,
  "ConvTranspose2d"
> {
  constructor(inChannels: In, outChannels: Out, kernelSize: Sizes, options?: ConvTransposeModuleOptions);
  constructor(...args: unknown[]) {
    super("ConvTranspose2d", 2, args);
  }
}
/** {@link ConvTranspose1d} of volumes, [N, inChannels, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html */
export class ConvTranspose3d<In extends number = number, Out extends number = number> extends ConvTranspose<
  In,
  Out,
  3,
  "ConvTranspose3d"
> {
  constructor(inChannels: In, outChannels: Out, kernelSize: Sizes, options?: ConvTransposeModuleOptions);
  constructor(...args: unknown[]) {
    super("ConvTranspose3d", 3, args);
  }
}
