// Compiles a reduction, and runs it over arrays of any size in chunks.
// Floor L2 (backend/wasm).

import { dtypes } from "../../base/dtype.ts";
import type { ReduceNest } from "../../ir/nest.ts";
import { resultDType } from "../../ir/nest.ts";
import type { ReduceKernel } from "../backend.ts";
import { compileKernel } from "./codegen.ts";
import type { LinearMemory } from "./memory.ts";
import { bufferBytes, maxChunk, operandAddress, outputAddress } from "./memory.ts";
import {
  countAddress,
  emitColumns,
  emitRows,
  firstPiece,
  flushEvery,
  isWide,
  lastPiece,
} from "./reduce-codegen.ts";
import { emitShortRows } from "./reduce-short.ts";
import { largeRun, revectorize } from "./revectorize.ts";
import { fewElements, smallSum } from "./small-sums.ts";
import { streamIn, streamOut, streamScalar } from "./stream.ts";

type Rows = (at: number, rows: number, length: number, flags: number) => void;
type ShortRows = (at: number, rows: number, length: number) => void;
type Columns = (at: number, planes: number, rows: number, cols: number, flags: number, row: number) => void;

/** Below this length rows are reduced in the order of PyTorch's short sums. */
const shortLength = 8;

const whole = firstPiece | lastPiece;

export function createReduceKernel(memory: LinearMemory, nest: ReduceNest): ReduceKernel {
  memory.ready();
  const widest = Math.max(
    dtypes[nest.input].bytes,
    dtypes[nest.body.dtype].bytes,
    dtypes[resultDType(nest)].bytes,
  );
  const chunk = Math.min(maxChunk, bufferBytes / (isWide(nest) ? 8 : widest));
  const inputBytes = dtypes[nest.input].bytes;
  const read = streamIn[nest.input](memory, operandAddress(0));
  const write = streamOut[resultDType(nest)](memory, outputAddress);
  const setCount = nest.post ? streamScalar[nest.body.dtype](memory, countAddress) : null;
  const bodies = [nest.body, nest.post];

  let rows: Rows = (...args) => {
    rows = compileKernel<Rows>(memory, bodies, ["at", "rows", "length", "flags"], (e, p) =>
      emitRows(e, nest, p["at"]!, p["rows"]!, p["length"]!, p["flags"]!),
    );
    rows(...args);
  };
  let columns: Columns = (...args) => {
    columns = compileKernel<Columns>(
      memory,
      bodies,
      ["at", "planes", "rows", "cols", "flags", "row"],
      (e, p) => emitColumns(e, nest, p["at"]!, p["planes"]!, p["rows"]!, p["cols"]!, p["flags"]!, p["row"]!),
    );
    columns(...args);
  };

  let shortRows: ShortRows = (...args) => {
    shortRows = compileKernel<ShortRows>(memory, bodies, ["at", "rows", "length"], (e, p) =>
      emitShortRows(e, nest, p["at"]!, p["rows"]!, p["length"]!),
    );
    shortRows(...args);
  };

  const few = smallSum(nest);

  const flagsOf = (start: number, end: number, length: number): number =>
    (start === 0 ? firstPiece : 0) | (end >= length ? lastPiece : 0);

  const run: ReduceKernel["run"] = (
    outer,
    reduced,
    inner,
    out,
    outOffset,
    input,
    inputOffset,
    count = reduced,
  ) => {
    if (outer === 0 || inner === 0) return;
    setCount?.(count, 0, 1);
    const plane = reduced * inner;
    if (few && outer * plane <= fewElements && (inner > 1 || reduced >= shortLength)) {
      few(outer, reduced, inner, out as Float32Array, outOffset, input as Float32Array, inputOffset, count);
      return;
    }
    if (outer * plane > largeRun) revectorize();
    const short = inner === 1 && reduced > 0 && reduced < shortLength;
    const alongRows = inner === 1 && reduced >= shortLength;
    const direct = memory.holds(input);
    /** The address of n elements of the input from the i-th on: where they are, or where they are copied to. */
    const place = (i: number, n: number): number => {
      if (direct) return input.byteOffset + (inputOffset + i) * inputBytes;
      if (n > 0) read(input, inputOffset + i, n);
      return operandAddress(0);
    };
    if (plane <= chunk && inner <= chunk) {
      // Whole planes, as many as fit.
      const most = Math.max(1, Math.floor(chunk / Math.max(direct ? 1 : plane, inner)));
      for (let o = 0; o < outer; o += most) {
        const n = outer - o < most ? outer - o : most;
        const at = place(o * plane, n * plane);
        if (short) shortRows(at, n, reduced);
        else if (alongRows) rows(at, n, reduced, whole);
        else columns(at, n, reduced, inner, whole, 0);
        write(out, outOffset + o * inner, n * inner);
      }
    } else if (alongRows) {
      const piece = direct ? reduced : chunk;
      for (let o = 0; o < outer; o++) {
        for (let r = 0; r < reduced; r += piece) {
          const n = Math.min(piece, reduced - r);
          rows(place(o * plane + r, n), 1, n, flagsOf(r, r + n, reduced));
        }
        write(out, outOffset + o, 1);
      }
    } else {
      // Tiles of columns; where a row fits, several rows at once.
      const tile = Math.min(inner, chunk);
      const most = inner <= chunk ? Math.floor(chunk / inner) : 1;
      for (let o = 0; o < outer; o++)
        for (let c = 0; c < inner; c += tile) {
          const cols = Math.min(tile, inner - c);
          for (let r = 0; r < reduced || r === 0; r += most) {
            const n = Math.min(most, reduced - r);
            const at = place(o * plane + r * inner + c, n * cols);
            columns(at, 1, n, cols, flagsOf(r, r + n, reduced), r % flushEvery);
          }
          write(out, outOffset + o * inner + c, cols);
        }
    }
  };
  return { run };
}
