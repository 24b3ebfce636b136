// What a backend owes: compiled nests and routines over plain typed arrays. A backend knows the IR, never a tensor.
// Floor L2 (backend).

import type { DType, TypedArray } from "../base/dtype.ts";
import type { MapNest, ReduceNest } from "../ir/nest.ts";
import type { Buffer, BufferId, KernelStep, Program } from "../ir/program.ts";
import type { Routines } from "../ir/routines.ts";
import type { RowNest } from "../ir/row.ts";

/** An array, or the number that a scalar operand is. (bigint for a scalar int64 beyond 2^53.) */
export type Operand = TypedArray | number;

/** A strided operand; `strides` has one entry per dimension of the loop (0 repeats). */
export interface StridedOperand {
  readonly data: Operand;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** A compiled map nest. */
export interface MapKernel {
  /**
   * The hot path: every array operand contiguous. `out` may be the same array as an operand at the same offset (in place).
   * A scalar operand is given as a number, its offset is ignored; operands past the nest's count are ignored.
   */
  run(
    n: number,
    out: TypedArray,
    outOffset: number,
    a: Operand,
    aOffset: number,
    b: Operand,
    bOffset: number,
    c: Operand,
    cOffset: number,
    d: Operand,
    dOffset: number,
  ): void;
  /** Any strides. If `out` overlaps an operand it must be the same elements in the same order. */
  runStrided(shape: readonly number[], out: StridedOperand, operands: readonly StridedOperand[]): void;
}

/**
 * A compiled reduction: contiguous input [outer, reduced, inner] to contiguous output [outer, inner]. `count` is what the
 * nest's `post` takes as the number of elements; by default `reduced`.
 */
export interface ReduceKernel {
  run(
    outer: number,
    reduced: number,
    inner: number,
    out: TypedArray,
    outOffset: number,
    input: TypedArray,
    inputOffset: number,
    count?: number,
  ): void;
}

/** A compiled row nest. */
export interface RowKernel {
  /**
   * Operands are contiguous from their offsets, scalar ones numbers. `outputs` are the results [rows, n] of the maps and
   * then those [rows] of the values and [n] of the sums, written from element 0 on.
   */
  run(
    rows: number,
    n: number,
    operands: readonly Operand[],
    offsets: readonly number[],
    outputs: readonly TypedArray[],
  ): void;
}

/** An array, and the element of it that is the first of a buffer. */
export interface PlacedArray {
  readonly data: TypedArray;
  readonly offset: number;
}

/** A step of a program, compiled by itself. */
export interface StepKernel {
  /** Array i is the step's buffer i. */
  run(arrays: readonly PlacedArray[]): void;
}

/** Elements in the memory that programs work in. `array` is a view that eager code may read and write at any time. */
export interface Region {
  readonly address: number;
  readonly array: TypedArray;
}

/** Bytes from which outputs are lent: less is copied as fast as a loan is looked after. */
export const leastLent = 32768;

/** A program, ready to run. */
export interface CompiledProgram {
  /** The buffers of kinds input, const and output, as views of the memory; state is where the caller put it. */
  view(buffer: BufferId): TypedArray;
  /**
   * Lends an output as an array over the memory where it is, to be given back to {@link Programs.results}; from then on the output is
   * elsewhere, without values until the next run. null where it is smaller than {@link leastLent} or memory is short.
   */
  lend(buffer: BufferId): TypedArray | null;
  /** Numbers of the host, in the order of `Program.scalars`: written before `run`. */
  readonly scalars: Float64Array;
  /** Runs all steps. Throws what a host step throws, and the error of a step for an index out of range. */
  run(): void;
  /** Gives the memory of everything but state back. */
  release(): void;
  /** For explain(): what was generated. */
  readonly report: ProgramReport;
}

export interface ProgramReport {
  /** In the order of the steps; several steps may share the code of one kernel. */
  readonly kernels: readonly {
    readonly name: string;
    readonly kind: string;
    readonly code: number;
    readonly flops: number;
    readonly bytes: number;
    /** How it does that, where there are several ways. */
    readonly note?: string;
  }[];
  /** Of temps, and what they would take side by side. */
  readonly plannedBytes: number;
  readonly allBytes: number;
  /** Where steps work: packed operands, blocks; in common, and on each thread. */
  readonly workBytes: number;
  readonly threadBytes: number;
  readonly moduleBytes: number;
  /** On how many threads the next run will be, and why on one where more are wanted. */
  readonly threads: number;
  readonly threadsNote?: string | null;
}

/** The part of a backend that runs whole programs. */
export interface Programs {
  /** Memory for state. @throws RuntimeError when there is no room: says how much was wanted and for what. */
  allocate(dtype: DType, length: number, purpose: string): Region;
  release(region: Region): void;
  /** `states` gives the region of every buffer of kind state, by its id. */
  compile(program: Program, states: ReadonlyMap<BufferId, Region>): CompiledProgram;
  /** What takes outputs back that were lent. */
  readonly results: Lender;
  /** Threads that programs run on from now on; the calling one counts. */
  setThreads(n: number): void;
  readonly threads: number;
}

/** Where arrays come from that somebody takes care of. */
export interface Lender {
  /** Takes an array's memory back, by its byteOffset and byteLength. Nobody may look at it any more. */
  give(at: number, bytes: number): void;
  /** Whether what comes back is overwritten with bytes of 255, so that whoever still looks notices. For tests; default false. */
  spoils: boolean;
}

/** Memory that kernels work in without copying. */
export interface ResultMemory extends Lender {
  /** An array of undefined values that stays valid; null where there is no room. */
  take(dtype: DType, length: number): TypedArray | null;
}

export interface Backend {
  readonly name: string;
  /** Where results may be; kernels take arrays that lie elsewhere as well. */
  readonly results?: ResultMemory;
  /** Compiles a nest; the caller keeps the result, there is no second cache. */
  map(nest: MapNest): MapKernel;
  reduce(nest: ReduceNest): ReduceKernel;
  row(nest: RowNest): RowKernel;
  /** Compiles a step that needs no numbers of the host and cannot fail. Buffers are of kind input or output. */
  step?(step: KernelStep, buffers: readonly Buffer[]): StepKernel;
  readonly routines: Routines;
  /** Where the backend runs whole programs. */
  readonly programs?: Programs;
}

let active: Backend | null = null;

/** Called once by the environment preset (index.ts); tests may swap it. */
export function setBackend(backend: Backend): void {
  active = backend;
}

export function getBackend(): Backend {
  if (!active) throw new Error('no backend is set: import from "flambeau", whose entry sets one');
  return active;
}
