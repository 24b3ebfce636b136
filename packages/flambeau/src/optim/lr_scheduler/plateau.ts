// A schedule by results: lowers the learning rate when a metric has stopped improving.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html

import { CompileError, ValueError } from "../../base/errors.ts";
import { recorder } from "../../tensor/capturing.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";
import type { AnyGroup, AnyOptimizer, SchedulerStateDict } from "./scheduler.ts";
import { checkOptimizer, perGroup, restore, stateOf } from "./scheduler.ts";

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric should get smaller or larger. Default "min". */
  readonly mode?: "min" | "max";
  /** Factor of the learning rate. Default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement that are waited for. Default 10. */
  readonly patience?: number;
  /** How much better counts as better, relative to the best or absolute. Default 1e-4, "rel". */
  readonly threshold?: number;
  readonly thresholdMode?: "rel" | "abs";
  /** Epochs to wait after a reduction. Default 0. */
  readonly cooldown?: number;
  /** Smallest rate, one for all groups or one for each. Default 0. */
  readonly minLr?: number | readonly number[];
  /** Smallest change of the rate that is made. Default 1e-8. */
  readonly eps?: number;
}

/**
 * lr = lr * factor when the metric has not improved for more than `patience` epochs.
 * @throws ValueError for an unknown mode, or a factor of 1 or more
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 * @example
 * const scheduler = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 3 });
 * scheduler.step(validationLoss);
 */
export class ReduceLROnPlateau {
  factor: number;
  readonly optimizer: AnyOptimizer;
  minLrs: number[];
  patience: number;
  readonly verbose: boolean = false;
  cooldown: number;
  cooldownCounter = 0;
  mode: "min" | "max";
  threshold: number;
  thresholdMode: "rel" | "abs";
  best: number;
  numBadEpochs = 0;
  modeWorse: number;
  eps: number;
  lastEpoch = 0;
  /** @internal */
  _lastLr: number[] = [];

  constructor(optimizer: AnyOptimizer, options: ReduceLROnPlateauOptions = {}) {
    const {
      mode = "min",
      factor = 0.1,
      patience = 10,
      threshold = 1e-4,
      thresholdMode = "rel",
      cooldown = 0,
    } = options;
    if (factor >= 1) throw new ValueError("Factor should be < 1.0.");
    checkOptimizer(optimizer);
    if (mode !== "min" && mode !== "max") throw new ValueError(`mode ${String(mode)} is unknown!`);
    if (thresholdMode !== "rel" && thresholdMode !== "abs")
      throw new ValueError(`threshold mode ${String(thresholdMode)} is unknown!`);
    this.factor = factor;
    this.optimizer = optimizer;
    this.minLrs = perGroup<number>(optimizer, "min_lr", options.minLr ?? 0);
    this.patience = patience;
    this.cooldown = cooldown;
    this.mode = mode;
    this.threshold = threshold;
    this.thresholdMode = thresholdMode;
    this.modeWorse = mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    this.best = this.modeWorse;
    this.eps = options.eps ?? 1e-8;
  }

  /**
   * Takes notice of the metric of an epoch. Call it after validation.
   * @throws CompileError in a compiled function: what it does depends on the metric's value
   */
  step(metric: number | AnyTensor, epoch?: number): void {
    if (recorder !== null)
      throw new CompileError(
        "ReduceLROnPlateau.step cannot be captured: it compares the metric with earlier ones. Return the metric from the compiled function, " +
          "and call scheduler.step(metric) outside",
      );
    const current = Number(isTensor(metric) ? metric.item() : metric);
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    if (this.isBetter(current, this.best)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.#reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this._lastLr = this.optimizer.paramGroups.map((group: AnyGroup) => group["lr"]);
  }

  #reduce(): void {
    this.optimizer.paramGroups.forEach((group: AnyGroup, i) => {
      const old: number = group["lr"];
      const lower = Math.max(old * this.factor, this.minLrs[i]!);
      if (old - lower > this.eps) group["lr"] = lower;
    });
  }

  /** Whether `a` is better than `best` by more than the threshold. */
  isBetter(a: number, best: number): boolean {
    const { threshold } = this;
    if (this.mode === "min")
      return a < (this.thresholdMode === "rel" ? best * (1 - threshold) : best - threshold);
    return a > (this.thresholdMode === "rel" ? best * (threshold + 1) : best + threshold);
  }

  /** The rates after the last step. */
  getLastLr(): number[] {
    return this._lastLr;
  }
  /** What to save for going on later, under PyTorch's names. */
  stateDict(): SchedulerStateDict {
    return stateOf(this);
  }
  /** Takes over a {@link stateDict}, also PyTorch's. */
  loadStateDict(state: SchedulerStateDict): void {
    restore(this, state);
    this.modeWorse = this.mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }
}
