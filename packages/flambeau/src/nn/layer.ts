// Layers whose output shape is known to the type system, by a rule from the input's shape.
// Floor L5 (nn).

import type { DType } from "../base/dtype.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** A function of types: `x` is the input's shape, `out` the result's shape or a failure. `this["x"]` is unknown until applied. */
export interface ShapeRule {
  readonly x: unknown;
  readonly out: unknown;
  /** The input's dtype, and the result's. */
  readonly d: unknown;
  readonly dtype: unknown;
  /** Whether the result is a pair of values and indices. */
  readonly pair: unknown;
  /** Whether the layer brings a call signature of its own, for more arguments. */
  readonly own: unknown;
}
/** The result of a rule for an input of shape `S`. */
export type Apply<R extends ShapeRule, S> = (R & { readonly x: S })["out"];

/** The dtype that a rule gives for an input of dtype `D`; most rules do not say, and keep it. */
export type ApplyDtype<R extends ShapeRule, D> = (R & { readonly d: D })["dtype"] extends infer E extends
  DType
  ? E
  : D;

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

/** A module of one input whose output shape follows from the input's by the rule `R`. */
export abstract class Layer<R extends ShapeRule> extends Module {
  declare readonly "~rule": R;
  /** A {@link Port}, "same", or nothing. */
  declare readonly "~port"?: unknown;
  abstract override forward(x: AnyTensor): AnyTensor;
}
