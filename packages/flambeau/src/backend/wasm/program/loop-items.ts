// The outer loop of loop steps: its iterations, shared by the threads, and where tracks are in each.
// Floor L2 (backend/wasm/program).

import type { Code, Local } from "../encoder.ts";
import { i32 } from "../encoder.ts";
import type { Context } from "./context.ts";
import type { LoopParts } from "./loop-parts.ts";

/** Calls the body for each of this thread's items. */
export function forItems(c: Context, items: number, body: (item: Local) => void): void {
  const { f } = c;
  const { start: item, end } = c.share(items, 1);
  f.if(i32.lt_u(item, end), () =>
    f.loop((again) => {
      body(item);
      f.set(item, i32.add(item, 1));
      f.brIf(again, i32.lt_u(item, end));
    }),
  );
}

/** Sets all tracks to the first elements of an iteration of the outer loop, and of a block of lanes across. */
export function moveTo(parts: LoopParts, item: Local, firstLane: Local | null): void {
  const { c, f, starts, bytes } = parts;
  const { outer, tracks } = parts.shape;
  const indices: (Code | Local)[] = [];
  let rest: Code | Local = item;
  for (let d = outer.length - 1; d > 0; d--) {
    indices[d] = f.let("i32", i32.rem_u(rest, outer[d]!));
    rest = f.let("i32", i32.div_u(rest, outer[d]!));
  }
  indices[0] = rest;
  tracks.forEach((track, k) => {
    if (!parts.isMoving(track)) return;
    let at: Code | Local = c.addresses[k]!;
    track.outer.forEach((s, d) => {
      if (s !== 0) at = i32.add(at, i32.mul(indices[d]!, s * bytes(k)));
    });
    if (firstLane && track.lane !== 0) at = i32.add(at, i32.mul(firstLane, track.lane * bytes(k)));
    f.set(starts[k]!, at);
  });
}
