// Normalisation over features and groups: LayerNorm, RMSNorm, GroupNorm.
// Floor L5 (nn). Source: torch/nn/modules/normalization.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { FeatureLayer, GroupLayer } from "../base/types/index.ts";
import { ones, zeros } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import { groupNorm, layerNorm } from "./functional/normalization.ts";
import { rmsNorm } from "./functional/rms-norm.ts";
import { ones_, zeros_ } from "./init.ts";
import type { Port, ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { Parameter } from "./parameter.ts";
import { pyBool, pyFloat, pyTuple } from "./print.ts";

/** @internal Leaves the shape, whose last extents must be `F`. */
export interface FeatureRule<F, Name extends string> extends ShapeRule {
  readonly out: FeatureLayer<this["x"], F, Name>;
}
interface GroupRule<C, Name extends string> extends ShapeRule {
  readonly out: GroupLayer<this["x"], C, Name>;
}
/**
 * (x - E[x]) / sqrt(Var[x] + eps) weight + bias over the last dimensions.
 *
 * @param normalizedShape extents of these dimensions, or the one extent
 * @param options.eps default 1e-5
 * @param options.elementwiseAffine whether there are a weight (ones) and a bias (zeros) of that shape; default true
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 */
export class LayerNorm<const F extends number | Shape = number | Shape> extends Layer<
  FeatureRule<F, "LayerNorm">
> {
  declare readonly "~port": "same";
  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    normalizedShape: F,
    options?: { readonly eps?: number; readonly elementwiseAffine?: boolean; readonly dtype?: DType },
  );
  constructor(...args: unknown[]) {
    super();
    const o = named<{
      normalizedShape: number | Shape;
      eps: number;
      elementwiseAffine: boolean;
      dtype: DType | undefined;
    }>(
      "LayerNorm",
      { normalizedShape: required, eps: 1e-5, elementwiseAffine: true, dtype: undefined },
      args,
    );
    this.normalizedShape = typeof o.normalizedShape === "number" ? [o.normalizedShape] : o.normalizedShape;
    this.eps = o.eps;
    this.elementwiseAffine = o.elementwiseAffine;
    const dtype = o.dtype ?? getDefaultDType();
    this.weight = o.elementwiseAffine
      ? (new Parameter(ones(this.normalizedShape, { dtype }) as AnyTensor) as Parameter)
      : null;
    this.bias = o.elementwiseAffine
      ? (new Parameter(zeros(this.normalizedShape, { dtype }) as AnyTensor) as Parameter)
      : null;
  }
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }
  forward(x: AnyTensor): AnyTensor {
    return layerNorm(x, this.normalizedShape, { weight: this.weight, bias: this.bias, eps: this.eps });
  }
  override extraRepr(): string {
    return `${pyTuple(this.normalizedShape)}, eps=${pyFloat(this.eps)}, elementwise_affine=${pyBool(this.elementwiseAffine)}`;
  }
}

/**
 * x / sqrt(mean(x^2) + eps) weight over the last dimensions.
 *
 * @param normalizedShape extents of these dimensions, or the one extent
 * @param options.eps default null: the machine epsilon of the input's dtype
 * @param options.elementwiseAffine whether there is a weight (ones) of that shape; default true
 * @see https://pytorch.org/docs/stable/generated/torch.nn.modules.normalization.RMSNorm.html
 */
export class RMSNorm<const F extends number | Shape = number | Shape> extends Layer<
  FeatureRule<F, "RMSNorm">
> {
  declare readonly "~port": "same";
  readonly normalizedShape: Shape;
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(
    normalizedShape: F,
    options?: { readonly eps?: number | null; readonly elementwiseAffine?: boolean; readonly dtype?: DType },
  );
  constructor(...args: unknown[]) {
    super();
    const o = named<{
      normalizedShape: number | Shape;
      eps: number | null;
      elementwiseAffine: boolean;
      dtype: DType | undefined;
    }>("RMSNorm", { normalizedShape: required, eps: null, elementwiseAffine: true, dtype: undefined }, args);
    this.normalizedShape = typeof o.normalizedShape === "number" ? [o.normalizedShape] : o.normalizedShape;
    this.eps = o.eps;
    this.elementwiseAffine = o.elementwiseAffine;
    const dtype = o.dtype ?? getDefaultDType();
    this.weight = o.elementwiseAffine
      ? (new Parameter(ones(this.normalizedShape, { dtype }) as AnyTensor) as Parameter)
      : null;
  }
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
  }
  forward(x: AnyTensor): AnyTensor {
    return rmsNorm(x, this.normalizedShape, { weight: this.weight, eps: this.eps });
  }
  override extraRepr(): string {
    const eps = this.eps === null ? "None" : pyFloat(this.eps);
    return `${pyTuple(this.normalizedShape)}, eps=${eps}, elementwise_affine=${pyBool(this.elementwiseAffine)}`;
  }
}

/**
 * As {@link LayerNorm}, over each of `numGroups` groups of channels; weight and bias are per channel.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 */
export class GroupNorm<C extends number = number> extends Layer<GroupRule<C, "GroupNorm">> {
  declare readonly "~port": Port<"channels", C, C>;
  readonly numGroups: number;
  readonly numChannels: C;
  readonly eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    numGroups: number,
    numChannels: C,
    options?: { readonly eps?: number; readonly affine?: boolean; readonly dtype?: DType },
  );
  constructor(...args: unknown[]) {
    super();
    const o = named<{
      numGroups: number;
      numChannels: C;
      eps: number;
      affine: boolean;
      dtype: DType | undefined;
    }>(
      "GroupNorm",
      { numGroups: required, numChannels: required, eps: 1e-5, affine: true, dtype: undefined },
      args,
    );
    if (o.numChannels % o.numGroups !== 0)
      throw new ValueError("num_channels must be divisible by num_groups");
    this.numGroups = o.numGroups;
    this.numChannels = o.numChannels;
    this.eps = o.eps;
    this.affine = o.affine;
    const dtype = o.dtype ?? getDefaultDType();
    this.weight = o.affine
      ? (new Parameter(ones([o.numChannels], { dtype }) as AnyTensor) as Parameter)
      : null;
    this.bias = o.affine
      ? (new Parameter(zeros([o.numChannels], { dtype }) as AnyTensor) as Parameter)
      : null;
  }
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }
  forward(x: AnyTensor): AnyTensor {
    return groupNorm(x, this.numGroups, { weight: this.weight, bias: this.bias, eps: this.eps });
  }
  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${pyFloat(this.eps)}, affine=${pyBool(this.affine)}`;
  }
}
