// When a captured program holds: for which arguments, and for which state of modules, optimizers and tensors around it. Asked before every
// run, so it is kept cheap.
// Floor L4 (compile).

import type { DType, TypedArray } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import { sameShape } from "../base/shape.ts";
import type { Fact } from "../tensor/capture/recorder.ts";
import { surroundings } from "../tensor/capturing.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { Storage } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor, Tensor } from "../tensor/tensor.ts";
import type { Captured, CapturedGradient } from "./capture.ts";
import { isByIdentity } from "./capture.ts";
import type { Change } from "./numbers.ts";

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

/** A property of a module. */
interface Property {
  readonly owner: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly value: unknown;
}

export class Guard {
  readonly #grad: boolean = mode.grad;
  readonly #inference: boolean = mode.inference;
  readonly #args: readonly unknown[];
  /** The arguments that it was captured with, but for tensors. */
  readonly #values: readonly unknown[];
  readonly #properties: readonly Property[];
  readonly #facts: readonly Fact[];
  readonly #asked: readonly AnyTensor[];
  readonly #required: readonly boolean[];
  readonly #gradients: readonly CapturedGradient[];
  readonly #storages: readonly Storage[];
  readonly #arrays: readonly TypedArray[];
  /** Up to when the tensors are known to be as they were. */
  #epoch = -1;

  /**
   * @param free the leaves that may be any number
   * @param states where storages were moved to
   */
  constructor(
    { recorded, gradients }: Captured,
    leaves: readonly unknown[],
    free: ReadonlySet<number>,
    states: ReadonlyMap<Storage, TypedArray>,
  ) {
    this.#args = leaves.map((x, i) => (isTensor(x) ? new Like(x) : free.has(i) ? anyNumber : x));
    this.#values = leaves.map((x) => (isTensor(x) ? null : x));
    this.#properties = recorded.modules.flatMap((m) => {
      const owner = m as Readonly<Record<string, unknown>>;
      return Object.keys(owner).map((name) => ({ owner, name, value: owner[name] }));
    });
    this.#facts = recorded.facts;
    this.#asked = recorded.asked;
    this.#required = recorded.asked.map((t) => t.requiresGrad);
    this.#gradients = gradients;
    this.#storages = [...states.keys()];
    this.#arrays = [...states.values()];
  }

  holds(leaves: readonly unknown[]): boolean {
    const args = this.#args;
    if (leaves.length !== args.length || mode.grad !== this.#grad || mode.inference !== this.#inference)
      return false;
    for (let i = 0; i < args.length; i++) {
      const was = args[i];
      const x = leaves[i];
      if (was instanceof Like) {
        if (!was.fits(x)) return false;
      } else if (was === anyNumber ? typeof x !== "number" : !Object.is(was, x)) return false;
    }
    return this.#surroundingsHold();
  }

  #surroundingsHold(): boolean {
    const properties = this.#properties;
    for (let i = 0; i < properties.length; i++) {
      const { owner, name, value } = properties[i]!;
      if (owner[name] !== value) return false;
    }
    const facts = this.#facts;
    for (let i = 0; i < facts.length; i++) {
      const fact = facts[i]!;
      if (fact.get() !== fact.value) return false;
    }
    const gradients = this.#gradients;
    for (let i = 0; i < gradients.length; i++) {
      const { tensor, before, exact } = gradients[i]!;
      const { grad } = tensor;
      if (exact ? grad !== before : (grad === null) !== (before === null)) return false;
    }
    return this.#epoch === surroundings.epoch || this.#tensorsHold();
  }

  #tensorsHold(): boolean {
    const asked = this.#asked;
    for (let i = 0; i < asked.length; i++) if (asked[i]!.requiresGrad !== this.#required[i]) return false;
    // A tensor that was resized is somewhere else.
    const storages = this.#storages;
    for (let i = 0; i < storages.length; i++) if (storages[i]!.data !== this.#arrays[i]) return false;
    this.#epoch = surroundings.epoch;
    return true;
  }

  /** The numbers among the arguments that differ from those of this program; null if anything else does, or none. */
  changes(leaves: readonly unknown[]): Change[] | null {
    if (leaves.length !== this.#values.length) return null;
    const changes: Change[] = [];
    for (let leaf = 0; leaf < leaves.length; leaf++) {
      const [from, to, like] = [this.#values[leaf], leaves[leaf], this.#args[leaf]];
      if (like instanceof Like ? like.fits(to) : Object.is(from, to)) continue;
      if (typeof from !== "number" || typeof to !== "number") return null;
      changes.push({ leaf, from, to });
    }
    return changes.length > 0 ? changes : null;
  }
}
