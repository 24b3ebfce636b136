// Schedules that rise and fall, the momentum against the rate: cyclic, and one cycle.
// Floor L5 (optim). Source: https://arxiv.org/abs/1506.01186, https://arxiv.org/abs/1708.07120

import { ValueError } from "../../base/errors.ts";
import { camelCase } from "../state-dict.ts";
import type { AnyGroup, AnyOptimizer, SchedulerOptions } from "./scheduler.ts";
import { checkOptimizer, LRScheduler, perGroup } from "./scheduler.ts";

type PerGroup = number | readonly number[];
const noMomentum = "optimizer must support momentum with `cycle_momentum` option enabled";

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions extends SchedulerOptions {
  /** Steps up, and down (default: as many). Default 2000. */
  readonly stepSizeUp?: number;
  readonly stepSizeDown?: number | null;
  /** How cycles shrink: not, by half each, by gamma each step. Default "triangular". */
  readonly mode?: "triangular" | "triangular2" | "exp_range";
  readonly gamma?: number;
  /** The height by cycle, or by step; instead of `mode`. */
  readonly scaleFn?: ((x: number) => number) | null;
  readonly scaleMode?: "cycle" | "iterations";
  /** Whether the momentum moves against the rate, between base and max. Default true, 0.8 and 0.9. */
  readonly cycleMomentum?: boolean;
  readonly baseMomentum?: PerGroup;
  readonly maxMomentum?: PerGroup;
}

/** Sets the rates to start from before the base class reads them. */
function starting(optimizer: AnyOptimizer, baseLr: PerGroup, options: SchedulerOptions): AnyOptimizer {
  checkOptimizer(optimizer);
  const lrs = perGroup<number>(optimizer, "base_lr", baseLr);
  if ((options.lastEpoch ?? -1) === -1)
    optimizer.paramGroups.forEach((group: AnyGroup, i) => {
      group["lr"] = lrs[i];
    });
  return optimizer;
}

/**
 * The rate goes from `baseLr` up to `maxLr` and down again, along lines; a step is a batch.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
 */
export class CyclicLR extends LRScheduler {
  maxLrs: number[];
  totalSize: number;
  stepRatio: number;
  mode: string;
  gamma: number;
  scaleMode: "cycle" | "iterations";
  cycleMomentum: boolean;
  baseMomentums: number[] = [];
  maxMomentums: number[] = [];
  readonly #scale: (x: number) => number;

  constructor(optimizer: AnyOptimizer, baseLr: PerGroup, maxLr: PerGroup, options: CyclicLROptions = {}) {
    super(starting(optimizer, baseLr, options), options);
    const {
      stepSizeUp = 2000,
      mode = "triangular",
      gamma = 1,
      scaleFn = null,
      cycleMomentum = true,
    } = options;
    const down = options.stepSizeDown ?? stepSizeUp;
    this.maxLrs = perGroup<number>(optimizer, "max_lr", maxLr);
    this.totalSize = stepSizeUp + down;
    this.stepRatio = stepSizeUp / this.totalSize;
    if (!scaleFn && !["triangular", "triangular2", "exp_range"].includes(mode))
      throw new ValueError("mode is invalid and scale_fn is None");
    this.mode = mode;
    this.gamma = gamma;
    this.scaleMode = scaleFn ? (options.scaleMode ?? "cycle") : mode === "exp_range" ? "iterations" : "cycle";
    this.#scale =
      scaleFn ??
      (mode === "triangular"
        ? () => 1
        : mode === "triangular2"
          ? (x) => 1 / 2 ** (x - 1)
          : (x) => this.gamma ** x);
    this.cycleMomentum = cycleMomentum;
    if (cycleMomentum) {
      if (!("momentum" in optimizer.defaults)) throw new ValueError(noMomentum);
      const momentums = perGroup<number>(optimizer, "base_momentum", options.baseMomentum ?? 0.8);
      this.groups.forEach((group, i) => {
        if ((options.lastEpoch ?? -1) === -1) group["momentum"] = momentums[i];
      });
      this.baseMomentums = this.groups.map((group) => group["momentum"]);
      this.maxMomentums = perGroup<number>(optimizer, "max_momentum", options.maxMomentum ?? 0.9);
    }
    this.initialStep();
    this.baseLrs = perGroup<number>(optimizer, "base_lr", baseLr);
  }

  getLr(): number[] {
    const cycle = Math.floor(1 + this.lastEpoch / this.totalSize);
    const x = 1 + this.lastEpoch / this.totalSize - cycle;
    const height = x <= this.stepRatio ? x / this.stepRatio : (x - 1) / (this.stepRatio - 1);
    const scale = this.#scale(this.scaleMode === "cycle" ? cycle : this.lastEpoch);
    if (this.cycleMomentum)
      this.groups.forEach((group, i) => {
        const [low, high] = [this.baseMomentums[i]!, this.maxMomentums[i]!];
        group["momentum"] = high - (high - low) * height * scale;
      });
    return this.baseLrs.map((lr, i) => lr + (this.maxLrs[i]! - lr) * height * scale);
  }
}

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** Number of steps; or that of epochs and of steps in one. */
  readonly totalSteps?: number | null;
  readonly epochs?: number | null;
  readonly stepsPerEpoch?: number | null;
  /** Part of the steps on the way up. Default 0.3. */
  readonly pctStart?: number;
  /** Along a cosine, or a line. Default "cos". */
  readonly annealStrategy?: "cos" | "linear";
  /** Whether the momentum moves against the rate, between base and max. Default true, 0.85 and 0.95. */
  readonly cycleMomentum?: boolean;
  readonly baseMomentum?: PerGroup;
  readonly maxMomentum?: PerGroup;
  /** The first rate is maxLr / divFactor (25), the last is that / finalDivFactor (1e4). */
  readonly divFactor?: number;
  readonly finalDivFactor?: number;
  /** Whether the way down is as long as that up, and a third part goes to the last rate. Default false. */
  readonly threePhase?: boolean;
}

interface Phase {
  readonly end_step: number;
  readonly start_lr: string;
  readonly end_lr: string;
  readonly start_momentum: string;
  readonly end_momentum: string;
}
const phase = (
  end_step: number,
  start_lr: string,
  end_lr: string,
  start_momentum: string,
  end_momentum: string,
): Phase => ({ end_step, start_lr, end_lr, start_momentum, end_momentum });

function stepsOf(options: OneCycleLROptions): number {
  const { totalSteps = null, epochs = null, stepsPerEpoch = null } = options;
  const positive = (name: string, n: number): number => {
    if (!Number.isInteger(n) || n <= 0)
      throw new ValueError(`Expected positive integer ${name}, but got ${n}`);
    return n;
  };
  if (totalSteps !== null) return positive("total_steps", totalSteps);
  if (epochs === null || stepsPerEpoch === null)
    throw new ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)");
  return positive("epochs", epochs) * positive("steps_per_epoch", stepsPerEpoch);
}

/**
 * The rate goes from maxLr / divFactor up to `maxLr`, then down to nearly nothing; a step is a batch.
 * @throws ValueError for a step beyond the last
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 */
export class OneCycleLR extends LRScheduler {
  totalSteps: number;
  /** @internal */
  _schedulePhases: Phase[];
  cycleMomentum: boolean;
  useBeta1 = false;
  readonly #anneal: (start: number, end: number, pct: number) => number;

  constructor(optimizer: AnyOptimizer, maxLr: PerGroup, options: OneCycleLROptions = {}) {
    const {
      pctStart = 0.3,
      annealStrategy = "cos",
      cycleMomentum = true,
      divFactor = 25,
      finalDivFactor = 1e4,
    } = options;
    const total = stepsOf(options);
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new ValueError(`Expected float between 0 and 1 pct_start, but got ${pctStart}`);
    if (annealStrategy !== "cos" && annealStrategy !== "linear")
      throw new ValueError(
        `anneal_strategy must by one of 'cos' or 'linear', instead got ${String(annealStrategy)}`,
      );
    checkOptimizer(optimizer);
    const anew = (options.lastEpoch ?? -1) === -1;
    const maxLrs = perGroup<number>(optimizer, "max_lr", maxLr);
    if (anew)
      optimizer.paramGroups.forEach((group: AnyGroup, i) => {
        const max = maxLrs[i]!;
        const initialLr = max / divFactor;
        Object.assign(group, { initialLr, maxLr: max, minLr: initialLr / finalDivFactor });
      });
    super(optimizer, options);
    this.totalSteps = total;
    const up = phase(pctStart * total - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum");
    this._schedulePhases = options.threePhase
      ? [
          up,
          phase(2 * pctStart * total - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
          phase(total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
        ]
      : [up, phase(total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")];
    this.#anneal =
      annealStrategy === "cos"
        ? (start, end, pct) => end + ((start - end) / 2) * (Math.cos(Math.PI * pct) + 1)
        : (start, end, pct) => (end - start) * pct + start;
    this.cycleMomentum = cycleMomentum;
    if (cycleMomentum) {
      this.useBeta1 = "betas" in optimizer.defaults;
      if (!this.useBeta1 && !("momentum" in optimizer.defaults)) throw new ValueError(noMomentum);
      const high = perGroup<number>(optimizer, "max_momentum", options.maxMomentum ?? 0.95);
      const low = perGroup<number>(optimizer, "base_momentum", options.baseMomentum ?? 0.85);
      if (anew)
        this.groups.forEach((group, i) => {
          this.#setMomentum(group, high[i]!);
          Object.assign(group, { maxMomentum: high[i], baseMomentum: low[i] });
        });
    }
    this.initialStep();
  }

  #setMomentum(group: AnyGroup, momentum: number): void {
    if (this.useBeta1) group["betas"] = [momentum, ...group["betas"].slice(1)];
    else group["momentum"] = momentum;
  }

  getLr(): number[] {
    const step = this.lastEpoch;
    if (step > this.totalSteps)
      throw new ValueError(
        `Tried to step ${step + 1} times. The specified number of total steps is ${this.totalSteps}`,
      );
    const phases = this._schedulePhases;
    const found = phases.findIndex((p) => step <= p.end_step);
    const k = found < 0 ? phases.length - 1 : found;
    const now = phases[k]!;
    const start = k === 0 ? 0 : phases[k - 1]!.end_step;
    const pct = (step - start) / (now.end_step - start);
    return this.groups.map((group) => {
      const between = (from: string, to: string): number =>
        this.#anneal(group[camelCase(from)], group[camelCase(to)], pct);
      if (this.cycleMomentum) this.#setMomentum(group, between(now.start_momentum, now.end_momentum));
      return between(now.start_lr, now.end_lr);
    });
  }
}
