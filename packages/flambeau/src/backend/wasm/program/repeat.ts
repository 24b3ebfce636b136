// A loop that runs a known number of times.
// Floor L2 (backend/wasm/program).

import type { FunctionBuilder } from "../encoder.ts";
import { countDown } from "../matmul/elements.ts";

/** body() so many times. */
export function repeat(f: FunctionBuilder, count: number, body: () => void): void {
  if (count === 1) body();
  if (count < 2) return;
  const left = f.let("i32", count);
  countDown(f, left, body);
}
