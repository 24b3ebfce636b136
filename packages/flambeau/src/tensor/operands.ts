// What an operand of an elementwise op may be, and how it is read: a tensor, a number, or a tensor that counts as one.
// Floor L3 (tensor).

import type { DType, Scalar, Standing } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { recorder } from "./capturing.ts";
import type { AnyTensor } from "./tensor.ts";
import { isTensor } from "./tensor.ts";

export type OperandArg = AnyTensor | Scalar;

export const standingOf = (x: OperandArg): Standing =>
  isTensor(x) ? (x.ndim > 0 ? "dimensioned" : "zeroDim") : "number";

export const isNumber = (x: unknown): x is Scalar =>
  typeof x === "number" || typeof x === "boolean" || typeof x === "bigint";

/** The value of a scalar option. @throws ArgumentError unless it is a number. */
export function checkNumber(v: unknown, name: string, op: string): number {
  if (typeof v === "number") return v;
  if (typeof v === "boolean") return Number(v);
  if (isTensor(v) && v.numel() === 1) return Number(v.item());
  throw new ArgumentError(`${op}(): option '${name}' must be a number, not ${typeof v}`);
}

export const isBool = (x: OperandArg | undefined): boolean =>
  isTensor(x) ? x.dtype === "bool" : typeof x === "boolean";

export const hasZero = (x: OperandArg): boolean =>
  isTensor(x) ? x.toTypedArray().some((v) => Number(v) === 0) : Number(x) === 0;

/** Whether a tensor is read as a single number. An int64 beyond 2^53 is not a JavaScript number, so those never are. */
export const isSingle = (t: AnyTensor, isOutput: boolean): boolean =>
  !isOutput && t.dtype !== "int64" && recorder === null && isUniform(t);

/** Whether all elements are one and the same place in memory: one element, or an expanded one. */
export function isUniform(t: AnyTensor): boolean {
  const { shape, strides } = t;
  for (let i = 0; i < strides.length; i++)
    if (shape[i] !== 1 && (strides[i] !== 0 || shape[i] === 0)) return false;
  return true;
}

/** The value of a scalar operand in the dtype of the computation. */
export function single(x: OperandArg, compute: DType): number {
  const v = isTensor(x) ? Number(x.storage.data[x.offset]) : Number(x);
  return compute === "bool" ? Number(v !== 0) : v;
}
