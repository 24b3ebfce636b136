// How an op is defined: one entry, from which its function, method, in-place form and gradient follow.
// Floor L4 (ops).

import { isFloat } from "../base/dtype.ts";
import { AutogradError, RuntimeError } from "../base/errors.ts";
import { recorder, tracer, watcher } from "../tensor/capturing.ts";
import { Elementwise } from "../tensor/elementwise.ts";
import type { ElementwiseDef } from "../tensor/elementwise-def.ts";
import { mode, withGrad } from "../tensor/grad-mode.ts";
import type { OperandArg } from "../tensor/operands.ts";
import { canCast } from "../tensor/promotion.ts";
import type { MultiVjp, Saves, Vjp } from "../tensor/record.ts";
import { checkInplace, finishInplace, OpNode } from "../tensor/record.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { meter } from "./flops.ts";
import { named } from "./named.ts";
import { recomputed } from "./recompute.ts";

// biome-ignore lint/suspicious/noExplicitAny: arguments differ by op; each entry's declared type is what users see.
type Fn = (...args: any[]) => any;

/** What ops/table.ts and the docs need to know of an op. */
export interface OpEntry {
  /** The name of the export, after that of its namespace where it has one: `linalg.inv`. */
  name: string;
  readonly kind: "elementwise" | "op" | "mutating" | "composite";
  readonly differentiable: boolean;
  /** Whether the first argument is a tensor, so that the op is a method as well. */
  readonly method: boolean;
  /** Whether the op takes a list of arguments of any length (`reshape(2, 3)`). */
  readonly variadic: boolean;
  /** The method, where it takes the tensor in another place than first. */
  readonly methodForm?: Fn;
  /** The form with a trailing underscore. */
  readonly inplace: Fn | null;
  /** The function that the op was made from: its parameters are the op's, for the docs and for conformance. */
  readonly definition: Fn;
}

const entries = new WeakMap<Fn, OpEntry>();

/** The entry behind an op function; null for any other value. */
export const entryOf = (f: unknown): OpEntry | null =>
  typeof f === "function" ? (entries.get(f as Fn) ?? null) : null;

function define<F>(f: Fn, entry: OpEntry): F {
  entries.set(f, entry);
  return f as F;
}

/** Another op that takes over for some options (`div` with a rounding mode), or null. */
// biome-ignore lint/suspicious/noExplicitAny: each op reads its own options.
type Variant = (options: any) => unknown;

/** An op that computes every element on its own. See {@link ElementwiseDef}. */
export function elementwise<F>(
  def: ElementwiseDef & {
    readonly variant?: Variant;
    /** Whether there is an in-place form. Default true. */
    readonly inplace?: boolean;
  },
): F {
  const op = new Elementwise(def);
  const form = (inplace: boolean): Fn => {
    const ternary = (a: OperandArg, b: OperandArg, c: OperandArg, options?: object): AnyTensor =>
      op.call(a, b, c, options, inplace ? (a as AnyTensor) : null);
    const told: Fn = (...args) => {
      const run: Fn =
        def.operands === 1
          ? (a, options) => op.unary(a, options, inplace)
          : def.operands === 2
            ? (a, b, options) => op.binary(a, b, options, inplace)
            : ternary;
      return inplace ? tracer!.mutation(op.name, run, args) : tracer!.op(op.name, run, args);
    };
    if (def.operands === 1)
      return (a: OperandArg, options?: object) =>
        tracer === null ? op.unary(a, options, inplace) : told(a, options);
    if (def.operands === 2)
      return (a: OperandArg, b: OperandArg, options?: object) =>
        tracer === null ? op.binary(a, b, options, inplace) : told(a, b, options);
    return (a: OperandArg, b: OperandArg, c: OperandArg, options?: object) =>
      tracer === null ? ternary(a, b, c, options) : told(a, b, c, options);
  };
  const plain = form(false);
  const plainInplace = form(true);
  const { variant } = def;
  const n = def.operands;
  // The options object follows the operands.
  const call: Fn = variant ? (...args) => (((args[n] && variant(args[n])) || plain) as Fn)(...args) : plain;
  const inplace: Fn = variant
    ? (...args) => {
        const other = args[n] && variant(args[n]);
        return ((other && entryOf(other)?.inplace) || plainInplace)(...args);
      }
    : plainInplace;
  return define<F>(call, {
    get name() {
      return op.name;
    },
    set name(name: string) {
      op.name = name;
    },
    kind: "elementwise",
    differentiable: def.vjp !== undefined,
    method: true,
    variadic: false,
    inplace: (def.inplace ?? true) ? inplace : null,
    definition: plain,
  });
}

export interface OpDef {
  /** The name in messages and of the graph node, of an op that is not exported. */
  readonly name?: string;
  /** Computes the result. Runs unrecorded; returns a tensor, or an array of tensors. */
  readonly forward: Fn;
  /** Gradients of the tensor arguments, depth first. Without it, results never require grad. */
  readonly vjp?: Vjp;
  /** The same for an op whose forward returns an array. */
  readonly multiVjp?: MultiVjp;
  /** What the gradient looks at; default `shapes`. */
  readonly saves?: Saves;
  /** Additions and multiplications of a call, for {@link meter}: of matrix products and convolutions. */
  readonly flops?: (out: AnyTensor, ...args: AnyTensor[]) => number;
  /** Names of the results, in order, of an op whose forward returns an array: they become its properties. */
  readonly fields?: readonly string[];
  readonly method?: boolean;
  readonly variadic?: boolean;
  /** Whether there is an in-place form (computed, then copied). Default false. */
  readonly inplace?: boolean;
}

/** The tensors among the arguments, those inside of arrays included. */
function tensorsIn(args: readonly unknown[]): AnyTensor[] {
  const [first, second, third] = args;
  // Most ops take one tensor or two; a list made by pushing would be several times larger.
  if (isTensor(first) && !isTensor(third) && !Array.isArray(third) && args.length < 4) {
    if (isTensor(second)) return [first, second];
    if (!Array.isArray(second)) return [first];
  }
  const found: AnyTensor[] = [];
  for (const x of args) {
    if (isTensor(x)) found.push(x);
    else if (Array.isArray(x)) for (const y of x) if (isTensor(y)) found.push(y);
  }
  return found;
}

const anyRequiresGrad = (tensors: readonly AnyTensor[]): boolean => {
  for (const t of tensors) if (t.requiresGrad) return true;
  return false;
};

/** An op with a forward computation and a gradient of its own. */
export function op<F>(def: OpDef): F {
  const { forward, fields, saves = "shapes" } = def;
  const vjp = def.vjp ?? def.multiVjp;
  const compute: Fn = (...args) =>
    watcher === null
      ? forward(...args)
      : tracer === null
        ? recorder!.call(entry.name, forward, args)
        : tracer.op(entry.name, forward, args);
  const record: Fn = (...args) => {
    if (!mode.grad || !vjp) return compute(...args);
    const tensors = tensorsIn(args);
    if (!anyRequiresGrad(tensors)) return compute(...args);
    let out: AnyTensor | AnyTensor[];
    mode.grad = false;
    try {
      out = compute(...args);
    } finally {
      mode.grad = true;
    }
    if (!Array.isArray(out)) {
      // An op that had nothing to do may return its argument.
      if (isFloat(out.dtype) && !tensors.includes(out))
        out.setHistory(new OpNode(entry.name, vjp, saves, args, tensors, out), 0);
      return out;
    }
    const node = new OpNode(entry.name, vjp, saves, args, tensors, out);
    out.forEach((y, i) => {
      if (isFloat(y.dtype)) y.setHistory(node, i);
    });
    return out;
  };
  const { flops } = def;
  const call: Fn = fields
    ? (...args) => named(entry.name, fields, record(...args))
    : flops
      ? (...args) => {
          const out: AnyTensor = record(...args);
          if (meter.add !== null) meter.add(flops(out, ...args));
          return out;
        }
      : record;
  const entry: OpEntry = {
    name: def.name ?? "op",
    kind: "op",
    differentiable: vjp !== undefined,
    method: def.method ?? true,
    variadic: def.variadic ?? false,
    inplace: def.inplace ? computedInPlace(call) : null,
    definition: forward,
  };
  return define<F>(call, entry);
}

/** The in-place form of a function: the result is computed, then copied into the first argument. */
function computedInPlace(f: Fn): Fn {
  return (self: AnyTensor, ...args) => {
    // Gradients may look at the old values, which are about to go.
    const recording = mode.grad && anyRequiresGrad([self, ...tensorsIn(args)]);
    const y: AnyTensor = f(recording ? self.clone() : self, ...args);
    if (y === self) throw new AutogradError("an in-place form must compute something new");
    if (!canCast(y.dtype, self.dtype))
      throw new RuntimeError(`result type ${y.dtype} can't be cast to the desired output type ${self.dtype}`);
    return self.copy_(y);
  };
}

export interface MutatingDef {
  /** Changes `self`. Runs unrecorded. */
  // biome-ignore lint/suspicious/noExplicitAny: arguments differ by op.
  readonly mutate: (self: AnyTensor, ...args: any[]) => void;
  /** Gradients of `self` as it was before, then of the other tensor arguments. It cannot look at `self`'s old value. */
  readonly vjp?: Vjp;
  readonly saves?: Saves;
  /** False if there is only the in-place form; the export's name then ends in an underscore. Default true. */
  readonly functional?: boolean;
  /** What the plain form clones, if not `self` as it is: where the result may be larger. */
  readonly widened?: Fn;
}

/** An op that is naturally in place; the plain form is a clone that is then changed. */
export function mutating<F>(def: MutatingDef): F {
  const mutate: Fn = (self: AnyTensor, ...args) => {
    if (watcher === null) def.mutate(self, ...args);
    else if (tracer === null) recorder!.mutate(entry.name, def.mutate, self, args);
    else tracer.mutation(entry.name, def.mutate, [self, ...args]);
  };
  const inplace: Fn = (self: AnyTensor, ...args) => {
    const label = entry.name.endsWith("_") ? entry.name : `${entry.name}_`;
    checkInplace(self, label);
    const tensors = [self, ...tensorsIn(args)];
    const recording = mode.grad && def.vjp !== undefined && isFloat(self.dtype) && anyRequiresGrad(tensors);
    if (!recording) {
      mutate(self, ...args);
      finishInplace(self, null);
      return self;
    }
    const meta = { shape: self.shape, dtype: self.dtype };
    const node = new OpNode(
      entry.name.replace(/_$/, ""),
      def.vjp!,
      def.saves ?? "shapes",
      [meta, ...args],
      tensors,
      null,
    );
    withGrad(false, () => mutate(self, ...args));
    finishInplace(self, node);
    return self;
  };
  const functional = def.functional ?? true;
  const entry: OpEntry = {
    name: "op",
    kind: "mutating",
    differentiable: def.vjp !== undefined,
    method: true,
    variadic: false,
    inplace: functional ? inplace : null,
    definition: def.mutate,
  };
  const { widened } = def;
  const plain: Fn = widened
    ? (x: AnyTensor, ...args) => inplace(widened(x, ...args).clone(), ...args)
    : (x: AnyTensor, ...args) => inplace(x.clone(), ...args);
  const call: Fn = functional ? plain : inplace;
  return define<F>(call, entry);
}

export interface CompositeOptions {
  readonly method?: boolean;
  readonly variadic?: boolean;
  /** The method, where it takes the tensor in another place than first: `x.where(condition, y)`. */
  readonly methodForm?: Fn;
  /** Whether there is an in-place form (computed, then copied). Default false. */
  readonly inplace?: boolean;
}

/** A function over other ops: no kernel and no gradient of its own. */
export function composite<F>(f: Fn, options: CompositeOptions = {}): F {
  // A wrapper, so that one function may be exported under two names with an entry each.
  const call: Fn = (...args) => {
    if (watcher === null) return f(...args);
    if (tracer !== null) return tracer.composite(entry.name, f, args);
    const to = recorder!;
    const tensors = tensorsIn(args);
    if (!mode.grad || !anyRequiresGrad(tensors)) return to.call(entry.name, f, args);
    return to.call(entry.name, f, args, () => recomputed(to, entry.name, f, args, tensors));
  };
  const entry: OpEntry = {
    name: "op",
    kind: "composite",
    differentiable: true,
    method: options.method ?? true,
    variadic: options.variadic ?? false,
    ...(options.methodForm ? { methodForm: options.methodForm } : {}),
    inplace: options.inplace ? computedInPlace(options.methodForm ?? f) : null,
    definition: f,
  };
  return define<F>(call, entry);
}

/** Another name of an op: the same parameters, gradient and form in place. */
export function alias<F>(f: Fn): F {
  const entry = entries.get(f)!;
  // A function of its own, since an entry has one name.
  const call: Fn = (...args) => f(...args);
  return define<F>(call, { ...entry, name: "op", kind: "composite" });
}
