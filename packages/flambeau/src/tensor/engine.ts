// The backward pass: visits the recorded graph from the newest node to the oldest, adding up gradients.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/notes/autograd.html

import { AutogradError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import { mode, withGrad } from "./grad-mode.ts";
import type { Grad, Node } from "./node.ts";
import { AccumulateGrad } from "./node.ts";
import type { AnyTensor } from "./tensor.ts";

export interface BackwardOptions {
  /** Keep what the graph saved, so that backward can run again. Default: the value of `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the gradients' own computation, for derivatives of higher order. Default false. */
  readonly createGraph?: boolean;
}

let passes = 0;

/** One backward pass: the nodes in the order of their visit, and the gradients that wait for them. */
class Pass {
  readonly id: number = ++passes;
  readonly nodes: Node[] = [];
  /** Gradient of each node's first output, which is the only one of most nodes. */
  readonly #first: Grad[] = [];
  /** Gradients of the outputs, of nodes that have several. */
  readonly #several: (Grad[] | null)[] = [];
  /** Whether a node's waiting gradient was made in this pass and is referred to by nobody else. */
  readonly #owned: boolean[] = [];
  readonly createGraph: boolean;
  readonly keep: boolean;
  /** Older nodes are where the pass ends: gradients for them are reported, but go no further. */
  readonly since: number;

  constructor(createGraph: boolean, keep: boolean, since: number) {
    this.createGraph = createGraph;
    this.keep = keep;
    this.since = since;
  }

  /** A pass inside a hook may have visited the same node and taken its slot. */
  slotOf(node: Node): number {
    return node.pass === this.id ? node.slot : this.nodes.indexOf(node);
  }

  collect(roots: readonly Node[]): void {
    const { nodes, id, since } = this;
    const stack: Node[] = [];
    for (const r of roots) {
      if (r.pass === id) continue;
      r.pass = id;
      stack.push(r);
      nodes.push(r);
    }
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (node.seq < since) continue;
      const { edges } = node;
      for (let i = 0; i < edges.length; i++) {
        const e = edges[i]!;
        if (e === null || e.pass === id) continue;
        e.pass = id;
        stack.push(e);
        nodes.push(e);
      }
    }
    sortDescending(nodes);
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      node.slot = i;
      this.#first.push(null);
      this.#several.push(node.outputs > 1 ? new Array<Grad>(node.outputs).fill(null) : null);
      this.#owned.push(false);
    }
  }

  /** Adds a gradient to what waits for output `nr` of `node`. */
  deliver(node: Node, nr: number, grad: AnyTensor, owned: boolean): void {
    const slot = this.slotOf(node);
    if (slot < 0) return;
    const several = this.#several[slot];
    const before = several ? several[nr]! : this.#first[slot]!;
    const sum = before ? before.add(grad) : grad;
    if (several) several[nr] = sum;
    else {
      this.#first[slot] = sum;
      this.#owned[slot] = before !== null || owned;
    }
  }

  /** The gradients of a node's outputs, which the pass then forgets; null if none has arrived. */
  take(slot: number): Grad[] | null {
    const several = this.#several[slot];
    if (several) {
      this.#several[slot] = null;
      return several.some((g) => g !== null) ? several : null;
    }
    const first = this.#first[slot]!;
    this.#first[slot] = null;
    return first ? [first] : null;
  }

  isOwned(slot: number): boolean {
    return this.#owned[slot]!;
  }
}

/** Sorts by descending `seq`. A graph walked from its roots is nearly in that order, which insertion makes use of. */
function sortDescending(nodes: Node[]): void {
  if (nodes.length > 100) {
    nodes.sort((p, q) => q.seq - p.seq);
    return;
  }
  for (let i = 1; i < nodes.length; i++) {
    const node = nodes[i]!;
    let j = i - 1;
    for (; j >= 0 && nodes[j]!.seq < node.seq; j--) nodes[j + 1] = nodes[j]!;
    nodes[j + 1] = node;
  }
}

function applyHooks(node: Node, grads: Grad[]): boolean {
  if (!node.outputHooks) return false;
  for (const [nr, hooks] of node.outputHooks) {
    for (const hook of hooks) {
      const grad = grads[nr];
      if (grad) grads[nr] = hook(grad) ?? grad;
    }
  }
  return true;
}

function accumulate(leaf: AnyTensor, grad: AnyTensor, owned: boolean, createGraph: boolean): void {
  if (!sameShape(grad.shape, leaf.shape))
    throw new ShapeError(
      "backward",
      [grad.shape, leaf.shape],
      `backward: a gradient of shape ${showShape(grad.shape)} arrived at a leaf of shape ${showShape(leaf.shape)}`,
    );
  if (leaf.grad === null) {
    // The first gradient is kept as it is only when nobody else can see its memory; else a later in-place
    // `grad.zero_()` would change a stranger.
    if (createGraph) leaf.grad = owned ? grad : grad.clone();
    else leaf.grad = owned && grad.gradFn === null ? grad : grad.detach().clone();
  } else if (createGraph) leaf.grad = leaf.grad.add(grad);
  else leaf.grad.add_(grad);
}

function checkNaN(node: Node, grads: readonly Grad[]): void {
  grads.forEach((g, i) => {
    if (g?.isnan().any().item())
      throw new AutogradError(
        `Function '${node.name}' returned nan values in its ${i}th output. The forward call that recorded it:\n` +
          (node.trace ?? "(recorded before detectAnomaly was on; turn it on around the forward pass too)"),
      );
  });
}

/** For each node of the pass, whether a captured gradient flows through it. */
function leadingTo(pass: Pass, captured: Map<Node, unknown>): boolean[] {
  const needed = new Array<boolean>(pass.nodes.length).fill(false);
  for (let i = pass.nodes.length - 1; i >= 0; i--) {
    const node = pass.nodes[i]!;
    needed[i] = captured.has(node) || node.edges.some((e) => e !== null && needed[pass.slotOf(e)]!);
  }
  return needed;
}

/** Runs a collected pass. With `captured`, gradients are reported there and do not reach any leaf's `.grad`. */
function execute(pass: Pass, captured: Map<Node, Map<number, (g: Grad) => void>> | null): void {
  const { nodes } = pass;
  const needed = captured ? leadingTo(pass, captured) : null;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    const grads = pass.take(i);
    if (!grads || (needed && !needed[i])) continue;
    const hooked = applyHooks(node, grads);
    const wanted = captured?.get(node);
    if (wanted) for (const [nr, report] of wanted) report(grads[nr] ?? null);
    if (node.seq < pass.since || (needed && !node.edges.some((e) => e && needed[pass.slotOf(e)]))) continue;
    if (node instanceof AccumulateGrad) {
      const grad = grads[0];
      if (grad) accumulate(node.leaf, grad, pass.isOwned(i) && !hooked, pass.createGraph);
      continue;
    }
    const results = node.backward(grads);
    if (!pass.keep) node.release();
    if (mode.anomaly) checkNaN(node, results);
    for (let e = 0; e < results.length; e++) {
      const grad = results[e];
      const target = node.edges[e];
      if (!grad || !target) continue;
      const own =
        !hooked &&
        !node.lendsGradients &&
        grad.isOwner() &&
        grads.indexOf(grad) < 0 &&
        results.indexOf(grad) === results.lastIndexOf(grad);
      pass.deliver(target, node.edgeOutputs[e]!, grad, own);
    }
  }
}

function rootGradient(root: AnyTensor, grad: AnyTensor | null | undefined): AnyTensor {
  if (grad) {
    if (!sameShape(grad.shape, root.shape))
      throw new ShapeError(
        "backward",
        [grad.shape, root.shape],
        `Mismatch in shape: grad_output has a shape of ${showShape(grad.shape)} and output has a shape of ${showShape(root.shape)}.`,
      );
    return grad;
  }
  if (root.numel() !== 1)
    throw new AutogradError(
      `grad can be implicitly created only for scalar outputs, but this one has the shape ${showShape(root.shape)}: ` +
        "reduce it first (.sum(), .mean()), or give backward() a gradient of that shape",
    );
  return root.onesLike();
}

function start(
  roots: readonly AnyTensor[],
  grads: readonly (AnyTensor | null | undefined)[],
  options: BackwardOptions,
  since = Number.NEGATIVE_INFINITY,
): Pass {
  const createGraph = options.createGraph ?? false;
  const pass = new Pass(createGraph, options.retainGraph ?? createGraph, since);
  const edges = roots.map((r, i) => {
    const edge = r.gradEdge();
    if (!edge)
      throw new AutogradError(
        `element ${i} of tensors does not require grad and does not have a gradFn: ` +
          "nothing that it was computed from has requiresGrad set, or it was computed under noGrad",
      );
    return edge;
  });
  pass.collect(edges);
  roots.forEach((r, i) => pass.deliver(edges[i]!, r.outputNumber, rootGradient(r, grads[i]), false));
  return pass;
}

/** Adds to `.grad` of every leaf that `roots` were computed from; see `Tensor.backward`. */
export function runBackward(
  roots: readonly AnyTensor[],
  grads: readonly (AnyTensor | null | undefined)[],
  options: BackwardOptions,
): void {
  withGrad(options.createGraph ?? false, () => execute(start(roots, grads, options), null));
}

export interface GradOptions extends BackwardOptions {
  /** Upstream gradients, one for each output; needed where an output has more than one element. */
  readonly gradOutputs?: AnyTensor | readonly (AnyTensor | null)[];
  /** Return null for an input that the outputs do not depend on, instead of throwing. Default false. */
  readonly allowUnused?: boolean;
}

/**
 * Gradients of the sum of `outputs` with respect to `inputs`, without touching any `.grad`.
 * @throws AutogradError for an unused input, unless `allowUnused`.
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
 */
export function grad(
  outputs: AnyTensor | readonly AnyTensor[],
  inputs: AnyTensor | readonly AnyTensor[],
  options: GradOptions = {},
): Grad[] {
  const outs = "storage" in outputs ? [outputs] : outputs;
  const ins = "storage" in inputs ? [inputs] : inputs;
  const given = options.gradOutputs;
  const upstream = given === undefined ? [] : "storage" in given ? [given] : given;
  if (upstream.length > 0 && upstream.length !== outs.length)
    throw new RuntimeError(`grad: got ${outs.length} outputs and ${upstream.length} gradOutputs`);
  const results: Grad[] = ins.map(() => null);
  const wanted = new Map<Node, Map<number, (g: Grad) => void>>();
  ins.forEach((x, i) => {
    const edge = x.gradEdge();
    if (!edge)
      throw new AutogradError(
        `One of the differentiated Tensors does not require grad: input ${i}; call requiresGrad_() before using it`,
      );
    const slots = wanted.get(edge) ?? new Map<number, (g: Grad) => void>();
    const before = slots.get(x.outputNumber);
    slots.set(x.outputNumber, (g) => {
      before?.(g);
      results[i] = g;
    });
    wanted.set(edge, slots);
  });
  withGrad(options.createGraph ?? false, () => execute(start(outs, upstream, options), wanted));
  if (!options.allowUnused)
    results.forEach((g, i) => {
      if (!g)
        throw new AutogradError(
          `One of the differentiated Tensors (input ${i}) appears to not have been used in the graph. Set allowUnused: true ` +
            "if this is the desired behavior.",
        );
    });
  return results;
}

/** An output of a node: where a gradient can be delivered. */
export interface Edge {
  readonly node: Node;
  readonly output: number;
}

/** The edges that lead from the part of the graph behind `roots` that was made from `since` on into the older part. */
export function boundaryOf(roots: readonly AnyTensor[], since: number): Edge[] {
  const found = new Map<Node, Set<number>>();
  const seen = new Set<Node>();
  const stack: Node[] = [];
  const meet = (node: Node | null, output: number): void => {
    if (!node) return;
    if (node.seq < since) {
      const outputs = found.get(node) ?? new Set();
      found.set(node, outputs.add(output));
    } else if (!seen.has(node)) {
      seen.add(node);
      stack.push(node);
    }
  };
  for (const root of roots) meet(root.gradEdge(), root.outputNumber);
  for (let node = stack.pop(); node; node = stack.pop())
    node.edges.forEach((edge, i) => {
      meet(edge, node!.edgeOutputs[i]!);
    });
  return [...found].flatMap(([node, outputs]) => [...outputs].map((output) => ({ node, output })));
}

/** The gradients that arrive at `edges`, by paths that lead through nodes made from `since` on alone. */
export function gradientsAt(
  roots: readonly AnyTensor[],
  upstream: readonly AnyTensor[],
  edges: readonly Edge[],
  since: number,
): Grad[] {
  const results: Grad[] = edges.map(() => null);
  const wanted = new Map<Node, Map<number, (g: Grad) => void>>();
  edges.forEach(({ node, output }, i) => {
    const slots = wanted.get(node) ?? new Map<number, (g: Grad) => void>();
    wanted.set(
      node,
      slots.set(output, (g) => {
        results[i] = g;
      }),
    );
  });
  execute(start(roots, upstream, { createGraph: mode.grad }, since), wanted);
  return results;
}
