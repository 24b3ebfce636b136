// The recorder that listens while torch.compile runs a function, and what the rest of the library says to it.
// Floor L3 (tensor).

import type { Operand, StridedOperand } from "../backend/backend.ts";
import type { DType, TypedArray } from "../base/dtype.ts";
import { CompileError } from "../base/errors.ts";
import { guardDraws, guardSeeds } from "../base/generator.ts";
import type { MapNest, ReduceNest } from "../ir/nest.ts";
import type { Access, Step } from "../ir/program.ts";
import type { MatrixView } from "../ir/routines.ts";
import type { RowNest } from "../ir/row.ts";
import type { Storage } from "./storage.ts";
import type { AnyTensor } from "./tensor.ts";

// biome-ignore lint/suspicious/noExplicitAny: ops take whatever they take.
type Fn = (...args: any[]) => any;

/**
 * A step over tensors instead of accesses: what ops with code of their own in programs record. What is written in part keeps the rest of
 * its elements.
 */
export type StepOf = (
  read: (x: AnyTensor) => Access,
  write: (x: AnyTensor, part?: boolean) => Access,
) => Step;

/** A packed tensor that the first round looks at; others look `advance[d]` elements further along for each index along dimension d. */
export interface RoundTensor {
  readonly tensor: AnyTensor;
  readonly advance: readonly number[];
}

/** A part of a function that is done again and again, on other parts of tensors. */
export interface Rounds {
  readonly name: string;
  /** Rounds along each dimension, the last one first. */
  readonly counts: readonly number[];
  /** Rounds whose indices differ in so many first dimensions have nothing to do with each other. Default 0. */
  readonly apart?: number;
  readonly reads: readonly RoundTensor[];
  /** What the body changes in place. Default none. */
  readonly changes?: readonly RoundTensor[];
  /** Where the results of the body go. */
  readonly writes: readonly RoundTensor[];
  /**
   * The first round, of what it reads, and then changes. It may look at nothing else that was there before, and does nothing that JavaScript
   * must do.
   */
  readonly body: (given: readonly AnyTensor[]) => readonly AnyTensor[];
}

/**
 * While there is a recorder, nothing is computed: launches of kernels become steps of a program, and the arrays behind
 * tensors stand for buffers; looking into one throws {@link HostAccess}.
 */
export interface Recorder {
  /** The array that stands for a storage's elements. */
  arrayOf(storage: Storage, data: TypedArray): TypedArray;
  /** A storage was made over `data`. */
  born(storage: Storage, data: TypedArray): void;
  /** A new array, of zeros or of nothing in particular. */
  allocate(dtype: DType, n: number, zeros: boolean): TypedArray;
  map(
    nest: MapNest,
    n: number,
    out: TypedArray,
    outOffset: number,
    operands: readonly Operand[],
    offsets: readonly number[],
  ): void;
  mapStrided(
    nest: MapNest,
    shape: readonly number[],
    out: StridedOperand,
    operands: readonly StridedOperand[],
  ): void;
  reduce(
    nest: ReduceNest,
    outer: number,
    reduced: number,
    inner: number,
    out: TypedArray,
    outOffset: number,
    input: TypedArray,
    inputOffset: number,
    count: number,
  ): void;
  row(
    nest: RowNest,
    rows: number,
    n: number,
    operands: readonly Operand[],
    offsets: readonly number[],
    outputs: readonly TypedArray[],
  ): void;
  matmul(
    batch: number,
    m: number,
    n: number,
    k: number,
    a: MatrixView,
    aBatchStride: number,
    b: MatrixView,
    bBatchStride: number,
    out: TypedArray,
    outOffset: number,
    bias: { readonly data: TypedArray; readonly offset: number; readonly stride: number } | null,
  ): void;
  /** Copies of one dtype between arrays: `to` at strides over `shape` from `from`. */
  copy(dtype: DType, shape: readonly number[], to: StridedOperand, from: StridedOperand): void;
  /** A step that the op makes itself; packed tensors only. */
  step(make: StepOf): void;
  /** Says whether rounds could be recorded; if not, nothing was. */
  repeat(rounds: Rounds): boolean;
  /** `fill` draws numbers of `generator` into `data`, all of it; done in every run. */
  draw(name: string, data: TypedArray, offset: number, n: number, fill: (out: TypedArray) => void): void;
  /** Something that JavaScript does in every run, in the order of draws: to a generator. */
  host(name: string, run: () => void): void;
  /** `look` sees the elements of x, packed, in every run: to refuse some of them by an error. */
  check(name: string, x: AnyTensor, look: (elements: TypedArray) => void): void;
  /**
   * Runs an op's forward; where that looks at elements, the op is called in every run instead, or `instead` does what is to be done:
   * the gradient of an op that is made of others would be lost.
   */
  call(name: string, forward: Fn, args: readonly unknown[], instead?: (() => unknown) | null): unknown;
  /** The same for an op that changes its first argument. */
  mutate(name: string, change: Fn, self: AnyTensor, args: readonly unknown[]): void;
  /** A number that `f` computes anew for every run: stands for it until it reaches a kernel. */
  scalar(name: string, f: () => number): number;
  /** Something that JavaScript does in every run, in the order of `effect` and `scalar` calls. */
  effect(f: () => void): void;
  /** The program holds as long as `f` gives the same. */
  fact(f: () => unknown): void;
  /** A module was called. */
  module(module: object): void;
  /** Whether `tensor` requires a gradient was asked. */
  asked(tensor: AnyTensor): void;
  /** The gradient of `tensor` is read or written. */
  leaf(tensor: AnyTensor): void;
  /** An optimizer has used the gradient of `leaf`, which nobody needs afterwards. */
  consumed(leaf: AnyTensor): void;
}

/**
 * Counts up whenever a tensor begins or ceases to require a gradient, or moves to other memory: while it stands still, what compiled
 * functions rely on of that is as it was.
 */
export const surroundings: { epoch: number } = { epoch: 0 };

/** Something that stands between a storage and those who look at its elements. */
export interface Watcher {
  /** The array that they get. */
  arrayOf(storage: Storage, data: TypedArray): TypedArray;
}

/**
 * Is told of every op while a function runs as ever: its name, its arguments, its results. For writing the function down in the
 * language of others.
 */
export interface Tracer extends Watcher {
  /** `f(...args)`, an op that computes something new, or views. */
  op(name: string, f: Fn, args: readonly unknown[]): unknown;
  /** The same for a function over ops; what it calls may be told instead. */
  composite(name: string, f: Fn, args: readonly unknown[]): unknown;
  /** The same for an op that changes its first argument. */
  mutation(name: string, f: Fn, args: readonly unknown[]): unknown;
  /** `f()`, which calls `module`. */
  module(module: object, f: () => unknown): unknown;
  /** Random numbers are about to be drawn. */
  draw(): void;
}

/** What is recording now; null nearly always. */
export let recorder: Recorder | null = null;
/** What is tracing now; null nearly always, and never set together with a recorder. */
export let tracer: Tracer | null = null;
/** The recorder or the tracer. */
export let watcher: Watcher | null = null;

export function setRecorder(r: Recorder | null): void {
  recorder = r;
  watcher = r;
  guardDraws(r === null ? null : refuseDraw);
  guardSeeds(r === null ? null : (start) => r.host("manualSeed", start));
}

export function setTracer(t: Tracer | null): void {
  tracer = t;
  watcher = t;
  guardDraws(t === null ? null : () => t.draw());
}

/** A function over ops that a tracer sees as one, if it wants to. */
export const traced = <F extends Fn>(name: string, f: F): F =>
  ((...args: unknown[]) => (tracer === null ? f(...args) : tracer.composite(name, f, args))) as F;

/** Runs `body` as if nothing were recording. */
export function unrecorded<T>(body: () => T): T {
  const before = recorder;
  setRecorder(null);
  try {
    return body();
  } finally {
    setRecorder(before);
  }
}

/** Thrown where JavaScript looks at elements that are not there while a function is captured. */
export class HostAccess extends Error {
  override name = "HostAccess";
  /** Whether random numbers were asked for, not elements. */
  readonly draws: boolean;
  /** Why the op that looked could not be called in every run instead; null before that was tried. */
  readonly refusal: Error | null;

  constructor(what: string, draws = false, refusal: Error | null = null) {
    super(what);
    this.draws = draws;
    this.refusal = refusal;
  }
}

/** `read()`, which looks at elements. @throws CompileError that says `refusal`, where they are not there in a capture. */
export function known<T>(read: () => T, refusal: string): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof HostAccess ? new CompileError(refusal) : error;
  }
}

function refuseDraw(): never {
  throw new HostAccess("random numbers were drawn", true);
}

/**
 * A number that may differ from run to run of a captured function, such as a learning rate: `f()`. It must go straight to an op,
 * as a factor or an option; whatever is computed from it belongs into `f`.
 */
export const hostNumber = (name: string, f: () => number): number =>
  recorder === null ? f() : recorder.scalar(name, f);

/** Does something in JavaScript now, and in every run of a captured function: counting steps, for instance. */
export function hostEffect(f: () => void): void {
  if (recorder === null) f();
  else recorder.effect(f);
}

/** The same in the order of random draws. */
export function hostStep(name: string, run: () => void): void {
  if (recorder === null) run();
  else recorder.host(name, run);
}

/** Something that decides what a function launches, other than options of optimizers that are not numbers: `f()`, read before effects. */
export function hostFact<T>(f: () => T): T {
  if (recorder === null) return f();
  recorder.fact(f);
  return unrecorded(f);
}

/** Fills `n` elements of an array with random numbers, also in every run of a captured function. */
export function drawInto(
  name: string,
  data: TypedArray,
  offset: number,
  n: number,
  fill: (out: TypedArray) => void,
): void {
  if (recorder !== null) recorder.draw(name, data, offset, n, fill);
  else fill(offset === 0 && n === data.length ? data : data.subarray(offset, offset + n));
}
