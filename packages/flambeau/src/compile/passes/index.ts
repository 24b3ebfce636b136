// All passes over a captured program, in their order.
// Floor L4 (compile).

import type { Program, Step } from "../../ir/program.ts";
import { shareCommon } from "./common.ts";
import { foldConstants } from "./constants.ts";
import { foldCopies } from "./copies.ts";
import { removeDead } from "./dead.ts";
import { functionalise } from "./functionalise.ts";
import type { FusionOptions } from "./fuse.ts";
import { fuse } from "./fuse.ts";
import { reuseInPlace } from "./in-place.ts";
import { Log } from "./log.ts";
import { joinPieces } from "./pieces.ts";
import { schedule } from "./schedule.ts";
import { simplify } from "./simplify.ts";
import { markZeros } from "./zeros.ts";

/** What is left out, for comparisons; everything is on by default. */
export interface OptimiseOptions {
  readonly functionalise?: boolean;
  readonly simplify?: boolean;
  readonly constants?: boolean;
  readonly common?: boolean;
  readonly copies?: boolean;
  readonly pieces?: boolean;
  readonly dead?: boolean;
  readonly fusion?: boolean | FusionOptions;
  readonly schedule?: boolean;
  readonly inPlace?: boolean;
  readonly zeros?: boolean;
}

/** A program after the passes, and what they did, a line each. */
export interface Optimised {
  readonly program: Program;
  readonly log: readonly string[];
}

/** The same program in fewer steps: what it leaves in states and outputs is the same up to the rounding of sums. */
export function optimise(program: Program, options: OptimiseOptions = {}): Optimised {
  const log = new Log();
  const inner = (step: Step): Step =>
    step.kind === "repeat"
      ? { ...step, body: optimise(step.body, { ...options, zeros: false }).program }
      : step;
  const { fusion = true } = options;
  const passes: readonly [boolean | undefined, (p: Program) => Program][] = [
    [options.functionalise, (p) => functionalise(p, log)],
    [options.dead, (p) => removeDead(p, log)],
    [options.constants, (p) => foldConstants(p, log)],
    [options.simplify, simplify],
    [options.common, (p) => shareCommon(p, log)],
    [options.copies, (p) => foldCopies(p, log)],
    [options.pieces, (p) => joinPieces(p, log)],
    [options.dead, (p) => removeDead(p, log)],
    [fusion !== false, (p) => fuse(p, log, fusion === true ? {} : (fusion as FusionOptions))],
    [options.dead, (p) => removeDead(p, log)],
    [options.copies, (p) => foldCopies(p, log)],
    [options.dead, (p) => removeDead(p, log)],
    [options.simplify, simplify],
    [options.schedule, schedule],
    [options.inPlace, (p) => reuseInPlace(p, log)],
    [options.zeros, (p) => markZeros(p, log)],
  ];
  let result: Program = { ...program, steps: program.steps.map(inner) };
  for (const [on, pass] of passes) if (on !== false) result = pass(result);
  return { program: result, log: log.lines };
}
