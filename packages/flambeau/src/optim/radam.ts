// RAdam: Adam whose first steps do not divide by an average of too few squares.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html

import { hostFact, hostNumber } from "../tensor/capturing.ts";
import { zeros } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { AdamState } from "./adam.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import {
  average,
  averageSquare,
  checkAdamOptions,
  counted,
  descent,
  RuleOptimizer,
  withDefaults,
} from "./rule.ts";

/** Options of {@link RAdam}. */
export interface RAdamOptions {
  /** Learning rate. Default 0.001. */
  lr: number;
  /** Decay of the running averages of the gradient and of its square. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Factor of the L2 penalty. Default 0. */
  weightDecay: number;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
}

/**
 * A step: Adam's, times the rectification r_t of the variance; while that is not defined (rho_t <= 5), along the average of
 * the gradient alone. rho_inf = 2 / (1 - b2) - 1, rho_t = rho_inf - 2 t b2^t / (1 - b2^t),
 * r_t = sqrt((rho_t - 4) (rho_t - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho_t)).
 */
export function radam(p: AnyTensor, grad: AnyTensor, state: AdamState, o: RAdamOptions): void {
  const rhoInf = (): number => 2 / (1 - o.betas[1]) - 1;
  const rhoAt = (t: number): number => rhoInf() - (2 * t * o.betas[1] ** t) / (1 - o.betas[1] ** t);
  const rectified = hostFact(
    () => rhoAt(Number(isTensor(state.step) ? state.step.item() : state.step) + 1) > 5,
  );
  const t = counted(state);
  const g = descent(p, grad, o);
  average(state.expAvg, g, () => o.betas[0]);
  averageSquare(state.expAvgSq, g, () => o.betas[1]);
  const corrected = state.expAvg
    .div(hostNumber("1 - beta1^t", () => 1 - o.betas[0] ** t()))
    .mul_(hostNumber("lr", () => o.lr));
  if (rectified) {
    const rectification = (): number => {
      const [rho, most] = [rhoAt(t()), rhoInf()];
      return Math.sqrt(((rho - 4) * (rho - 2) * most) / ((most - 4) * (most - 2) * rho));
    };
    const adaptive = state.expAvgSq
      .sqrt()
      .add_(hostNumber("eps", () => o.eps))
      .reciprocal_()
      .mul_(hostNumber("sqrt(1 - beta2^t)", () => Math.sqrt(1 - o.betas[1] ** t())));
    corrected.mul_(adaptive).mul_(hostNumber("rectification", rectification));
  }
  p.add_(corrected, { alpha: -1 });
}

const defaults: RAdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, foreach: null };

/**
 * RAdam: Adam with a rectified variance, in the place of a warm-up.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.001, `betas` [0.9, 0.999], `eps` 1e-8, `weightDecay` 0
 * @throws ValueError for an option out of its range
 * @see https://arxiv.org/abs/1908.03265
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 */
export class RAdam extends RuleOptimizer<RAdamOptions, AdamState> {
  constructor(params: ParamsInit<RAdamOptions>, options: Partial<RAdamOptions> = {}) {
    const all = withDefaults("RAdam", defaults, options);
    checkAdamOptions(all);
    super(params, all);
  }
  protected initialState(p: AnyTensor): AdamState {
    return { step: zeros([]), expAvg: p.zerosLike(), expAvgSq: p.zerosLike() };
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: AdamState, group: ParamGroup<RAdamOptions>): void {
    radam(p, grad, state, group);
  }
}
