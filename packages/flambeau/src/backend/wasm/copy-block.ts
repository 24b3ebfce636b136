// Copies blocks of rows and columns between strided arrays and linear memory.
// Floor L2 (backend/wasm).

import type { DType, TypedArray } from "../../base/dtype.ts";
import type { LinearMemory } from "./memory.ts";

/**
 * Copies a block of rows x cols elements, each side with its own steps. Exists once per width of elements, for the
 * reason given in stream.ts; 8-byte elements go as pairs of int32, which keeps all bits and makes no bigint.
 */
type CopyBlock = (
  to: TypedArray,
  toAt: number,
  toRow: number,
  toCol: number,
  from: TypedArray,
  fromAt: number,
  fromRow: number,
  fromCol: number,
  rows: number,
  cols: number,
) => void;

const copyF32: CopyBlock = (to, toAt, toRow, toCol, from, fromAt, fromRow, fromCol, rows, cols) => {
  const x = to as Float32Array;
  const y = from as Float32Array;
  for (let r = 0; r < rows; r++) {
    let i = toAt + r * toRow;
    let j = fromAt + r * fromRow;
    if (fromCol === 1 && toCol === 1 && cols > 64) x.set(y.subarray(j, j + cols), i);
    else if (fromCol === 0 && toCol === 1) x.fill(y[j]!, i, i + cols);
    else for (let c = 0; c < cols; c++, i += toCol, j += fromCol) x[i] = y[j]!;
  }
};
const copyI32: CopyBlock = (to, toAt, toRow, toCol, from, fromAt, fromRow, fromCol, rows, cols) => {
  const x = to as Int32Array;
  const y = from as Int32Array;
  for (let r = 0; r < rows; r++) {
    let i = toAt + r * toRow;
    let j = fromAt + r * fromRow;
    if (fromCol === 1 && toCol === 1 && cols > 64) x.set(y.subarray(j, j + cols), i);
    else if (fromCol === 0 && toCol === 1) x.fill(y[j]!, i, i + cols);
    else for (let c = 0; c < cols; c++, i += toCol, j += fromCol) x[i] = y[j]!;
  }
};
const copyU8: CopyBlock = (to, toAt, toRow, toCol, from, fromAt, fromRow, fromCol, rows, cols) => {
  const x = to as Uint8Array;
  const y = from as Uint8Array;
  for (let r = 0; r < rows; r++) {
    let i = toAt + r * toRow;
    let j = fromAt + r * fromRow;
    if (fromCol === 1 && toCol === 1 && cols > 64) x.set(y.subarray(j, j + cols), i);
    else if (fromCol === 0 && toCol === 1) x.fill(y[j]!, i, i + cols);
    else for (let c = 0; c < cols; c++, i += toCol, j += fromCol) x[i] = y[j]!;
  }
};
const copyPairs: CopyBlock = (to, toAt, toRow, toCol, from, fromAt, fromRow, fromCol, rows, cols) => {
  const x = to as Int32Array;
  const y = from as Int32Array;
  for (let r = 0; r < rows; r++) {
    let i = 2 * (toAt + r * toRow);
    let j = 2 * (fromAt + r * fromRow);
    for (let c = 0; c < cols; c++, i += 2 * toCol, j += 2 * fromCol) {
      x[i] = y[j]!;
      x[i + 1] = y[j + 1]!;
    }
  }
};

const copies: { readonly [D in DType]: CopyBlock } = {
  float32: copyF32,
  int32: copyI32,
  uint8: copyU8,
  bool: copyU8,
  float64: copyPairs,
  int64: copyPairs,
};

const viewOf = (memory: LinearMemory, dtype: DType): TypedArray =>
  dtype === "float32" ? memory.f32 : dtype === "uint8" || dtype === "bool" ? memory.u8 : memory.i32;

/** The array as the copy function of its dtype wants it. */
export const cells = (dtype: DType, data: TypedArray): TypedArray =>
  dtype === "float64" || dtype === "int64"
    ? new Int32Array(data.buffer, data.byteOffset, data.length * 2)
    : data;

export const elementSize: { readonly [D in DType]: number } = {
  float32: 4,
  int32: 4,
  uint8: 1,
  bool: 1,
  float64: 8,
  int64: 8,
};

/**
 * Moves a block between an array and the buffer that starts at element `buffer` of the memory. Walks along the array's
 * smaller step, so that a transposed matrix is read cache line by cache line; a row that repeats is read once.
 */
export function moveBlock(
  memory: LinearMemory,
  dtype: DType,
  data: TypedArray,
  at: number,
  row: number,
  col: number,
  buffer: number,
  rows: number,
  cols: number,
  gather: boolean,
): void {
  const copy = copies[dtype];
  const view = viewOf(memory, dtype);
  if (row === cols && col === 1) {
    // Rows one after the other are one long row.
    if (gather) copy(view, buffer, 0, 1, data, at, 0, 1, 1, rows * cols);
    else copy(data, at, 0, 1, view, buffer, 0, 1, 1, rows * cols);
  } else if (gather && row === 0 && rows > 1 && cols > 16) {
    copy(view, buffer, 0, 1, data, at, 0, col, 1, cols);
    const unit = elementSize[dtype] === 8 ? 2 : 1;
    const from = buffer * unit;
    // Twice as many rows each time.
    for (let r = 1; r < rows; r *= 2) {
      const more = Math.min(r, rows - r);
      view.copyWithin(from + r * cols * unit, from, from + more * cols * unit);
    }
  } else if (rows > 1 && row !== 0 && Math.abs(row) < Math.abs(col)) {
    if (gather) copy(view, buffer, 1, cols, data, at, col, row, cols, rows);
    else copy(data, at, col, row, view, buffer, 1, cols, cols, rows);
  } else if (gather) copy(view, buffer, cols, 1, data, at, row, col, rows, cols);
  else copy(data, at, row, col, view, buffer, cols, 1, rows, cols);
}
