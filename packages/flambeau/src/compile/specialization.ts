// A captured function made into a program: when it holds, and how it is run.
// Floor L4 (compile).

import type { CompiledProgram } from "../backend/backend.ts";
import { getBackend } from "../backend/backend.ts";
import type { DType, TypedArray } from "../base/dtype.ts";
import { CompileError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { contiguousStrides, sameShape } from "../base/shape.ts";
import type { HostAction } from "../tensor/capture/recorder.ts";
import { mode } from "../tensor/grad-mode.ts";
import { Storage } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor, Tensor } from "../tensor/tensor.ts";
import type { Captured, CapturedGradient } from "./capture.ts";
import { isByIdentity } from "./capture.ts";
import type { Change, Follower } from "./numbers.ts";
import type { Optimised } from "./passes/index.ts";
import { optimise } from "./passes/index.ts";
import { residence } from "./residents.ts";
import type { Tree } from "./tree.ts";

/** A property of a module that the program depends on. */
interface Property {
  readonly owner: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly value: unknown;
}

interface Input {
  readonly leaf: number;
  /** The elements afterwards, where the argument is changed in place. */
  readonly after: number | null;
  readonly n: number;
  view: TypedArray;
  readonly buffer: number;
}

interface Output {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly dtype: DType;
  readonly buffer: number;
  view: TypedArray;
}

/** Stands for a number among the arguments whose value does not matter. */
const anyNumber = Symbol("any number");

/** What a tensor among the arguments must be like; one that is taken for itself must be it. */
class Like {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly self: AnyTensor | null;

  constructor(x: AnyTensor) {
    this.shape = x.shape;
    this.dtype = x.dtype;
    this.self = isByIdentity(x) ? x : null;
  }

  fits(x: unknown): boolean {
    if (!(x instanceof Tensor) || x.dtype !== this.dtype || !sameShape(x.shape as Shape, this.shape))
      return false;
    return isByIdentity(x) ? x === this.self : this.self === null;
  }
}

export class Specialization {
  readonly optimised: Optimised;
  readonly compiled: CompiledProgram;
  readonly captured: Captured;
  readonly #grad: boolean = mode.grad;
  readonly #inference: boolean = mode.inference;
  /** The leaves of the arguments that it was captured with, but for tensors. */
  readonly args: readonly unknown[];
  readonly #args: readonly unknown[];
  readonly #followers: readonly Follower[];
  readonly #inputs: readonly Input[];
  readonly #outputs: readonly (Output | { readonly leaf: number } | { readonly value: unknown })[];
  readonly #single: Output | null;
  readonly #properties: readonly Property[];
  readonly #written: readonly Storage[];
  /** Storages of the state, and the arrays that they were moved to. */
  readonly #states: readonly (readonly [Storage, TypedArray])[];
  readonly #asked: readonly AnyTensor[];
  readonly #required: readonly boolean[];
  readonly #actions: readonly HostAction[];

  /** @param followers numbers of the host that follow from numbers among the arguments, behind those of `captured` */
  constructor(captured: Captured, args: Tree, followers: readonly Follower[] = []) {
    this.captured = captured;
    this.args = args.leaves.map((x) => (isTensor(x) ? null : x));
    const { recorded } = captured;
    const { buffers } = recorded.program;
    const programs = getBackend().programs;
    if (!programs) throw new CompileError("torch.compile: this backend runs no programs");
    this.optimised = optimise(recorded.program);
    const states = new Map(
      [...recorded.states].map(([buffer, storage]) => [
        buffer,
        residence(storage, buffers[buffer]!.dtype, "the state of a compiled function"),
      ]),
    );
    this.#states = [...recorded.states].map(
      ([buffer, storage]) => [storage, states.get(buffer)!.array] as const,
    );
    const compiled = programs.compile(this.optimised.program, states);
    this.compiled = compiled;
    const free = new Set(followers.map((f) => f.leaf));
    this.#followers = followers;
    this.#args = args.leaves.map((x, i) => (isTensor(x) ? new Like(x) : free.has(i) ? anyNumber : x));
    this.#inputs = captured.inputs.map(({ leaf, buffer, after }) => {
      const view = compiled.view(buffer);
      return { leaf, buffer, after, n: view.length, view };
    });
    const outputOf = (buffer: number, like: AnyTensor): Output => ({
      shape: like.shape,
      strides: contiguousStrides(like.shape),
      dtype: like.dtype,
      buffer,
      view: compiled.view(buffer),
    });
    this.#outputs = captured.outputs.map((o) =>
      o.kind === "made"
        ? outputOf(o.buffer, o.like)
        : o.kind === "argument"
          ? { leaf: o.leaf }
          : { value: o.value },
    );
    const [first] = this.#outputs;
    const bare = this.#outputs.length === 1 && captured.result.build([first]) === first;
    this.#single = bare && first && "view" in first ? first : null;
    this.#properties = recorded.modules.flatMap((m) => {
      const owner = m as Readonly<Record<string, unknown>>;
      return Object.keys(owner).map((name) => ({ owner, name, value: owner[name] }));
    });
    this.#written = [...recorded.written].flatMap((b) => recorded.states.get(b) ?? []);
    this.#actions = recorded.actions;
    this.#asked = recorded.asked;
    this.#required = recorded.asked.map((t) => t.requiresGrad);
  }

  /** Whether the program is one for these arguments, and for the modules and optimizers as they are now. */
  holds(leaves: readonly unknown[]): boolean {
    const known = this.#args;
    if (leaves.length !== known.length || mode.grad !== this.#grad || mode.inference !== this.#inference)
      return false;
    for (let i = 0; i < known.length; i++) {
      const was = known[i];
      const x = leaves[i];
      if (was instanceof Like) {
        if (!was.fits(x)) return false;
      } else if (was === anyNumber ? typeof x !== "number" : !Object.is(was, x)) return false;
    }
    for (const { owner, name, value } of this.#properties) if (owner[name] !== value) return false;
    for (const fact of this.captured.recorded.facts) if (!Object.is(fact.get(), fact.value)) return false;
    for (let i = 0; i < this.#asked.length; i++)
      if (this.#asked[i]!.requiresGrad !== this.#required[i]) return false;
    for (const g of this.captured.gradients) if (!this.#gradientHolds(g)) return false;
    // A tensor that was resized is somewhere else.
    for (const [storage, array] of this.#states) if (storage.data !== array) return false;
    return true;
  }

  /**
   * The numbers among the arguments that differ from those of this program; null if anything else does, or none.
   */
  changes(leaves: readonly unknown[]): Change[] | null {
    if (leaves.length !== this.args.length) return null;
    const changes: Change[] = [];
    for (let leaf = 0; leaf < leaves.length; leaf++) {
      const [from, to, like] = [this.args[leaf], leaves[leaf], this.#args[leaf]];
      if (like instanceof Like ? like.fits(to) : Object.is(from, to)) continue;
      if (typeof from !== "number" || typeof to !== "number") return null;
      changes.push({ leaf, from, to });
    }
    return changes.length > 0 ? changes : null;
  }

  #gradientHolds({ tensor, before, exact }: CapturedGradient): boolean {
    const { grad } = tensor;
    return exact ? grad === before : (grad === null) === (before === null);
  }

  run(leaves: readonly unknown[]): unknown {
    for (const input of this.#inputs) this.#fill(input, leaves[input.leaf] as AnyTensor);
    const { scalars } = this.compiled;
    for (const action of this.#actions)
      if (action.kind === "effect") action.run();
      else scalars[action.index] = action.run();
    const first = scalars.length - this.#followers.length;
    for (let i = 0; i < this.#followers.length; i++) {
      const { leaf, value } = this.#followers[i]!;
      scalars[first + i] = value(leaves[leaf] as number);
    }
    this.compiled.run();
    for (const storage of this.#written) storage.version++;
    for (const input of this.#inputs)
      if (input.after !== null) this.#copyBack(input.after, leaves[input.leaf] as AnyTensor);
    for (const g of this.captured.gradients) this.#leave(g);
    if (this.#single) return this.#made(this.#single);
    return this.captured.result.build(
      this.#outputs.map((o) => ("view" in o ? this.#made(o) : "leaf" in o ? leaves[o.leaf] : o.value)),
    );
  }

  #fill(input: Input, x: AnyTensor): void {
    // A memory that grew has new views.
    if (input.view.length !== input.n) input.view = this.compiled.view(input.buffer);
    const packed: AnyTensor = x.packed ? x : x.contiguous();
    const { data } = packed.storage;
    const { offset } = packed;
    const { view, n } = input;
    if (n <= few) for (let i = 0; i < n; i++) view[i] = data[offset + i] as number;
    else
      (view as Float32Array).set(
        (offset === 0 && data.length === n ? data : data.subarray(offset, offset + n)) as Float32Array,
      );
  }

  #copyBack(buffer: number, x: AnyTensor): void {
    const values = new Tensor(
      new Storage(this.compiled.view(buffer)),
      x.shape,
      x.dtype,
      contiguousStrides(x.shape),
      0,
      true,
      null,
    );
    mode.grad = false;
    try {
      x.copy_(values as AnyTensor);
    } finally {
      mode.grad = this.#grad;
    }
  }

  #made(o: Output): AnyTensor {
    if (o.view.length === 0) o.view = this.compiled.view(o.buffer);
    const data = o.view.slice();
    return new Tensor(new Storage(data), o.shape, o.dtype, o.strides, 0, true, null);
  }

  #leave({ tensor, before, after }: CapturedGradient): void {
    if (after === "before") {
      if (before) before.storage.version++;
    } else if (after === null) tensor.grad = null;
    else if (isTensor(after)) tensor.grad = after;
    else tensor.grad = this.#gradient(after, tensor);
  }

  #gradient(buffer: number, like: AnyTensor): AnyTensor {
    const data = this.compiled.view(buffer).slice();
    return new Tensor(
      new Storage(data),
      like.shape,
      like.dtype,
      contiguousStrides(like.shape),
      0,
      true,
      null,
    );
  }

  release(): void {
    this.compiled.release();
  }
}

/** So many elements are copied one by one sooner than by a call of `set`. */
const few = 16;
