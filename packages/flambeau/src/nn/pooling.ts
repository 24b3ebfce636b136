// Pooling as modules: AvgPool1d to 3d, MaxPool1d to 3d.
// Floor L5 (nn). Source: torch/nn/modules/pooling.py

import type { Pool, Spatial } from "../base/types/index.ts";
import * as F from "../ops/functional/pool.ts";
import type { Sizes } from "../ops/functional/sizes.ts";
import { expandSizes } from "../ops/functional/sizes.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import type { ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { Module } from "./module.ts";
import { pyBool, pyTuple } from "./print.ts";

/** Windows of size `K`; a stride `S` of null is the kernel's size, and with ceil mode (`C`) extents are not known. */
export interface PoolRule<K, S, P, D, C, N extends Spatial, Name extends string> extends ShapeRule {
  readonly out: Pool<this["x"], K, { stride: S; padding: P; dilation: D; ceilMode: C }, N, Name>;
}

/** @internal A size as it was given: a number, or a tuple. */
export const shown = (v: Sizes): string => (typeof v === "number" ? String(v) : pyTuple(v));

/** Options of means. */
export interface AvgPoolModuleOptions<
  S extends Sizes | null = Sizes | null,
  P extends Sizes = Sizes,
  C extends boolean = boolean,
> extends F.AvgPoolOptions {
  readonly stride?: S;
  readonly padding?: P;
  readonly ceilMode?: C;
}
interface AvgSettings {
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
}

abstract class AvgPool<
  N extends Spatial,
  Name extends string,
  K extends Sizes,
  S extends Sizes | null,
  P extends Sizes,
  C extends boolean,
> extends Layer<PoolRule<K, S, P, 1, C, N, Name>> {
  declare readonly "~port": "same";
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  /** @param kernelSize extents of the windows; @param stride their distance, by default the kernel's size */
  constructor(kernelSize: K, stride: S, options?: Omit<AvgPoolModuleOptions<null, P, C>, "stride">);
  constructor(kernelSize: K, options?: AvgPoolModuleOptions<S, P, C>);
  constructor(...args: unknown[]) {
    super();
    const o = named<AvgSettings>(
      new.target.name,
      {
        kernelSize: required,
        stride: null,
        padding: 0,
        ceilMode: false,
        countIncludePad: true,
        divisorOverride: null,
      },
      args,
    );
    this.kernelSize = o.kernelSize;
    this.stride = o.stride ?? o.kernelSize;
    this.padding = o.padding;
    this.ceilMode = o.ceilMode;
    this.countIncludePad = o.countIncludePad;
    this.divisorOverride = o.divisorOverride;
  }
  protected get options(): F.AvgPoolOptions {
    const { stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return { stride, padding, ceilMode, countIncludePad, divisorOverride };
  }
  override extraRepr(): string {
    return `kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, padding=${shown(this.padding)}`;
  }
}

/** Means of windows of [N, C, L] or [C, L]. @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html */
export class AvgPool1d<
  const K extends Sizes = Sizes,
  const S extends Sizes | null = null,
  const P extends Sizes = 0,
  C extends boolean = false,
> extends AvgPool<1, "AvgPool1d", K, S, P, C> {
  forward(x: AnyTensor): AnyTensor {
    return F.avgPool1d(x, this.kernelSize, this.options);
  }
  // PyTorch keeps tuples here, and the numbers as given in 2 and 3 dimensions.
  override extraRepr(): string {
    const tuple = (v: Sizes): string => pyTuple(expandSizes(v, 1, "size"));
    return `kernel_size=${tuple(this.kernelSize)}, stride=${tuple(this.stride)}, padding=${tuple(this.padding)}`;
  }
}
/** Means of windows of [N, C, H, W] or [C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html */
export class AvgPool2d<
  const K extends Sizes = Sizes,
  const S extends Sizes | null = null,
  const P extends Sizes = 0,
  C extends boolean = false,
> extends AvgPool<2, "AvgPool2d", K, S, P, C> {
  forward(x: AnyTensor): AnyTensor {
    return F.avgPool2d(x, this.kernelSize, this.options);
  }
}
/** Means of windows of [N, C, D, H, W] or [C, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html */
export class AvgPool3d<
  const K extends Sizes = Sizes,
  const S extends Sizes | null = null,
  const P extends Sizes = 0,
  C extends boolean = false,
> extends AvgPool<3, "AvgPool3d", K, S, P, C> {
  forward(x: AnyTensor): AnyTensor {
    return F.avgPool3d(x, this.kernelSize, this.options);
  }
}

/** Options of maxima. */
export interface MaxPoolModuleOptions<
  I extends boolean = boolean,
  S extends Sizes | null = Sizes | null,
  P extends Sizes = Sizes,
  D extends Sizes = Sizes,
  C extends boolean = boolean,
> extends F.MaxPoolOptions {
  readonly stride?: S;
  readonly padding?: P;
  readonly dilation?: D;
  readonly ceilMode?: C;
  /** Whether the places of the maxima are returned too. Default false. */
  readonly returnIndices?: I;
}
interface MaxSettings {
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;
}
/** As {@link PoolRule}; a pair of maxima and their places with `returnIndices` (`I`). */
export interface MaxPoolRule<I, K, S, P, D, C, N extends Spatial, Name extends string>
  extends PoolRule<K, S, P, D, C, N, Name> {
  readonly pair: I;
}
/** @internal What the three of them share. */
export abstract class MaxPool<
  I extends boolean,
  K extends Sizes,
  S extends Sizes | null,
  P extends Sizes,
  D extends Sizes,
  C extends boolean,
  N extends Spatial,
  Name extends string,
> extends Module {
  declare readonly "~rule": MaxPoolRule<I, K, S, P, D, C, N, Name>;
  declare readonly "~port": "same";
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;

  /** @param kernelSize extents of the windows; @param stride their distance, by default the kernel's size */
  constructor(kernelSize: K, stride: S, options?: Omit<MaxPoolModuleOptions<I, null, P, D, C>, "stride">);
  constructor(kernelSize: K, options?: MaxPoolModuleOptions<I, S, P, D, C>);
  constructor(...args: unknown[]) {
    super();
    const o = named<MaxSettings>(
      new.target.name,
      {
        kernelSize: required,
        stride: null,
        padding: 0,
        dilation: 1,
        returnIndices: false,
        ceilMode: false,
      },
      args,
    );
    this.kernelSize = o.kernelSize;
    this.stride = o.stride ?? o.kernelSize;
    this.padding = o.padding;
    this.dilation = o.dilation;
    this.returnIndices = o.returnIndices;
    this.ceilMode = o.ceilMode;
  }
  protected pool(
    x: AnyTensor,
    pool: (x: AnyTensor, kernelSize: Sizes, options: F.MaxPoolOptions) => AnyTensor | [AnyTensor, AnyTensor],
  ): AnyTensor | [AnyTensor, AnyTensor] {
    const { stride, padding, dilation, ceilMode, returnIndices } = this;
    return pool(x, this.kernelSize, { stride, padding, dilation, ceilMode, returnIndices });
  }
  override extraRepr(): string {
    return (
      `kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, padding=${shown(this.padding)}, ` +
      `dilation=${shown(this.dilation)}, ceil_mode=${pyBool(this.ceilMode)}`
    );
  }
}

/** Maxima of windows of [N, C, L] or [C, L]. @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html */
export class MaxPool1d<
  I extends boolean = false,
  const K extends Sizes = Sizes,
  const S extends Sizes | null = null,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  C extends boolean = false,
> extends MaxPool<I, K, S, P, D, C, 1, "MaxPool1d"> {
  forward(x: AnyTensor): AnyTensor | [AnyTensor, AnyTensor] {
    return this.pool(x, F.maxPool1d);
  }
}
/** Maxima of windows of [N, C, H, W] or [C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html */
export class MaxPool2d<
  I extends boolean = false,
  const K extends Sizes = Sizes,
  const S extends Sizes | null = null,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  C extends boolean = false,
> extends MaxPool<I, K, S, P, D, C, 2, "MaxPool2d"> {
  forward(x: AnyTensor): AnyTensor | [AnyTensor, AnyTensor] {
    return this.pool(x, F.maxPool2d);
  }
}
/** Maxima of windows of [N, C, D, H, W] or [C, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html */
export class MaxPool3d<
  I extends boolean = false,
  const K extends Sizes = Sizes,
  const S extends Sizes | null = null,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  C extends boolean = false,
> extends MaxPool<I, K, S, P, D, C, 3, "MaxPool3d"> {
  forward(x: AnyTensor): AnyTensor | [AnyTensor, AnyTensor] {
    return this.pool(x, F.maxPool3d);
  }
}
