// What the forms of ops in ONNX share. Floor L5 (io).

import type { DType, Scalar, Standing } from "../../../base/dtype.ts";
import { dtypeOfScalar, resultType } from "../../../base/dtype.ts";
import { normalizeDim, normalizeDims } from "../../../base/shape.ts";
import { UnsupportedOperatorError } from "../errors.ts";
import type { Graph, Ref } from "../graph.ts";
import type { Call, GraphValue } from "../merge.ts";
import { isGraphValue } from "../merge.ts";
import type { Dim, Dims } from "../sizes.ts";
import { isSize } from "../sizes.ts";

/** Writes a call down; gives its results, null for those that ONNX has not. */
export type Lowering = (g: Graph, call: Call) => Ref | readonly (Ref | null)[];
export type Lowerings = Readonly<Record<string, Lowering>>;

/** @throws UnsupportedOperatorError that says why a call has no form in ONNX */
export function refuse(call: Call, why: string): never {
  throw new UnsupportedOperatorError(call.op, call.module, why);
}

/** The tensor at a place among the arguments. */
export function tensorAt(call: Call, i: number): GraphValue {
  const x = call.args[i];
  return isGraphValue(x) ? x : refuse(call, `has no tensor as argument ${i + 1}`);
}

export const first = (g: Graph, call: Call): Ref => g.ref(tensorAt(call, 0));

/** A tensor that may be missing. */
export const maybe = (g: Graph, x: unknown): Ref | null => (isGraphValue(x) ? g.ref(x) : null);

/** The options object at a place among the arguments; empty if there is none. */
export function optionsAt<T extends object>(call: Call, i: number): Partial<T> {
  const x = call.args[i];
  return typeof x === "object" && x !== null && !Array.isArray(x) && !isGraphValue(x)
    ? (x as Partial<T>)
    : {};
}

/** A number that must not follow the sizes of inputs. */
export function fixed(call: Call, x: unknown, what: string): number {
  if (typeof x === "number") return x;
  return isSize(x)
    ? refuse(call, `has a ${what} that follows a dynamic dimension, which ONNX cannot express`)
    : refuse(call, `has a ${what} that is no number`);
}
export const fixedList = (call: Call, x: unknown, n: number, what: string): readonly number[] =>
  Array.isArray(x) && x.length > 1
    ? x.map((v) => fixed(call, v, what))
    : new Array<number>(n).fill(fixed(call, Array.isArray(x) ? x[0] : x, what));

/** Extents that must be known. */
export const fixedExtents = (call: Call, dims: Dims, what: string): readonly number[] =>
  dims.map((d) => fixed(call, d, what));

export const dimAt = (call: Call, i: number, rank: number, fallback?: number): number =>
  normalizeDim((call.args[i] as number | undefined) ?? fallback ?? 0, rank, call.op);

/** Dimensions to reduce, in ascending order. */
export const dimsAt = (call: Call, i: number, rank: number): readonly number[] =>
  normalizeDims(call.args[i] as number | readonly number[] | null | undefined, rank, call.op);

const isNumber = (x: unknown): x is Scalar => ["number", "boolean", "bigint"].includes(typeof x);

/** The dtype that an elementwise op computes in: of its operands by promotion. */
export function commonDType(operands: readonly unknown[]): DType {
  return resultType(
    operands.flatMap((x): { dtype: DType; standing: Standing }[] => {
      if (isGraphValue(x))
        return [{ dtype: x.dtype, standing: x.shape.length > 0 ? "dimensioned" : "zeroDim" }];
      if (isSize(x)) return [{ dtype: "int32", standing: "number" }];
      return isNumber(x) ? [{ dtype: dtypeOfScalar(x), standing: "number" }] : [];
    }),
  );
}

/** An operand of an elementwise op, in the dtype of the computation. */
export function operand(g: Graph, call: Call, x: unknown, dtype: DType): Ref {
  if (isGraphValue(x)) return g.cast(g.ref(x), dtype);
  if (isSize(x)) return g.number(x, dtype);
  return isNumber(x)
    ? g.scalar(dtype === "bool" ? Number(x) !== 0 : x, dtype)
    : refuse(call, "has an operand that is no number");
}

/** Runs `f` in a dtype that runtimes compute in: there are no sums of bytes. */
export function widened(g: Graph, dtype: DType, operands: readonly Ref[], f: (...refs: Ref[]) => Ref): Ref {
  if (dtype !== "uint8" && dtype !== "bool") return f(...operands);
  return g.cast(f(...operands.map((x) => g.cast(x, "int32"))), dtype);
}

/** Elements of `a` where the condition holds, else of `b`. Runtimes choose among bools only by way of another dtype. */
export function choose(g: Graph, condition: Ref, a: Ref, b: Ref): Ref {
  if (a.dtype !== "bool") return g.node("Where", [condition, a, b], {}, a.dtype);
  const [x, y] = [g.cast(a, "uint8"), g.cast(b, "uint8")];
  return g.cast(g.node("Where", [condition, x, y], {}, "uint8"), "bool");
}

export const unsqueezed = (g: Graph, x: Ref, ...axes: number[]): Ref =>
  axes.length === 0 ? x : g.node("Unsqueeze", [x, g.ints(axes)]);
export const squeezed = (g: Graph, x: Ref, ...axes: number[]): Ref =>
  axes.length === 0 ? x : g.node("Squeeze", [x, g.ints(axes)]);

export const transposed = (g: Graph, x: Ref, order: readonly number[]): Ref =>
  order.every((d, i) => d === i) ? x : g.node("Transpose", [x], { perm: order });

/** Shape and dtype of the result, or of the first one. */
export const shapeOf = (call: Call): Dims => call.results[0]!.shape;
export const dtypeOf = (call: Call): DType => call.results[0]!.dtype;

export const isOne = (d: Dim): boolean => d === 1;
