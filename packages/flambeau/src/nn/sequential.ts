// Sequential: modules run one after another, with types that know each of them.
// Floor L5 (nn). Source: torch/nn/modules/container.py

import type { DType } from "../base/dtype.ts";
import { ArgumentError, IndexError } from "../base/errors.ts";
import type { Fail, Shape } from "../base/types/index.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { isOptions } from "./arguments.ts";
import { isModule, propertiesOf } from "./internals.ts";
import type { Apply, ApplyDtype, Port, ShapeRule } from "./layer.ts";
import type { CallResult } from "./module.ts";
import { Module } from "./module.ts";

type Layers = readonly Module[];

// ---- types --------------------------------------------------------------------------------------------------

/** The shape that comes out of a list of layers; unknown after one without a rule. */
type Through<L, S> = 0 extends 1 & L
  ? Shape
  : L extends readonly [infer H, ...infer Rest]
    ? S extends Fail<string>
      ? S
      : Through<Rest, Next<H, S>>
    : L extends readonly []
      ? S
      : Shape;
/** What one layer gives: by its rule, or what the `forward` of a network without one says. */
type Next<H, S> = H extends { readonly "~rule": infer R }
  ? R extends ShapeRule
    ? R["pair"] extends true
      ? Shape
      : Apply<R, S>
    : Shape
  : CallResult<H> extends Tensor<infer Out, DType>
    ? 0 extends 1 & Out
      ? Shape
      : Out
    : Shape;
/** The dtype that comes out of a list of layers. */
type DtypeThrough<L, D> = 0 extends 1 & L
  ? D
  : L extends readonly [infer H, ...infer Rest]
    ? DtypeThrough<Rest, H extends { readonly "~rule": infer R extends ShapeRule } ? ApplyDtype<R, D> : D>
    : D;
export interface SequentialRule<L extends Layers> extends ShapeRule {
  readonly out: Through<L, this["x"]>;
  readonly dtype: DtypeThrough<L, this["d"]>;
}

/** The last layer so far that fixed an extent: which one, of what, and the extent. */
interface Known {
  readonly by: unknown;
  readonly of: unknown;
  readonly n: unknown;
}

/** The layers, with a sentence in the place of the first that does not fit. */
type Checked<L, Out extends unknown[] = [], K extends Known | null = null> = L extends readonly [
  infer H,
  ...infer Rest,
]
  ? Clash<H, K> extends true
    ? [
        ...Out,
        `Sequential: layer ${Out["length"]} takes ${Taken<H>}, layer ${Index<K>} gives ${Given<K>}`,
        ...Rest,
      ]
    : Checked<Rest, [...Out, H], After<H, K, Out["length"]>>
  : L extends readonly []
    ? Out
    : L;
/** The same, such that each argument is checked on its own and the sentence stands where the layer does. */
type Placed<L extends Layers> = { [I in keyof L]: Noted<Checked<L>, I, L[I]> };
type Noted<C, I, H> = I extends keyof C ? (C[I] extends string ? C[I] : H) : H;
type PortOf<H> = H extends { readonly "~port": infer P } ? P : null;
type Clash<H, K> =
  PortOf<H> extends Port<infer Of, infer Takes, number>
    ? K extends { of: Of; n: infer N }
      ? number extends N | Takes
        ? false
        : [N, Takes] extends [Takes, N]
          ? false
          : true
      : false
    : false;
type Taken<H> = PortOf<H> extends Port<infer Of, infer Takes, number> ? `${Takes} ${Of}` : never;
type Index<K> = K extends { by: infer I extends number } ? I : never;
type Given<K> = K extends { n: infer N extends number } ? N : never;
type After<H, K, I> =
  PortOf<H> extends Port<infer Of, number, infer Gives>
    ? { by: I; of: Of; n: Gives }
    : PortOf<H> extends "same"
      ? K extends Known
        ? K
        : null
      : null;

/** `net[0]`, ... of a list of layers whose length is known; any index of another list; none of the type without a list. */
type Indexed<L> = 0 extends 1 & L
  ? unknown
  : L extends readonly unknown[]
    ? number extends L["length"]
      ? { readonly [i: number]: L[number] }
      : { [I in keyof L as I extends `${number}` ? I : never]: L[I] }
    : unknown;

/**
 * Sequential over the layers `L`: its members `net[0]`, ... are typed, and its call maps shapes through all of them.
 * The type without `L` is that of every Sequential; `net.get(0)` is a layer of it.
 */
// biome-ignore lint/suspicious/noExplicitAny: any list of layers.
export type Sequential<L extends Layers = any> = SequentialBase<L> & Indexed<L>;
/** Sequential whose layers have names. */
export type NamedSequential<N extends Readonly<Record<string, Module>>> = SequentialBase & N;

export interface SequentialConstructor {
  new <const L extends Layers>(...layers: Placed<L>): Sequential<L>;
  new <const N extends Readonly<Record<string, Module>>>(layers: N): NamedSequential<N>;
  new (layers: ReadonlyMap<string, Module>): Sequential;
  readonly prototype: SequentialBase;
}

// ---- values -------------------------------------------------------------------------------------------------

const namesOf = (m: Module): readonly string[] => m["~state"].names ?? [];

/** @internal The class behind {@link Sequential}. */
export class SequentialBase<L extends Layers = Layers> extends Module {
  declare readonly "~rule": SequentialRule<L>;
  declare readonly "~port"?: unknown;

  constructor(...layers: unknown[]) {
    super();
    this["~state"].names = [];
    const first = layers[0];
    const entries: Iterable<readonly [string, unknown]> =
      layers.length === 1 && first instanceof Map
        ? (first as Map<string, unknown>)
        : layers.length === 1 && isOptions(first)
          ? Object.entries(first)
          : layers.map((layer, i) => [String(i), layer] as const);
    for (const [name, layer] of entries) {
      if (!isModule(layer))
        throw new ArgumentError(
          `Sequential: layer ${name} is not a Module: got ${layer === null ? "null" : typeof layer}`,
        );
      this.addModule(name, layer);
    }
  }

  // Names are given by the caller, as keys of an OrderedDict are.
  override stateKey(property: string): string {
    return property;
  }

  /** Number of layers. */
  get size(): number {
    return namesOf(this).length;
  }
  /** Layer `i`, from the end if negative. @throws IndexError */
  get(i: number): Module {
    const names = namesOf(this);
    const name = names[i < 0 ? i + names.length : i];
    if (name === undefined) throw new IndexError(`index ${i} is out of range`);
    return propertiesOf(this)[name] as Module;
  }
  /** Adds a layer at the end. */
  append(layer: Module): this {
    this.addModule(String(this.size), layer);
    return this;
  }
  *[Symbol.iterator](): IterableIterator<Module> {
    const own = propertiesOf(this);
    for (const name of namesOf(this)) yield own[name] as Module;
  }

  forward(x: AnyTensor): AnyTensor {
    const own = propertiesOf(this) as Record<string, (x: AnyTensor) => AnyTensor>;
    let y = x;
    for (const name of namesOf(this)) y = own[name]!(y);
    return y;
  }
}
Object.defineProperty(SequentialBase, "name", { value: "Sequential" });

/**
 * Modules that are run one after another. `net[0]` is the first of them, with its type; layers that do not go together
 * are an error of types at the layer that does not fit.
 *
 * From an object or a Map of modules, each has the name of its key: `net.hidden`.
 *
 * **Shape** that of the first layer's input; that of the last layer's output.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 * @example
 * const net = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
 * net[2].outFeatures // 10
 */
export const Sequential: SequentialConstructor = SequentialBase as unknown as SequentialConstructor;
