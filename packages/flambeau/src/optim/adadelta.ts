// Adadelta: steps in the proportion of their own running size to that of the gradient; hardly a learning rate.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html

import { hostEffect, hostNumber } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { averageSquare, checkOption, descent, RuleOptimizer, withDefaults } from "./rule.ts";

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions {
  /** Factor of every step. Default 1. */
  lr: number;
  /** Decay of the running averages. Default 0.9. */
  rho: number;
  /** Added under both roots. Default 1e-6. */
  eps: number;
  /** Factor of the L2 penalty. Default 0. */
  weightDecay: number;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
}

/** What Adadelta remembers of a parameter. */
export interface AdadeltaState {
  step: number;
  /** Running average of the gradient's square. */
  squareAvg: AnyTensor;
  /** Running average of the steps' square. */
  accDelta: AnyTensor;
}

/** A step: v = rho v + (1 - rho) g², d = sqrt(u + eps) / sqrt(v + eps) g, u = rho u + (1 - rho) d², p = p - lr d. */
export function adadelta(p: AnyTensor, grad: AnyTensor, state: AdadeltaState, o: AdadeltaOptions): void {
  hostEffect(() => {
    state.step++;
  });
  const g = descent(p, grad, o);
  const eps = hostNumber("eps", () => o.eps);
  const root = averageSquare(state.squareAvg, g, () => o.rho)
    .add(eps)
    .sqrt_();
  const delta = state.accDelta.add(eps).sqrt_().div_(root).mul_(g);
  averageSquare(state.accDelta, delta, () => o.rho);
  p.add_(delta, { alpha: hostNumber("-lr", () => -o.lr) });
}

const defaults: AdadeltaOptions = {
  lr: 1,
  rho: 0.9,
  eps: 1e-6,
  weightDecay: 0,
  maximize: false,
  foreach: null,
};

/**
 * Adadelta: steps in the proportion of their own running size to that of the gradient.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 1, `rho` 0.9, `eps` 1e-6, `weightDecay` 0, `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://arxiv.org/abs/1212.5701
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 */
export class Adadelta extends RuleOptimizer<AdadeltaOptions, AdadeltaState> {
  constructor(params: ParamsInit<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    const o = withDefaults("Adadelta", defaults, options);
    checkOption(o.lr >= 0, "learning rate", o.lr);
    checkOption(o.rho >= 0 && o.rho <= 1, "rho value", o.rho);
    checkOption(o.eps >= 0, "epsilon value", o.eps);
    checkOption(o.weightDecay >= 0, "weight_decay value", o.weightDecay);
    super(params, o);
  }
  protected initialState(p: AnyTensor): AdadeltaState {
    return { step: 0, squareAvg: p.zerosLike(), accDelta: p.zerosLike() };
  }
  protected rule(
    p: AnyTensor,
    grad: AnyTensor,
    state: AdadeltaState,
    group: ParamGroup<AdadeltaOptions>,
  ): void {
    adadelta(p, grad, state, group);
  }
}
