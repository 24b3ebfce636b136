// The base of all optimizers: parameter groups, state by parameter, state dicts.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html#torch.optim.Optimizer

import { ValueError } from "../base/errors.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { hostEffect, recorder } from "../tensor/capturing.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { GroupInit, ParamGroup, ParamsInit } from "./groups.ts";
import { checkedParams, groupsOf } from "./groups.ts";
import type { OptimizerStateDict } from "./state-dict.ts";
import { adapted, camelCase, fixed, pythonRepr, renamed, snakeCase } from "./state-dict.ts";

/** Options that every optimizer has. */
export interface CommonOptions {
  /** Whether `step` is recorded, so that gradients flow through updates. Default false. */
  differentiable?: boolean;
}

/** @internal Marks an option that has no default. */
export const required: unique symbol = Symbol("required");

/** @internal Options with their defaults; {@link required} where there is none. */
export type Defaults<O> = { readonly [K in keyof O]: O[K] | typeof required };

/**
 * Holds parameters and changes them by their gradients.
 *
 * @typeParam O the options of a group, all set
 * @typeParam S what is remembered for each parameter
 * @see https://pytorch.org/docs/stable/optim.html#torch.optim.Optimizer
 */
export abstract class Optimizer<O extends object = object, S extends object = object> {
  /** Options of groups that do not set their own. */
  readonly defaults: Defaults<O>;
  /** The groups; their options may be changed between steps: `optimizer.paramGroups[0].lr = 0.01`. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What is remembered for each parameter, such as its momentum. */
  readonly state: Map<AnyTensor, S> = new Map();
  /** How often the state was replaced. */
  #loaded = 0;
  /** @internal Steps since a scheduler was attached, which warns where it is stepped first. */
  stepCount = 0;

  /**
   * @param params tensors, one tensor, or groups `{ params, ...options }`
   * @param defaults options of groups that do not set their own
   * @throws ValueError for an empty list, a tensor that is no leaf, a tensor in two groups
   * @throws ArgumentError for anything that is not a tensor
   */
  constructor(params: ParamsInit<O>, defaults: Defaults<O>) {
    this.defaults = defaults;
    for (const group of groupsOf(params)) this.addParamGroup(group);
  }

  /**
   * Adds a group, for instance of layers that are trained from now on.
   *
   * @param group `params`, and options that differ from the defaults
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.add_param_group.html
   */
  addParamGroup(group: GroupInit<O>): void {
    const taken = new Set(this.paramGroups.flatMap((g) => g.params));
    const params = checkedParams(group, taken, this.#differentiable);
    const { params: _, ...own } = group;
    const options: Record<string, unknown> = renamed(own, (name) => name);
    for (const [name, value] of Object.entries(this.defaults)) {
      if (Object.hasOwn(options, name)) continue;
      if (value === required)
        throw new ValueError(
          `parameter group didn't specify a value of required optimization parameter ${snakeCase(name)}`,
        );
      options[name] = value;
    }
    options["params"] = params;
    // All of O's options were set just now, from the group or from the defaults.
    this.paramGroups.push(options as unknown as ParamGroup<O>);
  }

  get #differentiable(): boolean {
    return (this.defaults as CommonOptions).differentiable === true;
  }

  /**
   * Forgets the gradients of all parameters.
   *
   * Differs from PyTorch 1.13, as later versions do: `setToNone` is true by default. A parameter that gets no gradient
   * is then left as it is by `step`, while a gradient of 0 still lets weight decay and momentum move it.
   * @param options `setToNone: false` fills the gradients with 0 in place
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
   */
  zeroGrad(options?: { readonly setToNone?: boolean }): void {
    const keep = options?.setToNone === false;
    for (const { params } of this.paramGroups) {
      for (let i = 0; i < params.length; i++) {
        const p = params[i]!;
        const g: AnyTensor | null = p.grad;
        if (g === null) continue;
        if (!keep) p.grad = null;
        else {
          if (g.gradFn !== null) g.detach_();
          else g.requiresGrad = false;
          g.zero_();
        }
      }
    }
  }

  /**
   * Changes every parameter by its gradient; parameters without a gradient stay.
   *
   * @param closure computes the loss anew, gradients and all, and returns it; most optimizers do not need one
   * @returns what `closure` returned, else null
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.step.html
   */
  step(): null;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | null;
  step<T>(closure?: () => T): T | null {
    const before = mode.grad;
    hostEffect(() => {
      this.stepCount++;
    });
    try {
      let loss: T | null = null;
      if (closure) {
        mode.grad = true;
        loss = closure();
      }
      mode.grad = this.#differentiable;
      const groups = this.paramGroups;
      if (recorder !== null) this.#recordGroups(recorder);
      for (let i = 0; i < groups.length; i++) this.update(groups[i]!);
      return loss;
    } finally {
      mode.grad = before;
    }
  }

  /**
   * Tells the recorder of torch.compile that a program holds for these groups and this state: their parameters, and what {@link form}
   * says of their options.
   */
  #recordGroups(to: Recorder): void {
    to.fact(() => this.paramGroups.length);
    to.fact(() => this.#loaded);
    for (const group of this.paramGroups) {
      const params = [...group.params];
      to.fact(() => sameList(group.params, params));
      params.forEach((p) => {
        to.consumed(p);
      });
      to.fact(() => this.form(group));
    }
  }

  /**
   * What the options of a group say about which ops a step is made of: the same for groups that are stepped alike but for the values of
   * numbers, which are computed anew in every step; only whether a number is 0 may decide what is done.
   */
  protected form(group: ParamGroup<O>): unknown {
    let form = "";
    for (const [key, value] of Object.entries(group)) {
      if (indifferent.has(key) || (typeof value === "object" && value !== null)) continue;
      form += `${key} ${typeof value === "number" ? value !== 0 : String(value)},`;
    }
    return form;
  }

  /** One step of the parameters of a group; runs unrecorded unless the optimizer is differentiable. */
  protected abstract update(group: ParamGroup<O>): void;

  /**
   * What to save for going on later: the dictionary of PyTorch's `optimizer.state_dict()`, under PyTorch's names.
   * Tensors are those in use, not copies.
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.state_dict.html
   */
  stateDict(): OptimizerStateDict {
    const numbers = new Map<AnyTensor, number>();
    let start = 0;
    const groups = this.paramGroups.map(({ params, ...options }) => {
      params.forEach((p, i) => {
        if (!numbers.has(p)) numbers.set(p, start + i);
      });
      start += params.length;
      return { ...fixed(renamed(options, snakeCase)), params: params.map((p) => numbers.get(p)!) };
    });
    const state: Record<string, Record<string, unknown>> = {};
    for (const [p, entry] of this.state) state[String(numbers.get(p))] = renamed(entry, snakeCase);
    return { state, param_groups: groups };
  }

  /**
   * Takes over a {@link stateDict}, also PyTorch's. Options that it lacks keep their defaults.
   *
   * @throws ValueError if the number of groups, or of parameters in one, is another
   * @see https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html
   */
  loadStateDict(stateDict: OptimizerStateDict): void {
    const saved = stateDict.param_groups;
    const groups = this.paramGroups;
    if (saved.length !== groups.length)
      throw new ValueError("loaded state dict has a different number of parameter groups");
    if (saved.some((g, i) => g.params.length !== groups[i]!.params.length))
      throw new ValueError(
        "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
      );
    const byNumber = new Map<string, AnyTensor>();
    saved.forEach((g, i) => {
      g.params.forEach((number, j) => {
        byNumber.set(String(number), groups[i]!.params[j]!);
      });
    });
    this.state.clear();
    this.#loaded++;
    for (const [number, entry] of Object.entries(stateDict.state)) {
      const p = byNumber.get(number);
      // The entries of S are whatever the optimizer that saved them had put there.
      if (p) this.state.set(p, renamed(adapted(entry, p, "") as object, camelCase) as S);
    }
    saved.forEach(({ params: _, ...options }, i) => {
      Object.assign(groups[i]!, renamed(options, camelCase));
    });
  }

  /** The groups with their options, as Python prints them. */
  toString(): string {
    const groups = this.paramGroups.map(({ params: _, ...options }, i) => {
      const lines = Object.entries(renamed(options, snakeCase)).sort(([a], [b]) => (a < b ? -1 : 1));
      return `\nParameter Group ${i}\n${lines.map(([k, v]) => `    ${k}: ${pythonRepr(v)}\n`).join("")}`;
    });
    return `${this.constructor.name} (${groups.join("")})`;
  }
}

/** Options that say nothing about what a step does: rates, and what is without effect here. */
const indifferent: ReadonlySet<string> = new Set([
  "lr",
  "initialLr",
  "eps",
  "dampening",
  "foreach",
  "fused",
  "capturable",
]);

function sameList(a: readonly AnyTensor[], b: readonly AnyTensor[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// A member keyed by a symbol of another library cannot be declared in the class without a type of its own.
Object.defineProperty(Optimizer.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Optimizer): string {
    return this.toString();
  },
});
