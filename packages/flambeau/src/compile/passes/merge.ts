// Two loops over the same indices as one: a reduction with what is computed from it, a map that has several readers with one of them,
// loops that read the same data. Floor L4 (compile).

import { numel } from "../../base/shape.ts";
import type { StepAccess } from "../../ir/accesses.ts";
import { samePlaces } from "../../ir/accesses.ts";
import type { LoopOperand, LoopResult, LoopStep } from "../../ir/program.ts";
import type { Expr } from "../../ir/scalar.ts";
import type { NewDim } from "./body.ts";
import { Body, finished, isMap, reshaped, sizesOf, squeezed } from "./body.ts";
import type { Part } from "./geometry.ts";
import { compose, covers, mayMeet } from "./geometry.ts";
import type { Graph } from "./graph.ts";
import { operandReads, splitAs } from "./inline.ts";
import { joinNames } from "./names.ts";

/** So many pairs of accesses are tried. */
const maxLinks = 4;

/** An access of each of two loops to one buffer, by its path in the step: where they should be at the same place. */
interface Link {
  readonly a: string;
  readonly b: string;
}

const pathOf = (graph: Graph, step: LoopStep, path: string): StepAccess => {
  const { reads, writes } = graph.effects(step);
  return [...writes, ...reads].find((access) => access.path === path)!;
};

/** Two loops whose dimensions were split until they match in pairs; the rest of each has no partner. */
interface Matched {
  readonly a: LoopStep;
  readonly b: LoopStep;
  readonly pairs: readonly (readonly [number, number])[];
  readonly restA: readonly number[];
  readonly restB: readonly number[];
}

const whole = (size: number): Part[] => [{ size, dim: -1, step: 0 }];

/** Where each old dimension's parts stand among the new ones. */
function positions(parts: readonly (readonly unknown[])[]): number[][] {
  let next = 0;
  return parts.map((list) => list.map(() => next++));
}

/** Pairs further dimensions of those that have no partner yet, by one link. */
function matchBy(graph: Graph, found: Matched, link: Link, first: boolean): Matched | null {
  const [la, lb] = [pathOf(graph, found.a, link.a), pathOf(graph, found.b, link.b)];
  const pick = (access: StepAccess, dims: readonly number[], all: readonly number[]) => {
    const used = dims.filter((d) => (access.strides[d] ?? 0) !== 0 && all[d] !== 1);
    return {
      dims: used,
      offset: first ? access.offset : 0,
      sizes: used.map((d) => all[d]!),
      strides: used.map((d) => access.strides[d]!),
    };
  };
  const [sizesA, sizesB] = [sizesOf(found.a), sizesOf(found.b)];
  const [pa, pb] = [pick(la, found.restA, sizesA), pick(lb, found.restB, sizesB)];
  if (first && la.offset !== lb.offset) return null;
  if (pa.dims.length === 0 && pb.dims.length === 0) return found;
  const composition = compose(pb, pa);
  const cover = composition && covers(composition, pa.sizes);
  if (!cover) return null;
  const partsB = sizesB.map((size, d) => {
    const at = pb.dims.indexOf(d);
    return at < 0 ? whole(size) : [...composition.parts[at]!];
  });
  const partsA = sizesA.map((size, d) => {
    const at = pa.dims.indexOf(d);
    return at < 0 ? whole(size) : cover[at]!.sizes.map((s): Part => ({ size: s, dim: -1, step: 0 }));
  });
  const [placesA, placesB] = [positions(partsA), positions(partsB)];
  const flatB = pb.dims.flatMap((d) => placesB[d]!);
  const pairs: [number, number][] = found.pairs.map(([i, j]) => [placesA[i]![0]!, placesB[j]![0]!]);
  pa.dims.forEach((d, k) => {
    cover[k]!.parts.forEach((part, i) => {
      pairs.push([placesA[d]![i]!, flatB[part]!]);
    });
  });
  return {
    a: splitAs(found.a, partsA),
    b: splitAs(found.b, partsB),
    pairs,
    restA: found.restA.filter((d) => !pa.dims.includes(d)).map((d) => placesA[d]![0]!),
    restB: found.restB.filter((d) => !pb.dims.includes(d)).map((d) => placesB[d]![0]!),
  };
}

const without1 = (dims: readonly number[], sizes: readonly number[]): number[] =>
  dims.filter((d) => sizes[d] !== 1);

/** Both loops over the same dimensions in the same order; `values`: b only runs over the outer ones. */
interface Aligned {
  readonly a: LoopStep;
  readonly b: LoopStep;
  readonly values: boolean;
}

function align(graph: Graph, a: LoopStep, b: LoopStep, links: readonly Link[]): Aligned | null {
  let found: Matched | null = {
    a,
    b,
    pairs: [],
    restA: sizesOf(a).map((_, d) => d),
    restB: sizesOf(b).map((_, d) => d),
  };
  const [first, ...others] = links as [Link, ...Link[]];
  found = matchBy(graph, found, first, true);
  if (!found) return null;
  for (const link of others) {
    const isLeft = (dims: readonly number[], step: LoopStep): boolean =>
      without1(dims, sizesOf(step)).length > 0;
    if (!isLeft(found.restA, found.a) || !isLeft(found.restB, found.b)) break;
    found = matchBy(graph, found, link, false) ?? found;
  }
  const [sizesA, sizesB] = [sizesOf(found.a), sizesOf(found.b)];
  const restA = without1(found.restA, sizesA);
  const restB = without1(found.restB, sizesB);
  const innerOfA = (d: number): boolean => d >= found.a.outer.length;
  const innerOfB = (d: number): boolean => d >= found.b.outer.length;
  const pairs = [...found.pairs];
  let values = false;
  if (restB.length > 0 || restA.length > 0) {
    // What is left runs in step where the sizes are those of the other loop.
    const left = (dims: readonly number[], sizes: readonly number[]): string =>
      dims.map((d) => sizes[d]).join();
    if (left(restA, sizesA) === left(restB, sizesB)) restA.forEach((d, i) => pairs.push([d, restB[i]!]));
    else if (restB.length === 0 && isMap(found.b) && !isMap(found.a) && restA.every(innerOfA)) {
      if (pairs.some(([d]) => innerOfA(d))) return null;
      values = true;
    } else return null;
  }
  const [mapA, mapB] = [isMap(found.a), isMap(found.b)];
  if (!mapA && !mapB && pairs.some(([i, j]) => innerOfA(i) !== innerOfB(j))) return null;
  const isOuter = ([i, j]: readonly [number, number]): boolean =>
    mapA ? !mapB && !innerOfB(j) : !innerOfA(i);
  // The order of the one that reduces; of two maps that of the first one.
  const ordered = [...pairs].sort((p, q) => (mapA && !mapB ? p[1] - q[1] : p[0] - q[0]));
  const outer = ordered.filter(isOuter);
  const inner = ordered.filter((p) => !isOuter(p));
  const dims = (list: readonly (readonly [number, number])[], side: 0 | 1): NewDim[] =>
    list.map((pair) => ({ size: sizesA[pair[0]]!, of: pair[side], times: 1 }));
  const innerA = values ? restA.map((d): NewDim => ({ size: sizesA[d]!, of: d, times: 1 })) : dims(inner, 0);
  return {
    a: reshaped(found.a, dims(outer, 0), innerA),
    b: reshaped(found.b, dims(outer, 1), values ? [] : dims(inner, 1)),
    values,
  };
}

/** The links between two loops: what b reads of a's results first, then what both read, then what b overwrites. */
function linksOf(graph: Graph, a: LoopStep, b: LoopStep): Link[] {
  const [ea, eb] = [graph.effects(a), graph.effects(b)];
  const links: Link[] = [];
  const depth = ({ strides, sizes }: StepAccess): number =>
    strides.filter((s, d) => s !== 0 && sizes[d] !== 1).length;
  const add = (from: readonly StepAccess[], to: readonly StepAccess[]): void => {
    const before = links.length;
    const found: { link: Link; depth: number }[] = [];
    for (const x of from)
      for (const y of to)
        if (x.buffer === y.buffer && x.offset === y.offset && mayMeet(x, y))
          found.push({ link: { a: x.path, b: y.path }, depth: depth(x) });
    found.sort((p, q) => q.depth - p.depth);
    links.splice(before, 0, ...found.map(({ link }) => link));
  };
  add(ea.writes, eb.reads);
  add(ea.reads, eb.reads);
  add(ea.reads, eb.writes);
  return links;
}

/** Whether two loops have as many iterations, or the second one as many as the first one's outer dimensions: others are never one. */
export function mayMerge(a: LoopStep, b: LoopStep): boolean {
  const count = numel(sizesOf(b));
  return numel(sizesOf(a)) === count || (isMap(b) && numel(a.outer) === count);
}

/** One loop that does what `a` and then `b` do; null where they are not over the same indices, or get in each other's way. */
export function merged(graph: Graph, a: LoopStep, b: LoopStep): LoopStep | null {
  if (!mayMerge(a, b)) return null;
  const links = linksOf(graph, a, b);
  // The first link decides which dimensions are which, the others what it does not tell.
  for (const first of links.slice(0, maxLinks)) {
    const aligned = align(graph, a, b, [first, ...links.filter((l) => l !== first)]);
    const joined = aligned && combine(graph, aligned, joinNames(a.name, b.name));
    if (joined) return joined;
  }
  return null;
}

function combine(graph: Graph, { a, b, values }: Aligned, name: string): LoopStep | null {
  const [ea, eb] = [graph.effects(a), graph.effects(b)];
  /** Results of a by the operands of b that look at them. */
  const fed = new Map<LoopOperand, LoopResult>();
  const resultsOfA = [...a.maps, ...a.values];
  for (const { read, index } of operandReads(graph, b)) {
    const met = ea.writes.filter((w) => mayMeet(w, read));
    if (met.length === 0) continue;
    if (met.length > 1 || !samePlaces(met[0]!, read)) return null;
    fed.set(b.operands[index]!, resultsOfA[ea.writes.indexOf(met[0]!)]!);
  }
  // What b overwrites, of a's results, is not stored at all.
  const lost = new Set<LoopResult>();
  for (const w of eb.writes)
    for (const [i, v] of ea.writes.entries()) {
      if (!mayMeet(w, v)) continue;
      if (!samePlaces(w, v) || w.sizes.length !== v.sizes.length) return null;
      lost.add(resultsOfA[i]!);
    }
  const body = new Body();
  const fromA = body.import(a);
  const fromB = body.import(b, (operand): Expr => {
    const result = fed.get(operand);
    return result ? fromA(result.body) : body.operand(operand);
  });
  for (const r of a.maps) if (!lost.has(r)) body.map({ to: r.to, body: fromA(r.body) });
  for (const r of a.values) if (!lost.has(r)) body.value({ to: r.to, body: fromA(r.body) });
  for (const r of b.maps) body[values ? "value" : "map"]({ to: r.to, body: fromB(r.body) });
  for (const r of b.values) body.value({ to: r.to, body: fromB(r.body) });
  return squeezed(finished({ ...a, name }, body));
}
