// Decoding of recorded values, and the parsers of Python expressions and signatures.

import * as torch from "flambeau";
import { describe, expect, it } from "vitest";
import { parsePython } from "../src/python.ts";
import { reflect } from "../src/reflect.ts";
import { canonicalKeywords, chooseSignature, parseSignature, signaturesOf } from "../src/signatures.ts";
import type { RecordedTensor } from "../src/values.ts";
import { decode, decodeTensor, dropped, inputsOf, isTuple, needsInt64, Unsupported } from "../src/values.ts";

const tensor = (
  dtype: string,
  data: RecordedTensor["data"],
  shape: readonly number[] = [data?.length ?? 0],
): RecordedTensor => ({
  shape,
  dtype,
  data,
});

describe("decode", () => {
  it("keeps what JSON says directly", () => {
    expect(decode([null, true, "text", 3, [1]])).toEqual([null, true, "text", 3, [1]]);
  });
  it("reads tagged numbers", () => {
    expect(decode({ $float: 2.5 })).toBe(2.5);
    expect(decode({ $float: "nan" })).toBeNaN();
    expect(decode({ $float: "-inf" })).toBe(Number.NEGATIVE_INFINITY);
    expect(decode({ $int: "9223372036854775807" })).toBe(9223372036854775807n);
  });
  it("tells tuples from lists", () => {
    expect(decode({ $tuple: [1, { $float: 2 }] })).toEqual([1, 2]);
    expect(isTuple(decode({ $tuple: [] }))).toBe(true);
    expect(isTuple(decode([]))).toBe(false);
  });
  it("reads indices, dtypes, dicts and functions", () => {
    expect(decode({ $slice: [null, -1, null] })).toEqual({ start: null, end: -1, step: 1 });
    expect(decode({ $ellipsis: true })).toBe("...");
    expect(decode({ $dtype: "float32" })).toBe("float32");
    expect(decode({ $device: "cpu" })).toBe(dropped);
    expect(decode({ $dict: { a: { $float: 1 } } })).toEqual({ a: 1 });
    expect((decode({ $lambda: "epoch => epoch * 2" }) as (e: number) => number)(4)).toBe(8);
  });
  it("refuses tags that it does not know", () => {
    expect(() => decode({ $quantized: 1 })).toThrow(Unsupported);
  });
});

describe("decodeTensor", () => {
  it.each([
    [
      "float32",
      [0.1, -0, "nan", "inf", "-inf"],
      [Math.fround(0.1), -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ],
    ["float64", [0.1], [0.1]],
    ["int32", [-3], [-3]],
    ["bool", [true, false], [1, 0]],
  ] as const)("%s", (dtype, data, expected) => {
    const t = decodeTensor(tensor(dtype, data));
    expect(t.dtype).toBe(dtype);
    expect([...t.toTypedArray()]).toEqual(expected);
  });
  it("makes int64 our default integer, unless the values or the case need more", () => {
    expect(decodeTensor(tensor("int64", [1, -2])).dtype).toBe("int32");
    expect(decodeTensor(tensor("int64", [1]), { int64: true }).dtype).toBe("int64");
    const wide = decodeTensor(tensor("int64", ["9223372036854775807", 1]));
    expect(wide.dtype).toBe("int64");
    expect(wide.toTypedArray()[0]).toBe(9223372036854775807n);
    expect(needsInt64([{ a: tensor("int64", [2 ** 31]) }])).toBe(true);
    expect(needsInt64([tensor("int64", [2 ** 31 - 1])])).toBe(false);
  });
  it("takes shapes without elements, without dimensions, without data", () => {
    expect(decodeTensor(tensor("float32", [], [2, 0])).shape).toEqual([2, 0]);
    expect(decodeTensor(tensor("float32", [7], [])).item()).toBe(7);
    expect(decodeTensor(tensor("float32", null, [2, 3])).shape).toEqual([2, 3]);
  });
  it("marks leaves", () => {
    expect(decodeTensor({ ...tensor("float32", [1]), requires_grad: true }).requiresGrad).toBe(true);
  });
  it("refuses other dtypes", () => {
    expect(() => decodeTensor(tensor("complex64", [1]))).toThrow(Unsupported);
  });
});

describe("inputsOf", () => {
  it("walks arguments first, then keywords, depth first", () => {
    const [a, b, c] = [torch.zeros(1), torch.zeros(2), torch.zeros(3)];
    const found = inputsOf([[a, 1], "x"], { k: [b], l: c });
    expect(found.map((x) => [a, b, c].indexOf(x as never))).toEqual([0, 1, 2]);
  });
});

describe("parsePython", () => {
  it("reads the calls of the fixtures", () => {
    expect(parsePython("args[0].view(*args[1:], **kwargs)")).toMatchObject({
      kind: "call",
      callee: { kind: "attribute", name: "view", object: { kind: "subscript" } },
      args: [
        { spread: "*", value: { kind: "subscript", index: { kind: "slice", end: null } } },
        { spread: "**", value: { kind: "name", name: "kwargs" } },
      ],
    });
    expect(parsePython("args[0][args[1]]")).toMatchObject({
      kind: "subscript",
      index: { kind: "subscript" },
    });
    expect(parsePython("args[0].T")).toMatchObject({ kind: "attribute", name: "T" });
  });
  it("knows literals, keywords and tuples", () => {
    expect(parsePython("f(10, (4,), x=[0.5, -1e-3], y='a', z=None)")).toMatchObject({
      args: [
        { value: { value: 10 } },
        { value: { kind: "tuple", items: [{ value: 4 }] } },
        { keyword: "x", value: { kind: "list" } },
        { keyword: "y", value: { value: "a" } },
        { keyword: "z", value: { value: null } },
      ],
    });
    expect(parsePython("(1)")).toEqual({ kind: "constant", value: 1 });
  });
  it("groups operators as Python does", () => {
    expect(parsePython("-a ** b")).toMatchObject({ kind: "negative", operand: { operator: "**" } });
    expect(parsePython("a + b * c")).toMatchObject({ operator: "+", right: { operator: "*" } });
    expect(parsePython("a - b - c")).toMatchObject({ operator: "-", left: { operator: "-" } });
  });
  it.each(["", "f(", "f(a b)", "a if b else c", "a[1", "lambda x: x", "x = 1"])("refuses %j", (text) => {
    expect(() => parsePython(text)).toThrow(SyntaxError);
  });
});

describe("signatures", () => {
  it("reads PyTorch's notation", () => {
    expect(parseSignature("(Tensor self, int[1]? dim=None, *, ScalarType? dtype=None)")).toMatchObject([
      { name: "input", type: "Tensor", keywordOnly: false, optional: false },
      { name: "dim", type: "int[1]?", keywordOnly: false, optional: true },
      { name: "dtype", keywordOnly: true },
    ]);
    expect(parseSignature("(equation, *operands)")).toMatchObject([
      { name: "equation" },
      { name: "operands", variadic: true },
    ]);
  });
  it("chooses an overload by number, names and types", () => {
    const x = torch.zeros(2);
    const names = (args: unknown[], kwargs: Record<string, unknown> = {}): string[] | undefined =>
      chooseSignature(signaturesOf("max"), args, canonicalKeywords(kwargs))?.map((p) => p.name);
    expect(names([x])).toEqual(["input"]);
    expect(names([x, x])).toEqual(["input", "other"]);
    expect(names([x, 1])).toEqual(["input", "dim", "keepdim"]);
    expect(names([x], { axis: 0 })).toEqual(["input", "dim", "keepdim"]);
  });
});

describe("reflect", () => {
  it("reads parameter lists from functions and classes", () => {
    expect(reflect((a: number, b: number) => a + b)).toEqual({ positional: 2, options: false });
    expect(reflect((x: number, p = Math.max(1, 2), options: object = {}) => [x, p, options])).toEqual({
      positional: 2,
      options: true,
    });
    expect(reflect((x: number, { y = 1 }: { y?: number } = {}) => x + y)).toEqual({
      positional: 1,
      options: true,
    });
    expect(reflect((...args: number[]) => args)).toEqual({ positional: null, options: false });
    class Base {
      readonly options: object;
      constructor(_size: number, options: object = {}) {
        this.options = options;
      }
    }
    class Derived extends Base {}
    expect(reflect(Derived as never)).toEqual({ positional: 1, options: true });
  });
  it("sees through the wrapper of an op", () => {
    expect(reflect(torch.sum as never)).toEqual({ positional: 2, options: true });
  });
});
