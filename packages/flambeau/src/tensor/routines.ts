// The heavy kernels of the backend in use, for ops to call.
// Floor L3 (tensor).

import { getBackend } from "../backend/backend.ts";
import type { Routines } from "../ir/routines.ts";

/** Products of matrices; see the contract in ir/routines.ts. */
export const matrixProduct: Routines["matmul"] = (...args) => getBackend().routines.matmul(...args);
