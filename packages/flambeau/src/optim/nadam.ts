// NAdam: Adam with Nesterov's momentum.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html

import { hostEffect, hostNumber } from "../tensor/capturing.ts";
import { ones, zeros } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import {
  average,
  averageSquare,
  checkAdamOptions,
  checkOption,
  counted,
  descent,
  RuleOptimizer,
  withDefaults,
} from "./rule.ts";

/** Options of {@link NAdam}. */
export interface NAdamOptions {
  /** Learning rate. Default 0.002. */
  lr: number;
  /** Decay of the running averages of the gradient and of its square. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Factor of the L2 penalty. Default 0. */
  weightDecay: number;
  /** How fast the momentum reaches betas[0]. Default 0.004. */
  momentumDecay: number;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
}

/** What NAdam remembers of a parameter. */
export interface NAdamState {
  /** Number of steps, 0-d. */
  step: AnyTensor;
  /** Product of the momenta of all steps, 0-d. */
  muProduct: AnyTensor;
  /** Running average of the gradient. */
  expAvg: AnyTensor;
  /** Running average of its square. */
  expAvgSq: AnyTensor;
}

/**
 * A step: mu_t = b1 (1 - 0.96^(t momentumDecay) / 2), M_t = mu_1 ... mu_t,
 * p = p - lr ((1 - mu_t) / (1 - M_t) g + mu_(t+1) / (1 - M_t mu_t mu_(t+1)) m) / (sqrt(v / (1 - b2^t)) + eps).
 *
 * Differs from Dozat as PyTorch 1.13 does: its code has M_t mu_t mu_(t+1) where the paper has M_(t+1) = M_t mu_(t+1).
 */
export function nadam(p: AnyTensor, grad: AnyTensor, state: NAdamState, o: NAdamOptions): void {
  const t = counted(state);
  const g = descent(p, grad, o);
  const momentum = (step: number): number => o.betas[0] * (1 - 0.5 * 0.96 ** (step * o.momentumDecay));
  const mu = (): number => momentum(t());
  const muNext = (): number => momentum(t() + 1);
  hostEffect(() => {
    state.muProduct.mul_(mu());
  });
  const product = (): number => state.muProduct.item() as number;
  const productNext = (): number => state.muProduct.mul(mu()).mul(muNext()).item() as number;
  average(state.expAvg, g, () => o.betas[0]);
  averageSquare(state.expAvgSq, g, () => o.betas[1]);
  const denominator = state.expAvgSq
    .div(hostNumber("1 - beta2^t", () => 1 - o.betas[1] ** t()))
    .sqrt_()
    .add_(hostNumber("eps", () => o.eps));
  p.addcdiv_(g, denominator, {
    value: hostNumber("-lr (1 - mu) / (1 - product)", () => (-o.lr * (1 - mu())) / (1 - product())),
  });
  p.addcdiv_(state.expAvg, denominator, {
    value: hostNumber("-lr muNext / (1 - productNext)", () => (-o.lr * muNext()) / (1 - productNext())),
  });
}

const defaults: NAdamOptions = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
  foreach: null,
};

/**
 * NAdam: Adam with Nesterov's momentum.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.002, `betas` [0.9, 0.999], `eps` 1e-8, `weightDecay` 0, `momentumDecay` 0.004
 * @throws ValueError for an option out of its range
 * @see https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
 * @see https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 */
export class NAdam extends RuleOptimizer<NAdamOptions, NAdamState> {
  constructor(params: ParamsInit<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    const all = withDefaults("NAdam", defaults, options);
    checkAdamOptions(all);
    checkOption(all.momentumDecay >= 0, "momentum_decay value", all.momentumDecay);
    super(params, all);
  }
  protected initialState(p: AnyTensor): NAdamState {
    return { step: zeros([]), muProduct: ones([]), expAvg: p.zerosLike(), expAvgSq: p.zerosLike() };
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: NAdamState, group: ParamGroup<NAdamOptions>): void {
    nadam(p, grad, state, group);
  }
}
