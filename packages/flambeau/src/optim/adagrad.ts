// Adagrad: the gradient divided by the root of the sum of all its squares.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html

import { hostNumber } from "../tensor/capturing.ts";
import { zeros } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { checkOption, counted, descent, RuleOptimizer, withDefaults } from "./rule.ts";

/** Options of {@link Adagrad}. */
export interface AdagradOptions {
  /** Learning rate. Default 0.01. */
  lr: number;
  /** Decay of the learning rate: lr / (1 + t lrDecay). Default 0. */
  lrDecay: number;
  /** Added to the denominator. Default 1e-10. */
  eps: number;
  /** Factor of the L2 penalty. Default 0. */
  weightDecay: number;
  /** Where the sum of squares starts. Default 0. */
  initialAccumulatorValue: number;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
}

/** What Adagrad remembers of a parameter. */
export interface AdagradState {
  /** Number of steps, 0-d. */
  step: AnyTensor;
  /** Sum of the squares of all gradients. */
  sum: AnyTensor;
}

/** A step: s = s + g², p = p - lr / (1 + (t - 1) lrDecay) g / (sqrt(s) + eps). */
export function adagrad(p: AnyTensor, grad: AnyTensor, state: AdagradState, o: AdagradOptions): void {
  const t = counted(state);
  const g = descent(p, grad, o);
  const root = state.sum
    .addcmul_(g, g, { value: 1 })
    .sqrt()
    .add_(hostNumber("eps", () => o.eps));
  p.addcdiv_(g, root, {
    value: hostNumber("-lr / (1 + (t - 1) lrDecay)", () => -o.lr / (1 + (t() - 1) * o.lrDecay)),
  });
}

const defaults: AdagradOptions = {
  lr: 1e-2,
  lrDecay: 0,
  eps: 1e-10,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  foreach: null,
  maximize: false,
};

/**
 * Adagrad: steps along the gradient divided by the root of the sum of all its squares, which get smaller and smaller.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.01, `lrDecay` 0, `weightDecay` 0, `initialAccumulatorValue` 0, `eps` 1e-10, `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://jmlr.org/papers/v12/duchi11a.html
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 */
export class Adagrad extends RuleOptimizer<AdagradOptions, AdagradState> {
  constructor(params: ParamsInit<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    const o = withDefaults("Adagrad", defaults, options);
    checkOption(o.lr >= 0, "learning rate", o.lr);
    checkOption(o.lrDecay >= 0, "lr_decay value", o.lrDecay);
    checkOption(o.weightDecay >= 0, "weight_decay value", o.weightDecay);
    checkOption(o.initialAccumulatorValue >= 0, "initial_accumulator_value value", o.initialAccumulatorValue);
    checkOption(o.eps >= 0, "epsilon value", o.eps);
    super(params, o);
    // Unlike the other optimizers' state, there from the start.
    for (const group of this.paramGroups)
      for (const p of group.params) this.state.set(p, this.initialState(p, group));
  }
  protected initialState(p: AnyTensor, group: ParamGroup<AdagradOptions>): AdagradState {
    return { step: zeros([]), sum: p.fullLike(group.initialAccumulatorValue) };
  }
  protected rule(
    p: AnyTensor,
    grad: AnyTensor,
    state: AdagradState,
    group: ParamGroup<AdagradOptions>,
  ): void {
    adagrad(p, grad, state, group);
  }
}
