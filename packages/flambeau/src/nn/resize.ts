// Resizing, and windows as columns, as modules.
// Floor L5 (nn). Source: torch/nn/modules/upsampling.py, torch/nn/modules/fold.py

import type { UpsampleLayer } from "../base/types/index.ts";
import type { FoldOptions } from "../ops/functional/fold.ts";
import { fold, unfold } from "../ops/functional/fold.ts";
import type { InterpolateMode, InterpolateOptions } from "../ops/functional/interpolate.ts";
import { interpolate } from "../ops/functional/interpolate.ts";
import type { Sizes } from "../ops/functional/sizes.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import type { ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { Module } from "./module.ts";
import { shown } from "./pooling.ts";
import { pyFloat, pyTuple } from "./print.ts";

/** Options of {@link Upsample}: one of `size` and `scaleFactor`. */
export interface UpsampleModuleOptions<
  Z extends Sizes | null = Sizes | null,
  F extends Sizes | null = Sizes | null,
> extends Omit<InterpolateOptions, "antialias" | "size" | "scaleFactor"> {
  readonly size?: Z;
  readonly scaleFactor?: F;
}
interface Settings {
  readonly size: Sizes | null;
  readonly scaleFactor: Sizes | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;
}
type Names = Record<string, unknown>;

interface UpsampleRule<Z, F> extends ShapeRule {
  readonly out: UpsampleLayer<this["x"], Z, F>;
}

abstract class UpsampleBase<Z extends Sizes | null, F extends Sizes | null> extends Layer<
  UpsampleRule<Z, F>
> {
  declare readonly "~port": "same";
  readonly size: Sizes | null;
  readonly scaleFactor: Sizes | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(name: string, defaults: Names, args: readonly unknown[], fixed: Partial<Settings> = {}) {
    super();
    const o = { ...named<Settings>(name, { size: null, scaleFactor: null, ...defaults }, args), ...fixed };
    this.size = o.size;
    this.scaleFactor = o.scaleFactor;
    this.mode = o.mode;
    this.alignCorners = o.alignCorners ?? null;
    this.recomputeScaleFactor = o.recomputeScaleFactor ?? null;
  }
  forward(x: AnyTensor): AnyTensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }
  override extraRepr(): string {
    const { scaleFactor: scale, size } = this;
    const by =
      scale !== null
        ? `scale_factor=${typeof scale === "number" ? pyFloat(scale) : pyTuple(scale.map(pyFloat))}`
        : `size=${size === null ? "None" : shown(size)}`;
    return `${by}, mode=${this.mode}`;
  }
}

/**
 * [N, C, ...] with other spatial extents.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 * @example
 * new nn.Upsample({ scaleFactor: 2 })(torch.zeros(1, 3, 4, 4)).shape // [1, 3, 8, 8]
 */
export class Upsample<
  const Z extends Sizes | null = null,
  const F extends Sizes | null = null,
> extends UpsampleBase<Z, F> {
  constructor(options: UpsampleModuleOptions<Z, F>);
  constructor(...args: unknown[]) {
    super("Upsample", { mode: "nearest", alignCorners: null, recomputeScaleFactor: null }, args);
  }
}
/** Images of another size, of nearest elements. @see https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html */
export class UpsamplingNearest2d<
  const Z extends Sizes | null = null,
  const F extends Sizes | null = null,
> extends UpsampleBase<Z, F> {
  constructor(options: Pick<UpsampleModuleOptions<Z, F>, "size" | "scaleFactor">);
  constructor(...args: unknown[]) {
    super("UpsamplingNearest2d", {}, args, { mode: "nearest" });
  }
}
/** Images of another size, by straight lines, corners aligned. @see https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html */
export class UpsamplingBilinear2d<
  const Z extends Sizes | null = null,
  const F extends Sizes | null = null,
> extends UpsampleBase<Z, F> {
  constructor(options: Pick<UpsampleModuleOptions<Z, F>, "size" | "scaleFactor">);
  constructor(...args: unknown[]) {
    super("UpsamplingBilinear2d", {}, args, { mode: "bilinear", alignCorners: true });
  }
}

const foldDefaults = { dilation: 1, padding: 0, stride: 1 };
type FoldSettings = Required<FoldOptions> & { readonly kernelSize: Sizes };

/** Windows of images as columns. @see https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html */
export class Unfold extends Module {
  readonly kernelSize: Sizes;
  readonly dilation: Sizes;
  readonly padding: Sizes;
  readonly stride: Sizes;

  /** @param kernelSize extents of the windows */
  constructor(kernelSize: Sizes, options?: FoldOptions);
  constructor(...args: unknown[]) {
    super();
    const o = named<FoldSettings>("Unfold", { kernelSize: required, ...foldDefaults }, args);
    this.kernelSize = o.kernelSize;
    this.dilation = o.dilation;
    this.padding = o.padding;
    this.stride = o.stride;
  }
  forward(x: AnyTensor): AnyTensor {
    const { dilation, padding, stride } = this;
    return unfold(x, this.kernelSize, { dilation, padding, stride });
  }
  override extraRepr(): string {
    return `kernel_size=${shown(this.kernelSize)}, dilation=${shown(this.dilation)}, padding=${shown(this.padding)}, stride=${shown(this.stride)}`;
  }
}

/** Columns added back into images, the adjoint of {@link Unfold}. @see https://pytorch.org/docs/stable/generated/torch.nn.Fold.html */
export class Fold extends Module {
  readonly outputSize: Sizes;
  readonly kernelSize: Sizes;
  readonly dilation: Sizes;
  readonly padding: Sizes;
  readonly stride: Sizes;

  /** @param outputSize extents of the images; @param kernelSize extents of the windows */
  constructor(outputSize: Sizes, kernelSize: Sizes, options?: FoldOptions);
  constructor(...args: unknown[]) {
    super();
    const defaults = { outputSize: required, kernelSize: required, ...foldDefaults };
    const o = named<FoldSettings & { readonly outputSize: Sizes }>("Fold", defaults, args);
    this.outputSize = o.outputSize;
    this.kernelSize = o.kernelSize;
    this.dilation = o.dilation;
    this.padding = o.padding;
    this.stride = o.stride;
  }
  forward(x: AnyTensor): AnyTensor {
    const { dilation, padding, stride } = this;
    return fold(x, this.outputSize, this.kernelSize, { dilation, padding, stride });
  }
  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}, kernel_size=${shown(this.kernelSize)}, dilation=${shown(this.dilation)}, padding=${shown(this.padding)}, stride=${shown(this.stride)}`;
  }
}
