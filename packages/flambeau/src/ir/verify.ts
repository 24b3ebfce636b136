// Checks that a kernel nest keeps the rules of scalar.ts and nest.ts, so that backends need not. On in tests.
// Floor L1 (ir).

import type { DType } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import type { CombineOp, Nest, OperandSpec } from "./nest.ts";
import { combineOps, maxOperands } from "./nest.ts";
import type { RowNest } from "./row.ts";
import { rowInput } from "./row.ts";
import type { BinaryOp, CompareOp, Expr, UnaryOp } from "./scalar.ts";
import { compareOps } from "./scalar.ts";

type Kind = "bool" | "int" | "float";

/** The kinds of element that each operation takes; its result has the dtype of its arguments. */
const legalKinds: { readonly [Op in UnaryOp | BinaryOp]: readonly Kind[] } = {
  neg: ["int", "float"],
  abs: ["int", "float"],
  floor: ["float"],
  ceil: ["float"],
  trunc: ["float"],
  round: ["float"],
  sqrt: ["float"],
  exp: ["float"],
  expm1: ["float"],
  log: ["float"],
  log1p: ["float"],
  sin: ["float"],
  cos: ["float"],
  tanh: ["float"],
  atan: ["float"],
  erf: ["float"],
  cdf: ["float"],
  not: ["bool", "int"],
  add: ["bool", "int", "float"],
  sub: ["int", "float"],
  mul: ["bool", "int", "float"],
  div: ["float"],
  idiv: ["int"],
  fmod: ["int", "float"],
  pow: ["float"],
  atan2: ["float"],
  max: ["bool", "int", "float"],
  min: ["bool", "int", "float"],
  and: ["bool", "int"],
  or: ["bool", "int"],
  xor: ["bool", "int"],
  shl: ["int"],
  shr: ["int"],
};

const unary: ReadonlySet<string> = new Set(
  "neg abs floor ceil trunc round sqrt exp expm1 log log1p sin cos tanh atan erf cdf not".split(" "),
);

/** The kinds that can be combined in each way. */
const legalCombine: { readonly [Op in CombineOp]: readonly Kind[] } = {
  sum: ["int", "float"],
  prod: ["int", "float"],
  max: ["bool", "int", "float"],
  min: ["bool", "int", "float"],
  and: ["bool", "int"],
  or: ["bool", "int"],
};

const integerRange: { readonly [D in DType]?: readonly [number, number] } = {
  bool: [0, 1],
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 1],
};

const isCompare = (op: string): op is CompareOp => (compareOps as readonly string[]).includes(op);
const isDType = (dtype: unknown): dtype is DType => typeof dtype === "string" && Object.hasOwn(dtypes, dtype);

/** One expression of a nest: what its inputs are, and where it stands. */
class Checker {
  readonly #nest: string;
  readonly #inputs: readonly (DType | undefined)[];
  /** Finished nodes; those that are still being visited are in the other set. */
  readonly #done = new Set<Expr>();
  readonly #open = new Set<Expr>();

  constructor(nest: string, inputs: readonly (DType | undefined)[]) {
    this.#nest = nest;
    this.#inputs = inputs;
  }

  #fail(node: Expr, path: string, rule: string): never {
    throw new Error(`${this.#nest}: ${path} (${node.op}: ${node.dtype}): ${rule}`);
  }

  check(node: Expr, path: string): void {
    if (this.#done.has(node)) return;
    const fail = (rule: string): never => this.#fail(node, path, rule);
    if (this.#open.has(node)) fail("the expression contains itself");
    if (!isDType(node.dtype)) fail(`unknown dtype ${String(node.dtype)}`);
    this.#open.add(node);
    node.args.forEach((arg, i) => {
      this.check(arg, `${path}.args[${i}]`);
    });
    this.#open.delete(node);
    this.#node(node, fail);
    this.#done.add(node);
  }

  #node(node: Expr, fail: (rule: string) => never): void {
    const { op, dtype, args, value } = node;
    const arity = (n: number): void => {
      if (args.length !== n) fail(`expected ${n} argument${n === 1 ? "" : "s"}, got ${args.length}`);
    };
    const sameAs = (wanted: DType, from: number): void => {
      for (let i = from; i < args.length; i++)
        if (args[i]!.dtype !== wanted) fail(`argument ${i} is ${args[i]!.dtype}, expected ${wanted}`);
    };
    if (op !== "input" && op !== "const" && value !== 0)
      fail(`the value must be 0 in anything but input and const, got ${value}`);
    if (op === "input") {
      arity(0);
      const declared = this.#inputs[value];
      if (declared === undefined) fail(`input ${value} is out of range: there are ${this.#inputs.length}`);
      else if (declared !== dtype) fail(`input ${value} is declared as ${declared}`);
    } else if (op === "const") {
      arity(0);
      const range = integerRange[dtype];
      if (typeof value !== "number") fail(`the value must be a number, got ${typeof value}`);
      if (range && !(Number.isInteger(value) && value >= range[0] && value <= range[1]))
        fail(`${value} is not a value of ${dtype}`);
    } else if (op === "cast") arity(1);
    else if (op === "select") {
      arity(3);
      if (args[0]!.dtype !== "bool") fail(`the condition must be bool, got ${args[0]!.dtype}`);
      sameAs(dtype, 1);
    } else if (op === "fma") {
      arity(3);
      if (dtype === "bool") fail("bool is not a legal dtype");
      sameAs(dtype, 0);
    } else if (isCompare(op)) {
      arity(2);
      if (dtype !== "bool") fail("a comparison gives bool");
      sameAs(args[0]!.dtype, 1);
    } else if (Object.hasOwn(legalKinds, op)) {
      arity(unary.has(op) ? 1 : 2);
      if (!legalKinds[op].includes(dtypes[dtype].kind)) fail(`${dtype} is not a legal dtype`);
      sameAs(dtype, 0);
    } else fail("unknown operation");
  }
}

/**
 * Throws unless `expr`, which stands at `path` of what `name` says, keeps the rules of scalar.ts; input i has the dtype
 * `inputs[i]`, or must not be looked at where that is undefined.
 */
export function verifyExpr(
  name: string,
  expr: Expr,
  path: string,
  inputs: readonly (DType | undefined)[],
): void {
  new Checker(name, inputs).check(expr, path);
}

/** Throws unless values of the dtype can be combined in that way. */
export function verifyCombine(name: string, combine: CombineOp, dtype: DType): void {
  if (!combineOps.includes(combine)) throw new Error(`${name}: unknown combination ${String(combine)}`);
  if (!legalCombine[combine].includes(dtypes[dtype].kind))
    throw new Error(`${name}: ${combine} does not take ${dtype}`);
}

/**
 * Throws unless a row nest keeps the rules of the IR: those of {@link verifyNest}, and that expressions look at earlier
 * stages only, at kept values only where they are kept, and `values` at nothing per element.
 */
export function verifyRowNest(nest: RowNest): void {
  const name = `row nest "${nest.name}"`;
  nest.operands.forEach(({ dtype, layout }, i) => {
    if (!isDType(dtype)) throw new Error(`${name}: operand ${i}: unknown dtype ${String(dtype)}`);
    if (!["full", "column", "row", "scalar"].includes(layout))
      throw new Error(`${name}: operand ${i}: unknown layout ${String(layout)}`);
  });
  if (nest.maps.length + nest.values.length + nest.sums.length === 0) throw new Error(`${name}: no results`);
  const inputsAfter = (stages: number, perElement: boolean): (DType | undefined)[] =>
    Array.from({ length: nest.operands.length + 2 * stages }, (_, i) => {
      const input = rowInput(nest, i);
      return input && (perElement || !input.perElement) ? input.dtype : undefined;
    });
  nest.stages.forEach(({ body, combine }, s) => {
    verifyExpr(name, body, `stages[${s}].body`, inputsAfter(s, true));
    verifyCombine(name, combine, body.dtype);
  });
  const all = nest.stages.length;
  nest.maps.forEach((body, i) => {
    verifyExpr(name, body, `maps[${i}]`, inputsAfter(all, true));
  });
  nest.values.forEach((body, i) => {
    verifyExpr(name, body, `values[${i}]`, inputsAfter(all, false));
  });
  nest.sums.forEach((body, i) => {
    verifyExpr(name, body, `sums[${i}]`, inputsAfter(all, true));
    verifyCombine(name, "sum", body.dtype);
  });
}

function checkOperands(nest: string, operands: readonly OperandSpec[]): void {
  if (operands.length > maxOperands)
    throw new Error(`${nest}: ${operands.length} operands, at most ${maxOperands} are allowed`);
  operands.forEach(({ dtype, scalar }, i) => {
    if (!isDType(dtype)) throw new Error(`${nest}: operand ${i}: unknown dtype ${String(dtype)}`);
    if (typeof scalar !== "boolean") throw new Error(`${nest}: operand ${i}: scalar must be true or false`);
  });
}

/**
 * Throws unless `nest` keeps the rules of the IR: arguments in number and dtype, dtypes that an operation takes,
 * inputs as declared, constants that their dtype holds, a legal combination, no cycles.
 *
 * @throws Error naming the nest, the node (as a path from its root) and the rule
 */
export function verifyNest(nest: Nest): void {
  const name = `${nest.kind} nest "${nest.name}"`;
  if (nest.kind === "map") {
    checkOperands(name, nest.operands);
    const inputs = nest.operands.map((o) => o.dtype);
    verifyExpr(name, nest.body, "body", inputs);
    return;
  }
  if (nest.kind !== "reduce") throw new Error(`${name}: the kind must be "map" or "reduce"`);
  if (!isDType(nest.input)) throw new Error(`${name}: unknown input dtype ${String(nest.input)}`);
  verifyExpr(name, nest.body, "body", [nest.input]);
  const { dtype } = nest.body;
  verifyCombine(name, nest.combine, dtype);
  // The combined value, and the number of elements in the same dtype.
  if (nest.post) verifyExpr(name, nest.post, "post", [dtype, dtype]);
}
