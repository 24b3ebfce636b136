// Gradients written by the user: autograd.Function, whose forward and backward are given side by side.
// Floor L5 (autograd). Source: https://pytorch.org/docs/stable/autograd.html#function

import { isFloat } from "../base/dtype.ts";
import { AutogradError, NotImplementedError, RuntimeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, sameShape } from "../base/shape.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { Grad } from "../tensor/node.ts";
import { freed, Node, unchanged } from "../tensor/node.ts";
import { checkInplace, finishInplace } from "../tensor/record.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor, needsGrad } from "../tensor/tensor.ts";

/** What {@link GradFunction.forward} leaves for `backward`. Properties of one's own may be added. */
export class Context {
  // biome-ignore lint/suspicious/noExplicitAny: whatever forward puts here.
  [name: string]: any;
  /** For each argument of `apply`, whether its gradient is wanted. */
  needsInputGrad: readonly boolean[] = [];
  /** @internal */
  toSave: readonly (AnyTensor | null)[] = [];
  /** @internal */
  readonly dirty: Set<AnyTensor> = new Set();
  /** @internal */
  readonly nonDifferentiable: Set<AnyTensor> = new Set();
  /** @internal */
  materializeGrads = true;
  /** @internal */
  node: FunctionNode | null = null;

  /** Keeps arguments or results of forward for backward, where {@link savedTensors} gives them back. */
  saveForBackward(...tensors: readonly (AnyTensor | null)[]): void {
    this.toSave = tensors;
  }
  /**
   * What {@link saveForBackward} was given.
   * @throws AutogradError if one of them was changed in place since, or the graph has been freed
   */
  get savedTensors(): AnyTensor[] {
    return (this.node ? this.node.savedTensors() : this.toSave) as AnyTensor[];
  }
  /** Says which arguments forward changed in place. */
  markDirty(...tensors: readonly AnyTensor[]): void {
    for (const t of tensors) this.dirty.add(t);
  }
  /** Says which results have no gradient. */
  markNonDifferentiable(...tensors: readonly AnyTensor[]): void {
    for (const t of tensors) this.nonDifferentiable.add(t);
  }
  /** Whether backward gets zeros (true, the default) or null where no gradient flows into a result. */
  setMaterializeGrads(value: boolean): void {
    this.materializeGrads = value;
  }
}

interface Meta {
  readonly shape: Shape;
  readonly like: AnyTensor;
}

/** The recorded call of a {@link GradFunction}: an edge for each tensor argument. */
class FunctionNode extends Node {
  readonly name: string;
  readonly #ctx: Context;
  readonly #backward: (ctx: Context, ...grads: Grad[]) => unknown;
  /** The arguments of apply; null for those that are no tensors. */
  readonly #inputs: readonly (AnyTensor | null)[];
  readonly #outputs: readonly (Meta | null)[];
  #saved: readonly (AnyTensor | null)[] | null;
  readonly #versions: readonly number[];

  constructor(
    name: string,
    backward: (ctx: Context, ...grads: Grad[]) => unknown,
    ctx: Context,
    args: readonly unknown[],
    outputs: readonly unknown[],
  ) {
    super([], []);
    this.name = `${name}Backward`;
    this.#ctx = ctx;
    this.#backward = backward;
    this.#inputs = args.map((x) => (isTensor(x) ? x : null));
    for (const x of args) if (isTensor(x)) this.link(x);
    // New memory of no elements stands for the dtype.
    this.#outputs = outputs.map((y) => (isTensor(y) ? { shape: y.shape, like: y.newZeros([0]) } : null));
    this.#saved = ctx.toSave;
    this.#versions = ctx.toSave.map((t) => t?.storage.version ?? 0);
    ctx.toSave = [];
    ctx.node = this;
  }

  override get outputs(): number {
    return this.#outputs.length;
  }
  override get lendsGradients(): boolean {
    return true;
  }

  savedTensors(): (AnyTensor | null)[] {
    if (!this.#saved) throw freed();
    return this.#saved.map((t, i) => (t ? unchanged(t, this.#versions[i]!, this) : null));
  }

  backward(grads: Grad[]): Grad[] {
    const ctx = this.#ctx;
    const given = grads.map((g, i) => {
      const output = this.#outputs[i]!;
      return g ?? (ctx.materializeGrads && output ? output.like.newZeros(output.shape) : null);
    });
    const result = this.#backward(ctx, ...given);
    const list: readonly unknown[] = Array.isArray(result) ? result : [result ?? null];
    const inputs = this.#inputs;
    // Nulls past the last argument do no harm.
    if (list.length < inputs.length || list.slice(inputs.length).some((g) => g !== null && g !== undefined))
      throw new RuntimeError(
        `function ${this.name} returned an incorrect number of gradients (expected ${inputs.length}, got ${list.length})`,
      );
    const flowing: Grad[] = [];
    inputs.forEach((x, i) => {
      const g = list[i] ?? null;
      if (g !== null && !isTensor(g))
        throw new RuntimeError(
          `function ${this.name} returned a gradient that is not a Tensor at position ${i + 1}`,
        );
      if (x) flowing.push(g && this.#fitted(g, x, i));
      else if (g !== null)
        throw new RuntimeError(
          `function ${this.name} returned a gradient different from null at position ${i + 1}, but the corresponding ` +
            "forward input was not a Tensor",
        );
    });
    return flowing;
  }

  #fitted(g: AnyTensor, x: AnyTensor, i: number): AnyTensor {
    let fitted = g;
    if (!sameShape(g.shape, x.shape)) {
      if (!expandsTo(x.shape, g.shape))
        throw new RuntimeError(
          `Function ${this.name} returned an invalid gradient at index ${i} - got ${showShape(g.shape)} but expected ` +
            `shape compatible with ${showShape(x.shape)}`,
        );
      fitted = g.sumToSize(x.shape);
    }
    return fitted.dtype === x.dtype ? fitted : fitted.to(x.dtype);
  }

  override release(): void {
    this.#saved = null;
  }
}

function expandsTo(from: Shape, to: Shape): boolean {
  try {
    return sameShape(broadcastShapes(from, to, "backward"), to);
  } catch {
    return false;
  }
}

/** What `apply` needs of a class: its forward. */
interface Applicable<A extends readonly unknown[], R> {
  forward(ctx: Context, ...args: A): R;
}

/**
 * An operation with a gradient of one's own (`torch.autograd.Function`). Derive from it, with a static `forward` and a
 * static `backward`, and call `apply`.
 *
 * `forward(ctx, ...args)` runs unrecorded and returns a tensor or a list; `backward(ctx, ...grads)` gets the gradient
 * of each result and returns that of each argument, null for those that are no tensors. Write it with recorded
 * operations and derivatives of higher order follow.
 *
 * @see https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function
 * @example
 * class Exp extends autograd.Function {
 *   static override forward(ctx: autograd.Context, x: Tensor): Tensor {
 *     const y = x.exp();
 *     ctx.saveForBackward(y);
 *     return y;
 *   }
 *   static override backward(ctx: autograd.Context, grad: Tensor): Tensor {
 *     const [y] = ctx.savedTensors;
 *     return grad.mul(y!);
 *   }
 * }
 * const y = Exp.apply(x);
 */
// biome-ignore lint/complexity/noStaticOnlyClass: PyTorch's form, which the method interface below relies on.
export abstract class GradFunction {
  // biome-ignore lint/suspicious/noExplicitAny: each derived class takes its own arguments.
  static forward(_ctx: Context, ..._args: any[]): any {
    throw new NotImplementedError("You must implement the forward function for custom autograd.Function.");
  }
  // biome-ignore lint/suspicious/noExplicitAny: each derived class takes its own gradients.
  static backward(_ctx: Context, ..._grads: any[]): any {
    throw new NotImplementedError(
      "You must implement either the backward method for your custom autograd.Function to use it with backward mode AD.",
    );
  }

  /**
   * Calls `forward` and records the call.
   * @throws AutogradError if forward changed an argument in place that it may not change
   */
  static apply<A extends readonly unknown[], R>(this: Applicable<A, R>, ...args: A): R {
    // biome-ignore lint/complexity/noThisInStatic: the derived class that apply was called on.
    return run<A, R>(this, args);
  }
}

function run<A extends readonly unknown[], R>(self: Applicable<A, R>, args: A): R {
  const { name, backward } = self as unknown as typeof GradFunction;
  const ctx = new Context();
  const tensors = args.filter(isTensor);
  const recording = needsGrad(tensors);
  ctx.needsInputGrad = args.map((x) => recording && isTensor(x) && x.requiresGrad);
  const versions = new Map(tensors.map((t) => [t, t.storage.version]));
  const before = mode.grad;
  mode.grad = false;
  let result: R;
  try {
    result = self.forward(ctx, ...args);
  } finally {
    mode.grad = before;
  }
  if (!recording) return result;
  const several = Array.isArray(result);
  const returned = (several ? result : [result]) as unknown[];
  // An argument that is returned as it is gets a result of its own, or it would lose its history.
  const outputs = returned.map((y) =>
    isTensor(y) && tensors.includes(y) && !ctx.dirty.has(y) ? y.detach() : y,
  );
  for (const t of ctx.dirty) prepareDirty(t, returned, versions, name);
  const node = new FunctionNode(name, backward.bind(self), ctx, args, outputs);
  outputs.forEach((y, i) => {
    if (!isTensor(y) || !isFloat(y.dtype) || ctx.nonDifferentiable.has(returned[i] as AnyTensor)) return;
    y.setHistory(node, i);
  });
  return (several ? outputs : outputs[0]) as R;
}

/** Refuses arguments that forward may not change, with the wording of in-place ops. */
function prepareDirty(
  t: AnyTensor,
  returned: readonly unknown[],
  versions: ReadonlyMap<AnyTensor, number>,
  name: string,
): void {
  if (!versions.has(t))
    throw new AutogradError(`${name}: markDirty was given a tensor that is not an argument of forward`);
  if (!returned.includes(t))
    throw new AutogradError(`${name}: a tensor that was marked dirty must be returned from forward`);
  checkInplace(t, name);
  if (t.base)
    throw new NotImplementedError(
      `${name}: changing a view in place in a custom autograd.Function is not supported`,
    );
  if (t.storage.version === versions.get(t)) finishInplace(t, null);
}
