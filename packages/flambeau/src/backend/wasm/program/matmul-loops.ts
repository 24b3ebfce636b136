// Loops over the tiles of a product: how rows and columns are cut, and which tiles a thread gets.
// Floor L2 (backend/wasm/program).

import type { FunctionBuilder, Local } from "../encoder.ts";
import { i32, select } from "../encoder.ts";
import { countUp } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import type { Index } from "./matmul-results.ts";

/**
 * A dimension cut into `count` pieces as equal as can be: the first `tall` of them have `size` elements, the others one less.
 * (Or, by `width`, into pieces of one size and a rest.)
 */
export interface Cut {
  readonly count: number;
  readonly size: number;
  readonly tall: number;
  /** Size of the pieces behind the tall ones; 0 for none. */
  readonly rest: number;
}

export function evenParts(total: number, count: number): Cut {
  const parts = Math.max(1, Math.min(total, count));
  const size = Math.ceil(total / parts);
  const tall = total - parts * (size - 1);
  return { count: parts, size, tall, rest: tall < parts ? size - 1 : 0 };
}

/** As many even parts as are needed for none to be larger than `most`. */
export const evenCut = (total: number, most: number): Cut => evenParts(total, Math.ceil(total / most));

export function widthCut(total: number, width: number): Cut {
  const tall = Math.floor(total / width);
  const rest = total % width;
  return { count: tall + (rest > 0 ? 1 : 0), size: width, tall, rest };
}

/** First element of a piece behind the tall ones, given its number. */
const restStart = (cut: Cut, piece: Index): Index | readonly number[] => {
  const shift = cut.tall * (cut.size - cut.rest);
  return typeof piece === "number" ? piece * cut.rest + shift : i32.add(i32.mul(piece, cut.rest), shift);
};

export type PieceBody = (size: number, piece: Index, start: Index) => void;

const local = (f: FunctionBuilder, x: Index | readonly number[]): Index =>
  typeof x === "number" || "index" in x ? x : f.let("i32", x);

const tallStart = (f: FunctionBuilder, cut: Cut, piece: Index): Index =>
  local(f, typeof piece === "number" ? piece * cut.size : i32.mul(piece, cut.size));

/** The code of one piece, whose number is known when it runs. */
export function onePiece(f: FunctionBuilder, cut: Cut, piece: Index, body: PieceBody): void {
  const tall = (): void => body(cut.size, piece, tallStart(f, cut, piece));
  const rest = (): void => body(cut.rest, piece, local(f, restStart(cut, piece)));
  if (cut.rest === 0) tall();
  else if (cut.tall === 0) rest();
  else f.if(i32.lt_s(piece, cut.tall), tall, rest);
}

/** All pieces in order. */
export function everyPiece(f: FunctionBuilder, cut: Cut, body: PieceBody): void {
  const run = (from: number, to: number, each: (piece: Index) => void): void => {
    if (to - from === 1) each(from);
    else if (to > from) {
      const x = f.let("i32", from);
      countUp(f, x, to, 1, () => each(x));
    }
  };
  run(0, cut.tall, (piece) => body(cut.size, piece, tallStart(f, cut, piece)));
  if (cut.rest > 0)
    run(cut.tall, cut.count, (piece) => body(cut.rest, piece, local(f, restStart(cut, piece))));
}

/** The pieces that are in part number x: all of them, or one, or a loop. */
export function piecesOf(f: FunctionBuilder, cut: Cut, parts: Cut, x: Index, body: PieceBody): void {
  if (parts.count === 1) everyPiece(f, cut, body);
  else if (parts.size === 1) onePiece(f, cut, x, body);
  else {
    const [start, end] = bounds(f, parts, x);
    const piece = f.let("i32", start);
    countUp(f, piece, end, 1, () => onePiece(f, cut, piece, body));
  }
}

/** Where a piece begins and where the next one does. */
export function bounds(f: FunctionBuilder, cut: Cut, piece: Index): readonly [Index, Index] {
  if (cut.count === 1) return [0, cut.tall === 1 ? cut.size : cut.rest];
  const next = typeof piece === "number" ? piece + 1 : f.let("i32", i32.add(piece, 1));
  return [pieceStart(f, cut, piece), pieceStart(f, cut, next)];
}

/** First element of a piece. */
export function pieceStart(f: FunctionBuilder, cut: Cut, piece: Index): Index {
  if (cut.rest === 0) return tallStart(f, cut, piece);
  if (typeof piece === "number")
    return local(f, piece < cut.tall ? tallStart(f, cut, piece) : restStart(cut, piece));
  return f.let(
    "i32",
    select("i32", i32.mul(piece, cut.size), restStart(cut, piece), i32.lt_s(piece, cut.tall)),
  );
}

/** Items of `outer` times `inner` that this thread has, as pairs of numbers. */
export function sharedPairs(
  c: Context,
  outer: number,
  inner: number,
  body: (x: Index, y: Index) => void,
): void {
  const { f } = c;
  const total = outer * inner;
  const { start, end } = c.share(total, 1);
  const u = f.let("i32", start);
  countUp(f, u, end, 1, () => {
    if (total === 1) body(0, 0);
    else if (outer === 1) body(0, u);
    else if (inner === 1) body(u, 0);
    else body(f.let("i32", i32.div_u(u, inner)), f.let("i32", i32.rem_u(u, inner)));
  });
}

/** A local that holds an address. */
export const pointer = (f: FunctionBuilder, x: readonly number[] | Local | number): Local => f.let("i32", x);
