// Shapes of decompositions and solvers; `npm run check` compiles this file.

import type { AnyTensor, Tensor } from "../../src/index.ts";
import * as torch from "../../src/index.ts";
import { is } from "./expect.ts";

declare const a: Tensor<[5, 3, 3]>;
declare const s: Tensor<[4, 4]>;
declare const tall: Tensor<[2, 6, 4]>;
declare const wide: Tensor<[3, 8]>;
declare const rows: Tensor<[number, 3]>;
declare const v: Tensor<[4]>;
declare const b: Tensor<[4, 2]>;
declare const d: Tensor<[4, 4], "float64">;
declare const plain: Tensor;
declare const anything: AnyTensor;
const { linalg } = torch;

// ---- the same shape
is<Tensor<[5, 3, 3]>>()(linalg.inv(a));
is<Tensor<[4, 4], "float64">>()(linalg.cholesky(d, { upper: true }));
is<Tensor<[4, 4]>>()(s.inverse());
is<Tensor<[4, 4]>>()(torch.cholesky(s));
is<Tensor<[5, 3, 3]>>()(linalg.matrixPower(a, -2));
is<Tensor<[4, 4]>>()(linalg.matrixExp(s));
is<Tensor>()(linalg.inv(plain));
is<Tensor<[number, 3]>>()(linalg.inv(rows));
// @ts-expect-error "linalg.inv: expected square matrices, but got shape [3, 8]"
linalg.inv(wide);
// @ts-expect-error "linalg.inv: expected at least 2 dimensions, but got shape [4]"
linalg.inv(v);
// @ts-expect-error "inverse: expected square matrices, but got shape [3, 8]"
wide.inverse();

// ---- one number a matrix
is<Tensor<[5]>>()(linalg.det(a));
is<Tensor<[]>>()(s.det());
is<Tensor<[5]>>()(a.logdet());
is<Tensor<[5]>>()(linalg.slogdet(a).logabsdet);
is<Tensor<[5], "int32">>()(linalg.invEx(a).info);
// @ts-expect-error "linalg.det: expected square matrices, but got shape [3, 8]"
linalg.det(wide);

// ---- systems
is<Tensor<[4]>>()(linalg.solve(s, v));
is<Tensor<[4, 2]>>()(linalg.solve(s, b));
is<Tensor<[5, 3]>>()(linalg.solve(a, null! as Tensor<[5, 3]>));
is<Tensor<[5, 3, 7]>>()(linalg.solve(a, null! as Tensor<[3, 7]>));
is<Tensor<[4, 2]>>()(linalg.solveTriangular(s, b, { upper: true }));
is<Tensor>()(linalg.solve(s, b, { left: false }));
is<Tensor>()(linalg.solve(plain, b));
// @ts-expect-error "linalg.solve: incompatible shapes of A and B for the equation AX = B: [4, 4] and [3, 8]"
linalg.solve(s, wide);
// @ts-expect-error "linalg.solve: expected A and B to have the same dtype, but got float64 and float32"
linalg.solve(d, v);

// ---- decompositions
is<Tensor<[2, 6, 6]>>()(linalg.svd(tall).U);
is<Tensor<[2, 6, 4]>>()(linalg.svd(tall, { fullMatrices: false }).U);
is<Tensor<[2, 4]>>()(linalg.svd(tall)[1]);
is<Tensor<[3, 8]>>()(linalg.svd(wide, { fullMatrices: false }).Vh);
is<Tensor<[8, 3]>>()(wide.svd().V);
is<Tensor<[3]>>()(linalg.svdvals(wide));
is<Tensor<[3, 3]>>()(linalg.qr(wide).Q);
is<Tensor<[2, 6, 6]>>()(linalg.qr(tall, "complete").Q);
is<Tensor<[2, 4, 4]>>()(linalg.qr(tall).R);
is<Tensor<[2, 6, 4]>>()(tall.qr().Q);
is<Tensor<[5, 3]>>()(linalg.eigh(a).eigenvalues);
is<Tensor<[5, 3, 3]>>()(linalg.eigh(a)[1]);
is<Tensor<[4]>>()(linalg.eigvalsh(s, "U"));
is<Tensor<[2, 6, 4]>>()(linalg.luFactor(tall).LU);
is<Tensor<[2, 4], "int32">>()(linalg.luFactor(tall).pivots);
is<Tensor<[2, 6, 6]>>()(linalg.lu(tall).P);
is<Tensor<[2, 6, 4]>>()(linalg.lu(tall).L);
is<Tensor<[2, 4, 4]>>()(linalg.lu(tall).U);
is<Tensor<[2, 4, 6]>>()(linalg.pinv(tall));
is<Tensor<[8, 3]>>()(wide.pinverse());
// @ts-expect-error "linalg.svd: expected at least 2 dimensions, but got shape [4]"
linalg.svd(v);

// ---- norms
is<Tensor<[]>>()(linalg.vectorNorm(tall));
is<Tensor<[2, 4]>>()(linalg.vectorNorm(tall, 1, 1));
is<Tensor<[2, 1, 4], "float64">>()(linalg.vectorNorm(tall, 1, 1, { keepdim: true, dtype: "float64" }));
// @ts-expect-error "linalg.vectorNorm: Dimension out of range ..."
linalg.vectorNorm(tall, 1, 3);

export const loose: AnyTensor = linalg.inv(linalg.svd(linalg.qr(anything).Q).U);
export const generic = <N extends number>(x: Tensor<[N, N]>, y: Tensor<[N]>): Tensor<[N]> =>
  linalg.solve(x, y);
