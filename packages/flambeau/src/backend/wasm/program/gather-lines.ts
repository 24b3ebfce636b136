// Adjacent elements copied or added, sixteen bytes at a time, and numbers of rows: what steps by number are written with.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import { dtypes } from "../../../base/dtype.ts";
import type { Access, Buffer } from "../../../ir/program.ts";
import type { Arg, Code, Local } from "../encoder.ts";
import { f32, f32x4, f64, f64x2, i8x16, i32, i32x4, i64, i64x2, v128 } from "../encoder.ts";
import type { Context } from "./context.ts";

/** A piece of 1 to 16 bytes: how it is read, written and added to. */
interface Piece {
  readonly bytes: number;
  load(p: Arg, offset: number): Code;
  store(p: Arg, value: Code, offset: number): Code;
  /** null where elements are larger than the piece, or smaller. */
  add(dtype: DType): ((a: Code, b: Code) => Code) | null;
}

const vectorAdd = {
  float32: f32x4.add,
  float64: f64x2.add,
  int32: i32x4.add,
  int64: i64x2.add,
  uint8: i8x16.add,
  bool: v128.or,
} as const;

/** From the widest down. */
const pieces: readonly Piece[] = [
  { bytes: 16, load: v128.load, store: v128.store, add: (dtype) => vectorAdd[dtype] },
  {
    bytes: 8,
    load: i64.load,
    store: i64.store,
    add: (dtype) => {
      if (dtype === "int64") return i64.add;
      if (dtype !== "float64") return null;
      return (a, b) => i64.reinterpret_f64(f64.add(f64.reinterpret_i64(a), f64.reinterpret_i64(b)));
    },
  },
  {
    bytes: 4,
    load: i32.load,
    store: i32.store,
    add: (dtype) => {
      if (dtype === "int32") return i32.add;
      if (dtype !== "float32") return null;
      return (a, b) => i32.reinterpret_f32(f32.add(f32.reinterpret_i32(a), f32.reinterpret_i32(b)));
    },
  },
  {
    bytes: 1,
    load: i32.load8_u,
    store: i32.store8,
    add: (dtype) => (dtype === "bool" ? i32.or : dtype === "uint8" ? i32.add : null),
  },
];

/** to = from for one element, or to += from. */
export function moveElement(c: Context, dtype: DType, from: Local, to: Local, adds: boolean): void {
  moveShort(c, dtype, from, to, dtypes[dtype].bytes, 0, adds);
}

/** The same for `bytes` adjacent ones from `offset` on, written out. */
function moveShort(
  c: Context,
  dtype: DType,
  from: Local,
  to: Local,
  bytes: number,
  offset: number,
  adds: boolean,
): void {
  let at = offset;
  for (const piece of pieces) {
    const add = adds ? piece.add(dtype) : null;
    if (adds && !add) continue;
    for (; at + piece.bytes <= offset + bytes; at += piece.bytes) {
      const x = piece.load(from, at);
      c.f.do(piece.store(to, add ? add(piece.load(to, at), x) : x, at));
    }
  }
}

/** Bytes moved in a round of a loop. */
const roundBytes = 64;
/** Lines up to this long are written out. */
const shortBytes = 128;

/** to = from, or to += from, for a line of `bytes` adjacent bytes; neither pointer is changed. */
export function moveLine(
  c: Context,
  dtype: DType,
  from: Local,
  to: Local,
  bytes: number,
  adds: boolean,
): void {
  const { f } = c;
  if (bytes <= shortBytes) {
    moveShort(c, dtype, from, to, bytes, 0, adds);
    return;
  }
  const [p, q] = [f.let("i32", from), f.let("i32", to)];
  const whole = bytes - (bytes % roundBytes);
  moveRounds(c, dtype, p, q, f.let("i32", i32.add(p, whole)), adds);
  moveShort(c, dtype, p, q, bytes % roundBytes, 0, adds);
}

/** Moves rounds until `p` is at `end`; both pointers are moved on. */
function moveRounds(c: Context, dtype: DType, p: Local, q: Local, end: Local, adds: boolean): void {
  const { f } = c;
  f.loop((again) => {
    moveShort(c, dtype, p, q, roundBytes, 0, adds);
    f.set(p, i32.add(p, roundBytes));
    f.set(q, i32.add(q, roundBytes));
    f.brIf(again, i32.lt_u(p, end));
  });
}

/**
 * to += from for the columns from byte `start` up to `end` of a line of `bytes`: multiples of `roundBytes`, or the
 * end of the line.
 */
export function addColumns(
  c: Context,
  dtype: DType,
  from: Local,
  to: Local,
  bytes: number,
  [start, end]: readonly [Local, Local],
): void {
  const { f } = c;
  const rest = bytes % roundBytes;
  const [p, q] = [f.let("i32", i32.add(from, start)), f.let("i32", i32.add(to, start))];
  const last = f.let("i32", i32.add(from, i32.sub(end, i32.rem_u(end, roundBytes))));
  f.if(i32.lt_u(p, last), () => moveRounds(c, dtype, p, q, last, true));
  if (rest > 0)
    f.if(i32.and(i32.eq(end, bytes), i32.lt_u(start, end)), () => moveShort(c, dtype, p, q, rest, 0, true));
}

/** Columns that one thread takes at least, in bytes. */
export const columnBytes: number = roundBytes;

/** How numbers of rows are stored. */
export interface Numbers {
  readonly bytes: 4 | 8;
  readonly limit: number;
}

export const numbersOf = (index: Access, buffers: readonly Buffer[], limit: number): Numbers => ({
  bytes: buffers[index.buffer]!.dtype === "int64" ? 8 : 4,
  limit,
});

/** The number at `pointer`; leaves the program if it is not below the limit. */
export function loadNumber(c: Context, { bytes, limit }: Numbers, pointer: Local): Local {
  const { f } = c;
  const n = f.local("i32");
  if (bytes === 8) {
    const wide = f.let("i64", i64.load(pointer));
    f.if(i64.ge_u(wide, limit), () => c.fail(0));
    f.set(n, i32.wrap_i64(wide));
  } else {
    f.set(n, i32.load(pointer));
    f.if(i32.ge_u(n, limit), () => c.fail(0));
  }
  return n;
}
