// Maps that read operands in another order than they write: tiles of such operands are transposed in registers first.
// Floor L2 (backend/wasm/program).

import { unrolling } from "../codegen.ts";
import type { Func, Local, ModuleBuilder } from "../encoder.ts";
import { call, i32, select, v128 } from "../encoder.ts";
import { elementBytes } from "../lanes.ts";
import { element, transposed } from "../matmul/elements.ts";
import { scratchBytes } from "../reduce-codegen.ts";
import { storeStrided } from "./lane-access.ts";
import { longestMap } from "./loop-maps.ts";
import type { Cursor, Cursors, LoopParts } from "./loop-parts.ts";
import type { LoopShape } from "./loop-shape.ts";
import { product } from "./loop-shape.ts";

export interface TilePlan {
  /** The outer dimension along which the operands are contiguous. */
  readonly dim: number;
  /** Tracks to be transposed. */
  readonly tracks: readonly number[];
  readonly bytes: number;
}

/** Rows of a tile: as many elements as a line of the cache has. */
const tileRows = 16;
const tileLanes = 64;
/** Bytes from row to row of a transposed tile: rows do not all lie in one set of the cache. */
const pitch = 4 * tileLanes + 64;
const tileBytes = tileRows * pitch + 64;

/** Null where nothing is to be transposed. */
export function planTiles(shape: LoopShape): TilePlan | null {
  const { outer, inner, lanes, stages, values, tracks, operands, maps } = shape;
  if (stages.length > 0 || values.length > 0 || inner.length > 0 || lanes < 8) return null;
  const written = new Set(maps.map(({ track }) => track));
  const isOdd = (k: number): boolean =>
    !written.has(k) && elementBytes[tracks[k]!.dtype] === 4 && tracks[k]!.lane > 1;
  for (let dim = 0; dim < outer.length; dim++) {
    const odd = [...new Set(operands)].filter((k) => isOdd(k) && tracks[k]!.outer[dim] === 1);
    if (odd.length > 0 && outer[dim]! >= 4) return { dim, tracks: odd, bytes: odd.length * tileBytes };
  }
  return null;
}

/**
 * tile(from, step, to, rows): element (r, c) at from + r * step + 4 c goes to to + c * pitch + 4 r, for 16 columns and as many
 * rows, which are rounded up to four by repeating the last.
 */
function tileFunction(m: ModuleBuilder): Func {
  const i = "i32" as const;
  return m.helper("tile", () =>
    m.func("tile", { from: i, step: i, to: i, rows: i }, [], (f, { from, step, to, rows }) => {
      const last = f.let("i32", i32.add(from, i32.mul(step, i32.sub(rows, 1))));
      const kind = element("float32", "plain");
      f.loop((again) => {
        const lines: Local[] = [from];
        for (let r = 1; r < 4; r++) {
          const next = f.let("i32", i32.add(lines[r - 1]!, step));
          lines.push(f.let("i32", select("i32", last, next, i32.gt_u(next, last))));
        }
        for (let c = 0; c < tileRows; c += 4) {
          const vectors = lines.map((p) => f.let("v128", v128.load(p, 4 * c)));
          transposed(f, kind, vectors).forEach((x, k) => f.do(v128.store(to, x, (c + k) * pitch)));
        }
        f.set(from, i32.add(lines[3]!, step));
        f.set(to, i32.add(to, 16));
        f.brIf(again, i32.le_u(from, last));
      });
    }),
  );
}

/** Tiles of all items of the other dimensions, shared by the threads. */
export function storeTiles(parts: LoopParts, plan: TilePlan): void {
  const { c, f, shape, e } = parts;
  const { outer, lanes, maps, tracks, operands } = shape;
  const rows = outer[plan.dim]!;
  const counts = [Math.ceil(rows / tileRows), Math.ceil(lanes / tileLanes)] as const;
  const others = outer.map((size, d) => ({ size, d })).filter(({ d }) => d !== plan.dim);
  const items = product(others.map(({ size }) => size)) * counts[0] * counts[1];
  const tile = tileFunction(c.module);
  parts.known = new Map(parts.once);
  const bodies = maps.map(({ body }) => body);
  const used = [...new Set([...operands, ...maps.map(({ track }) => track)])];
  const { start: item, end } = c.share(items, 1);
  const least = (a: Local, b: number): Local => f.let("i32", select("i32", a, i32.const(b), i32.lt_u(a, b)));
  f.if(i32.lt_u(item, end), () =>
    f.loop((again) => {
      const rest = f.let("i32", item);
      const take = (n: number): Local => {
        const index = f.let("i32", i32.rem_u(rest, n));
        f.set(rest, i32.div_u(rest, n));
        return index;
      };
      const firstLane = f.let("i32", i32.mul(take(counts[1]), tileLanes));
      const firstRow = f.let("i32", i32.mul(take(counts[0]), tileRows));
      const index = new Map<number, Local>();
      for (const { size, d } of [...others].reverse()) index.set(d, take(size));
      index.set(plan.dim, firstRow);
      const count = least(f.let("i32", i32.sub(lanes, firstLane)), tileLanes);
      const left = least(f.let("i32", i32.sub(rows, firstRow)), tileRows);

      const cursors: Cursors = { tracks: new Map(), kept: new Map() };
      const set = cursors.tracks as Map<number, Cursor>;
      for (const k of used) {
        const track = tracks[k]!;
        const size = elementBytes[track.dtype];
        const pointer = f.let("i32", c.addresses[k]!);
        const move = (by: Local, stride: number): void => {
          if (stride !== 0) f.set(pointer, i32.add(pointer, i32.mul(by, stride * size)));
        };
        for (const [d, i] of index) move(i, track.outer[d]!);
        move(firstLane, track.lane);
        const t = plan.tracks.indexOf(k);
        if (t < 0) {
          // The walk over rows is one over an inner dimension.
          set.set(k, { ...track, inner: [track.outer[plan.dim]!], pointer });
          continue;
        }
        const to = f.let("i32", i32.add(c.own, scratchBytes + t * tileBytes));
        f.do(call(tile, pointer, 4 * track.lane, to, count));
        set.set(k, { dtype: track.dtype, inner: [pitch / 4], lane: 1, pointer: to });
      }
      f.loop((nextRow) => {
        parts.along(cursors, count, 4 * unrolling(bodies, longestMap), (own, valid) => {
          const done = parts.compute(bodies, [], own, parts.known, valid);
          maps.forEach(({ track }, i) => {
            const { dtype, pointer, lane } = own.tracks.get(track)!;
            storeStrided(e, dtype, done[i]!, pointer, lane, valid);
          });
        });
        for (const cursor of cursors.tracks.values()) parts.move(cursor, cursor.inner[0]!);
        f.set(left, i32.sub(left, 1));
        f.brIf(nextRow, left);
      });
      f.set(item, i32.add(item, 1));
      f.brIf(again, i32.lt_u(item, end));
    }),
  );
}
