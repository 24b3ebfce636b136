// Cases of lr_scheduler/<Scheduler>.json: learning rates and momenta of two groups, and the state dict at the end.

import * as torch from "flambeau";
import { callFunction } from "./call.ts";
import type { Difference } from "./compare.ts";
import type { Optimizer } from "./optim.ts";
import { compareState, groupOf, makeOptimizer } from "./optim.ts";
import type { Outcome, Problem } from "./outcome.ts";
import { judged, raised } from "./outcome.ts";
import { signaturesOf } from "./signatures.ts";
import { decodeRecord, Unsupported } from "./values.ts";

type Keywords = Readonly<Record<string, unknown>>;

export interface SchedulerCase {
  readonly id: number;
  readonly scheduler: string;
  readonly kwargs: Keywords;
  readonly optimizer: {
    readonly name: string;
    readonly kwargs: Keywords;
    readonly group_lrs: readonly number[];
  };
  readonly lr_at_construction: readonly number[];
  readonly momentum_at_construction?: readonly (number | null)[];
  readonly lrs: readonly (readonly number[])[];
  readonly momentums?: readonly (readonly number[])[];
  readonly metrics?: readonly number[];
  readonly step_epochs?: readonly number[];
  readonly last_lr: readonly number[];
  readonly state_dict: Keywords;
}

interface Scheduler {
  step(value?: number): void;
  stateDict(): unknown;
  getLastLr?(): readonly number[];
}

const homes = ["optim.lr_scheduler", "optim.swa_utils"] as const;

function makeScheduler(name: string, kwargs: Keywords, optimizer: Optimizer): Scheduler {
  const home = homes.find((h) => signaturesOf(`${h}.${name}`).length > 0) ?? homes[0];
  const path = `${home}.${name}`;
  const make = (tag: string, content: unknown): unknown => {
    if (tag !== "$scheduler") throw new Unsupported(`value ${tag}`);
    const inner = content as { readonly name: string; readonly kwargs: Keywords };
    return makeScheduler(inner.name, inner.kwargs, optimizer);
  };
  const first = signaturesOf(path)[0]?.[0]?.name;
  const args = first === "optimizer" || first === undefined ? [optimizer] : [];
  return callFunction(path, args, decodeRecord(kwargs, { int64: false, make })) as Scheduler;
}

/** Learning rates are doubles on both sides; only the order of operations may differ. */
const near = (x: unknown, y: number | null): boolean =>
  y === null
    ? x === undefined || x === null
    : typeof x === "number" && Math.abs(x - y) <= 1e-12 + 1e-9 * Math.abs(y);

function compareList(
  ours: readonly unknown[],
  expected: readonly (number | null)[],
  where: string,
): Difference | null {
  const i = expected.findIndex((y, k) => !near(ours[k], y));
  return i < 0
    ? null
    : { where, at: `group ${i}`, ours: String(ours[i]), expected: String(expected[i]), tolerance: 1e-9 };
}

function run(c: SchedulerCase): Problem | null {
  const groups = c.optimizer.group_lrs.map((lr) =>
    groupOf([torch.tensor([0], { dtype: "float32", requiresGrad: true })], { lr }),
  );
  const optimizer = makeOptimizer(c.optimizer.name, groups, c.optimizer.kwargs);
  const scheduler = makeScheduler(c.scheduler, c.kwargs, optimizer);
  const lrs = (): unknown[] => optimizer.paramGroups.map((g) => g["lr"]);
  const momentums = (): unknown[] =>
    optimizer.paramGroups.map((g) => g["momentum"] ?? (g["betas"] as readonly number[] | undefined)?.[0]);
  let problem =
    compareList(lrs(), c.lr_at_construction, "lr at construction") ??
    compareList(momentums(), c.momentum_at_construction ?? [], "momentum at construction");
  for (let e = 0; e < c.lrs.length && !problem; e++) {
    optimizer.step();
    const value = c.metrics?.[e] ?? c.step_epochs?.[e];
    if (value === undefined) scheduler.step();
    else scheduler.step(value);
    problem =
      compareList(lrs(), c.lrs[e]!, `lr after step ${e}`) ??
      compareList(momentums(), c.momentums?.[e] ?? [], `momentum after step ${e}`);
  }
  if (problem) return problem;
  const last = scheduler.getLastLr?.();
  return (
    (last && compareList(last, c.last_lr, "last lr")) ??
    compareState(scheduler.stateDict(), publicState(c.state_dict), "state_dict")
  );
}

/** Names with an underscore are PyTorch's own business, and so is `verbose`. */
const publicState = (state: Keywords): Keywords =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !name.startsWith("_") && name !== "verbose"));

/** Runs one case; all of it counts as one. */
export function runSchedulerCase(c: SchedulerCase): Outcome[] {
  try {
    return [judged("forward", run(c))];
  } catch (error) {
    return [raised("forward", error)];
  }
}
