// Compiles a row nest, and runs it over as many rows at a time as stay in the cache: each goes through linear memory once.
// Floor L2 (backend/wasm).

import type { DType, TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import type { RowNest } from "../../ir/row.ts";
import type { Operand, RowKernel } from "../backend.ts";
import { compileKernel } from "./codegen.ts";
import type { LinearMemory } from "./memory.ts";
import { guardBytes, staggerBytes } from "./memory.ts";
import { flushEvery } from "./reduce-codegen.ts";
import { largeRun, revectorize } from "./revectorize.ts";
import { emitRowNest } from "./row-codegen.ts";
import { addressCount, headerBytes, wideOf } from "./row-header.ts";

type Kernel = (rows: number, n: number, header: number) => void;

/** Elements of a piece, if a row is not longer. */
const pieceElements = 8192;

/** A place in scratch memory: an operand, a kept row, or a result. */
interface Region {
  readonly dtype: DType;
  readonly bytes: number;
  /** Elements for `rows` rows of `n`. */
  size(rows: number, n: number): number;
}

const whole = (rows: number, n: number): number => rows * n;
const column = (_: number, n: number): number => n;
const perRow = (rows: number): number => rows;
const one = (): number => 1;
const sizes = { full: whole, column, row: perRow, scalar: one } as const;

function regionsOf(nest: RowNest): Region[] {
  const region = (dtype: DType, size: Region["size"]): Region => ({
    dtype,
    bytes: dtypes[dtype].bytes,
    size,
  });
  return [
    ...nest.operands.map(({ dtype, layout }) => region(dtype, sizes[layout])),
    ...nest.stages.map(({ body, kept }) => region(body.dtype, kept ? column : one)),
    ...nest.maps.map(({ dtype }) => region(dtype, whole)),
    ...nest.values.map(({ dtype }) => region(dtype, perRow)),
    ...nest.sums.map(({ dtype }) => region(dtype, column)),
    ...nest.sums.map(({ dtype }) => region(wideOf(dtype), column)),
  ];
}

const viewOf = (memory: LinearMemory, dtype: DType): TypedArray => {
  if (dtype === "float32") return memory.f32;
  if (dtype === "float64") return memory.f64;
  if (dtype === "int32") return memory.i32;
  return dtype === "int64" ? memory.i64 : memory.u8;
};

function write(
  memory: LinearMemory,
  { dtype, bytes }: Region,
  at: number,
  data: Operand,
  from: number,
  n: number,
): void {
  const view = viewOf(memory, dtype) as Float32Array;
  if (typeof data === "number") view[at / bytes] = (dtype === "int64" ? BigInt(data) : data) as number;
  else if (dtype === "float32" && n <= 16)
    for (let i = 0; i < n; i++) view[at / 4 + i] = data[from + i] as number;
  else view.set((data as Float32Array).subarray(from, from + n), at / bytes);
}

function read(
  memory: LinearMemory,
  { dtype, bytes }: Region,
  at: number,
  out: TypedArray,
  to: number,
  n: number,
): void {
  const view = viewOf(memory, dtype) as Float32Array;
  if (dtype === "float32" && n <= 16) for (let i = 0; i < n; i++) out[to + i] = view[at / 4 + i] as number;
  else (out as Float32Array).set(view.subarray(at / bytes, at / bytes + n), to);
}

const clear = (out: TypedArray): void => {
  if (out instanceof BigInt64Array) out.fill(0n);
  else out.fill(0);
};

export function createRowKernel(memory: LinearMemory, nest: RowNest): RowKernel {
  memory.ready();
  const regions = regionsOf(nest);
  const count = addressCount(nest);
  const firstOutput = nest.operands.length + nest.stages.length;
  const firstSum = firstOutput + nest.maps.length + nest.values.length;
  const bodies = [...nest.stages.map((s) => s.body), ...nest.maps, ...nest.values, ...nest.sums];
  let kernel: Kernel | null = null;
  let large = false;

  const run: RowKernel["run"] = (rows, n, operands, offsets, outputs) => {
    if (rows === 0) {
      for (let i = 0; i < nest.sums.length; i++) clear(outputs[firstSum - firstOutput + i]!);
      return;
    }
    if (!large && rows * n > largeRun) {
      // Code that was optimised before the vectors could be paired stays as it is: it is made anew.
      large = true;
      if (revectorize()) kernel = null;
    }
    kernel ??= compileKernel<Kernel>(memory, bodies, ["rows", "n", "header"], (e, p) =>
      emitRowNest(e, nest, p["rows"]!, p["n"]!, p["header"]!),
    );
    const piece = Math.min(rows, Math.max(1, Math.floor(pieceElements / Math.max(n, 1))));
    const at: number[] = [];
    let bytes = headerBytes(nest);
    for (const region of regions) {
      at.push(bytes);
      bytes += 64 * Math.ceil((region.size(piece, n) * region.bytes + guardBytes) / 64) + staggerBytes;
    }
    const base = memory.scratch(bytes, nest.name);
    for (let i = 0; i < count; i++) memory.i32[base / 4 + i] = at[i]! += base;
    /** Where an operand or a result with a value per element lies in linear memory anyway; 0 where it is copied. */
    const placed = (data: Operand | undefined, from: number, perElement: boolean, bytes: number): number =>
      perElement && typeof data === "object" && memory.holds(data) ? data.byteOffset + from * bytes : 0;
    const sources = nest.operands.map(({ layout }, i) =>
      placed(operands[i], offsets[i]!, layout === "full", regions[i]!.bytes),
    );
    // The last row may be written past its end, where the guard of a place is.
    const targets = nest.maps.map((_, i) =>
      placed(outputs[i], 0, outputs[i]!.length === rows * n, regions[firstOutput + i]!.bytes),
    );
    // Behind the addresses: how many rows are added before the next flush.
    memory.i32[base / 4 + count] = flushEvery;
    for (let i = firstSum; i < count; i++) memory.u8.fill(0, at[i]!, at[i]! + n * regions[i]!.bytes);
    nest.operands.forEach(({ layout }, i) => {
      if (layout === "column" || layout === "scalar")
        write(memory, regions[i]!, at[i]!, operands[i]!, offsets[i]!, layout === "column" ? n : 1);
    });
    for (let r = 0; r < rows; r += piece) {
      const m = Math.min(piece, rows - r);
      for (let i = 0; i < nest.operands.length; i++) {
        const { layout } = nest.operands[i]!;
        if (sources[i]) memory.i32[base / 4 + i] = sources[i]! + r * n * regions[i]!.bytes;
        else if (layout === "full")
          write(memory, regions[i]!, at[i]!, operands[i]!, offsets[i]! + r * n, m * n);
        else if (layout === "row") write(memory, regions[i]!, at[i]!, operands[i]!, offsets[i]! + r, m);
      }
      targets.forEach((to, i) => {
        if (to) memory.i32[base / 4 + firstOutput + i] = to + r * n * regions[firstOutput + i]!.bytes;
      });
      kernel(m, n, base);
      for (let i = firstOutput; i < firstSum; i++) {
        if (targets[i - firstOutput]) continue;
        const perElement = i < firstOutput + nest.maps.length;
        const size = perElement ? n : 1;
        read(memory, regions[i]!, at[i]!, outputs[i - firstOutput]!, r * size, m * size);
      }
    }
    nest.sums.forEach(({ dtype }, i) => {
      const [k, w] = [firstSum + i, firstSum + nest.sums.length + i];
      const out = outputs[k - firstOutput]!;
      read(memory, regions[k]!, at[k]!, out, 0, n);
      if (wideOf(dtype) === dtype) return;
      const wide = memory.f64.subarray(at[w]! / 8, at[w]! / 8 + n);
      for (let j = 0; j < n; j++) (out as Float32Array)[j]! += wide[j]!;
    });
  };
  return { run };
}
