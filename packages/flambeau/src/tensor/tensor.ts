// The tensor: a strided look at storage, and its place in the recorded graph. Its methods are the ops.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/tensors.html

import type { DType, Scalar, TypedArray } from "../base/dtype.ts";
import { dtypes, isFloat } from "../base/dtype.ts";
import { AutogradError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { contiguousStrides, isContiguous, normalizeDim, numel, sameShape } from "../base/shape.ts";
import type { Reversed, TransposedLast } from "../base/types/index.ts";
import type * as ops from "../ops/methods.ts";
import type { InplaceOps } from "../ops/signatures.ts";
import { recorder, surroundings } from "./capturing.ts";
import type { BackwardOptions } from "./engine.ts";
import { runBackward } from "./engine.ts";
import { mode } from "./grad-mode.ts";
import type { Hook, Node } from "./node.ts";
import { AccumulateGrad } from "./node.ts";
import { formatTensor } from "./print.ts";
import { Storage } from "./storage.ts";

// biome-ignore lint/suspicious/noExplicitAny: a tensor of any shape and dtype; `unknown` would not be assignable both ways.
export type AnyTensor = Tensor<any, any>;
export type ShapeOf<X> = X extends Tensor<infer S, infer _> ? S : never;
export type DtOf<X> = X extends Tensor<infer _, infer D> ? D : never;

/** One element as JavaScript sees it. */
export type ItemOf<D> = D extends "bool" ? boolean : D extends "int64" ? number | bigint : number;
/** Elements in nested arrays, as deep as the tensor has dimensions; a bare element for a 0-d tensor. */
export type Nested<S, D> = S extends readonly []
  ? ItemOf<D>
  : S extends readonly [number]
    ? ItemOf<D>[]
    : S extends readonly [number, number]
      ? ItemOf<D>[][]
      : S extends readonly [number, number, number]
        ? ItemOf<D>[][][]
        : // biome-ignore lint/suspicious/noExplicitAny: the depth of an unknown rank cannot be written down.
          any;

/** Makes the current graph node of a view whose base was changed in place; set by record.ts. */
type Regenerate = (view: AnyTensor) => Node | null;
let regenerate: Regenerate = () => null;
export function setViewRegeneration(f: Regenerate): void {
  regenerate = f;
}

/**
 * A multi-dimensional array with automatic differentiation.
 *
 * Types: `Tensor<[5, 200]>` has known extents, `Tensor<[number, 200]>` knows one, a plain `Tensor` has an unknown rank.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface takes the ops as methods; ops/table.ts installs each of them.
export class Tensor<out S = Shape, out D extends DType = "float32"> {
  /** Extents of the dimensions. */
  readonly shape: S;
  readonly dtype: D;
  /** Elements to skip for one step along each dimension. */
  readonly strides: readonly number[];
  /** First element in the storage. */
  readonly offset: number;
  /** @internal */
  readonly storage: Storage;
  /** @internal Whether elements lie in row-major order without gaps. */
  readonly packed: boolean;
  /** @internal */
  outputNumber = 0;
  /** @internal The tensor whose storage this one looks into, if it is a view. */
  readonly base: AnyTensor | null;
  #grad: Tensor<S, D> | null = null;
  #requiresGrad = false;
  #node: Node | null = null;
  /** The storage's version when `#node` was made; a view's node is stale when the base has changed since. */
  #viewVersion = 0;
  #accumulator: AccumulateGrad | null = null;
  #retainsGrad = false;

  /** @internal Use `torch.tensor`, `torch.zeros`, ... */
  constructor(
    storage: Storage,
    shape: S,
    dtype: D,
    strides: readonly number[],
    offset: number,
    packed: boolean,
    base: AnyTensor | null,
  ) {
    this.storage = storage;
    this.shape = shape;
    this.dtype = dtype;
    this.strides = strides;
    this.offset = offset;
    this.packed = packed;
    this.base = base;
    if (base) this.#viewVersion = storage.version;
  }

  // ---- graph ------------------------------------------------------------------------------------------------

  /** The accumulated gradient of a leaf, or of any tensor after {@link retainGrad}. */
  get grad(): Tensor<S, D> | null {
    if (recorder !== null) recorder.leaf(this);
    return this.#grad;
  }
  set grad(value: Tensor<S, D> | null) {
    if (recorder !== null) recorder.leaf(this);
    this.#grad = value;
  }
  /** Whether operations on this tensor are recorded. Can be set on leaves of floating-point dtype only. */
  get requiresGrad(): boolean {
    if (recorder !== null) recorder.asked(this);
    return this.#requiresGrad || this.gradFn !== null;
  }
  set requiresGrad(value: boolean) {
    if (this.gradFn !== null) {
      if (value) return;
      throw new AutogradError(
        "you can only change requiresGrad flags of leaf variables. If you want to use a computed variable in a " +
          "subgraph that doesn't require differentiation use x.detach().",
      );
    }
    if (value && !isFloat(this.dtype))
      throw new AutogradError(
        `only Tensors of floating point dtype can require gradients, but this one is ${this.dtype}`,
      );
    if (value && this.storage.inference && !mode.inference)
      throw new AutogradError(
        "Setting requiresGrad = true on an inference tensor outside of inferenceMode is not allowed: clone() it first.",
      );
    if (value !== this.#requiresGrad) surroundings.epoch++;
    this.#requiresGrad = value;
  }
  /** Whether the tensor was made in `torch.inferenceMode`. */
  isInference(): boolean {
    return this.storage.inference;
  }
  /** Sets {@link requiresGrad} and returns the tensor. */
  requiresGrad_(value = true): this {
    this.requiresGrad = value;
    return this;
  }
  /** The recorded operation that made this tensor; null for a leaf. */
  get gradFn(): Node | null {
    if (
      this.base !== null &&
      this.storage.version !== this.#viewVersion &&
      (this.#node !== null || this.base.requiresGrad)
    ) {
      this.#viewVersion = this.storage.version;
      const node = regenerate(this);
      if (node) this.setHistory(node, 0);
    }
    return this.#node;
  }
  /** Whether the tensor was made by the user rather than by a recorded operation. */
  get isLeaf(): boolean {
    return this.gradFn === null;
  }
  /** @internal Makes `node` the origin of this tensor. */
  setHistory(node: Node | null, output: number): void {
    this.#node = node;
    this.outputNumber = output;
    if (this.base) this.#viewVersion = this.storage.version;
  }
  /** @internal Where the gradient of this tensor flows: its node, the accumulator of a leaf, or null. */
  gradEdge(): Node | null {
    const node = this.gradFn;
    if (node !== null) return node;
    if (!this.#requiresGrad) return null;
    this.#accumulator ??= new AccumulateGrad(this);
    return this.#accumulator;
  }
  /** @internal Whether nobody else can look into this tensor's memory. */
  isOwner(): boolean {
    return this.base === null && this.packed;
  }

  /**
   * Adds d(this)/d(leaf) to `leaf.grad` of every leaf with `requiresGrad` that this tensor was computed from.
   *
   * @param gradient upstream gradient of this tensor's shape; may be left out for a single element (then 1)
   * @throws AutogradError if nothing here requires grad, on a second pass through a freed graph, or if a tensor that a
   * gradient needs was changed in place
   * @see https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
   */
  backward(gradient?: AnyTensor | null, options: BackwardOptions = {}): void {
    runBackward([this], [gradient], options);
  }

  /**
   * Calls `hook` with the gradient of this tensor whenever backward computes it; a returned tensor replaces it.
   * @returns a function that removes the hook
   * @see https://pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
   */
  registerHook(hook: Hook<AnyTensor>): () => void {
    const node = this.gradEdge();
    if (!node) throw new AutogradError("cannot register a hook on a tensor that doesn't require gradient");
    node.outputHooks ??= new Map();
    const hooks = node.outputHooks.get(this.outputNumber) ?? [];
    node.outputHooks.set(this.outputNumber, hooks);
    hooks.push(hook);
    return () => {
      const i = hooks.indexOf(hook);
      if (i >= 0) hooks.splice(i, 1);
    };
  }

  /** Makes backward keep the gradient of this non-leaf in `.grad`. */
  retainGrad(): void {
    if (this.isLeaf || this.#retainsGrad) return;
    this.#retainsGrad = true;
    this.registerHook((g) => {
      const before: AnyTensor | null = this.grad;
      this.grad = before ? before.add(g) : g.clone();
    });
  }

  /** Whether backward keeps the gradient of this non-leaf, see {@link retainGrad}. */
  get retainsGrad(): boolean {
    return this.#retainsGrad;
  }

  /** The same elements without history: changes are seen on both sides, gradients do not flow. */
  detach(): Tensor<S, D> {
    return new Tensor(this.storage, this.shape, this.dtype, this.strides, this.offset, this.packed, null);
  }
  /** Cuts this tensor out of the graph that made it. */
  detach_(): this {
    if (this.base) throw new AutogradError("Can't detach views in-place. Use detach() instead");
    this.#node = null;
    this.#requiresGrad = false;
    surroundings.epoch++;
    return this;
  }
  /** Like {@link detach}, but in-place changes of the result do not count as changes of this tensor (`param.data`). */
  get data(): Tensor<S, D> {
    return new Tensor(
      this.storage.shadow,
      this.shape,
      this.dtype,
      this.strides,
      this.offset,
      this.packed,
      null,
    );
  }

  // ---- metadata ---------------------------------------------------------------------------------------------

  /** Number of dimensions. */
  get ndim(): number {
    return (this.shape as Shape).length;
  }
  dim(): number {
    return this.ndim;
  }
  /** Number of elements. */
  numel(): number {
    return numel(this.shape as Shape);
  }
  /** The shape, or the extent of one dimension. */
  size(): S;
  size(dim: number): number;
  size(dim?: number): S | number {
    return dim === undefined ? this.shape : (this.shape as Shape)[normalizeDim(dim, this.ndim, "size")]!;
  }
  /** The strides in elements, or that of one dimension. */
  stride(): readonly number[];
  stride(dim: number): number;
  stride(dim?: number): readonly number[] | number {
    return dim === undefined ? this.strides : this.strides[normalizeDim(dim, this.ndim, "stride")]!;
  }
  storageOffset(): number {
    return this.offset;
  }
  isContiguous(): boolean {
    return this.packed;
  }
  elementSize(): number {
    return dtypes[this.dtype].bytes;
  }
  isFloatingPoint(): boolean {
    return isFloat(this.dtype);
  }
  /** All dimensions in reverse order. A view. */
  get T(): Tensor<Reversed<S>, D> {
    const self = this as AnyTensor;
    return self.permute(self.strides.map((_, i) => self.ndim - 1 - i)) as AnyTensor;
  }
  /** Matrices transposed: the last two dimensions exchanged. A view. @throws RuntimeError for a vector. */
  get mT(): Tensor<TransposedLast<S>, D> {
    return matrices(this, "mT");
  }
  /** {@link mT}: without complex numbers, the adjoint is the transpose. */
  get mH(): Tensor<TransposedLast<S>, D> {
    return matrices(this, "mH");
  }
  /** The transposed matrix, without complex numbers. A view. @throws RuntimeError unless there are 0 or 2 dimensions. */
  get H(): Tensor<TransposedLast<S>, D> {
    if (this.ndim !== 0 && this.ndim !== 2)
      throw new RuntimeError(
        `tensor.H is only supported on matrices (2-D tensors). Got ${this.ndim}-D tensor.` +
          (this.ndim > 2 ? " For batches of matrices, consider using tensor.mH" : ""),
      );
    return matrices(this, "H");
  }
  /** Extent of the first dimension, as Python's `len`. */
  get length(): number {
    if (this.ndim === 0) throw new RuntimeError("length of a 0-d tensor");
    return (this.shape as Shape)[0]!;
  }
  /** How often the elements were changed in place. @internal */
  get version(): number {
    return this.storage.version;
  }

  /**
   * The same tensor with extents known to the type system, checked now.
   * @throws ShapeError if the shape is another one.
   */
  as<const T extends readonly number[]>(...shape: T): Tensor<[...T], D> {
    if (!sameShape(shape, this.shape as Shape))
      throw new ShapeError(
        "as",
        [this.shape as Shape, shape],
        `as: expected the shape ${showShape(shape)}, but this tensor is ${showShape(this.shape as Shape)}`,
      );
    return this as unknown as Tensor<[...T], D>;
  }

  // ---- values -----------------------------------------------------------------------------------------------

  /** The value of a tensor with one element. @throws RuntimeError for any other number of elements. */
  item(): ItemOf<D> {
    if (this.numel() !== 1)
      throw new RuntimeError(
        `a Tensor with ${this.numel()} elements cannot be converted to Scalar (shape ${showShape(this.shape as Shape)})`,
      );
    return readElement(this.storage.data, this.offset, this.dtype) as ItemOf<D>;
  }

  /** The elements as nested arrays. */
  tolist(): Nested<S, D> {
    const { strides, dtype, storage } = this;
    const shape = this.shape as Shape;
    const walk = (dim: number, at: number): unknown => {
      if (dim === shape.length) return readElement(storage.data, at, dtype);
      return Array.from({ length: shape[dim]! }, (_, i) => walk(dim + 1, at + i * strides[dim]!));
    };
    return walk(0, this.offset) as Nested<S, D>;
  }

  /** The elements in row-major order: a copy that the caller may keep. */
  toTypedArray(): TypedArray {
    const { data } = this.storage;
    const packed = this.packed ? this : this.contiguous();
    const from = packed === this ? data : packed.storage.data;
    return from.slice(packed.offset, packed.offset + this.numel());
  }

  /** What PyTorch prints. */
  toString(): string {
    return formatTensor(this);
  }
  /** Rows of the first dimension. */
  *[Symbol.iterator](): IterableIterator<AnyTensor> {
    if (this.ndim === 0) throw new RuntimeError("iteration over a 0-d tensor");
    const whole = this as AnyTensor;
    for (let i = 0; i < whole.length; i++) yield whole.select(0, i);
  }
  /** Numbers in arithmetic: a tensor of one element stands for its value. */
  valueOf(): unknown {
    return this.numel() === 1 ? this.item() : this;
  }
}

type Ops = typeof ops;
// biome-ignore lint/correctness/noUnusedVariables: both declarations of a merged type need the same parameters.
export interface Tensor<out S = Shape, out D extends DType = "float32"> extends Ops, InplaceOps<Ops> {}

// A member keyed by a symbol of another library cannot be declared in the class without a type of its own.
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: AnyTensor): string {
    return this.toString();
  },
});

function matrices(x: AnyTensor, name: string): AnyTensor {
  if (x.ndim === 1)
    throw new RuntimeError(
      `tensor.${name} is only supported on matrices or batches of matrices. Got 1-D tensor.`,
    );
  return x.ndim === 0 ? x.permute([]) : x.transpose(-2, -1);
}

/** Element `i` of a storage as a JavaScript value; int64 becomes a number where that is exact. */
export function readElement(data: TypedArray, i: number, dtype: DType): Scalar {
  const v = data[i]!;
  if (dtype === "bool") return v !== 0;
  if (typeof v === "bigint") {
    const n = Number(v);
    return Number.isSafeInteger(n) ? n : v;
  }
  return v;
}

/** Whether a value is a tensor. */
export const isTensor = (x: unknown): x is AnyTensor => x instanceof Tensor;

/** @internal A tensor over new memory. */
export function fresh<S extends Shape, D extends DType>(data: TypedArray, shape: S, dtype: D): Tensor<S, D> {
  return new Tensor(new Storage(data), shape, dtype, contiguousStrides(shape), 0, true, null);
}

/** @internal A tensor that looks into another one's storage, and is a view of it for differentiation. */
export function viewOf(x: AnyTensor, shape: Shape, strides: readonly number[], offset: number): AnyTensor {
  return new Tensor(x.storage, shape, x.dtype, strides, offset, isContiguous(shape, strides), x.base ?? x);
}

/** @internal Whether an operation on these tensors has to be recorded. */
export function needsGrad(tensors: readonly AnyTensor[]): boolean {
  if (!mode.grad) return false;
  for (const t of tensors) if (t.requiresGrad) return true;
  return false;
}
