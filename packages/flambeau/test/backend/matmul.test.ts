// The matmul routine against a float64 reference, against its promised order of summation, and with each kernel forced.

import { describe, expect, it } from "vitest";
import type { MatmulOptions, TileName } from "../../src/backend/wasm/matmul/index.ts";
import { createMatmul, tiles } from "../../src/backend/wasm/matmul/index.ts";
import { LinearMemory } from "../../src/backend/wasm/memory.ts";
import type { TypedArray } from "../../src/base/dtype.ts";
import type { MatrixView, Routines } from "../../src/ir/routines.ts";

type Matmul = Routines["matmul"];
type Kind = "float32" | "float64" | "int32" | "int64";

const memory = new LinearMemory();
const matmul = createMatmul(memory, { tile: "6x8" });

let seed = 1;
/** Uniform in [-1, 1): a linear congruential generator, the same numbers in every run. */
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  return seed / 2 ** 31;
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
} as const;

function filled(kind: Kind, n: number): TypedArray {
  if (kind === "int64")
    return BigInt64Array.from({ length: n }, () => BigInt(Math.floor(random() * 2 ** 40)));
  if (kind === "int32") return Int32Array.from({ length: n }, () => Math.floor(random() * 2 ** 31));
  return new arrays[kind](n).map(random) as TypedArray;
}

const layouts = ["rows", "columns", "padded", "tall", "reversed", "upward", "scattered", "repeated"] as const;
type Layout = (typeof layouts)[number];

/** A matrix of r * c random elements in an array that may hold more. */
function matrix(kind: Kind, r: number, c: number, layout: Layout, offset = 0): MatrixView {
  const make = (n: number, at: number, rowStride: number, colStride: number): MatrixView => ({
    data: filled(kind, offset + n),
    offset: offset + at,
    rowStride,
    colStride,
  });
  switch (layout) {
    case "rows":
      return make(r * c, 0, c, 1);
    case "columns":
      return make(r * c, 0, 1, r);
    case "padded":
      return make(r * (c + 3), 2, c + 3, 1);
    case "tall":
      return make(c * (r + 2), 1, 1, r + 2);
    case "reversed":
      return make(r * c, r * c - 1, -c, -1);
    case "upward":
      return make(r * (c + 1), (r - 1) * (c + 1), -c - 1, 1);
    case "scattered":
      return make(r * c * 6, 1, 3 * c, 2);
    case "repeated":
      return make(c, 0, 0, 1);
  }
}

const at = (x: MatrixView, r: number, c: number, shift = 0): number =>
  Number(x.data[x.offset + shift + r * x.rowStride + c * x.colStride]!);

interface Bias {
  readonly data: TypedArray;
  readonly offset: number;
  readonly stride: number;
}

/** Runs one product and compares with sums in float64, within the bound of a sum of k products. */
function check(
  run: Matmul,
  kind: "float32" | "float64",
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  bias: Bias | null = null,
): void {
  const out = new arrays[kind](m * n + 5).fill(7);
  run(1, m, n, k, a, 0, b, 0, out, 3, bias);
  const unit = kind === "float32" ? 2 ** -24 : 2 ** -53;
  let worst = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = bias ? Number(bias.data[bias.offset + j * bias.stride]!) : 0;
      let size = Math.abs(sum);
      for (let p = 0; p < k; p++) {
        const x = at(a, i, p) * at(b, p, j);
        sum += x;
        size += Math.abs(x);
      }
      const error = Math.abs(out[3 + i * n + j]! - sum);
      worst = Math.max(worst, size === 0 ? error : error / (2 * unit * (k + 2) * size));
      if (!(error <= 2 * unit * (k + 2) * size))
        throw new Error(`[${i}, ${j}] of ${m}x${n}x${k}: ${out[3 + i * n + j]} is not ${sum}`);
    }
  }
  expect(worst).toBeLessThanOrEqual(1);
  expect([...out.subarray(0, 3), ...out.subarray(3 + m * n)]).toEqual([7, 7, 7, 7, 7]);
}

const bits = (x: Float32Array): number[] => [...new Int32Array(x.buffer, x.byteOffset, x.length)];
const fma = (a: number, b: number, c: number): number => Math.fround(a * b + c);

/** The promised order of a small product, in JavaScript. */
function ordered(
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  bias: Bias | null,
): Float32Array {
  const out = new Float32Array(m * n);
  const f = Math.fround;
  const dot =
    a.colStride === 1 &&
    a.rowStride >= k &&
    b.rowStride === 1 &&
    b.colStride >= Math.max(1, k) &&
    k >= 32 &&
    m * n <= 1200 &&
    m * n * k <= 1e6;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      if (!dot) {
        for (let p = 0; p < k; p++) sum = fma(at(a, i, p), at(b, p, j), sum);
      } else {
        const r = new Float32Array(16);
        for (let p = 0; p < k; p++) r[p % 16] = fma(at(a, i, p), at(b, p, j), r[p % 16]!);
        if (i >= m - (m % 4) && j >= n - (n % 4)) {
          const t = Array.from({ length: 8 }, (_, l) => f(r[l]! + r[l + 8]!));
          const u = Array.from({ length: 4 }, (_, l) => f(t[l]! + t[l + 4]!));
          sum = f(f(u[0]! + u[2]!) + f(u[1]! + u[3]!));
        } else {
          const g = [0, 4, 8, 12].map((l) => f(f(r[l]! + r[l + 1]!) + f(r[l + 2]! + r[l + 3]!)));
          sum = f(f(g[0]! + g[1]!) + f(g[2]! + g[3]!));
        }
      }
      out[i * n + j] = bias ? sum + Number(bias.data[bias.offset + j * bias.stride]!) : sum;
    }
  }
  return out;
}

const smallSizes: [number, number, number][] = [
  ...Array.from({ length: 20 }, (_, q): [number, number, number] => [
    q + 1,
    ((q * 7) % 20) + 1,
    ((q * 3) % 20) + 1,
  ]),
  [5, 1, 200],
  [200, 1, 5],
  [1, 200, 5],
  [5, 200, 1],
  [20, 1, 200],
  [1, 1, 300],
  [1, 5, 200],
  [9, 1, 37],
  [8, 1, 16],
  [7, 1, 33],
  [31, 32, 33],
  [33, 31, 32],
  [3, 17, 100],
  [2, 3, 257],
  [13, 6, 41],
  [12, 4, 48],
  [1, 7, 64],
  [64, 10, 32],
];
const largeSizes: [number, number, number][] = [
  [63, 64, 65],
  [65, 63, 64],
  [100, 100, 100],
  [100, 17, 257],
  [257, 33, 100],
  [37, 130, 300],
  [300, 300, 1],
  [7, 300, 301],
  [130, 5, 700],
  [2, 2000, 40],
  [70, 140, 530],
];

describe("small products", () => {
  const runs: [string, MatmulOptions][] = [
    ["as probed", {}],
    ["without fused multiply-add", { fused: false }],
  ];
  for (const [name, options] of runs) {
    it(`follow the order of summation to the last bit, ${name}`, () => {
      const run = createMatmul(memory, options);
      for (const [m, n, k] of smallSizes) {
        for (const la of layouts) {
          for (const lb of layouts) {
            const a = matrix("float32", m, k, la);
            const b = matrix("float32", k, n, lb, 1);
            const bias =
              (m + n) % 2 ? { data: filled("float32", 2 * n), offset: 1, stride: n % 3 === 0 ? 2 : 1 } : null;
            const out = new Float32Array(m * n);
            run(1, m, n, k, a, 0, b, 0, out, 0, bias && { ...bias, offset: 0 });
            const wanted = ordered(m, n, k, a, b, bias && { ...bias, offset: 0 });
            expect(bits(out), `${m}x${n}x${k} ${la} ${lb}`).toEqual(bits(wanted));
          }
        }
      }
    });
  }

  it("take a column vector with strides (1, 1) as stored by rows: one chain", () => {
    const a = matrix("float32", 5, 200, "rows");
    const w = filled("float32", 200);
    const asRows = { data: w, offset: 0, rowStride: 1, colStride: 1 };
    const asColumns = { data: w, offset: 0, rowStride: 1, colStride: 200 };
    const chain = new Float32Array(5);
    const dot = new Float32Array(5);
    matmul(1, 5, 1, 200, a, 0, asRows, 0, chain, 0, null);
    matmul(1, 5, 1, 200, a, 0, asColumns, 0, dot, 0, null);
    expect(bits(chain)).toEqual(bits(ordered(5, 1, 200, a, asRows, null)));
    expect(bits(dot)).toEqual(bits(ordered(5, 1, 200, a, asColumns, null)));
    expect(bits(chain)).not.toEqual(bits(dot));
  });

  it("keep the dot form up to a million multiply-adds", () => {
    for (const [m, n, k] of [
      [30, 40, 100],
      [3, 1, 40001],
      [7, 9, 1000],
      [1, 1, 90000],
      [1200, 1, 50],
    ] as const) {
      const a = matrix("float32", m, k, "rows");
      const b = matrix("float32", k, n, "columns");
      const bias = { data: filled("float32", n), offset: 0, stride: 1 };
      const out = new Float32Array(m * n);
      matmul(1, m, n, k, a, 0, b, 0, out, 0, bias);
      expect(bits(out)).toEqual(bits(ordered(m, n, k, a, b, bias)));
    }
  });
});

describe("large products", () => {
  for (const tile of Object.keys(tiles) as TileName[]) {
    for (const fused of [true, false]) {
      it(`are right with the ${tile} kernel, ${fused ? "fused" : "mul and add"}`, () => {
        const run = createMatmul(memory, { tile, fused });
        for (const [m, n, k] of largeSizes)
          for (const la of layouts.slice(0, 4))
            for (const lb of layouts.slice(0, 4))
              check(run, "float32", m, n, k, matrix("float32", m, k, la), matrix("float32", k, n, lb));
        for (const layout of layouts) {
          check(
            run,
            "float32",
            65,
            66,
            67,
            matrix("float32", 65, 67, layout),
            matrix("float32", 67, 66, "rows"),
          );
          check(
            run,
            "float32",
            65,
            66,
            67,
            matrix("float32", 65, 67, "rows"),
            matrix("float32", 67, 66, layout),
          );
        }
      }, 60000);
    }
  }

  it("are one chain from p = 0 for k up to 256, whatever the size", () => {
    for (const [m, n, k] of [
      [67, 70, 256],
      [130, 300, 200],
      [400, 1, 256],
      [1, 500, 256],
      [20, 60, 800],
      [5000, 1, 250],
      [1, 5000, 250],
    ] as const) {
      for (const layout of ["rows", "columns", "upward"] as const) {
        const a = matrix("float32", m, k, n === 1 ? layout : "rows");
        const b = matrix("float32", k, n, n === 1 ? "rows" : layout);
        const out = new Float32Array(m * n);
        matmul(1, m, n, k, a, 0, b, 0, out, 0, null);
        expect(bits(out)).toEqual(bits(ordered(m, n, k, a, b, null)));
      }
    }
  });

  it("are right when cut into tiles, with a bias, in every layout", () => {
    const run = createMatmul(memory);
    for (const [m, n, k] of [
      [1040, 20, 300],
      [20, 2100, 300],
      [150, 2060, 33],
    ] as const) {
      for (const la of ["rows", "columns", "reversed"] as const) {
        for (const lb of ["rows", "columns", "scattered"] as const) {
          const bias = { data: filled("float32", n + 1), offset: 1, stride: 1 };
          check(run, "float32", m, n, k, matrix("float32", m, k, la), matrix("float32", k, n, lb), bias);
        }
      }
    }
  }, 60000);

  it("stay within 32 MiB of linear memory", () => {
    const own = new LinearMemory();
    const run = createMatmul(own, { tile: "6x16" });
    const row = { data: new Float32Array(4000).fill(1), offset: 0, rowStride: 0, colStride: 1 };
    for (const [m, n, k] of [
      [1500, 4000, 40],
      [4000, 300, 300],
      [2, 4000, 4000],
      [1, 4000, 4000],
      [4000, 1, 4000],
    ] as const) {
      const out = new Float32Array(m * n);
      run(1, m, n, k, row, 0, row, 0, out, 0, null);
      expect(out.every((x) => x === k)).toBe(true);
    }
    const long = { data: new Float32Array(3e6).fill(1), offset: 0, rowStride: 0, colStride: 1 };
    const sum = new Float32Array(2);
    run(1, 2, 1, 3e6, long, 0, { ...long, rowStride: 1 }, 0, sum, 0, null);
    expect([...sum]).toEqual([3e6, 3e6]);
    expect(own.sizeBytes).toBeLessThan(32 * 2 ** 20);
  });
});

describe("products with a vector", () => {
  for (const fused of [true, false]) {
    it(`are right in every layout, ${fused ? "fused" : "mul and add"}`, () => {
      const run = createMatmul(memory, { fused });
      const sizes: [number, number, number][] = [
        [300, 1, 300],
        [1, 300, 300],
        [1, 1000, 100],
        [1000, 1, 100],
        [3, 1, 20000],
        [1, 2, 30001],
        [1500, 1, 1001],
        [1, 2500, 700],
        [5, 1, 300001],
      ];
      for (const [m, n, k] of sizes) {
        for (const la of k > 1e5 ? (["rows", "columns"] as const) : layouts) {
          const bias = { data: filled("float32", n), offset: 0, stride: 1 };
          check(run, "float32", m, n, k, matrix("float32", m, k, la), matrix("float32", k, n, "rows"), bias);
          if (n > 1)
            check(
              run,
              "float32",
              m,
              n,
              k,
              matrix("float32", m, k, "rows"),
              matrix("float32", k, n, la),
              bias,
            );
        }
      }
    }, 60000);
  }
});

describe("batches", () => {
  const sizes: [number, number, number, number][] = [
    [7, 3, 4, 5],
    [300, 2, 3, 2],
    [40, 16, 16, 16],
    [3, 40, 40, 40],
    [5, 6, 1, 70],
    [4, 5, 5, 40],
    [2, 300, 1, 200],
  ];
  for (const [batch, m, n, k] of sizes) {
    it(`of ${batch} times ${m}x${n}x${k}, each operand repeated or not`, () => {
      for (const la of ["rows", "columns"] as const) {
        for (const lb of ["rows", "columns"] as const) {
          for (const [sa, sb] of [
            [m * k, k * n],
            [0, k * n],
            [m * k, 0],
            [m * k + 3, k * n + 1],
            [-m * k, k * n],
          ] as const) {
            const reach = (stride: number): number => Math.abs(stride) * (batch - 1);
            const one = matrix("float32", m, k, la);
            const a = { ...one, data: filled("float32", m * k + reach(sa)), offset: sa < 0 ? reach(sa) : 0 };
            const b = { ...matrix("float32", k, n, lb), data: filled("float32", k * n + reach(sb)) };
            const bias = { data: filled("float32", n), offset: 0, stride: 1 };
            const out = new Float32Array(batch * m * n);
            matmul(batch, m, n, k, a, sa, b, sb, out, 0, bias);
            for (let t = 0; t < batch; t++) {
              const wanted = ordered(
                m,
                n,
                k,
                { ...a, offset: a.offset + t * sa },
                { ...b, offset: b.offset + t * sb },
                bias,
              );
              expect(bits(out.subarray(t * m * n, (t + 1) * m * n))).toEqual(bits(wanted));
            }
          }
        }
      }
    });
  }
});

describe("other types", () => {
  it("float64 is right in every layout and size", () => {
    const run = createMatmul(memory);
    for (const [m, n, k] of [
      ...smallSizes,
      ...largeSizes.slice(0, 6),
      [300, 1, 300],
      [1, 301, 300],
      [9, 1, 9000],
    ] as const)
      for (const la of ["rows", "columns", "reversed"] as const)
        for (const lb of ["rows", "columns", "scattered"] as const)
          check(run, "float64", m, n, k, matrix("float64", m, k, la), matrix("float64", k, n, lb), {
            data: filled("float64", n),
            offset: 0,
            stride: 1,
          });
  }, 60000);

  for (const kind of ["int32", "int64"] as const) {
    it(`${kind} wraps around`, () => {
      const wrap = (x: bigint): bigint => (kind === "int32" ? BigInt.asIntN(32, x) : BigInt.asIntN(64, x));
      const big = (x: MatrixView, r: number, c: number): bigint =>
        BigInt(x.data[x.offset + r * x.rowStride + c * x.colStride]!);
      for (const [m, n, k] of [
        [3, 4, 5],
        [5, 1, 37],
        [1, 9, 20],
        [33, 31, 32],
        [50, 47, 300],
        [300, 1, 301],
        [1, 300, 301],
      ] as const) {
        for (const la of ["rows", "columns", "reversed"] as const) {
          for (const lb of ["rows", "columns"] as const) {
            const a = matrix(kind, m, k, la);
            const b = matrix(kind, k, n, lb);
            const bias = { data: filled(kind, n), offset: 0, stride: 1 };
            const out = new arrays[kind](m * n) as TypedArray;
            matmul(1, m, n, k, a, 0, b, 0, out, 0, bias);
            for (let i = 0; i < m; i++) {
              for (let j = 0; j < n; j++) {
                let sum = BigInt(bias.data[j]!);
                for (let p = 0; p < k; p++) sum += big(a, i, p) * big(b, p, j);
                if (BigInt(out[i * n + j]!) !== wrap(sum)) expect(BigInt(out[i * n + j]!)).toBe(wrap(sum));
              }
            }
          }
        }
      }
    });
  }
});

describe("edges", () => {
  it("k = 0 gives zeros or the bias; no rows, columns or matrices touch nothing", () => {
    const none = { data: new Float32Array(0), offset: 0, rowStride: 0, colStride: 1 };
    const out = new Float32Array(6).fill(9);
    matmul(1, 2, 3, 0, none, 0, none, 0, out, 0, null);
    expect([...out]).toEqual([0, 0, 0, 0, 0, 0]);
    matmul(1, 2, 3, 0, none, 0, none, 0, out, 0, { data: Float32Array.of(1, 2, 3), offset: 2, stride: -1 });
    expect([...out]).toEqual([3, 2, 1, 3, 2, 1]);
    matmul(0, 2, 3, 1, none, 0, none, 0, out, 0, null);
    matmul(1, 0, 3, 1, none, 0, none, 0, out, 0, null);
    matmul(1, 2, 0, 1, none, 0, none, 0, out, 0, null);
    expect([...out]).toEqual([3, 2, 1, 3, 2, 1]);
    const long = new BigInt64Array(2).fill(5n);
    matmul(
      1,
      1,
      2,
      0,
      { ...none, data: new BigInt64Array(0) },
      0,
      { ...none, data: new BigInt64Array(0) },
      0,
      long,
      0,
      null,
    );
    expect([...long]).toEqual([0n, 0n]);
  });

  it("NaN and infinity reach their rows and columns and no others", () => {
    for (const tile of Object.keys(tiles) as TileName[]) {
      const run = createMatmul(memory, { tile });
      for (const n of [3, 19, 50, 131]) {
        for (const layout of ["rows", "columns"] as const) {
          const a = matrix("float32", n, n, layout);
          const b = matrix("float32", n, n, layout);
          const hit = n - 1;
          a.data[a.offset + hit * a.rowStride] = Infinity;
          b.data[b.offset + hit * b.colStride] = NaN;
          const out = new Float32Array(n * n);
          run(1, n, n, n, a, 0, b, 0, out, 0, null);
          for (let i = 0; i < n; i++)
            for (let j = 0; j < n; j++) {
              const x = out[i * n + j]!;
              const wanted =
                j === hit ? Number.isNaN(x) : i === hit ? Math.abs(x) === Infinity : Number.isFinite(x);
              if (!wanted) expect.fail(`n ${n}, ${layout}: [${i}, ${j}] is ${x}`);
            }
        }
      }
    }
  });

  it("operands may be the same array", () => {
    for (const n of [5, 60]) {
      const a = matrix("float32", n, n, "rows");
      const t = { ...a, rowStride: 1, colStride: n };
      check(matmul, "float32", n, n, n, a, a);
      check(matmul, "float32", n, n, n, a, t);
      check(matmul, "float32", n, n, n, t, a);
    }
  });

  it("uint8 is refused", () => {
    const x = { data: new Uint8Array(4), offset: 0, rowStride: 2, colStride: 1 };
    expect(() => matmul(1, 2, 2, 2, x, 0, x, 0, new Uint8Array(4), 0, null)).toThrow(
      /float32, float64, int32 and int64/,
    );
  });
});
