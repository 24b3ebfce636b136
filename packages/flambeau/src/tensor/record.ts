// Recording operations: the graph nodes of ops, and what an in-place change does to history.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd

import type { DType } from "../base/dtype.ts";
import { AutogradError, CompileError, RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { sameShape } from "../base/shape.ts";
import { HostSaved } from "./capture/host-saved.ts";
import type { Recorder } from "./capturing.ts";
import { recorder, surroundings } from "./capturing.ts";
import { mode } from "./grad-mode.ts";
import type { Grad, Saved, SavedResults, SavedValue } from "./node.ts";
import { freed, Node, unchanged } from "./node.ts";
import type { AnyTensor } from "./tensor.ts";
import { isTensor, setViewRegeneration } from "./tensor.ts";

/** The gradient of an input: from the output's gradient and what was saved. */
export type InputVjp = (g: AnyTensor, s: Saved) => Grad;
/** Gradients of all tensor inputs, depth first; one gradient alone stands for a list of one. */
export type Vjp = (g: AnyTensor, s: Saved) => Grad | readonly Grad[];
/** The same for ops with several outputs. */
export type MultiVjp = (gs: readonly Grad[], s: SavedResults) => Grad | readonly Grad[];

/**
 * What the gradient formula looks at: all arguments (`inputs`), the results (`output`), both, or only shapes and dtypes
 * of tensors beside the other arguments (`shapes`), which keeps no tensor alive.
 */
export type Saves = "inputs" | "output" | "both" | "shapes";

/** PyTorch's name of the node of an op: `MulBackward0`; of one in a namespace, `LinalgInvBackward0`. */
export const functionName = (op: string): string =>
  `${op.replace(/(?:^|\.)(.)/g, (_, letter: string) => letter.toUpperCase())}Backward0`;

/** Undoes broadcasting and type promotion: an input's gradient has its shape and dtype. */
export function fitGradient(grad: Grad, shape: Shape, dtype: DType): Grad {
  if (!grad) return null;
  const fitted = sameShape(grad.shape, shape) ? grad : grad.sumToSize(shape);
  return fitted.dtype === dtype ? fitted : fitted.to(dtype);
}

/** Refuses to keep a tensor for backward that was made in inference mode. */
export function refuseInference(x: unknown): void {
  if (isTensor(x) && x.storage.inference)
    throw new RuntimeError(
      "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and " +
        "use it in autograd.",
    );
}

interface Meta {
  readonly shape: Shape;
  readonly dtype: DType;
}

const none: readonly number[] = [];
const versionOf = (x: unknown): number => (isTensor(x) ? x.storage.version : 0);

/** The node of an op call; it is also what the op's gradient formula is given to look at. */
export class OpNode extends Node implements SavedResults {
  readonly #op: string;
  readonly #inputs: readonly Meta[];
  readonly #vjp: Vjp | MultiVjp;
  /** How many results a list of them has; null for one that is no list. */
  readonly #outputs: number | null;
  readonly #keepsInputs: boolean;
  #args: readonly unknown[] | null;
  readonly #versions: readonly number[];
  #output: AnyTensor | readonly AnyTensor[] | null;
  /** The version of the result; of several, a list. */
  readonly #outputVersion: number | readonly number[];

  constructor(
    op: string,
    vjp: Vjp | MultiVjp,
    saves: Saves,
    args: readonly unknown[],
    inputs: readonly AnyTensor[],
    output: AnyTensor | readonly AnyTensor[] | null,
  ) {
    super(inputs.map(edgeOf), inputs.map(outputOf));
    this.#op = op;
    this.#vjp = vjp;
    this.#outputs = Array.isArray(output) ? output.length : null;
    const keepsInputs = saves === "inputs" || saves === "both";
    this.#keepsInputs = keepsInputs;
    if (keepsInputs) args.forEach(refuseInference);
    this.#inputs = inputs.map(metaOf);
    this.#args = keepsInputs ? args : args.map(withoutMemory);
    this.#versions = keepsInputs ? args.map(versionOf) : none;
    this.#output = saves === "output" || saves === "both" ? output : null;
    this.#outputVersion = Array.isArray(output) ? output.map(versionOf) : versionOf(output);
  }

  get name(): string {
    return functionName(this.#op);
  }
  override get outputs(): number {
    return this.#outputs ?? 1;
  }

  at(i: number): SavedValue {
    const x = this.meta(i);
    return isTensor(x) ? unchanged(x, this.#versions[i]!, this) : x;
  }
  meta(i: number): SavedValue {
    if (!this.#args) throw freed();
    return this.#args[i];
  }
  get x(): SavedValue {
    return this.at(0);
  }
  get a(): SavedValue {
    return this.at(0);
  }
  get b(): SavedValue {
    return this.at(1);
  }
  get c(): SavedValue {
    return this.at(2);
  }
  get y(): SavedValue {
    return this.result(0);
  }
  result(i: number): SavedValue {
    if (!this.#output) throw freed();
    if (isTensor(this.#output)) return unchanged(this.#output, this.#outputVersion as number, this);
    return unchanged(this.#output[i]!, (this.#outputVersion as readonly number[])[i]!, this);
  }

  backward(grads: Grad[]): Grad[] {
    const g = this.#outputs === null ? grads[0]! : grads;
    const all = recorder === null ? this.#gradients(g, this) : this.#recorded(recorder, g);
    if (all === null || isTensor(all)) return [this.#fit(all, 0)];
    return this.edges.map((edge, i) => (edge ? this.#fit(all[i] ?? null, i) : null));
  }

  #gradients(g: unknown, s: Saved): Grad | readonly Grad[] {
    // The two function types differ in their first parameter, which `#outputs` decides.
    return (this.#vjp as (g: unknown, s: Saved) => Grad | readonly Grad[])(g, s);
  }

  /** The same in a captured function; a formula that looks at elements is called in every run. */
  #recorded(to: Recorder, g: unknown): Grad | readonly Grad[] {
    // The gradient of a gradient from JavaScript would be lost.
    if (mode.grad) return this.#gradients(g, this);
    const name = `${this.#op} backward`;
    const { edges } = this;
    const hosted = (up: unknown, args: readonly unknown[], output: unknown): unknown =>
      this.#gradients(up, new HostSaved(args, output, edges));
    const found = to.call(
      name,
      () => this.#gradients(g, this),
      [],
      () => to.call(name, hosted, [g, this.#args ?? [], this.#output]),
    );
    return found as Grad | readonly Grad[];
  }

  #fit(grad: Grad, i: number): Grad {
    const { shape, dtype } = this.#inputs[i]!;
    return fitGradient(grad, shape, dtype);
  }

  override release(): void {
    // Without tensors among them there is nothing to free, and a second pass can use them.
    if (this.#keepsInputs) this.#args = null;
    this.#output = null;
  }
}

const edgeOf = (x: AnyTensor): Node | null => x.gradEdge();
const outputOf = (x: AnyTensor): number => x.outputNumber;
const metaOf = (x: AnyTensor): Meta => ({ shape: x.shape, dtype: x.dtype });
const withoutMemory = (x: unknown): unknown =>
  isTensor(x) ? metaOf(x) : Array.isArray(x) ? x.map(withoutMemory) : x;

/** Storages of copies that a captured function has where eager code has views. */
const copies = new WeakSet<object>();

/** @internal Marks a copy that stands for a view, so that nobody changes it in place of what the view would look into. */
export function takenForView(x: AnyTensor): AnyTensor {
  copies.add(x.storage);
  return x;
}

/** Refuses in-place changes that would falsify gradients; call before changing anything. */
export function checkInplace(self: AnyTensor, op: string): void {
  if (recorder !== null && copies.has(self.storage))
    throw new CompileError(
      `${op} cannot be captured: it changes a part of a tensor whose place only a run knows; use x.set(index, values), which can be`,
    );
  if (self.storage.inference && !mode.inference)
    throw new RuntimeError(
      `${op}: Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a ` +
        "normal tensor before doing inplace update.",
    );
  for (let i = 0; i < self.strides.length; i++)
    if (self.strides[i] === 0 && self.shape[i] > 1)
      throw new RuntimeError(
        `${op}: unsupported operation: more than one element of the written-to tensor refers to a single memory ` +
          "location. Please clone() the tensor before performing the operation.",
      );
  if (!mode.grad || !self.requiresGrad) return;
  if (self.isLeaf)
    throw new AutogradError(
      `a leaf Variable that requires grad is being used in an in-place operation (${op}). Wrap the change in ` +
        "torch.noGrad(() => ...), or use the out-of-place form.",
    );
  if (self.base?.isLeaf && self.base.requiresGrad)
    throw new AutogradError(
      `a view of a leaf Variable that requires grad is being used in an in-place operation (${op}). Wrap the change ` +
        "in torch.noGrad(() => ...), or clone() the leaf first.",
    );
}

/** Ends an in-place change: counts the version up and, where `node` recorded it, rewrites history. */
export function finishInplace(self: AnyTensor, node: Node | null): void {
  const { base } = self;
  if (node) surroundings.epoch++;
  if (node && base) base.setHistory(new CopySlices(base, self, node), 0);
  self.storage.version++;
  if (!node || base) return;
  self.setHistory(node, 0);
}

/** Where a view lies in the memory of its base. */
class Geometry {
  readonly baseShape: Shape;
  readonly baseStrides: readonly number[];
  readonly baseOffset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;

  constructor(base: AnyTensor, view: AnyTensor) {
    this.baseShape = base.shape;
    this.baseStrides = base.strides;
    this.baseOffset = base.offset;
    this.shape = view.shape;
    this.strides = view.strides;
    this.offset = view.offset;
  }
}

/**
 * History of a base after a view of it was changed in place: the gradient outside of the view passes, inside it goes
 * through the operation that made the change.
 */
class CopySlices extends Node {
  readonly name = "CopySlices";
  readonly #at: Geometry;
  readonly #change: Node;

  constructor(base: AnyTensor, view: AnyTensor, change: Node) {
    super([], []);
    this.#at = new Geometry(base, view);
    this.#change = change;
    this.link(base);
    for (let i = 1; i < change.edges.length; i++) {
      this.edges.push(change.edges[i]!);
      this.edgeOutputs.push(change.edgeOutputs[i]!);
    }
  }

  backward(grads: Grad[]): Grad[] {
    const at = this.#at;
    const g = grads[0]!;
    const whole = g.newEmptyStrided(at.baseShape, at.baseStrides).copy_(g);
    const part = whole.asStrided(at.shape, at.strides, at.offset - at.baseOffset);
    const results = this.#change.backward([part.clone()]);
    const inner = results[0];
    if (inner) part.copy_(inner);
    else part.zero_();
    return [whole, ...results.slice(1)];
  }

  override release(): void {
    this.#change.release();
  }
}

/** History of a view whose base was changed after the view was made. */
class ViewOfChangedBase extends Node {
  readonly name = "AsStridedBackward0";
  readonly #at: Geometry;

  constructor(view: AnyTensor) {
    super([], []);
    this.#at = new Geometry(view.base!, view);
    this.link(view.base!);
  }

  backward(grads: Grad[]): Grad[] {
    const at = this.#at;
    const whole = grads[0]!.asStridedScatterAdd(
      at.baseShape,
      at.baseStrides,
      at.strides,
      at.offset - at.baseOffset,
    );
    return [whole];
  }
}

setViewRegeneration((view) => (view.base!.requiresGrad ? new ViewOfChangedBase(view) : null));
