// Random programs that keep the rules of program.ts, to compare passes and backends with the interpreter: views of all kinds,
// steps of all kinds, updates in place, results of several steps in one buffer.

import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes, isFloat } from "../../src/base/dtype.ts";
import type { BufferId, Program, Step } from "../../src/ir/program.ts";
import type { Expr } from "../../src/ir/scalar.ts";
import { verifyProgram } from "../../src/ir/verify-program.ts";
import type { DraftBuffer, StepKind } from "./random-draft.ts";
import { Draft } from "./random-draft.ts";
import type { Known } from "./random-expr.ts";
import { epsilon } from "./random-expr.ts";
import { Random } from "./random-numbers.ts";
import { makers } from "./random-steps.ts";

export interface RandomProgramOptions {
  /** Kinds of steps, in equal parts; default all. */
  readonly kinds?: readonly StepKind[];
  /** At most so many steps; default 8. */
  readonly steps?: number;
  readonly dtypes?: readonly DType[];
  /** Elements of a loop, about; default 200. */
  readonly elements?: number;
}

export interface RandomProgram {
  readonly program: Program;
  readonly scalars: readonly number[];
  /** Arrays of states and inputs, new ones at each call: the program is meant to be run once from them. */
  memory(): Map<BufferId, TypedArray>;
  /** How far elements of a state or output may be off after one run. 0 for integers. */
  tolerance(buffer: BufferId): number;
}

const allKinds: readonly StepKind[] = [
  "loop",
  "matmul",
  "conv",
  "rows",
  "elements",
  "pool",
  "repeat",
  "host",
];

/** Loops make half of the steps where there are others, too. */
const pickKind = (random: Random, kinds: readonly StepKind[]): StepKind =>
  kinds.includes("loop") && random.chance(0.5) ? "loop" : random.pick(kinds);

/** Overlaps, and windows of nothing, which makers leave to chance; anything else that the verifier finds is a mistake of the makers. */
const expected = /overlaps|more than once|is stored over|in the border alone/;

export function randomProgram(seed: number, options: RandomProgramOptions = {}): RandomProgram {
  const random = new Random(seed);
  const { kinds = allKinds, elements = 200 } = options;
  const types = options.dtypes ?? (Object.keys(dtypes) as DType[]);
  const draft = new Draft(random, types, elements);
  const wanted = random.between(1, options.steps ?? 8);
  for (let attempt = 0; attempt < 20 * wanted && draft.steps.length < wanted; attempt++) {
    const before = draft.save();
    makers[pickKind(random, kinds)](draft);
    if (draft.buffers.some((b) => b.error > 0.01 || (isFloat(b.dtype) && b.bound > 1e5))) {
      draft.restore(before);
      continue;
    }
    try {
      verifyProgram(draft.program());
    } catch (error) {
      if (!expected.test((error as Error).message)) throw error;
      draft.restore(before);
    }
  }
  draft.chooseOutputs();
  const program = draft.program();
  verifyProgram(program);
  const buffers: readonly DraftBuffer[] = draft.buffers;
  return {
    program,
    scalars: draft.scalars,
    memory: () =>
      new Map(
        buffers.flatMap(({ kind, initial }, id) =>
          kind === "state" || kind === "input" ? [[id, initial!.slice()]] : [],
        ),
      ),
    tolerance: (id) => toleranceOf(buffers[id]!.dtype, buffers[id]!),
  };
}

const toleranceOf = (dtype: DType, { bound, error }: Known): number =>
  isFloat(dtype) ? error + 4 * epsilon(dtype) * bound : 0;

/**
 * Where two memories differ by more than the tolerance, in words; null if nowhere. Looks at states and outputs.
 */
export function difference(
  { program, tolerance }: RandomProgram,
  got: (buffer: BufferId) => TypedArray,
  want: (buffer: BufferId) => TypedArray,
): string | null {
  for (const [id, { kind, name, dtype, length }] of program.buffers.entries()) {
    if (kind !== "state" && kind !== "output") continue;
    const [a, b] = [got(id), want(id)];
    for (let i = 0; i < length; i++) {
      const [x, y] = [a[i]!, b[i]!];
      const near =
        Object.is(x, y) || x === y || (isFloat(dtype) && Math.abs(Number(x) - Number(y)) <= tolerance(id));
      if (!near) return `${kind} ${id} ("${name}", ${dtype}), element ${i}: got ${x}, expected ${y}`;
    }
  }
  return null;
}

/** One line a step, for messages of failing tests. */
export const describeSteps = (steps: readonly Step[]): string =>
  steps
    .map((step) =>
      JSON.stringify(step, (key, value) => (key === "body" && "op" in value ? showExpr(value) : value)),
    )
    .join("\n");

/** An expression as calls: `add(in0, mul(in1, 2))`. */
const showExpr = (e: Expr): string =>
  e.op === "input"
    ? `in${e.value}`
    : e.op === "const"
      ? `${e.value}`
      : `${e.op === "cast" ? e.dtype : e.op}(${e.args.map(showExpr).join(", ")})`;
