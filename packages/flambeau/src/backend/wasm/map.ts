// Compiles a map nest, and runs it by streaming operands through linear memory in chunks that stay in cache.
// Floor L2 (backend/wasm).

import { dtypes } from "../../base/dtype.ts";
import type { MapNest } from "../../ir/nest.ts";
import type { MapKernel } from "../backend.ts";
import { compileKernel, evaluate, unrolling } from "./codegen.ts";
import type { Code, Local } from "./encoder.ts";
import { i32, v128 } from "./encoder.ts";
import type { Emitter, Group } from "./lanes.ts";
import { elementBytes, loadGroups, loadScalar, storeGroups } from "./lanes.ts";
import type { LinearMemory } from "./memory.ts";
import { bufferBytes, maxChunk, operandAddress, outputAddress } from "./memory.ts";
import { largeRun, revectorize } from "./revectorize.ts";
import type { StreamIn, StreamOut } from "./stream.ts";
import { streamIn, streamOut, streamScalar } from "./stream.ts";
import type { StridedContext } from "./strided.ts";
import { runStrided } from "./strided.ts";

/** The kernel proper: elements 0..n of the operands' buffers to the output's buffer, n >= 1. */
type Kernel = (n: number) => void;

/** Elements that fit the streaming buffers. */
export function chunkOf(nest: MapNest): number {
  let bytes = dtypes[nest.body.dtype].bytes;
  for (const o of nest.operands) if (!o.scalar) bytes = Math.max(bytes, dtypes[o.dtype].bytes);
  return Math.min(maxChunk, bufferBytes / bytes);
}

/** Bodies up to this cost are computed four groups at a time: maps have no sums to keep in registers. */
const longest = 16;

/**
 * One loop without a remainder: the last round reads and writes past n, inside the buffers' guard zone. So an
 * element's bits do not depend on where in an array it stands.
 */
export function emitMap(e: Emitter, nest: MapNest, n: Local): void {
  const { f } = e;
  const count = unrolling([nest.body], longest);
  const widths = new Set<1 | 4 | 8>([elementBytes[nest.body.dtype]]);
  for (const o of nest.operands) if (!o.scalar) widths.add(elementBytes[o.dtype]);
  const pointers = new Map([...widths].map((w) => [w, f.local("i32")]));
  const [width, pointer] = [...pointers][0]!;
  const end = f.let("i32", i32.mul(n, width));

  f.loop((again) => {
    const inputs = new Map<number, Group[]>();
    const input = (index: number): Group[] => {
      let groups = inputs.get(index);
      if (!groups) {
        const { dtype, scalar } = nest.operands[index]!;
        const address = operandAddress(index);
        groups = scalar
          ? new Array<Group>(count).fill(loadScalar(e, dtype, address))
          : loadGroups(e, dtype, pointers.get(elementBytes[dtype])!, address, count);
        inputs.set(index, groups);
      }
      return groups;
    };
    const compute = (): void => {
      const results = evaluate(e, nest.body, count, input);
      storeGroups(e, nest.body.dtype, results, pointers.get(elementBytes[nest.body.dtype])!, outputAddress);
    };
    e.rare = [];
    compute();
    const masks = e.rare;
    e.rare = null;
    if (masks.length > 0)
      f.if(v128.any_true(masks.slice(1).reduce<Code | Local>((a, b) => v128.or(a, b), masks[0]!)), () => {
        inputs.clear();
        compute();
      });
    for (const [w, p] of pointers) f.set(p, i32.add(p, 4 * count * w));
    f.brIf(again, i32.lt_u(pointer, end));
  });
}

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
  const run = runners[nest.operands.length]!(cell, chunk, ...streams, write);
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
    this.#compile = () => compileKernel(memory, [nest.body], ["n"], (e, p) => emitMap(e, nest, p["n"]!));
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
