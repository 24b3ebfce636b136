// Schedules that multiply the learning rate: by functions, at steps, along lines and powers.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate

import { ValueError } from "../../base/errors.ts";
import type { AnyOptimizer, SchedulerOptions } from "./scheduler.ts";
import { LRScheduler, perGroup } from "./scheduler.ts";

/** A factor of the learning rate, by epoch. */
export type LRLambda = (epoch: number) => number;

function lambdas(optimizer: AnyOptimizer, given: LRLambda | readonly LRLambda[]): LRLambda[] {
  const n = optimizer.paramGroups.length;
  if (Array.isArray(given) && given.length !== n)
    throw new ValueError(`Expected ${n} lr_lambdas, but got ${given.length}`);
  return perGroup<LRLambda>(optimizer, "lr_lambda", given);
}

/**
 * lr = initial * lambda(epoch).
 * @param lrLambda one function, or one for each group
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 * @example
 * const scheduler = new optim.lrScheduler.LambdaLR(optimizer, (epoch) => 0.95 ** epoch);
 */
export class LambdaLR extends LRScheduler {
  readonly #lambdas: readonly LRLambda[];
  constructor(
    optimizer: AnyOptimizer,
    lrLambda: LRLambda | readonly LRLambda[],
    options: SchedulerOptions = {},
  ) {
    super(optimizer, options);
    this.#lambdas = lambdas(optimizer, lrLambda);
    this.initialStep();
  }
  getLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.#lambdas[i]!(this.lastEpoch));
  }
}

/**
 * lr = lr * lambda(epoch), from the second epoch on.
 * @param lrLambda one function, or one for each group
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
 */
export class MultiplicativeLR extends LRScheduler {
  readonly #lambdas: readonly LRLambda[];
  constructor(
    optimizer: AnyOptimizer,
    lrLambda: LRLambda | readonly LRLambda[],
    options: SchedulerOptions = {},
  ) {
    super(optimizer, options);
    this.#lambdas = lambdas(optimizer, lrLambda);
    this.initialStep();
  }
  getLr(): number[] {
    return this.lrs.map((lr, i) => (this.lastEpoch > 0 ? lr * this.#lambdas[i]!(this.lastEpoch) : lr));
  }
}

/**
 * lr = lr * gamma every `stepSize` epochs.
 * @param options `gamma` 0.1
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 */
export class StepLR extends LRScheduler {
  stepSize: number;
  gamma: number;
  constructor(
    optimizer: AnyOptimizer,
    stepSize: number,
    options: SchedulerOptions & { readonly gamma?: number } = {},
  ) {
    super(optimizer, options);
    this.stepSize = stepSize;
    this.gamma = options.gamma ?? 0.1;
    this.initialStep();
  }
  getLr(): number[] {
    const stays = this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0;
    return stays ? this.lrs : this.lrs.map((lr) => lr * this.gamma);
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize));
  }
}

/**
 * lr = lr * gamma at each of the milestones; one that is listed twice counts twice.
 * @param milestones epochs
 * @param options `gamma` 0.1
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 */
export class MultiStepLR extends LRScheduler {
  /** How often each epoch is listed. */
  milestones: Record<string, number>;
  gamma: number;
  constructor(
    optimizer: AnyOptimizer,
    milestones: readonly number[],
    options: SchedulerOptions & { readonly gamma?: number } = {},
  ) {
    super(optimizer, options);
    this.milestones = {};
    for (const m of milestones) this.milestones[m] = (this.milestones[m] ?? 0) + 1;
    this.gamma = options.gamma ?? 0.1;
    this.initialStep();
  }
  getLr(): number[] {
    const times = this.milestones[this.lastEpoch];
    return times === undefined ? this.lrs : this.lrs.map((lr) => lr * this.gamma ** times);
  }
  protected override closedForm(): number[] {
    const passed = Object.entries(this.milestones).filter(([m]) => Number(m) <= this.lastEpoch);
    const times = passed.reduce((sum, [, k]) => sum + k, 0);
    return this.baseLrs.map((lr) => lr * this.gamma ** times);
  }
}

/**
 * lr = initial * factor for the first `totalIters` epochs.
 * @param options `factor` 1/3, `totalIters` 5
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 */
export class ConstantLR extends LRScheduler {
  factor: number;
  totalIters: number;
  constructor(
    optimizer: AnyOptimizer,
    options: SchedulerOptions & { readonly factor?: number; readonly totalIters?: number } = {},
  ) {
    super(optimizer, options);
    this.factor = options.factor ?? 1 / 3;
    this.totalIters = options.totalIters ?? 5;
    if (this.factor > 1 || this.factor < 0)
      throw new ValueError("Constant multiplicative factor expected to be between 0 and 1.");
    this.initialStep();
  }
  getLr(): number[] {
    if (this.lastEpoch === 0) return this.lrs.map((lr) => lr * this.factor);
    return this.lastEpoch === this.totalIters ? this.lrs.map((lr) => lr * (1 / this.factor)) : this.lrs;
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map(
      (lr) => lr * (this.factor + Number(this.lastEpoch >= this.totalIters) * (1 - this.factor)),
    );
  }
}

/**
 * The factor goes along a line from `startFactor` to `endFactor` in `totalIters` epochs.
 * @param options `startFactor` 1/3, `endFactor` 1, `totalIters` 5
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 */
export class LinearLR extends LRScheduler {
  startFactor: number;
  endFactor: number;
  totalIters: number;
  constructor(
    optimizer: AnyOptimizer,
    options: SchedulerOptions & {
      readonly startFactor?: number;
      readonly endFactor?: number;
      readonly totalIters?: number;
    } = {},
  ) {
    super(optimizer, options);
    this.startFactor = options.startFactor ?? 1 / 3;
    this.endFactor = options.endFactor ?? 1;
    this.totalIters = options.totalIters ?? 5;
    if (this.startFactor > 1 || this.startFactor < 0)
      throw new ValueError("Starting multiplicative factor expected to be between 0 and 1.");
    if (this.endFactor > 1 || this.endFactor < 0)
      throw new ValueError("Ending multiplicative factor expected to be between 0 and 1.");
    this.initialStep();
  }
  getLr(): number[] {
    const { startFactor: start, lastEpoch } = this;
    if (lastEpoch === 0) return this.lrs.map((lr) => lr * start);
    if (lastEpoch > this.totalIters) return this.lrs;
    const rise = this.endFactor - start;
    return this.lrs.map((lr) => lr * (1 + rise / (this.totalIters * start + (lastEpoch - 1) * rise)));
  }
  protected override closedForm(): number[] {
    const { startFactor: start, endFactor: end, totalIters } = this;
    return this.baseLrs.map(
      (lr) => lr * (start + ((end - start) * Math.min(totalIters, this.lastEpoch)) / totalIters),
    );
  }
}

/**
 * lr = lr * gamma every epoch.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 */
export class ExponentialLR extends LRScheduler {
  gamma: number;
  constructor(optimizer: AnyOptimizer, gamma: number, options: SchedulerOptions = {}) {
    super(optimizer, options);
    this.gamma = gamma;
    this.initialStep();
  }
  getLr(): number[] {
    return this.lastEpoch === 0 ? this.lrs : this.lrs.map((lr) => lr * this.gamma);
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** this.lastEpoch);
  }
}

/**
 * lr = initial * (1 - epoch / totalIters)^power, then 0.
 * @param options `totalIters` 5, `power` 1
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
 */
export class PolynomialLR extends LRScheduler {
  totalIters: number;
  power: number;
  constructor(
    optimizer: AnyOptimizer,
    options: SchedulerOptions & { readonly totalIters?: number; readonly power?: number } = {},
  ) {
    super(optimizer, options);
    this.totalIters = options.totalIters ?? 5;
    this.power = options.power ?? 1;
    this.initialStep();
  }
  getLr(): number[] {
    const { lastEpoch, totalIters } = this;
    if (lastEpoch === 0 || lastEpoch > totalIters) return this.lrs;
    const factor = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** this.power;
    return this.lrs.map((lr) => lr * factor);
  }
  protected override closedForm(): number[] {
    const { lastEpoch, totalIters } = this;
    return this.baseLrs.map((lr) => lr * (1 - Math.min(totalIters, lastEpoch) / totalIters) ** this.power);
  }
}
