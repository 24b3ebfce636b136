// Less memory for more time: what a part of the network computed is forgotten after forward and computed anew in backward.
// Floor L5 (autograd). Source: https://pytorch.org/docs/stable/checkpoint.html;
// T. Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016), https://arxiv.org/abs/1604.06174

import { isFloat } from "../base/dtype.ts";
import { AutogradError, RuntimeError, ValueError } from "../base/errors.ts";
import { defaultGenerator } from "../base/generator.ts";
import type { Edge } from "../tensor/engine.ts";
import { boundaryOf, gradientsAt } from "../tensor/engine.ts";
import { enableGrad, mode } from "../tensor/grad-mode.ts";
import type { Grad } from "../tensor/node.ts";
import { freed, Node, nextSequence } from "../tensor/node.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

const listed = (x: unknown): readonly unknown[] => (Array.isArray(x) ? x : [x]);
const recorded = (results: readonly unknown[]): AnyTensor[] =>
  results.filter((y): y is AnyTensor => isTensor(y) && y.requiresGrad);

/** Stands for a part of the graph that is computed again when its gradients are needed. */
class CheckpointNode extends Node {
  readonly name = "CheckpointBackward";
  readonly #outputs: number;
  readonly #boundary: readonly Edge[];
  readonly #inputs: readonly AnyTensor[];
  readonly #versions: readonly number[];
  readonly #random: Uint8Array;
  #compute: (() => unknown) | null;

  constructor(
    outputs: number,
    boundary: readonly Edge[],
    args: readonly unknown[],
    random: Uint8Array,
    compute: () => unknown,
  ) {
    super(
      boundary.map((e) => e.node),
      boundary.map((e) => e.output),
    );
    this.#outputs = outputs;
    this.#boundary = boundary;
    this.#inputs = args.filter(isTensor);
    this.#versions = this.#inputs.map((x) => x.storage.version);
    this.#random = random;
    this.#compute = compute;
  }

  override get outputs(): number {
    return this.#outputs;
  }

  backward(grads: Grad[]): Grad[] {
    const compute = this.#compute;
    if (!compute) throw freed();
    this.#inputs.forEach((x, i) => {
      if (x.storage.version !== this.#versions[i])
        throw new AutogradError(
          `checkpoint: argument ${i} was changed in place after the forward pass, so that it cannot be computed again`,
        );
    });
    const since = nextSequence();
    const now = defaultGenerator.getState();
    defaultGenerator.setState(this.#random);
    let outputs: AnyTensor[];
    try {
      outputs = recorded(listed(enableGrad(compute)));
    } finally {
      defaultGenerator.setState(now);
    }
    if (outputs.length !== this.#outputs)
      throw new AutogradError(
        `checkpoint: forward gave ${this.#outputs} results that require grad, computed again ${outputs.length}: ` +
          "the function must do the same each time",
      );
    const pairs = outputs.flatMap((y, i) => (grads[i] ? [[y, grads[i]] as const] : []));
    return gradientsAt(
      pairs.map(([y]) => y),
      pairs.map(([, g]) => g),
      this.#boundary,
      since,
    );
  }

  override release(): void {
    this.#compute = null;
  }
}

/**
 * `fn(...args)`, without keeping what its gradients need: the backward pass computes it anew, drawing the same random
 * numbers. Gradients reach the arguments and whatever else `fn` uses, the parameters of a module among them.
 *
 * Differs from PyTorch: this is the form that PyTorch calls `use_reentrant=False`, and the state of the random
 * generator is always preserved.
 *
 * @param fn does the same each time; a module, or any function of tensors that returns a tensor or a list
 * @param args what `fn` is called with
 * @throws AutogradError from backward, if an argument was changed in place or `fn` did something else the second time
 * @see https://pytorch.org/docs/stable/checkpoint.html
 * @example
 * const y = torch.utils.checkpoint.checkpoint(block, x);
 */
export function checkpoint<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): R;
export function checkpoint<A extends readonly unknown[], R>(
  module: { forward(...args: A): R },
  ...args: A
): R;
export function checkpoint<A extends readonly unknown[], R>(called: unknown, ...args: A): R {
  // Modules are callable, and calling them runs their hooks.
  const fn = called as (...args: A) => R;
  if (!mode.grad) return fn(...args);
  const since = nextSequence();
  const random = defaultGenerator.getState();
  const result = fn(...args);
  const results = listed(result);
  const outputs = recorded(results);
  const boundary = boundaryOf(outputs, since);
  if (boundary.length === 0) return result;
  const node = new CheckpointNode(outputs.length, boundary, args, random, () => fn(...args));
  const replaced = results.map((y) => {
    const i = outputs.indexOf(y as AnyTensor);
    if (i < 0) return y;
    const alias: AnyTensor = outputs[i]!.detach();
    if (isFloat(alias.dtype)) alias.setHistory(node, i);
    return alias;
  });
  return (Array.isArray(result) ? replaced : replaced[0]) as R;
}

// biome-ignore lint/suspicious/noExplicitAny: stages differ in what they take and give.
type Stage = (x: any) => any;

/**
 * Runs a chain of functions in `segments` parts of about equal length, each but the last under {@link checkpoint}.
 *
 * @param functions modules or functions of one argument, run one after the other: a list, or an `nn.Sequential`
 * @param segments how many parts, at least 1
 * @throws ValueError for a number of segments that is no positive integer or above that of the functions
 * @see https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint_sequential
 */
export function checkpointSequential(
  functions: Iterable<Stage>,
  segments: number,
  input: AnyTensor,
): AnyTensor {
  const stages = [...functions];
  if (!Number.isInteger(segments) || segments < 1)
    throw new ValueError(`checkpointSequential: segments must be a positive integer, got ${segments}`);
  if (segments > stages.length)
    throw new ValueError(
      `checkpointSequential: ${segments} segments of ${stages.length} functions: there cannot be more`,
    );
  const size = Math.floor(stages.length / segments);
  const chain =
    (part: readonly Stage[]): Stage =>
    (x) =>
      part.reduce((y, stage) => stage(y), x);
  let x = input;
  for (let i = 0; i < segments - 1; i++) x = checkpoint(chain(stages.slice(i * size, (i + 1) * size)), x);
  const y = chain(stages.slice((segments - 1) * size))(x);
  if (!isTensor(y)) throw new RuntimeError("checkpointSequential: the last function did not return a Tensor");
  return y;
}
