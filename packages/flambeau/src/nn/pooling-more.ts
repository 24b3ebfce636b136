// Less common pooling as modules: p-norms, back from maxima, windows at random places.
// Floor L5 (nn). Source: torch/nn/modules/pooling.py

import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { Spatial } from "../base/types/index.ts";
import type { Sizes } from "../ops/functional/sizes.ts";
import { expandSizes } from "../ops/functional/sizes.ts";
import * as F from "../ops/functional/spatial.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isOptions, named, required } from "./arguments.ts";
import { lpPool1d, lpPool2d } from "./functional/resize.ts";
import { Layer } from "./layer.ts";
import { Module } from "./module.ts";
import type { PoolRule } from "./pooling.ts";
import { shown } from "./pooling.ts";
import { pyBool, pyTuple } from "./print.ts";

/** Options of {@link LPPool1d} and {@link LPPool2d}. */
export interface LPPoolModuleOptions<S extends Sizes | null = Sizes | null, C extends boolean = boolean> {
  readonly stride?: S;
  /** Whether a last window may reach over the end. Default false. */
  readonly ceilMode?: C;
}
interface LPSettings {
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly ceilMode: boolean;
}

abstract class LPPool<
  N extends Spatial,
  Name extends string,
  K extends Sizes,
  S extends Sizes | null,
  C extends boolean,
> extends Layer<PoolRule<K, S, 0, 1, C, N, Name>> {
  declare readonly "~port": "same";
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly ceilMode: boolean;

  /**
   * @param normType p; @param kernelSize extents of the windows; @param stride their distance, by default the kernel's size
   */
  constructor(normType: number, kernelSize: K, stride: S, options?: { readonly ceilMode?: C });
  constructor(normType: number, kernelSize: K, options?: LPPoolModuleOptions<S, C>);
  constructor(...args: unknown[]) {
    super();
    const defaults = { normType: required, kernelSize: required, stride: null, ceilMode: false };
    const o = named<LPSettings>(new.target.name, defaults, args);
    this.normType = o.normType;
    this.kernelSize = o.kernelSize;
    this.stride = o.stride;
    this.ceilMode = o.ceilMode;
  }
  override extraRepr(): string {
    const stride = this.stride === null ? "None" : shown(this.stride);
    return `norm_type=${this.normType}, kernel_size=${shown(this.kernelSize)}, stride=${stride}, ceil_mode=${pyBool(this.ceilMode)}`;
  }
}

/** p-norms of windows of [N, C, L] or [C, L]. @see https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html */
export class LPPool1d<
  const K extends Sizes = Sizes,
  const S extends Sizes | null = null,
  C extends boolean = false,
> extends LPPool<1, "LPPool1d", K, S, C> {
  forward(x: AnyTensor): AnyTensor {
    const { stride, ceilMode } = this;
    return lpPool1d(x, this.normType, this.kernelSize, { stride, ceilMode });
  }
}
/** p-norms of windows of [N, C, H, W] or [C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html */
export class LPPool2d<
  const K extends Sizes = Sizes,
  const S extends Sizes | null = null,
  C extends boolean = false,
> extends LPPool<2, "LPPool2d", K, S, C> {
  forward(x: AnyTensor): AnyTensor {
    const { stride, ceilMode } = this;
    return lpPool2d(x, this.normType, this.kernelSize, { stride, ceilMode });
  }
}

/** Options of {@link MaxUnpool1d} and its like. */
export interface MaxUnpoolModuleOptions {
  readonly stride?: Sizes | null;
  /** Default 0. */
  readonly padding?: Sizes;
}
interface UnpoolSettings {
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly padding: Sizes;
}
type OutputSize = Shape | { readonly outputSize?: Shape | null } | null;

abstract class MaxUnpool extends Module {
  readonly kernelSize: Shape;
  readonly stride: Shape;
  readonly padding: Shape;

  constructor(name: string, n: 1 | 2 | 3, args: readonly unknown[]) {
    super();
    const o = named<UnpoolSettings>(name, { kernelSize: required, stride: null, padding: 0 }, args);
    this.kernelSize = expandSizes(o.kernelSize, n, "kernel_size", "pooling");
    this.stride = expandSizes(o.stride ?? o.kernelSize, n, "stride", "pooling");
    this.padding = expandSizes(o.padding, n, "padding", "pooling");
  }
  protected options(given: OutputSize | undefined): F.MaxUnpoolOptions {
    const outputSize = isOptions(given) ? (given as { outputSize?: Shape }).outputSize : (given as Shape);
    return { stride: this.stride, padding: this.padding, outputSize: outputSize ?? null };
  }
  override extraRepr(): string {
    return `kernel_size=${pyTuple(this.kernelSize)}, stride=${pyTuple(this.stride)}, padding=${pyTuple(this.padding)}`;
  }
}

/**
 * Zeros with the maxima of {@link MaxPool1d} at their places. Called with the maxima, their indices and, where several sizes
 * lead to the same maxima, the size of the result.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
 */
export class MaxUnpool1d extends MaxUnpool {
  /** @param kernelSize extents of the windows; @param stride their distance, by default the kernel's size */
  constructor(
    kernelSize: Sizes,
    stride?: Sizes | MaxUnpoolModuleOptions | null,
    options?: MaxUnpoolModuleOptions,
  );
  constructor(...args: unknown[]) {
    super("MaxUnpool1d", 1, args);
  }
  forward(x: AnyTensor, indices: AnyTensor, outputSize?: OutputSize): AnyTensor {
    return F.maxUnpool1d(x, indices, this.kernelSize, this.options(outputSize));
  }
}
/** {@link MaxUnpool1d} of images. @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html */
export class MaxUnpool2d extends MaxUnpool {
  constructor(
    kernelSize: Sizes,
    stride?: Sizes | MaxUnpoolModuleOptions | null,
    options?: MaxUnpoolModuleOptions,
  );
  constructor(...args: unknown[]) {
    super("MaxUnpool2d", 2, args);
  }
  forward(x: AnyTensor, indices: AnyTensor, outputSize?: OutputSize): AnyTensor {
    return F.maxUnpool2d(x, indices, this.kernelSize, this.options(outputSize));
  }
}
/** {@link MaxUnpool1d} of volumes. @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html */
export class MaxUnpool3d extends MaxUnpool {
  constructor(
    kernelSize: Sizes,
    stride?: Sizes | MaxUnpoolModuleOptions | null,
    options?: MaxUnpoolModuleOptions,
  );
  constructor(...args: unknown[]) {
    super("MaxUnpool3d", 3, args);
  }
  forward(x: AnyTensor, indices: AnyTensor, outputSize?: OutputSize): AnyTensor {
    return F.maxUnpool3d(x, indices, this.kernelSize, this.options(outputSize));
  }
}

/** Options of {@link FractionalMaxPool2d} and {@link FractionalMaxPool3d}: one of `outputSize` and `outputRatio`. */
export interface FractionalMaxPoolModuleOptions {
  readonly outputSize?: Sizes | null;
  /** A part of the input's extents, between 0 and 1. */
  readonly outputRatio?: Sizes | null;
  /** Whether the places of the maxima are returned too. Default false. */
  readonly returnIndices?: boolean;
  /** Random numbers to use in every call instead of new ones. */
  readonly _randomSamples?: AnyTensor | null;
}
interface FractionalSettings extends Required<FractionalMaxPoolModuleOptions> {
  readonly kernelSize: Sizes;
}

abstract class FractionalMaxPool extends Module {
  readonly kernelSize: Shape;
  readonly outputSize: Shape | null;
  readonly outputRatio: Shape | null;
  readonly returnIndices: boolean;
  _randomSamples: AnyTensor | null;

  constructor(name: string, n: 2 | 3, args: readonly unknown[]) {
    super();
    const o = named<FractionalSettings>(
      name,
      {
        kernelSize: required,
        outputSize: null,
        outputRatio: null,
        returnIndices: false,
        _randomSamples: null,
      },
      args,
    );
    this.kernelSize = expandSizes(o.kernelSize, n, "kernel_size", "pooling");
    this.returnIndices = o.returnIndices;
    this._randomSamples = this.registerBuffer("_randomSamples", o._randomSamples);
    if (o.outputSize === null && o.outputRatio === null)
      throw new ValueError(`${name} requires specifying either an output size, or a pooling ratio`);
    if (o.outputSize !== null && o.outputRatio !== null)
      throw new ValueError("only one of output_size and output_ratio may be specified");
    this.outputSize = o.outputSize === null ? null : expandSizes(o.outputSize, n, "output_size", "pooling");
    this.outputRatio =
      o.outputRatio === null ? null : expandSizes(o.outputRatio, n, "output_ratio", "pooling");
    if (this.outputRatio?.some((r) => !(r > 0 && r < 1)))
      throw new ValueError(`output_ratio must be between 0 and 1 (got ${pyTuple(this.outputRatio)})`);
  }
  override stateKey(property: string): string {
    return property === "_randomSamples" ? "_random_samples" : super.stateKey(property);
  }
  protected get options(): F.FractionalMaxPoolOptions {
    const { outputSize, outputRatio, returnIndices, _randomSamples } = this;
    return { outputSize, outputRatio, returnIndices, _randomSamples };
  }
}

/**
 * Maxima of windows at pseudo-random places of [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
 */
export class FractionalMaxPool2d extends FractionalMaxPool {
  /** @param kernelSize extents of the windows */
  constructor(kernelSize: Sizes, options: FractionalMaxPoolModuleOptions);
  constructor(...args: unknown[]) {
    super("FractionalMaxPool2d", 2, args);
  }
  forward(x: AnyTensor): AnyTensor | [AnyTensor, AnyTensor] {
    return F.fractionalMaxPool2d(x, this.kernelSize, this.options);
  }
}
/** {@link FractionalMaxPool2d} of volumes. @see https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html */
export class FractionalMaxPool3d extends FractionalMaxPool {
  constructor(kernelSize: Sizes, options: FractionalMaxPoolModuleOptions);
  constructor(...args: unknown[]) {
    super("FractionalMaxPool3d", 3, args);
  }
  forward(x: AnyTensor): AnyTensor | [AnyTensor, AnyTensor] {
    return F.fractionalMaxPool3d(x, this.kernelSize, this.options);
  }
}
