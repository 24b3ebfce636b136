// Runs a map nest on results where they lie in linear memory, without copying them.
// Floor L2 (backend/wasm).

import type { TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import type { MapNest } from "../../ir/nest.ts";
import type { Operand } from "../backend.ts";
import { compileKernel } from "./codegen.ts";
import type { Local } from "./encoder.ts";
import { anywhere, chunkOf, emitMap } from "./map-code.ts";
import type { LinearMemory } from "./memory.ts";
import { operandAddress } from "./memory.ts";
import { revectorize } from "./revectorize.ts";
import type { StreamIn } from "./stream.ts";

type Kernel = (n: number, out: number, a: number, b: number, c: number, d: number) => void;

/** Elements of the longest round of a kernel. */
const roundElements = 16;

/** Elements that the copies of a repeated row take up, about. */
const copiedElements = 2048;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

const names = ["a", "b", "c", "d"] as const;

/** The kernel of a map that takes addresses. */
export class DirectMap {
  readonly #memory: LinearMemory;
  readonly #nest: MapNest;
  readonly #streams: readonly StreamIn[];
  readonly #bytes: readonly number[];
  readonly #outBytes: number;
  readonly #chunk: number;
  #kernel: Kernel | null = null;
  /** Whether a round may compute anew from operands that its result has overwritten. */
  #readsTwice = true;
  /** Bit i: operand i of the call has to be streamed. */
  #streamed = 0;

  constructor(memory: LinearMemory, nest: MapNest, streams: readonly StreamIn[]) {
    this.#memory = memory;
    this.#nest = nest;
    this.#streams = streams;
    this.#bytes = nest.operands.map((o) => dtypes[o.dtype].bytes);
    this.#outBytes = dtypes[nest.body.dtype].bytes;
    this.#chunk = chunkOf(nest);
  }

  #compile(): Kernel {
    // Code that was optimised before the vectors could be paired would stay as it is.
    revectorize();
    return compileKernel<Kernel>(this.#memory, [this.#nest.body], ["n", "out", ...names], (e, p) => {
      const operands = names.map((name) => p[name] as Local);
      this.#readsTwice = emitMap(e, this.#nest, p["n"]!, anywhere(this.#nest, p["out"]!, operands));
    });
  }

  /** Whether the result is a place of results, and ends where the place does: the last round writes past the end. */
  takes(n: number, out: TypedArray, outOffset: number): boolean {
    return outOffset + n === out.length && this.#memory.holds(out);
  }

  /** The address of an operand; 0 for one that has to be streamed. */
  #address(index: number, operand: Operand, offset: number, out: TypedArray): number {
    if (index >= this.#bytes.length) return 0;
    if (typeof operand === "number") {
      this.#streams[index]!(operand, 0, 1);
      return operandAddress(index);
    }
    if (!this.#memory.holds(operand) || (this.#readsTwice && operand === out)) {
      this.#streamed |= 1 << index;
      return operandAddress(index);
    }
    return operand.byteOffset + offset * this.#bytes[index]!;
  }

  /** Runs where {@link takes} says so. Operands that lie elsewhere are streamed. */
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
  ): void {
    const kernel = (this.#kernel ??= this.#compile());
    this.#streamed = 0;
    const to = out.byteOffset + outOffset * this.#outBytes;
    const x = this.#address(0, a, aOffset, out);
    const y = this.#address(1, b, bOffset, out);
    const z = this.#address(2, c, cOffset, out);
    const w = this.#address(3, d, dOffset, out);
    if (this.#streamed === 0) {
      kernel(n, to, x, y, z, w);
      return;
    }
    const offsets = [aOffset, bOffset, cOffset, dOffset];
    this.#runPieces(n, this.#chunk, to, [x, y, z, w], this.#bytes, [a, b, c, d], offsets);
  }

  /** Pieces of the result one after the other: streams operands that have to be, and moves the others on by `steps` bytes an element. */
  #runPieces(
    n: number,
    piece: number,
    to: number,
    at: readonly number[],
    steps: readonly number[],
    operands: readonly Operand[],
    offsets: readonly number[],
  ): void {
    const streamed = (i: number): boolean => ((this.#streamed >> i) & 1) === 1;
    const [dx = 0, dy = 0, dz = 0, dw = 0] = steps.map((bytes, i) => (streamed(i) ? 0 : bytes * piece));
    let [x = 0, y = 0, z = 0, w = 0] = at;
    for (let done = 0; done < n; done += piece) {
      const m = Math.min(piece, n - done);
      if (this.#streamed !== 0)
        for (let i = 0; i < steps.length; i++)
          if (streamed(i)) this.#streams[i]!(operands[i]!, offsets[i]! + done, m);
      this.#kernel!(m, to + done * this.#outBytes, x, y, z, w);
      x += dx;
      y += dy;
      z += dz;
      w += dw;
    }
  }

  /**
   * The same for rows of a matrix: operands that `repeats` names have one row, which goes with each of them. Says whether it ran.
   */
  runRows(
    rows: number,
    cols: number,
    out: TypedArray,
    outOffset: number,
    operands: readonly Operand[],
    offsets: readonly number[],
    repeats: readonly boolean[],
  ): boolean {
    // Whole rounds of the kernel: what it writes past the end of a piece, it has not read yet.
    const whole = roundElements / gcd(cols, roundElements);
    const most = Math.floor(this.#chunk / cols / whole) * whole;
    // Copies of a row cost about as much as they save calls of the kernel.
    const piece = Math.min(most, Math.ceil(copiedElements / cols / whole) * whole);
    if (piece === 0 || !this.takes(rows * cols, out, outOffset)) return false;
    this.#kernel ??= this.#compile();
    this.#streamed = 0;
    const copies = Math.min(piece, rows);
    const at = operands.map((operand, i) => {
      if (!repeats[i]) return this.#address(i, operand, offsets[i]!, out);
      const start = operandAddress(i);
      this.#streams[i]!(operand, offsets[i]!, cols);
      // Twice as many rows each time.
      const bytes = cols * this.#bytes[i]!;
      for (let n = 1; n < copies; n *= 2)
        this.#memory.u8.copyWithin(start + n * bytes, start, start + Math.min(n, copies - n) * bytes);
      return start;
    });
    const steps = this.#bytes.map((bytes, i) => (repeats[i] ? 0 : bytes));
    const to = out.byteOffset + outOffset * this.#outBytes;
    this.#runPieces(rows * cols, piece * cols, to, at, steps, operands, offsets);
    return true;
  }
}
