// Ops without code of their own in programs: called in every run on tensors over the program's buffers. What they return is
// found out by a call on tensors of zeros.
// Floor L3 (tensor).

import type { TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import { CompileError } from "../../base/errors.ts";
import { defaultGenerator, Generator } from "../../base/generator.ts";
import { numel } from "../../base/shape.ts";
import { forEachPlace } from "../../ir/accesses.ts";
import { HostAccess, unrecorded } from "../capturing.ts";
import { noGrad } from "../grad-mode.ts";
import { allocateUnset, Storage } from "../storage.ts";
import type { AnyTensor } from "../tensor.ts";
import { fresh, isTensor, Tensor } from "../tensor.ts";
import { ownerOf } from "./arrays.ts";

// biome-ignore lint/suspicious/noExplicitAny: ops take whatever they take.
type Fn = (...args: any[]) => any;

export interface CalledOp {
  /** One tensor for each storage that the op sees. */
  readonly tensors: readonly AnyTensor[];
  /** Tensors that the op writes wholly: its results, or the one that it changes. */
  readonly results: readonly AnyTensor[];
  /** What the call returns in the capture. */
  value(): unknown;
  run(reads: readonly TypedArray[], writes: readonly TypedArray[]): void;
}

const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** A value with each tensor in it, also in lists and options, replaced. */
function mapped(x: unknown, f: (t: AnyTensor) => unknown): unknown {
  if (isTensor(x)) return f(x);
  if (Array.isArray(x)) return x.map((y) => mapped(y, f));
  if (!isPlain(x)) return x;
  return Object.fromEntries(Object.entries(x).map(([key, y]) => [key, mapped(y, f)]));
}

function generatorsIn(args: readonly unknown[]): Set<Generator> {
  const found = new Set([defaultGenerator]);
  const visit = (x: unknown): void => {
    if (x instanceof Generator) found.add(x);
    else if (Array.isArray(x)) x.forEach(visit);
    else if (isPlain(x)) Object.values(x).forEach(visit);
  };
  args.forEach(visit);
  return found;
}

/** Runs `body` and puts the generators back. */
function withoutDrawing<T>(args: readonly unknown[], body: () => T): T {
  const before = [...generatorsIn(args)].map((g) => [g, g.getState()] as const);
  try {
    return body();
  } finally {
    for (const [g, state] of before) g.setState(state);
  }
}

/** Whether a value is a tensor, or made of tensors. */
const isOfTensors = (x: unknown): boolean =>
  isTensor(x) ||
  x === null ||
  x === undefined ||
  (Array.isArray(x) && x.every(isOfTensors)) ||
  (isPlain(x) && Object.values(x).every(isOfTensors));

/** The same look at another storage. */
const over = (storage: Storage, t: AnyTensor): AnyTensor =>
  new Tensor(storage, t.shape, t.dtype, t.strides, t.offset, t.packed, null);

/** What of a result must not depend on elements: shapes, and where views begin. */
function formOf(x: unknown): string {
  const found: string[] = [];
  mapped(x, (t) => found.push(`${t.dtype} [${t.shape}] [${t.strides}] ${t.offset}`));
  return found.join("; ");
}

/** `self` is the argument that the op changes; null for an op that returns something new. */
export function calledOp(
  name: string,
  f: Fn,
  args: readonly unknown[],
  self: AnyTensor | null,
  draws: boolean,
): CalledOp {
  const tensors: AnyTensor[] = [];
  const slots = new Map<Storage, number>();
  mapped(args, (t) => {
    if (!slots.has(t.storage)) slots.set(t.storage, tensors.push(t) - 1);
    return t;
  });
  const call = (storages: readonly Storage[]): { result: unknown; made: readonly AnyTensor[] } => {
    const made: AnyTensor[] = [];
    const given = mapped(args, (t) => {
      const copy = over(storages[slots.get(t.storage)!]!, t);
      made.push(copy);
      return copy;
    }) as unknown[];
    return { result: noGrad(() => f(...given)), made };
  };
  if (self) {
    const selfSlot = slots.get(self.storage)!;
    return {
      tensors,
      results: [tensors[selfSlot]!],
      value: () => self,
      run: (reads, writes) => {
        const [old, out] = [reads[selfSlot]!, writes[0]!];
        // A pass may have given the changed elements a place of their own.
        if (old.byteOffset !== out.byteOffset || old.buffer !== out.buffer)
          (out as Float32Array).set(old as Float32Array);
        call(reads.map((data, i) => new Storage(i === selfSlot ? out : data)));
      },
    };
  }

  const tried = unrecorded(() =>
    withoutDrawing(args, () => {
      const attempt = (value: Trial): ReturnType<typeof call> & { storages: Storage[] } => {
        const storages = tensors.map((t) => {
          const owner = ownerOf(t.storage.data);
          return new Storage(owner?.contents?.slice() ?? filledWith(t, value));
        });
        return { ...call(storages), storages };
      };
      return sameEachTime(
        name,
        (draws ? trials.slice(0, 1) : trials).map((trial) => () => attempt(trial)),
      );
    }),
  );
  if (!isOfTensors(tried.result))
    throw new CompileError(
      `${name} cannot be captured: it gives a ${typeof tried.result} that depends on values, and a program gives tensors; call it outside ` +
        "of the compiled function",
    );
  const originals: AnyTensor[] = [];
  mapped(args, (t) => originals.push(t));
  const results: AnyTensor[] = [];
  const value = mapped(tried.result, (t) => {
    const same = tried.made.indexOf(t);
    if (same >= 0) return originals[same];
    const slot = tried.storages.indexOf(t.storage);
    if (slot >= 0) return over(tensors[slot]!.storage, t);
    const out: AnyTensor = fresh(allocateUnset(t.dtype, numel(t.shape)), t.shape, t.dtype);
    results.push(out);
    return out;
  });
  return {
    tensors,
    results,
    value: () => value,
    run: (reads, writes) => {
      const storages = reads.map((data) => new Storage(data));
      const { result, made } = call(storages);
      let next = 0;
      mapped(result, (t) => {
        if (made.includes(t) || storages.includes(t.storage)) return;
        const packed: AnyTensor = t.contiguous();
        const { data } = packed.storage;
        const n = numel(t.shape);
        const out = writes[next++]!;
        if (out.length !== n)
          throw new CompileError(
            `${name} was captured, but its result has ${n} elements now and had ${out.length} then: the shape depends on values. Call ` +
              "it outside of the compiled function",
          );
        (out as Float32Array).set(
          (n === data.length ? data : data.subarray(packed.offset, packed.offset + n)) as Float32Array,
        );
      });
    },
  };
}

/** What an op is tried on, to see what it returns: zeros, ones, identity matrices (which can be inverted). */
const trials = ["zeros", "ones", "identity"] as const;
type Trial = (typeof trials)[number];

function filledWith(t: AnyTensor, trial: Trial): TypedArray {
  const data = new dtypes[t.dtype as keyof typeof dtypes].array(t.storage.data.length);
  const one = (data instanceof BigInt64Array ? 1n : 1) as number;
  if (trial === "ones") (data as Float32Array).fill(one);
  if (trial === "identity" && t.ndim >= 2) {
    const diagonal = [...t.shape.slice(0, -2), Math.min(...t.shape.slice(-2))];
    const step = t.strides.at(-2)! + t.strides.at(-1)!;
    const strides = [...t.strides.slice(0, -2), step];
    forEachPlace({ buffer: 0, offset: t.offset, sizes: diagonal, strides }, (p) => (data[p] = one));
  }
  return data;
}

/** The first attempt that works. @throws CompileError if none does, or if their results differ in more than elements. */
function sameEachTime<T extends { readonly result: unknown }>(
  name: string,
  attempts: readonly (() => T)[],
): T {
  const found: T[] = [];
  let failure: unknown = null;
  for (const attempt of attempts)
    try {
      found.push(attempt());
    } catch (error) {
      // Ones may be no input for the op: an index, for instance. Zeros were.
      failure ??= error;
    }
  const [first] = found;
  if (!first)
    throw new CompileError(
      `${name} cannot be captured: it looks at the values of its tensors, and refuses those that torch.compile tried ` +
        `(${failure instanceof Error ? failure.message : String(failure)}); call it outside of the compiled function`,
    );
  const form = formOf(first.result);
  if (found.some(({ result }) => formOf(result) !== form))
    throw new CompileError(
      `${name} cannot be captured: the shape of its result depends on values, and a program's shapes are fixed; call it ` +
        "outside of the compiled function, or use a form of fixed shape (torch.where, a mask)",
    );
  return first;
}

/** The call of an op in every run; where there can be none, an op around it perhaps can be called: a HostAccess tells that one. */
export function orTellOuter(inner: boolean, draws: boolean, call: (draws: boolean) => CalledOp): CalledOp {
  try {
    return call(draws);
  } catch (error) {
    throw inner && error instanceof CompileError ? new HostAccess(error.message, draws, error) : error;
  }
}
