// Channels moved into space and back, mixed between groups, and normalised among neighbours, as modules.
// Floor L5 (nn). Source: torch/nn/modules/pixelshuffle.py, channelshuffle.py, normalization.py

import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/types/index.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import { localResponseNorm } from "./functional/normalization.ts";
import type { Shuffled, Unshuffled } from "./functional/vision.ts";
import { channelShuffle, pixelShuffle, pixelUnshuffle } from "./functional/vision.ts";
import type { SameShape, ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { pyFloat } from "./print.ts";

interface ShuffleRule<R> extends ShapeRule {
  readonly out: Shuffled<this["x"], R> extends infer S ? S : Shape;
}
interface UnshuffleRule<R> extends ShapeRule {
  readonly out: Unshuffled<this["x"], R> extends infer S ? S : Shape;
}

/**
 * [..., C r^2, H, W] becomes [..., C, H r, W r].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 */
export class PixelShuffle<const R extends number = number> extends Layer<ShuffleRule<R>> {
  readonly upscaleFactor: R;
  constructor(upscaleFactor: R);
  constructor(...args: unknown[]) {
    super();
    this.upscaleFactor = named<{ upscaleFactor: R }>(
      "PixelShuffle",
      { upscaleFactor: required },
      args,
    ).upscaleFactor;
  }
  forward(x: AnyTensor): AnyTensor {
    return pixelShuffle(x, this.upscaleFactor as number);
  }
  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/**
 * [..., C, H r, W r] becomes [..., C r^2, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 */
export class PixelUnshuffle<const R extends number = number> extends Layer<UnshuffleRule<R>> {
  readonly downscaleFactor: R;
  constructor(downscaleFactor: R);
  constructor(...args: unknown[]) {
    super();
    this.downscaleFactor = named<{ downscaleFactor: R }>(
      "PixelUnshuffle",
      { downscaleFactor: required },
      args,
    ).downscaleFactor;
  }
  forward(x: AnyTensor): AnyTensor {
    return pixelUnshuffle(x, this.downscaleFactor as number);
  }
  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}

/**
 * Channel i of group g becomes channel g of group i.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 */
export class ChannelShuffle extends Layer<SameShape> {
  declare readonly "~port": "same";
  readonly groups: number;
  constructor(groups: number);
  constructor(...args: unknown[]) {
    super();
    this.groups = named<{ groups: number }>("ChannelShuffle", { groups: required }, args).groups;
  }
  forward(x: AnyTensor): AnyTensor {
    return channelShuffle(x, this.groups);
  }
  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

/** Options of {@link LocalResponseNorm} and {@link CrossMapLRN2d}. */
export interface ResponseNormOptions {
  /** Default 1e-4. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
  /** Default 1. */
  readonly k?: number;
}

abstract class ResponseNorm extends Layer<SameShape> {
  declare readonly "~port": "same";
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  constructor(name: string, args: readonly unknown[]) {
    super();
    const o = named<{ size: number; alpha: number; beta: number; k: number }>(
      name,
      { size: required, alpha: 1e-4, beta: 0.75, k: 1 },
      args,
    );
    this.size = o.size;
    this.alpha = o.alpha;
    this.beta = o.beta;
    this.k = o.k;
  }
}

/**
 * x / (k + alpha m)^beta, m the mean of x^2 over `size` neighbouring channels.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 */
export class LocalResponseNorm extends ResponseNorm {
  constructor(size: number, options?: ResponseNormOptions);
  constructor(...args: unknown[]) {
    super("LocalResponseNorm", args);
  }
  forward(x: AnyTensor): AnyTensor {
    const { alpha, beta, k } = this;
    return localResponseNorm(x, this.size, { alpha, beta, k });
  }
  override extraRepr(): string {
    return `${this.size}, alpha=${pyFloat(this.alpha)}, beta=${pyFloat(this.beta)}, k=${pyFloat(this.k)}`;
  }
}

/**
 * {@link LocalResponseNorm} of [N, C, H, W] over as many channels on both sides; an even size counts as the odd one below.
 * @throws ValueError for another number of dimensions.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossMapLRN2d.html
 */
export class CrossMapLRN2d extends ResponseNorm {
  constructor(size: number, options?: ResponseNormOptions);
  constructor(...args: unknown[]) {
    super("CrossMapLRN2d", args);
  }
  forward(x: AnyTensor): AnyTensor {
    if (x.ndim !== 4) throw new ValueError(`CrossMapLRN2d: Expected input to be 4D, got ${x.ndim}D instead.`);
    const width = 2 * Math.floor((this.size - 1) / 2) + 1;
    // The sum is divided by `size` all the same.
    const alpha = (this.alpha * width) / this.size;
    return localResponseNorm(x, width, { alpha, beta: this.beta, k: this.k });
  }
  override extraRepr(): string {
    return `${this.size}, alpha=${pyFloat(this.alpha)}, beta=${pyFloat(this.beta)}, k=${this.k}`;
  }
}
