// Convolutions in programs against sums in float64: random geometries, layers as networks have them, results.

import { afterAll, describe, expect, test, vi } from "vitest";
import { createPrograms } from "../../src/backend/wasm/program/index.ts";
import type { TypedArray } from "../../src/base/dtype.ts";
import { convRoles } from "../../src/ir/accesses.ts";
import { cast, interpretExpr } from "../../src/ir/interpret.ts";
import type { Access, ConvGeometry, ConvStep, LoopOperand, LoopResult } from "../../src/ir/program.ts";
import type { Expr } from "../../src/ir/scalar.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import { programOf, runCompiled } from "./one-step.ts";
import { integer, random } from "./samples.ts";

// A busy machine may take its time to start threads.
vi.setConfig({ testTimeout: 300_000 });

type Pair = readonly [number, number];
const directions = ["forward", "input", "weight"] as const;

interface Options {
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
}

function geometry(
  batch: number,
  inChannels: number,
  input: Pair,
  outChannels: number,
  kernel: Pair,
  { stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 }: Options = {},
): ConvGeometry {
  const output = [0, 1].map((d) => {
    const room = input[d]! + 2 * padding[d]! - dilation[d]! * (kernel[d]! - 1) - 1;
    return Math.floor(room / stride[d]!) + 1;
  }) as [number, number];
  return { batch, groups, inChannels, outChannels, input, output, kernel, stride, padding, dilation };
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
const numbers = (n: number): Float32Array => new Float32Array(n).map(() => random() * 2 - 1);

/** The sums of a step in float64, in the order of the result's elements. */
function sumsOf({ direction, geometry: g, a, b }: ConvStep, arrays: readonly TypedArray[]): Float64Array {
  const [x, y] = [arrays[a.buffer] as Float32Array, arrays[b.buffer] as Float32Array];
  const [inner, outer] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const [[H, W], [h, w], [kh, kw]] = [g.input, g.output, g.kernel];
  const out = new Float64Array(
    direction === "forward"
      ? g.batch * g.outChannels * h * w
      : direction === "input"
        ? g.batch * g.inChannels * H * W
        : g.outChannels * inner * kh * kw,
  );
  for (let n = 0; n < g.batch; n++)
    for (let o = 0; o < g.outChannels; o++)
      for (let c = 0; c < inner; c++)
        for (let u = 0; u < kh; u++)
          for (let v = 0; v < kw; v++) {
            const weight = ((o * inner + c) * kh + u) * kw + v;
            const plane = n * g.inChannels + Math.floor(o / outer) * inner + c;
            for (let i = 0; i < h; i++) {
              const r = i * g.stride[0] - g.padding[0] + u * g.dilation[0];
              if (r < 0 || r >= H) continue;
              for (let j = 0; j < w; j++) {
                const q = j * g.stride[1] - g.padding[1] + v * g.dilation[1];
                if (q < 0 || q >= W) continue;
                const from = (plane * H + r) * W + q;
                const to = ((n * g.outChannels + o) * h + i) * w + j;
                if (direction === "forward") out[to]! += x[a.offset + from]! * y[b.offset + weight]!;
                else if (direction === "input") out[from]! += x[a.offset + to]! * y[b.offset + weight]!;
                else out[weight]! += x[a.offset + from]! * y[b.offset + to]!;
              }
            }
          }
  return out;
}

/** A step, whose sums go through `finish`, and the arrays of its buffers: a, b, and what `finish` asks for. */
class Case {
  readonly k = new ExprBuilder();
  readonly sum: Expr = this.k.input(0, "float32");
  readonly arrays: TypedArray[];
  readonly operands: LoopOperand[] = [];
  readonly maps: LoopResult[] = [];
  readonly scalars: number[] = [];
  readonly sizes: readonly number[];
  readonly #geometry: ConvGeometry;
  readonly #direction: ConvStep["direction"];

  constructor(direction: ConvStep["direction"], geometry: ConvGeometry) {
    this.#direction = direction;
    this.#geometry = geometry;
    const { a, b, out } = convRoles(this.step);
    this.sizes = out;
    this.arrays = [numbers(product(a) + 2), numbers(product(b) + 3)];
  }

  get step(): ConvStep {
    const access = (buffer: number): Access => ({ buffer, offset: buffer + 1, strides: [] });
    return {
      kind: "conv",
      name: "conv",
      direction: this.#direction,
      geometry: this.#geometry,
      a: access(0),
      b: access(1),
      operands: this.operands,
      maps: this.maps,
    };
  }

  /** A buffer over the result's indices, along which it repeats where `repeat` says; dimensions in another order. */
  access(
    repeat: readonly number[] = [],
    order = [0, 1, 2, 3],
    make: (n: number) => TypedArray = numbers,
  ): Access {
    const strides = [0, 0, 0, 0];
    let step = 1;
    for (const d of [...order].reverse()) {
      if (repeat.includes(d)) continue;
      strides[d] = step;
      step *= this.sizes[d]!;
    }
    const length = step + 5;
    this.arrays.push(make(length));
    return { buffer: this.arrays.length - 1, offset: 2, strides };
  }

  operand(source: LoopOperand["source"]): Expr {
    this.operands.push({ dtype: "float32", source });
    return this.k.input(this.operands.length, "float32");
  }

  /** The arrays after the step. */
  wanted(step: ConvStep): TypedArray[] {
    const arrays = this.arrays.map((a) => a.slice() as TypedArray);
    const sums = sumsOf(step, this.arrays);
    const [, d1, d2, d3] = this.sizes as [number, number, number, number];
    sums.forEach((sum, place) => {
      const index = [place / (d1 * d2 * d3), (place / (d2 * d3)) % d1, (place / d3) % d2, place % d3];
      const at = ({ offset, strides }: Access): number =>
        strides.reduce((total, s, d) => total + s * Math.floor(index[d]!), offset);
      const inputs = [
        Math.fround(sum),
        ...step.operands.map(({ dtype, source }) =>
          "scalar" in source
            ? cast(this.scalars[source.scalar]!, "float64", dtype)
            : this.arrays[source.buffer]![at(source)]!,
        ),
      ];
      for (const { body, to } of step.maps)
        arrays[to.buffer]![at(to)] = interpretExpr(body, inputs) as number;
    });
    return arrays;
  }

  /** Runs it both ways. Errors are measured by the largest number of the result. */
  check(tolerance = 3e-6): void {
    if (this.maps.length === 0) this.maps.push({ body: this.sum, to: this.access() });
    const { step } = this;
    const wanted = this.wanted(step);
    runCompiled(step, this.arrays, this.scalars);
    this.arrays.forEach((got, i) => {
      const want = wanted[i]!;
      let largest = 1e-3;
      let worst = 0;
      let at = -1;
      for (let k = 0; k < want.length; k++) {
        largest = Math.max(largest, Math.abs(Number(want[k])));
        const error = Math.abs(Number(got[k]) - Number(want[k]));
        if (!(error <= worst)) [worst, at] = [error, k];
      }
      if (!(worst <= tolerance * largest))
        expect.fail(
          `${JSON.stringify(step.geometry)} ${step.direction}, array ${i}: element ${at} is ${got[at]}, wanted ${want[at]}`,
        );
    });
  }
}

const pick = <T>(list: readonly T[]): T => list[integer(list.length)]!;
const pair = (least: number, most: number): [number, number] => [
  least + integer(most - least + 1),
  least + integer(most - least + 1),
];

function randomGeometry(): ConvGeometry {
  const kernel = pair(1, 4);
  const dilation = pick([[1, 1] as Pair, pair(1, 2)]);
  const padding = pair(0, 3);
  const least = kernel.map((k, d) => Math.max(1, (k - 1) * dilation[d]! + 1 - 2 * padding[d]!));
  const input = least.map((n) => n + integer(9)) as [number, number];
  const groups = pick([1, 1, 1, 2, 3]);
  const channels = (): number => groups * (1 + integer(groups === 1 ? 20 : 4));
  return geometry(1 + integer(3), channels(), input, channels(), kernel, {
    stride: pick([[1, 1] as Pair, [2, 2] as Pair, pair(1, 3)]),
    padding,
    dilation,
    groups,
  });
}

describe.each(directions)("%s", (direction) => {
  test("random geometries", () => {
    for (let round = 0; round < 100; round++) new Case(direction, randomGeometry()).check();
  });

  test("layers of networks", () => {
    const same = { padding: [1, 1] } as const;
    const layers = [
      geometry(2, 3, [8, 8], 32, [3, 3], same),
      geometry(1, 16, [8, 8], 40, [3, 3], same),
      geometry(2, 8, [9, 8], 16, [3, 3], { stride: [2, 2], padding: [1, 1] }),
      geometry(2, 16, [6, 6], 20, [1, 1], { stride: [2, 2] }),
      geometry(3, 1, [12, 12], 6, [5, 5], { padding: [2, 2] }),
      geometry(3, 6, [9, 9], 16, [5, 5]),
      geometry(2, 1, [1, 30], 5, [1, 7], { padding: [0, 3] }),
      geometry(2, 12, [7, 7], 12, [3, 3], { ...same, groups: 12 }),
      geometry(2, 35, [8, 7], 35, [3, 3], { stride: [2, 2], padding: [1, 1], groups: 35 }),
      geometry(2, 8, [7, 7], 16, [3, 3], { ...same, groups: 8 }),
      geometry(1, 4, [4, 4], 10, [4, 4]),
      geometry(1, 2, [9, 9], 3, [2, 2], { stride: [3, 3] }),
      // By way of transforms: whole tiles, tiles that stick out, images in one product, channels that fill no panel.
      geometry(1, 32, [16, 16], 32, [3, 3], same),
      geometry(3, 20, [10, 13], 36, [3, 3], same),
      geometry(17, 16, [8, 8], 24, [3, 3], same),
      geometry(5, 12, [9, 7], 13, [3, 3], { padding: [2, 2] }),
      geometry(2, 64, [8, 8], 64, [3, 3]),
      geometry(1, 12, [41, 42], 16, [3, 3], same),
      geometry(3, 16, [16, 16], 20, [3, 3], { stride: [2, 2], padding: [1, 1] }),
      geometry(2, 12, [17, 18], 16, [3, 3], { stride: [2, 2] }),
      geometry(1, 16, [16, 15], 16, [3, 3], { stride: [2, 2], padding: [1, 1] }),
    ];
    for (const layer of layers) new Case(direction, layer).check();
  });
});

describe("results", () => {
  const layers = [
    geometry(2, 3, [6, 7], 5, [3, 3], { padding: [1, 1] }),
    geometry(3, 4, [8, 6], 8, [3, 2], { stride: [2, 1], groups: 2 }),
    geometry(2, 16, [8, 8], 16, [3, 3], { padding: [1, 1] }),
  ];
  const finishes: { readonly [name: string]: (c: Case) => void } = {
    "a bias of each channel and relu": (c) =>
      c.maps.push({
        body: c.k.max(c.k.add(c.sum, c.operand(c.access([0, 2, 3]))), 0),
        to: c.access(),
      }),
    "descent in place": (c) => {
      const w = c.access();
      c.scalars.push(0.25);
      const lr = c.operand({ scalar: 0 });
      c.maps.push({ body: c.k.sub(c.operand(w), c.k.mul(lr, c.sum)), to: w });
    },
    "two results and a mask": (c) => {
      const x = c.k.add(c.sum, c.operand(c.access([2])));
      c.maps.push({ body: c.k.gt(x, 0), to: c.access([], [0, 1, 2, 3], (n) => new Uint8Array(n)) });
      c.maps.push({ body: c.k.mul(x, c.operand(c.access([1, 3]))), to: c.access() });
    },
    "other orders of dimensions": (c) =>
      c.maps.push({
        body: c.k.mul(c.sum, c.operand(c.access([], [3, 0, 2, 1]))),
        to: c.access([], [1, 3, 0, 2]),
      }),
  };
  for (const [name, finish] of Object.entries(finishes))
    test(name, () => {
      for (const layer of layers)
        for (const direction of directions) {
          const c = new Case(direction, layer);
          finish(c);
          c.check();
        }
    });
});

describe("several threads", () => {
  /** All steps are shared, as little as there may be to do. */
  const programs = createPrograms({ step: 0, thread: 1e-9, asleep: 1e-9 });
  afterAll(() => programs.close());

  const layers = [
    geometry(5, 16, [8, 12], 20, [3, 3], { padding: [1, 1] }),
    geometry(5, 16, [16, 16], 20, [3, 3], { stride: [2, 2], padding: [1, 1] }),
    geometry(3, 3, [8, 8], 32, [3, 3], { padding: [1, 1] }),
    geometry(4, 6, [9, 9], 16, [5, 5], { stride: [2, 1] }),
    geometry(3, 24, [7, 7], 24, [3, 3], { padding: [1, 1], groups: 24 }),
    geometry(3, 12, [7, 7], 18, [3, 3], { padding: [1, 1], groups: 3 }),
  ];
  test.each(directions)("%s: the bits of one thread", (direction) => {
    for (const layer of layers) {
      const c = new Case(direction, layer);
      c.maps.push({ body: c.k.max(c.sum, 0), to: c.access() }, { body: c.sum, to: c.access() });
      const states = new Map(c.arrays.map((a, id) => [id, programs.allocate("float32", a.length, "a test")]));
      const compiled = programs.compile(programOf(c.step, c.arrays, 0), states);
      const results = [1, 2, 3].map((threads) => {
        programs.setThreads(threads);
        expect(compiled.settle()).toBe(true);
        states.forEach(({ array }, id) => array.set(c.arrays[id] as never));
        compiled.run();
        return [...states.values()].map(({ array }) => array.slice());
      });
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
      compiled.release();
      for (const region of states.values()) programs.release(region);
    }
  });
});
