// Linear algebra: `torch.linalg`.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/linalg.html

export { cholesky, choleskyEx } from "./cholesky.ts";
export { det, slogdet } from "./det.ts";
export { eigh, eigvalsh } from "./eigh.ts";
export { matrixExp, matrixPower } from "./functions.ts";
export { ldlFactor, ldlFactorEx, ldlSolve } from "./ldl.ts";
export { lstsq } from "./lstsq.ts";
export { lu, luFactor, luFactorEx, luSolve } from "./lu.ts";
export { cond, matrixNorm, norm, vectorNorm } from "./norms.ts";
export { matrixRank, pinv } from "./pinv.ts";
export * from "./products.ts";
export { householderProduct, qr } from "./qr.ts";
export { inv, invEx, solve, solveEx } from "./solve.ts";
export { svd, svdvals } from "./svd.ts";
export * from "./tensor-systems.ts";
export * from "./triangular.ts";
