// What optimizers that treat every parameter by itself have in common: state made on first use, a rule per parameter.
// Floor L5 (optim).

import { ArgumentError, ValueError } from "../base/errors.ts";
import { hostEffect, hostNumber, unrecorded } from "../tensor/capturing.ts";
import { full } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { ParamGroup } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";

/** An optimizer whose step is one rule, applied to each parameter that has a gradient. */
export abstract class RuleOptimizer<O extends object, S extends object> extends Optimizer<O, S> {
  /** What is remembered of a parameter before its first step. */
  protected abstract initialState(param: AnyTensor, group: ParamGroup<O>): S;
  /** One step of a parameter. */
  protected abstract rule(param: AnyTensor, grad: AnyTensor, state: S, group: ParamGroup<O>): void;

  protected update(group: ParamGroup<O>): void {
    const { params } = group;
    for (let i = 0; i < params.length; i++) {
      const p = params[i]!;
      const { grad } = p;
      if (grad === null) continue;
      let state = this.state.get(p);
      if (!state) {
        // What lasts is made outside of a function that is captured.
        state = unrecorded(() => this.initialState(p, group));
        this.state.set(p, state);
      }
      this.rule(p, grad, state, group);
    }
  }
}

/** Options with their defaults. @throws ArgumentError for an option that the optimizer does not have. */
export function withDefaults<O extends object>(
  name: string,
  defaults: O,
  options: { readonly [K in keyof O]?: O[K] | undefined },
): O {
  const all = { ...defaults };
  for (const [key, value] of Object.entries(options)) {
    if (!(key in defaults)) throw new ArgumentError(`${name}() got an unexpected option '${key}'`);
    // Entries of `options` are of the type of O's.
    if (value !== undefined) all[key as keyof O] = value as O[keyof O];
  }
  return all;
}

/** PyTorch's complaint about an option out of its range. NaN is in no range. */
export function checkOption(good: boolean, what: string, value: number): void {
  if (!good) throw new ValueError(`Invalid ${what}: ${value}`);
}

/** The checks of Adam and its relatives. */
export function checkAdamOptions(o: {
  lr: number;
  eps: number;
  weightDecay: number;
  betas: readonly [number, number];
}): void {
  checkOption(o.lr >= 0, "learning rate", o.lr);
  checkOption(o.eps >= 0, "epsilon value", o.eps);
  o.betas.forEach((beta, i) => {
    checkOption(beta >= 0 && beta < 1, `beta parameter at index ${i}`, beta);
  });
  checkOption(o.weightDecay >= 0, "weight_decay value", o.weightDecay);
}

/** The gradient to descend along: negated to ascend, plus the gradient of weightDecay / 2 |p|². */
export function descent(
  p: AnyTensor,
  grad: AnyTensor,
  o: { readonly weightDecay: number; readonly maximize?: boolean },
): AnyTensor {
  const g = o.maximize ? grad.neg() : grad;
  return o.weightDecay === 0 ? g : g.add(p, { alpha: hostNumber("weightDecay", () => o.weightDecay) });
}

/**
 * Counts a step; the function returned gives the count. PyTorch keeps it as a 0-d float tensor; state dicts of old versions have a
 * number.
 */
export function counted(state: { step: AnyTensor }): () => number {
  hostEffect(() => {
    if (!isTensor(state.step)) state.step = full([], Number(state.step), { dtype: "float32" });
    state.step.add_(1);
  });
  return () => state.step.item() as number;
}

/** average = beta average + (1 - beta) x */
export const average = (avg: AnyTensor, x: AnyTensor, beta: () => number): AnyTensor =>
  avg.mul_(hostNumber("beta", beta)).add_(x, { alpha: hostNumber("1 - beta", () => 1 - beta()) });

/** average = beta average + (1 - beta) x² */
export const averageSquare = (avg: AnyTensor, x: AnyTensor, beta: () => number): AnyTensor =>
  avg.mul_(hostNumber("beta", beta)).addcmul_(x, x, { value: hostNumber("1 - beta", () => 1 - beta()) });
