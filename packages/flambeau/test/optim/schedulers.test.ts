// Learning rate schedules against PyTorch's recorded ones: conformance/fixtures/lr_scheduler.

import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import * as torch from "../../src/index.ts";
import * as optim from "../../src/optim/index.ts";
import { camelCase } from "../../src/optim/state-dict.ts";

const { lrScheduler: schedulers } = optim;

/** The parameters that are positional; all others are options. */
const positional: Record<string, readonly string[]> = {
  ChainedScheduler: ["schedulers"],
  CosineAnnealingLR: ["T_max"],
  CosineAnnealingWarmRestarts: ["T_0"],
  CyclicLR: ["base_lr", "max_lr"],
  ExponentialLR: ["gamma"],
  LambdaLR: ["lr_lambda"],
  MultiStepLR: ["milestones"],
  MultiplicativeLR: ["lr_lambda"],
  OneCycleLR: ["max_lr"],
  SWALR: ["swa_lr"],
  SequentialLR: ["schedulers", "milestones"],
  StepLR: ["step_size"],
};
const names = [...Object.keys(positional), "ConstantLR", "LinearLR", "PolynomialLR", "ReduceLROnPlateau"];

interface Scheduler {
  step(value?: number): void;
  stateDict(): Record<string, unknown>;
  loadStateDict(state: Record<string, unknown>): void;
  getLastLr(): number[];
}
interface Case {
  id: number;
  scheduler: string;
  kwargs: Record<string, unknown>;
  optimizer: { name: "SGD" | "Adam"; kwargs: Record<string, number>; group_lrs: number[] };
  lr_at_construction: number[];
  momentum_at_construction: number[];
  lrs: number[][];
  momentums?: number[][];
  metrics?: number[];
  step_epochs?: number[];
  last_lr: number[];
  state_dict: Record<string, unknown>;
}
// biome-ignore lint/suspicious/noExplicitAny: groups of any optimizer.
type Groups = Record<string, any>[];

function makeOptimizer({ optimizer: { name, kwargs, group_lrs } }: Case): optim.Optimizer {
  const groups = group_lrs.map((lr) => ({ params: torch.zeros(1, { requiresGrad: true }), lr }));
  return name === "SGD" ? new optim.SGD(groups, kwargs) : new optim.Adam(groups, kwargs);
}

function decode(v: unknown, optimizer: optim.Optimizer): unknown {
  if (Array.isArray(v)) return v.map((x) => decode(x, optimizer));
  if (typeof v !== "object" || v === null) return v;
  if ("$float" in v) return v.$float;
  // biome-ignore lint/security/noGlobalEval: the recorded function, from our own fixtures.
  if ("$lambda" in v) return eval(v.$lambda as string);
  if ("$scheduler" in v) {
    const { name, kwargs } = v.$scheduler as { name: string; kwargs: Record<string, unknown> };
    return makeScheduler(name, kwargs, optimizer);
  }
  return v;
}

function makeScheduler(name: string, kwargs: Record<string, unknown>, optimizer: optim.Optimizer): Scheduler {
  const first = positional[name] ?? [];
  const options = Object.fromEntries(
    Object.entries(kwargs)
      .filter(([k]) => !first.includes(k))
      .map(([k, v]) => [camelCase(k), decode(v, optimizer)]),
  );
  const args = [
    ...(name === "ChainedScheduler" ? [] : [optimizer]),
    ...first.map((k) => decode(kwargs[k], optimizer)),
  ];
  const all = { ...schedulers, ...optim.swaUtils } as unknown as Record<
    string,
    new (
      ...args: unknown[]
    ) => Scheduler
  >;
  return new all[name]!(...args, ...(Object.keys(options).length > 0 ? [options] : []));
}

function expectRates(actual: unknown, wanted: unknown, what: string): void {
  if (typeof wanted === "number")
    expect(Math.abs((actual as number) - wanted), `${what}: ${actual} and ${wanted}`).toBeLessThanOrEqual(
      1e-15 + 1e-12 * Math.abs(wanted),
    );
  // A function, which no state dict holds.
  else if (typeof wanted === "object" && wanted !== null && "$unencodable" in wanted) return;
  else if (wanted === "inf") expect(actual).toBe(Infinity);
  else if (Array.isArray(wanted))
    wanted.forEach((w, i) => expectRates((actual as unknown[])[i], w, `${what}[${i}]`));
  else if (typeof wanted === "object" && wanted !== null)
    for (const [k, w] of Object.entries(wanted))
      expectRates((actual as Record<string, unknown>)[k], w, `${what}.${k}`);
  else expect(actual ?? null, what).toBe(wanted);
}

const casesOf = (name: string): [string, Case][] => {
  const file = new URL(`../../../../conformance/fixtures/lr_scheduler/${name}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };
  return cases.map((c) => [`${c.id} ${JSON.stringify(c.kwargs)} ${c.optimizer.name}`, c]);
};

describe.each(names)("%s.json", (name) => {
  test.each(casesOf(name))("%s", (_, c) => {
    const optimizer = makeOptimizer(c);
    const groups = optimizer.paramGroups as unknown as Groups;
    const rates = (): unknown[] => groups.map((g) => g["lr"]);
    const momentums = (): unknown[] => groups.map((g) => g["momentum"] ?? g["betas"][0]);
    let scheduler = makeScheduler(name, c.kwargs, optimizer);
    expectRates(rates(), c.lr_at_construction, "at construction");
    expectRates(momentums(), c.momentum_at_construction, "momentum at construction");
    c.lrs.forEach((wanted, e) => {
      optimizer.step();
      // Half way, from a state dict; all that is not in there is in the groups.
      if (e === 15) {
        const state = scheduler.stateDict();
        const kept = groups.map((g) => ({ ...g }));
        scheduler = makeScheduler(name, c.kwargs, optimizer);
        groups.forEach((g, i) => {
          Object.assign(g, kept[i]);
        });
        scheduler.loadStateDict(state);
        optimizer.stepCount = 1;
      }
      const value = c.metrics?.[e] ?? c.step_epochs?.[e];
      if (value === undefined) scheduler.step();
      else scheduler.step(value);
      expectRates(rates(), wanted, `after step ${e}`);
      if (c.momentums) expectRates(momentums(), c.momentums[e], `momentum after step ${e}`);
    });
    expectRates(scheduler.getLastLr(), c.last_lr, "last lr");
    expectRates(scheduler.stateDict(), c.state_dict, "state_dict");
  });
});

describe("what is refused, in PyTorch's words", () => {
  const sgd = (): optim.SGD =>
    new optim.SGD([torch.zeros(1, { requiresGrad: true }) as torch.AnyTensor], { lr: 0.1 });
  test("each schedule's own", () => {
    const o = sgd();
    expect(() => new schedulers.LambdaLR(o, [() => 1, () => 2])).toThrow("Expected 1 lr_lambdas, but got 2");
    expect(() => new schedulers.ConstantLR(o, { factor: 2 })).toThrow(
      "Constant multiplicative factor expected to be between 0 and 1.",
    );
    expect(() => new schedulers.LinearLR(o, { startFactor: -1 })).toThrow(
      "Starting multiplicative factor expected to be between 0 and 1.",
    );
    expect(() => new schedulers.LinearLR(o, { endFactor: 2 })).toThrow(
      "Ending multiplicative factor expected to be between 0 and 1.",
    );
    expect(() => new schedulers.CosineAnnealingWarmRestarts(o, 0)).toThrow(
      "Expected positive integer T_0, but got 0",
    );
    expect(() => new schedulers.CosineAnnealingWarmRestarts(o, 1, { TMult: 0.5 })).toThrow(
      "Expected integer T_mult >= 1, but got 0.5",
    );
    expect(() => new schedulers.CyclicLR(new optim.Adagrad(o.paramGroups[0]!.params), 0.1, 1)).toThrow(
      "optimizer must support momentum with `cycle_momentum` option enabled",
    );
    expect(() => new schedulers.CyclicLR(o, [0.1, 0.2], 1)).toThrow("expected 1 values for base_lr, got 2");
    expect(() => new schedulers.OneCycleLR(o, 1)).toThrow(
      "You must define either total_steps OR (epochs AND steps_per_epoch)",
    );
    expect(() => new schedulers.OneCycleLR(o, 1, { totalSteps: 0 })).toThrow(
      "Expected positive integer total_steps, but got 0",
    );
    expect(() => new schedulers.OneCycleLR(o, 1, { totalSteps: 9, pctStart: 2 })).toThrow(
      "Expected float between 0 and 1 pct_start, but got 2",
    );
    expect(() => new schedulers.ReduceLROnPlateau(o, { factor: 1 })).toThrow("Factor should be < 1.0.");
    expect(() => new schedulers.ReduceLROnPlateau(o, { mode: "mean" as "min" })).toThrow(
      "mode mean is unknown!",
    );
    expect(() => new optim.swaUtils.SWALR(o, [1, 2])).toThrow(
      "swa_lr must have the same length as optimizer.param_groups",
    );
    expect(() => new schedulers.StepLR({} as optim.Optimizer, 1)).toThrow("is not an Optimizer");
    expect(() => new schedulers.StepLR(sgd(), 1, { lastEpoch: 3 })).toThrow(
      "param 'initial_lr' is not specified in param_groups[0] when resuming an optimizer",
    );
  });
  test("a step beyond the one cycle", () => {
    const o = sgd();
    const s = new schedulers.OneCycleLR(o, 1, { totalSteps: 2 });
    o.step();
    s.step();
    s.step();
    expect(() => s.step()).toThrow("Tried to step 4 times. The specified number of total steps is 2");
  });
  test("schedules of different optimizers", () => {
    const [p, q] = [sgd(), sgd()];
    const [a, b] = [new schedulers.ExponentialLR(p, 0.9), new schedulers.ExponentialLR(q, 0.9)];
    expect(() => new schedulers.SequentialLR(p, [a, b], [1])).toThrow(
      "got schedulers at index 1 to be different than the optimizer passed in.",
    );
    expect(() => new schedulers.SequentialLR(p, [a], [1])).toThrow(
      "one more than the number of milestone points",
    );
    expect(() => new schedulers.ChainedScheduler([a, b])).toThrow(
      "got schedulers at index 0 and 1 to be different",
    );
  });
  test("a step of the schedule before one of the optimizer is a warning", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const o = sgd();
    const s = new schedulers.ExponentialLR(o, 0.5);
    s.step();
    expect(warn.mock.calls[0]![0]).toContain("before `optimizer.step()`");
    warn.mockClear();
    const t = new schedulers.ExponentialLR(o, 0.5);
    o.step();
    t.step();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
