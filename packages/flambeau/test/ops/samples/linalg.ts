// Inputs at which the derivatives of decompositions and solvers are checked: near matrices whose values are far apart.

import * as torch from "../../../src/index.ts";
import type { Fn, Sample, Samples, Tensor } from "./common.ts";
import { one, unit } from "./common.ts";

const { linalg } = torch;

/** diag(1, 2, ...) and a little of x: distinct eigenvalues and singular values, no zeros, for any x of the samples. */
function spread(x: Tensor): Tensor {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const base = torch.arange(1, Math.min(m, n) + 1, { dtype: "float64" });
  const whole = torch.zeros([m, n], { dtype: "float64" }) as Tensor;
  for (let i = 0; i < Math.min(m, n); i++) whole.select(0, i).select(0, i).fill_(base.select(0, i));
  return x.mul(0.3).add(whole);
}
const symmetric = (x: Tensor): Tensor => spread(x).add(spread(x).transpose(-2, -1));
const positive = (x: Tensor): Tensor =>
  spread(x)
    .matmul(spread(x).transpose(-2, -1))
    .add(torch.eye(x.shape.at(-1)!, { dtype: "float64" }));

/** One sample for each shape of the first input, which `prepare` makes fit. */
const of = (prepare: (x: Tensor) => Tensor, fn: Fn, ...shapes: readonly (readonly number[])[]): Sample[] =>
  shapes.map((shape) => one([shape], (x) => fn(prepare(x)), { name: JSON.stringify(shape), domain: unit }));
const square: readonly (readonly number[])[] = [
  [3, 3],
  [2, 2, 2],
];
const any: readonly (readonly number[])[] = [
  [3, 2],
  [2, 3],
  [2, 2, 2],
];
/** Vectors with the signs that make the first row of U positive: those of the algorithm may change from one x to the next. */
function signed(u: Tensor, s: Tensor, v: Tensor): Tensor[] {
  const signs: Tensor = u.detach().select(-2, 0).sign().unsqueeze(-2);
  return [u.mul(signs), s, v.mul(signs)];
}
const signedSvd = (x: Tensor): Tensor[] => {
  const { U, S, Vh } = linalg.svd(x, { fullMatrices: false });
  return signed(U, S, Vh.transpose(-2, -1));
};
const signedEigh = (x: Tensor): Tensor[] => {
  const { eigenvalues, eigenvectors } = linalg.eigh(x);
  return signed(eigenvectors, eigenvalues, eigenvectors);
};
const lower = (x: Tensor): Tensor => linalg.cholesky(positive(x));
const system = (fn: Fn, b: readonly number[], name = "", a: readonly number[] = [2, 2]): Sample =>
  one([a, b], (x, y) => fn(spread(x), y), { name, domain: unit });

export const linearAlgebra: Samples = {
  "linalg.cholesky": [
    ...of(positive, (x) => linalg.cholesky(x), ...square),
    ...of(positive, (x) => linalg.cholesky(x, { upper: true }), [2, 2]),
  ],
  "linalg.choleskyEx": of(positive, (x) => linalg.choleskyEx(x).L, [2, 2]),
  cholesky: of(positive, (x) => x.cholesky(), [2, 2]),
  choleskyInverse: [
    ...of(lower, (x) => x.choleskyInverse(), [2, 2]),
    ...of(lower, (x) => x.transpose(-2, -1).choleskyInverse({ upper: true }), [2, 2, 2]),
  ],
  choleskySolve: [
    one(
      [
        [2, 2],
        [2, 1],
      ],
      (x, b) => b.choleskySolve(lower(x)),
      { domain: unit },
    ),
    one(
      [
        [2, 2],
        [2, 2, 1],
      ],
      (x, b) => b.choleskySolve(lower(x).t(), { upper: true }),
      { name: "upper", domain: unit },
    ),
  ],
  "linalg.inv": of(spread, (x) => linalg.inv(x), ...square),
  "linalg.invEx": of(spread, (x) => linalg.invEx(x).inverse, [2, 2]),
  inverse: of(spread, (x) => x.inverse(), [2, 2]),
  "linalg.solve": [
    system((a, b) => linalg.solve(a, b), [2], "vector"),
    system((a, b) => linalg.solve(a, b), [2, 3], "matrix"),
    system((a, b) => linalg.solve(a, b), [3, 2, 1], "broadcast"),
    system((a, b) => linalg.solve(a, b, { left: false }), [3, 2], "right"),
    system((a, b) => linalg.solve(a, b), [2, 2], "vectors", [2, 2, 2]),
  ],
  "linalg.solveEx": [system((a, b) => linalg.solveEx(a, b).result, [2])],
  "linalg.solveTriangular": [
    system((a, b) => linalg.solveTriangular(a, b, { upper: true }), [2, 1], "upper"),
    system((a, b) => linalg.solveTriangular(a, b, { upper: false, unitriangular: true }), [2, 2, 1], "unit"),
    system((a, b) => linalg.solveTriangular(a, b, { upper: true, left: false }), [3, 2], "right"),
  ],
  triangularSolve: [
    system((a, b) => b.triangularSolve(a, { transpose: true }).solution, [2, 1], "transposed"),
    system((a, b) => b.triangularSolve(a, { upper: false }).solution, [2, 1], "lower"),
  ],
  "linalg.tensorinv": [
    one([[4, 2, 2]], (x) => linalg.tensorinv(spread(x.reshape(4, 4)).reshape(4, 2, 2), 1), { domain: unit }),
  ],
  "linalg.tensorsolve": [
    one(
      [
        [2, 3, 6],
        [2, 3],
      ],
      (x, b) => linalg.tensorsolve(spread(x.reshape(6, 6)).reshape(2, 3, 6), b),
      { domain: unit },
    ),
  ],
  "linalg.det": of(spread, (x) => linalg.det(x), ...square),
  det: of(spread, (x) => x.det(), [2, 2]),
  "linalg.slogdet": of(spread, (x) => linalg.slogdet(x).logabsdet, ...square),
  slogdet: of(spread, (x) => x.slogdet()[1], [2, 2]),
  logdet: of(positive, (x) => x.logdet(), [2, 2]),
  "linalg.svd": [...of(spread, signedSvd, ...any), ...of(spread, (x) => linalg.svd(x).S, [3, 2])],
  svd: of(spread, (x) => signed(...(x.svd() as unknown as [Tensor, Tensor, Tensor])), [3, 2]),
  "linalg.svdvals": of(spread, (x) => linalg.svdvals(x), ...any),
  "linalg.eigh": [
    ...of(symmetric, signedEigh, ...square),
    ...of(symmetric, (x) => linalg.eigh(x, "U").eigenvectors.abs(), [2, 2]),
  ],
  "linalg.eigvalsh": of(symmetric, (x) => linalg.eigvalsh(x), ...square),
  symeig: of(symmetric, (x) => x.symeig({ eigenvectors: true }).eigenvectors.abs(), [2, 2]),
  "linalg.qr": [...of(spread, (x) => linalg.qr(x), ...any), ...of(spread, (x) => linalg.qr(x).R, [2, 3])],
  qr: of(spread, (x) => x.qr(), [3, 2]),
  "linalg.householderProduct": [one([[3, 2], [2]], (x, tau) => linalg.householderProduct(x, tau))],
  orgqr: [one([[3, 2], [1]], (x, tau) => x.orgqr(tau))],
  "linalg.lu": of(spread, (x) => linalg.lu(x).slice(1), ...any),
  "linalg.luFactor": of(spread, (x) => linalg.luFactor(x).LU, ...any),
  "linalg.luFactorEx": of(spread, (x) => linalg.luFactorEx(x).LU, [2, 2]),
  lu: of(spread, (x) => x.lu()[0], [2, 2]),
  luUnpack: of(
    spread,
    (x) => torch.luUnpack(x, torch.tensor([2, 2], { dtype: "int32" })).slice(1),
    [2, 3],
    [3, 2],
  ),
  "linalg.luSolve": [
    system((a, b) => linalg.luSolve(a, torch.tensor([2, 2], { dtype: "int32" }), b), [2, 1], "left"),
    system(
      (a, b) => linalg.luSolve(a, torch.tensor([2, 2], { dtype: "int32" }), b, { adjoint: true }),
      [3, 2, 1],
      "adjoint",
    ),
    system(
      (a, b) => linalg.luSolve(a, torch.tensor([2, 2], { dtype: "int32" }), b, { left: false }),
      [1, 2],
      "right",
    ),
  ],
  luSolve: [system((a, b) => b.luSolve(a, torch.tensor([2, 2], { dtype: "int32" })), [2, 1])],
  "linalg.pinv": [
    ...of(spread, (x) => linalg.pinv(x), ...any),
    ...of(symmetric, (x) => linalg.pinv(x, null, { hermitian: true }), [2, 2]),
  ],
  pinverse: of(spread, (x) => x.pinverse(), [3, 2]),
  "linalg.lstsq": [
    system((a, b) => linalg.lstsq(a, b).solution, [3, 1], "tall", [3, 2]),
    system((a, b) => linalg.lstsq(a, b, null, { driver: "gels" }).solution, [2], "wide", [2, 3]),
  ],
  "linalg.matrixPower": [-2, 0, 1, 3].flatMap((n) =>
    of(spread, (x) => linalg.matrixPower(x, n), [2, 2]).map((s) => ({ ...s, name: `${n}` })),
  ),
  matrixPower: of(spread, (x) => x.matrixPower(2), [2, 2]),
  "linalg.matrixExp": of(spread, (x) => linalg.matrixExp(x), ...square),
  matrixExp: of(spread, (x) => x.matrixExp(), [2, 2]),
  "linalg.vectorNorm": [
    ...[0.5, 1, 1.5, 2, 3, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((p) =>
      one([[2, 3]], (x) => linalg.vectorNorm(x, p, 1), { name: `${p}` }),
    ),
    one([[2, 2, 2]], (x) => linalg.vectorNorm(x, 3, [0, 2], { keepdim: true }), { name: "dims" }),
    one([[]], (x) => linalg.vectorNorm(x, 3), { name: "0-d" }),
  ],
  "linalg.matrixNorm": (["fro", "nuc", 1, -1, 2, -2, Number.POSITIVE_INFINITY] as const).flatMap((p) =>
    of(spread, (x) => linalg.matrixNorm(x, p, [-1, 0]), [3, 2]).map((s) => ({ ...s, name: `${p}` })),
  ),
  "linalg.matmul": [system((a, b) => linalg.matmul(a, b), [2, 3])],
  "linalg.diagonal": [one([[2, 3]], (x) => linalg.diagonal(x, { offset: 1 }))],
  "linalg.norm": of(spread, (x) => linalg.norm(x, 2), [3, 2]),
  "linalg.cond": ([null, -2, "fro", 1, "nuc"] as const).flatMap((p) =>
    of(spread, (x) => linalg.cond(x, p), [2, 2]).map((s) => ({ ...s, name: `${p}` })),
  ),
};
