// Normalisation over batches and over examples: BatchNorm1d to 3d, InstanceNorm1d to 3d.
// Floor L5 (nn). Source: torch/nn/modules/batchnorm.py, torch/nn/modules/instancenorm.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import type { BatchLayer, InstanceLayer, Spatial } from "../base/types/index.ts";
import { recorder } from "../tensor/capturing.ts";
import { ones, zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import { batchNorm, instanceNorm } from "./functional/normalization.ts";
import { ones_, zeros_ } from "./init.ts";
import type { Port, ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { Parameter } from "./parameter.ts";
import { pyBool, pyFloat } from "./print.ts";

/** Options of the modules of this file. */
export interface BatchNormModuleOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Share of a new batch in the running statistics; null: their mean over all batches. Default 0.1. */
  readonly momentum?: number | null;
  /** Whether there are a weight and a bias for each channel. Default true (InstanceNorm: false). */
  readonly affine?: boolean;
  /** Whether running statistics are kept, and used in evaluation. Default true (InstanceNorm: false). */
  readonly trackRunningStats?: boolean;
  readonly dtype?: DType;
}
interface Settings {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  readonly dtype: DType | undefined;
}

interface BatchRule<C extends number, R extends number, Ranks extends string, Name extends string>
  extends ShapeRule {
  readonly out: BatchLayer<this["x"], C, R, Ranks, Name>;
}
interface InstanceRule<C extends number, N extends Spatial, Name extends string> extends ShapeRule {
  readonly out: InstanceLayer<this["x"], C, N, Name>;
}

/** What the modules of this file keep: two parameters and three buffers, any of which may be absent. */
abstract class NormBase<C extends number, R extends ShapeRule> extends Layer<R> {
  declare readonly "~port": Port<"channels", C, C>;
  readonly numFeatures: C;
  readonly eps: number;
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** Scale of each channel. */
  weight: Parameter<[C]> | null;
  /** Shift of each channel. */
  bias: Parameter<[C]> | null;
  /** Mean of each channel over the batches so far. */
  runningMean: Tensor<[C]> | null;
  /** Unbiased variance of each channel over the batches so far. */
  runningVar: Tensor<[C]> | null;
  numBatchesTracked: Tensor<[], "int64"> | null;

  constructor(name: string, kept: boolean, args: readonly unknown[]) {
    super();
    const defaults = {
      numFeatures: required,
      eps: 1e-5,
      momentum: 0.1,
      affine: kept,
      trackRunningStats: kept,
      dtype: undefined,
    };
    const o = named<Settings>(name, defaults, args);
    const shape = [o.numFeatures];
    const dtype = o.dtype ?? getDefaultDType();
    const buffer = <T>(key: string, x: AnyTensor): T =>
      this.registerBuffer(key, o.trackRunningStats ? x : null) as T;
    this.numFeatures = o.numFeatures as C;
    this.eps = o.eps;
    this.momentum = o.momentum;
    this.affine = o.affine;
    this.trackRunningStats = o.trackRunningStats;
    this.weight = o.affine ? (new Parameter(ones(shape, { dtype }) as AnyTensor) as Parameter<[C]>) : null;
    this.bias = o.affine ? (new Parameter(zeros(shape, { dtype }) as AnyTensor) as Parameter<[C]>) : null;
    this.runningMean = buffer("runningMean", zeros(shape, { dtype }));
    this.runningVar = buffer("runningVar", ones(shape, { dtype }));
    this.numBatchesTracked = buffer("numBatchesTracked", zeros([], { dtype: "int64" }));
  }

  /** Mean 0, variance 1, no batches. */
  resetRunningStats(): void {
    if (this.runningMean) zeros_(this.runningMean);
    if (this.runningVar) ones_(this.runningVar);
    if (this.numBatchesTracked) zeros_(this.numBatchesTracked);
  }
  /** {@link resetRunningStats}, and weight 1, bias 0. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }
  /** Dimensions that an input may have. */
  protected abstract get ranks(): readonly number[];
  protected check(x: AnyTensor): void {
    if (!this.ranks.includes(x.ndim))
      throw new ValueError(
        `expected ${this.ranks.map((n) => `${n}D`).join(" or ")} input (got ${x.ndim}D input)`,
      );
  }
  override extraRepr(): string {
    const momentum = this.momentum === null ? "None" : pyFloat(this.momentum);
    return (
      `${this.numFeatures}, eps=${pyFloat(this.eps)}, momentum=${momentum}, affine=${pyBool(this.affine)}, ` +
      `track_running_stats=${pyBool(this.trackRunningStats)}`
    );
  }
}

abstract class BatchNorm<C extends number, R extends ShapeRule> extends NormBase<C, R> {
  /** @param numFeatures number of channels */
  constructor(numFeatures: C, options?: BatchNormModuleOptions);
  constructor(...args: unknown[]) {
    super(new.target.name, true, args);
  }
  forward(x: AnyTensor): AnyTensor {
    this.check(x);
    const tracking = this.training && this.trackRunningStats;
    let momentum = this.momentum ?? 0;
    const { numBatchesTracked: count } = this;
    if (tracking && count) {
      noGrad(() => count.add_(1));
      if (this.momentum === null)
        momentum = recorder === null ? 1 / Number(count.item()) : (count.to("float32").reciprocal() as never);
    }
    const own = this.runningMean === null && this.runningVar === null;
    const keep = !this.training || this.trackRunningStats;
    return batchNorm(x, keep ? this.runningMean : null, keep ? this.runningVar : null, {
      weight: this.weight,
      bias: this.bias,
      training: this.training || own,
      momentum,
      eps: this.eps,
    });
  }
}

/**
 * Batch normalisation of [N, C] or [N, C, L]: (x - E[x]) / sqrt(Var[x] + eps) weight + bias for each channel.
 *
 * In training the statistics are those of the batch (biased variance), and the running ones move towards them (unbiased
 * variance) by the share `momentum`; in evaluation the running ones are used.
 *
 * @see https://arxiv.org/abs/1502.03167, https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 */
export class BatchNorm1d<C extends number = number> extends BatchNorm<
  C,
  BatchRule<C, 2 | 3, "2 or 3", "BatchNorm1d">
> {
  protected get ranks(): readonly number[] {
    return [2, 3];
  }
}
/** Batch normalisation of [N, C, H, W]; see {@link BatchNorm1d}. @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html */
export class BatchNorm2d<C extends number = number> extends BatchNorm<
  C,
  BatchRule<C, 4, "4", "BatchNorm2d">
> {
  protected get ranks(): readonly number[] {
    return [4];
  }
}
/** Batch normalisation of [N, C, D, H, W]; see {@link BatchNorm1d}. @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html */
export class BatchNorm3d<C extends number = number> extends BatchNorm<
  C,
  BatchRule<C, 5, "5", "BatchNorm3d">
> {
  protected get ranks(): readonly number[] {
    return [5];
  }
}

abstract class InstanceNorm<C extends number, R extends ShapeRule> extends NormBase<C, R> {
  /** @param numFeatures number of channels */
  constructor(numFeatures: C, options?: BatchNormModuleOptions);
  constructor(...args: unknown[]) {
    super(new.target.name, false, args);
  }
  forward(x: AnyTensor): AnyTensor {
    this.check(x);
    const unbatched = x.ndim === this.ranks[0];
    const y = instanceNorm(unbatched ? x.unsqueeze(0) : x, {
      runningMean: this.runningMean,
      runningVar: this.runningVar,
      weight: this.weight,
      bias: this.bias,
      useInputStats: this.training || !this.trackRunningStats,
      momentum: this.momentum ?? 0,
      eps: this.eps,
    });
    return unbatched ? y.squeeze(0) : y;
  }
}

/**
 * As {@link BatchNorm1d}, for each example on its own: [N, C, L] or [C, L].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
 */
export class InstanceNorm1d<C extends number = number> extends InstanceNorm<
  C,
  InstanceRule<C, 1, "InstanceNorm1d">
> {
  protected get ranks(): readonly number[] {
    return [2, 3];
  }
}
/** {@link InstanceNorm1d} of [N, C, H, W] or [C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html */
export class InstanceNorm2d<C extends number = number> extends InstanceNorm<
  C,
  InstanceRule<C, 2, "InstanceNorm2d">
> {
  protected get ranks(): readonly number[] {
    return [3, 4];
  }
}
/** {@link InstanceNorm1d} of [N, C, D, H, W] or [C, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html */
export class InstanceNorm3d<C extends number = number> extends InstanceNorm<
  C,
  InstanceRule<C, 3, "InstanceNorm3d">
> {
  protected get ranks(): readonly number[] {
    return [4, 5];
  }
}
