// Linear algebra beyond the recorded cases: larger matrices, LAPACK's signs and pivots, errors, and what results look like.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

const { linalg } = torch;
type Tensor = torch.AnyTensor;

const generator = new torch.Generator();
const random = (...shape: number[]): Tensor => {
  generator.manualSeed(11);
  return torch.randn(shape, { dtype: "float64", generator });
};
const double = (values: unknown): Tensor => torch.tensor(values as number[][], { dtype: "float64" });
const eye = (n: number): Tensor => torch.eye(n, { dtype: "float64" });
const distance = (a: Tensor, b: Tensor): number => a.sub(b).abs().amax().item() as number;
const near = (a: Tensor, values: unknown): void => expect(distance(a, double(values))).toBeLessThan(5e-8);

// Sizes on both sides of where kernels begin to work in blocks.
describe.each([1, 7, 13, 40, 97])("matrices of %i rows", (n) => {
  const a = random(n, n);
  const symmetric: Tensor = a.add(a.t());
  const positive: Tensor = a.matmul(a.t()).add(eye(n));

  test("LU", () => {
    const { P, L, U } = linalg.lu(a);
    expect(distance(P.matmul(L).matmul(U), a)).toBeLessThan(1e-12);
    expect(L.abs().amax().item()).toBeLessThanOrEqual(1);
  });
  test("solve and inverse", () => {
    const b = random(n, 3);
    expect(distance(a.matmul(linalg.solve(a, b)), b)).toBeLessThan(1e-9);
    expect(distance(linalg.solve(a, b.t(), { left: false }).matmul(a), b.t())).toBeLessThan(1e-9);
    expect(distance(linalg.inv(a).matmul(a), eye(n))).toBeLessThan(1e-9);
  });
  test("Cholesky", () => {
    const l: Tensor = linalg.cholesky(positive);
    expect(distance(l.matmul(l.t()), positive)).toBeLessThan(1e-11);
    expect(distance(linalg.cholesky(positive, { upper: true }), l.t())).toBe(0);
  });
  test("L D L^T", () => {
    const { LD, pivots } = linalg.ldlFactor(symmetric);
    const b = random(n, 2);
    expect(distance(symmetric.matmul(linalg.ldlSolve(LD, pivots, b)), b)).toBeLessThan(1e-9);
  });
  test("symmetric eigenvectors", () => {
    const { eigenvalues: l, eigenvectors: v } = linalg.eigh(symmetric);
    expect(distance(v.mul(l).matmul(v.t()), symmetric)).toBeLessThan(1e-12);
    expect(distance(v.t().matmul(v), eye(n))).toBeLessThan(1e-13);
    expect(distance(linalg.eigvalsh(symmetric), l)).toBeLessThan(1e-12);
  });
  test("exponential of a difference from the identity", () => {
    const x = symmetric.mul(0.1);
    expect(distance(linalg.matrixExp(x).matmul(linalg.matrixExp(x.neg())), eye(n))).toBeLessThan(1e-10);
  });
});

describe.each([
  [5, 4],
  [4, 5],
  [70, 30],
  [30, 70],
  [50, 45],
] as const)("matrices of %i x %i", (m, n) => {
  const a = random(m, n);
  const k = Math.min(m, n);

  test("QR", () => {
    const reduced = linalg.qr(a);
    const complete = linalg.qr(a, "complete");
    for (const { Q, R } of [reduced, complete]) {
      expect(distance(Q.matmul(R), a)).toBeLessThan(1e-13);
      expect(distance(Q.t().matmul(Q), eye(Q.shape[1]!))).toBeLessThan(1e-13);
    }
    expect(distance(linalg.qr(a, "r").R, reduced.R)).toBe(0);
    const { a: vectors, tau } = a.geqrf();
    expect(distance(vectors.ormqr(tau, a, { transpose: true }).narrow(0, 0, k), reduced.R)).toBeLessThan(
      1e-12,
    );
  });
  test("singular values", () => {
    const { U, S, Vh } = linalg.svd(a, { fullMatrices: false });
    expect(distance(U.mul(S).matmul(Vh), a)).toBeLessThan(1e-13);
    const full = linalg.svd(a);
    expect(distance(full.U.matmul(full.U.t()), eye(m))).toBeLessThan(1e-13);
    expect(distance(full.Vh.matmul(full.Vh.t()), eye(n))).toBeLessThan(1e-13);
    expect(distance(linalg.svdvals(a), S)).toBeLessThan(1e-13);
  });
  test("pseudo-inverse and least squares", () => {
    const p: Tensor = linalg.pinv(a);
    expect(distance(a.matmul(p).matmul(a), a)).toBeLessThan(1e-12);
    const b = random(m, 2);
    for (const driver of ["gels", "gelsy", "gelsd", "gelss"])
      expect(distance(linalg.lstsq(a, b, null, { driver }).solution, p.matmul(b))).toBeLessThan(1e-12);
  });
});

test("signs and pivots are those of LAPACK", () => {
  const a = double([
    [2, -1, 0],
    [4, 3, 1],
    [1, 5, -2],
  ]);
  expect(linalg.luFactor(a).pivots.tolist()).toEqual([2, 3, 3]);
  const { Q, R } = linalg.qr(a);
  near(Q, [
    [-0.43643578, 0.49280538, 0.75277265],
    [-0.87287156, -0.02898855, -0.48708819],
    [-0.21821789, -0.86965655, 0.44280744],
  ]);
  near(R.diagonal(), [-4.58257569, -4.9280538, -1.37270307]);
  near(a.geqrf().tau, [1.43643578, 1.32844907, 0]);
  near(linalg.eigh(a.add(a.t())).eigenvectors, [
    [-0.03597082, 0.89576488, 0.44307039],
    [0.43041433, -0.38624278, 0.81581862],
    [-0.90191441, -0.22004951, 0.37165657],
  ]);
  near(linalg.svd(a).U, [
    [-0.02756711, 0.52000464, 0.85371847],
    [-0.6676997, 0.6260026, -0.40286209],
    [-0.74392013, -0.58113331, 0.32994986],
  ]);
  const wide = double([
    [1, 2, 3, 4],
    [2, -1, 0, 1],
  ]);
  near(linalg.svd(wide, { fullMatrices: false }).Vh, [
    [-0.23616569, -0.32766239, -0.53489428, -0.74212616],
    [0.78419224, -0.56521379, -0.2077412, 0.14973139],
  ]);
  const { LD, pivots } = linalg.ldlFactor(a.add(a.t()).sub(eye(3).mul(8)));
  expect((pivots as Tensor).tolist()).toEqual([1, 3, 3]);
  near(LD, [
    [-4, 0, 0],
    [-0.75, -11.75, 0],
    [-0.25, -0.57446809, 4.12765957],
  ]);
  const { LD: blocks, pivots: marks } = linalg.ldlFactor(
    double([
      [1, 2, 3],
      [2, 1, 4],
      [3, 4, 1],
    ]),
  );
  expect((marks as Tensor).tolist()).toEqual([-3, -3, 3]);
  near(blocks, [
    [1, 0, 0],
    [3, 1, 0],
    [1.25, 0.25, -2.5],
  ]);
});

test("degenerate matrices", () => {
  for (const a of [
    torch.ones([6, 4], { dtype: "float64" }),
    torch.zeros([3, 3], { dtype: "float64" }),
    eye(4),
  ] as Tensor[]) {
    const { U, S, Vh } = linalg.svd(a, { fullMatrices: false });
    expect(distance(U.mul(S).matmul(Vh), a)).toBeLessThan(1e-14);
    expect(distance(U.t().matmul(U), eye(U.shape[1]!))).toBeLessThan(1e-14);
  }
  for (const scale of [1e200, 1e-200]) {
    const a = eye(3).add(1).mul(scale);
    expect(Number(linalg.eigvalsh(a).select(0, 2).item()) / scale).toBeCloseTo(4, 12);
    expect(Number(linalg.svdvals(a).select(0, 0).item()) / scale).toBeCloseTo(4, 12);
  }
  expect(linalg.matrixRank(torch.ones([5, 4])).item()).toBe(1);
  expect(linalg.cond(torch.zeros([2, 2]), 1).item()).toBe(Number.POSITIVE_INFINITY);
});

test("the gradient of a determinant is that of the cofactors, of a singular matrix too", () => {
  const a = double([
    [1, 2],
    [2, 4],
  ]).requiresGrad_();
  const g = torch.autograd.grad([linalg.det(a)], [a])[0]!;
  near(g, [
    [4, -2],
    [-2, 1],
  ]);
  const b = a.detach().requiresGrad_();
  const first = torch.autograd.grad([linalg.det(b)], [b], { createGraph: true })[0] as Tensor;
  near(torch.autograd.grad([first.select(0, 0).select(0, 0)], [b])[0] as Tensor, [
    [0, 0],
    [0, 1],
  ]);
});

describe("errors", () => {
  const batch = torch.stack([torch.eye(2), torch.zeros([2, 2])]);

  test("a singular matrix is a LinAlgError that names the element of the batch", () => {
    for (const f of [
      () => linalg.inv(batch),
      () => linalg.solve(batch, torch.zeros([2, 2, 1])),
      () => linalg.cholesky(batch),
    ]) {
      expect(f).toThrow(torch.LinAlgError);
      expect(f).toThrow("(Batch element 1)");
    }
    expect(linalg.invEx(batch).info.tolist()).toEqual([0, 1]);
    expect(linalg.solveEx(batch, torch.zeros([2, 2, 1])).info.tolist()).toEqual([0, 1]);
    expect(() => linalg.luFactor(batch)).toThrow("U[1,1] is zero");
  });
  test("a matrix that is not positive-definite", () => {
    const bad = torch
      .tensor([
        [1, 2],
        [2, 1],
      ])
      .float() as Tensor;
    expect(() => linalg.cholesky(bad)).toThrow("the leading minor of order 2 is not positive-definite");
    expect(linalg.choleskyEx(bad).info.item()).toBe(2);
  });
  test("NaN", () => {
    const nan = torch.full([2, 2], Number.NaN) as Tensor;
    expect(() => linalg.svd(nan)).toThrow(torch.LinAlgError);
    expect(linalg.eigvalsh(nan).isnan().all().item()).toBe(true);
  });
  test("what has no gradient", () => {
    const a = random(3, 2).requiresGrad_();
    expect(() => linalg.qr(a, "complete").R.sum().backward()).toThrow(
      "not differentiable when mode='complete'",
    );
    expect(() => linalg.qr(a, "r").R.sum().backward()).toThrow("mode='r'");
    expect(linalg.ldlFactor(random(2, 2).requiresGrad_()).LD.requiresGrad).toBe(false);
  });
});

test("results are lists with names", () => {
  const result = linalg.svd(random(2, 2));
  expect(result.length).toBe(3);
  expect(result[0]).toBe(result.U);
  expect(Object.keys(result)).toEqual(["0", "1", "2"]);
  const [sign, log] = linalg.slogdet(random(2, 2));
  expect([sign.ndim, log.ndim]).toEqual([0, 0]);
  expect(random(2, 2).lu().length).toBe(2);
});

test("float32 is computed in double precision and rounded at the end", () => {
  const a = random(9, 9).float();
  expect(distance(linalg.inv(a), linalg.inv(a.double()).float())).toBe(0);
  expect(distance(linalg.svdvals(a), linalg.svdvals(a.double()).float())).toBe(0);
});
