// Pooling to a given number of windows as modules: AdaptiveAvgPool1d to 3d, AdaptiveMaxPool1d to 3d.
// Floor L5 (nn). Source: torch/nn/modules/pooling.py

import type { AdaptivePool, Spatial } from "../base/types/index.ts";
import * as F from "../ops/functional/pool.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import type { ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { Module } from "./module.ts";
import { pyNone, pyTuple } from "./print.ts";

const shown = (v: F.OutputSizes): string =>
  typeof v === "number" || v === null ? pyNone(v) : pyTuple(v.map(pyNone));

/** `M` windows along each spatial dimension. */
export interface AdaptiveRule<M, N extends Spatial, Name extends string> extends ShapeRule {
  readonly out: AdaptivePool<this["x"], M, N, Name>;
}

abstract class AdaptiveAvgPool<M extends F.OutputSizes, N extends Spatial, Name extends string> extends Layer<
  AdaptiveRule<M, N, Name>
> {
  declare readonly "~port": "same";
  readonly outputSize: F.OutputSizes;

  /** @param outputSize how many windows there are along each spatial dimension; null for as many as places */
  constructor(outputSize: M);
  constructor(...args: unknown[]) {
    super();
    const o = named<{ outputSize: F.OutputSizes }>(new.target.name, { outputSize: required }, args);
    this.outputSize = o.outputSize;
  }
  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}`;
  }
}

/** Means of windows that cover [N, C, L] or [C, L]. @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html */
export class AdaptiveAvgPool1d<const M extends F.OutputSizes = F.OutputSizes> extends AdaptiveAvgPool<
  M,
  1,
  "AdaptiveAvgPool1d"
> {
  forward(x: AnyTensor): AnyTensor {
    return F.adaptiveAvgPool1d(x, this.outputSize);
  }
}
/** Means of windows that cover [N, C, H, W] or [C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html */
export class AdaptiveAvgPool2d<const M extends F.OutputSizes = F.OutputSizes> extends AdaptiveAvgPool<
  M,
  2,
  "AdaptiveAvgPool2d"
> {
  forward(x: AnyTensor): AnyTensor {
    return F.adaptiveAvgPool2d(x, this.outputSize);
  }
}
/** Means of windows that cover [N, C, D, H, W] or [C, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html */
export class AdaptiveAvgPool3d<const M extends F.OutputSizes = F.OutputSizes> extends AdaptiveAvgPool<
  M,
  3,
  "AdaptiveAvgPool3d"
> {
  forward(x: AnyTensor): AnyTensor {
    return F.adaptiveAvgPool3d(x, this.outputSize);
  }
}

/** Options of adaptive maxima. */
export interface AdaptiveMaxPoolModuleOptions<I extends boolean = boolean> {
  /** Whether the places of the maxima are returned too. Default false. */
  readonly returnIndices?: I;
}

interface AdaptiveMaxRule<I, M, N extends Spatial, Name extends string> extends AdaptiveRule<M, N, Name> {
  readonly pair: I;
}
/** @internal What the three of them share. */
export abstract class AdaptiveMaxPool<
  I extends boolean,
  M extends F.OutputSizes,
  N extends Spatial,
  Name extends string,
> extends Module {
  declare readonly "~rule": AdaptiveMaxRule<I, M, N, Name>;
  declare readonly "~port": "same";
  readonly outputSize: F.OutputSizes;
  readonly returnIndices: boolean;

  /** @param outputSize how many windows there are along each spatial dimension; null for as many as places */
  constructor(outputSize: M, options?: AdaptiveMaxPoolModuleOptions<I>);
  constructor(...args: unknown[]) {
    super();
    const defaults = { outputSize: required, returnIndices: false };
    const o = named<{ outputSize: F.OutputSizes; returnIndices: boolean }>(new.target.name, defaults, args);
    this.outputSize = o.outputSize;
    this.returnIndices = o.returnIndices;
  }
  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}`;
  }
}

/** Maxima of windows that cover [N, C, L] or [C, L]. @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html */
export class AdaptiveMaxPool1d<
  I extends boolean = false,
  const M extends F.OutputSizes = F.OutputSizes,
> extends AdaptiveMaxPool<I, M, 1, "AdaptiveMaxPool1d"> {
  forward(x: AnyTensor): AnyTensor | [AnyTensor, AnyTensor] {
    return F.adaptiveMaxPool1d(x, this.outputSize, { returnIndices: this.returnIndices });
  }
}
/** Maxima of windows that cover [N, C, H, W] or [C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html */
export class AdaptiveMaxPool2d<
  I extends boolean = false,
  const M extends F.OutputSizes = F.OutputSizes,
> extends AdaptiveMaxPool<I, M, 2, "AdaptiveMaxPool2d"> {
  forward(x: AnyTensor): AnyTensor | [AnyTensor, AnyTensor] {
    return F.adaptiveMaxPool2d(x, this.outputSize, { returnIndices: this.returnIndices });
  }
}
/** Maxima of windows that cover [N, C, D, H, W] or [C, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html */
export class AdaptiveMaxPool3d<
  I extends boolean = false,
  const M extends F.OutputSizes = F.OutputSizes,
> extends AdaptiveMaxPool<I, M, 3, "AdaptiveMaxPool3d"> {
  forward(x: AnyTensor): AnyTensor | [AnyTensor, AnyTensor] {
    return F.adaptiveMaxPool3d(x, this.outputSize, { returnIndices: this.returnIndices });
  }
}
