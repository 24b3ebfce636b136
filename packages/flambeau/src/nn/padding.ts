// Borders as modules, 1d to 3d each: ConstantPad, ZeroPad, ReflectionPad, ReplicationPad, CircularPad.
// Floor L5 (nn). Source: torch/nn/modules/padding.py

import type { PadLayer, Spatial, StrictPadLayer } from "../base/types/index.ts";
import type { PaddingMode } from "../ops/functional/pad.ts";
import { pad } from "../ops/functional/pad.ts";
import type { Sizes } from "../ops/functional/sizes.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import type { ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { pyFloat, pyTuple } from "./print.ts";

interface ConstantRule<P, N extends Spatial> extends ShapeRule {
  readonly out: PadLayer<this["x"], P, N>;
}
interface BorderRule<P, N extends Spatial, Name extends string> extends ShapeRule {
  readonly out: StrictPadLayer<this["x"], P, N, Name>;
}

abstract class PadBase<R extends ShapeRule> extends Layer<R> {
  declare readonly "~port": "same";
  readonly padding: readonly number[];
  readonly value: number | null;
  readonly #mode: PaddingMode;

  constructor(name: string, n: 1 | 2 | 3, mode: PaddingMode, args: readonly unknown[], value?: number) {
    super();
    const needsValue = mode === "constant" && value === undefined;
    const o = named<{ padding: Sizes; value?: number }>(
      name,
      needsValue ? { padding: required, value: required } : { padding: required },
      args,
    );
    this.#mode = mode;
    this.padding = typeof o.padding === "number" ? new Array<number>(2 * n).fill(o.padding) : o.padding;
    this.value = mode === "constant" ? (value ?? o.value ?? 0) : null;
  }
  forward(x: AnyTensor): AnyTensor {
    // The function takes circular borders of batches alone.
    if (this.#mode === "circular" && x.ndim === this.padding.length / 2 + 1)
      return pad(x.unsqueeze(0), this.padding, this.#mode).squeeze(0);
    return pad(x, this.padding, this.#mode, this.value);
  }
  override extraRepr(): string {
    return pyTuple(this.padding);
  }
}

abstract class ConstantPad<R extends ShapeRule> extends PadBase<R> {
  override extraRepr(): string {
    return `padding=${pyTuple(this.padding)}, value=${pyFloat(this.value ?? 0)}`;
  }
}
/** A border of one number around the last dimension: [left, right]. @see https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html */
export class ConstantPad1d<const P extends Sizes = Sizes> extends ConstantPad<ConstantRule<P, 1>> {
  /** @param padding of all sides, or [left, right]; @param value the number */
  constructor(padding: P, value: number);
  constructor(...args: unknown[]) {
    super("ConstantPad1d", 1, "constant", args);
  }
}
/** A border of one number around images: [left, right, top, bottom]. @see https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html */
export class ConstantPad2d<const P extends Sizes = Sizes> extends ConstantPad<ConstantRule<P, 2>> {
  constructor(padding: P, value: number);
  constructor(...args: unknown[]) {
    super("ConstantPad2d", 2, "constant", args);
  }
}
/** A border of one number around volumes: [left, right, top, bottom, front, back]. @see https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html */
export class ConstantPad3d<const P extends Sizes = Sizes> extends ConstantPad<ConstantRule<P, 3>> {
  constructor(padding: P, value: number);
  constructor(...args: unknown[]) {
    super("ConstantPad3d", 3, "constant", args);
  }
}
/** A border of zeros around the last dimension. @see https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html */
export class ZeroPad1d<const P extends Sizes = Sizes> extends PadBase<ConstantRule<P, 1>> {
  /** @param padding of all sides, or [left, right] */
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ZeroPad1d", 1, "constant", args, 0);
  }
}
/** A border of zeros around images. @see https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html */
export class ZeroPad2d<const P extends Sizes = Sizes> extends PadBase<ConstantRule<P, 2>> {
  /** @param padding of all sides, or [left, right, top, bottom] */
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ZeroPad2d", 2, "constant", args, 0);
  }
}
/** A border of zeros around volumes. @see https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html */
export class ZeroPad3d<const P extends Sizes = Sizes> extends PadBase<ConstantRule<P, 3>> {
  /** @param padding of all sides, or [left, right, top, bottom, front, back] */
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ZeroPad3d", 3, "constant", args, 0);
  }
}
/** A border that mirrors the last dimension, without its outermost elements. @see https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html */
export class ReflectionPad1d<const P extends Sizes = Sizes> extends PadBase<
  BorderRule<P, 1, "ReflectionPad1d">
> {
  /** @param padding of all sides, or [left, right] */
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ReflectionPad1d", 1, "reflect", args);
  }
}
/** {@link ReflectionPad1d} of images. @see https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html */
export class ReflectionPad2d<const P extends Sizes = Sizes> extends PadBase<
  BorderRule<P, 2, "ReflectionPad2d">
> {
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ReflectionPad2d", 2, "reflect", args);
  }
}
/** {@link ReflectionPad1d} of volumes. @see https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html */
export class ReflectionPad3d<const P extends Sizes = Sizes> extends PadBase<
  BorderRule<P, 3, "ReflectionPad3d">
> {
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ReflectionPad3d", 3, "reflect", args);
  }
}
/** A border that repeats the outermost elements. @see https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html */
export class ReplicationPad1d<const P extends Sizes = Sizes> extends PadBase<
  BorderRule<P, 1, "ReplicationPad1d">
> {
  /** @param padding of all sides, or [left, right] */
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ReplicationPad1d", 1, "replicate", args);
  }
}
/** {@link ReplicationPad1d} of images. @see https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html */
export class ReplicationPad2d<const P extends Sizes = Sizes> extends PadBase<
  BorderRule<P, 2, "ReplicationPad2d">
> {
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ReplicationPad2d", 2, "replicate", args);
  }
}
/** {@link ReplicationPad1d} of volumes. @see https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html */
export class ReplicationPad3d<const P extends Sizes = Sizes> extends PadBase<
  BorderRule<P, 3, "ReplicationPad3d">
> {
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("ReplicationPad3d", 3, "replicate", args);
  }
}
/** A border that goes on at the other end. @see https://pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html */
export class CircularPad1d<const P extends Sizes = Sizes> extends PadBase<BorderRule<P, 1, "CircularPad1d">> {
  /** @param padding of all sides, or [left, right] */
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("CircularPad1d", 1, "circular", args);
  }
}
/** {@link CircularPad1d} of images. @see https://pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html */
export class CircularPad2d<const P extends Sizes = Sizes> extends PadBase<BorderRule<P, 2, "CircularPad2d">> {
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("CircularPad2d", 2, "circular", args);
  }
}
/** {@link CircularPad1d} of volumes. @see https://pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html */
export class CircularPad3d<const P extends Sizes = Sizes> extends PadBase<BorderRule<P, 3, "CircularPad3d">> {
  constructor(padding: P);
  constructor(...args: unknown[]) {
    super("CircularPad3d", 3, "circular", args);
  }
}
