// Adamax: Adam with the largest gradient of late in the place of the mean square.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html

import { hostNumber } from "../tensor/capturing.ts";
import { zeros } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { average, checkAdamOptions, counted, descent, RuleOptimizer, withDefaults } from "./rule.ts";

/** Options of {@link Adamax}. */
export interface AdamaxOptions {
  /** Learning rate. Default 0.002. */
  lr: number;
  /** Decay of the running average of the gradient, and of its largest size. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the size of the gradient. Default 1e-8. */
  eps: number;
  /** Factor of the L2 penalty. Default 0. */
  weightDecay: number;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
}

/** What Adamax remembers of a parameter. */
export interface AdamaxState {
  /** Number of steps, 0-d. */
  step: AnyTensor;
  /** Running average of the gradient. */
  expAvg: AnyTensor;
  /** Its largest size, decaying. */
  expInf: AnyTensor;
}

/** A step: m = b1 m + (1 - b1) g, u = max(b2 u, |g| + eps), p = p - lr / (1 - b1^t) m / u. */
export function adamax(p: AnyTensor, grad: AnyTensor, state: AdamaxState, o: AdamaxOptions): void {
  const t = counted(state);
  const g = descent(p, grad, o);
  average(state.expAvg, g, () => o.betas[0]);
  state.expInf
    .mul_(hostNumber("beta2", () => o.betas[1]))
    .clampMin_(g.abs().add_(hostNumber("eps", () => o.eps)));
  p.addcdiv_(state.expAvg, state.expInf, {
    value: hostNumber("-lr / (1 - beta1^t)", () => -o.lr / (1 - o.betas[0] ** t())),
  });
}

const defaults: AdamaxOptions = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  foreach: null,
  maximize: false,
};

/**
 * Adamax: Adam by the infinity norm.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.002, `betas` [0.9, 0.999], `eps` 1e-8, `weightDecay` 0, `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://arxiv.org/abs/1412.6980
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 */
export class Adamax extends RuleOptimizer<AdamaxOptions, AdamaxState> {
  constructor(params: ParamsInit<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    const all = withDefaults("Adamax", defaults, options);
    checkAdamOptions(all);
    super(params, all);
  }
  protected initialState(p: AnyTensor): AdamaxState {
    return { step: zeros([]), expAvg: p.zerosLike(), expInf: p.zerosLike() };
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: AdamaxState, group: ParamGroup<AdamaxOptions>): void {
    adamax(p, grad, state, group);
  }
}
