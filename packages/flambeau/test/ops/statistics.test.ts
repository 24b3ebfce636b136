// Variances, norms, distances and masked reductions: what fixtures do not hold. Numbers are PyTorch 1.13's.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

const leaf = (values: unknown, dtype: "float32" | "float64" = "float64"): torch.AnyTensor =>
  torch.tensor(values as number[], { dtype, requiresGrad: true });

/** The gradient of the sum of `y` at `x`. */
function gradientOf(y: torch.AnyTensor, x: torch.AnyTensor): unknown {
  y.sum().backward();
  return x.grad?.tolist() ?? null;
}

describe("norm", () => {
  test.each([0, 1, 2, 3, -1, Infinity, -Infinity])("of nothing is 0, for p = %d", (p) => {
    expect(torch.zeros(2, 0).norm(p, 1).tolist()).toEqual([0, 0]);
    expect(torch.zeros(0).norm(p).item()).toBe(0);
  });

  test("a count is recorded, and flat", () => {
    const x = leaf([0, 2, 3]);
    const y = x.norm(0);
    expect(y.item()).toBe(2);
    expect(gradientOf(y, x)).toBe(null);
  });

  test("subgradients where coordinates are 0 or tie", () => {
    const rows = [
      [0, 0, 0],
      [1, -1, 0],
    ];
    const at = (p: number): unknown => {
      const x = leaf(rows);
      return gradientOf(x.norm(p, 1), x);
    };
    const half = Math.SQRT1_2;
    expect(at(1)).toEqual([
      [0, 0, 0],
      [1, -1, 0],
    ]);
    expect((at(2) as number[][]).map((r) => r.map((v) => v + 0))).toEqual([
      [0, 0, 0],
      [expect.closeTo(half, 12), expect.closeTo(-half, 12), 0],
    ]);
    expect((at(Infinity) as number[][])[1]).toEqual([0.5, -0.5, 0]);
    expect((at(0.5) as number[][]).map((r) => r.map((v) => v + 0))).toEqual([
      [0, 0, 0],
      [2, -2, 0],
    ]);
  });

  test("Frobenius takes two dimensions at most, nuclear two", () => {
    const x = torch.ones(2, 3, 4);
    expect(x.norm("fro").item()).toBeCloseTo(Math.sqrt(24), 5);
    expect(() => x.norm("fro", [0, 1, 2])).toThrow(/at most 2 dimensions/);
    expect(() => x.norm("nuc", [0])).toThrow(/'dim' argument of size 2/);
    expect(() => x.norm("max" as "fro")).toThrow(/only valid string values are 'fro' and 'nuc', found max/);
  });
});

describe("variance", () => {
  test("of one element, and of none", () => {
    expect(torch.tensor([2]).to("float32").var().item()).toBeNaN();
    expect(torch.tensor([2.5]).var(0, { correction: 0 }).item()).toBe(0);
    expect(torch.zeros(2, 0).var(1).tolist()).toEqual([Number.NaN, Number.NaN]);
    expect(torch.zeros(2, 0).std(0).shape).toEqual([0]);
  });

  test("as much corrected as there are elements", () => {
    const x = leaf([[2, 3, 4]]);
    const y = x.var(1, { correction: 3 });
    expect(y.tolist()).toEqual([Infinity]);
    expect(gradientOf(y, x)).toEqual([[-Infinity, Number.NaN, Infinity]]);
  });

  test("does not lose digits to a large mean", () => {
    const x = torch.tensor([1e6 + 1, 1e6 + 2, 1e6 + 3], { dtype: "float32" });
    expect(x.var().item()).toBe(1);
    expect(torch.stdMean(x).map((t) => t.item())).toEqual([1, 1e6 + 2]);
  });

  test("needs floats", () => {
    expect(() => torch.tensor([1, 2]).var()).toThrow(torch.DTypeError);
    expect(() => torch.varMean(torch.tensor([1, 2]))).toThrow(torch.DTypeError);
  });
});

test("covariance with weights is that of repeated observations", () => {
  const x = torch
    .tensor([
      [1, 2, 4],
      [3, 1, 2],
    ])
    .to("float64");
  const repeated = torch.cat([x.narrow(1, 0, 1), x.narrow(1, 1, 1), x.narrow(1, 1, 1), x.narrow(1, 2, 1)], 1);
  const weighted = x.cov({ fweights: torch.tensor([1, 2, 1]) });
  weighted
    .tolist()
    .flat()
    .forEach((v: number, i: number) => {
      expect(v).toBeCloseTo(repeated.cov().tolist().flat()[i], 12);
    });
  expect(x.corrcoef().at([0, 0]).item()).toBeCloseTo(1, 12);
});

describe("distances", () => {
  const points = (n: number, m: number): torch.AnyTensor =>
    torch
      .arange(n * m, { dtype: "float64" })
      .mul(1.7)
      .sin()
      .reshape(n, m);

  test("are the same in blocks, one by one, and by a product", () => {
    // More differences than are held at once.
    const a = points(700, 8);
    const b = points(300, 8).add(0.25);
    const whole = torch.cdist(a, b, 2, { computeMode: "donot_use_mm_for_euclid_dist" });
    const single = torch.cdist(a.narrow(0, 650, 1), b, 2, { computeMode: "donot_use_mm_for_euclid_dist" });
    expect(whole.narrow(0, 650, 1).sub(single).abs().amax().item()).toBe(0);
    expect(torch.cdist(a, b).sub(whole).abs().amax().item()).toBeLessThan(1e-10);
    const close = points(30, 3);
    expect(
      torch
        .cdist(close, close, 1)
        .sub(torch.cdist(close, close.clone(), 1))
        .abs()
        .amax()
        .item(),
    ).toBe(0);
  });

  test("a tie for the largest coordinate passes all of the gradient to each", () => {
    const a = leaf([[1, 2]]);
    const y = torch.cdist(a, torch.tensor([[2, 3]]).to("float64"), Infinity);
    expect(gradientOf(y, a)).toEqual([[-1, -1]]);
  });

  test("points that coincide pull at nothing", () => {
    for (const p of [0.5, 1, 1.5, 2, 3, Infinity]) {
      const a = leaf([[1, 2]]);
      expect(gradientOf(torch.cdist(a, a.detach().clone(), p), a)).toEqual([[0, 0]]);
    }
  });

  test("pairs within a set in order", () => {
    const x = torch.tensor([[0], [1], [3], [7]]).to("float32");
    expect(torch.pdist(x).tolist()).toEqual([1, 3, 7, 2, 6, 4]);
    expect(torch.pdist(x.narrow(0, 0, 1)).shape).toEqual([0]);
  });

  test("cosine of short vectors: the bound acts on values, not on gradients", () => {
    const x = leaf([1e-9, 0], "float32");
    const y = leaf([1, 0], "float32");
    const z = torch.cosineSimilarity(x, y, 0);
    expect(z.item()).toBeCloseTo(0.1, 6);
    z.backward();
    expect((x.grad!.tolist() as number[])[0]! / 99000000).toBeCloseTo(1, 6);
    expect(y.grad!.tolist()).toEqual([0, 0]);
  });
});

describe("masked", () => {
  const { masked } = torch;
  const nothing = torch.zeros(2, { dtype: "bool" });

  test("where nothing is left", () => {
    const x = torch.tensor([1.5, 2.5]);
    expect(masked.sum(x, 0, { mask: nothing }).item()).toBe(0);
    expect(masked.prod(x, 0, { mask: nothing }).item()).toBe(1);
    expect(masked.amax(x, 0, { mask: nothing }).item()).toBe(-Infinity);
    expect(masked.amin(x, 0, { mask: nothing }).item()).toBe(Infinity);
    expect(masked.mean(x, 0, { mask: nothing }).item()).toBeNaN();
    expect(masked.median(x, 0, { mask: nothing }).item()).toBeNaN();
    expect(masked.softmax(x, 0, { mask: nothing }).tolist()).toEqual([Number.NaN, Number.NaN]);
    expect(() => masked.median(torch.tensor([1, 2]), 0, { mask: nothing })).toThrow(torch.ValueError);
  });

  test("the extremes of int64 are exact", () => {
    const x = torch.tensor([5n, 7n], { dtype: "int64" });
    expect(masked.amin(x, 0, { mask: nothing }).item()).toBe(2n ** 63n - 1n);
    expect(masked.amax(x, 0, { mask: nothing }).item()).toBe(-(2n ** 63n));
  });

  test("positions come in the input's dtype, as in PyTorch", () => {
    const x = torch.tensor([1.5, 3.5, 2.5]);
    const where = masked.argmax(x, 0, { mask: torch.tensor([true, false, true]) });
    expect(where.dtype).toBe("float32");
    expect(where.item()).toBe(2);
  });

  test("a mask broadcasts to the input, not the other way round", () => {
    expect(masked.sum(torch.ones(2, 3), 1, { mask: torch.tensor([[true], [false]]) }).tolist()).toEqual([
      3, 0,
    ]);
    expect(() => masked.sum(torch.ones(3), 0, { mask: torch.ones(2, 3, { dtype: "bool" }) })).toThrow(
      torch.IndexError,
    );
  });

  test("what is masked out gets no gradient", () => {
    const x = leaf([1, 2, 3]);
    const mask = torch.tensor([true, false, true]);
    expect(gradientOf(masked.var(x, 0, { mask }), x)).toEqual([-1, 0, 1]);
  });
});
