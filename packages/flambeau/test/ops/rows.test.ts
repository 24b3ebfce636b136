// Ops that are one kernel over rows, against the same written in other ops.

import { describe, expect, test } from "vitest";
import type { AnyTensor } from "../../src/index.ts";
import * as torch from "../../src/index.ts";

const plainSoftmax = (x: AnyTensor, dim: number): AnyTensor => {
  const e = x.sub(x.amax(dim, { keepdim: true })).exp();
  return e.div(e.sum(dim, { keepdim: true }));
};
const plainLogSoftmax = (x: AnyTensor, dim: number): AnyTensor => {
  const off = x.sub(x.amax(dim, { keepdim: true }));
  return off.sub(off.exp().sum(dim, { keepdim: true }).log());
};

const far = (a: AnyTensor, b: AnyTensor): number => a.sub(b).abs().amax().item() as number;

describe("softmax and logSoftmax", () => {
  const shapes: readonly (readonly number[])[] = [[7], [3, 5], [4, 6, 9], [2, 20000], [300, 40]];
  test.each(["float32", "float64"] as const)("along every dimension, with gradients, %s", (dtype) => {
    torch.manualSeed(1);
    for (const shape of shapes)
      for (let dim = 0; dim < shape.length; dim++)
        for (const [op, plain] of [
          ["softmax", plainSoftmax],
          ["logSoftmax", plainLogSoftmax],
        ] as const) {
          const x: AnyTensor = torch.randn(shape).to(dtype).mul(3);
          const a: AnyTensor = x.clone().requiresGrad_();
          const b: AnyTensor = x.clone().requiresGrad_();
          const g: AnyTensor = torch.randn(shape).to(dtype);
          const y: AnyTensor = op === "softmax" ? a.softmax(dim) : a.logSoftmax(dim);
          const z = plain(b, dim);
          y.backward(g);
          z.backward(g);
          const tolerance = dtype === "float32" ? 5e-6 : 1e-13;
          expect(y.isContiguous()).toBe(true);
          expect(far(y, z)).toBeLessThan(tolerance);
          expect(far(a.grad!, b.grad!)).toBeLessThan(20 * tolerance);
        }
  });

  test("operands that are views", () => {
    torch.manualSeed(2);
    const x: AnyTensor = torch.randn([6, 8]);
    const t = x.t().narrow(0, 1, 5);
    expect(far(t.softmax(1), plainSoftmax(t.contiguous(), 1))).toBeLessThan(1e-6);
    expect(far(t.softmax(0), plainSoftmax(t.contiguous(), 0))).toBeLessThan(1e-6);
  });

  test("rows of infinities and NaN stay in their rows", () => {
    const x: AnyTensor = torch.tensor([
      [Number.NEGATIVE_INFINITY, 0, 0],
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [Number.NaN, 0, 1],
      [1, 1, 1],
    ]);
    const y = x.softmax(1).tolist() as number[][];
    expect(y[0]).toEqual([0, 0.5, 0.5]);
    expect(y[1]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(y[2]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(new Set(y[3]).size).toBe(1);
  });
});

/** Layer normalisation over the last dimension, written in other ops. */
function plainNorm(x: AnyTensor, weight: AnyTensor | null, bias: AnyTensor | null): AnyTensor {
  const off = x.sub(x.mean(-1, { keepdim: true }));
  const y: AnyTensor = off.div(off.square().mean(-1, { keepdim: true }).add(1e-5).sqrt());
  const scaled = weight ? y.mul(weight) : y;
  return bias ? scaled.add(bias) : scaled;
}

describe("layerNorm", () => {
  test.each(["float32", "float64"] as const)("with and without parameters, with gradients, %s", (dtype) => {
    torch.manualSeed(3);
    const tolerance = dtype === "float32" ? 2e-5 : 1e-12;
    for (const shape of [[5], [3, 7], [2, 3, 33], [40, 300], [2, 9000]])
      for (const [hasWeight, hasBias] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ]) {
        const n = shape.at(-1)!;
        const leaf = (size: readonly number[]): (() => AnyTensor) => {
          const values: AnyTensor = torch.randn(size).to(dtype).add(0.5);
          return () => values.clone().requiresGrad_();
        };
        const [x, w, b] = [leaf(shape), leaf([n]), leaf([n])];
        const g: AnyTensor = torch.randn(shape).to(dtype);
        const sides = [0, 1].map((side) => {
          const leaves = [x(), hasWeight ? w() : null, hasBias ? b() : null] as const;
          const [input, weight, bias] = leaves;
          const y =
            side === 0
              ? torch.nn.functional.layerNorm(input!, [n], { weight, bias })
              : plainNorm(input!, weight, bias);
          y.backward(g);
          return [y.detach(), ...leaves.map((t) => t?.grad ?? null)];
        });
        sides[0]!.forEach((value, i) => {
          const other = sides[1]![i];
          if (value && other) expect(far(value, other)).toBeLessThan(tolerance * (i > 1 ? 30 : 1));
          else expect(value).toBe(other);
        });
      }
  });
});

describe("crossEntropy", () => {
  const { crossEntropy, nllLoss } = torch.nn.functional;
  test.each(["float32", "float64"] as const)("is nllLoss of logSoftmax, with gradients, %s", (dtype) => {
    torch.manualSeed(4);
    const tolerance = dtype === "float32" ? 5e-6 : 1e-13;
    for (const [rows, n] of [
      [1, 1],
      [3, 5],
      [40, 300],
      [2, 9000],
    ] as const) {
      const y: AnyTensor = torch.randint(0, n, [rows]);
      const weight: AnyTensor = torch.rand(n).to(dtype);
      for (const options of [{}, { weight }, { weight, ignoreIndex: (y.tolist() as number[])[0]! }])
        for (const reduction of ["none", "sum", "mean"] as const) {
          // Columns of a larger matrix, so that rows do not follow on one another.
          const wide: AnyTensor = torch
            .randn(rows, n + 2)
            .to(dtype)
            .mul(3);
          const a: AnyTensor = wide.clone().requiresGrad_();
          const b: AnyTensor = wide.clone().requiresGrad_();
          const part = (t: AnyTensor): AnyTensor => t.narrow(1, 1, n);
          const got: AnyTensor = crossEntropy(part(a), y, { ...options, reduction });
          const wanted: AnyTensor = nllLoss(part(b).logSoftmax(1), y, { ...options, reduction });
          const g: AnyTensor = torch.randn(got.shape as number[]).to(dtype);
          got.backward(g);
          wanted.backward(g);
          if (rows === 1 && reduction === "mean" && "ignoreIndex" in options) {
            expect([got.item(), wanted.item()]).toEqual([Number.NaN, Number.NaN]);
            continue;
          }
          expect(far(got, wanted)).toBeLessThan(tolerance * (reduction === "sum" ? rows : 1) * 10);
          expect(far(a.grad!, b.grad!)).toBeLessThan(tolerance);
        }
    }
  });

  test("rows of infinities stay in their rows", () => {
    const x: AnyTensor = torch.tensor([
      [Number.NEGATIVE_INFINITY, 0, 0],
      [Number.NEGATIVE_INFINITY, 0, 0],
      [Number.POSITIVE_INFINITY, 0, 0],
      [0, 0, 0],
    ]);
    const y = torch.tensor([0, 1, 0, 2]);
    const losses = crossEntropy(x, y, { reduction: "none" }).tolist() as number[];
    expect(losses.slice(0, 3)).toEqual([Number.POSITIVE_INFINITY, Math.fround(Math.log(2)), Number.NaN]);
    expect(losses[3]).toBeCloseTo(Math.log(3), 6);
  });
});
