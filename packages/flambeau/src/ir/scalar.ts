// The scalar operations of the kernel IR: a closed set. Everything that a kernel computes is an expression
// over these; a backend implements each of them once per dtype, and nothing else.
// Floor L1 (ir).

import type { DType } from "../base/dtype.ts";

/** One argument, result of the same dtype. `~int` in the comment: integers too (else floats only). */
export const unaryOps = [
  "neg", //    -x; wraps for integers ~int
  "abs", //    |x| ~int
  "floor", //  towards -inf
  "ceil", //   towards +inf
  "trunc", //  towards 0
  "round", //  to nearest, ties to even
  "sqrt", //   correctly rounded
  "exp", //    e^x
  "expm1", //  e^x - 1 without cancellation
  "log", //    natural logarithm; log(0) = -inf, log(<0) = NaN
  "log1p", //  log(1 + x) without cancellation
  "sin", //    radians
  "cos",
  "tanh",
  "atan",
  "erf", //    2/sqrt(pi) * integral of e^(-t^2), 0..x
  "cdf", //    P(Z <= x), Z standard normal: (1 + erf(x / sqrt(2))) / 2 without cancellation
  "not", //    bitwise complement (integers), logical not (bool) ~int ~bool
] as const;

/** Two arguments of one dtype, result of that dtype. */
export const binaryOps = [
  "add", //  ~int (bool: or)
  "sub", //  ~int
  "mul", //  ~int (bool: and)
  "div", //  true division (floats only)
  "idiv", // integer division towards zero (integers only); the divisor is checked by the op
  "fmod", // remainder with the sign of the dividend, C's fmod ~int
  "pow", //  C's pow (floats only)
  "atan2",
  "max", //  NaN if either is NaN ~int
  "min", //  NaN if either is NaN ~int
  "and", //  bitwise (integers), logical (bool)
  "or",
  "xor",
  "shl", //  integers only
  "shr", //  arithmetic shift, integers only
] as const;

/** Two arguments of one dtype, result bool. IEEE: every comparison with NaN is false, except ne. */
export const compareOps = ["eq", "ne", "lt", "le", "gt", "ge"] as const;

export type UnaryOp = (typeof unaryOps)[number];
export type BinaryOp = (typeof binaryOps)[number];
export type CompareOp = (typeof compareOps)[number];

/**
 * All operations. Besides the three groups above:
 * - `input`: operand number `value`
 * - `const`: the number `value`
 * - `cast`: to `dtype` (float to integer truncates, and gives the smallest integer where it cannot, as x86 does; to
 *   uint8, the low byte of that as an int64; anything to bool is `!= 0`)
 * - `select`: args (bool condition, a, b)
 * - `fma`: a * b + c, rounded once where the machine can (PyTorch's vectorised `a + alpha * b` does)
 */
export type ScalarOp = UnaryOp | BinaryOp | CompareOp | "input" | "const" | "cast" | "select" | "fma";

/** A node of an expression graph; graphs share nodes (a node used twice is computed once). */
export interface Expr {
  readonly op: ScalarOp;
  readonly dtype: DType;
  readonly args: readonly Expr[];
  /** The constant, or the operand's number; 0 otherwise. */
  readonly value: number;
}

type Arg = Expr | number;

/** Nodes that one builder makes at most: numbers of three arguments fit into one number. */
const mostNodes = 2 ** 17;

/** Builds expressions; equal subexpressions become one node. Numbers become constants of the other operand's dtype. */
export class ExprBuilder {
  /** By operation and dtype, then by value or the numbers of the arguments. */
  readonly #nodes = new Map<string, Map<number, Expr>>();
  readonly #ids = new Map<Expr, number>();

  #make(op: ScalarOp, dtype: DType, args: readonly Expr[], value = 0): Expr {
    const kind = Object.is(value, -0) ? `${op} ${dtype} -0` : `${op} ${dtype}`;
    let nodes = this.#nodes.get(kind);
    if (!nodes) this.#nodes.set(kind, (nodes = new Map()));
    let key = value;
    if (args.length > 0) {
      key = 0;
      for (const arg of args) key = key * mostNodes + (this.#ids.get(arg) ?? this.#foreign());
    }
    let node = nodes.get(key);
    if (!node) {
      node = { op, dtype, args, value };
      nodes.set(key, node);
      if (this.#ids.size === mostNodes) throw new Error("ExprBuilder: too many nodes");
      this.#ids.set(node, this.#ids.size);
    }
    return node;
  }

  #foreign(): never {
    throw new Error("ExprBuilder: an argument was made by another builder");
  }

  #pair(a: Arg, b: Arg): [Expr, Expr] {
    if (typeof a !== "number") return [a, typeof b === "number" ? this.const(b, a.dtype) : b];
    if (typeof b !== "number") return [this.const(a, b.dtype), b];
    throw new Error("ExprBuilder: at least one operand must be an expression");
  }

  /** A node like another one, over other arguments. */
  copy({ op, dtype, value }: Expr, args: readonly Expr[]): Expr {
    return this.#make(op, dtype, args, value);
  }
  input(index: number, dtype: DType): Expr {
    return this.#make("input", dtype, [], index);
  }
  const(value: number, dtype: DType): Expr {
    return this.#make("const", dtype, [], value);
  }
  cast(x: Expr, dtype: DType): Expr {
    return x.dtype === dtype ? x : this.#make("cast", dtype, [x]);
  }
  unary(op: UnaryOp, x: Expr): Expr {
    return this.#make(op, x.dtype, [x]);
  }
  binary(op: BinaryOp, a: Arg, b: Arg): Expr {
    const [x, y] = this.#pair(a, b);
    return this.#make(op, x.dtype, [x, y]);
  }
  compare(op: CompareOp, a: Arg, b: Arg): Expr {
    return this.#make(op, "bool", this.#pair(a, b));
  }
  select(condition: Expr, a: Arg, b: Arg): Expr {
    const [x, y] = this.#pair(a, b);
    return this.#make("select", x.dtype, [condition, x, y]);
  }
  fma(a: Arg, b: Expr, c: Arg): Expr {
    const wrap = (v: Arg): Expr => (typeof v === "number" ? this.const(v, b.dtype) : v);
    return this.#make("fma", b.dtype, [wrap(a), b, wrap(c)]);
  }

  neg = (x: Expr): Expr => this.unary("neg", x);
  abs = (x: Expr): Expr => this.unary("abs", x);
  floor = (x: Expr): Expr => this.unary("floor", x);
  ceil = (x: Expr): Expr => this.unary("ceil", x);
  trunc = (x: Expr): Expr => this.unary("trunc", x);
  round = (x: Expr): Expr => this.unary("round", x);
  sqrt = (x: Expr): Expr => this.unary("sqrt", x);
  exp = (x: Expr): Expr => this.unary("exp", x);
  expm1 = (x: Expr): Expr => this.unary("expm1", x);
  log = (x: Expr): Expr => this.unary("log", x);
  log1p = (x: Expr): Expr => this.unary("log1p", x);
  sin = (x: Expr): Expr => this.unary("sin", x);
  cos = (x: Expr): Expr => this.unary("cos", x);
  tanh = (x: Expr): Expr => this.unary("tanh", x);
  atan = (x: Expr): Expr => this.unary("atan", x);
  erf = (x: Expr): Expr => this.unary("erf", x);
  cdf = (x: Expr): Expr => this.unary("cdf", x);
  not = (x: Expr): Expr => this.unary("not", x);
  add = (a: Arg, b: Arg): Expr => this.binary("add", a, b);
  sub = (a: Arg, b: Arg): Expr => this.binary("sub", a, b);
  mul = (a: Arg, b: Arg): Expr => this.binary("mul", a, b);
  div = (a: Arg, b: Arg): Expr => this.binary("div", a, b);
  idiv = (a: Arg, b: Arg): Expr => this.binary("idiv", a, b);
  fmod = (a: Arg, b: Arg): Expr => this.binary("fmod", a, b);
  pow = (a: Arg, b: Arg): Expr => this.binary("pow", a, b);
  atan2 = (a: Arg, b: Arg): Expr => this.binary("atan2", a, b);
  max = (a: Arg, b: Arg): Expr => this.binary("max", a, b);
  min = (a: Arg, b: Arg): Expr => this.binary("min", a, b);
  and = (a: Arg, b: Arg): Expr => this.binary("and", a, b);
  or = (a: Arg, b: Arg): Expr => this.binary("or", a, b);
  xor = (a: Arg, b: Arg): Expr => this.binary("xor", a, b);
  shl = (a: Arg, b: Arg): Expr => this.binary("shl", a, b);
  shr = (a: Arg, b: Arg): Expr => this.binary("shr", a, b);
  eq = (a: Arg, b: Arg): Expr => this.compare("eq", a, b);
  ne = (a: Arg, b: Arg): Expr => this.compare("ne", a, b);
  lt = (a: Arg, b: Arg): Expr => this.compare("lt", a, b);
  le = (a: Arg, b: Arg): Expr => this.compare("le", a, b);
  gt = (a: Arg, b: Arg): Expr => this.compare("gt", a, b);
  ge = (a: Arg, b: Arg): Expr => this.compare("ge", a, b);
}
