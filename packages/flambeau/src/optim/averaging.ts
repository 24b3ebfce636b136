// Averages of a model's weights over training: stochastic weight averaging, exponential moving averages.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema;
// P. Izmailov et al. (2018), https://arxiv.org/abs/1803.05407

import { RuntimeError, ValueError } from "../base/errors.ts";
import { deepcopy } from "../nn/copy.ts";
import { Module } from "../nn/module.ts";
import { where } from "../ops/index.ts";
import { recorder } from "../tensor/capturing.ts";
import { zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

/** The new average of a tensor, from the old one, the model's tensor, and how many went into the old one. */
export type AverageFn = (averaged: AnyTensor, current: AnyTensor, numAveraged: AnyTensor) => AnyTensor;

/** a + (x - a) / (n + 1): the mean of all. */
export const getSwaAvgFn = (): AverageFn => (averaged, current, n) =>
  averaged.add(current.sub(averaged).div(n.add(1)));

/** decay a + (1 - decay) x. @param decay default 0.999 @throws ValueError outside of [0, 1] */
export function getEmaAvgFn(decay = 0.999): AverageFn {
  if (!(decay >= 0 && decay <= 1))
    throw new ValueError(`Invalid decay value ${decay} provided. Please provide a value in [0,1] range.`);
  return (averaged, current) => averaged.mul(decay).add(current, { alpha: 1 - decay });
}

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** How a tensor is averaged. Default {@link getSwaAvgFn}. */
  readonly avgFn?: AverageFn;
  /** Whether buffers of floating-point dtype are averaged as well; otherwise they are copied. Default false. */
  readonly useBuffers?: boolean;
}

/**
 * A copy of a model whose weights are averages of the model's: call {@link AveragedModel.updateParameters} after steps,
 * and {@link updateBn} at the end if there is batch normalisation.
 *
 * @param model what is averaged; it is copied, and stays as it is
 * @param options `avgFn` (mean of all), `useBuffers` false
 * @see https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html
 * @example
 * const ema = new optim.swaUtils.AveragedModel(net, { avgFn: optim.swaUtils.getEmaAvgFn(0.99) });
 * for (const [x, y] of loader) {
 *   step(x, y);
 *   ema.updateParameters(net);
 * }
 */
export class AveragedModel<M extends Module = Module> extends Module {
  readonly module: M;
  readonly nAveraged: AnyTensor;
  readonly #avgFn: AverageFn;
  readonly #useBuffers: boolean;

  constructor(model: M, options: AveragedModelOptions = {}) {
    super();
    this.module = deepcopy(model);
    this.nAveraged = this.registerBuffer("nAveraged", zeros([], { dtype: "int64" }));
    this.#avgFn = options.avgFn ?? getSwaAvgFn();
    this.#useBuffers = options.useBuffers ?? false;
  }

  // biome-ignore lint/suspicious/noExplicitAny: what the model takes and gives.
  override forward(...args: any[]): any {
    return (this.module as unknown as (...a: unknown[]) => unknown)(...args);
  }

  /** Takes the model's present weights into the average; the first time they are the average. */
  updateParameters(model: M): void {
    noGrad(() => {
      const none: AnyTensor = this.nAveraged.eq(0);
      // A captured function does not know: there, both are computed.
      const first = recorder === null && none.item() === true;
      const average = (own: AnyTensor, current: AnyTensor, averaged: boolean): void => {
        if (first || !averaged) own.copy_(current);
        else {
          const next = this.#avgFn(own, current.detach(), this.nAveraged);
          own.copy_(recorder === null ? next : (where(none, current.detach(), next) as AnyTensor));
        }
      };
      eachPair(this.module.parameters(), model.parameters(), (own, current) => average(own, current, true));
      eachPair(this.module.buffers(), model.buffers(), (own, current) =>
        average(own, current, this.#useBuffers && own.isFloatingPoint()),
      );
      this.nAveraged.add_(1);
    });
  }
}

function eachPair(
  a: Iterable<AnyTensor>,
  b: Iterable<AnyTensor>,
  visit: (a: AnyTensor, b: AnyTensor) => void,
): void {
  const [left, right] = [[...a], [...b]];
  if (left.length !== right.length)
    throw new RuntimeError(
      `AveragedModel: the model has ${right.length} tensors, the average was made of one with ${left.length}`,
    );
  left.forEach((x, i) => {
    visit(x, right[i]!);
  });
}

/** A module that keeps running statistics, as batch normalisation does. */
interface Tracking {
  momentum: number | null;
  readonly runningMean: AnyTensor | null;
  readonly numBatchesTracked: AnyTensor | null;
  resetRunningStats(): void;
}
const tracks = (m: unknown): m is Tracking =>
  typeof (m as Partial<Tracking>).resetRunningStats === "function" && "numBatchesTracked" in (m as object);

/**
 * Makes the running statistics of batch normalisation those of the whole data: for weights that never saw a batch, such as
 * averages. The model runs once over the data, in training mode; its modes are as before afterwards.
 *
 * @param loader batches, or lists whose first entry is the batch
 * @see https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html
 */
export function updateBn(loader: Iterable<unknown>, model: Module): void {
  const layers = [...model.modules()].filter(tracks) as unknown as Tracking[];
  if (layers.length === 0) return;
  const momenta = layers.map((m) => m.momentum);
  const modes = [...model.modules()].map((m): [Module, boolean] => [m, m.training]);
  try {
    for (const m of layers) {
      m.resetRunningStats();
      m.momentum = null;
    }
    model.train();
    noGrad(() => {
      for (const batch of loader)
        (model as unknown as (x: unknown) => unknown)(Array.isArray(batch) ? batch[0] : batch);
    });
  } finally {
    layers.forEach((m, i) => {
      m.momentum = momenta[i]!;
    });
    for (const [m, training] of modes) m.training = training;
  }
}
