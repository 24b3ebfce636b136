// Least squares.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.lstsq.html

import type { DType } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel, sameShape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import type { Named } from "../named.ts";
import { named } from "../named.ts";
import { transpose } from "./kernels/blocks.ts";
import { factorQR, multiplyQ } from "./kernels/householder.ts";
import { decomposeSVD } from "./kernels/svd.ts";
import { solveTriangle } from "./kernels/triangular.ts";
import {
  adjoint,
  batchPlaces,
  checkFloat,
  commonLead,
  dtypeName,
  elementsOf,
  integersOf,
  leadOf,
  tensorOf,
} from "./matrices.ts";
import { pinv, pinvGradient } from "./pinv.ts";

const drivers = ["gels", "gelsy", "gelsd", "gelss"];

/** The solution by a QR decomposition, for an A of full rank; 0 if it is not. */
function byQR(a: Float64Array, m: number, n: number, b: Float64Array, k: number): Float64Array {
  const tall = m >= n;
  const q = tall ? a : transpose(a, m, n);
  const [rows, size] = tall ? [m, n] : [n, m];
  const tau = new Float64Array(size);
  factorQR(q, 0, rows, size, tau, 0);
  const x = new Float64Array(Math.max(m, n) * k);
  for (let i = 0; i < size; i++) if (q[i * size + i] === 0) return x;
  x.set(b);
  const r = { data: q, at: 0, row: tall ? size : 1, column: tall ? 1 : size };
  if (tall) multiplyQ(q, 0, size, tau, 0, size, rows, x, 0, k, k, true);
  solveTriangle(r, size, tall, false, x, 0, k, k);
  // A wide system has the shortest solution in the row space.
  if (!tall) multiplyQ(q, 0, size, tau, 0, size, rows, x, 0, k, k, false);
  return x;
}

/** The shortest solution by singular values, those above rcond times the largest. */
function bySVD(
  a: Float64Array,
  m: number,
  n: number,
  b: Float64Array,
  k: number,
  rcond: number,
): { x: Float64Array; rank: number; s: Float64Array } {
  const x = new Float64Array(n * k);
  const svd = decomposeSVD(a, m, n, "reduced");
  if (!svd?.u || !svd.vh)
    return { x: x.fill(Number.NaN), rank: 0, s: new Float64Array(Math.min(m, n)).fill(Number.NaN) };
  const { s, u, vh } = svd;
  const size = s.length;
  let rank = 0;
  while (rank < size && s[rank]! > rcond * s[0]!) rank++;
  const row = new Float64Array(k);
  for (let p = 0; p < rank; p++) {
    row.fill(0);
    for (let i = 0; i < m; i++) for (let c = 0; c < k; c++) row[c]! += u[i * size + p]! * b[i * k + c]!;
    for (let i = 0; i < n; i++) {
      const f = vh[p * n + i]! / s[p]!;
      for (let c = 0; c < k; c++) x[i * k + c]! += f * row[c]!;
    }
  }
  return { x, rank, s };
}

/** For each column, the sum of squares of A X - B. */
function residualsOf(
  a: Float64Array,
  m: number,
  n: number,
  x: Float64Array,
  b: Float64Array,
  k: number,
  out: Float64Array,
): void {
  const row = new Float64Array(k);
  for (let i = 0; i < m; i++) {
    for (let c = 0; c < k; c++) row[c] = -b[i * k + c]!;
    for (let j = 0; j < n; j++) for (let c = 0; c < k; c++) row[c]! += a[i * n + j]! * x[j * k + c]!;
    for (let c = 0; c < k; c++) out[c]! += row[c]! * row[c]!;
  }
}

type Parts = readonly [AnyTensor, AnyTensor, AnyTensor, AnyTensor];

const parts: (a: AnyTensor, b: AnyTensor, rcond: number, driver: string) => Parts = op({
  name: "linalg.lstsq",
  saves: "inputs",
  forward: (a: AnyTensor, b: AnyTensor, rcond: number, driver: string) => {
    const [m, n] = a.shape.slice(-2) as [number, number];
    const k: number = b.shape.at(-1)!;
    const lead: Shape = commonLead(a, b, "linalg.lstsq");
    const count = numel(lead);
    const dtype = a.dtype as DType;
    const size = Math.min(m, n);
    const ranked = driver !== "gels";
    const valued = driver === "gelsd" || driver === "gelss";
    const x = new Float64Array(count * n * k);
    const rank = new Int32Array(ranked ? count : 0);
    const values = new Float64Array(valued ? count * size : 0);
    const residuals = new Float64Array(count * k);
    const nothing = numel(a.shape) === 0 || numel(b.shape) === 0;
    if (!nothing) {
      const fromA = batchPlaces(leadOf(a), lead);
      const fromB = batchPlaces(leadOf(b), lead);
      const left = elementsOf(a);
      const right = elementsOf(b);
      for (let t = 0; t < count; t++) {
        const own = left.subarray(fromA[t]! * m * n, (fromA[t]! + 1) * m * n);
        const target = right.subarray(fromB[t]! * m * k, (fromB[t]! + 1) * m * k);
        let found: Float64Array;
        if (ranked) {
          const solution = bySVD(own.slice(), m, n, target, k, rcond);
          found = solution.x;
          rank[t] = solution.rank;
          if (valued) values.set(solution.s, t * size);
        } else found = byQR(own.slice(), m, n, target, k).subarray(0, n * k);
        x.set(found, t * n * k);
        residualsOf(own, m, n, found, target, k, residuals.subarray(t * k, (t + 1) * k));
      }
    }
    const full = !nothing && driver !== "gelsy" && m > n && rank.every((r) => r === n);
    return [
      tensorOf(x, [...lead, n, k], dtype),
      full ? tensorOf(residuals, [...lead, k], dtype) : tensorOf(new Float64Array(0), [0], dtype),
      integersOf(rank, ranked ? lead : [0]),
      tensorOf(values, valued ? [...lead, size] : [0], dtype),
    ];
  },
  multiVjp: ([g], s) => {
    if (!g) return [null, null];
    const a: AnyTensor = s.a;
    const p: AnyTensor = pinv(a) as AnyTensor;
    return [
      s.edges[0] ? pinvGradient(g.matmul(adjoint(s.b)), a, p) : null,
      s.edges[1] ? adjoint(p).matmul(g) : null,
    ];
  },
});

export interface LstsqOptions {
  /** "gelsy" (default), "gelsd" and "gelss" find the rank; "gels" takes A to be of full rank. */
  readonly driver?: string | null;
}
interface LstsqFields {
  solution: AnyTensor;
  residuals: AnyTensor;
  rank: AnyTensor;
  singularValues: AnyTensor;
}
export type LstsqResult = Named<
  readonly [solution: AnyTensor, residuals: AnyTensor, rank: AnyTensor, singularValues: AnyTensor],
  LstsqFields
>;

/**
 * `{ solution, residuals, rank, singularValues }` of min |A X - B| for A [..., m, n] and B [..., m, k], [m], or [..., m] with the
 * batch of A. Of many solutions, the shortest. Singular values up to `rcond` times the largest count as 0 (default
 * max(m, n) times the dtype's epsilon). Residuals are there if m > n, A has full rank and the driver is not
 * "gelsy"; ranks and singular values as far as the driver finds them. The gradient is that of the solution.
 *
 * Differs from PyTorch: all drivers but "gels" decide on the rank by singular values.
 */
export const lstsq: (
  a: AnyTensor,
  b: AnyTensor,
  rcond?: number | null,
  options?: LstsqOptions,
) => LstsqResult = composite(
  (a: AnyTensor, b: AnyTensor, rcond?: number | null, options: LstsqOptions = {}) => {
    const op = "torch.linalg.lstsq";
    if (a.ndim < 2) throw new RuntimeError(`${op}: input must have at least 2 dimensions.`);
    if (b.ndim < 1) throw new RuntimeError(`${op}: other must have at least 1 dimension.`);
    checkFloat(a, op);
    if (a.dtype !== b.dtype)
      throw new DTypeError(
        op,
        `${op}: Expected input and other to have the same dtype, but got input's dtype ${dtypeName(a)} and other's dtype ${dtypeName(b)}`,
      );
    const driver = options.driver ?? "gelsy";
    if (!drivers.includes(driver))
      throw new RuntimeError(
        `${op}: parameter \`driver\` should be one of (gels, gelsy, gelsd, gelss), but got ${driver}`,
      );
    const vectors = b.ndim === 1 || (b.ndim === a.ndim - 1 && sameShape(b.shape, a.shape.slice(0, -1)));
    const right: AnyTensor = vectors ? b.unsqueeze(-1) : b;
    const [m, n] = a.shape.slice(-2) as [number, number];
    if (right.shape.at(-2) !== m)
      throw new ShapeError(
        op,
        [a.shape, b.shape],
        `${op}: input.size(-2) should match other.size(-${vectors ? 1 : 2}), but the shapes are ${showShape(a.shape)} and ${showShape(b.shape)}`,
      );
    const epsilon = a.dtype === "float64" ? 2 ** -52 : 2 ** -23;
    const [x, ...rest] = parts(a, right, rcond ?? epsilon * Math.max(m, n), driver);
    return named("linalg_lstsq", ["solution", "residuals", "rank", "singularValues"], [
      vectors ? x.squeeze(-1) : x,
      ...rest,
    ] as const) as LstsqResult;
  },
);
