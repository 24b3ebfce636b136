// Runs a map kernel over strided operands: gathers blocks into linear memory, computes, scatters.
// Floor L2 (backend/wasm).

import type { DType, TypedArray } from "../../base/dtype.ts";
import type { MapKernel, Operand, StridedOperand } from "../backend.ts";
import type { LinearMemory } from "./memory.ts";
import { operandAddress, outputAddress } from "./memory.ts";
import type { StreamIn, StreamOut } from "./stream.ts";

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
const cells = (dtype: DType, data: TypedArray): TypedArray =>
  dtype === "float64" || dtype === "int64"
    ? new Int32Array(data.buffer, data.byteOffset, data.length * 2)
    : data;

const elementSize: { readonly [D in DType]: number } = {
  float32: 4,
  int32: 4,
  uint8: 1,
  bool: 1,
  float64: 8,
  int64: 8,
};

/** One side of the copies: the output, or an operand that is an array. */
interface Side {
  readonly dtype: DType;
  readonly data: TypedArray;
  readonly offset: number;
  /** Steps of the coalesced loop; at least two entries. */
  readonly strides: readonly number[];
  readonly bufferAt: number;
}

/** What map.ts knows about the kernel. */
export interface StridedContext {
  readonly memory: LinearMemory;
  readonly chunk: number;
  readonly dtypes: readonly DType[];
  readonly scalars: readonly boolean[];
  readonly outDType: DType;
  readonly kernel: (n: number) => void;
  readonly streams: readonly StreamIn[];
  readonly streamOut: StreamOut;
  readonly run: MapKernel["run"];
}

/**
 * Merges dimensions that all sides walk in one step, drops those of extent 1. Writes the extents to `sizes` and
 * each side's strides to `steps[side]`, outermost first; gives the rank.
 */
function coalesce(
  shape: readonly number[],
  sides: readonly (readonly number[])[],
  sizes: number[],
  steps: readonly number[][],
): number {
  let rank = 0;
  for (let d = 0; d < shape.length; d++) {
    const size = shape[d]!;
    if (size === 1) continue;
    let merges = rank > 0;
    for (let s = 0; merges && s < sides.length; s++) merges = steps[s]![rank - 1] === sides[s]![d]! * size;
    if (!merges) sizes[rank++] = 1;
    sizes[rank - 1]! *= size;
    for (let s = 0; s < sides.length; s++) steps[s]![rank - 1] = sides[s]![d]!;
  }
  return rank;
}

const none: Operand = 0;

export function runStrided(
  context: StridedContext,
  shape: readonly number[],
  out: StridedOperand,
  operands: readonly StridedOperand[],
): void {
  const { dtypes, scalars, run } = context;
  for (const extent of shape) if (extent === 0) return;

  const arrays: number[] = [];
  for (let k = 0; k < dtypes.length; k++) if (!scalars[k]) arrays.push(k);
  const given = [out.strides, ...arrays.map((k) => operands[k]!.strides)];
  const sizes: number[] = [];
  const steps = given.map((): number[] => []);
  const rank = coalesce(shape, given, sizes, steps);

  // All contiguous (or a single element): the hot path does it.
  if (rank === 0 || (rank === 1 && steps.every((s) => s[0] === 1))) {
    const data = (k: number): Operand => operands[k]?.data ?? none;
    const at = (k: number): number => operands[k]?.offset ?? 0;
    run(
      sizes[0] ?? 1,
      out.data as TypedArray,
      out.offset,
      data(0),
      at(0),
      data(1),
      at(1),
      data(2),
      at(2),
      data(3),
      at(3),
    );
    return;
  }
  while (sizes.length < 2) {
    sizes.unshift(1);
    for (const s of steps) s.unshift(0);
  }
  sizes.length = Math.max(rank, 2);

  for (let k = 0; k < dtypes.length; k++) if (scalars[k]) context.streams[k]!(operands[k]!.data, 0, 1);
  const side = (dtype: DType, o: StridedOperand, strides: readonly number[], address: number): Side => ({
    dtype,
    data: cells(dtype, o.data as TypedArray),
    offset: o.offset,
    strides,
    bufferAt: address / elementSize[dtype],
  });
  const target = side(context.outDType, out, steps[0]!, outputAddress);
  const sources = arrays.map((k, i) => side(dtypes[k]!, operands[k]!, steps[i + 1]!, operandAddress(k)));
  runBlocks(context, sizes, target, sources, out.data as TypedArray);
}

/** The loop proper: as many whole planes [rows, cols] as fit a chunk at a time, or pieces of one plane. */
function runBlocks(
  { memory, chunk, kernel, streamOut }: StridedContext,
  sizes: readonly number[],
  target: Side,
  sources: readonly Side[],
  outData: TypedArray,
): void {
  const rank = sizes.length;
  const rows = sizes[rank - 2]!;
  const cols = sizes[rank - 1]!;
  let planes = 1;
  for (let d = 0; d < rank - 2; d++) planes *= sizes[d]!;
  const contiguous = isRowMajor(sizes, target.strides);

  const gatherOrScatter = (
    s: Side,
    plane: number,
    r: number,
    c: number,
    nr: number,
    nc: number,
    fill: number,
    gather: boolean,
  ): void => {
    let at = s.offset;
    for (let d = rank - 3, rest = plane; d >= 0; d--) {
      at += (rest % sizes[d]!) * s.strides[d]!;
      rest = Math.floor(rest / sizes[d]!);
    }
    const row = s.strides[rank - 2]!;
    const col = s.strides[rank - 1]!;
    at += r * row + c * col;
    copyBlock(memory, s, at, row, col, fill, nr, nc, gather);
  };

  const perChunk = Math.max(1, Math.floor(chunk / (rows * cols)));
  const pieceRows = cols > chunk ? 1 : Math.min(rows, Math.floor(chunk / cols));
  const pieceCols = Math.min(cols, chunk);
  for (let plane = 0; plane < planes; plane += perChunk) {
    const count = Math.min(perChunk, planes - plane);
    for (let r = 0; r < rows; r += pieceRows) {
      const nr = Math.min(pieceRows, rows - r);
      for (let c = 0; c < cols; c += pieceCols) {
        const nc = Math.min(pieceCols, cols - c);
        for (const s of sources)
          for (let p = 0; p < count; p++) gatherOrScatter(s, plane + p, r, c, nr, nc, p * nr * nc, true);
        kernel(count * nr * nc);
        if (contiguous) streamOut(outData, target.offset + (plane * rows + r) * cols + c, count * nr * nc);
        else
          for (let p = 0; p < count; p++)
            gatherOrScatter(target, plane + p, r, c, nr, nc, p * nr * nc, false);
      }
    }
  }
}

/** Walks along the smaller step of the array, so that a transposed matrix is read line of cache by line of cache. */
function copyBlock(
  memory: LinearMemory,
  s: Side,
  at: number,
  row: number,
  col: number,
  fill: number,
  nr: number,
  nc: number,
  gather: boolean,
): void {
  const copy = copies[s.dtype];
  const view = viewOf(memory, s.dtype);
  const buffer = s.bufferAt + fill;
  const swap = nr > 1 && Math.abs(row) < Math.abs(col);
  const [n1, n2, a1, a2, b1, b2] = swap ? [nc, nr, col, row, 1, nc] : [nr, nc, row, col, nc, 1];
  if (gather) copy(view, buffer, b1, b2, s.data, at, a1, a2, n1, n2);
  else copy(s.data, at, a1, a2, view, buffer, b1, b2, n1, n2);
}

function isRowMajor(sizes: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    if (sizes[d] !== 1 && strides[d] !== step) return false;
    step *= sizes[d]!;
  }
  return true;
}
