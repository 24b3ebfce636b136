// The scalar operations of the IR as vector code, one entry per operation and dtype. Functions such as exp are in
// math.ts; conversions in casts.ts.
// Floor L2 (backend/wasm).

import type { DType } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import type { CompareOp, Expr } from "../../ir/scalar.ts";
import { cast, f32ToF64, f64ToF32 } from "./casts.ts";
import type { Arg, Code, Local } from "./encoder.ts";
import { f32x4, f64x2, i32, i32x4, i64, i64x2, select, v128 } from "./encoder.ts";
import type { Emitter, Group } from "./lanes.ts";
import { narrowMask, perLane, widenMask } from "./lanes.ts";
import { mathFunctions } from "./math.ts";
import { expOfDifference } from "./math-exp.ts";

type Unary = (e: Emitter, x: Local) => Code;
type Binary = (e: Emitter, x: Local, y: Local) => Code;
type Table<F> = { readonly [D in DType]?: Readonly<Record<string, F>> };

const byte = (e: Emitter, x: Arg): Code => v128.and(x, e.i32(255));

const unary: Table<Unary> = {
  float32: {
    neg: (_, x) => f32x4.neg(x),
    abs: (_, x) => f32x4.abs(x),
    floor: (_, x) => f32x4.floor(x),
    ceil: (_, x) => f32x4.ceil(x),
    trunc: (_, x) => f32x4.trunc(x),
    round: (_, x) => f32x4.nearest(x),
    sqrt: (_, x) => f32x4.sqrt(x),
  },
  float64: {
    neg: (_, x) => f64x2.neg(x),
    abs: (_, x) => f64x2.abs(x),
    floor: (_, x) => f64x2.floor(x),
    ceil: (_, x) => f64x2.ceil(x),
    trunc: (_, x) => f64x2.trunc(x),
    round: (_, x) => f64x2.nearest(x),
    sqrt: (_, x) => f64x2.sqrt(x),
  },
  int32: { neg: (_, x) => i32x4.neg(x), abs: (_, x) => i32x4.abs(x), not: (_, x) => v128.not(x) },
  int64: { neg: (_, x) => i64x2.neg(x), abs: (_, x) => i64x2.abs(x), not: (_, x) => v128.not(x) },
  uint8: {
    neg: (e, x) => byte(e, i32x4.neg(x)),
    abs: (_, x) => v128.and(x, x),
    not: (e, x) => byte(e, v128.not(x)),
  },
  bool: { not: (_, x) => v128.not(x) },
};

/**
 * pmax(x, y) is `x < y ? y : x`: one instruction on x86, and a NaN in x stays. A NaN in y is put back afterwards,
 * which is still shorter than what V8 makes of f32x4.max. Where y is a constant the second step is left out.
 */
const maxF32: Binary = (e, x, y) => e.blend(y, f32x4.pmax(x, y), f32x4.ne(y, y));
const minF32: Binary = (e, x, y) => e.blend(y, f32x4.pmin(x, y), f32x4.ne(y, y));
const maxF64: Binary = (e, x, y) => e.blend(y, f64x2.pmax(x, y), f64x2.ne(y, y));
const minF64: Binary = (e, x, y) => e.blend(y, f64x2.pmin(x, y), f64x2.ne(y, y));

const and: Binary = (_, x, y) => v128.and(x, y);
const or: Binary = (_, x, y) => v128.or(x, y);
const xor: Binary = (_, x, y) => v128.xor(x, y);

const binary: Table<Binary> = {
  float32: {
    add: (_, x, y) => f32x4.add(x, y),
    sub: (_, x, y) => f32x4.sub(x, y),
    mul: (_, x, y) => f32x4.mul(x, y),
    div: (_, x, y) => f32x4.div(x, y),
    max: maxF32,
    min: minF32,
  },
  float64: {
    add: (_, x, y) => f64x2.add(x, y),
    sub: (_, x, y) => f64x2.sub(x, y),
    mul: (_, x, y) => f64x2.mul(x, y),
    div: (_, x, y) => f64x2.div(x, y),
    max: maxF64,
    min: minF64,
  },
  int32: {
    add: (_, x, y) => i32x4.add(x, y),
    sub: (_, x, y) => i32x4.sub(x, y),
    mul: (_, x, y) => i32x4.mul(x, y),
    max: (_, x, y) => i32x4.max_s(x, y),
    min: (_, x, y) => i32x4.min_s(x, y),
    and,
    or,
    xor,
  },
  int64: {
    add: (_, x, y) => i64x2.add(x, y),
    sub: (_, x, y) => i64x2.sub(x, y),
    mul: (_, x, y) => i64x2.mul(x, y),
    max: (e, x, y) => e.blend(x, y, i64x2.gt_s(x, y)),
    min: (e, x, y) => e.blend(x, y, i64x2.lt_s(x, y)),
    and,
    or,
    xor,
  },
  uint8: {
    add: (e, x, y) => byte(e, i32x4.add(x, y)),
    sub: (e, x, y) => byte(e, i32x4.sub(x, y)),
    mul: (e, x, y) => byte(e, i32x4.mul(x, y)),
    max: (_, x, y) => i32x4.max_s(x, y),
    min: (_, x, y) => i32x4.min_s(x, y),
    and,
    or,
    xor,
  },
  bool: { add: or, mul: and, max: or, min: and, and, or, xor },
};

/** Integer operations without vector instructions: scalar code per lane. */
const scalarInt: Readonly<Record<string, (e: Emitter, wide: boolean, x: Code, y: Code) => Code>> = {
  idiv: (e, wide, x, y) => guarded(e, wide, x, y, "div_s"),
  fmod: (e, wide, x, y) => guarded(e, wide, x, y, "rem_s"),
  shl: (_, wide, x, y) => (wide ? i64 : i32).shl(x, y),
  shr: (_, wide, x, y) => (wide ? i64 : i32).shr_s(x, y),
};

/**
 * Division traps on a zero divisor, which the lanes past the end of an array may hold, and on MIN / -1. So the
 * divisors 0 and -1 are replaced by 1, and the results put right: x / 0 = 0, x % 0 = x, x / -1 = -x (which wraps).
 */
function guarded(e: Emitter, wide: boolean, x: Code, y: Code, op: "div_s" | "rem_s"): Code {
  const type = wide ? "i64" : "i32";
  const int = wide ? i64 : i32;
  const a = e.f.let(type, x);
  const b = e.f.let(type, y);
  const risky = e.f.let("i32", int.le_u(int.add(b, 1), 1));
  const safe = int[op](a, select(type, int.const(1), b, risky));
  const special = op === "div_s" ? int.mul(a, b) : select(type, a, int.const(0), int.eqz(b));
  return select(type, special, safe, risky);
}

const compares: { readonly [D in DType]: (op: CompareOp) => (x: Arg, y: Arg) => Code } = {
  float32: (op) => f32x4[op],
  float64: (op) => f64x2[op],
  int32: (op) => i32x4[signed(op)],
  int64: (op) => i64x2[signed(op)],
  uint8: (op) => i32x4[signed(op)],
  // True is the mask -1, below false: swap the arguments.
  bool: (op) => (x, y) => i32x4[signed(op)](y, x),
};

type SignedCompare = "eq" | "ne" | "lt_s" | "le_s" | "gt_s" | "ge_s";
const signed = (op: CompareOp): SignedCompare => (op === "eq" || op === "ne" ? op : `${op}_s`);

const isCompare = (op: string): op is CompareOp => /^(eq|ne|lt|le|gt|ge)$/.test(op);

function shiftByConstant(e: Emitter, op: "shl" | "shr", dtype: DType, x: Group, by: number): Group {
  const amount = i32.const(by);
  if (dtype === "int64")
    return x.map((v) => e.v(op === "shl" ? i64x2.shl(v, amount) : i64x2.shr_s(v, amount)));
  const y = op === "shl" ? i32x4.shl(x[0]!, amount) : i32x4.shr_s(x[0]!, amount);
  return [e.v(dtype === "uint8" ? byte(e, y) : y)];
}

/** a * b + c rounded once. Without a fused instruction float32 goes through float64, where the product is exact. */
function fma(e: Emitter, dtype: DType, [a, b, c]: readonly Group[]): Group {
  if (dtype === "float64") {
    const fused = e.features.fusedMadd;
    return a!.map((x, h) =>
      e.v(fused ? f64x2.relaxed_madd(x, b![h]!, c![h]!) : f64x2.add(f64x2.mul(x, b![h]!), c![h]!)),
    );
  }
  if (dtype !== "float32")
    return emitOp(e, "add", dtype, dtype, [emitOp(e, "mul", dtype, dtype, [a!, b!], []), c!], []);
  if (e.features.fusedMadd) return [e.v(f32x4.relaxed_madd(a![0]!, b![0]!, c![0]!))];
  const [x, y, z] = [a!, b!, c!].map((g) => f32ToF64(e, g[0]!));
  const [low, high] = [0, 1].map((h) => e.v(f64x2.add(f64x2.mul(x![h]!, y![h]!), z![h]!)));
  return [e.v(f64ToF32(low!, high!))];
}

function select4(e: Emitter, [condition, a, b]: readonly Group[]): Group {
  const mask = condition![0]!;
  const masks = a!.length === 2 ? widenMask(e, mask) : [mask];
  return a!.map((x, h) => e.v(e.blend(x, b![h]!, masks[h]!)));
}

/** Code for one operation on one group. `from` is the dtype of the arguments, `dtype` that of the result. */
export function emitOp(
  e: Emitter,
  op: Expr["op"],
  from: DType,
  dtype: DType,
  args: readonly Group[],
  nodes: readonly Expr[],
): Group {
  if (op === "cast") return cast(e, from, dtype, args[0]!);
  if (op === "select") return select4(e, args);
  if (op === "fma") return fma(e, dtype, args);
  if (isCompare(op)) {
    const compare = compares[from](op);
    const [x, y] = args;
    if (x!.length === 1) return [e.v(compare(x![0]!, y![0]!))];
    return [e.v(narrowMask(compare(x![0]!, y![0]!), compare(x![1]!, y![1]!)))];
  }
  const simple = unary[dtype]?.[op];
  if (simple) return args[0]!.map((x) => e.v(simple(e, x)));
  const second = nodes[1];
  if ((op === "max" || op === "min") && second?.op === "const" && !Number.isNaN(second.value)) {
    const one = onesided[dtype]?.[op];
    if (one) return args[0]!.map((x, h) => e.v(one(e, x, args[1]![h]!)));
  }
  const two = binary[dtype]?.[op];
  if (two) return args[0]!.map((x, h) => e.v(two(e, x, args[1]![h]!)));
  if (op === "exp" && dtype === "float32" && e.differences.has(nodes[0]!))
    return [e.v(expOfDifference(e, args[0]![0]!, e.raised.has(nodes[0]!)))];
  const math = mathFunctions(dtype, op);
  if (math) return math(e, args);
  if (scalarInt[op] && (dtype === "int32" || dtype === "int64" || dtype === "uint8")) {
    if ((op === "shl" || op === "shr") && second?.op === "const")
      return shiftByConstant(e, op, dtype, args[0]!, second.value);
    const make = scalarInt[op];
    const out = perLane(e, dtype, args, (x, y) => make(e, dtype === "int64", x!, y!));
    return dtype === "uint8" ? [e.v(byte(e, out[0]!))] : out;
  }
  throw new DTypeError(op, `"${op}" not implemented for '${dtype}' in the WebAssembly backend`);
}

/** max and min with a constant that is not NaN: one instruction that keeps the NaN of x. */
const onesided: Table<Binary> = {
  float32: { max: (_, x, y) => f32x4.pmax(x, y), min: (_, x, y) => f32x4.pmin(x, y) },
  float64: { max: (_, x, y) => f64x2.pmax(x, y), min: (_, x, y) => f64x2.pmin(x, y) },
};
