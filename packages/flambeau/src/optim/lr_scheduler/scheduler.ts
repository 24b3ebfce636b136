// The base of learning rate schedules: a rate for each group, set anew once an epoch.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate

import { ArgumentError, ValueError } from "../../base/errors.ts";
import { hostEffect } from "../../tensor/capturing.ts";
import { Optimizer } from "../optimizer.ts";
import { camelCase, renamed, snakeCase } from "../state-dict.ts";

// biome-ignore lint/suspicious/noExplicitAny: a schedule works on any optimizer; its options differ.
export type AnyOptimizer = Optimizer<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: the options of a group, of which schedules read and set a few.
export type AnyGroup = Record<string, any>;

/** Options that every schedule has. */
export interface SchedulerOptions {
  /** The epoch to go on after; -1, the default, begins anew. */
  readonly lastEpoch?: number;
}

/** What `scheduler.state_dict()` holds, under PyTorch's names; functions are left out. */
export type SchedulerStateDict = Readonly<Record<string, unknown>>;

/** @internal The state of a schedule: its own values under PyTorch's names. */
export function stateOf(scheduler: object): Record<string, unknown> {
  const own = Object.entries(scheduler).filter(
    ([name, v]) => name !== "optimizer" && typeof v !== "function",
  );
  return renamed(Object.fromEntries(own), snakeCase);
}

/** @internal Takes over the values of a state dict. */
export function restore(scheduler: object, state: SchedulerStateDict): void {
  Object.assign(scheduler, renamed(state, camelCase));
}

/** @internal One value for each group, given as one for all or as a list. */
export function perGroup<T>(optimizer: AnyOptimizer, name: string, value: T | readonly T[]): T[] {
  const groups = optimizer.paramGroups.length;
  if (!Array.isArray(value)) return new Array<T>(groups).fill(value as T);
  if (value.length !== groups)
    throw new ValueError(`expected ${groups} values for ${name}, got ${value.length}`);
  return [...(value as readonly T[])];
}

export function checkOptimizer(optimizer: unknown): void {
  if (!(optimizer instanceof Optimizer))
    throw new ArgumentError(`${optimizer === null ? "null" : typeof optimizer} is not an Optimizer`);
}

/**
 * A learning rate schedule. Derive from it with `getLr`, and call `initialStep()` at the end of the constructor.
 *
 * @see https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
 */
export abstract class LRScheduler {
  readonly optimizer: AnyOptimizer;
  /** The learning rate of each group to start from. */
  baseLrs: number[];
  lastEpoch: number;
  readonly verbose: boolean = false;
  /** @internal */
  _stepCount = 0;
  /** @internal PyTorch's state dicts have it. */
  readonly _getLrCalledWithinStep: boolean = false;
  /** @internal */
  _lastLr: number[] = [];

  constructor(optimizer: AnyOptimizer, options: SchedulerOptions = {}) {
    checkOptimizer(optimizer);
    this.optimizer = optimizer;
    const lastEpoch = options.lastEpoch ?? -1;
    this.groups.forEach((group, i) => {
      if (lastEpoch === -1) group["initialLr"] ??= group["lr"];
      else if (group["initialLr"] === undefined)
        throw new ValueError(
          `param 'initial_lr' is not specified in param_groups[${i}] when resuming an optimizer`,
        );
    });
    this.baseLrs = this.groups.map((group) => group["initialLr"]);
    this.lastEpoch = lastEpoch;
  }

  protected get groups(): AnyGroup[] {
    return this.optimizer.paramGroups as AnyGroup[];
  }
  /** The rates that the groups have now. */
  protected get lrs(): number[] {
    return this.groups.map((group) => group["lr"]);
  }

  /** @internal Sets the rates of the first epoch. */
  initialStep(): void {
    this.optimizer.stepCount = 0;
    this._stepCount = 0;
    this.advance();
  }

  /** The rates of epoch `lastEpoch`, from those that the groups have. */
  abstract getLr(): number[];
  /** The rates of epoch `lastEpoch` by themselves, where there is a formula. */
  protected closedForm(): number[] | null {
    return null;
  }

  /**
   * Goes to the next epoch, or to a given one, and sets the rates. Call it after `optimizer.step()`; in a compiled function it is done in
   * every run.
   */
  step(epoch?: number): void {
    hostEffect(() => this.advance(epoch));
  }

  /** @internal What a step does. */
  advance(epoch?: number): void {
    if (this._stepCount === 1 && this.optimizer.stepCount < 1)
      console.warn(
        "Detected call of `scheduler.step()` before `optimizer.step()`. You should call them in the opposite order: " +
          "`optimizer.step()` before `scheduler.step()`. Failure to do this will result in skipping the first value of " +
          "the learning rate schedule. See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
      );
    this._stepCount++;
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    this.assign(epoch === undefined ? this.getLr() : (this.closedForm() ?? this.getLr()));
  }

  protected assign(lrs: readonly number[]): void {
    this.groups.forEach((group, i) => {
      group["lr"] = lrs[i];
    });
    this._lastLr = this.lrs;
  }

  /** The rates that the last step has set. */
  getLastLr(): number[] {
    return this._lastLr;
  }
  /** What to save for going on later, under PyTorch's names; functions are left out. */
  stateDict(): SchedulerStateDict {
    return stateOf(this);
  }
  /** Takes over a {@link stateDict}, also PyTorch's. */
  loadStateDict(state: SchedulerStateDict): void {
    restore(this, state);
  }
}
