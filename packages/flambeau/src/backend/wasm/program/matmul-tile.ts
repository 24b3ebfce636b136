// A register tile of a product whose strides are known: sums over k of rows of a and adjacent columns of b.
// Floor L2 (backend/wasm/program).

import type { Local } from "../encoder.ts";
import { v128 } from "../encoder.ts";
import type { Emitter, Group } from "../lanes.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown } from "../matmul/elements.ts";
import { storeVectors } from "../stores.ts";
import { place } from "./matmul-results.ts";

export interface TileShape {
  readonly rows: number;
  /** Groups of four columns. */
  readonly groups: number;
}

/** What a tile reads, strides in bytes. */
export interface TileSource {
  readonly aRow: number;
  readonly aCol: number;
  readonly bRow: number;
  readonly k: number;
}

/** Rows times vectors from which two steps a round are as good as more. */
const large = 12;

/** Sums of a tile in memory. */
export interface TileSums {
  readonly at: Local;
  /** Bytes from row to row. */
  readonly row: number;
}

/** The sums of a tile, by row and group, added to those in `before`. `a` and `b` are moved. */
export function emitTile(
  { f }: Emitter,
  el: Element,
  { rows, groups }: TileShape,
  { aRow, aCol, bRow, k }: TileSource,
  a: Local,
  b: Local,
  before: TileSums | null = null,
): readonly (readonly Group[])[] {
  const perGroup = 4 / el.lanes;
  const vectors = groups * perGroup;
  const acc = Array.from({ length: rows }, (_, r) =>
    Array.from({ length: vectors }, (__, v) =>
      f.let("v128", before ? v128.load(before.at, r * before.row + 16 * v) : el.zero),
    ),
  );
  const av = f.local("v128");
  const bv = Array.from({ length: vectors }, () => f.local("v128"));
  const steps = (count: number): void => {
    for (let u = 0; u < count; u++) {
      bv.forEach((x, v) => f.set(x, v128.load(...place(b, u * bRow + 16 * v))));
      acc.forEach((sums, r) => {
        f.set(av, el.splat(...place(a, r * aRow + u * aCol)));
        sums.forEach((s, v) => f.set(s, el.madd(av, bv[v]!, s)));
      });
    }
  };
  const unroll = k <= 4 ? Math.max(k, 1) : rows * vectors >= large ? 2 : 4;
  const rounds = Math.floor(k / unroll);
  if (rounds > 1) {
    const left = f.let("i32", rounds);
    countDown(f, left, () => {
      steps(unroll);
      bump(f, a, unroll * aCol);
      bump(f, b, unroll * bRow);
    });
    steps(k % unroll);
  } else {
    steps(k);
  }
  return acc.map((sums) =>
    Array.from({ length: groups }, (_, g) => sums.slice(g * perGroup, (g + 1) * perGroup)),
  );
}

/** Stores sums as {@link emitTile} gives them. */
export function storeSums({ f }: Emitter, sums: readonly (readonly Group[])[], { at, row }: TileSums): void {
  sums.forEach((groups, r) => storeVectors(f, groups.flat(), at, r * row));
}
