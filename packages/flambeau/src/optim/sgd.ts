// Stochastic gradient descent with momentum, dampening, Nesterov's variant and weight decay.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.SGD.html

import { ValueError } from "../base/errors.ts";
import { hostFact, hostNumber, unrecorded } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { required } from "./optimizer.ts";
import { RuleOptimizer } from "./rule.ts";

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate. Required, here or in every group. */
  lr: number;
  /** How much of the last step is kept. Default 0. */
  momentum: number;
  /** How much of the gradient is left out of the momentum. Default 0. */
  dampening: number;
  /** Factor of the L2 penalty: `weightDecay * p` is added to the gradient. Default 0. */
  weightDecay: number;
  /** Looks ahead along the momentum. Default false. */
  nesterov: boolean;
  /** Ascends instead of descending. Default false. */
  maximize: boolean;
  /** Without effect; state dicts of PyTorch have it. Default null. */
  foreach: boolean | null;
  /** Whether `step` is recorded. Default false. */
  differentiable: boolean;
}

/** What {@link sgd} needs of the options. */
export type SGDRule = Pick<
  SGDOptions,
  "lr" | "momentum" | "dampening" | "weightDecay" | "nesterov" | "maximize"
>;

/** What {@link SGD} remembers for a parameter. */
export interface SGDState {
  /** The running step, once there is momentum. */
  momentumBuffer: AnyTensor | null;
}

/**
 * One step: d = g + weightDecay p; b = momentum b + (1 - dampening) d, at first b = d; p = p - lr (d + momentum b) with
 * Nesterov, p - lr b with momentum, else p - lr d. Changes `params` and `momentumBuffers` in place.
 *
 * Differs from Sutskever et al. as PyTorch does: the learning rate is a factor of the whole step, not of the gradient
 * inside of the momentum.
 */
export function sgd(
  params: readonly AnyTensor[],
  grads: readonly AnyTensor[],
  momentumBuffers: (AnyTensor | null)[],
  options: SGDRule,
): void {
  for (let i = 0; i < params.length; i++)
    momentumBuffers[i] = sgdOf(params[i]!, grads[i]!, momentumBuffers[i] ?? null, options);
}

/** {@link sgd} of one parameter; returns its momentum buffer. */
function sgdOf(p: AnyTensor, grad: AnyTensor, buffer: AnyTensor | null, options: SGDRule): AnyTensor | null {
  let d = options.maximize ? grad.neg() : grad;
  if (options.weightDecay !== 0)
    d = d.add(p, { alpha: hostNumber("weightDecay", () => options.weightDecay) });
  let b = buffer;
  if (options.momentum !== 0) {
    if (b === null) b = unrecorded(() => d.emptyLike()).copy_(d.detach());
    else
      b.mul_(hostNumber("momentum", () => options.momentum)).add_(d, {
        alpha: hostNumber("1 - dampening", () => 1 - options.dampening),
      });
    d = options.nesterov ? d.add(b, { alpha: hostNumber("momentum", () => options.momentum) }) : b;
  }
  p.add_(d, { alpha: hostNumber("-lr", () => -options.lr) });
  return b;
}

/**
 * Stochastic gradient descent: p = p - lr (g + weightDecay p), optionally with momentum.
 *
 * @param params tensors, or groups `{ params, ...options }`
 * @param options `lr` (required), `momentum` 0, `dampening` 0, `weightDecay` 0, `nesterov` false, `maximize` false
 * @throws ValueError for a negative learning rate, momentum or weight decay, and for Nesterov without momentum
 * @see https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 * @example
 * const w = torch.zeros(2, { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9 });
 * w.sub(1).square().sum().backward();
 * optimizer.step(); // w: tensor([0.2000, 0.2000])
 */
export class SGD extends RuleOptimizer<SGDOptions, SGDState> {
  constructor(params: ParamsInit<SGDOptions>, options: Partial<SGDOptions> = {}) {
    const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = options;
    if (lr !== undefined && lr < 0) throw new ValueError(`Invalid learning rate: ${lr}`);
    if (momentum < 0) throw new ValueError(`Invalid momentum value: ${momentum}`);
    if (weightDecay < 0) throw new ValueError(`Invalid weight_decay value: ${weightDecay}`);
    if (nesterov && (momentum <= 0 || dampening !== 0))
      throw new ValueError("Nesterov momentum requires a momentum and zero dampening");
    const { foreach = null, differentiable = false } = options;
    super(params, {
      lr: lr ?? required,
      momentum,
      dampening,
      weightDecay,
      nesterov,
      maximize,
      foreach,
      differentiable,
    });
  }

  protected override form(o: ParamGroup<SGDOptions>): number {
    return (
      Number(o.momentum !== 0) +
      2 * Number(o.weightDecay !== 0) +
      4 * Number(o.nesterov) +
      8 * Number(o.maximize) +
      16 * Number(o.differentiable)
    );
  }
  protected initialState(): SGDState {
    return { momentumBuffer: null };
  }
  protected rule(p: AnyTensor, grad: AnyTensor, state: SGDState, group: ParamGroup<SGDOptions>): void {
    if (group.momentum !== 0) hostFact(() => state.momentumBuffer === null);
    state.momentumBuffer = sgdOf(p, grad, state.momentumBuffer, group);
  }
}
