// Flatten and Unflatten.
// Floor L5 (nn). Source: torch/nn/modules/flatten.py

import type { Flatten as FlattenShape, UnflattenLayer } from "../base/types/index.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import type { ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { pyTuple } from "./print.ts";

interface FlattenRule<I extends number, J extends number> extends ShapeRule {
  readonly out: FlattenShape<this["x"], I, J, "Flatten">;
}

/**
 * Joins the dimensions `startDim` (default 1, so that batches stay) to `endDim` (default -1).
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 * @example
 * new nn.Flatten()(torch.zeros(2, 3, 4)).shape // [2, 12]
 */
export class Flatten<I extends number = 1, J extends number = -1> extends Layer<FlattenRule<I, J>> {
  readonly startDim: I;
  readonly endDim: J;

  constructor(startDim?: I, endDim?: J);
  constructor(...args: unknown[]) {
    super();
    const o = named<{ startDim: I; endDim: J }>("Flatten", { startDim: 1, endDim: -1 }, args);
    this.startDim = o.startDim;
    this.endDim = o.endDim;
  }
  forward(x: AnyTensor): AnyTensor {
    return x.flatten(this.startDim as number, this.endDim as number);
  }
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

interface UnflattenRule<D extends number, U extends readonly number[]> extends ShapeRule {
  readonly out: UnflattenLayer<this["x"], D, U, "Unflatten">;
}

/**
 * Splits dimension `dim` into several, one of which may be -1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
 */
export class Unflatten<
  D extends number = number,
  const U extends readonly number[] = readonly number[],
> extends Layer<UnflattenRule<D, U>> {
  readonly dim: D;
  readonly unflattenedSize: U;

  constructor(dim: D, unflattenedSize: U);
  constructor(...args: unknown[]) {
    super();
    const o = named<{ dim: D; unflattenedSize: U }>(
      "Unflatten",
      { dim: required, unflattenedSize: required },
      args,
    );
    this.dim = o.dim;
    this.unflattenedSize = o.unflattenedSize;
  }
  forward(x: AnyTensor): AnyTensor {
    return x.unflatten(this.dim as number, this.unflattenedSize as readonly number[]);
  }
  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${pyTuple(this.unflattenedSize)}`;
  }
}
