// A step run eagerly and compiled: the same results, and the same state after every call.

import { expect } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;

// biome-ignore lint/suspicious/noExplicitAny: steps take whatever they take.
type Step = (...args: any[]) => unknown;

/** A function to compile, what it is called with in each call, and the state that it leaves. */
export interface Steps {
  readonly step: Step;
  readonly args?: (call: number) => unknown[];
  readonly state: () => Iterable<Tensor | null>;
}

export interface SameOptions {
  /** Largest difference, relative to the largest element. Default 2e-6. */
  readonly tolerance?: number;
  /** Calls in all; the first one of a compiled function is eager. Default 4. */
  readonly calls?: number;
}

const numbers = (x: Tensor): number[] => Array.from(x.contiguous().toTypedArray() as Float32Array, Number);

function tensorsIn(x: unknown): Tensor[] {
  if (torch.isTensor(x)) return [x];
  if (x instanceof torch.nn.utils.rnn.PackedSequence) return [x.data, x.batchSizes];
  return typeof x === "object" && x !== null ? Object.values(x).flatMap(tensorsIn) : [];
}

/** Compares, and returns the compiled function. */
export function expectSame(
  make: () => Steps,
  { tolerance = 2e-6, calls = 4 }: SameOptions = {},
): torch.Compiled<Step> {
  const run = (compiled: boolean) => {
    torch.manualSeed(7);
    const { step, args, state } = make();
    const plain = torch.compile(step, { keepGradients: true });
    const seen: (number[] | null)[] = [];
    for (let call = 0; call < calls; call++) {
      const result = (compiled ? plain : step)(...(args?.(call) ?? []));
      for (const x of [...tensorsIn(result), ...state()]) seen.push(x && numbers(x.detach()));
    }
    return { seen, plain };
  };
  const eager = run(false).seen;
  const { seen, plain } = run(true);
  expect(seen.length).toBe(eager.length);
  eager.forEach((want, i) => {
    const got = seen[i]!;
    expect(got === null, `value ${i}`).toBe(want === null);
    if (!want) return;
    expect(got!.length, `value ${i}`).toBe(want.length);
    const largest = want.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1e-30);
    want.forEach((v, j) => {
      const same = Object.is(v, got![j]) || Math.abs(v - got![j]!) <= tolerance * largest;
      if (!same) expect.fail(`value ${i}, element ${j}: got ${got![j]}, expected ${v}`);
    });
  });
  return plain;
}
