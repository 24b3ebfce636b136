// Nested data: shapes, inferred dtypes, conversions and errors. Expectations follow torch.tensor of PyTorch 1.13.

import { afterEach, describe, expect, test } from "vitest";
import type { DType } from "../../src/base/dtype.ts";
import { setDefaultDType } from "../../src/base/dtype.ts";
import { elementsAs, inferredDType } from "../../src/tensor/elements.ts";
import { parseNested } from "../../src/tensor/nested.ts";
import { fresh } from "../../src/tensor/tensor.ts";

afterEach(() => setDefaultDType("float32"));

/** Shape, inferred dtype and elements. */
function read(value: unknown): [readonly number[], DType, (number | bigint)[]] {
  const parsed = parseNested(value, "tensor");
  const dtype = inferredDType(parsed, "tensor");
  return [parsed.shape, dtype, [...elementsAs(parsed, dtype, "tensor")]];
}

const scalar = (x: number, dtype: DType = "float32") =>
  fresh(dtype === "int64" ? BigInt64Array.of(BigInt(x)) : Float64Array.of(x), [], dtype);

describe("shape and dtype", () => {
  test.each([
    [3, [], "int32", [3]],
    [2.5, [], "float32", [2.5]],
    [true, [], "bool", [1]],
    [5n, [], "int64", [5n]],
    [[1, 2, 3], [3], "int32", [1, 2, 3]],
    [[1, 2.5], [2], "float32", [1, 2.5]],
    [[1, Number.NaN], [2], "float32", [1, Number.NaN]],
    [[1, -Infinity], [2], "float32", [1, -Infinity]],
    [[true, false], [2], "bool", [1, 0]],
    [[true, 2], [2], "int32", [1, 2]],
    [[true, 2.5], [2], "float32", [1, 2.5]],
    [[1n, 2], [2], "int64", [1n, 2n]],
    [[1n, 2.5], [2], "float32", [1, 2.5]],
    [[true, 2n], [2], "int64", [1n, 2n]],
    [[-(2 ** 31), 2 ** 31 - 1], [2], "int32", [-(2 ** 31), 2 ** 31 - 1]],
    [[2 ** 31, 0.5], [2], "float32", [2 ** 31, 0.5]],
    [[2 ** 31, 1n], [2], "int64", [2n ** 31n, 1n]],
    [[], [0], "float32", []],
    [[[], []], [2, 0], "float32", []],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [3, 2],
      "int32",
      [1, 2, 3, 4, 5, 6],
    ],
    [
      [
        [[1], [2]],
        [[3], [4.5]],
      ],
      [2, 2, 1],
      "float32",
      [1, 2, 3, 4.5],
    ],
    [Float32Array.of(1, 2), [2], "float32", [1, 2]],
    [Float64Array.of(1, 2), [2], "float64", [1, 2]],
    [Int32Array.of(1, 2), [2], "int32", [1, 2]],
    [Uint8Array.of(1, 2), [2], "uint8", [1, 2]],
    [Uint8ClampedArray.of(1, 200), [2], "uint8", [1, 200]],
    [Int8Array.of(-1, 2), [2], "int32", [-1, 2]],
    [Uint16Array.of(65535), [1], "int32", [65535]],
    [BigInt64Array.of(1n, 2n ** 60n + 1n), [2], "int64", [1n, 2n ** 60n + 1n]],
    [[Float32Array.of(1, 2), Float32Array.of(3, 4)], [2, 2], "float32", [1, 2, 3, 4]],
    [[Uint8Array.of(1, 2), [3, 4]], [2, 2], "int32", [1, 2, 3, 4]],
    [[BigInt64Array.of(2n ** 60n + 1n), [3]], [2, 1], "int64", [2n ** 60n + 1n, 3n]],
  ] as const)("%o", (value, shape, dtype, elements) => {
    expect(read(value)).toEqual([shape, dtype, elements]);
  });

  test("int64 keeps every bit of bigints beside numbers", () => {
    expect(read([2n ** 62n + 1n, 2 ** 53, -1, 0n, -(2n ** 63n), 2n ** 63n - 1n])[2]).toEqual([
      2n ** 62n + 1n,
      2n ** 53n,
      -1n,
      0n,
      -(2n ** 63n),
      2n ** 63n - 1n,
    ]);
  });

  test("the default dtype is that of fractions and of nothing", () => {
    setDefaultDType("float64");
    expect(read([0.1])).toEqual([[1], "float64", [0.1]]);
    expect(read([])[1]).toBe("float64");
  });

  test("tensors of one element stand for their value", () => {
    expect(read([scalar(1.5), 2])).toEqual([[2], "float32", [1.5, 2]]);
    expect(read([scalar(1.5, "float64"), 2])[1]).toBe("float64");
    expect(read([scalar(3, "int64"), 2])).toEqual([[2], "int64", [3n, 2n]]);
    expect(
      read([fresh(Float32Array.of(1), [1], "float32"), fresh(Float32Array.of(3), [1, 1], "float32")]),
    ).toEqual([[2], "float32", [1, 3]]);
  });

  test("a tensor is read in the order of its dimensions", () => {
    expect(read(fresh(Int32Array.of(1, 2, 3, 4), [2, 2], "int32"))).toEqual([[2, 2], "int32", [1, 2, 3, 4]]);
    const t = fresh(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2], "float32");
    Object.assign(t, { shape: [2, 3], strides: [1, 2] });
    expect(read(t)).toEqual([[2, 3], "float32", [1, 3, 5, 2, 4, 6]]);
  });
});

describe("conversion", () => {
  const convert = (value: unknown, dtype: DType) => [
    ...elementsAs(parseNested(value, "tensor"), dtype, "tensor"),
  ];

  test.each([
    [[1.5, -1.5], "int32", [1, -1]],
    [[0.9, 255], "uint8", [0, 255]],
    [[2.5, -0.5], "int64", [2n, 0n]],
    [[2 ** 60, -(2 ** 63)], "int64", [2n ** 60n, -(2n ** 63n)]],
    [[Number.NaN, 0, -0, 2], "bool", [1, 0, 0, 1]],
    [[1, 2], "float64", [1, 2]],
    [[1e40], "float32", [Infinity]],
    [[3e9], "float32", [3e9]],
    [[true, false], "float32", [1, 0]],
    [[1n, 0n], "bool", [1, 0]],
    [[7n], "int32", [7]],
    [BigInt64Array.of(3n, 0n), "float32", [3, 0]],
    [BigInt64Array.of(3n, 0n), "bool", [1, 0]],
    [Float32Array.of(3.7), "int32", [3]],
  ] as const)("%s as %s", (value, dtype, expected) => {
    expect(convert(value, dtype)).toEqual(expected);
  });

  test.each([
    [[Number.NaN], "int32"],
    [[Infinity], "int64"],
    [[2 ** 31], "int32"],
    [[256], "uint8"],
    [[-1], "uint8"],
    [[255.9], "uint8"],
    [[2 ** 63], "int64"],
    [[1e20], "int64"],
    [BigInt64Array.of(2n ** 40n), "int32"],
  ] as const)("%s does not fit %s", (value, dtype) => {
    expect(() => convert(value, dtype)).toThrow(
      `tensor: value cannot be converted to type ${dtype} without overflow`,
    );
  });

  test("names the position", () => {
    expect(() =>
      convert(
        [
          [0, 1],
          [2, Number.NaN],
        ],
        "int32",
      ),
    ).toThrow("without overflow: NaN at [1][1]");
  });

  test("copies", () => {
    const source = Float32Array.of(1, 2);
    const out = elementsAs(parseNested(source, "tensor"), "float32", "tensor");
    source[0] = 9;
    expect([...out]).toEqual([1, 2]);
  });
});

describe("errors", () => {
  test.each([
    [[[1, 2], [3]], "expected sequence of length 2 at dim 1 (got 1) at [1]"],
    [
      [
        [1, 2, 3],
        [1, 2],
      ],
      "expected sequence of length 3 at dim 1 (got 2) at [1]",
    ],
    [
      [
        [
          [1, 2],
          [3, 4],
        ],
        [[1, 2], [3]],
      ],
      "expected sequence of length 2 at dim 2 (got 1) at [1][1]",
    ],
    [[[1], []], "expected sequence of length 1 at dim 1 (got 0) at [1]"],
    [[[], [1]], "expected sequence of length 0 at dim 1 (got 1) at [1]"],
    [[Float32Array.of(1, 2), Float32Array.of(1)], "expected sequence of length 2 at dim 1 (got 1) at [1]"],
  ])("ragged %o", (value, message) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({ name: "ValueError", message: `tensor: ${message}` }),
    );
  });

  test.each([
    [[[1], 2], "not a sequence: expected one of length 1 at dim 1, but got 2 at [1]"],
    [[1, [2]], "expected a number, but got an array of length 1 at [1]"],
    ["abc", 'expected a number, but got the string "abc"'],
    [[[1], ["x"]], 'expected a number, but got the string "x" at [1][0]'],
    [[1, null], "expected a number, but got null at [1]"],
    [[1, undefined], "expected a number, but got undefined at [1]"],
    [null, "expected a number, but got null"],
    [{}, "expected a number, but got an object (Object)"],
    [[new Map()], "expected a number, but got an object (Map) at [0]"],
    [[() => 1], "expected a number, but got a function at [0]"],
    [[[[1]], Float32Array.of(1)], "not a sequence: expected lists inside dim 1 at [1]"],
  ])("not numbers: %o", (value, message) => {
    const thrown = () => {
      try {
        read(value);
      } catch (e) {
        return e as Error;
      }
      return null;
    };
    expect(thrown()?.name).toBe("ArgumentError");
    expect(thrown()?.message).toContain(message);
  });

  test("holes are not numbers", () => {
    // biome-ignore lint/suspicious/noSparseArray: what is tested
    expect(() => read([1, , 3])).toThrow("got undefined at [1]");
  });

  test("integers beyond int32 ask for a dtype", () => {
    expect(() =>
      read([
        [1, 2],
        [3, 2 ** 31],
      ]),
    ).toThrow(/2147483648 at \[1\]\[1\] does not fit int32.*"int64"/);
    expect(() => read(1e20)).toThrow(/100000000000000000000 does not fit int32/);
  });

  test("bigints beyond int64", () => {
    expect(() => read([0n, 2n ** 63n])).toThrow(
      "tensor: Overflow when unpacking long: 9223372036854775808 at [1]",
    );
  });

  test("tensors of more elements are not numbers", () => {
    expect(() => read([fresh(Float32Array.of(1, 2), [2], "float32")])).toThrow(
      /only one element tensors.*torch\.stack/,
    );
  });

  test("typed arrays that no dtype holds", () => {
    expect(() => read(Uint32Array.of(1))).toThrow(
      "can't convert a Uint32Array. The only supported types are: Float64Array",
    );
    expect(() => read([BigUint64Array.of(1n)])).toThrow("can't convert a BigUint64Array");
  });
});

test("a million numbers take milliseconds", () => {
  const flat = Array.from({ length: 1e6 }, (_, i) => i / 8);
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    elementsAs(parseNested(flat, "tensor"), "float32", "tensor");
    best = Math.min(best, performance.now() - start);
  }
  // About 9 ms on an idle machine.
  expect(best).toBeLessThan(100);
});
