// Element types: names, sizes, typed arrays, and PyTorch's promotion rules.
// Floor L0 (base). Source: https://pytorch.org/docs/stable/tensor_attributes.html#torch-dtype

import { ArgumentError } from "./errors.ts";

/** Names of the element types, as `torch.float32` prints without its prefix. */
export type DType = "float32" | "float64" | "int32" | "int64" | "uint8" | "bool";

/** The JavaScript array that holds a tensor's elements; bool lives in a Uint8Array of 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** Python's type of one element: numbers, booleans, and bigint only for int64 beyond 2^53. */
export type Scalar = number | bigint | boolean;

type Kind = "bool" | "int" | "float";

interface DTypeInfo {
  /** Size of one element in bytes. */
  readonly bytes: number;
  readonly kind: Kind;
  readonly array: {
    new (n: number): TypedArray;
    new (buffer: ArrayBuffer, offsetBytes: number, n: number): TypedArray;
  };
  /** Name of the legacy tensor type that PyTorch's messages use. */
  readonly legacy: string;
  /** Name of the scalar type that PyTorch's messages use. */
  readonly scalarName: string;
}

const info = (bytes: number, kind: Kind, array: unknown, legacy: string, scalarName: string): DTypeInfo => ({
  bytes,
  kind,
  array: array as DTypeInfo["array"],
  legacy: `torch.${legacy}Tensor`,
  scalarName,
});

/** All dtypes with their properties; the one table that the rest of the library asks. */
export const dtypes: { readonly [D in DType]: DTypeInfo } = {
  bool: info(1, "bool", Uint8Array, "Bool", "Bool"),
  uint8: info(1, "int", Uint8Array, "Byte", "Byte"),
  int32: info(4, "int", Int32Array, "Int", "Int"),
  int64: info(8, "int", BigInt64Array, "Long", "Long"),
  float32: info(4, "float", Float32Array, "Float", "Float"),
  float64: info(8, "float", Float64Array, "Double", "Double"),
};

export const isFloat = (dtype: DType): boolean => dtypes[dtype].kind === "float";
export const isInteger = (dtype: DType): boolean => dtypes[dtype].kind === "int";

/** Throws unless `dtype` is the name of an element type. */
export function checkDType(dtype: unknown): DType {
  if (typeof dtype === "string" && Object.hasOwn(dtypes, dtype)) return dtype as DType;
  throw new ArgumentError(
    `expected a dtype, one of ${Object.keys(dtypes).join(", ")}, but got ${String(dtype)}`,
  );
}

let defaultFloat: "float32" | "float64" = "float32";

/** `torch.get_default_dtype`: the dtype of new tensors made from floating-point numbers. */
export const getDefaultDType = (): "float32" | "float64" => defaultFloat;

/** `torch.set_default_dtype`. @throws ArgumentError unless float32 or float64. */
export function setDefaultDType(dtype: DType): void {
  if (dtype !== "float32" && dtype !== "float64")
    throw new ArgumentError(
      `setDefaultDType: only floating-point types are supported as the default type, got ${dtype}`,
    );
  defaultFloat = dtype;
}

/** A small number for each dtype, ascending in the order of promotion. */
export const dtypeIds: { readonly [D in DType]: number } = {
  bool: 0,
  uint8: 1,
  int32: 2,
  int64: 3,
  float32: 4,
  float64: 5,
};

/** `torch.promote_types(a, b)`: the smallest dtype that both convert to, by category, then by size. */
export const promoteTypes = (a: DType, b: DType): DType => (dtypeIds[a] >= dtypeIds[b] ? a : b);

/** How far an operand's dtype counts in promotion: tensors with dimensions, then 0-d tensors, then numbers. */
export type Standing = "dimensioned" | "zeroDim" | "number";

const kindRank = { bool: 0, int: 1, float: 2 } as const;

/**
 * `torch.result_type` over any number of operands. A group of lower standing changes the result only when its
 * category (bool < int < float) is above that of the groups before it.
 */
export function resultType(
  operands: readonly { readonly dtype: DType; readonly standing: Standing }[],
): DType {
  let result: DType | null = null;
  for (const standing of ["dimensioned", "zeroDim", "number"] as const) {
    let group: DType | null = null;
    for (const o of operands)
      if (o.standing === standing) group = group ? promoteTypes(group, o.dtype) : o.dtype;
    if (!group) continue;
    if (!result || kindRank[dtypes[group].kind] > kindRank[dtypes[result].kind]) result = group;
  }
  return result ?? defaultFloat;
}

/** The dtype that a JavaScript scalar stands for beside tensors: 2 is an integer, 2.5 is not, true is a bool. */
export function dtypeOfScalar(value: Scalar): DType {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int64";
  return Number.isInteger(value) ? "int32" : defaultFloat;
}
