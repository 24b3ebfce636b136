// What the register tiles of products share: addresses of rows, the unrolled loop over k, and writing the tile.
// Floor L2 (backend/wasm).

import type { FunctionBuilder, Local } from "../encoder.ts";
import { i32, v128 } from "../encoder.ts";
import { storeVectors } from "../stores.ts";
import type { Element } from "./elements.ts";
import { bump, countDown } from "./elements.ts";

/** Addresses of `rows` rows, `stride` bytes apart; the first one is `first` itself. */
export const rowAddresses = (f: FunctionBuilder, first: Local, stride: Local, rows: number): Local[] =>
  Array.from({ length: rows }, (_, r) =>
    r === 0 ? first : f.let("i32", i32.add(first, i32.mul(stride, r))),
  );

/** `k` steps, `unroll` of them a round: `steps(count)` emits `count` steps. */
export function unrolled(f: FunctionBuilder, k: Local, unroll: number, steps: (count: number) => void): void {
  const p = f.let("i32", i32.div_u(k, unroll));
  f.if(p, () => countDown(f, p, () => steps(unroll)));
  f.set(p, i32.rem_u(k, unroll));
  f.if(p, () => countDown(f, p, () => steps(1)));
}

/** Writes rows of `vectors` sums to `c`, or adds them where `add` is not 0. Moves `c` to the last row. */
export function storeTile(
  f: FunctionBuilder,
  e: Element,
  sums: readonly Local[],
  vectors: number,
  { c, cRow, add }: { readonly c: Local; readonly cRow: Local; readonly add: Local },
): void {
  const write = (adds: boolean): void => {
    for (let q = 0; q < sums.length; q += vectors) {
      if (q > 0) bump(f, c, cRow);
      const row = sums.slice(q, q + vectors);
      storeVectors(f, adds ? row.map((s, v) => e.add(v128.load(c, 16 * v), s)) : row, c, 0);
    }
  };
  f.if(
    add,
    () => write(true),
    () => write(false),
  );
}
