// RMSprop: the gradient divided by the root of its running mean square.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html

import { hostEffect, hostNumber } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { average, averageSquare, checkOption, descent, RuleOptimizer, withDefaults } from "./rule.ts";

/** Options of {@link RMSprop}. */
export interface RMSpropOptions {
  /** Learning rate. Default 0.01. */
  lr: number;
  /** How much of the last step is kept. Default 0. */
  momentum: number;
  /** Decay of the running averages. Default 0.99. */
  alpha: number;
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Whether to divide by the deviation: the average of the gradient is taken off. Default false. */
  centered: boolean;
  /** Factor of the L2 penalty. Default 0. */
  weightDecay: number;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
  /** Whether `step` is recorded. Default false. */
  differentiable: boolean;
}

/** What RMSprop remembers of a parameter. */
export interface RMSpropState {
  step: number;
  /** Running average of the gradient's square. */
  squareAvg: AnyTensor;
  /** The running step; with momentum. */
  momentumBuffer?: AnyTensor;
  /** Running average of the gradient; when centered. */
  gradAvg?: AnyTensor;
}

/**
 * A step: v = alpha v + (1 - alpha) g², p = p - lr g / (sqrt(v) + eps); centered, v less the square of the running average
 * of g; with momentum, p moves by the running sum of these steps.
 */
export function rmsprop(p: AnyTensor, grad: AnyTensor, state: RMSpropState, o: RMSpropOptions): void {
  hostEffect(() => {
    state.step++;
  });
  const g = descent(p, grad, o);
  const v = averageSquare(state.squareAvg, g, () => o.alpha);
  let root: AnyTensor;
  if (o.centered) {
    state.gradAvg ??= p.zerosLike();
    const mean = average(state.gradAvg, g, () => o.alpha);
    root = v.addcmul(mean, mean, { value: -1 }).sqrt_();
  } else root = v.sqrt();
  root.add_(hostNumber("eps", () => o.eps));
  if (o.momentum > 0) {
    state.momentumBuffer ??= p.zerosLike();
    p.add_(state.momentumBuffer.mul_(hostNumber("momentum", () => o.momentum)).addcdiv_(g, root), {
      alpha: hostNumber("-lr", () => -o.lr),
    });
  } else p.addcdiv_(g, root, { value: hostNumber("-lr", () => -o.lr) });
}

const defaults: RMSpropOptions = {
  lr: 1e-2,
  momentum: 0,
  alpha: 0.99,
  eps: 1e-8,
  centered: false,
  weightDecay: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
};

/**
 * RMSprop: steps along the gradient divided by the root of its running mean square.
 *
 * Differs from Hinton's lecture as PyTorch does: eps is added to the root, not under it.
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.01, `alpha` 0.99, `eps` 1e-8, `weightDecay` 0, `momentum` 0, `centered` false, `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
export class RMSprop extends RuleOptimizer<RMSpropOptions, RMSpropState> {
  constructor(params: ParamsInit<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    const o = withDefaults("RMSprop", defaults, options);
    checkOption(o.lr >= 0, "learning rate", o.lr);
    checkOption(o.eps >= 0, "epsilon value", o.eps);
    checkOption(o.momentum >= 0, "momentum value", o.momentum);
    checkOption(o.weightDecay >= 0, "weight_decay value", o.weightDecay);
    checkOption(o.alpha >= 0, "alpha value", o.alpha);
    super(params, o);
  }
  protected initialState(p: AnyTensor, group: ParamGroup<RMSpropOptions>): RMSpropState {
    return {
      step: 0,
      squareAvg: p.zerosLike(),
      ...(group.momentum > 0 && { momentumBuffer: p.zerosLike() }),
      ...(group.centered && { gradAvg: p.zerosLike() }),
    };
  }
  protected rule(
    p: AnyTensor,
    grad: AnyTensor,
    state: RMSpropState,
    group: ParamGroup<RMSpropOptions>,
  ): void {
    rmsprop(p, grad, state, group);
  }
}
