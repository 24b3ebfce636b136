// Schedules along a cosine, once or again and again, and the way to the rate of weight averaging.
// Floor L5 (optim). Source: https://arxiv.org/abs/1608.03983

import { ValueError } from "../../base/errors.ts";
import type { AnyOptimizer, SchedulerOptions } from "./scheduler.ts";
import { LRScheduler } from "./scheduler.ts";

const { cos, PI } = Math;

/**
 * lr = etaMin + (initial - etaMin) (1 + cos(pi epoch / TMax)) / 2.
 * @param TMax epochs to the minimum
 * @param options `etaMin` 0
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 */
export class CosineAnnealingLR extends LRScheduler {
  TMax: number;
  etaMin: number;
  constructor(
    optimizer: AnyOptimizer,
    TMax: number,
    options: SchedulerOptions & { readonly etaMin?: number } = {},
  ) {
    super(optimizer, options);
    this.TMax = TMax;
    this.etaMin = options.etaMin ?? 0;
    this.initialStep();
  }
  getLr(): number[] {
    const { lastEpoch, TMax, etaMin } = this;
    if (lastEpoch === 0) return this.lrs;
    if (this._stepCount === 1 && lastEpoch > 0) return this.closedForm();
    // After a minimum the quotient below would be 0 / 0.
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0)
      return this.lrs.map((lr, i) => lr + ((this.baseLrs[i]! - etaMin) * (1 - cos(PI / TMax))) / 2);
    const factor = (1 + cos((PI * lastEpoch) / TMax)) / (1 + cos((PI * (lastEpoch - 1)) / TMax));
    return this.lrs.map((lr) => factor * (lr - etaMin) + etaMin);
  }
  protected override closedForm(): number[] {
    const height = (1 + cos((PI * this.lastEpoch) / this.TMax)) / 2;
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * height);
  }
}

/**
 * The cosine of {@link CosineAnnealingLR} again and again: over T0 epochs, then over TMult times as many, and so on.
 * @param T0 epochs of the first cycle
 * @param options `TMult` 1, `etaMin` 0
 * @throws ValueError unless T0 and TMult are positive integers
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  T0: number;
  /** Length of the cycle, and epochs since it began. */
  TI: number;
  TMult: number;
  etaMin: number;
  TCur: number;
  constructor(
    optimizer: AnyOptimizer,
    T0: number,
    options: SchedulerOptions & { readonly TMult?: number; readonly etaMin?: number } = {},
  ) {
    super(optimizer, options);
    const { TMult = 1, etaMin = 0, lastEpoch = -1 } = options;
    if (!Number.isInteger(T0) || T0 <= 0)
      throw new ValueError(`Expected positive integer T_0, but got ${T0}`);
    if (!Number.isInteger(TMult) || TMult < 1)
      throw new ValueError(`Expected integer T_mult >= 1, but got ${TMult}`);
    this.T0 = T0;
    this.TI = T0;
    this.TMult = TMult;
    this.etaMin = etaMin;
    this.TCur = lastEpoch;
    this.initialStep();
  }
  getLr(): number[] {
    const height = (1 + cos((PI * this.TCur) / this.TI)) / 2;
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * height);
  }
  /** Goes to the next epoch, or to a given one, which may be a fraction. */
  /** @internal */
  override advance(epoch?: number): void {
    const { T0, TMult } = this;
    const given = epoch ?? (this.lastEpoch < 0 ? 0 : null);
    if (given === null) {
      this.TCur++;
      if (this.TCur >= this.TI) {
        this.TCur -= this.TI;
        this.TI *= TMult;
      }
    } else {
      if (given < 0) throw new ValueError(`Expected non-negative epoch, but got ${given}`);
      if (given < T0) {
        this.TI = T0;
        this.TCur = given;
      } else if (TMult === 1) this.TCur = given % T0;
      else {
        const cycle = Math.trunc(Math.log((given / T0) * (TMult - 1) + 1) / Math.log(TMult));
        this.TCur = given - (T0 * (TMult ** cycle - 1)) / (TMult - 1);
        this.TI = T0 * TMult ** cycle;
      }
    }
    this.lastEpoch = Math.floor(given ?? this.lastEpoch + 1);
    this.assign(this.getLr());
  }
}

/**
 * Goes from the rates that the groups have to `swaLr` in `annealEpochs` epochs, for stochastic weight averaging.
 * @param swaLr the rate at the end, one for all groups or one for each
 * @param options `annealEpochs` 10, `annealStrategy` "cos" or "linear"
 * @see https://pytorch.org/docs/stable/optim.html#stochastic-weight-averaging
 */
export class SWALR extends LRScheduler {
  annealEpochs: number;
  readonly #anneal: (t: number) => number;
  constructor(
    optimizer: AnyOptimizer,
    swaLr: number | readonly number[],
    options: SchedulerOptions & {
      readonly annealEpochs?: number;
      readonly annealStrategy?: "cos" | "linear";
    } = {},
  ) {
    super(optimizer, options);
    const { annealEpochs = 10, annealStrategy = "cos" } = options;
    const rates: readonly number[] = typeof swaLr === "number" ? this.groups.map(() => swaLr) : swaLr;
    if (rates.length !== this.groups.length)
      throw new ValueError(
        `swa_lr must have the same length as optimizer.param_groups: swa_lr has ${rates.length}, ` +
          `optimizer.param_groups has ${this.groups.length}`,
      );
    this.groups.forEach((group, i) => {
      group["swaLr"] = rates[i];
    });
    if (annealStrategy !== "cos" && annealStrategy !== "linear")
      throw new ValueError(
        `anneal_strategy must by one of 'cos' or 'linear', instead got ${String(annealStrategy)}`,
      );
    if (!Number.isInteger(annealEpochs) || annealEpochs < 0)
      throw new ValueError(`anneal_epochs must be equal or greater than 0, got ${annealEpochs}`);
    this.annealEpochs = annealEpochs;
    this.#anneal = annealStrategy === "cos" ? (t) => (1 - cos(PI * t)) / 2 : (t) => t;
    this.initialStep();
  }
  getLr(): number[] {
    const step = this.annealEpochs === 0 ? Math.max(1, this._stepCount - 1) : this._stepCount - 1;
    const at = (k: number): number =>
      this.#anneal(Math.max(0, Math.min(1, k / Math.max(1, this.annealEpochs))));
    const [before, now] = [at(step - 1), at(step)];
    return this.groups.map((group) => {
      const end: number = group["swaLr"];
      const start = before === 1 ? end : (group["lr"] - before * end) / (1 - before);
      return end * now + start * (1 - now);
    });
  }
}
