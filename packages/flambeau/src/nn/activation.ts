// Activations as modules.
// Floor L5 (nn). Source: torch/nn/modules/activation.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import { full } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import * as F from "./functional/activation.ts";
import type { SameShape } from "./layer.ts";
import { Layer } from "./layer.ts";
import { Parameter } from "./parameter.ts";
import { pyFloat } from "./print.ts";

type Inplace = F.InplaceOptions;

/** A layer that changes elements and leaves the shape. */
export abstract class Activation extends Layer<SameShape> {
  declare readonly "~port": "same";
}

/** An activation that may write its result into its input. */
export abstract class InplaceActivation extends Activation {
  readonly inplace: boolean;

  constructor(inplace: boolean) {
    super();
    this.inplace = inplace;
  }
  protected get options(): Inplace {
    return { inplace: this.inplace };
  }
  /** What stands before `inplace=True`. */
  protected settings(): string {
    return "";
  }
  override extraRepr(): string {
    const settings = this.settings();
    if (!this.inplace) return settings;
    return settings === "" ? "inplace=True" : `${settings}, inplace=True`;
  }
}
const flag = (name: string, args: readonly unknown[]): boolean =>
  named<{ inplace: boolean }>(name, { inplace: false }, args).inplace;

/** max(x, 0). @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html */
export class ReLU extends InplaceActivation {
  constructor(options?: Inplace);
  constructor(...args: unknown[]) {
    super(flag("ReLU", args));
  }
  forward(x: AnyTensor): AnyTensor {
    return F.relu(x, this.options);
  }
}

/** min(max(x, 0), 6). @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU6.html */
export class ReLU6 extends InplaceActivation {
  constructor(options?: Inplace);
  constructor(...args: unknown[]) {
    super(flag("ReLU6", args));
  }
  forward(x: AnyTensor): AnyTensor {
    return F.relu6(x, this.options);
  }
}

/** min(max(x, minVal), maxVal); defaults -1 and 1. @see https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html */
export class Hardtanh extends InplaceActivation {
  readonly minVal: number;
  readonly maxVal: number;
  constructor(minVal?: number, maxVal?: number, options?: Inplace);
  constructor(...args: unknown[]) {
    const o = named<{
      minVal: number;
      maxVal: number;
      inplace: boolean;
      minValue: number | null;
      maxValue: number | null;
    }>("Hardtanh", { minVal: -1, maxVal: 1, inplace: false, minValue: null, maxValue: null }, args);
    super(o.inplace);
    this.minVal = o.minValue ?? o.minVal;
    this.maxVal = o.maxValue ?? o.maxVal;
    if (!(this.maxVal > this.minVal))
      throw new ValueError(`Hardtanh: maxVal (${this.maxVal}) must be above minVal (${this.minVal})`);
  }
  forward(x: AnyTensor): AnyTensor {
    return F.hardtanh(x, this.minVal, this.maxVal, this.options);
  }
  protected override settings(): string {
    return `min_val=${pyFloat(this.minVal)}, max_val=${pyFloat(this.maxVal)}`;
  }
}

/** x where x > threshold, else value. @see https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html */
export class Threshold extends InplaceActivation {
  readonly threshold: number;
  readonly value: number;
  constructor(threshold: number, value: number, options?: Inplace);
  constructor(...args: unknown[]) {
    const o = named<{ threshold: number; value: number; inplace: boolean }>(
      "Threshold",
      { threshold: required, value: required, inplace: false },
      args,
    );
    super(o.inplace);
    this.threshold = o.threshold;
    this.value = o.value;
  }
  forward(x: AnyTensor): AnyTensor {
    return F.threshold(x, this.threshold, this.value, this.options);
  }
  protected override settings(): string {
    return `threshold=${pyFloat(this.threshold)}, value=${pyFloat(this.value)}`;
  }
}

/** x where x > 0, else negativeSlope x (default 0.01). @see https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html */
export class LeakyReLU extends InplaceActivation {
  readonly negativeSlope: number;
  constructor(negativeSlope?: number, options?: Inplace);
  constructor(...args: unknown[]) {
    const o = named<{ negativeSlope: number; inplace: boolean }>(
      "LeakyReLU",
      { negativeSlope: 0.01, inplace: false },
      args,
    );
    super(o.inplace);
    this.negativeSlope = o.negativeSlope;
  }
  forward(x: AnyTensor): AnyTensor {
    return F.leakyRelu(x, this.negativeSlope, this.options);
  }
  protected override settings(): string {
    return `negative_slope=${pyFloat(this.negativeSlope)}`;
  }
}

/** x where x > 0, else x times a random slope from [lower, upper). @see https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html */
export class RReLU extends InplaceActivation {
  readonly lower: number;
  readonly upper: number;
  constructor(lower?: number, upper?: number, options?: Inplace);
  constructor(...args: unknown[]) {
    const o = named<{ lower: number; upper: number; inplace: boolean }>(
      "RReLU",
      { lower: 1 / 8, upper: 1 / 3, inplace: false },
      args,
    );
    super(o.inplace);
    this.lower = o.lower;
    this.upper = o.upper;
  }
  forward(x: AnyTensor): AnyTensor {
    return F.rrelu(x, this.lower, this.upper, { ...this.options, training: this.training });
  }
  protected override settings(): string {
    return `lower=${pyFloat(this.lower)}, upper=${pyFloat(this.upper)}`;
  }
}

/** x where x > 0, else a x with learned a. @see https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html */
export class PReLU extends Activation {
  readonly numParameters: number;
  readonly init: number;
  weight: Parameter<[number]>;

  /** @param numParameters 1 (default), or the number of channels; @param options.init initial slope, default 0.25 */
  constructor(numParameters?: number, options?: { readonly init?: number; readonly dtype?: DType });
  constructor(...args: unknown[]) {
    super();
    const o = named<{ numParameters: number; init: number; dtype: DType | undefined }>(
      "PReLU",
      { numParameters: 1, init: 0.25, dtype: undefined },
      args,
    );
    this.numParameters = o.numParameters;
    this.init = o.init;
    this.weight = new Parameter(
      full([o.numParameters], o.init, { dtype: o.dtype ?? getDefaultDType() }) as AnyTensor,
    ) as Parameter<[number]>;
  }
  forward(x: AnyTensor): AnyTensor {
    return F.prelu(x, this.weight as AnyTensor);
  }
  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

abstract class Alpha extends InplaceActivation {
  readonly alpha: number;
  constructor(name: string, args: readonly unknown[]) {
    const o = named<{ alpha: number; inplace: boolean }>(name, { alpha: 1, inplace: false }, args);
    super(o.inplace);
    this.alpha = o.alpha;
  }
  protected override settings(): string {
    return `alpha=${pyFloat(this.alpha)}`;
  }
}
/** x where x > 0, else alpha (e^x - 1). Default alpha 1. @see https://pytorch.org/docs/stable/generated/torch.nn.ELU.html */
export class ELU extends Alpha {
  constructor(alpha?: number, options?: Inplace);
  constructor(...args: unknown[]) {
    super("ELU", args);
  }
  forward(x: AnyTensor): AnyTensor {
    return F.elu(x, this.alpha, this.options);
  }
}
/** x where x > 0, else alpha (e^(x / alpha) - 1). Default alpha 1. @see https://pytorch.org/docs/stable/generated/torch.nn.CELU.html */
export class CELU extends Alpha {
  constructor(alpha?: number, options?: Inplace);
  constructor(...args: unknown[]) {
    super("CELU", args);
  }
  forward(x: AnyTensor): AnyTensor {
    return F.celu(x, this.alpha, this.options);
  }
}
/** The self-normalising ELU. @see https://arxiv.org/abs/1706.02515 */
export class SELU extends InplaceActivation {
  constructor(options?: Inplace);
  constructor(...args: unknown[]) {
    super(flag("SELU", args));
  }
  forward(x: AnyTensor): AnyTensor {
    return F.selu(x, this.options);
  }
}
/** x sigmoid(x). @see https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html */
export class SiLU extends InplaceActivation {
  constructor(options?: Inplace);
  constructor(...args: unknown[]) {
    super(flag("SiLU", args));
  }
  forward(x: AnyTensor): AnyTensor {
    return F.silu(x, this.options);
  }
}
/** x tanh(softplus(x)). @see https://pytorch.org/docs/stable/generated/torch.nn.Mish.html */
export class Mish extends InplaceActivation {
  constructor(options?: Inplace);
  constructor(...args: unknown[]) {
    super(flag("Mish", args));
  }
  forward(x: AnyTensor): AnyTensor {
    return F.mish(x, this.options);
  }
}
/** x / 6 + 1/2 between -3 and 3. @see https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html */
export class Hardsigmoid extends InplaceActivation {
  constructor(options?: Inplace);
  constructor(...args: unknown[]) {
    super(flag("Hardsigmoid", args));
  }
  forward(x: AnyTensor): AnyTensor {
    return F.hardsigmoid(x, this.options);
  }
  // PyTorch's does not print it.
  override extraRepr(): string {
    return "";
  }
}
/** x (x + 3) / 6 between -3 and 3. @see https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html */
export class Hardswish extends InplaceActivation {
  constructor(options?: Inplace);
  constructor(...args: unknown[]) {
    super(flag("Hardswish", args));
  }
  forward(x: AnyTensor): AnyTensor {
    return F.hardswish(x, this.options);
  }
  override extraRepr(): string {
    return "";
  }
}
