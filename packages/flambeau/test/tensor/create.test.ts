// Creation of tensors: values, dtypes, types and errors. Expectations follow PyTorch 1.13 unless a comment says not.

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import type { DType } from "../../src/base/dtype.ts";
import { setDefaultDType } from "../../src/base/dtype.ts";
import { asTensor, empty, eye, fromTypedArray, full, ones, tensor, zeros } from "../../src/tensor/create.ts";
import { arange, linspace, logspace } from "../../src/tensor/range.ts";
import type { AnyTensor, Tensor } from "../../src/tensor/tensor.ts";

afterEach(() => setDefaultDType("float32"));

const look = (t: AnyTensor): [number[], DType, (number | bigint)[]] => [
  [...t.shape],
  t.dtype,
  [...t.storage.data],
];

describe("tensor", () => {
  test("infers shape and dtype", () => {
    expect(look(tensor([[1.5, 2]]))).toEqual([[1, 2], "float32", [1.5, 2]]);
    expect(look(tensor([1, 2, 3]))).toEqual([[3], "int32", [1, 2, 3]]);
    expect(look(tensor(true))).toEqual([[], "bool", [1]]);
    expect(look(tensor([1n]))).toEqual([[1], "int64", [1n]]);
    expect(look(tensor([]))).toEqual([[0], "float32", []]);
  });

  test("takes a dtype", () => {
    expect(look(tensor([1, 2], { dtype: "float32" }))).toEqual([[2], "float32", [1, 2]]);
    expect(look(tensor([3e9], { dtype: "int64" }))).toEqual([[1], "int64", [3000000000n]]);
    // @ts-expect-error: not a dtype
    expect(() => tensor([1], { dtype: "float16" })).toThrow("expected a dtype");
  });

  test("records on request, floats only", () => {
    expect(tensor(2.5, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(tensor(2.5).requiresGrad).toBe(false);
    expect(() => tensor(2, { requiresGrad: true })).toThrow("only Tensors of floating point dtype");
  });

  test("copies typed arrays and tensors, without history", () => {
    const a = Float32Array.of(1, 2);
    const t = tensor(a);
    a[0] = 9;
    expect(look(t)).toEqual([[2], "float32", [1, 2]]);
    const source = tensor([1.5], { requiresGrad: true });
    const copy = tensor(source);
    expect(copy.storage).not.toBe(source.storage);
    expect(copy.requiresGrad).toBe(false);
  });

  test("asTensor and fromTypedArray share", () => {
    const a = Float32Array.of(1, 2, 3, 4);
    expect(asTensor(a).storage.data).toBe(a);
    const t = fromTypedArray(a, [2, 2]);
    a[3] = 9;
    expect(look(t)).toEqual([[2, 2], "float32", [1, 2, 3, 9]]);
    expect(asTensor(t)).toBe(t);
    expect(look(asTensor(Int32Array.of(1), { dtype: "float32" }))).toEqual([[1], "float32", [1]]);
    expect(look(asTensor([1, 2]))).toEqual([[2], "int32", [1, 2]]);
    const part = new Uint8ClampedArray([1, 2, 3, 4]).subarray(1, 3);
    expect(look(fromTypedArray(part))).toEqual([[2], "uint8", [2, 3]]);
    const buffer = Buffer.from([5, 6]);
    const shared = fromTypedArray(buffer);
    expect(shared.storage.data.constructor).toBe(Uint8Array);
    buffer[0] = 7;
    expect(shared.storage.data[0]).toBe(7);
  });

  test("fromTypedArray refuses what it cannot share", () => {
    expect(() => fromTypedArray(Float32Array.of(1, 2, 3), [2, 2])).toThrow("shape '[2, 2]' is invalid");
    // @ts-expect-error: no dtype has 16 bits
    expect(() => fromTypedArray(Int16Array.of(1))).toThrow("torch.tensor copies");
    // @ts-expect-error: no dtype
    expect(() => fromTypedArray(Uint32Array.of(1))).toThrow("can't convert a Uint32Array");
    // @ts-expect-error: a plain array
    expect(() => fromTypedArray([1])).toThrow("expected a Float32Array");
  });
});

describe("constants", () => {
  test("shapes as numbers or an array, options last", () => {
    expect(look(zeros(2, 3))).toEqual([[2, 3], "float32", [0, 0, 0, 0, 0, 0]]);
    expect(look(zeros([2, 1], { dtype: "int32" }))).toEqual([[2, 1], "int32", [0, 0]]);
    expect(look(ones(2, { dtype: "int64" }))).toEqual([[2], "int64", [1n, 1n]]);
    expect(look(ones([]))).toEqual([[], "float32", [1]]);
    expect(look(ones([2], { dtype: "bool" }))).toEqual([[2], "bool", [1, 1]]);
    expect(look(zeros(0, 3))).toEqual([[0, 3], "float32", []]);
    expect(look(empty(2))).toEqual([[2], "float32", [0, 0]]);
    expect(ones(2, { requiresGrad: true }).requiresGrad).toBe(true);
    setDefaultDType("float64");
    expect(zeros(1).dtype as DType).toBe("float64");
  });

  test("refuses wrong sizes", () => {
    expect(() => zeros(2, -1)).toThrow("zeros: sizes must be non-negative integers, but got [2, -1]");
    expect(() => zeros(2.5)).toThrow("non-negative integers");
    // @ts-expect-error: a string
    expect(() => zeros("2")).toThrow("zeros: sizes must be numbers");
  });

  test("full takes the dtype of its value", () => {
    expect(look(full([2], 3))).toEqual([[2], "int32", [3, 3]]);
    expect(look(full([2], 2.5))).toEqual([[2], "float32", [2.5, 2.5]]);
    expect(look(full([2], true))).toEqual([[2], "bool", [1, 1]]);
    expect(look(full([2], Number.NaN))).toEqual([[2], "float32", [Number.NaN, Number.NaN]]);
    expect(look(full([1], 2.5, { dtype: "int32" }))).toEqual([[1], "int32", [2]]);
    expect(look(full([1], 5, { dtype: "bool" }))).toEqual([[1], "bool", [1]]);
    expect(look(full([], 2n ** 60n + 1n))).toEqual([[], "int64", [2n ** 60n + 1n]]);
    expect(() => full([2], 300, { dtype: "uint8" })).toThrow(
      "cannot be converted to type uint8 without overflow",
    );
    expect(() => full([2], Number.NaN, { dtype: "int32" })).toThrow("without overflow");
    expect(() => full([2], 3e9)).toThrow("does not fit int32");
    // @ts-expect-error: a number for a shape
    expect(() => full(2, 1)).toThrow("the shape must be an array");
  });

  test("eye", () => {
    expect(look(eye(2))).toEqual([[2, 2], "float32", [1, 0, 0, 1]]);
    expect(look(eye(2, 3))).toEqual([[2, 3], "float32", [1, 0, 0, 0, 1, 0]]);
    expect(look(eye(3, 2, { dtype: "int64" }))).toEqual([[3, 2], "int64", [1n, 0n, 0n, 1n, 0n, 0n]]);
    expect(look(eye(1, { dtype: "bool" }))).toEqual([[1, 1], "bool", [1]]);
    expect(look(eye(0))).toEqual([[0, 0], "float32", []]);
    expect(() => eye(-1)).toThrow("n must be greater or equal to 0, got -1");
    expect(() => eye(2, -3)).toThrow("m must be greater or equal to 0, got -3");
  });
});

interface RangeCase {
  readonly op: "arange" | "linspace" | "logspace";
  readonly args: [number, number, number];
  readonly options: { readonly dtype?: DType; readonly base?: number };
  readonly dtype: DType;
  readonly values: readonly number[];
}
const ranges = JSON.parse(
  readFileSync(new URL("./fixtures/ranges.json", import.meta.url), "utf8"),
) as RangeCase[];

describe("ranges, to the last bit as PyTorch", () => {
  test.each(ranges.map((c) => [c.op, c.args, c.options, c] as const))("%s(%s) %j", (op, args, given, c) => {
    // JSON does not tell 5 from 5.0; the fixture knows which dtype PyTorch chose.
    const options = { ...given, dtype: given.dtype ?? c.dtype };
    const functions: Record<string, (a: number, b: number, c: number, options: object) => AnyTensor> = {
      arange,
      linspace,
      logspace,
    };
    const t = functions[op]!(...args, options);
    expect(look(t)).toEqual([[c.values.length], c.dtype, [...t.storage.data]]);
    expect([...t.storage.data].map(Number)).toEqual(c.values);
  });
});

describe("arange", () => {
  test("dtype and ends", () => {
    expect(look(arange(5))).toEqual([[5], "int32", [0, 1, 2, 3, 4]]);
    expect(look(arange(1, 2.5, 0.5))).toEqual([[3], "float32", [1, 1.5, 2]]);
    expect(look(arange(5, 1, -2))).toEqual([[2], "int32", [5, 3]]);
    expect(look(arange(5, 5))).toEqual([[0], "int32", []]);
    expect(look(arange(3, { dtype: "float32" }))).toEqual([[3], "float32", [0, 1, 2]]);
    expect(look(arange(2n ** 60n, 2n ** 60n + 1n))[1]).toBe("int64");
    expect(look(arange(3n))).toEqual([[3], "int64", [0n, 1n, 2n]]);
    expect(arange(3.5, { requiresGrad: true }).requiresGrad).toBe(true);
  });

  test("errors", () => {
    expect(() => arange(5, 1)).toThrow("upper bound and larger bound inconsistent with step sign");
    expect(() => arange(1, 5, -1)).toThrow("upper bound and larger bound inconsistent with step sign");
    expect(() => arange(-0.5)).toThrow("upper bound and larger bound inconsistent with step sign");
    expect(() => arange(1, 5, 0)).toThrow("step must be nonzero");
    expect(() => arange(0, 1, Number.NaN)).toThrow("step must be nonzero");
    expect(() => arange(0, 1, 0.3, { dtype: "int32" })).toThrow("step must be nonzero");
    expect(() => arange(0, Infinity)).toThrow("unsupported range: 0 -> Infinity");
    expect(() => arange(0, 1e20)).toThrow("invalid size, possible overflow?");
    expect(() => arange(3, { dtype: "bool" })).toThrow("not implemented for 'Bool'");
    // PyTorch wraps.
    expect(() => arange(300, { dtype: "uint8" })).toThrow("to type uint8 without overflow: 299");
    expect(() => arange(2 ** 31, 2 ** 31 + 2)).toThrow("int64");
    // @ts-expect-error: no arguments
    expect(() => arange()).toThrow("expected (end)");
    // @ts-expect-error: a string
    expect(() => arange("5")).toThrow("end must be a number");
  });
});

describe("linspace and logspace", () => {
  test("number of values", () => {
    expect(look(linspace(0, 1, 0))).toEqual([[0], "float32", []]);
    expect(look(linspace(3, 4, 1))).toEqual([[1], "float32", [3]]);
    expect(look(logspace(0, 2, 0))).toEqual([[0], "float32", []]);
    expect(() => linspace(0, 1, -1)).toThrow("number of steps must be non-negative");
    expect(() => logspace(0, 1, -1)).toThrow("number of steps must be non-negative");
    expect(() => linspace(0, 1, 2.5)).toThrow("must be an integer, got 2.5");
    // @ts-expect-error: no steps
    expect(() => linspace(0, 1)).toThrow("must be an integer");
  });

  test("other errors and infinities", () => {
    expect(look(linspace(0, Infinity, 3))[2]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(() => linspace(0, 300, 4, { dtype: "uint8" })).toThrow("to type uint8 without overflow");
    expect(() => linspace(0, 1, 4, { dtype: "bool" })).toThrow("not implemented for 'Bool'");
    expect(() => logspace(0, 10, 4, { dtype: "int32" })).toThrow("to type int32 without overflow");
  });
});

test("types know shapes and dtypes", () => {
  const numbers: number[] = [1, 2];
  const n: number = numbers.length;
  expectTypeOf(tensor([[1.5, 2]])).toEqualTypeOf<Tensor<[1, 2], "float32">>();
  expectTypeOf(tensor([1, 2, 3])).toEqualTypeOf<Tensor<[3], "int32">>();
  expectTypeOf(tensor([[true], [false]])).toEqualTypeOf<Tensor<[2, 1], "bool">>();
  expectTypeOf(tensor(2.5)).toEqualTypeOf<Tensor<[], "float32">>();
  expectTypeOf(tensor([])).toEqualTypeOf<Tensor<[0], "float32">>();
  expectTypeOf(tensor([1n])).toEqualTypeOf<Tensor<[1], "int64">>();
  expectTypeOf(tensor(numbers)).toEqualTypeOf<Tensor<[number], "int32" | "float32">>();
  expectTypeOf(tensor(numbers, { dtype: "float32" })).toEqualTypeOf<Tensor<[number], "float32">>();
  expectTypeOf(tensor(new Float64Array(2))).toEqualTypeOf<Tensor<[number], "float64">>();
  // @ts-expect-error: rows of different lengths
  expect(() => tensor([[1, 2], [3]])).toThrow("expected sequence of length 2");
  // @ts-expect-error: not a number
  expect(() => tensor(["1"])).toThrow("expected a number");
  expectTypeOf(zeros(2, 3)).toEqualTypeOf<Tensor<[2, 3], "float32">>();
  expectTypeOf(zeros([2, 3], { dtype: "int32" })).toEqualTypeOf<Tensor<[2, 3], "int32">>();
  expectTypeOf(ones(2, 3, { dtype: "bool" })).toEqualTypeOf<Tensor<[2, 3], "bool">>();
  expectTypeOf(zeros(n, 3)).toEqualTypeOf<Tensor<[number, 3], "float32">>();
  expectTypeOf(full([2], 3)).toEqualTypeOf<Tensor<[2], "int32">>();
  expectTypeOf(full([2], 3.5)).toEqualTypeOf<Tensor<[2], "float32">>();
  expectTypeOf(eye(3)).toEqualTypeOf<Tensor<[3, 3], "float32">>();
  expectTypeOf(eye(3, 2)).toEqualTypeOf<Tensor<[3, 2], "float32">>();
  expectTypeOf(fromTypedArray(new Float32Array(6), [2, 3])).toEqualTypeOf<Tensor<[2, 3], "float32">>();
  expectTypeOf(fromTypedArray(new Uint8Array(6))).toEqualTypeOf<Tensor<[number], "uint8">>();
  expectTypeOf(arange(12)).toEqualTypeOf<Tensor<[12], "int32">>();
  expectTypeOf(arange(0, 1, 0.1)).toEqualTypeOf<Tensor<[number], "float32">>();
  expectTypeOf(arange(n, 5.5)).toEqualTypeOf<Tensor<[number], "float32">>();
  expectTypeOf(linspace(0, 1, 5)).toEqualTypeOf<Tensor<[5], "float32">>();
  const t: Tensor = zeros(2, 3);
  expectTypeOf(t).toEqualTypeOf<Tensor>();
});
