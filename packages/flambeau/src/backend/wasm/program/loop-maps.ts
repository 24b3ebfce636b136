// Code of a loop step's maps.
// Floor L2 (backend/wasm/program).

import { unrolling } from "../codegen.ts";
import { i32 } from "../encoder.ts";
import { storeStrided } from "./lane-access.ts";
import type { Cursors, Known, LoopParts } from "./loop-parts.ts";
import type { Pass } from "./loop-plan.ts";

/** Bodies up to this cost are computed four groups at a time, since there are no sums to keep in registers. */
export const longestMap = 16;

/** Elements of a round along the lanes. */
function stepOf({ shape: { maps, lanes } }: LoopParts): number {
  const unrolled = unrolling(
    maps.map(({ body }) => body),
    longestMap,
  );
  return Math.min(4 * unrolled, 4 * Math.ceil(lanes / 4));
}

/** Tracks that the maps walk along. */
function tracksOf(parts: LoopParts, pass: Pass): number[] {
  const { maps } = parts.shape;
  const known = new Set([...parts.known.keys(), ...pass.reads.map(({ node }) => node)]);
  const read = parts.levels.walked(
    maps.map(({ body }) => body),
    known,
  );
  return [...new Set([...read, ...maps.map(({ track }) => track)])];
}

/** Computes and stores all maps for `valid` lanes. */
function store(parts: LoopParts, pass: Pass, cursors: Cursors, known: Known, valid: number): void {
  const { maps } = parts.shape;
  const done = parts.compute(
    maps.map(({ body }) => body),
    pass.reads,
    cursors,
    known,
    valid,
  );
  maps.forEach(({ track }, i) => {
    const { dtype, lane, pointer } = cursors.tracks.get(track)!;
    storeStrided(parts.e, dtype, done[i]!, pointer, lane, valid);
  });
}

/** The maps of the iteration at hand; `valid` says how many lanes there are if they lie across, else `lanes`. */
export function storeMaps(
  parts: LoopParts,
  pass: Pass,
  valid: number | null,
  lanes: number = parts.shape.lanes,
): void {
  const { maps } = parts.shape;
  if (maps.length === 0 || lanes === 0) return;
  const tracks = tracksOf(parts, pass);
  if (valid !== null) {
    parts.walk(tracks, pass.reads, 0, (cursors) => store(parts, pass, cursors, parts.known, valid));
    return;
  }
  const bodies = maps.map(({ body }) => body);
  const step = stepOf(parts);
  const rounds = Math.floor(lanes / step);
  const rest = lanes - rounds * step;
  parts.walk(tracks, pass.reads, rounds * step, (cursors) => {
    const known = parts.knownOfRun(bodies, pass.reads, cursors);
    parts.times(rounds, () => {
      store(parts, pass, cursors, known, step);
      parts.advance(cursors, step);
    });
    if (rest > 0) store(parts, pass, cursors, known, rest);
  });
}

/** Maps over one dimension, of which each thread takes a piece. */
export function storeFlat(parts: LoopParts, pass: Pass): void {
  const { c, f } = parts;
  const { lanes, tracks } = parts.shape;
  parts.known = new Map(parts.once);
  const step = stepOf(parts);
  const rest = lanes % step;
  const { start, end } = c.share(lanes, step);
  const cursors: Cursors = {
    tracks: new Map(
      tracksOf(parts, pass).map((k) => {
        const at = i32.add(c.addresses[k]!, i32.mul(start, tracks[k]!.lane * parts.bytes(k)));
        return [k, { ...tracks[k]!, pointer: f.let("i32", at) }];
      }),
    ),
    kept: new Map(),
  };
  if (lanes >= step) {
    const last = f.let("i32", i32.sub(end, step));
    f.if(i32.le_s(start, last), () =>
      f.loop((again) => {
        store(parts, pass, cursors, parts.known, step);
        parts.advance(cursors, step);
        f.set(start, i32.add(start, step));
        f.brIf(again, i32.le_s(start, last));
      }),
    );
  }
  if (rest > 0)
    f.if(i32.and(i32.eq(end, lanes), i32.lt_u(start, end)), () =>
      store(parts, pass, cursors, parts.known, rest),
    );
}
