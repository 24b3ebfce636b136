// A random program that is being made: its buffers and what is known of them, and views, operands and results for steps.

import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes, isFloat } from "../../src/base/dtype.ts";
import { contiguousStrides, numel } from "../../src/base/shape.ts";
import type {
  Access,
  Buffer,
  BufferId,
  BufferKind,
  LoopOperand,
  LoopResult,
  PoolStep,
  Program,
  Step,
} from "../../src/ir/program.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import type { Known, Term } from "./random-expr.ts";
import { epsilon, RandomExpr } from "./random-expr.ts";
import type { Random } from "./random-numbers.ts";

export type StepKind = Step["kind"];

export interface DraftBuffer extends Buffer, Known {
  /** Of states and inputs. */
  readonly initial?: TypedArray;
  /** Of numbers of rows: they are from 0 to below this. Such buffers are never written. */
  readonly limit?: number;
  /** Whether all elements are defined, so that any step may read them. */
  readonly ready: boolean;
}

/** What all states stay within. */
const stateBound = 4;
/** Values further off are looked at by no other step. */
const largestError = 1e-3;

export class Draft {
  readonly random: Random;
  readonly types: readonly DType[];
  readonly elements: number;
  readonly k: ExprBuilder = new ExprBuilder();
  buffers: DraftBuffer[] = [];
  steps: Step[] = [];
  scalars: number[] = [];
  /** Max poolings, whose places a backward pass may use. */
  maxima: PoolStep[] = [];

  constructor(random: Random, types: readonly DType[], elements: number) {
    this.random = random;
    this.types = types;
    this.elements = elements;
    for (let i = random.between(1, 4); i > 0; i--)
      this.source(random.pick(types), random.between(1, elements));
  }

  save(): Pick<Draft, "buffers" | "steps" | "scalars" | "maxima"> {
    const { buffers, steps, scalars, maxima } = this;
    return { buffers: [...buffers], steps: [...steps], scalars: [...scalars], maxima: [...maxima] };
  }
  restore(saved: ReturnType<Draft["save"]>): void {
    Object.assign(this, saved);
  }

  program(): Program {
    const buffers = this.buffers.map(({ dtype, length, kind, name, data }): Buffer => {
      const buffer = { dtype, length, kind, name };
      return data ? { ...buffer, data } : buffer;
    });
    return { buffers, steps: this.steps, scalars: this.scalars.map((_, i) => `scalar${i}`) };
  }

  add(buffer: Omit<DraftBuffer, "name">): BufferId {
    return this.buffers.push({ ...buffer, name: `${buffer.kind}${this.buffers.length}` }) - 1;
  }

  #values(dtype: DType, length: number, limit?: number): TypedArray {
    const array = new dtypes[dtype].array(length);
    const { random } = this;
    const coarse = random.chance(0.3);
    for (let i = 0; i < length; i++) {
      const float = coarse ? random.between(-8, 8) / 4 : random.next() * 4 - 2;
      const integer = limit ? random.below(limit) : random.between(dtype === "uint8" ? 0 : -5, 9);
      const value = isFloat(dtype) ? float : dtype === "bool" ? random.below(2) : integer;
      array[i] = (dtype === "int64" ? BigInt(value) : value) as number;
    }
    return array;
  }

  /** A new state, input or constant. */
  source(dtype: DType, length: number, limit?: number): BufferId {
    const kind = this.random.pick<BufferKind>(
      limit ? ["input", "const"] : ["state", "input", "const", "state"],
    );
    const values = this.#values(dtype, length, limit);
    const bound = isFloat(dtype) ? stateBound : dtype === "bool" ? 1 : 9;
    return this.add({
      dtype,
      length,
      kind,
      bound,
      error: 0,
      ready: true,
      ...(kind === "const" ? { data: values } : { initial: values }),
      ...(limit ? { limit } : {}),
    });
  }

  /** A buffer that can be read, of the dtype and with so many elements at least; a new one if there is none. */
  readable(dtype: DType, length: number, exact = false): BufferId {
    const found = this.#find(
      (b) => b.ready && b.dtype === dtype && b.length >= length && !(exact && b.error > 0),
    );
    return found ?? this.source(dtype, length + this.random.below(5));
  }

  /** Numbers below `limit`. */
  indexBuffer(length: number, limit: number): BufferId {
    const found = this.random.chance(0.5)
      ? this.#find((b) => b.limit !== undefined && b.limit <= limit && b.length >= length)
      : null;
    return found ?? this.source(this.random.pick(["int32", "int64"] as const), length, limit);
  }

  #find(test: (b: DraftBuffer) => boolean): BufferId | null {
    const found = [...this.buffers.keys()].filter(
      (id) => test(this.buffers[id]!) && this.buffers[id]!.error <= largestError,
    );
    return found.length > 0 ? this.random.pick(found) : null;
  }

  /** A state or temp to write into, if there is one that is large enough. */
  writable(dtype: DType, length: number): BufferId | null {
    return this.#find(
      (b) =>
        b.ready &&
        (b.kind === "state" || b.kind === "temp") &&
        b.limit === undefined &&
        b.dtype === dtype &&
        b.length >= length,
    );
  }

  temp(dtype: DType, length: number): BufferId {
    return this.add({ dtype, length, kind: "temp", bound: 0, error: 0, ready: false });
  }

  /** Values like these were written to a part of the buffer, or to all of a new one. */
  wrote(id: BufferId, { bound, error }: Known): void {
    const b = this.buffers[id]!;
    this.buffers[id] = {
      ...b,
      bound: Math.max(b.bound, bound),
      error: Math.max(b.error, error),
      ready: true,
    };
  }

  /** Any access of `sizes` elements that fits. */
  view(id: BufferId, sizes: readonly number[]): Access {
    const { random } = this;
    const { length } = this.buffers[id]!;
    const order = random.chance(0.6) ? [...sizes.keys()] : random.shuffle([...sizes.keys()]);
    const strides = sizes.map(() => 0);
    const kept = random.chance(0.7) ? 1 : 0.5;
    const gap = random.chance(0.2) ? random.between(2, 3) : 1;
    let step = 1;
    for (const d of order.reverse()) {
      if (!random.chance(kept)) continue;
      if (step * gap * (sizes[d]! - 1) >= length - this.#reach(sizes, strides)) continue;
      strides[d] = step * gap;
      step *= sizes[d]!;
    }
    return { buffer: id, offset: this.#offset(length - this.#reach(sizes, strides)), strides };
  }

  #offset(room: number): number {
    return this.random.chance(0.5) || room <= 1 ? 0 : this.random.below(room);
  }

  #reach(sizes: readonly number[], strides: readonly number[]): number {
    return sizes.reduce((sum, n, d) => sum + Math.max(n - 1, 0) * strides[d]!, 0);
  }

  /** An access that has every element once, of a new temp of that size or of a part of a buffer. */
  target(dtype: DType, sizes: readonly number[]): Access {
    const { random } = this;
    const n = numel(sizes);
    const old = random.chance(0.25) && n > 0 ? this.writable(dtype, n) : null;
    const id = old ?? this.temp(dtype, n);
    const order = random.chance(0.7) ? [...sizes.keys()] : random.shuffle([...sizes.keys()]);
    const strides = sizes.map(() => 0);
    let step = 1;
    for (const d of order.reverse()) {
      strides[d] = step;
      step *= Math.max(sizes[d]!, 1);
    }
    return {
      buffer: id,
      offset: old === null ? 0 : this.#offset(this.buffers[old]!.length - n + 1),
      strides,
    };
  }

  packed(buffer: BufferId, sizes: readonly number[]): Access {
    const room = this.buffers[buffer]!.length - numel(sizes) + 1;
    return { buffer, offset: this.#offset(room), strides: contiguousStrides(sizes) };
  }

  sizes(rank: number, most: number = this.elements): number[] {
    const out: number[] = [];
    let room = most;
    for (let d = 0; d < rank; d++) {
      const n = this.random.chance(0.02) ? 0 : this.random.pick([1, 2, 3, 4, 5, 7, 8, 16, 17, 33, 64]);
      out.push(Math.min(n, Math.max(room, 1)));
      room = Math.floor(room / Math.max(out[d]!, 1));
    }
    return this.random.shuffle(out);
  }

  operand(sizes: readonly number[]): LoopOperand & Known {
    const { random } = this;
    const dtype = random.pick(this.types);
    if (random.chance(0.15)) {
      const value = isFloat(dtype) ? Math.fround(random.next() * 2 - 1) : random.below(2);
      const scalar = random.chance(0.5) && this.scalars.length > 0 ? null : this.scalars.push(value) - 1;
      if (scalar !== null) return { dtype, source: { scalar }, bound: 1, error: 0 };
    }
    const id = this.readable(dtype, random.between(1, Math.max(1, numel(sizes))));
    return { dtype, source: this.view(id, sizes), ...this.known(id) };
  }

  known(id: BufferId): Known {
    const { bound, error } = this.buffers[id]!;
    return { bound, error };
  }

  operands(most: number, sizes: readonly number[]): (LoopOperand & Known)[] {
    return Array.from({ length: this.random.between(0, most) }, () => this.operand(sizes));
  }

  terms(operands: readonly (LoopOperand & Known)[], from: number): Term[] {
    return operands.map(({ dtype, bound, error }, i) => ({
      expr: this.k.input(from + i, dtype),
      bound,
      error,
    }));
  }

  /** A body for a result, and where it goes: sometimes over an operand. */
  result(
    inputs: readonly Term[],
    operands: readonly LoopOperand[],
    sizes: readonly number[],
    first?: Term,
  ): LoopResult {
    const { random } = this;
    const source = operands.length > 0 && random.chance(0.3) ? random.pick(operands) : null;
    const over = source && "buffer" in source.source ? source.source : null;
    const kind = over && this.buffers[over.buffer]!;
    const inPlace =
      over && kind && (kind.kind === "state" || kind.kind === "temp") && kind.limit === undefined
        ? { ...over, strides: over.strides.slice(0, sizes.length) }
        : null;
    const dtype = inPlace ? kind!.dtype : random.pick(this.types);
    const maker = new RandomExpr(random, this.k, inputs);
    const made = maker.make(dtype, random.between(1, 3));
    const joined =
      first && first.expr.dtype === dtype && random.chance(0.9)
        ? {
            expr: this.k.add(first.expr, made.expr),
            bound: first.bound + made.bound,
            error: first.error + made.error + 2 * epsilon(dtype) * (first.bound + made.bound),
          }
        : made;
    const to = inPlace ?? this.target(dtype, sizes);
    const state = this.buffers[to.buffer]!.kind === "state" && isFloat(dtype);
    const term = maker.limit(joined, state ? stateBound : 10);
    this.wrote(to.buffer, term);
    return { body: term.expr, to };
  }

  push(step: Step): void {
    this.steps.push(step);
  }

  /** Temps become outputs: those that nobody reads, and some others. */
  chooseOutputs(): void {
    this.buffers = this.buffers.map((b) =>
      b.kind === "temp" && b.ready && this.random.chance(0.6) ? { ...b, kind: "output" } : b,
    );
  }
}

export const plain = ({ dtype, source }: LoopOperand): LoopOperand => ({ dtype, source });
