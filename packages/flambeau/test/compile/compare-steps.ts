// Runs random steps eagerly, compiled, and compiled for the reference interpreter, and says where they differ.

import { getBackend, setBackend } from "../../src/backend/backend.ts";
import * as torch from "../../src/index.ts";
import { blockwise } from "../../src/ops/attention.ts";
import { randomStep } from "./random-step.ts";
import { ReferencePrograms } from "./reference-programs.ts";

/** Calls of a function: the first of a compiled one runs eagerly, the three that follow run the program. */
const calls = 4;

interface Seen {
  readonly where: string;
  readonly shape: string;
  /** NaN and infinities included; null stands for a gradient that is none. */
  readonly values: readonly number[] | null;
}

const seen = (where: string, x: torch.AnyTensor | null): Seen => ({
  where,
  shape: x ? `${x.dtype} [${x.shape.join(", ")}]` : "none",
  values: x ? Array.from(x.detach().contiguous().toTypedArray() as Float32Array, Number) : null,
});

type How = "eager" | "compiled" | "interpreted";

/** All that a step shows: results of every call, and what it leaves behind. */
function run(seed: number, how: How, noise = 0): Seen[] {
  const usual = getBackend();
  if (how === "interpreted") setBackend({ ...usual, programs: new ReferencePrograms() });
  try {
    const step = randomStep(seed, noise);
    const fn = how === "eager" ? step.fn : torch.compile(step.fn, { keepGradients: step.accumulates });
    const all: Seen[] = [];
    for (let call = 0; call < calls; call++) {
      step.before(call);
      fn(...step.args(call)).forEach((x, i) => all.push(seen(`call ${call}, result ${i}`, x)));
      for (const [name, x] of step.state()) all.push(seen(`after call ${call}, ${name}`, x));
    }
    all.push(seen("the generator", torch.rand(2)));
    return all;
  } finally {
    setBackend(usual);
  }
}

const show = (s: Seen | undefined): string => (s ? s.shape : "nothing");

/** Where results are further apart than roundings explain; null for nowhere. */
function difference(
  got: readonly Seen[],
  want: readonly Seen[],
  slack: (i: number) => number,
): string | null {
  for (let i = 0; i < Math.max(got.length, want.length); i++) {
    const [a, b] = [got[i], want[i]];
    if (!a || !b || a.where !== b.where || a.shape !== b.shape)
      return `${b?.where ?? a?.where}: got ${show(a)}, expected ${show(b)}`;
    if (!a.values || !b.values) continue;
    const tolerance = 2e-5 * largest(b.values) + 1e-6 + slack(i);
    for (let j = 0; j < b.values.length; j++) {
      const [x, y] = [a.values[j]!, b.values[j]!];
      if (!(Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance))
        return `${b.where} ${b.shape}, element ${j}: got ${x}, expected ${y}`;
    }
  }
  return null;
}

const largest = (values: readonly number[]): number =>
  values.reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 0);

/** How much more the results differ when the data changes by about a rounding, with a margin. */
function sensitivity(seed: number, want: readonly Seen[]): (i: number) => number {
  const runs = [1e-6, -1e-6].map((noise) => run(seed, "eager", noise));
  return (i) => {
    const b = want[i]!.values ?? [];
    const worst = runs.map((r) => largest((r[i]?.values ?? []).map((x, j) => x - b[j]!)));
    return 5 * Math.max(...worst);
  };
}

/** Compares a seed's step in all ways; a message with the seed, or null. */
export function compareSteps(
  seed: number,
  ways: readonly How[] = ["compiled", "interpreted"],
): string | null {
  // Attention of any size in blocks, in half of the programs.
  blockwise.captured = seed % 4 > 1;
  let want: Seen[];
  try {
    want = run(seed, "eager");
  } catch (error) {
    return `seed ${seed}: eager: ${(error as Error).stack}`;
  }
  for (const how of ways) {
    try {
      const got = run(seed, how);
      const plain = difference(got, want, () => 0);
      const problem = plain && difference(got, want, sensitivity(seed, want));
      if (problem) return `seed ${seed}, ${how}: ${problem}`;
    } catch (error) {
      // The gradient of a gradient that JavaScript computes is refused.
      if (error instanceof torch.CompileError && randomStep(seed).penalized) continue;
      return `seed ${seed}, ${how}: ${(error as Error).stack}`;
    }
  }
  return null;
}
