// Loads and stores of groups wherever their elements lie: adjacent, repeated, or some stride apart; and of fewer than four.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import type { Code, Local } from "../encoder.ts";
import { i32, i32x4, v128 } from "../encoder.ts";
import type { Emitter, Group } from "../lanes.ts";
import { elementBytes, loadGroups, storeGroups } from "../lanes.ts";

/** An address that may lie before the pointer: offsets of instructions cannot be negative. */
function at(e: Emitter, pointer: Local, offset: number): [Local, number] {
  return offset >= 0 ? [pointer, offset] : [e.f.let("i32", i32.add(pointer, offset)), 0];
}

/** Element of one byte as a lane of 32 bits. */
const byteLane = (dtype: DType, p: Local, offset: number): Code =>
  dtype === "bool" ? i32.sub(0, i32.ne(i32.load8_u(p, offset), 0)) : i32.load8_u(p, offset);

/** One element in all lanes. */
export function loadSplat(e: Emitter, dtype: DType, pointer: Local, offset = 0): Group {
  const [p, o] = at(e, pointer, offset);
  switch (elementBytes[dtype]) {
    case 1:
      return [e.v(i32x4.splat(byteLane(dtype, p, o)))];
    case 4:
      return [e.v(v128.load32_splat(p, o))];
    case 8: {
      const x = e.v(v128.load64_splat(p, o));
      return [x, x];
    }
  }
}

/** `valid` elements `stride` bytes apart; lanes behind them hold some element. */
function loadLanes(
  e: Emitter,
  dtype: DType,
  pointer: Local,
  offset: number,
  stride: number,
  valid: number,
): Group {
  const group = [...loadSplat(e, dtype, pointer, offset)];
  for (let lane = 1; lane < valid; lane++) {
    const [p, o] = at(e, pointer, offset + lane * stride);
    if (elementBytes[dtype] === 1) group[0] = e.v(i32x4.replace_lane(group[0]!, lane, byteLane(dtype, p, o)));
    else if (elementBytes[dtype] === 4) group[0] = e.v(v128.load32_lane(p, group[0]!, lane, o));
    else {
      const half = lane >> 1;
      group[half] = e.v(v128.load64_lane(p, group[half]!, lane & 1, o));
    }
  }
  return group;
}

/** Lane 0 to `count` of a group, `stride` bytes apart. */
function storeLanes(
  e: Emitter,
  dtype: DType,
  group: Group,
  pointer: Local,
  offset: number,
  stride: number,
  count: number,
): void {
  for (let lane = 0; lane < count; lane++) {
    const [p, o] = at(e, pointer, offset + lane * stride);
    if (elementBytes[dtype] === 1) {
      const x = i32x4.extract_lane(group[0]!, lane);
      e.f.do(i32.store8(p, dtype === "bool" ? i32.and(x, 1) : x, o));
    } else if (elementBytes[dtype] === 4) e.f.do(v128.store32_lane(p, group[0]!, lane, o));
    else e.f.do(v128.store64_lane(p, group[lane >> 1]!, lane & 1, o));
  }
}

/** Lanes of group u that count, where `valid` elements do in all. */
const lanesAt = (u: number, valid: number): number => Math.min(4, valid - 4 * u);

/**
 * `valid` elements in groups of four, the first `offset` bytes from the pointer, each `stride` elements from the one before it.
 * Adjacent ones are read up to the end of the last group, others not.
 */
export function loadStrided(
  e: Emitter,
  dtype: DType,
  pointer: Local,
  stride: number,
  valid: number,
  offset = 0,
): Group[] {
  const groups = Math.ceil(valid / 4);
  if (stride === 1) return loadGroups(e, dtype, ...at(e, pointer, offset), groups);
  if (stride === 0) return new Array<Group>(groups).fill(loadSplat(e, dtype, pointer, offset));
  const bytes = stride * elementBytes[dtype];
  return Array.from({ length: groups }, (_, u) =>
    loadLanes(e, dtype, pointer, offset + 4 * u * bytes, bytes, lanesAt(u, valid)),
  );
}

/** Stores the first `valid` elements of the groups and nothing else. */
export function storeStrided(
  e: Emitter,
  dtype: DType,
  groups: readonly Group[],
  pointer: Local,
  stride: number,
  valid: number,
  offset = 0,
): void {
  const bytes = stride * elementBytes[dtype];
  const whole = stride === 1 ? Math.floor(valid / 4) : 0;
  if (whole > 0) storeGroups(e, dtype, groups.slice(0, whole), ...at(e, pointer, offset));
  for (let u = whole; 4 * u < valid; u++)
    storeLanes(e, dtype, groups[u]!, pointer, offset + 4 * u * bytes, bytes, lanesAt(u, valid));
}
