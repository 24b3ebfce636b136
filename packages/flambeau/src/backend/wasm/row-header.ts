// What the kernel of a row nest finds in memory besides rows: addresses, and scratch.
// Floor L2 (backend/wasm).

import type { DType } from "../../base/dtype.ts";
import type { RowNest } from "../../ir/row.ts";
import { scratchBytes } from "./reduce-codegen.ts";

/**
 * Addresses that the kernel finds in its header, in this order: operands, kept rows of stages, maps, values, sums, and
 * once more the sums, in which those of float32 are gathered as float64.
 */
export const addressCount = (nest: RowNest): number =>
  nest.operands.length + nest.stages.length + nest.maps.length + nest.values.length + 2 * nest.sums.length;

/** In what sums over rows are gathered. */
export const wideOf = (dtype: DType): DType => (dtype === "float32" ? "float64" : dtype);

/** The header: addresses, how many rows are added before the next flush, and scratch of accumulators. */
export const countdownAt = (nest: RowNest): number => 4 * addressCount(nest);
export const scratchAt = (nest: RowNest): number => 64 * Math.ceil((countdownAt(nest) + 4) / 64);
/** In scratch: which of the elements behind the last whole round of so many groups there are. */
export const masksAt = (count: 2 | 4): number => scratchBytes + (count === 4 ? 0 : 64);
export const headerBytes = (nest: RowNest): number => scratchAt(nest) + scratchBytes + 96;
