// Layers whose output shape is known to the type system, by a rule from the input's shape.
// Floor L5 (nn).

import type { Fits, Ok } from "../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** A function of types: `x` is the input's shape, `out` the result's shape or a failure. `this["x"]` is unknown until applied. */
export interface ShapeRule {
  readonly x: unknown;
  readonly out: unknown;
}
/** The result of a rule for an input of shape `S`. */
export type Apply<R extends ShapeRule, S> = (R & { readonly x: S })["out"];

/** Leaves the shape as it is. */
export interface SameShape extends ShapeRule {
  readonly out: this["x"];
}

/**
 * What a layer fixes in its input and output, for Sequential to compare neighbours: the extents of the last dimension
 * (features) or of the second one (channels). A layer's `~port` may also be "same", where it hands both on.
 */
export interface Port<Of extends "features" | "channels", Takes extends number, Gives extends number> {
  readonly of: Of;
  readonly takes: Takes;
  readonly gives: Gives;
}

export interface Layer<R extends ShapeRule> {
  <X extends AnyTensor>(x: Fits<Apply<R, ShapeOf<X>>, X>): Tensor<Ok<Apply<R, ShapeOf<X>>>, DtOf<X>>;
  /** A {@link Port}, "same", or nothing. */
  readonly "~port"?: unknown;
}
/** A module of one input whose output shape follows from the input's by the rule `R`. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export abstract class Layer<R extends ShapeRule> extends Module {
  declare readonly "~rule": R;
  abstract override forward(x: AnyTensor): AnyTensor;
}
