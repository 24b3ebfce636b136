// Copies matrices between the caller's arrays and linear memory, whole where their strides allow it.
// Floor L2 (backend/wasm).

import type { TypedArray } from "../../../base/dtype.ts";
import type { MatrixView } from "../../../ir/routines.ts";
import type { LinearMemory } from "../memory.ts";

/** Below this many elements a loop is faster than a call of `set` on a view made for it (50 to 100 ns). */
const loopLimit = 48;
/** The same without making a view. */
const wholeLoopLimit = 16;

/**
 * REP MOVSB of Zen 3 copies at a twentieth of its speed when the target lies 1 to 63 bytes past the source modulo
 * 4096. The staging address moves on by half a page then. (Large ArrayBuffers begin 0 or 16 bytes into a page.)
 */
export const dodge = (from: number, to: number): number => (((to - from + 32) & 4095) < 128 ? 2048 : 0);
/** What `dodge` may add. */
export const dodgeBytes = 2048;

/** Copies n elements from `data[offset]` to `heap[to]`. */
export function copyIn(heap: TypedArray, to: number, data: TypedArray, offset: number, n: number): void {
  const target = heap as Float32Array;
  const source = data as Float32Array;
  const whole = offset === 0 && n === source.length;
  if (n <= (whole ? wholeLoopLimit : loopLimit)) {
    for (let i = 0; i < n; i++) target[to + i] = source[offset + i]!;
  } else {
    target.set(whole ? source : source.subarray(offset, offset + n), to);
  }
}

/** Copies n elements from `heap[from]` to `out[offset]`. */
export function copyOut(out: TypedArray, offset: number, heap: TypedArray, from: number, n: number): void {
  const target = out as Float32Array;
  const source = heap as Float32Array;
  if (n <= loopLimit) for (let i = 0; i < n; i++) target[offset + i] = source[from + i]!;
  else target.set(source.subarray(from, from + n), offset);
}

/** How a matrix is stored: rows of adjacent elements, columns of them, or neither. */
export type Layout = "rows" | "columns" | "scattered";

export function layoutOf(view: MatrixView, rows: number, cols: number): Layout {
  if (view.colStride === 1 && (cols > 1 || rows === 1 || view.rowStride === 1)) return "rows";
  if (view.rowStride === 1 && rows > 1) return "columns";
  return "scattered";
}

/**
 * Copies `rows` runs of `cols` adjacent elements, `stride` apart, to `heap[to]`. Returns the distance of the copied
 * runs: `cols`, or `stride` where the gaps are small enough to be copied along. At most `span(rows, cols)`
 * elements are written.
 */
export function copyRuns(
  heap: TypedArray,
  to: number,
  data: TypedArray,
  offset: number,
  stride: number,
  rows: number,
  cols: number,
): number {
  if (rows === 1 || stride === cols) {
    copyIn(heap, to, data, offset, rows * cols);
    return cols;
  }
  if (stride > cols && 4 * stride <= 5 * cols) {
    copyIn(heap, to, data, offset, (rows - 1) * stride + cols);
    return stride;
  }
  for (let r = 0; r < rows; r++) copyIn(heap, to + r * cols, data, offset + r * stride, cols);
  return cols;
}

/** Runs past the last one that kernels may read. */
const slackRuns = 16;

/** Where a matrix lies in linear memory: the address of a run, and the distance of runs in elements. */
export type Staged = readonly [at: number, run: number];

/**
 * {@link copyRuns} to the address `to`, or nothing where the runs lie in linear memory anyway. Kernels may read some more runs
 * than there are, of either.
 */
export function stageRuns(
  memory: LinearMemory,
  heap: TypedArray,
  to: number,
  data: TypedArray,
  offset: number,
  stride: number,
  rows: number,
  cols: number,
): Staged {
  const size = data.BYTES_PER_ELEMENT;
  if (stride >= 0 && memory.holds(data)) {
    const at = data.byteOffset + offset * size;
    if (at + (rows + slackRuns) * stride * size < memory.sizeBytes) return [at, stride];
  }
  return [to, copyRuns(heap, to / size, data, offset, stride, rows, cols)];
}

/** Elements that `copyRuns` may write for a matrix of rows * cols. */
export const span = (rows: number, cols: number): number => Math.ceil((rows * cols * 5) / 4);

/** Copies any matrix element by element: heap[to + r * toStride + c] = view[r, c]. */
export function gather(
  heap: TypedArray,
  to: number,
  toStride: number,
  data: TypedArray,
  offset: number,
  rowStride: number,
  colStride: number,
  rows: number,
  cols: number,
): void {
  const target = heap as Float32Array;
  const source = data as Float32Array;
  for (let r = 0; r < rows; r++) {
    let at = offset + r * rowStride;
    const end = to + r * toStride + cols;
    for (let i = end - cols; i < end; i++, at += colStride) target[i] = source[at]!;
  }
}
