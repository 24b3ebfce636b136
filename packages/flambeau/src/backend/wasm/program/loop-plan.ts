// The loops over the inner dimensions that a loop step takes: reductions that can be had in one, and values that a later loop
// would have to compute again, which are kept in memory.
// Floor L2 (backend/wasm/program).

import type { Expr } from "../../../ir/scalar.ts";
import { topological, weightOf } from "../codegen.ts";
import { elementBytes } from "../lanes.ts";
import type { Levels } from "./loop-levels.ts";
import type { LoopShape, Stage } from "./loop-shape.ts";
import { product } from "./loop-shape.ts";

/** A value for each element of an item, written by one loop and read by later ones. */
export interface Kept {
  readonly node: Expr;
  /** Bytes from the start of the memory for kept values. */
  readonly offset: number;
}

/** One walk over the inner dimensions. */
export interface Pass {
  /** Stages that it computes: numbers. None where only values are kept, and in the last pass, that of the maps. */
  readonly stages: readonly number[];
  readonly keeps: readonly Kept[];
  readonly reads: readonly Kept[];
}

export interface LoopPlan {
  readonly passes: readonly Pass[];
  /** Bytes that kept values take. */
  readonly keptBytes: number;
}

/** Operations from which it is cheaper to keep a value than to compute it once more. */
const dear = 8;
/** More than this would not stay in a cache of the core. */
const mostKept = 2 ** 18;

/** The most stages of one pass: each has accumulators in registers. */
const mostStages = 4;

/** Lanes that kept values of one run of vectors take, whole groups. */
export const keptLanes = ({ lanes, across }: LoopShape): number => (across ? 16 : 4 * Math.ceil(lanes / 4));

/** Whether the stage looks at results of stages from `first` on. */
const dependsOn = ({ body }: Stage, operands: number, first: number): boolean =>
  topological(body).some((node) => node.op === "input" && node.value >= operands + first);

/** Stages that can be computed in one walk, since none needs the result of another. */
export function groupStages({ stages, operands }: LoopShape): number[][] {
  const groups: number[][] = [];
  stages.forEach((stage, s) => {
    const last = groups.at(-1);
    if (last && last.length < mostStages && !dependsOn(stage, operands.length, last[0]!)) last.push(s);
    else groups.push([s]);
  });
  return groups;
}

/** Fewer lanes are not worth a pass of their own. */
const fewLanes = 64;

/**
 * Dear values of maps that another dear value depends on. Such chains are so long that a processor sees too few rounds at a time to
 * keep busy: a pass that computes the first of them before takes less time in all. Not for maps of one dimension, of which threads
 * take pieces as they come.
 */
function chained({ maps, lanes, outer, across }: LoopShape, levels: Levels): Expr[] {
  if (across || lanes < fewLanes || product(outer) === 1) return [];
  const isDear = (node: Expr): boolean => weightOf(node) >= dear && levels.of(node) === 3;
  const found = new Set<Expr>();
  for (const { body } of maps)
    for (const node of topological(body))
      if (isDear(node))
        for (const before of topological(node)) if (before !== node && isDear(before)) found.add(before);
  return [...found];
}

export function planLoop(shape: LoopShape, levels: Levels): LoopPlan {
  const groups = groupStages(shape);
  const bodies = groups.map((group) => group.map((s) => shape.stages[s]!.body));
  if (groups.length === 0) {
    const early = chained(shape, levels);
    if (early.length > 0) {
      groups.push([]);
      bodies.push(early);
    }
  }
  bodies.push(shape.maps.map(({ body }) => body));
  const elements = product(shape.inner) * keptLanes(shape);
  /** The pass that computes a dear value first. */
  const first = new Map<Expr, number>();
  const kept = new Map<Expr, Kept>();
  const reads: Kept[][] = bodies.map(() => []);
  let keptBytes = 0;
  bodies.forEach((roots, pass) => {
    const seen = new Set<Expr>();
    const visit = (node: Expr): void => {
      if (seen.has(node)) return;
      seen.add(node);
      const before = first.get(node);
      if (before !== undefined && before < pass) {
        let keep = kept.get(node);
        const bytes = elements * Math.max(4, elementBytes[node.dtype]);
        if (!keep && keptBytes + bytes <= mostKept) {
          keep = { node, offset: keptBytes };
          kept.set(node, keep);
          keptBytes += bytes;
        }
        if (keep) {
          reads[pass]!.push(keep);
          return;
        }
      }
      node.args.forEach(visit);
      if (weightOf(node) >= dear && levels.of(node) === 3 && before === undefined) first.set(node, pass);
    };
    roots.forEach(visit);
  });
  const all = bodies.map((_, pass) => ({
    stages: groups[pass] ?? [],
    keeps: [...kept.values()].filter(({ node }) => first.get(node) === pass),
    reads: reads[pass]!,
  }));
  const last = all.length - 1;
  const passes = all.filter(({ stages, keeps }, i) => i === last || stages.length > 0 || keeps.length > 0);
  return { passes, keptBytes };
}
