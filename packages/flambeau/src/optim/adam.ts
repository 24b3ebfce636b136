// Adam, with its variants AMSGrad and decoupled weight decay (AdamW).
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.Adam.html

import { hostNumber } from "../tensor/capturing.ts";
import { zeros } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
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

/** Options of {@link AdamW}. */
export interface AdamWOptions {
  /** Learning rate. Default 0.001. */
  lr: number;
  /** Decay of the running averages of the gradient and of its square. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** L2 penalty of Adam, default 0; relative decay per unit of learning rate of AdamW, default 0.01. */
  weightDecay: number;
  /** Whether to divide by the largest average of squares so far. Default false. */
  amsgrad: boolean;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
  /** Without effect; state dicts of PyTorch have it. Default false. */
  capturable: boolean;
}

/** Options of {@link Adam}. */
export interface AdamOptions extends AdamWOptions {
  /** Whether `step` is recorded. Default false. */
  differentiable: boolean;
  /** Without effect; state dicts of PyTorch have it. Default false. */
  fused: boolean;
}

/** What Adam remembers of a parameter. */
export interface AdamState {
  /** Number of steps, 0-d. */
  step: AnyTensor;
  /** Running average of the gradient. */
  expAvg: AnyTensor;
  /** Running average of its square. */
  expAvgSq: AnyTensor;
  /** Largest running average of the square so far; with amsgrad. */
  maxExpAvgSq?: AnyTensor;
}

/** What {@link adam} and {@link adamw} need of the options. */
export type AdamRule = Pick<AdamWOptions, "lr" | "betas" | "eps" | "weightDecay" | "amsgrad" | "maximize">;

/**
 * A step of Adam: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g², p = p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps),
 * where weightDecay p was added to g.
 */
export function adam(p: AnyTensor, grad: AnyTensor, state: AdamState, o: AdamRule): void {
  const t = counted(state);
  move(p, descent(p, grad, o), state, o, t);
}

/** A step of AdamW: p = p - lr weightDecay p, then that of {@link adam} without the penalty. */
export function adamw(p: AnyTensor, grad: AnyTensor, state: AdamState, o: AdamRule): void {
  const t = counted(state);
  p.mul_(hostNumber("1 - lr weightDecay", () => 1 - o.lr * o.weightDecay));
  move(p, o.maximize ? grad.neg() : grad, state, o, t);
}

function move(p: AnyTensor, g: AnyTensor, state: AdamState, o: AdamRule, t: () => number): void {
  average(state.expAvg, g, () => o.betas[0]);
  let v = averageSquare(state.expAvgSq, g, () => o.betas[1]);
  if (o.amsgrad) {
    state.maxExpAvgSq ??= v.zerosLike();
    v = state.maxExpAvgSq.clampMin_(v);
  }
  const denominator = v
    .sqrt()
    .div_(hostNumber("sqrt(1 - beta2^t)", () => Math.sqrt(1 - o.betas[1] ** t())))
    .add_(hostNumber("eps", () => o.eps));
  p.addcdiv_(state.expAvg, denominator, {
    value: hostNumber("-lr / (1 - beta1^t)", () => -o.lr / (1 - o.betas[0] ** t())),
  });
}

const initial = (p: AnyTensor, amsgrad: boolean): AdamState => ({
  step: zeros([]),
  expAvg: p.zerosLike(),
  expAvgSq: p.zerosLike(),
  ...(amsgrad && { maxExpAvgSq: p.zerosLike() }),
});

const adamDefaults: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
  foreach: null,
  capturable: false,
  differentiable: false,
  fused: false,
};
const adamWDefaults: AdamWOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 1e-2,
  amsgrad: false,
  foreach: null,
  maximize: false,
  capturable: false,
};

/** {@link Optimizer.form} of both: asked before every step, so without a text. */
const formOf = (o: AdamWOptions): number =>
  Number(o.weightDecay !== 0) + 2 * Number(o.amsgrad) + 4 * Number(o.maximize);

/**
 * Adam: steps of about the learning rate along the running average of the gradient, divided by that of its size.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.001, `betas` [0.9, 0.999], `eps` 1e-8, `weightDecay` 0, `amsgrad` false, `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://arxiv.org/abs/1412.6980
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example
 * const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
 */
export class Adam extends RuleOptimizer<AdamOptions, AdamState> {
  constructor(params: ParamsInit<AdamOptions>, options: Partial<AdamOptions> = {}) {
    const all = withDefaults("Adam", adamDefaults, options);
    checkAdamOptions(all);
    super(params, all);
  }
  protected override form(o: ParamGroup<AdamOptions>): number {
    return formOf(o) + 8 * Number(o.differentiable);
  }
  protected initialState(p: AnyTensor, group: ParamGroup<AdamOptions>): AdamState {
    return initial(p, group.amsgrad);
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: AdamState, group: ParamGroup<AdamOptions>): void {
    adam(p, grad, state, group);
  }
}

/**
 * Adam with decoupled weight decay: p = p - lr weightDecay p beside Adam's step, whatever the gradient's size.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` 0.001, `betas` [0.9, 0.999], `eps` 1e-8, `weightDecay` 0.01, `amsgrad` false, `maximize` false
 * @throws ValueError for an option out of its range
 * @see https://arxiv.org/abs/1711.05101
 * @see https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export class AdamW extends RuleOptimizer<AdamWOptions, AdamState> {
  constructor(params: ParamsInit<AdamWOptions>, options: Partial<AdamWOptions> = {}) {
    const all = withDefaults("AdamW", adamWDefaults, options);
    checkAdamOptions(all);
    super(params, all);
  }
  protected override form(o: ParamGroup<AdamWOptions>): number {
    return formOf(o);
  }
  protected initialState(p: AnyTensor, group: ParamGroup<AdamWOptions>): AdamState {
    return initial(p, group.amsgrad);
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: AdamState, group: ParamGroup<AdamWOptions>): void {
    adamw(p, grad, state, group);
  }
}
