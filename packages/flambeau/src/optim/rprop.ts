// Rprop: steps whose size follows the sign of the gradient alone.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html

import { ValueError } from "../base/errors.ts";
import { hostEffect, hostFact } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { checkOption, RuleOptimizer, withDefaults } from "./rule.ts";

/** Options of {@link Rprop}. */
export interface RpropOptions {
  /** Size of the first step. Default 0.01. */
  lr: number;
  /** Factors of the step's size when the sign of the gradient has changed, and when it has not. Default [0.5, 1.2]. */
  etas: readonly [number, number];
  /** Smallest and largest step. Default [1e-6, 50]. */
  stepSizes: readonly [number, number];
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
}

/** What Rprop remembers of a parameter. */
export interface RpropState {
  step: number;
  /** The last gradient, 0 where it was not followed. */
  prev: AnyTensor;
  /** Size of each element's step. */
  stepSize: AnyTensor;
}

/** A step: the size s grows by etas[1] where the gradient keeps its sign and shrinks by etas[0] where not; p = p - sign(g) s. */
export function rprop(p: AnyTensor, grad: AnyTensor, state: RpropState, o: RpropOptions): void {
  const [shrink, grow] = [hostFact(() => o.etas[0]), hostFact(() => o.etas[1])];
  const [least, most] = [hostFact(() => o.stepSizes[0]), hostFact(() => o.stepSizes[1])];
  hostEffect(() => {
    state.step++;
  });
  let g = o.maximize ? grad.neg() : grad;
  const agreement = g.mul(state.prev);
  const turned = agreement.lt(0);
  const factor = agreement.onesLike().maskedFill_(agreement.gt(0), grow).maskedFill_(turned, shrink);
  state.stepSize.mul_(factor).clamp_(least, most);
  // After a turn the element waits for one step.
  g = g.maskedFill(turned, 0);
  p.addcmul_(g.sign(), state.stepSize, { value: -1 });
  state.prev.copy_(g);
}

const defaults: RpropOptions = {
  lr: 1e-2,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  foreach: null,
  maximize: false,
};

/**
 * Resilient backpropagation: for full batches.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.01, `etas` [0.5, 1.2], `stepSizes` [1e-6, 50], `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html
 */
export class Rprop extends RuleOptimizer<RpropOptions, RpropState> {
  constructor(params: ParamsInit<RpropOptions>, options: Partial<RpropOptions> = {}) {
    const o = withDefaults("Rprop", defaults, options);
    checkOption(o.lr >= 0, "learning rate", o.lr);
    const [shrink, grow] = o.etas;
    if (!(shrink > 0 && shrink < 1 && grow > 1))
      throw new ValueError(`Invalid eta values: ${shrink}, ${grow}`);
    super(params, o);
  }
  protected initialState(p: AnyTensor, group: ParamGroup<RpropOptions>): RpropState {
    return { step: 0, prev: p.zerosLike(), stepSize: p.fullLike(group.lr) };
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: RpropState, group: ParamGroup<RpropOptions>): void {
    rprop(p, grad, state, group);
  }
}
