// A slow reference for kernel nests, one element at a time in plain JavaScript: what backends are tested against.
// Floor L1 (ir). The semantics are those of scalar.ts.

import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypes, isFloat } from "../base/dtype.ts";
import { fma32, fma64 } from "../base/random/fma.ts";
import { cdf, erf } from "./erf.ts";
import type { CombineOp, MapNest, ReduceNest } from "./nest.ts";
import { resultDType } from "./nest.ts";
import type { RowNest } from "./row.ts";
import type { BinaryOp, CompareOp, Expr, UnaryOp } from "./scalar.ts";
import { verifyNest, verifyRowNest } from "./verify.ts";

/** A value of an expression: bigint for int64, 0 and 1 for bool. */
export type Value = number | bigint;

/** To the nearest integer, ties to even; keeps the sign of zero. */
const roundToEven = (x: number): number => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

/** C's pow, where 1^NaN and (-1)^inf are 1. */
const pow = (x: number, y: number): number =>
  x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;

/** Floating-point operations in double; the result is then rounded to the dtype. */
const float: Readonly<Record<string, (x: number, y: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  round: roundToEven,
  sqrt: Math.sqrt,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  atan: Math.atan,
  erf,
  cdf,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  fmod: (x, y) => x % y,
  pow,
  atan2: Math.atan2,
  max: (x, y) => Math.max(x, y),
  min: (x, y) => Math.min(x, y),
} satisfies Partial<Record<UnaryOp | BinaryOp, (x: number, y: number) => number>>;

/** Integer operations without bounds; the result is then wrapped. x idiv 0 is 0, and x fmod 0 is x. */
const integer: Readonly<Record<string, (x: bigint, y: bigint) => bigint>> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  not: (x) => ~x,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  idiv: (x, y) => (y === 0n ? 0n : x / y),
  fmod: (x, y) => (y === 0n ? x : x % y),
  max: (x, y) => (x > y ? x : y),
  min: (x, y) => (x < y ? x : y),
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: (x, y) => x << y,
  shr: (x, y) => x >> y,
} satisfies Partial<Record<UnaryOp | BinaryOp, (x: bigint, y: bigint) => bigint>>;

const logical: Readonly<Record<string, (x: boolean, y: boolean) => boolean>> = {
  not: (x) => !x,
  add: (x, y) => x || y,
  or: (x, y) => x || y,
  max: (x, y) => x || y,
  mul: (x, y) => x && y,
  and: (x, y) => x && y,
  min: (x, y) => x && y,
  xor: (x, y) => x !== y,
} satisfies Partial<Record<UnaryOp | BinaryOp, (x: boolean, y: boolean) => boolean>>;

const compare: { readonly [Op in CompareOp]: (x: Value, y: Value) => boolean } = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
};

const roundFloat = (x: number, dtype: DType): number => (dtype === "float32" ? Math.fround(x) : x);

function wrap(x: bigint, dtype: DType): Value {
  if (dtype === "int64") return BigInt.asIntN(64, x);
  return Number(dtype === "uint8" ? BigInt.asUintN(8, x) : BigInt.asIntN(32, x));
}

/** An operation of one or two arguments of the dtype of its result. */
function apply(op: string, dtype: DType, x: Value, y: Value): Value {
  if (isFloat(dtype)) return roundFloat(float[op]!(Number(x), Number(y)), dtype);
  if (dtype === "bool") return logical[op]!(x !== 0, y !== 0) ? 1 : 0;
  // Shifts see the low bits of the amount only, as the machine does.
  const b = op === "shl" || op === "shr" ? BigInt(y) & (dtype === "int64" ? 63n : 31n) : BigInt(y);
  return wrap(integer[op]!(BigInt(x), b), dtype);
}

/** Integers beyond 2^53 to float32 in one rounding: bits that double could not hold are joined into one first. */
function toSingle(x: bigint): number {
  const large = x >= 2n ** 53n || x <= -(2n ** 53n);
  const kept = large && BigInt.asUintN(11, x) !== 0n ? ((x >> 11n) | 1n) << 11n : x;
  return Math.fround(Number(kept));
}

/** Floats are cut off towards zero; what an integer of so many bits cannot hold, NaN included, gives the smallest one. */
function truncate(x: number, bits: 32 | 64): bigint {
  const limit = 2 ** (bits - 1);
  return x < limit && x >= -limit ? BigInt(Math.trunc(x)) : -(2n ** BigInt(bits - 1));
}

/** The operation `cast`. */
export function cast(x: Value, from: DType, to: DType): Value {
  if (to === "bool") return Number(x) !== 0 ? 1 : 0;
  if (to === "float32") return typeof x === "bigint" ? toSingle(x) : Math.fround(x);
  if (to === "float64") return Number(x);
  return wrap(isFloat(from) ? truncate(Number(x), to === "int32" ? 32 : 64) : BigInt(x), to);
}

function fma(a: Value, b: Value, c: Value, dtype: DType): Value {
  if (dtype === "float32") return fma32(Number(a), Number(b), Number(c));
  if (dtype === "float64") return fma64(Number(a), Number(b), Number(c));
  return wrap(BigInt(a) * BigInt(b) + BigInt(c), dtype);
}

/** A number as a value of a dtype: how constants and scalar operands are read. */
const asValue = (x: Value, dtype: DType): Value =>
  dtype === "int64" ? BigInt(x) : roundFloat(Number(x), dtype);

/** The value of an expression that keeps the rules, given its inputs. */
export function interpretExpr(expr: Expr, inputs: readonly Value[]): Value {
  const known = new Map<Expr, Value>();
  const visit = (node: Expr): Value => {
    let value = known.get(node);
    if (value === undefined) {
      value = evaluate(node);
      known.set(node, value);
    }
    return value;
  };
  const evaluate = (node: Expr): Value => {
    const { op, dtype } = node;
    if (op === "input") return inputs[node.value]!;
    if (op === "const") return asValue(node.value, dtype);
    const [x = 0, y = 0, z = 0] = node.args.map(visit);
    if (op === "cast") return cast(x, node.args[0]!.dtype, dtype);
    if (op === "select") return x !== 0 ? y : z;
    if (op === "fma") return fma(x, y, z, dtype);
    if (Object.hasOwn(compare, op)) return compare[op as CompareOp](x, y) ? 1 : 0;
    return apply(op, dtype, x, y);
  };
  return visit(expr);
}

/** out[i] = body(operands at i) for i < n; scalar operands are numbers. Checks the nest first. */
export function interpretMap(
  nest: MapNest,
  n: number,
  operands: readonly (TypedArray | number)[],
): TypedArray {
  verifyNest(nest);
  const out = new dtypes[nest.body.dtype].array(n);
  const scalars = nest.operands.map(({ dtype }, k) => {
    const operand = operands[k];
    return typeof operand === "number" ? asValue(operand, dtype) : null;
  });
  for (let i = 0; i < n; i++)
    out[i] = interpretExpr(
      nest.body,
      scalars.map((scalar, k) => scalar ?? (operands[k] as TypedArray)[i]!),
    );
  return out;
}

/** What a reduction over nothing gives: the value that changes no other when combined with it. */
function neutral(combine: CombineOp, dtype: DType): Value {
  if (combine === "sum" || combine === "or") return asValue(0, dtype);
  if (combine === "prod") return asValue(1, dtype);
  if (combine === "and") return dtype === "bool" ? 1 : wrap(-1n, dtype);
  const low = {
    bool: 0,
    uint8: 0,
    int32: -(2 ** 31),
    int64: -(2n ** 63n),
    float32: -Infinity,
    float64: -Infinity,
  };
  const high = {
    bool: 1,
    uint8: 255,
    int32: 2 ** 31 - 1,
    int64: 2n ** 63n - 1n,
    float32: Infinity,
    float64: Infinity,
  };
  return (combine === "max" ? low : high)[dtype];
}

/**
 * Sums of floats as exact as doubles allow: the rounding errors are summed as well (Neumaier), and the result is
 * rounded once. Backends come close to this, in whatever order they add.
 */
export function sumFloats(values: readonly Value[]): number {
  let sum = 0;
  let lost = 0;
  for (const v of values) {
    const x = Number(v);
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return Number.isFinite(sum) ? sum + lost : sum;
}

/** A reduction of values of one dtype; sums and products of floats are rounded once. */
export function combineAll(values: readonly Value[], combine: CombineOp, dtype: DType): Value {
  if (isFloat(dtype) && combine === "sum") return roundFloat(sumFloats(values), dtype);
  // Products are rounded once, too.
  const inner = dtype === "float32" && combine === "prod" ? "float64" : dtype;
  const op = combine === "sum" ? "add" : combine === "prod" ? "mul" : combine;
  let result = neutral(combine, dtype);
  for (const v of values) result = apply(op, inner, result, v);
  return inner === dtype ? result : roundFloat(Number(result), dtype);
}

/** A reduction of a contiguous input [outer, reduced, inner] to [outer, inner]. Checks the nest first. */
export function interpretReduce(
  nest: ReduceNest,
  outer: number,
  reduced: number,
  inner: number,
  input: TypedArray,
): TypedArray {
  verifyNest(nest);
  const out = new dtypes[resultDType(nest)].array(outer * inner);
  const { dtype } = nest.body;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const values: Value[] = [];
      for (let r = 0; r < reduced; r++)
        values.push(interpretExpr(nest.body, [input[(o * reduced + r) * inner + i]!]));
      const combined = combineAll(values, nest.combine, dtype);
      out[o * inner + i] = nest.post
        ? interpretExpr(nest.post, [combined, asValue(reduced, dtype)])
        : combined;
    }
  return out;
}

/** A row nest over operands that begin at element 0; gives the maps' results, the values', then the sums'. Checks the nest first. */
export function interpretRow(
  nest: RowNest,
  rows: number,
  n: number,
  operands: readonly (TypedArray | number)[],
): TypedArray[] {
  verifyRowNest(nest);
  const maps = nest.maps.map(({ dtype }) => new dtypes[dtype].array(rows * n));
  const values = nest.values.map(({ dtype }) => new dtypes[dtype].array(rows));
  const terms = nest.sums.map((): Value[][] => Array.from({ length: n }, () => []));
  const columns = Array.from({ length: n }, (_, j) => j);
  for (let r = 0; r < rows; r++) {
    const results: Value[] = [];
    const kept: Value[][] = [];
    /** All inputs at column j; -1 for an expression that looks at none. */
    const inputsAt = (j: number): Value[] => {
      const inputs = nest.operands.map(({ dtype, layout }, k): Value => {
        const operand = operands[k]!;
        if (typeof operand === "number") return asValue(operand, dtype);
        return operand[layout === "row" ? r : layout === "column" ? j : r * n + j]!;
      });
      results.forEach((result, s) => inputs.push(result, kept[s]![j]!));
      return inputs;
    };
    for (const { body, combine } of nest.stages) {
      const row = columns.map((j) => interpretExpr(body, inputsAt(j)));
      results.push(combineAll(row, combine, body.dtype));
      kept.push(row);
    }
    nest.maps.forEach((body, i) => {
      for (const j of columns) maps[i]![r * n + j] = interpretExpr(body, inputsAt(j));
    });
    nest.values.forEach((body, i) => {
      values[i]![r] = interpretExpr(body, inputsAt(-1));
    });
    nest.sums.forEach((body, i) => {
      for (const j of columns) terms[i]![j]!.push(interpretExpr(body, inputsAt(j)));
    });
  }
  const sums = nest.sums.map(({ dtype }, i) => {
    const out = new dtypes[dtype].array(n);
    for (const j of columns) out[j] = combineAll(terms[i]![j]!, "sum", dtype);
    return out;
  });
  return [...maps, ...values, ...sums];
}
