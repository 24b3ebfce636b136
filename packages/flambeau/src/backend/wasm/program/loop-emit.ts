// Code of loop steps: what is computed once, the outer loop, and each of its iterations: the reductions one after the other, then
// the results.
// Floor L2 (backend/wasm/program).

import type { Expr } from "../../../ir/scalar.ts";
import { evaluate, unrolling, withShortcuts } from "../codegen.ts";
import { i32 } from "../encoder.ts";
import type { Group } from "../lanes.ts";
import { findForms } from "../row-forms.ts";
import type { Context } from "./context.ts";
import { loadSplat, loadStrided, storeStrided } from "./lane-access.ts";
import { forItems, moveTo } from "./loop-items.ts";
import { storeFlat, storeMaps } from "./loop-maps.ts";
import { LoopParts } from "./loop-parts.ts";
import type { PiecePlan } from "./loop-pieces.ts";
import { emitPieces } from "./loop-pieces.ts";
import type { LoopPlan } from "./loop-plan.ts";
import { reduce } from "./loop-reduce.ts";
import type { LoopShape } from "./loop-shape.ts";
import { product } from "./loop-shape.ts";
import { Strips } from "./loop-strips.ts";
import type { StripPlan } from "./loop-strips-plan.ts";
import type { TilePlan } from "./loop-tiles.ts";
import { storeTiles } from "./loop-tiles.ts";

/** How a loop is computed: plain, or in one of the special ways. */
export interface LoopPlans {
  readonly plain: LoopPlan;
  readonly strips: StripPlan | null;
  readonly tiles: TilePlan | null;
  readonly pieces: PiecePlan | null;
}

export function emitLoop(c: Context, shape: LoopShape, plans: LoopPlans): void {
  const { plain: plan, strips, tiles, pieces } = plans;
  const { outer, inner, lanes, across, maps, values, stages } = shape;
  const bodies = [...stages, ...maps, ...values].map(({ body }) => body);
  const items = product(outer);
  const onlyMaps = stages.length === 0 && values.length === 0;
  if (items === 0 || (lanes === 0 && (across || onlyMaps))) return;
  const parts = new LoopParts(c, shape, plan, pieces !== null);
  c.e.masked = stages.length > 0;
  findForms(c.e, {
    stages,
    results: [...maps, ...values].map(({ body }) => body),
    total: (input) => (input < shape.operands.length ? null : input - shape.operands.length),
    kept: () => null,
  });
  parts.prepareOnce(bodies);
  if (strips) emitStrips(parts, strips, items);
  else if (tiles) storeTiles(parts, tiles);
  else if (pieces) emitPieces(parts, pieces);
  else if (across) emitAcross(parts, items, bodies);
  else if (items === 1 && onlyMaps && inner.length === 0) storeFlat(parts, plan.passes[0]!);
  else
    forItems(c, items, (item) => {
      moveTo(parts, item, null);
      emitItem(parts, null);
    });
}

/** Few items are shared column by column. */
const fewItems = 16;

function emitStrips(parts: LoopParts, plan: StripPlan, items: number): void {
  const { c, f } = parts;
  const { lanes } = parts.shape;
  const strips = new Strips(parts, plan);
  if (items >= fewItems) {
    forItems(c, items, (item) => {
      moveTo(parts, item, null);
      strips.emit(f.let("i32", 0), f.let("i32", lanes));
    });
    return;
  }
  const { start, end } = c.share(lanes, 16);
  const item = f.let("i32", 0);
  f.loop((again) => {
    moveTo(parts, item, null);
    strips.emit(start, end);
    f.set(item, i32.add(item, 1));
    f.brIf(again, i32.lt_u(item, items));
  });
}

/** Items of a whole block of lanes each, the last of the rest. */
function emitAcross(parts: LoopParts, items: number, bodies: readonly Expr[]): void {
  const { c, f } = parts;
  const { lanes } = parts.shape;
  const width = Math.min(4 * unrolling(bodies), 4 * Math.ceil(lanes / 4));
  const blocks = Math.ceil(lanes / width);
  const rest = lanes - (blocks - 1) * width;
  forItems(c, items * blocks, (item) => {
    const block = f.let("i32", blocks === 1 ? 0 : i32.rem_u(item, blocks));
    const outer = f.let("i32", blocks === 1 ? item : i32.div_u(item, blocks));
    moveTo(parts, outer, f.let("i32", i32.mul(block, width)));
    if (rest === width || blocks === 1) emitItem(parts, rest);
    else
      f.if(
        i32.lt_u(block, blocks - 1),
        () => emitItem(parts, width),
        () => emitItem(parts, rest),
      );
  });
}

/** One iteration; `valid` says how many lanes it has if they lie across. */
function emitItem(parts: LoopParts, valid: number | null): void {
  const { e, shape, plan, starts, results } = parts;
  const { stages, maps, values, tracks, operands } = shape;
  parts.known = new Map(parts.once);
  results.clear();
  const groups = valid === null ? 1 : Math.ceil(valid / 4);
  const inputs = (index: number): readonly Group[] => {
    if (index >= operands.length) return results.get(index - operands.length)!;
    const k = operands[index]!;
    const { dtype, lane } = tracks[k]!;
    if (valid === null) return [loadSplat(e, dtype, starts[k]!)];
    return loadStrided(e, dtype, starts[k]!, lane, valid);
  };
  const prepare = (bodies: readonly Expr[]): void => {
    parts.prepare(bodies, 1, groups, inputs, parts.known);
    if (valid === null) parts.spread(parts.known);
  };
  const passOfMaps = plan.passes.at(-1)!;
  for (const pass of plan.passes) {
    if (pass === passOfMaps) break;
    prepare([...pass.stages.map((s) => stages[s]!.body), ...pass.keeps.map(({ node }) => node)]);
    reduce(parts, pass, valid);
  }
  // All that looks at values of the item is computed before anything is written.
  const done = withShortcuts(e, () => {
    const known = new Map(parts.known);
    return values.map(({ body }) => evaluate(e, body, groups, inputs, known));
  });
  prepare(maps.map(({ body }) => body));
  storeMaps(parts, passOfMaps, valid);
  values.forEach(({ track }, i) => {
    const { dtype, lane } = tracks[track]!;
    storeStrided(e, dtype, done[i]!, starts[track]!, lane, valid ?? 1);
  });
}
