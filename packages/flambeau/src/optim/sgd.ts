// Stochastic gradient descent with momentum, dampening, Nesterov's variant and weight decay.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.SGD.html

import { ValueError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { ParamGroup, ParamsInit } from "./groups.ts";
import { Optimizer, required } from "./optimizer.ts";

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
  { lr, momentum, dampening, weightDecay, nesterov, maximize }: SGDRule,
): void {
  for (let i = 0; i < params.length; i++) {
    const p = params[i]!;
    let d = maximize ? grads[i]!.neg() : grads[i]!;
    if (weightDecay !== 0) d = d.add(p, { alpha: weightDecay });
    if (momentum !== 0) {
      let b = momentumBuffers[i] ?? null;
      if (b === null) {
        b = d.clone().detach();
        momentumBuffers[i] = b;
      } else b.mul_(momentum).add_(d, { alpha: 1 - dampening });
      d = nesterov ? d.add(b, { alpha: momentum }) : b;
    }
    p.add_(d, { alpha: -lr });
  }
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
export class SGD extends Optimizer<SGDOptions, SGDState> {
  // Filled anew for each group: a step allocates no lists.
  readonly #params: AnyTensor[] = [];
  readonly #grads: AnyTensor[] = [];
  readonly #buffers: (AnyTensor | null)[] = [];

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

  protected update(group: ParamGroup<SGDOptions>): void {
    const params = this.#params;
    const grads = this.#grads;
    const buffers = this.#buffers;
    let n = 0;
    for (let i = 0; i < group.params.length; i++) {
      const p = group.params[i]!;
      if (p.grad === null) continue;
      params[n] = p;
      grads[n] = p.grad;
      buffers[n++] = this.state.get(p)?.momentumBuffer ?? null;
    }
    params.length = n;
    grads.length = n;
    buffers.length = n;
    sgd(params, grads, buffers, group);
    for (let i = 0; i < n; i++) {
      const state = this.state.get(params[i]!);
      if (state) state.momentumBuffer = buffers[i]!;
      else this.state.set(params[i]!, { momentumBuffer: buffers[i]! });
    }
    params.length = 0;
    grads.length = 0;
    buffers.length = 0;
  }
}
