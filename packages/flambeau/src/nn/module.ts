// The base of all layers and networks: a callable object that finds parameters, buffers and children among its
// properties. Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.Module.html

import type { DType } from "../base/dtype.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import type { Fits, Ok } from "../base/types/index.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { BackwardHook, BackwardPreHook } from "./backward-hooks.ts";
import type { ForwardHook, ForwardPreHook } from "./call.ts";
import { addBackwardHook, addHook, call } from "./call.ts";
import type { Internals } from "./internals.ts";
import {
  bufferEntries,
  childEntries,
  isModule,
  joined,
  membersOf,
  parameterEntries,
  setProperty,
  stateName,
} from "./internals.ts";
import { snakeCase } from "./keys.ts";
import type { Apply, ApplyDtype, ShapeRule } from "./layer.ts";
import type { AnyParameter } from "./parameter.ts";
import { Parameter } from "./parameter.ts";
import { formatModule } from "./print.ts";
import type { LoadOptions, LoadReport, StateDict } from "./state-dict.ts";
import { loadState, stateEntries } from "./state-dict.ts";

export type { LoadOptions, LoadReport, StateDict };

type Uncallable = readonly [never, never, never, never, never, never, never, never, never];
/**
 * Arguments of a call: those of `forward`, or of a layer's rule for an input `X`. Layers of other arguments (`~rule` is no
 * shape rule, or says `own`) bring a call signature of their own.
 */
export type CallArgs<M, X extends AnyTensor = AnyTensor> = M extends { readonly "~rule": infer R }
  ? R extends ShapeRule
    ? R["own"] extends true
      ? Uncallable
      : [x: Fits<Apply<R, ShapeOf<X>>, X>]
    : Uncallable
  : M extends { forward(...args: infer A): unknown }
    ? A
    : never;
/** What a call returns: what `forward` does, with the shape that follows from the rule. */
export type CallResult<M, X extends AnyTensor = AnyTensor> = M extends { readonly "~rule": infer R }
  ? R extends ShapeRule
    ? Ruled<R["pair"], Ok<Apply<R, ShapeOf<X>>>, ApplyDtype<R, DtOf<X>>>
    : unknown
  : M extends { forward(...args: never): infer R }
    ? R
    : never;
type Ruled<Pair, S, D extends DType> = Pair extends true
  ? [values: Tensor<S, D>, indices: Tensor<S, "int32">]
  : Tensor<S, D>;

/** Options of what lists members. */
export interface RecurseOptions {
  /** Whether the modules below are listed too. Default true. */
  readonly recurse?: boolean;
}

export interface Module {
  <X extends AnyTensor>(...args: CallArgs<this, X>): CallResult<this, X>;
  /** Whether dropout, batch normalisation and their like behave as in training. Set by `train` and `eval`. */
  training: boolean;
  /** @internal */
  readonly "~state": Internals;
}

/**
 * Base class of all networks. Assign parameters and modules to properties in the constructor, and write `forward`; an
 * instance is called like a function.
 *
 * Parameters ({@link Parameter}), buffers ({@link registerBuffer}) and children (other modules) are found on the
 * module's own properties, in their order; those in arrays, in plain objects and in `#private` fields are not. In state
 * dicts, names and printed output, the property `runningMean` goes by PyTorch's name `running_mean` (see
 * {@link stateKey}).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 * @example
 * class Net extends nn.Module {
 *   hidden = new nn.Linear(4, 8);
 *   out = new nn.Linear(8, 1);
 *   forward(x: torch.Tensor) {
 *     return this.out(this.hidden(x).relu());
 *   }
 * }
 * new Net()(torch.ones(2, 4)).shape // [2, 1]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a call signature has no other place; the constructor makes it true.
export abstract class Module {
  constructor() {
    const state: Internals = {
      buffers: new Map(),
      preHooks: null,
      hooks: null,
      backward: null,
      settle: null,
      names: null,
    };
    const self = ((...args: unknown[]): unknown => call(self, state, args)) as unknown as this;
    Object.setPrototypeOf(self, new.target.prototype as object);
    Object.defineProperty(self, stateName, { value: state });
    self.training = true;
    // biome-ignore lint/correctness/noConstructorReturn: the instance is the function.
    return self;
  }

  /** Computes the output. Call the module itself instead: that runs the hooks, and names the module in errors. */
  // biome-ignore lint/suspicious/noExplicitAny: every network has its own parameters; a call is typed by the override.
  abstract forward(...args: any[]): any;

  // ---- what belongs to the module ---------------------------------------------------------------------------

  /**
   * The name that a property has in state dicts and in print. Override it where the rule does not give the wanted one:
   * `camelCase` becomes `camel_case`; names that start with a capital or hold other characters stay as they are.
   */
  stateKey(property: string): string {
    return snakeCase(property);
  }

  /**
   * Makes a tensor part of the module's state that is not trained, as the property `name`.
   *
   * @param options.persistent whether it belongs to the state dict; default true
   * @returns the tensor, so that a typed field can be assigned: `this.mean = this.registerBuffer("mean", zeros(3))`
   */
  registerBuffer<T extends AnyTensor | null>(
    name: string,
    tensor: T,
    options: { readonly persistent?: boolean } = {},
  ): T {
    if (tensor !== null && !isTensor(tensor))
      throw new ArgumentError(
        `cannot assign '${typeof tensor}' object to buffer '${name}' (torch Tensor or None required)`,
      );
    this["~state"].buffers.set(name, options.persistent ?? true);
    setProperty(this, name, tensor);
    return tensor;
  }

  /** The same as assigning the property `name`; null keeps its place in the order. */
  registerParameter(name: string, parameter: AnyParameter | null): void {
    if (parameter !== null && !(parameter instanceof Parameter))
      throw new ArgumentError(
        `cannot assign '${typeof parameter}' object to parameter '${name}' (torch.nn.Parameter or None required)`,
      );
    setProperty(this, name, parameter);
  }

  /** The same as assigning the property `name`. */
  addModule(name: string, module: Module): void {
    if (!isModule(module)) throw new ArgumentError(`${typeof module} is not a Module subclass`);
    setProperty(this, name, module);
  }

  /** This module ("") and all below it with their names, each once. */
  *namedModules(prefix = "", seen: Set<Module> = new Set()): IterableIterator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of childEntries(this))
      yield* child.namedModules(joined(prefix, this.stateKey(name)), seen);
  }
  *modules(): IterableIterator<Module> {
    for (const [, m] of this.namedModules()) yield m;
  }

  /** The modules among the properties with their names, each once. */
  *namedChildren(): IterableIterator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, child] of childEntries(this)) {
      if (seen.has(child)) continue;
      seen.add(child);
      yield [this.stateKey(name), child];
    }
  }
  *children(): IterableIterator<Module> {
    for (const [, m] of this.namedChildren()) yield m;
  }

  /** The parameters of this module and of those below it with their names; one that is used twice is listed once. */
  namedParameters(prefix = "", options: RecurseOptions = {}): IterableIterator<[string, AnyParameter]> {
    return membersOf(this, prefix, options.recurse ?? true, parameterEntries);
  }
  *parameters(options: RecurseOptions = {}): IterableIterator<AnyParameter> {
    for (const [, p] of this.namedParameters("", options)) yield p;
  }

  /** The buffers of this module and of those below it with their names. */
  namedBuffers(prefix = "", options: RecurseOptions = {}): IterableIterator<[string, AnyTensor]> {
    return membersOf(this, prefix, options.recurse ?? true, (m) => bufferEntries(m));
  }
  *buffers(options: RecurseOptions = {}): IterableIterator<AnyTensor> {
    for (const [, b] of this.namedBuffers("", options)) yield b;
  }

  // ---- what is done to all of it ------------------------------------------------------------------------------

  /** Sets {@link training} here and below. @param mode default true */
  train(mode = true): this {
    if (typeof mode !== "boolean") throw new ArgumentError("training mode is expected to be boolean");
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }
  /** The same as `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Calls `fn` with every module below, then with this one. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Switches recording for all parameters. */
  requiresGrad_(requiresGrad = true): this {
    for (const p of this.parameters()) p.requiresGrad_(requiresGrad);
    return this;
  }

  /** Forgets the gradients of all parameters; with `setToNone: false` they become zeros. */
  zeroGrad(options: { readonly setToNone?: boolean } = {}): void {
    for (const p of this.parameters()) {
      if (options.setToNone === false && p.grad) p.grad = p.grad.zerosLike();
      else p.grad = null;
    }
  }

  /**
   * Converts parameters and buffers of floating-point dtype.
   *
   * Differs from PyTorch: the parameters are new objects, so make the optimizer afterwards.
   */
  to(dtype: DType): this {
    if (!isFloat(dtype))
      throw new ArgumentError(
        `nn.Module.to only accepts floating point dtypes, but got desired dtype=${dtype}`,
      );
    const converted = new Map<AnyTensor, AnyTensor>();
    const convert = (x: AnyTensor): AnyTensor => {
      if (!isFloat(x.dtype) || x.dtype === dtype) return x;
      let y = converted.get(x);
      if (!y) {
        const data = noGrad(() => x.detach().to(dtype));
        y = x instanceof Parameter ? new Parameter(data, x.requiresGrad) : data;
        converted.set(x, y);
      }
      return y;
    };
    for (const m of this.modules()) {
      for (const [name, p] of [...parameterEntries(m)]) setProperty(m, name, convert(p));
      for (const [name, b] of [...bufferEntries(m)]) setProperty(m, name, convert(b));
    }
    return this;
  }
  float(): this {
    return this.to("float32");
  }
  double(): this {
    return this.to("float64");
  }

  // ---- state --------------------------------------------------------------------------------------------------

  /**
   * The parameters and persistent buffers by PyTorch's names. The tensors share the module's memory, without history.
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.state_dict
   */
  stateDict(options: { readonly prefix?: string } = {}): StateDict {
    const dict: StateDict = {};
    for (const [key, x] of stateEntries(this)) dict[`${options.prefix ?? ""}${key}`] = x.detach();
    return dict;
  }

  /**
   * Copies tensors by name into parameters and buffers.
   *
   * @param dict an object or a Map, such as {@link stateDict} gives
   * @param options.strict whether missing and unexpected keys are errors; default true
   * @returns the missing and the unexpected keys
   * @throws RuntimeError that lists all missing, unexpected and mis-shaped keys.
   *
   * Differs from PyTorch: after an error nothing has been loaded.
   */
  loadStateDict(dict: StateDict | ReadonlyMap<string, AnyTensor>, options: LoadOptions = {}): LoadReport {
    return loadState(this, dict, options);
  }

  // ---- hooks --------------------------------------------------------------------------------------------------

  /** Calls `hook(module, args)` before every `forward`; what it returns replaces the arguments. @returns a function that removes it */
  registerForwardPreHook(hook: ForwardPreHook): () => void {
    return addHook(this["~state"], "preHooks", hook);
  }
  /** Calls `hook(module, args, output)` after every `forward`; what it returns replaces the output. @returns a function that removes it */
  registerForwardHook(hook: ForwardHook): () => void {
    return addHook(this["~state"], "hooks", hook);
  }

  /**
   * Calls `hook(module, gradInput, gradOutput)` whenever the gradients of the arguments have been computed (or, if none
   * requires grad, those of the results); a list that it returns replaces `gradInput`.
   *
   * Arguments and results are seen as they are, not inside of lists in them. A module with such a hook must not change its
   * arguments in place.
   * @returns a function that removes it
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook
   */
  registerFullBackwardHook(hook: BackwardHook): () => void {
    return addBackwardHook(this["~state"], "full", hook);
  }
  /** Calls `hook(module, gradOutput)` before gradients go on into the module; a list that it returns replaces them. @returns a function that removes it */
  registerFullBackwardPreHook(hook: BackwardPreHook): () => void {
    return addBackwardHook(this["~state"], "pre", hook);
  }

  // ---- text ---------------------------------------------------------------------------------------------------

  /** What stands between the parentheses when the module is printed. */
  extraRepr(): string {
    return "";
  }
  /** What Python's `repr(module)` gives. */
  toString(): string {
    return formatModule(this, this.constructor.name);
  }
}

// A member keyed by a symbol of another library cannot be declared in the class without a type of its own.
Object.defineProperty(Module.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Module): string {
    return this.toString();
  },
});
