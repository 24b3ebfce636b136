// Building expressions that are simplified as they are built: constants folded, and identities that hold for every value, NaN and -0
// included. Floor L4 (compile).

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { interpretExpr } from "../../ir/interpret.ts";
import type { BinaryOp, CompareOp, Expr, ExprBuilder, UnaryOp } from "../../ir/scalar.ts";
import { compareOps, unaryOps } from "../../ir/scalar.ts";

const unarySet: ReadonlySet<string> = new Set(unaryOps);
const compareSet: ReadonlySet<string> = new Set(compareOps);

/** The node `like` with other arguments, as it stands. */
function rebuild(k: ExprBuilder, like: Expr, args: readonly Expr[]): Expr {
  const { op, dtype, value } = like;
  const [a, b, c] = args as [Expr, Expr, Expr];
  if (op === "input") return k.input(value, dtype);
  if (op === "const") return k.const(value, dtype);
  if (op === "cast") return k.cast(a, dtype);
  if (op === "select") return k.select(a, b, c);
  if (op === "fma") return k.fma(a, b, c);
  if (compareSet.has(op)) return k.compare(op as CompareOp, a, b);
  return unarySet.has(op) ? k.unary(op as UnaryOp, a) : k.binary(op as BinaryOp, a, b);
}

/** Which values a dtype holds exactly: all those of the dtypes listed. */
const holds: { readonly [D in DType]: readonly DType[] } = {
  bool: ["bool"],
  uint8: ["bool", "uint8"],
  int32: ["bool", "uint8", "int32"],
  int64: ["bool", "uint8", "int32", "int64"],
  float32: ["bool", "uint8", "float32"],
  float64: ["bool", "uint8", "int32", "float32", "float64"],
};

const isConst = (x: Expr, value: number): boolean => x.op === "const" && Object.is(x.value, value);

/** Whether dividing by it is multiplying by a number that a float32 holds exactly. */
function isPowerOfTwo(x: number): boolean {
  const log = Math.log2(Math.abs(x));
  return Number.isInteger(log) && Math.abs(log) < 120;
}

function simplifyBinary(k: ExprBuilder, op: string, a: Expr, b: Expr): Expr | null {
  const float = isFloat(a.dtype);
  if (a.dtype === "bool") {
    if (op === "and" || op === "mul" || op === "min") {
      for (const [x, y] of [[a, b] as const, [b, a] as const])
        if (x.op === "const") return x.value === 0 ? x : y;
      return a === b ? a : null;
    }
    if (op === "or" || op === "add" || op === "max") {
      for (const [x, y] of [[a, b] as const, [b, a] as const])
        if (x.op === "const") return x.value === 0 ? y : x;
      return a === b ? a : null;
    }
    return null;
  }
  switch (op) {
    case "add":
      // x + 0 is 0 for x = -0: only -0 is neutral among floats.
      if (isConst(b, float ? -0 : 0)) return a;
      if (isConst(a, float ? -0 : 0)) return b;
      // Once is enough: x + 0 is no -0.
      if (isConst(b, 0) && a.op === "add" && a.args[1] === b) return a;
      if (b.op === "neg") return k.sub(a, b.args[0]!);
      if (a.op === "neg") return k.sub(b, a.args[0]!);
      return null;
    case "sub":
      if (isConst(b, 0)) return a;
      if (b.op === "neg") return k.add(a, b.args[0]!);
      return null;
    case "mul":
      for (const [x, y] of [[a, b] as const, [b, a] as const]) {
        if (isConst(y, 1)) return x;
        if (isConst(y, -1) && !(x.dtype === "uint8")) return k.neg(x);
        if (!float && isConst(y, 0)) return y;
      }
      return null;
    case "div":
      if (isConst(b, 1)) return a;
      if (isConst(b, -1)) return k.neg(a);
      return b.op === "const" && isPowerOfTwo(b.value) ? k.mul(a, 1 / b.value) : null;
    case "idiv":
      return isConst(b, 1) ? a : null;
    case "pow":
      return isConst(b, 1) ? a : null;
    case "max":
    case "min":
      return a === b ? a : null;
    default:
      return null;
  }
}

function simplify(k: ExprBuilder, { op, dtype }: Expr, args: readonly Expr[]): Expr | null {
  const [a, b, c] = args as [Expr, Expr, Expr];
  if (op === "cast") {
    if (a.op !== "cast") return null;
    const from = a.args[0]!;
    // The cast in between changes no value; then it does not matter, unless the number is cut off in another way from there.
    const same = isFloat(from.dtype) === isFloat(a.dtype) || !isFloat(from.dtype);
    return holds[a.dtype].includes(from.dtype) && same ? cast(k, from, dtype) : null;
  }
  if (op === "select") {
    if (a.op === "const") return a.value === 0 ? c : b;
    if (b === c) return b;
    return a.op === "not" ? k.select(a.args[0]!, c, b) : null;
  }
  if (op === "fma") {
    for (const [x, y] of [[a, b] as const, [b, a] as const]) {
      if (isConst(x, 1)) return make(k, "add", y, c);
      if (isConst(x, -1) && dtype !== "uint8") return make(k, "sub", c, y);
    }
    return isFloat(dtype) && isConst(c, -0) ? make(k, "mul", a, b) : null;
  }
  if (op === "neg" && a.op === "neg") return a.args[0]!;
  if (op === "not" && a.op === "not") return a.args[0]!;
  if (op === "abs" && (a.op === "abs" || (a.op === "neg" && dtype !== "uint8"))) return k.abs(a.args[0]!);
  if (op === "ne" && isConst(b, 0) && a.op === "cast" && a.args[0]!.dtype === "bool") return a.args[0]!;
  return args.length === 2 && !compareSet.has(op) ? simplifyBinary(k, op, a, b) : null;
}

const cast = (k: ExprBuilder, x: Expr, dtype: DType): Expr =>
  construct(k, { op: "cast", dtype, args: [x], value: 0 }, [x]);
const make = (k: ExprBuilder, op: "add" | "sub" | "mul", a: Expr, b: Expr): Expr =>
  construct(k, { op, dtype: a.dtype, args: [a, b], value: 0 }, [a, b]);

/** The value of an expression over constants alone; null if a number cannot say it. */
function fold(k: ExprBuilder, node: Expr): Expr | null {
  const value = interpretExpr(node, []);
  if (typeof value === "bigint" && !Number.isSafeInteger(Number(value))) return null;
  return k.const(Number(value), node.dtype);
}

/** The node `like` with other arguments (nodes of `k`), simplified. */
export function construct(k: ExprBuilder, like: Expr, args: readonly Expr[]): Expr {
  if (like.op === "cast" && like.dtype === args[0]!.dtype) return args[0]!;
  if (args.length > 0 && args.every(({ op }) => op === "const")) {
    const folded = fold(k, rebuild(k, like, args));
    if (folded) return folded;
  }
  return (args.length > 0 && simplify(k, like, args)) || rebuild(k, like, args);
}

/** An expression rebuilt in `k`, with `input` in the place of its inputs; simplified on the way. */
export function substitute(
  k: ExprBuilder,
  expr: Expr,
  input: (index: number, dtype: DType) => Expr,
  known: Map<Expr, Expr> = new Map(),
): Expr {
  const visit = (node: Expr): Expr => {
    let made = known.get(node);
    if (!made) {
      made = node.op === "input" ? input(node.value, node.dtype) : construct(k, node, node.args.map(visit));
      known.set(node, made);
    }
    return made;
  };
  return visit(expr);
}

/** Calls `visit` once with each node of some expressions, arguments first. */
export function forEachNode(exprs: Iterable<Expr>, visit: (node: Expr) => void): void {
  const seen = new Set<Expr>();
  const walk = (node: Expr): void => {
    if (seen.has(node)) return;
    seen.add(node);
    node.args.forEach(walk);
    visit(node);
  };
  for (const expr of exprs) walk(expr);
}

/** The inputs that some expressions look at. */
export function inputsOf(exprs: Iterable<Expr>): Set<number> {
  const found = new Set<number>();
  forEachNode(exprs, ({ op, value }) => {
    if (op === "input") found.add(value);
  });
  return found;
}

const heavy: ReadonlySet<string> = new Set(
  "exp expm1 log log1p sin cos tanh atan erf cdf pow atan2 fmod idiv".split(" "),
);

/** About how many vector instructions a value costs. */
export function costOf(exprs: Iterable<Expr>): number {
  let cost = 0;
  forEachNode(exprs, ({ op }) => {
    if (op !== "input" && op !== "const") cost += heavy.has(op) ? 16 : op === "div" || op === "sqrt" ? 5 : 1;
  });
  return cost;
}

/** A text that equal expressions share, and only they. */
export function keyOf(exprs: Iterable<Expr>): string {
  const ids = new Map<Expr, number>();
  const parts: string[] = [];
  const visit = (node: Expr): number => {
    const known = ids.get(node);
    if (known !== undefined) return known;
    const args = node.args.map(visit);
    parts.push(`${node.op} ${node.dtype} ${Object.is(node.value, -0) ? "-0" : node.value} ${args.join(" ")}`);
    ids.set(node, ids.size);
    return ids.size - 1;
  };
  for (const expr of exprs) parts.push(`= ${visit(expr)}`);
  return parts.join(";");
}
