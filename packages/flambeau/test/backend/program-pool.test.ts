// Pooling in programs against the interpreter: random windows, and what is special about them.

import { expect, test } from "vitest";
import type { TypedArray } from "../../src/base/dtype.ts";
import type { PoolStep } from "../../src/ir/program.ts";
import { interpreted, runCompiled } from "./one-step.ts";
import { integer, random } from "./samples.ts";

type Pair = readonly [number, number];
type Options = Partial<Pick<PoolStep, "stride" | "padding" | "dilation" | "countPadding" | "divisor">> & {
  readonly ceil?: boolean;
};

function stepOf(
  mode: PoolStep["mode"],
  planes: number,
  input: Pair,
  kernel: Pair,
  options: Options = {},
): PoolStep {
  const {
    stride = kernel,
    padding = [0, 0],
    dilation = [1, 1],
    countPadding = true,
    divisor = 0,
    ceil = false,
  } = options;
  const output = [0, 1].map((d) => {
    const room = input[d]! + 2 * padding[d]! - dilation[d]! * (kernel[d]! - 1) - 1;
    let n = (ceil ? Math.ceil : Math.floor)(room / stride[d]!) + 1;
    // As in PyTorch the last window begins inside of the plane or the padding before it.
    if (ceil && (n - 1) * stride[d]! >= input[d]! + padding[d]!) n--;
    return n;
  }) as [number, number];
  const access = (buffer: number): PoolStep["from"] => ({ buffer, offset: buffer, strides: [] });
  const index = mode === "max" || mode === "maxBackward" ? access(2) : null;
  const shape = { planes, input, output, kernel, stride, padding, dilation };
  return {
    kind: "pool",
    name: mode,
    mode,
    ...shape,
    countPadding,
    divisor,
    from: access(0),
    index,
    to: access(1),
  };
}

const count = ({ planes }: PoolStep, [h, w]: Pair): number => planes * h * w;

/** Runs a forward step and its backward step both ways. */
function check(
  mode: "max" | "average",
  planes: number,
  input: Pair,
  kernel: Pair,
  options: Options = {},
  array: typeof Float32Array | typeof Float64Array = Float32Array,
  value: () => number = () => random() * 2 - 1,
): TypedArray[] {
  const numbers = (n: number): TypedArray => new array(n).map(value);
  const forward = stepOf(mode, planes, input, kernel, options);
  const [large, small] = [count(forward, input), count(forward, forward.output)];
  const arrays: TypedArray[] = [numbers(large + 3), numbers(small + 4)];
  if (mode === "max") arrays.push(new Int32Array(small + 5));
  const wanted = interpreted(forward, arrays);
  runCompiled(forward, arrays);
  compare(arrays, wanted);
  const backward = stepOf(`${mode}Backward`, planes, input, kernel, options);
  const gradients: TypedArray[] = [numbers(small + 3), numbers(large + 4), ...arrays.slice(2)];
  const wantedBack = interpreted(backward, gradients);
  runCompiled(backward, gradients);
  compare(gradients, wantedBack);
  return arrays;
}

function compare(got: readonly TypedArray[], wanted: readonly TypedArray[]): void {
  got.forEach((a, i) => {
    const w = wanted[i]!;
    const off = a.findIndex((x: number | bigint, k: number) => {
      const [p, q] = [Number(x), Number(w[k])];
      return !(Object.is(p, q) || Math.abs(p - q) <= 1e-6 * Math.max(1, Math.abs(q)));
    });
    if (off >= 0) expect([off, a[off]], `array ${i}`).toEqual([off, w[off]]);
  });
}

const pick = <T>(list: readonly T[]): T => list[integer(list.length)]!;
const pair = (least: number, most: number): [number, number] => [
  least + integer(most - least + 1),
  least + integer(most - least + 1),
];

test("random windows", () => {
  for (let round = 0; round < 150; round++) {
    const mode = pick(["max", "average"] as const);
    const kernel = pair(1, 4);
    const dilation: Pair = mode === "max" ? pair(1, 2) : [1, 1];
    const reach = kernel.map((k, d) => (k - 1) * dilation[d]! + 1);
    const input = reach.map((r) => r + integer(13)) as [number, number];
    check(mode, 1 + integer(3), input, kernel, {
      stride: pick([pair(1, 3), kernel]),
      padding: kernel.map((k) => integer(Math.floor(k / 2) + 1)) as [number, number],
      dilation,
      countPadding: random() < 0.5,
      divisor: pick([0, 0, 3]),
      ceil: random() < 0.3,
    });
  }
});

test("windows side by side, and overlapping ones", () => {
  for (const mode of ["max", "average"] as const)
    for (const input of [
      [4, 4],
      [28, 28],
      [10, 10],
      [9, 13],
      [6, 3],
      [33, 20],
    ] as const) {
      check(mode, 3, input, [2, 2]);
      check(mode, 2, input, [3, 3], { stride: [2, 2], padding: [1, 1] });
      check(mode, 2, input, [3, 3], { stride: [1, 1], padding: [1, 1], countPadding: false });
      check(mode, 1, input, [3, 2]);
    }
});

test("of equal elements the first wins, and a NaN whatever comes with it", () => {
  for (const input of [
    [8, 8],
    [3, 3],
    [7, 12],
  ] as const) {
    check("max", 4, input, [2, 2], {}, Float32Array, () => integer(3));
    check("max", 4, input, [3, 3], { stride: [2, 2], padding: [1, 1] }, Float32Array, () => integer(2));
    const special = (): number => pick([Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1]);
    check("max", 4, input, [2, 2], {}, Float32Array, special);
    const [, values, index] = check(
      "max",
      1,
      input,
      [2, 2],
      {},
      Float32Array,
      () => Number.NEGATIVE_INFINITY,
    );
    expect(values![1]).toBe(Number.NEGATIVE_INFINITY);
    expect(index![2]).toBe(0);
  }
});

test("float64", () => {
  check("max", 2, [7, 9], [3, 2], { stride: [2, 2], padding: [1, 1] }, Float64Array);
  check("average", 2, [8, 8], [2, 2], {}, Float64Array);
});
