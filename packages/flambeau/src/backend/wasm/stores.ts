// Stores of adjacent vectors, in the order that suits V8. Floor L2 (backend/wasm).

import type { Code, FunctionBuilder, Local } from "./encoder.ts";
import { v128 } from "./encoder.ts";

/**
 * Stores adjacent vectors at `pointer + offset`, the last one first. Of two that pair up V8 makes one store in place of the second
 * that it meets: if that is the upper one, the lower one's own store stays.
 */
export function storeVectors(
  f: FunctionBuilder,
  vectors: readonly (Local | Code)[],
  pointer: Local,
  offset: number,
): void {
  for (let i = vectors.length - 1; i >= 0; i--) f.do(v128.store(pointer, vectors[i]!, offset + 16 * i));
}
