// Runs a map kernel over strided operands: gathers blocks into linear memory, computes, scatters.
// Floor L2 (backend/wasm).

import type { DType, TypedArray } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import type { MapKernel, Operand, StridedOperand } from "../backend.ts";
import { cells, elementSize, moveBlock } from "./copy-block.ts";
import type { DirectMap } from "./map-direct.ts";
import type { LinearMemory } from "./memory.ts";
import { operandAddress, outputAddress } from "./memory.ts";
import type { StreamIn, StreamOut } from "./stream.ts";

/** One side of the copies: the output, or an operand that is an array. */
interface Side {
  readonly dtype: DType;
  readonly data: TypedArray;
  readonly offset: number;
  /** Steps of the coalesced loop; at least two entries. */
  readonly strides: readonly number[];
  readonly bufferAt: number;
  /** Whether all rows, of all planes, are one and the same. */
  readonly repeats: boolean;
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
  readonly direct: DirectMap;
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

/** Up to here a loop over the elements as they come costs less than finding out how to walk them well. */
const smallRun = 128;

/** No objects are made for operands of four-byte and one-byte elements. */
function runSmall(
  context: StridedContext,
  n: number,
  shape: readonly number[],
  out: StridedOperand,
  operands: readonly StridedOperand[],
): void {
  for (let k = 0; k < context.dtypes.length; k++) {
    const o = operands[k]!;
    if (context.scalars[k]) context.streams[k]!(o.data, 0, 1);
    else movePlanes(context, context.dtypes[k]!, n, shape, o, operandAddress(k), true);
  }
  context.kernel(n);
  if (isRowMajor(shape, out.strides)) context.streamOut(out.data as TypedArray, out.offset, n);
  else movePlanes(context, context.outDType, n, shape, out, outputAddress, false);
}

function movePlanes(
  { memory }: StridedContext,
  dtype: DType,
  n: number,
  shape: readonly number[],
  o: StridedOperand,
  address: number,
  gather: boolean,
): void {
  const rank = shape.length;
  const rows = rank > 1 ? shape[rank - 2]! : 1;
  const cols = rank > 0 ? shape[rank - 1]! : 1;
  const row = rank > 1 ? o.strides[rank - 2]! : 0;
  const col = rank > 0 ? o.strides[rank - 1]! : 0;
  const data = cells(dtype, o.data as TypedArray);
  const buffer = address / elementSize[dtype];
  const plane = rows * cols;
  for (let p = 0; p * plane < n; p++) {
    let at = o.offset;
    for (let d = rank - 3, rest = p; d >= 0; d--) {
      at += (rest % shape[d]!) * o.strides[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    moveBlock(memory, dtype, data, at, row, col, buffer + p * plane, rows, cols, gather);
  }
}

export function runStrided(
  context: StridedContext,
  shape: readonly number[],
  out: StridedOperand,
  operands: readonly StridedOperand[],
): void {
  const { dtypes, scalars, run } = context;
  const n = numel(shape);
  if (n === 0) return;
  if (n <= smallRun) {
    runSmall(context, n, shape, out, operands);
    return;
  }

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
  if (rank === 2 && runDirectRows(context, sizes, steps, arrays, out, operands)) return;
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
    repeats: strides.every((step, d) => step === 0 || d === strides.length - 1),
  });
  const target = side(context.outDType, out, steps[0]!, outputAddress);
  const sources = arrays.map((k, i) => side(dtypes[k]!, operands[k]!, steps[i + 1]!, operandAddress(k)));
  runBlocks(context, sizes, target, sources, out.data as TypedArray);
}

/** Rows of a matrix with rows of others, or with one that is the same for all; says whether it could be done. */
function runDirectRows(
  { scalars, direct }: StridedContext,
  [rows, cols]: readonly number[],
  steps: readonly (readonly number[])[],
  arrays: readonly number[],
  out: StridedOperand,
  operands: readonly StridedOperand[],
): boolean {
  const plain = steps.every(([row, col], i) => col === 1 && (row === cols || (i > 0 && row === 0)));
  if (!plain) return false;
  const repeats = scalars.map((_, k) => arrays.includes(k) && steps[arrays.indexOf(k) + 1]![0] === 0);
  return direct.runRows(
    rows!,
    cols!,
    out.data as TypedArray,
    out.offset,
    operands.slice(0, scalars.length).map(({ data }) => data),
    operands.map(({ offset }) => offset),
    repeats,
  );
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
    moveBlock(memory, s.dtype, s.data, at, row, col, s.bufferAt + fill, nr, nc, gather);
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
        for (const s of sources) {
          // What repeats row by row is in the buffer already, since the first piece is the largest.
          if (s.repeats && pieceCols === cols && (plane > 0 || r > 0)) continue;
          if (s.repeats && count > 1) gatherOrScatter(s, plane, r, c, count * nr, nc, 0, true);
          else for (let p = 0; p < count; p++) gatherOrScatter(s, plane + p, r, c, nr, nc, p * nr * nc, true);
        }
        kernel(count * nr * nc);
        if (contiguous) streamOut(outData, target.offset + (plane * rows + r) * cols + c, count * nr * nc);
        else
          for (let p = 0; p < count; p++)
            gatherOrScatter(target, plane + p, r, c, nr, nc, p * nr * nc, false);
      }
    }
  }
}

function isRowMajor(sizes: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    if (sizes[d] !== 1 && strides[d] !== step) return false;
    step *= sizes[d]!;
  }
  return true;
}
