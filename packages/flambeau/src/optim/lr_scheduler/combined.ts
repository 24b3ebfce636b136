// Schedules made of others: one after the other, or all at once.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html

import { ValueError } from "../../base/errors.ts";
import { hostEffect } from "../../tensor/capturing.ts";
import type { AnyGroup, AnyOptimizer, LRScheduler, SchedulerStateDict } from "./scheduler.ts";
import { restore, stateOf } from "./scheduler.ts";

function stateWith(scheduler: object, parts: readonly LRScheduler[]): SchedulerStateDict {
  return { ...stateOf(scheduler), _schedulers: parts.map((s) => s.stateDict()) };
}
function restoreWith(scheduler: object, parts: readonly LRScheduler[], state: SchedulerStateDict): void {
  const { _schedulers: saved, ...own } = state;
  restore(scheduler, own);
  (saved as readonly SchedulerStateDict[] | undefined)?.forEach((s, i) => {
    parts[i]!.loadStateDict(s);
  });
}

/**
 * One schedule after the other; the next one begins at each milestone.
 *
 * @param schedulers schedules of the same optimizer
 * @param milestones epochs, one less than schedules
 * @throws ValueError for schedules of different optimizers, or another number of milestones
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 */
export class SequentialLR {
  readonly optimizer: AnyOptimizer;
  /** @internal */
  _milestones: number[];
  lastEpoch: number;
  /** @internal */
  _lastLr: number[];
  readonly #parts: readonly LRScheduler[];

  constructor(
    optimizer: AnyOptimizer,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
    options: { readonly lastEpoch?: number } = {},
  ) {
    schedulers.forEach((s, i) => {
      if (s.optimizer !== optimizer)
        throw new ValueError(
          "Sequential Schedulers expects all schedulers to belong to the same optimizer, but " +
            `got schedulers at index ${i} to be different than the optimizer passed in.`,
        );
    });
    if (milestones.length !== schedulers.length - 1)
      throw new ValueError(
        "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, " +
          `but got number of schedulers ${schedulers.length} and the number of milestones to be equal to ${milestones.length}`,
      );
    this.optimizer = optimizer;
    this.#parts = [...schedulers];
    this._milestones = [...milestones];
    this.lastEpoch = (options.lastEpoch ?? -1) + 1;
    // The schedules have made their first step when they were made; only that of the first one counts.
    for (const group of optimizer.paramGroups as AnyGroup[]) group["lr"] = group["initialLr"];
    for (const s of this.#parts) s.lastEpoch--;
    this.#parts[0]!.initialStep();
    this._lastLr = this.#parts[0]!.getLastLr();
  }

  /** Goes to the next epoch. */
  step(): void {
    hostEffect(() => this.#advance());
  }
  #advance(): void {
    this.lastEpoch++;
    const found = this._milestones.findIndex((m) => m > this.lastEpoch);
    const k = found < 0 ? this._milestones.length : found;
    const part = this.#parts[k]!;
    if (k > 0 && this._milestones[k - 1] === this.lastEpoch) part.step(0);
    else part.step();
    this._lastLr = part.getLastLr();
  }
  /** The rates that the last step has set. */
  getLastLr(): number[] {
    return this._lastLr;
  }
  /** What to save for going on later, those of the schedules with it. */
  stateDict(): SchedulerStateDict {
    return stateWith(this, this.#parts);
  }
  loadStateDict(state: SchedulerStateDict): void {
    restoreWith(this, this.#parts, state);
  }
}

/**
 * Several schedules at once: each one changes what the one before it has set.
 *
 * @param schedulers schedules of the same optimizer
 * @throws ValueError for schedules of different optimizers
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
 */
export class ChainedScheduler {
  readonly optimizer: AnyOptimizer;
  /** @internal */
  _lastLr: number[];
  readonly #parts: readonly LRScheduler[];

  constructor(schedulers: readonly LRScheduler[]) {
    const first = schedulers[0];
    if (!first) throw new ValueError("ChainedScheduler expects at least one scheduler");
    schedulers.forEach((s, i) => {
      if (s.optimizer !== first.optimizer)
        throw new ValueError(
          "ChainedScheduler expects all schedulers to belong to the same optimizer, but " +
            `got schedulers at index 0 and ${i} to be different`,
        );
    });
    this.optimizer = first.optimizer;
    this.#parts = [...schedulers];
    this._lastLr = this.#rates();
  }

  #rates(): number[] {
    return (this.optimizer.paramGroups as AnyGroup[]).map((group) => group["lr"]);
  }
  /** Goes to the next epoch. */
  step(): void {
    hostEffect(() => {
      for (const s of this.#parts) s.step();
      this._lastLr = this.#rates();
    });
  }
  /** The rates that the last step has set. */
  getLastLr(): number[] {
    return this._lastLr;
  }
  /** What to save for going on later, those of the schedules with it. */
  stateDict(): SchedulerStateDict {
    return stateWith(this, this.#parts);
  }
  loadStateDict(state: SchedulerStateDict): void {
    restoreWith(this, this.#parts, state);
  }
}
