// Compiles a map nest, and runs it by streaming operands through linear memory in chunks that stay in cache.
// Floor L2 (backend/wasm).

import type { MapNest } from "../../ir/nest.ts";
import type { MapKernel } from "../backend.ts";
import { compileKernel } from "./codegen.ts";
import { chunkOf, emitMap } from "./map-code.ts";
import { DirectMap } from "./map-direct.ts";
import type { LinearMemory } from "./memory.ts";
import { operandAddress, outputAddress } from "./memory.ts";
import { largeRun, revectorize } from "./revectorize.ts";
import type { StreamIn, StreamOut } from "./stream.ts";
import { streamIn, streamOut, streamScalar } from "./stream.ts";
import type { StridedContext } from "./strided.ts";
import { runStrided } from "./strided.ts";

/** The kernel proper: elements 0..n of the operands' buffers to the output's buffer, n >= 1. */
type Kernel = (n: number) => void;

/** Fewer elements are never a place of results. */
const directFrom = 1024;

const noOperand: StreamIn = () => undefined;

/** Compiled at the first call; the functions that depend on the nest's dtypes are chosen once. */
export function createMapKernel(memory: LinearMemory, nest: MapNest): MapKernel {
  memory.ready();
  const chunk = chunkOf(nest);
  const streams = [0, 1, 2, 3].map((index) => {
    const o = nest.operands[index];
    if (!o) return noOperand;
    return (o.scalar ? streamScalar : streamIn)[o.dtype](memory, operandAddress(index));
  }) as [StreamIn, StreamIn, StreamIn, StreamIn];
  const write = streamOut[nest.body.dtype](memory, outputAddress);
  const cell = new KernelCell(memory, nest);
  const direct = new DirectMap(memory, nest, streams);
  const stream = runners[nest.operands.length]!(cell, chunk, ...streams, write);
  const run: Run = (n, out, o, a, aAt, b, bAt, c, cAt, d, dAt) => {
    if (n >= directFrom && direct.takes(n, out, o)) direct.run(n, out, o, a, aAt, b, bAt, c, cAt, d, dAt);
    else stream(n, out, o, a, aAt, b, bAt, c, cAt, d, dAt);
  };
  const context: StridedContext = {
    memory,
    chunk,
    dtypes: nest.operands.map((o) => o.dtype),
    scalars: nest.operands.map((o) => o.scalar),
    outDType: nest.body.dtype,
    kernel: (n) => {
      if (n > cell.limit) cell.grow();
      cell.kernel(n);
    },
    streams,
    streamOut: write,
    run,
    direct,
  };
  return { run, runStrided: (shape, out, operands) => runStrided(context, shape, out, operands) };
}

/** Holds the compiled kernel, and before the first call the function that compiles it. */
class KernelCell {
  kernel: Kernel;
  /** Calls with more elements than this go to `grow` first. */
  limit: number = largeRun;
  readonly #compile: () => Kernel;

  constructor(memory: LinearMemory, nest: MapNest) {
    this.#compile = () =>
      compileKernel(memory, [nest.body], ["n"], (e, p) => {
        emitMap(e, nest, p["n"]!);
      });
    this.kernel = (n) => {
      this.kernel = this.#compile();
      this.kernel(n);
    };
  }

  /** The first large run: asks for revectorised code, and drops the code that may have been optimised without. */
  grow(): void {
    this.limit = Number.POSITIVE_INFINITY;
    if (revectorize()) this.kernel = this.#compile();
  }
}

type Run = MapKernel["run"];
type MakeRun = (
  cell: KernelCell,
  chunk: number,
  inA: StreamIn,
  inB: StreamIn,
  inC: StreamIn,
  inD: StreamIn,
  out: StreamOut,
) => Run;

/** One piece of text per number of operands, for the same reason as in stream.ts. */
const run0: MakeRun = (cell, chunk, _a, _b, _c, _d, streamOut) => (n, out, o) => {
  if (n > cell.limit) cell.grow();
  for (let i = 0; i < n; i += chunk) {
    const m = n - i < chunk ? n - i : chunk;
    cell.kernel(m);
    streamOut(out, o + i, m);
  }
};
const run1: MakeRun = (cell, chunk, inA, _b, _c, _d, streamOut) => (n, out, o, a, aAt) => {
  if (n > cell.limit) cell.grow();
  for (let i = 0; i < n; i += chunk) {
    const m = n - i < chunk ? n - i : chunk;
    inA(a, aAt + i, m);
    cell.kernel(m);
    streamOut(out, o + i, m);
  }
};
const run2: MakeRun = (cell, chunk, inA, inB, _c, _d, streamOut) => (n, out, o, a, aAt, b, bAt) => {
  if (n > cell.limit) cell.grow();
  for (let i = 0; i < n; i += chunk) {
    const m = n - i < chunk ? n - i : chunk;
    inA(a, aAt + i, m);
    inB(b, bAt + i, m);
    cell.kernel(m);
    streamOut(out, o + i, m);
  }
};
const run3: MakeRun = (cell, chunk, inA, inB, inC, _d, streamOut) => (n, out, o, a, aAt, b, bAt, c, cAt) => {
  if (n > cell.limit) cell.grow();
  for (let i = 0; i < n; i += chunk) {
    const m = n - i < chunk ? n - i : chunk;
    inA(a, aAt + i, m);
    inB(b, bAt + i, m);
    inC(c, cAt + i, m);
    cell.kernel(m);
    streamOut(out, o + i, m);
  }
};
const run4: MakeRun =
  (cell, chunk, inA, inB, inC, inD, streamOut) => (n, out, o, a, aAt, b, bAt, c, cAt, d, dAt) => {
    if (n > cell.limit) cell.grow();
    for (let i = 0; i < n; i += chunk) {
      const m = n - i < chunk ? n - i : chunk;
      inA(a, aAt + i, m);
      inB(b, bAt + i, m);
      inC(c, cAt + i, m);
      inD(d, dAt + i, m);
      cell.kernel(m);
      streamOut(out, o + i, m);
    }
  };
const runners: readonly MakeRun[] = [run0, run1, run2, run3, run4];
