// Affine maps: Identity, Linear, Bilinear.
// Floor L5 (nn). Source: torch/nn/modules/linear.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import type { FeatureLayer, Fits, Linear as LinearShape, Ok } from "../base/types/index.ts";
import { linear } from "../ops/linear.ts";
import { empty } from "../tensor/create.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import { bilinear } from "./functional/bilinear.ts";
import { kaimingUniform_, uniform_ } from "./init.ts";
import type { Port, SameShape, ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { pyBool } from "./print.ts";

/**
 * Gives back its input. Arguments of any kind are ignored.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Identity.html
 */
export class Identity extends Layer<SameShape> {
  declare readonly "~port": "same";

  constructor(..._ignored: unknown[]) {
    super();
  }
  forward(x: AnyTensor): AnyTensor {
    return x;
  }
}

/** Options of {@link Linear}. */
export interface LinearOptions<B extends boolean = boolean> {
  /** Whether a bias is added. Default true. */
  readonly bias?: B;
  /** Element type of the parameters. Default: the default floating-point dtype. */
  readonly dtype?: DType;
}

/** `[..., In]` gives `[..., Out]`. */
export interface LinearRule<In extends number, Out extends number> extends ShapeRule {
  readonly out: LinearShape<this["x"], [Out, In], "Linear">;
}

/**
 * The affine map y = x W^T + b.
 *
 * @param inFeatures extent of the input's last dimension
 * @param outFeatures extent of the output's last dimension
 * @param options.bias default true
 *
 * **Shape** input [..., inFeatures], output [..., outFeatures]; `weight` [outFeatures, inFeatures], `bias` [outFeatures],
 * both drawn from U(-sqrt k, sqrt k), k = 1 / inFeatures.
 * @throws ShapeError if the last extent of the input is not `inFeatures`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example
 * new nn.Linear(20, 30)(torch.randn(128, 20)).shape // [128, 30]
 */
export class Linear<
  In extends number = number,
  Out extends number = number,
  B extends boolean = true,
> extends Layer<LinearRule<In, Out>> {
  declare readonly "~port": Port<"features", In, Out>;
  readonly inFeatures: In;
  readonly outFeatures: Out;
  weight: Parameter<[Out, In]>;
  bias: B extends true ? Parameter<[Out]> : null;

  constructor(inFeatures: In, outFeatures: Out, options?: LinearOptions<B>);
  constructor(...args: unknown[]) {
    super();
    const o = named<LinearSettings<In, Out>>("Linear", linearDefaults, args);
    this.inFeatures = o.inFeatures;
    this.outFeatures = o.outFeatures;
    const dtype = o.dtype ?? getDefaultDType();
    this.weight = new Parameter(empty([o.outFeatures, o.inFeatures], { dtype })) as Parameter<[Out, In]>;
    this.bias = (o.bias ? new Parameter(empty([o.outFeatures], { dtype })) : null) as this["bias"];
    this.resetParameters();
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    // sqrt(5) makes the bound 1 / sqrt(inFeatures), that of the bias.
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (!this.bias) return;
    const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
    uniform_(this.bias, -bound, bound);
  }

  forward(x: AnyTensor): AnyTensor {
    return linear(x, this.weight as AnyTensor, this.bias as AnyTensor | null);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pyBool(this.bias !== null)}`;
  }
}

interface LinearSettings<In, Out> {
  readonly inFeatures: In;
  readonly outFeatures: Out;
  readonly bias: boolean;
  readonly dtype: DType | undefined;
}
const linearDefaults = { inFeatures: required, outFeatures: required, bias: true, dtype: undefined };

interface BilinearSettings {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  readonly bias: boolean;
  readonly dtype: DType | undefined;
}

export interface Bilinear<In1 extends number, In2 extends number, Out extends number> {
  <X extends AnyTensor, Y extends AnyTensor>(
    x1: Fits<FeatureLayer<ShapeOf<X>, In1, "Bilinear">, X>,
    x2: Fits<FeatureLayer<ShapeOf<Y>, In2, "Bilinear">, Y>,
  ): Tensor<Ok<LinearShape<ShapeOf<X>, [Out, In1], "Bilinear">>, DtOf<X>>;
  readonly "~rule": "bilinear";
}
/**
 * y_k = x1^T W_k x2 + b_k.
 *
 * **Shape** inputs [..., in1Features] and [..., in2Features], output [..., outFeatures]; `weight` [outFeatures, in1Features,
 * in2Features], `bias` [outFeatures], both drawn from U(-sqrt k, sqrt k), k = 1 / in1Features.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class Bilinear<
  In1 extends number = number,
  In2 extends number = number,
  Out extends number = number,
> extends Module {
  readonly in1Features: In1;
  readonly in2Features: In2;
  readonly outFeatures: Out;
  weight: Parameter;
  bias: Parameter | null;

  constructor(in1Features: In1, in2Features: In2, outFeatures: Out, options?: LinearOptions);
  constructor(...args: unknown[]) {
    super();
    const o = named<BilinearSettings>(
      "Bilinear",
      { in1Features: required, in2Features: required, outFeatures: required, bias: true, dtype: undefined },
      args,
    );
    this.in1Features = o.in1Features as In1;
    this.in2Features = o.in2Features as In2;
    this.outFeatures = o.outFeatures as Out;
    const dtype = o.dtype ?? getDefaultDType();
    const shape = [o.outFeatures, o.in1Features, o.in2Features];
    this.weight = new Parameter(empty(shape, { dtype }) as AnyTensor) as Parameter;
    this.bias = o.bias ? (new Parameter(empty([o.outFeatures], { dtype }) as AnyTensor) as Parameter) : null;
    this.resetParameters();
  }
  /** Draws weight and bias anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias) uniform_(this.bias, -bound, bound);
  }
  forward(x1: AnyTensor, x2: AnyTensor): AnyTensor {
    return bilinear(x1, x2, this.weight, this.bias);
  }
  override extraRepr(): string {
    return (
      `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, ` +
      `bias=${pyBool(this.bias !== null)}`
    );
  }
}
