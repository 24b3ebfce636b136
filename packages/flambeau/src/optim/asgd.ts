// Averaged stochastic gradient descent.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html

import { hostEffect, hostFact, hostNumber } from "../tensor/capturing.ts";
import { full, ones, zeros } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { checkOption, counted, descent, RuleOptimizer, withDefaults } from "./rule.ts";

/** Options of {@link ASGD}. */
export interface ASGDOptions {
  /** Learning rate at the start. Default 0.01. */
  lr: number;
  /** Decay of the parameters, and of the learning rate. Default 1e-4. */
  lambd: number;
  /** Power of the learning rate's decay. Default 0.75. */
  alpha: number;
  /** The step at which averaging starts. Default 1e6. */
  t0: number;
  /** Factor of the L2 penalty. Default 0. */
  weightDecay: number;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
}

/** What ASGD remembers of a parameter. */
export interface ASGDState {
  /** Number of steps, 0-d. */
  step: AnyTensor;
  /** Learning rate of the next step, 0-d. */
  eta: AnyTensor;
  /** Weight of the next step in the average, 0-d. */
  mu: AnyTensor;
  /** The average of the parameter. */
  ax: AnyTensor;
}

/**
 * A step: p = (1 - lambd eta) p - eta g, ax = ax + mu (p - ax), eta = lr / (1 + lambd lr t)^alpha,
 * mu = 1 / max(1, t - t0).
 */
export function asgd(p: AnyTensor, grad: AnyTensor, state: ASGDState, o: ASGDOptions): void {
  const eta = (): number => state.eta.item() as number;
  const mu = (): number => state.mu.item() as number;
  const averaging = hostFact(() => mu() !== 1);
  const t = counted(state);
  const g = descent(p, grad, o);
  p.mul_(hostNumber("1 - lambd eta", () => 1 - o.lambd * eta())).add_(g, {
    alpha: hostNumber("-eta", () => -eta()),
  });
  if (averaging) state.ax.add_(p.sub(state.ax).mul_(hostNumber("mu", mu)));
  else state.ax.copy_(p);
  hostEffect(() => {
    state.eta.fill_(o.lr / (1 + o.lambd * o.lr * t()) ** o.alpha);
    state.mu.fill_(1 / Math.max(1, t() - o.t0));
  });
}

const defaults: ASGDOptions = {
  lr: 1e-2,
  lambd: 1e-4,
  alpha: 0.75,
  t0: 1e6,
  weightDecay: 0,
  foreach: null,
  maximize: false,
};

/**
 * Averaged stochastic gradient descent; the average is `state.get(p).ax`.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.01, `lambd` 1e-4, `alpha` 0.75, `t0` 1e6, `weightDecay` 0, `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://dl.acm.org/citation.cfm?id=131098
 * @see https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html
 */
export class ASGD extends RuleOptimizer<ASGDOptions, ASGDState> {
  constructor(params: ParamsInit<ASGDOptions>, options: Partial<ASGDOptions> = {}) {
    const o = withDefaults("ASGD", defaults, options);
    checkOption(o.lr >= 0, "learning rate", o.lr);
    checkOption(o.weightDecay >= 0, "weight_decay value", o.weightDecay);
    super(params, o);
  }
  protected initialState(p: AnyTensor, group: ParamGroup<ASGDOptions>): ASGDState {
    return {
      step: zeros([]),
      eta: full([], group.lr, { dtype: "float32" }),
      mu: ones([]),
      ax: p.zerosLike(),
    };
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: ASGDState, group: ParamGroup<ASGDOptions>): void {
    asgd(p, grad, state, group);
  }
}
