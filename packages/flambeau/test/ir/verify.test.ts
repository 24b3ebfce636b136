// The verifier: what it lets pass, and the message for each rule that a nest can break.

import { describe, expect, test } from "vitest";
import type { DType } from "../../src/base/dtype.ts";
import type { MapNest, Nest, OperandSpec, ReduceNest } from "../../src/ir/nest.ts";
import { combineOps } from "../../src/ir/nest.ts";
import type { RowNest } from "../../src/ir/row.ts";
import { RowBuilder } from "../../src/ir/row.ts";
import type { BinaryOp, Expr, ScalarOp, UnaryOp } from "../../src/ir/scalar.ts";
import { binaryOps, compareOps, ExprBuilder, unaryOps } from "../../src/ir/scalar.ts";
import { verifyNest, verifyRowNest } from "../../src/ir/verify.ts";

const all: readonly DType[] = ["bool", "uint8", "int32", "int64", "float32", "float64"];
const array = (dtype: DType): OperandSpec => ({ dtype, scalar: false });
const map = (body: Expr, ...operands: DType[]): MapNest => ({
  kind: "map",
  name: "op",
  operands: operands.map(array),
  body,
});
const reduce = (body: Expr, extra: Partial<ReduceNest> = {}): ReduceNest => ({
  kind: "reduce",
  name: "op",
  input: "float32",
  combine: "sum",
  post: null,
  body,
  ...extra,
});
/** A node that the builder would not make. */
const node = (op: string, dtype: DType, args: readonly Expr[] = [], value = 0): Expr => ({
  op: op as ScalarOp,
  dtype,
  args,
  value,
});
const input = (index: number, dtype: DType): Expr => node("input", dtype, [], index);
const x = input(0, "float32");

const accepts = (nest: Nest): boolean => {
  try {
    verifyNest(nest);
    return true;
  } catch {
    return false;
  }
};

describe("legal nests", () => {
  test("every operation of the builder, of every legal dtype", () => {
    const k = new ExprBuilder();
    const a = k.input(0, "float32");
    const b = k.input(1, "float32");
    const chain = k.select(
      k.and(k.lt(a, b), k.not(k.eq(a, 0))),
      k.fma(a, b, 1),
      k.cast(k.gt(a, b), "float32"),
    );
    verifyNest(map(chain, "float32", "float32"));
    verifyNest(map(k.const(2.5, "float64")));
  });

  test("floats take no bitwise operations, integers no transcendental ones, bools only logic", () => {
    const takes = (op: UnaryOp | BinaryOp, arity: number): string =>
      all
        .filter((d) =>
          accepts(
            map(
              node(
                op,
                d,
                Array.from({ length: arity }, () => input(0, d)),
              ),
              d,
            ),
          ),
        )
        .join(" ");
    const table = Object.fromEntries([
      ...unaryOps.map((op) => [op, takes(op, 1)]),
      ...binaryOps.map((op) => [op, takes(op, 2)]),
    ]);
    const floats = "float32 float64";
    const ints = "uint8 int32 int64";
    expect(table).toEqual({
      ...Object.fromEntries(
        [
          "floor",
          "ceil",
          "trunc",
          "round",
          "sqrt",
          "exp",
          "expm1",
          "log",
          "log1p",
          "sin",
          "cos",
          "tanh",
          "atan",
          "erf",
          "cdf",
          "div",
          "pow",
          "atan2",
        ].map((op) => [op, floats]),
      ),
      ...Object.fromEntries(["neg", "abs", "sub", "fmod"].map((op) => [op, `${ints} ${floats}`])),
      ...Object.fromEntries(["add", "mul", "max", "min"].map((op) => [op, `bool ${ints} ${floats}`])),
      ...Object.fromEntries(["not", "and", "or", "xor"].map((op) => [op, `bool ${ints}`])),
      ...Object.fromEntries(["idiv", "shl", "shr"].map((op) => [op, ints])),
    });
  });

  test("comparisons, casts and select take all dtypes", () => {
    for (const d of all) {
      for (const op of compareOps) verifyNest(map(node(op, "bool", [input(0, d), input(0, d)]), d));
      for (const to of all) verifyNest(map(node("cast", to, [input(0, d)]), d));
      verifyNest(map(node("select", d, [input(1, "bool"), input(0, d), input(0, d)]), d, "bool"));
    }
  });

  test("reductions", () => {
    for (const combine of combineOps) {
      const dtypes = all.filter((d) => accepts(reduce(input(0, d), { combine, input: d })));
      expect([combine, dtypes.length]).toEqual([
        combine,
        { sum: 5, prod: 5, max: 6, min: 6, and: 4, or: 4 }[combine],
      ]);
    }
    const k = new ExprBuilder();
    verifyNest(reduce(x, { post: k.div(k.input(0, "float32"), k.input(1, "float32")) }));
    verifyNest(reduce(node("cast", "bool", [x]), { combine: "or" }));
  });
});

describe("what is refused, and how", () => {
  const loop = { op: "neg", dtype: "float32", args: [] as Expr[], value: 0 } as const;
  loop.args.push(loop);
  const cases: readonly [string, Nest, string][] = [
    ["missing argument", map(node("add", "float32", [x]), "float32"), "expected 2 arguments, got 1"],
    ["extra argument", map(node("neg", "float32", [x, x]), "float32"), "expected 1 argument, got 2"],
    ["argument of an input", map(node("input", "float32", [x]), "float32"), "expected 0 arguments, got 1"],
    [
      "other dtype",
      map(node("add", "float32", [x, input(1, "int32")]), "float32", "int32"),
      "argument 1 is int32, expected float32",
    ],
    ["other result", map(node("neg", "float64", [x]), "float32"), "argument 0 is float32, expected float64"],
    [
      "compared with another dtype",
      map(node("lt", "bool", [x, input(1, "int32")]), "float32", "int32"),
      "argument 1 is int32, expected float32",
    ],
    ["comparison that is no bool", map(node("lt", "float32", [x, x]), "float32"), "a comparison gives bool"],
    ["illegal dtype", map(node("exp", "int32", [input(0, "int32")]), "int32"), "int32 is not a legal dtype"],
    [
      "fma of bool",
      map(node("fma", "bool", [input(0, "bool"), input(0, "bool"), input(0, "bool")]), "bool"),
      "bool is not a legal dtype",
    ],
    [
      "condition",
      map(node("select", "float32", [x, x, x]), "float32"),
      "the condition must be bool, got float32",
    ],
    [
      "branches",
      map(
        node("select", "float32", [input(1, "bool"), x, input(2, "float64")]),
        "float32",
        "bool",
        "float64",
      ),
      "argument 2 is float64, expected float32",
    ],
    ["input out of range", map(input(1, "float32"), "float32"), "input 1 is out of range: there are 1"],
    ["input of another dtype", map(input(0, "int32"), "float32"), "input 0 is declared as float32"],
    ["input that is no index", map(input(0.5, "float32"), "float32"), "input 0.5 is out of range"],
    ["constant out of range", map(node("const", "uint8", [], 256)), "256 is not a value of uint8"],
    ["constant with a fraction", map(node("const", "int32", [], 0.5)), "0.5 is not a value of int32"],
    ["constant NaN", map(node("const", "int64", [], Number.NaN)), "NaN is not a value of int64"],
    ["constant bool", map(node("const", "bool", [], 2)), "2 is not a value of bool"],
    [
      "a value elsewhere",
      map(node("neg", "float32", [x], 3), "float32"),
      "the value must be 0 in anything but input and const, got 3",
    ],
    ["unknown operation", map(node("gelu", "float32", [x]), "float32"), "unknown operation"],
    ["name of Object", map(node("toString", "float32", [x]), "float32"), "unknown operation"],
    ["unknown dtype", map(node("neg", "float16" as DType, [x]), "float32"), "unknown dtype float16"],
    ["cycle", map(loop, "float32"), "the expression contains itself"],
    [
      "too many operands",
      map(x, "float32", "bool", "bool", "bool", "bool"),
      "5 operands, at most 4 are allowed",
    ],
    ["dtype of an operand", map(x, "half" as DType), "operand 0: unknown dtype half"],
    [
      "scalar flag",
      { ...map(x), operands: [{ dtype: "float32" } as OperandSpec] },
      "operand 0: scalar must be true or false",
    ],
    ["kind", { ...reduce(x), kind: "scan" } as unknown as Nest, 'the kind must be "map" or "reduce"'],
    ["second input of a reduction", reduce(input(1, "float32")), "input 1 is out of range: there are 1"],
    ["input of a reduction", reduce(x, { input: "int32" }), "input 0 is declared as int32"],
    ["dtype of a reduction", reduce(x, { input: "f32" as DType }), "unknown input dtype f32"],
    ["combination", reduce(x, { combine: "mean" as "sum" }), "unknown combination mean"],
    ["combination and dtype", reduce(x, { combine: "and" }), "and does not take float32"],
    ["post in another dtype", reduce(x, { post: input(0, "float64") }), "input 0 is declared as float32"],
    ["third input of post", reduce(x, { post: input(2, "float32") }), "input 2 is out of range: there are 2"],
  ];
  test.each(cases)("%s", (_, nest, message) => {
    expect(() => verifyNest(nest)).toThrow(message);
  });

  test("the message names the nest, the node and the rule", () => {
    const bad = node("add", "float32", [x, node("exp", "int32", [input(1, "int32")])]);
    expect(() => verifyNest(map(bad, "float32", "int32"))).toThrow(
      'map nest "op": body.args[1] (exp: int32): int32 is not a legal dtype',
    );
    expect(() => verifyNest(reduce(x, { post: node("neg", "float32", []) }))).toThrow(
      'reduce nest "op": post (neg: float32)',
    );
  });

  test("shared nodes are visited once", () => {
    const k = new ExprBuilder();
    let e = k.input(0, "float32");
    for (let i = 0; i < 60; i++) e = k.add(e, e);
    verifyNest(map(e, "float32"));
  });
});

describe("row nests", () => {
  const softmax = (): RowNest => {
    const nest = new RowBuilder("op");
    const { k } = nest;
    const x = nest.operand("full", "float32");
    const { total, kept } = nest.reduceKept("sum", k.exp(k.sub(x, nest.reduce("max", x))));
    nest.map(k.div(kept, total));
    nest.value(k.log(total));
    return nest.finish();
  };
  const stage = (body: Expr, kept = false): RowNest["stages"][number] => ({ combine: "sum", body, kept });

  test("what the builder writes is legal", () => {
    verifyRowNest(softmax());
  });

  const k = new ExprBuilder();
  const ones = k.gt(k.input(0, "float32"), 0);
  const cases: readonly (readonly [string, Partial<RowNest>, string])[] = [
    ["a stage that looks at itself", { stages: [stage(input(1, "float32"))] }, "stages[0].body"],
    [
      "values that were not kept",
      { stages: [stage(x)], maps: [input(2, "float32")] },
      "input 2 is out of range",
    ],
    [
      "a value per element in a value",
      { values: [x] },
      "values[0] (input: float32): input 0 is out of range",
    ],
    ["the dtype of a stage", { stages: [stage(x)], maps: [input(1, "int32")] }, "declared as float32"],
    ["the combination", { stages: [{ ...stage(x), combine: "and" }] }, "and does not take float32"],
    ["a sum over rows of bools", { sums: [ones] }, "sum does not take bool"],
    ["no results", { maps: [], values: [] }, "no results"],
    ["the layout", { operands: [{ dtype: "float32", layout: "cell" as "row" }] }, "unknown layout cell"],
  ];
  test.each(cases)("%s", (_, change, message) => {
    const nest: RowNest = {
      kind: "row",
      name: "op",
      operands: [{ dtype: "float32", layout: "full" }],
      stages: [],
      maps: [x],
      values: [],
      sums: [],
      ...change,
    };
    expect(() => verifyRowNest(nest)).toThrow(message);
  });
});
