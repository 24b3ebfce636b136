// The shape of a loop step as its code sees it: dimensions merged and ordered, one of them the vectors' own.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import type { CombineOp } from "../../../ir/nest.ts";
import type { Access, Buffer, LoopResult, LoopStep } from "../../../ir/program.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { Interner } from "./expressions.ts";

/** Elements that loops walk over: equal accesses have one track. Strides count elements. */
export interface Track {
  readonly dtype: DType;
  readonly source: Access | { readonly scalar: number };
  /** Over the outer dimensions that are left. */
  readonly outer: readonly number[];
  /** Over the inner ones. */
  readonly inner: readonly number[];
  /** Along the dimension of the vectors. */
  readonly lane: number;
}

export interface Stage {
  readonly combine: CombineOp;
  readonly body: Expr;
}

export interface Result {
  readonly body: Expr;
  readonly track: number;
}

/**
 * How a loop runs. Vectors lie along a dimension of `lanes` elements: one of the inner dimensions, which `inner` then has no more
 * (`across` false), or one of the outer ones (`across` true), so that reductions need no sum over lanes.
 */
export interface LoopShape {
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  readonly lanes: number;
  readonly across: boolean;
  readonly tracks: readonly Track[];
  /** Track of each operand. */
  readonly operands: readonly number[];
  /** Equal parts of expressions are the same node everywhere. */
  readonly stages: readonly Stage[];
  readonly maps: readonly Result[];
  readonly values: readonly Result[];
}

export const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

interface Dim {
  readonly size: number;
  /** Of all accesses. */
  readonly strides: readonly number[];
}

const units = (dim: Dim): number => dim.strides.filter((s) => s === 1).length;
const unfit = (dim: Dim): number => dim.strides.filter((s) => s !== 1 && s !== 0).length;
const reach = (dim: Dim): number => dim.strides.reduce((sum, s) => sum + Math.abs(s), 0);

/** Better along vectors first: few accesses with strides, the last ones (results) least; many of 1; long. */
const byLanes = (a: Dim, b: Dim): number =>
  unfit(a) - unfit(b) ||
  Number((a.strides.at(-1) ?? 0) > 1) - Number((b.strides.at(-1) ?? 0) > 1) ||
  units(b) - units(a) ||
  b.size - a.size;

/** Without dimensions of one element, far strides first, neighbours merged where all accesses go on from one to the next. */
function simplify(dims: readonly Dim[]): Dim[] {
  if (dims.some(({ size }) => size === 0)) return [{ size: 0, strides: dims[0]!.strides }];
  const sorted = dims.filter(({ size }) => size !== 1).sort((a, b) => reach(b) - reach(a));
  const out: Dim[] = [];
  for (const dim of sorted) {
    const last = out.at(-1);
    if (last?.strides.every((s, k) => s === dim.strides[k]! * dim.size))
      out[out.length - 1] = { size: last.size * dim.size, strides: dim.strides };
    else out.push(dim);
  }
  return out;
}

/** Takes the best dimension for vectors out of the list, or one of a single element if there is none. */
function takeLanes(dims: Dim[], accesses: number): Dim {
  const best = [...dims].sort(byLanes)[0];
  if (!best) return { size: 1, strides: new Array<number>(accesses).fill(0) };
  dims.splice(dims.indexOf(best), 1);
  return best;
}

/** Whether vectors across outer iterations are the better ones. */
function worthAcross(outer: readonly Dim[], inner: readonly Dim[]): boolean {
  const o = [...outer].sort(byLanes)[0];
  if (!o || o.size < 4) return false;
  const i = [...inner].sort(byLanes)[0];
  if (!i) return true;
  return unfit(o) < unfit(i) || (unfit(o) === unfit(i) && i.size < 4 && units(o) > 0);
}

/** The tracks of a step, and their strides over all of its dimensions. */
class Tracks {
  readonly list: { dtype: DType; source: Track["source"]; strides: number[] }[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #rank: number;

  constructor(rank: number) {
    this.#rank = rank;
  }

  add(dtype: DType, source: Track["source"]): number {
    const isScalar = "scalar" in source;
    const strides = Array.from({ length: this.#rank }, (_, d) => (isScalar ? 0 : (source.strides[d] ?? 0)));
    const key = isScalar
      ? `${dtype} ${source.scalar}`
      : `${dtype} ${source.buffer} ${source.offset} ${strides}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.list.push({ dtype, source, strides }) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}

export function shapeOf(step: LoopStep, buffers: readonly Buffer[]): LoopShape {
  let { outer: outerSizes, inner: innerSizes, maps, values } = step;
  if (step.stages.length === 0) {
    if (values.length === 0) {
      // A map over all dimensions.
      outerSizes = [...outerSizes, ...innerSizes];
      innerSizes = [];
      [maps, values] = [[], maps];
    } else if (maps.length === 0) innerSizes = [];
  }
  const tracks = new Tracks(outerSizes.length + innerSizes.length);
  const interner = new Interner();
  const operands = step.operands.map(({ dtype, source }) => tracks.add(dtype, source));
  const result = ({ body, to }: LoopResult): Result => ({
    body: interner.intern(body),
    track: tracks.add(buffers[to.buffer]!.dtype, to),
  });
  const stages = step.stages.map(({ combine, body }) => ({ combine, body: interner.intern(body) }));
  const mapTracks = maps.map(result);
  const valueTracks = values.map(result);

  const dim = (size: number, d: number): Dim => ({
    size,
    strides: tracks.list.map(({ strides }) => strides[d]!),
  });
  const outer = simplify(outerSizes.map((size, d) => dim(size, d)));
  const inner = simplify(innerSizes.map((size, d) => dim(size, outerSizes.length + d)));
  const flat = stages.length === 0 && mapTracks.length === 0;
  const across = !flat && worthAcross(outer, inner);
  const lanes = takeLanes(flat || across ? outer : inner, tracks.list.length);
  return {
    outer: outer.map(({ size }) => size),
    inner: inner.map(({ size }) => size),
    lanes: lanes.size,
    across,
    tracks: tracks.list.map(({ dtype, source }, k) => ({
      dtype,
      source,
      outer: outer.map(({ strides }) => strides[k]!),
      inner: inner.map(({ strides }) => strides[k]!),
      lane: lanes.strides[k]!,
    })),
    operands,
    stages,
    maps: flat ? valueTracks : mapTracks,
    values: flat ? [] : valueTracks,
  };
}
