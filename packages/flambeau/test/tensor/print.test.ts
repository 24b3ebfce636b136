// Printed tensors against the strings that PyTorch 1.13 gives (fixtures/print.json, written by fixtures/print.py).

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes, setDefaultDType } from "../../src/base/dtype.ts";
import type { PrintOptions } from "../../src/tensor/print.ts";
import { formatParameter, formatTensor, setPrintoptions } from "../../src/tensor/print.ts";
import type { AnyTensor } from "../../src/tensor/tensor.ts";

type Data =
  | readonly (number | string | boolean)[]
  | { readonly first: number; readonly step: number; readonly count: number }
  | { readonly first: boolean; readonly ones: number; readonly count: number };

interface Case {
  readonly python: string;
  readonly options: PrintOptions;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly data: Data;
  readonly gradFn: string | null;
  readonly requiresGrad: boolean;
  readonly repr: string;
}

const cases = JSON.parse(
  readFileSync(new URL("./fixtures/print.json", import.meta.url), "utf8"),
) as readonly Case[];

function expand(data: Data): readonly (number | string | boolean)[] {
  if (!("count" in data)) return data;
  const { count } = data;
  if ("step" in data) return Array.from({ length: count }, (_, i) => data.first + i * data.step);
  // Booleans come sorted.
  return Array.from({ length: count }, (_, i) => (data.first ? i < data.ones : i >= count - data.ones));
}

/** What printing looks at, without the rest of the library. */
function standIn(
  c: Pick<Case, "dtype" | "shape" | "strides" | "offset" | "gradFn" | "requiresGrad">,
  data: TypedArray,
): AnyTensor {
  const gradFn = c.gradFn === null ? null : { name: c.gradFn };
  return { ...c, gradFn, storage: { data, version: 0 } } as unknown as AnyTensor;
}

function build(c: Case): AnyTensor {
  const values = expand(c.data);
  const data = new dtypes[c.dtype].array(values.length);
  values.forEach((v, i) => {
    data[i] = c.dtype === "int64" ? BigInt(v) : Number(v);
  });
  return standIn(c, data);
}

afterEach(() => {
  setPrintoptions({ profile: "default" });
  setDefaultDType("float32");
});

describe("formatTensor prints what PyTorch prints", () => {
  test.each(cases.map((c) => [`${c.python} ${JSON.stringify(c.options)}`, c] as const))("%s", (_, c) => {
    setPrintoptions(c.options);
    expect(formatTensor(build(c))).toBe(c.repr);
  });

  test("there are enough cases", () => {
    expect(cases.length).toBeGreaterThan(130);
  });
});

const vector = (dtype: DType, data: TypedArray, extra: { readonly requiresGrad?: boolean } = {}): AnyTensor =>
  standIn(
    {
      dtype,
      shape: [data.length],
      strides: [1],
      offset: 0,
      gradFn: null,
      requiresGrad: extra.requiresGrad ?? false,
    },
    data,
  );

describe("options", () => {
  test("a call without sciMode sets it back to automatic", () => {
    const t = vector("float32", Float32Array.of(1, 2));
    setPrintoptions({ sciMode: true });
    expect(formatTensor(t)).toBe("tensor([1.0000e+00, 2.0000e+00])");
    setPrintoptions({ precision: 2 });
    expect(formatTensor(t)).toBe("tensor([1., 2.])");
  });

  test("options last until they are set again", () => {
    setPrintoptions({ precision: 2 });
    setPrintoptions({ linewidth: 100 });
    expect(formatTensor(vector("float32", Float32Array.of(1.234)))).toBe("tensor([1.23])");
  });

  test("the default dtype is the one that goes without a name", () => {
    setDefaultDType("float64");
    expect(formatTensor(vector("float64", Float64Array.of(1.5)))).toBe("tensor([1.5000])");
    expect(formatTensor(vector("float32", Float32Array.of(1.5)))).toBe(
      "tensor([1.5000], dtype=torch.float32)",
    );
  });
});

test("a parameter says so", () => {
  const t = vector("float32", Float32Array.of(1, 2), { requiresGrad: true });
  expect(formatParameter(t)).toBe("Parameter containing:\ntensor([1., 2.], requires_grad=True)");
});

test("a summarised tensor is not read beyond what is shown", () => {
  let reads = 0;
  const data = new Proxy(new Float32Array(0), {
    get: (_, key) => {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      return 1;
    },
  });
  const t = standIn(
    {
      dtype: "float32",
      shape: [100000, 100000],
      strides: [100000, 1],
      offset: 0,
      gradFn: null,
      requiresGrad: false,
    },
    data,
  );
  expect(formatTensor(t)).toContain("...,\n");
  expect(reads).toBe(36);
});
