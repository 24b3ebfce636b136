// Lion: steps of one size along the sign of the averaged gradient.
// Floor L5 (optim). Source: X. Chen et al., "Symbolic Discovery of Optimization Algorithms" (2023),
// https://arxiv.org/abs/2302.06675, algorithm 2

import { hostNumber } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { average, checkOption, RuleOptimizer, withDefaults } from "./rule.ts";

/** Options of {@link Lion}. */
export interface LionOptions {
  /** Learning rate. Default 1e-4: about a tenth of what Adam would take. */
  lr: number;
  /** How much of the average there is in the step, and how much of it is kept. Default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** Relative decay per unit of learning rate, apart from the gradient. Default 0. */
  weightDecay: number;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
}

/** What {@link Lion} remembers of a parameter. */
export interface LionState {
  /** Running average of the gradient. */
  expAvg: AnyTensor;
}

/** A step of Lion: p = p - lr (sign(b1 m + (1 - b1) g) + weightDecay p), then m = b2 m + (1 - b2) g. */
export function lion(p: AnyTensor, grad: AnyTensor, state: LionState, o: LionOptions): void {
  const g = o.maximize ? grad.neg() : grad;
  const direction = state.expAvg
    .mul(hostNumber("beta1", () => o.betas[0]))
    .add_(g, { alpha: hostNumber("1 - beta1", () => 1 - o.betas[0]) })
    .sign();
  if (o.weightDecay !== 0) p.mul_(hostNumber("1 - lr weightDecay", () => 1 - o.lr * o.weightDecay));
  p.add_(direction, { alpha: hostNumber("-lr", () => -o.lr) });
  average(state.expAvg, g, () => o.betas[1]);
}

const defaults: LionOptions = { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false };

/**
 * Lion: every element moves by the learning rate, in the direction of the averaged gradient's sign. One tensor of state for
 * each parameter, where Adam has two.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 1e-4, `betas` [0.9, 0.99], `weightDecay` 0, `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://arxiv.org/abs/2302.06675
 */
export class Lion extends RuleOptimizer<LionOptions, LionState> {
  constructor(params: ParamsInit<LionOptions>, options: Partial<LionOptions> = {}) {
    const all = withDefaults("Lion", defaults, options);
    checkOption(all.lr >= 0, "learning rate", all.lr);
    all.betas.forEach((beta, i) => {
      checkOption(beta >= 0 && beta < 1, `beta parameter at index ${i}`, beta);
    });
    checkOption(all.weightDecay >= 0, "weight_decay value", all.weightDecay);
    super(params, all);
  }
  protected initialState(p: AnyTensor): LionState {
    return { expAvg: p.zerosLike() };
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: LionState, group: ParamGroup<LionOptions>): void {
    lion(p, grad, state, group);
  }
}
