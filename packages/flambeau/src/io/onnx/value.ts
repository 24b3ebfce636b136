// What a run is written down as: tensors at a moment, and the calls that made them. Floor L5 (io).

import type { DType, TypedArray } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";

/** Where a value comes from: the example, the model's state, an op, or JavaScript. */
export type Origin = "input" | "state" | "call" | "literal";

/** A tensor at one moment. */
export class Value {
  /** Values are numbered in the order of their appearance: two runs of one function number alike. */
  readonly id: number;
  readonly origin: Origin;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Whether it would be another one for other inputs, or for other parameters. */
  readonly ofInputs: boolean;
  readonly ofState: boolean;
  /** The elements in row-major order, of a value that depends on neither, or that no op in ONNX gives. */
  readonly data: TypedArray | null;
  /** The name in the state dict, or of the input. */
  readonly name: string;

  constructor(id: number, origin: Origin, like: Pick<Value, "dtype" | "shape">, more: Partial<Value>) {
    this.id = id;
    this.origin = origin;
    this.dtype = like.dtype;
    this.shape = like.shape;
    this.ofInputs = more.ofInputs ?? false;
    this.ofState = more.ofState ?? false;
    this.data = more.data ?? null;
    this.name = more.name ?? "";
  }
}

export interface TracedCall {
  readonly op: string;
  /** Path of the module that was running. */
  readonly module: string;
  /** Arguments, with a {@link Value} in place of each tensor. */
  readonly args: readonly unknown[];
  readonly results: readonly Value[];
}

/** Puts the new value of a view back into what it looks into: `[old, new, the view's call]`. */
export const putBack = "(put back)";

export interface Trace {
  readonly calls: readonly TracedCall[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** What a function over ops is called beside ops, some of which share its name. */
export const functionName = (name: string): string => `${name}()`;

// ---- tensors and values among arguments ---------------------------------------------------------------------

export const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** A value with each tensor in it replaced, in lists and plain objects; what is no such thing is left as it is. */
export function replaced(x: unknown, f: (t: AnyTensor) => unknown): unknown {
  if (isTensor(x)) return f(x);
  if (Array.isArray(x)) return x.map((y) => replaced(y, f));
  return isPlain(x) ? Object.fromEntries(Object.entries(x).map(([k, y]) => [k, replaced(y, f)])) : x;
}

export function tensorsOf(x: unknown): AnyTensor[] {
  const found: AnyTensor[] = [];
  replaced(x, (t) => found.push(t));
  return found;
}

/** Calls `f` with every value among arguments. */
export function visitValues(x: unknown, f: (v: Value) => void): void {
  if (x instanceof Value) f(x);
  else if (Array.isArray(x)) for (const y of x) visitValues(y, f);
  else if (isPlain(x)) for (const y of Object.values(x)) visitValues(y, f);
}

/** Arguments with one value in place of another. */
export function swapped(x: unknown, from: Value, to: Value): unknown {
  if (x === from) return to;
  if (Array.isArray(x)) return x.map((y) => swapped(y, from, to));
  return x;
}
