// Few long rows: each in a fixed number of pieces, which threads share. Results of reductions over pieces are combined in order, so
// that they do not depend on how many threads there are.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import { evaluate } from "../codegen.ts";
import type { Local } from "../encoder.ts";
import { i32, v128 } from "../encoder.ts";
import type { Group } from "../lanes.ts";
import { elementBytes } from "../lanes.ts";
import { combineGroups } from "../reduce-codegen.ts";
import { loadSplat, storeStrided } from "./lane-access.ts";
import { forItems, moveTo } from "./loop-items.ts";
import { storeMaps } from "./loop-maps.ts";
import type { LoopParts } from "./loop-parts.ts";
import type { LoopPlan, Pass } from "./loop-plan.ts";
import { reduce } from "./loop-reduce.ts";
import type { LoopShape } from "./loop-shape.ts";
import { product } from "./loop-shape.ts";

export interface PiecePlan {
  readonly items: number;
  readonly pieces: number;
  /** Elements of a piece, but for the last one. */
  readonly length: number;
  readonly sharedBytes: number;
}

const mostPieces = 16;
const mostItems = 4;
/** Where there are no reductions, so that pieces cost nothing. */
const mostMapItems = 16;
/** Elements of a row from which several threads may be worth it. */
const longRow = 16384;

/** Null where rows are many enough, or short. */
export function planPieces(shape: LoopShape, plain: LoopPlan): PiecePlan | null {
  const { outer, inner, lanes, across, stages, values } = shape;
  const items = product(outer);
  if (across || inner.length > 0 || lanes < longRow || plain.keptBytes > 0 || items === 0) return null;
  // A single map is cut where it suits the threads.
  if (stages.length === 0 ? items === 1 || items > mostMapItems || values.length > 0 : items > mostItems)
    return null;
  const length = 16 * Math.ceil(lanes / (16 * mostPieces));
  const pieces = Math.ceil(lanes / length);
  return { items, pieces, length, sharedBytes: 8 * stages.length * items * mostPieces };
}

/** `parts` has a start of its own for each track along the lanes. */
export function emitPieces(parts: LoopParts, plan: PiecePlan): void {
  const { c, f, shape } = parts;
  const passes = parts.plan.passes.slice(0, -1);
  for (const pass of passes) {
    forPieces(parts, plan, (item, piece, lanes) => {
      begin(parts, plan, pass, item);
      prepare(
        parts,
        pass.stages.map((s) => shape.stages[s]!.body),
      );
      reduce(parts, pass, null, lanes);
      for (const s of pass.stages) {
        const [group] = parts.results.get(s)!;
        const cell = cellOf(parts, plan, s, item, piece);
        f.do(
          elementBytes[shape.stages[s]!.body.dtype] === 8
            ? v128.store64_lane(cell, group![0]!, 0)
            : v128.store32_lane(cell, group![0]!, 0),
        );
      }
    });
    c.barrier();
  }
  const last = parts.plan.passes.at(-1)!;
  if (shape.maps.length > 0) {
    forPieces(parts, plan, (item, _, lanes) => {
      begin(parts, plan, last, item);
      prepare(
        parts,
        shape.maps.map(({ body }) => body),
      );
      storeMaps(parts, last, null, lanes);
    });
    // Others may still look at what the values are written over.
    if (shape.values.length > 0) c.barrier();
  }
  if (shape.values.length === 0) return;
  f.if(i32.eqz(c.thread), () => {
    const item = f.let("i32", 0);
    f.loop((again) => {
      moveTo(parts, item, null);
      begin(parts, plan, last, item);
      const { e, known } = parts;
      const done = shape.values.map(({ body }) => evaluate(e, body, 1, inputs(parts), known));
      shape.values.forEach(({ track }, i) => {
        storeStrided(e, shape.tracks[track]!.dtype, done[i]!, parts.starts[track]!, 1, 1);
      });
      f.set(item, i32.add(item, 1));
      f.brIf(again, i32.lt_u(item, plan.items));
    });
  });
}

/** Calls the body with all tracks at the beginning of each of this thread's pieces. */
function forPieces(
  parts: LoopParts,
  { items, pieces, length }: PiecePlan,
  body: (item: Local, piece: Local, lanes: number) => void,
): void {
  const { c, f, shape } = parts;
  forItems(c, items * pieces, (index) => {
    const item = f.let("i32", i32.div_u(index, pieces));
    const piece = f.let("i32", i32.rem_u(index, pieces));
    moveTo(parts, item, f.let("i32", i32.mul(piece, length)));
    const rest = shape.lanes - (pieces - 1) * length;
    if (rest === length) body(item, piece, length);
    else
      f.if(
        i32.lt_u(piece, pieces - 1),
        () => body(item, piece, length),
        () => body(item, piece, rest),
      );
  });
}

function cellOf({ c, f }: LoopParts, { items }: PiecePlan, stage: number, item: Local, piece: Local): Local {
  const row = i32.mul(i32.add(item, stage * items), 8 * mostPieces);
  return f.let("i32", i32.add(i32.add(c.shared, row), i32.mul(piece, 8)));
}

/** Makes the results of all passes before this one known. */
function begin(parts: LoopParts, plan: PiecePlan, until: Pass, item: Local): void {
  parts.known = new Map(parts.once);
  parts.results.clear();
  for (const pass of parts.plan.passes) {
    if (pass === until) return;
    for (const s of pass.stages) parts.results.set(s, combined(parts, plan, s, item));
  }
}

function combined(parts: LoopParts, plan: PiecePlan, stage: number, item: Local): Group[] {
  const { e, f, shape } = parts;
  const { combine, body } = shape.stages[stage]!;
  const cell = cellOf(parts, plan, stage, item, f.let("i32", 0));
  const dtype: DType = body.dtype;
  const load = (piece: number): Group => {
    if (elementBytes[dtype] < 8) return [e.v(v128.load32_splat(cell, 8 * piece))];
    const x = e.v(v128.load64_splat(cell, 8 * piece));
    return [x, x];
  };
  let groups = Array.from({ length: plan.pieces }, (_, i) => load(i));
  while (groups.length > 1) {
    const half = Math.ceil(groups.length / 2);
    groups = groups
      .slice(0, half)
      .map((g, i) => (groups[i + half] ? combineGroups(e, combine, dtype, g, groups[i + half]!) : g));
  }
  return parts.spreadResult(dtype, groups[0]!);
}

const inputs =
  ({ e, shape, starts, results }: LoopParts) =>
  (index: number): readonly Group[] => {
    if (index >= shape.operands.length) return results.get(index - shape.operands.length)!;
    const k = shape.operands[index]!;
    return [loadSplat(e, shape.tracks[k]!.dtype, starts[k]!)];
  };

function prepare(parts: LoopParts, bodies: Parameters<LoopParts["prepare"]>[0]): void {
  parts.prepare(bodies, 1, 1, inputs(parts), parts.known);
  parts.spread(parts.known);
}
