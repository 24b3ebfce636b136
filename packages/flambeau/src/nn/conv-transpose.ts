// The adjoints of convolutions as modules.
// Floor L5 (nn). Source: torch/nn/modules/conv.py

import type { DType } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { ConvTransposeLayer } from "../base/types/index.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../ops/functional/conv.ts";
import type { Sizes } from "../ops/functional/sizes.ts";
import type { AnyTensor, DtOf, Tensor } from "../tensor/tensor.ts";
import { isOptions, named, required } from "./arguments.ts";
import type { ConvSettings } from "./conv.ts";
import { ConvBase } from "./conv.ts";
import type { Port, ShapeRule } from "./layer.ts";

/** Options of the modules of this file. */
export interface ConvTransposeModuleOptions<
  S extends Sizes = Sizes,
  P extends Sizes = Sizes,
  D extends Sizes = Sizes,
  E extends Sizes = Sizes,
> {
  /** Default 1. */
  readonly stride?: S;
  /** Places cut off on both sides. Default 0. */
  readonly padding?: P;
  /** Places added on one side. Default 0. */
  readonly outputPadding?: E;
  /** Default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default 1. */
  readonly dilation?: D;
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

/** [N, In, ...] gives [N, Out, ...]. */
export interface ConvTransposeRule<
  In extends number,
  Out extends number,
  Spatial extends 1 | 2 | 3,
  Name extends string,
  K,
  S,
  P,
  D,
  E,
> extends ShapeRule {
  readonly out: ConvTransposeLayer<this["x"], In, Out, K, S, P, D, E, Spatial, Name>;
}

type OutputSize = Shape | { readonly outputSize?: Shape } | null;

export interface ConvTranspose<In extends number, Out extends number, R extends ShapeRule> {
  <X extends AnyTensor>(x: X, outputSize: OutputSize): Tensor<Shape, DtOf<X>>;
  readonly "~port": Port<"channels", In, Out>;
  readonly "~rule": R;
}
/** @internal What the three of them share. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export abstract class ConvTranspose<
  In extends number,
  Out extends number,
  R extends ShapeRule,
> extends ConvBase<In, Out, R> {
  constructor(name: string, spatial: 1 | 2 | 3, args: readonly unknown[]) {
    const o = named<ConvSettings>(name, defaults, args);
    if (o.paddingMode !== "zeros") throw new ValueError(`Only "zeros" padding mode is supported for ${name}`);
    super(spatial, true, o);
  }
  /** @param outputSize the wanted spatial extents, which decide what `outputPadding` would */
  forward(x: AnyTensor, outputSize?: OutputSize): AnyTensor {
    const { stride, padding, dilation, groups } = this;
    const wanted = isOptions(outputSize)
      ? (outputSize as { outputSize?: Shape }).outputSize
      : (outputSize as Shape | null | undefined);
    const outputPadding = wanted ? extraFor(this, x, wanted) : this.outputPadding;
    const f = functions[this.kernelSize.length as 1 | 2 | 3];
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
export class ConvTranspose1d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  const E extends Sizes = 0,
> extends ConvTranspose<In, Out, ConvTransposeRule<In, Out, 1, "ConvTranspose1d", K, S, P, D, E>> {
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options?: ConvTransposeModuleOptions<S, P, D, E>,
  );
  constructor(...args: unknown[]) {
    super("ConvTranspose1d", 1, args);
  }
}
/** {@link ConvTranspose1d} of images, [N, inChannels, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html */
export class ConvTranspose2d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  const E extends Sizes = 0,
> extends ConvTranspose<In, Out, ConvTransposeRule<In, Out, 2, "ConvTranspose2d", K, S, P, D, E>> {
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options?: ConvTransposeModuleOptions<S, P, D, E>,
  );
  constructor(...args: unknown[]) {
    super("ConvTranspose2d", 2, args);
  }
}
/** {@link ConvTranspose1d} of volumes, [N, inChannels, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html */
export class ConvTranspose3d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  const E extends Sizes = 0,
> extends ConvTranspose<In, Out, ConvTransposeRule<In, Out, 3, "ConvTranspose3d", K, S, P, D, E>> {
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options?: ConvTransposeModuleOptions<S, P, D, E>,
  );
  constructor(...args: unknown[]) {
    super("ConvTranspose3d", 3, args);
  }
}
