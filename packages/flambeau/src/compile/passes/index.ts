// All passes over a captured program, in their order.
// Floor L4 (compile).

import type { Program } from "../../ir/program.ts";

/** A program after the passes, and what they did, a line each. */
export interface Optimised {
  readonly program: Program;
  readonly log: readonly string[];
}

export const optimise = (program: Program): Optimised => ({ program, log: [] });
