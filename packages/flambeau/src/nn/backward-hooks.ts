// Hooks on the gradients of a module: gates in the graph before and behind it that gradients pass in backward.
// Floor L5 (nn). Source: torch/utils/hooks.py

import { ValueError } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { Grad } from "../tensor/node.ts";
import { Node } from "../tensor/node.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** Gradients in the order of arguments or results; null for what is no tensor or needs none. */
export type Gradients = readonly Grad[];

/** Called with the gradients of arguments and results; may return other gradients of the arguments. */
export type BackwardHook = (module: Module, gradInput: Gradients, gradOutput: Gradients) => unknown;
/** Called with the gradients of the results before they go on into the module; may return others. */
export type BackwardPreHook = (module: Module, gradOutput: Gradients) => unknown;

/** Hooks of one module; null where there are none of a kind. */
export interface BackwardHooks {
  readonly pre: readonly BackwardPreHook[] | null;
  readonly full: readonly BackwardHook[] | null;
}

/** Hands gradients to `pass` on their way back; forward, tensors go through unchanged. */
class Gate extends Node {
  readonly name = "BackwardHookFunctionBackward";
  readonly #count: number;
  readonly #pass: (grads: AnyTensor[]) => Gradients;
  readonly #zeros: readonly (() => AnyTensor)[];

  constructor(tensors: readonly AnyTensor[], pass: (grads: AnyTensor[]) => Gradients) {
    super([], []);
    for (const t of tensors) this.link(t);
    this.#count = tensors.length;
    this.#pass = pass;
    this.#zeros = tensors.map((t) => {
      const like: AnyTensor = t.detach().newZeros([0]);
      const { shape } = t;
      return () => like.newZeros(shape);
    });
  }
  override get outputs(): number {
    return this.#count;
  }
  override get lendsGradients(): boolean {
    return true;
  }
  backward(grads: Grad[]): Grad[] {
    return [...this.#pass(grads.map((g, i) => g ?? this.#zeros[i]!()))];
  }
}

/** The values with a gate before those that require grad, and the places of these. */
function gated(
  values: readonly unknown[],
  pass: (grads: AnyTensor[]) => Gradients,
): { values: readonly unknown[]; places: readonly number[] } {
  const places = values.flatMap((x, i) => (isTensor(x) && x.requiresGrad ? [i] : []));
  if (places.length === 0) return { values, places };
  const gate = new Gate(
    places.map((i) => values[i] as AnyTensor),
    pass,
  );
  const through = [...values];
  places.forEach((i, output) => {
    const alias: AnyTensor = (values[i] as AnyTensor).detach();
    alias.setHistory(gate, output);
    through[i] = alias;
  });
  return { values: through, places };
}

/** What a hook returned, as a list of gradients; null if it returned nothing. */
function replaced(result: unknown, before: Gradients, which: string): Gradients | null {
  if (result === undefined || result === null) return null;
  const list: Gradients = isTensor(result) ? [result] : (result as Gradients);
  if (!Array.isArray(list) || list.length !== before.length)
    throw new ValueError(
      `Backward hook returned an invalid number of ${which}, got ${Array.isArray(list) ? list.length : typeof list}, but expected ${before.length}`,
    );
  list.forEach((g, i) => {
    const own = before[i];
    if (g && own && !sameShape(g.shape, own.shape))
      throw new ValueError(
        `Backward hook returned for ${which} ${i} a gradient of shape [${g.shape.join(", ")}], but expected [${own.shape.join(", ")}]`,
      );
  });
  return list;
}

/** Gradients in the places of a longer list. */
function spread(grads: Gradients, places: readonly number[], length: number): Grad[] {
  const list = new Array<Grad>(length).fill(null);
  places.forEach((p, i) => {
    list[p] = grads[i] ?? null;
  });
  return list;
}

/** Runs `forward` between gates that call the hooks in backward. */
export function callBetweenGates(
  module: Module,
  hooks: BackwardHooks,
  args: readonly unknown[],
  forward: (args: readonly unknown[]) => unknown,
): unknown {
  if (!mode.grad) return forward(args);
  let gradOutput: Gradients = [];
  const finish = (gradInput: Gradients): Gradients => {
    let grads = gradInput;
    for (const hook of hooks.full ?? [])
      grads = replaced(hook(module, grads, gradOutput), grads, "grad_input") ?? grads;
    return grads;
  };
  const inputs = gated(args, (grads) => {
    const list = finish(spread(grads, inputs.places, args.length));
    return inputs.places.map((p) => list[p] ?? null);
  });
  const result = forward(inputs.values);
  const several = Array.isArray(result);
  const results = several ? (result as unknown[]) : [result];
  const outputs = gated(results, (grads) => {
    gradOutput = spread(grads, outputs.places, results.length);
    for (const hook of hooks.pre ?? [])
      gradOutput = replaced(hook(module, gradOutput), gradOutput, "grad_output") ?? gradOutput;
    // Without a gate in front nobody would call the hooks.
    if (inputs.places.length === 0) finish(args.map(() => null));
    return outputs.places.map((p) => gradOutput[p] ?? null);
  });
  if (outputs.places.length === 0) return result;
  return several ? outputs.values : outputs.values[0];
}
