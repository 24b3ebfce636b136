// The heavy kernels of the backend in use, for ops to call.
// Floor L3 (tensor).

import { getBackend } from "../backend/backend.ts";
import type { Routines } from "../ir/routines.ts";
import { HostAccess, recorder } from "./capturing.ts";

/** Products of matrices; see the contract in ir/routines.ts. */
export const matrixProduct: Routines["matmul"] = (...args) =>
  recorder === null ? getBackend().routines.matmul(...args) : recorder.matmul(...args);
/** Products with shifted copies of one array; see the contract in ir/routines.ts. */
export const shiftedProductOf: Routines["shiftedProduct"] = (...args) => {
  if (recorder !== null) throw new HostAccess("images were spread");
  getBackend().routines.shiftedProduct(...args);
};
/** Sums of products with shifted copies of one array; see the contract in ir/routines.ts. */
export const shiftedSumsOf: Routines["shiftedSums"] = (...args) => {
  if (recorder !== null) throw new HostAccess("images were spread");
  getBackend().routines.shiftedSums(...args);
};
/** Rows by their numbers; see the contract in ir/routines.ts. Callers look at numbers, so nothing is captured here. */
export const takeRowsOf: Routines["takeRows"] = (...args) => getBackend().routines.takeRows(...args);
/** Sums of rows by their numbers; see the contract in ir/routines.ts. */
export const addRowsOf: Routines["addRows"] = (...args) => getBackend().routines.addRows(...args);
