// What the code of a program's step is written with. Each kind of step has a file that makes a `StepCode` from a step; assemble.ts
// gives equal ones one function, and calls it with the addresses of each step.
// Floor L2 (backend/wasm/program).

import type { Access, Buffer, Step } from "../../../ir/program.ts";
import type { Func, FunctionBuilder, Local, ModuleBuilder } from "../encoder.ts";
import type { Emitter } from "../lanes.ts";

/** The function that is being written. Its first two parameters are the thread's number and how many there are. */
export interface Context {
  readonly e: Emitter;
  readonly f: FunctionBuilder;
  readonly module: ModuleBuilder;
  readonly thread: Local;
  readonly threads: Local;
  /** First byte of each access that the code listed, in its order. */
  readonly addresses: readonly Local[];
  /** Memory that all threads see, and memory of this thread alone: as much as the code asked for, 64-byte aligned. */
  readonly shared: Local;
  readonly own: Local;
  /**
   * This thread's share [start, end) of `total` items, in multiples of `grain` (the last share may end at `total`): locals, set here.
   * Which items a share has never changes what is computed for an item.
   */
  share(total: number, grain: number): { readonly start: Local; readonly end: Local };
  /** Waits until all threads are here. Nothing where the step runs on one thread. */
  barrier(): void;
  /**
   * The function of another step, of (thread, threads, shared, own, addresses of its accesses); `parallel` if all threads call it.
   * Equal ones are one.
   */
  nested(code: StepCode, parallel: boolean): Func;
  /** Whether several threads run this step. */
  readonly parallel: boolean;
  /** Leaves the program with an error: code `reason` is looked up in the step's `failures`. */
  fail(reason: number): void;
}

/** The code of a step. */
export interface StepCode {
  /** Steps of equal keys get one function: whatever the code depends on, besides addresses, is in it. */
  readonly key: string;
  readonly name: string;
  /** What the function takes: accesses, whose first bytes are addresses, or numbers of the host, whose float64 cells are. */
  readonly addresses: readonly (Access | { readonly scalar: number })[];
  readonly sharedBytes: number;
  readonly ownBytes: number;
  /** Floating-point operations and bytes of memory that the step moves: what decides about threads, and what explain() prints. */
  readonly flops: number;
  readonly bytes: number;
  /** What the step takes one thread, in ns, where flops and bytes do not tell; and the longest part that threads can share. */
  readonly duration?: { readonly total: number; readonly longest: number };
  /** What explain() adds to the name. */
  readonly note?: string;
  /** What {@link Context.fail} throws. */
  readonly failures?: readonly (() => Error)[];
  emit(c: Context): void;
}

/** What makes the code of steps of one kind. */
export type StepEmitter<S extends Step> = (step: S, buffers: readonly Buffer[]) => StepCode;
