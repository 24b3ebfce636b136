// L D L^T decomposition of symmetric matrices that need not be positive-definite. There are no gradients, as in PyTorch.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.ldl_factor.html

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import { numel, sameShape } from "../../base/shape.ts";
import type { AnyTensor, Tensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import type { Named } from "../named.ts";
import { named } from "../named.ts";
import { factorLDL, solveLDL } from "./kernels/ldl.ts";
import {
  batchPlaces,
  checkFloat,
  checkInfo,
  checkMatrix,
  checkSquare,
  commonLead,
  dtypeName,
  elementsOf,
  integersOf,
  leadOf,
  tensorOf,
} from "./matrices.ts";

export interface LdlOptions {
  /** Without a meaning for real matrices. */
  readonly hermitian?: boolean;
}

const factors: (a: AnyTensor) => readonly [AnyTensor, AnyTensor, AnyTensor] = op({
  name: "linalg.ldlFactorEx",
  forward: (a: AnyTensor) => {
    const n: number = a.shape.at(-1)!;
    const lead = leadOf(a);
    const count = numel(lead);
    const data = elementsOf(a);
    const pivots = new Int32Array(count * n);
    const info = new Int32Array(count);
    for (let t = 0; t < count; t++) {
      const at = t * n * n;
      info[t] = factorLDL(data, at, n, pivots, t * n);
      for (let i = 0; i < n; i++) data.fill(0, at + i * n + i + 1, at + (i + 1) * n);
    }
    return [
      tensorOf(data, a.shape, a.dtype as DType),
      integersOf(pivots, [...lead, n]),
      integersOf(info, lead),
    ];
  },
});

function checked(a: AnyTensor): readonly [AnyTensor, AnyTensor, AnyTensor] {
  checkSquare(a, "torch.linalg.ldl_factor_ex");
  checkFloat(a, "torch.linalg.ldl_factor_ex");
  return factors(a);
}

const zeroBlock = (i: number): string =>
  `D[${i},${i}] is zero: the factorization is done, but ldl_solve would divide by zero. Consider linalg.ldlFactorEx.`;

type Pivots = Tensor<readonly number[], "int32">;
export type LdlResult = Named<readonly [LD: AnyTensor, pivots: Pivots], { LD: AnyTensor; pivots: Pivots }>;
export type LdlExResult = Named<
  readonly [LD: AnyTensor, pivots: Pivots, info: Pivots],
  { LD: AnyTensor; pivots: Pivots; info: Pivots }
>;

/**
 * `{ LD, pivots }` of symmetric matrices [..., n, n], of which the lower triangle is read: L and D in one matrix, and the
 * exchanges of rows as LAPACK's sytrf counts them (two equal negative ones mark a 2 x 2 block of D).
 * @throws RuntimeError if D has a zero block
 */
export const ldlFactor: (a: AnyTensor, options?: LdlOptions) => LdlResult = composite(
  (a: AnyTensor, { hermitian = false }: LdlOptions = {}) => {
    checkHermitian(hermitian);
    const [ld, pivots, info] = checked(a);
    checkInfo(info, "torch.linalg.ldl_factor", zeroBlock, RuntimeError);
    return named("linalg_ldl_factor", ["LD", "pivots"], [ld, pivots] as const);
  },
);

/** {@link ldlFactor} that reports failure: `{ LD, pivots, info }`; info is 0, or the place of the first zero block of D. */
export const ldlFactorEx: (
  a: AnyTensor,
  options?: LdlOptions & { readonly checkErrors?: boolean },
) => LdlExResult = composite(
  (a: AnyTensor, { hermitian = false, checkErrors = false }: LdlOptions & { checkErrors?: boolean } = {}) => {
    checkHermitian(hermitian);
    const [ld, pivots, info] = checked(a);
    if (checkErrors) checkInfo(info, "torch.linalg.ldl_factor_ex", zeroBlock, RuntimeError);
    return named("linalg_ldl_factor_ex", ["LD", "pivots", "info"], [ld, pivots, info] as const);
  },
);

function checkHermitian(hermitian: unknown): void {
  if (typeof hermitian !== "boolean")
    throw new RuntimeError(`linalg.ldl_factor: hermitian must be a boolean, but got ${String(hermitian)}`);
}

const solveKernel: (ld: AnyTensor, pivots: AnyTensor, b: AnyTensor) => AnyTensor = op({
  name: "linalg.ldlSolve",
  forward: (ld: AnyTensor, pivots: AnyTensor, b: AnyTensor) => {
    const lead = commonLead(ld, b, "torch.linalg.ldl_solve");
    const [n, k] = b.shape.slice(-2) as [number, number];
    const x = elementsOf(b.expand([...lead, n, k]));
    const data = elementsOf(ld);
    const places = elementsOf(pivots);
    const from = batchPlaces(leadOf(ld), lead);
    for (let t = 0; t < from.length; t++)
      solveLDL(data, from[t]! * n * n, n, places, from[t]! * n, x, t * n * k, k);
    return tensorOf(x, [...lead, n, k], b.dtype as DType);
  },
});

/** X with A X = B from the factors of A that {@link ldlFactor} gives; batches broadcast. */
export const ldlSolve: (LD: AnyTensor, pivots: AnyTensor, b: AnyTensor, options?: LdlOptions) => AnyTensor =
  composite((LD: AnyTensor, pivots: AnyTensor, b: AnyTensor, { hermitian = false }: LdlOptions = {}) => {
    const op = "torch.linalg.ldl_solve";
    checkHermitian(hermitian);
    checkSquare(LD, op);
    checkFloat(LD, op);
    checkMatrix(b, op, "B");
    if (b.shape.at(-2) !== LD.shape.at(-1))
      throw new ShapeError(
        op,
        [LD.shape, b.shape],
        `Incompatible matrix sizes for ${op}: each A matrix is ${LD.shape.at(-1)} by ${LD.shape.at(-1)} but each b matrix is ${b.shape.at(-2)} by ${b.shape.at(-1)}`,
      );
    if (!sameShape(pivots.shape, LD.shape.slice(0, -1)))
      throw new ShapeError(
        op,
        [LD.shape, pivots.shape],
        `${op}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape ${showShape(pivots.shape)} instead`,
      );
    if (isFloat(pivots.dtype) || pivots.dtype === "bool")
      throw new DTypeError(op, `${op}: Expected pivots to be integers. Got ${dtypeName(pivots)}`);
    if (b.dtype !== LD.dtype)
      throw new DTypeError(
        op,
        `${op}: Expected b and A to have the same dtype, but found b of type ${dtypeName(b)} and A of type ${dtypeName(LD)} instead.`,
      );
    return solveKernel(LD, pivots, b);
  });
