// Cases of random/<topic>.json: draws from seeded generators. What a case does follows from the fields that it has;
// descriptions in words (`what`, `note`) are read by prose.ts.

import * as torch from "flambeau";
import { callFunction, callMethod } from "./call.ts";
import type { Difference } from "./compare.ts";
import { close, compareTensor, compareValue } from "./compare.ts";
import { construct } from "./modules.ts";
import type { Outcome, Problem } from "./outcome.ts";
import { judged, raised } from "./outcome.ts";
import { constructorCall, networkOf, runGeneratorSteps } from "./prose.ts";
import { hasParameter } from "./signatures.ts";
import type { RecordedTensor } from "./values.ts";
import { decode, decodeRecord, decodeTensor, needsInt64, Unsupported } from "./values.ts";

type Keywords = Readonly<Record<string, unknown>>;

interface Draw {
  readonly fn: string;
  readonly self?: { readonly shape: readonly number[]; readonly dtype: string };
  readonly args: readonly unknown[];
  readonly kwargs: Keywords;
  readonly out: unknown;
}

interface ParameterSummary {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly sum: number;
  readonly norm: number;
}

export interface RandomCase {
  readonly id: number;
  readonly seed?: number | string;
  readonly what?: string;
  readonly note?: string;
  readonly calls?: readonly (Draw | string)[];
  readonly out?: unknown;
  readonly initial_seed?: number | string;
  readonly module?: string;
  readonly fn?: string;
  readonly shape?: readonly number[];
  readonly args?: readonly unknown[] | null;
  readonly kwargs?: Keywords;
  readonly value?: number;
  readonly parameters?: Readonly<Record<string, ParameterSummary>>;
  readonly rand_after?: RecordedTensor;
  readonly rand_after_first_batch?: RecordedTensor;
  readonly n?: number;
  readonly batch_size?: number;
  readonly shuffle?: boolean;
  readonly drop_last?: boolean;
  readonly epochs?: readonly unknown[];
  readonly first?: unknown;
  readonly rest?: unknown;
  readonly splits?: readonly unknown[];
  readonly scalar_kernel?: RecordedTensor;
}

const seedOf = (c: RandomCase): number | bigint =>
  typeof c.seed === "string" ? BigInt(c.seed) : (c.seed ?? 0);

/** What `rand(k)` gives now: pins how many numbers have been drawn. */
const checkRandAfter = (expected: RecordedTensor | undefined, where: string): Difference | null =>
  expected ? compareTensor(torch.rand(expected.shape), expected, where) : null;

function runDraws(c: RandomCase, draws: readonly Draw[]): Problem | null {
  for (const [i, draw] of draws.entries()) {
    const args = draw.args.map((v) => decode(v));
    const kwargs = decodeRecord(draw.kwargs);
    const [owner, name = ""] = draw.fn.split(/\.(.*)/s);
    // Integers beyond our default dtype have to be asked for.
    if (needsInt64(draw.out) && hasParameter(name, "dtype")) kwargs["dtype"] ??= "int64";
    // The dtype of `self` decides how many bits are drawn, so int64 is itself here.
    const self = draw.self && decodeTensor({ ...draw.self, data: null }, { int64: true });
    const result =
      owner === "Tensor" ? callMethod(self, name, args, kwargs) : callFunction(name, args, kwargs);
    const d = compareValue(result, draw.out, `${c.note ? `${c.note}: ` : ""}call ${i}, ${draw.fn}`);
    if (d) return d;
  }
  return null;
}

function checkParameter(
  p: torch.AnyTensor | undefined,
  e: ParameterSummary,
  name: string,
): Difference | null {
  const d = compareTensor(p, { shape: e.shape, dtype: e.dtype, data: null }, name);
  if (d || !p) return d;
  const values = Array.from(p.toTypedArray(), Number);
  const sum = values.reduce((a, b) => a + b, 0);
  const norm = Math.sqrt(values.reduce((a, b) => a + b * b, 0));
  const size = values.reduce((a, b) => a + Math.abs(b), 0);
  // The sum of many signed numbers is smaller than what it is rounded from.
  if (Math.abs(sum - e.sum) > 1e-6 * (1 + size))
    return {
      where: name,
      at: "sum",
      ours: String(sum),
      expected: String(e.sum),
      tolerance: 1e-6 * (1 + size),
    };
  return (
    compareValue(values.slice(0, e.first.length), e.first, `${name} first`, {}, true) ??
    compareValue(values.slice(values.length - e.last.length), e.last, `${name} last`, {}, true) ??
    compareValue(norm, e.norm, `${name} norm`, {}, true)
  );
}

function runDefaultInit(c: RandomCase): Problem | null {
  const module = (c.args ? construct(c.module!, c.args, c.kwargs ?? {}) : networkOf(c.note ?? "")) as {
    namedParameters(): Iterable<[string, torch.AnyTensor]>;
  };
  const ours = new Map(module.namedParameters());
  const names = [...ours.keys()].join(", ");
  const expected = Object.keys(c.parameters!).join(", ");
  if (names !== expected) return { where: "parameters", at: "", ours: names, expected, tolerance: 0 };
  for (const [name, e] of Object.entries(c.parameters!)) {
    const d = checkParameter(ours.get(name), e, name);
    if (d) return d;
  }
  return null;
}

function runInit(c: RandomCase): Problem | null {
  const args = (c.args ?? []).map((v) => decode(v));
  if (c.value !== undefined) return compareValue(callFunction(c.fn!, args, {}), c.value, c.fn!, {}, true);
  const x = torch.empty(c.shape!);
  callFunction(c.fn!, [x, ...args], decodeRecord(c.kwargs ?? {}));
  return compareTensor(x, c.out as RecordedTensor, c.fn!);
}

/** Batches and indices as nested arrays of numbers. */
const plainValues = (v: unknown): unknown => {
  if (torch.isTensor(v)) return plainValues(v.tolist());
  if (typeof v === "bigint") return Number(v);
  if (typeof v !== "object" || v === null) return v;
  return Array.isArray(v) ? v.map(plainValues) : [...(v as Iterable<unknown>)].map(plainValues);
};

function runDataLoading(c: RandomCase): Problem | null {
  const names = { seed: seedOf(c) };
  const { batch_size, shuffle, drop_last } = c;
  const options = Object.fromEntries(
    Object.entries({ batch_size, shuffle, drop_last }).filter(([, v]) => v !== undefined),
  );
  const made = constructorCall(c.what!, c.n, options, names);
  if (c.splits) return compareValue(plainValues(made), c.splits, "splits");
  if (c.first !== undefined) {
    const iterator = (made as Iterable<unknown>)[Symbol.iterator]();
    const first = plainValues(iterator.next().value);
    const problem =
      compareValue(first, c.first, "first batch") ??
      checkRandAfter(c.rand_after_first_batch, "rand after the first batch");
    const rest: unknown[] = [];
    for (let step = iterator.next(); !step.done; step = iterator.next()) rest.push(plainValues(step.value));
    return problem ?? compareValue(rest, c.rest, "rest");
  }
  for (const [i, epoch] of c.epochs!.entries()) {
    const d = compareValue(plainValues([...(made as Iterable<unknown>)]), epoch, `epoch ${i}`);
    if (d) return d;
  }
  return null;
}

function runScalarKernel(c: RandomCase): Problem | null {
  // PyTorch's two kernels differ by up to 1e-6, and either may be ours.
  const e = c.scalar_kernel!;
  const ours = torch.randn(e.shape).toTypedArray();
  const i = e.data!.findIndex((y, k) => !(Math.abs(Number(ours[k]) - Number(y)) <= 2e-6));
  return i < 0
    ? null
    : { where: "randn", at: `[${i}]`, ours: String(ours[i]), expected: String(e.data![i]), tolerance: 2e-6 };
}

function run(c: RandomCase): Problem | null {
  torch.manualSeed(seedOf(c));
  const { calls } = c;
  if (c.scalar_kernel) return runScalarKernel(c);
  if (c.parameters) return runDefaultInit(c);
  if (c.fn) return runInit(c);
  if (c.epochs || c.splits || c.first !== undefined) return runDataLoading(c);
  if (calls && !c.what) return runDraws(c, calls as readonly Draw[]);
  if (!c.what) throw new Unsupported("a random case of unknown form");
  const out = runGeneratorSteps(c.what, (calls ?? []) as readonly string[], seedOf(c));
  const seed = c.initial_seed;
  if (seed !== undefined && !close(Number(torch.initialSeed()), Number(seed), {}))
    return `initial seed ${torch.initialSeed()}, expected ${seed}`;
  return compareValue(out, c.out, "out");
}

/** Runs one case; all of it counts as one. */
export function runRandomCase(c: RandomCase): Outcome[] {
  try {
    return [judged("forward", run(c) ?? checkRandAfter(c.rand_after, "rand afterwards"))];
  } catch (error) {
    return [raised("forward", error)];
  }
}
