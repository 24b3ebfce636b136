// The heavy kernels of the backend in use, for ops to call.
// Floor L3 (tensor).

import { getBackend } from "../backend/backend.ts";
import type { Routines } from "../ir/routines.ts";

/** Products of matrices; see the contract in ir/routines.ts. */
export const matrixProduct: Routines["matmul"] = (...args) => getBackend().routines.matmul(...args);
/** Products with shifted copies of one array; see the contract in ir/routines.ts. */
export const shiftedProductOf: Routines["shiftedProduct"] = (...args) =>
  getBackend().routines.shiftedProduct(...args);
/** Sums of products with shifted copies of one array; see the contract in ir/routines.ts. */
export const shiftedSumsOf: Routines["shiftedSums"] = (...args) => getBackend().routines.shiftedSums(...args);
