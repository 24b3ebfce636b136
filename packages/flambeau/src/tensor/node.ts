// Nodes of the recorded graph: what an operation has to remember for its gradient, and where gradients flow next.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/notes/autograd.html#how-autograd-encodes-the-history

import type { DType } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { AutogradError, showShape } from "../base/errors.ts";
import { mode } from "./grad-mode.ts";
import type { AnyTensor } from "./tensor.ts";

/** The gradient of one output or input; null where none flows. */
export type Grad = AnyTensor | null;

/** Called with gradients on their way through a node or into a tensor; may return a replacement. */
export type Hook<T> = (grad: T) => T | undefined;

let sequence = 0;

/** The `seq` that the next node will have. */
export const nextSequence = (): number => sequence;

/** A step of the backward pass. */
export abstract class Node {
  /** Nodes made later run earlier, accumulators last: descending `seq` is a topological order of the graph. */
  readonly seq: number;
  /** Where the gradient of each input goes: the node that made it, or the accumulator of a leaf, or null. */
  readonly edges: (Node | null)[];
  /** Which output of `edges[i]` the input was. */
  readonly edgeOutputs: number[];
  /** Hooks on single outputs (`tensor.registerHook`), made on first use. */
  outputHooks: Map<number, Hook<AnyTensor>[]> | null = null;
  /** Where the operation was called; only under detectAnomaly. */
  readonly trace: string | null = mode.anomaly ? (new Error("the forward call").stack ?? null) : null;
  /** Position in the backward pass that visits this node; see engine.ts. */
  slot = 0;
  pass = 0;

  constructor(edges: (Node | null)[], edgeOutputs: number[], seq: number = sequence++) {
    this.edges = edges;
    this.edgeOutputs = edgeOutputs;
    this.seq = seq;
  }

  /** PyTorch's name of the function, such as `MulBackward0`. */
  abstract readonly name: string;
  /** Number of outputs that the forward operation had. */
  get outputs(): number {
    return 1;
  }
  /** Whether gradients that come out of this node may be somebody else's tensors, as those of a user's formula may. */
  get lendsGradients(): boolean {
    return false;
  }
  /** Gradients of the inputs, one for each edge, from those of the outputs. */
  abstract backward(grads: Grad[]): Grad[];
  /** Forgets what was saved; called when the graph is not retained. */
  release(): void {
    // Most nodes save nothing.
  }

  /** Adds an input's edge. */
  link(input: AnyTensor): void {
    const target = input.gradEdge();
    this.edges.push(target);
    this.edgeOutputs.push(target ? input.outputNumber : 0);
  }
}

/** The end of an edge at a leaf: adds what arrives to `leaf.grad`. */
export class AccumulateGrad extends Node {
  readonly leaf: AnyTensor;

  constructor(leaf: AnyTensor) {
    super([], [], -1);
    this.leaf = leaf;
  }
  get name(): string {
    return "AccumulateGrad";
  }
  backward(): Grad[] {
    throw new AutogradError("AccumulateGrad is run by the engine");
  }
}

/** PyTorch's message for a saved tensor that was changed before backward used it. */
function changed(t: AnyTensor, expected: number, name: string): AutogradError {
  const made = t.gradFn;
  const origin = made ? `, which is output ${t.outputNumber} of ${made.name}` : "";
  return new AutogradError(
    "one of the variables needed for gradient computation has been modified by an inplace operation: " +
      `[${dtypes[t.dtype as DType].legacy} ${showShape(t.shape)}]${origin}, is at version ${t.storage.version}; ` +
      `expected version ${expected} instead. It is needed by ${name}. Hint: use the out-of-place form of the operation, or ` +
      "torch.detectAnomaly() to see where the gradient that needs it was recorded.",
  );
}

/** An argument or a result as a gradient formula sees it: the op's own signature has checked its type. */
// biome-ignore lint/suspicious/noExplicitAny: formulas are written by hand against the op's signature.
export type SavedValue = any;

/**
 * What the gradient formula of an op sees of the forward call. Tensors are checked for in-place changes on access:
 * a formula that does not look at a tensor does not mind its being changed.
 */
export interface Saved {
  /** Argument i of the forward call. */
  at(i: number): SavedValue;
  /** Argument i without the check: for its shape and dtype, which no in-place change touches. */
  meta(i: number): SavedValue;
  /** First argument. */
  readonly x: SavedValue;
  /** First argument, second, third. */
  readonly a: SavedValue;
  readonly b: SavedValue;
  readonly c: SavedValue;
  /** The result of the forward call. */
  readonly y: SavedValue;
  /** For each tensor input, null if its gradient is not wanted. */
  readonly edges: readonly (Node | null)[];
}

/** The same of an op with several results. */
export interface SavedResults extends Saved {
  /** Result i of the forward call; {@link Saved.y} is the first. */
  result(i: number): SavedValue;
}

/** The tensor, unless it was changed since its version was `version`. @throws AutogradError if it was. */
export function unchanged(t: AnyTensor, version: number, node: Node): AnyTensor {
  if (t.storage.version !== version) throw changed(t, version, node.name);
  return t;
}

/** The error of a second pass through a graph that was not retained. */
export function freed(): AutogradError {
  return new AutogradError(
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already " +
      "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). " +
      "Specify retainGraph: true if you need to backward through the graph a second time or if you need to access " +
      "saved tensors after calling backward.",
  );
}
