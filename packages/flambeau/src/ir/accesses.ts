// What a step of a program reads and writes, as plain geometry: for the verifier, and for whoever plans memory or moves steps.
// Floor L1 (ir). The rules are those of program.ts.

import type { DType } from "../base/dtype.ts";
import { contiguousStrides, numel } from "../base/shape.ts";
import type {
  Access,
  BufferId,
  ConvStep,
  ElementsStep,
  LoopOperand,
  LoopResult,
  PoolStep,
  Program,
  RowsStep,
  Step,
} from "./program.ts";

/** The places offset + sum of i[d] * strides[d] of a buffer, for i within `sizes`. */
export interface Places {
  readonly buffer: BufferId;
  readonly offset: number;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

export interface StepAccess extends Places {
  /** Where it stands in the step: `operands[1]`, `maps[0].to`. */
  readonly path: string;
  /** What elements the buffer must have; null for any. */
  readonly dtype: DType | null;
  readonly read: boolean;
  /** `some`: of the places, those that an index says; which is known only when the program runs. */
  readonly write: "none" | "all" | "some";
}

/** An access that knows its range, which passes ask for again and again. */
class RangedAccess implements StepAccess {
  readonly path: string;
  readonly dtype: DType | null;
  readonly buffer: BufferId;
  readonly offset: number;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly read: boolean;
  readonly write: StepAccess["write"];
  readonly #range: readonly [number, number] | null;

  constructor(
    path: string,
    dtype: DType | null,
    { buffer, offset }: Access,
    sizes: readonly number[],
    strides: readonly number[],
    { read, write }: Mode,
  ) {
    this.path = path;
    this.dtype = dtype;
    this.buffer = buffer;
    this.offset = offset;
    this.sizes = sizes;
    this.strides = strides;
    this.read = read;
    this.write = write;
    this.#range = rangeOf(this);
  }

  static range(places: Places): readonly [number, number] | null {
    return #range in places ? places.#range : rangeOf(places);
  }
}

type Mode = Pick<StepAccess, "read" | "write">;
const reads: Mode = { read: true, write: "none" };
const writes: Mode = { read: false, write: "all" };
const changes: Mode = { read: true, write: "some" };

/** An access whose strides are those that the step's kind says, not its own. */
const at = (
  path: string,
  dtype: DType | null,
  access: Access,
  sizes: readonly number[],
  strides: readonly number[],
  mode: Mode,
): StepAccess => new RangedAccess(path, dtype, access, sizes, strides, mode);

const strided = (
  path: string,
  dtype: DType | null,
  access: Access,
  sizes: readonly number[],
  mode: Mode,
): StepAccess => at(path, dtype, access, sizes, access.strides, mode);

const packed = (
  path: string,
  dtype: DType | null,
  access: Access,
  sizes: readonly number[],
  mode: Mode,
): StepAccess => at(path, dtype, access, sizes, contiguousStrides(sizes), mode);

function operandAccesses(operands: readonly LoopOperand[], sizes: readonly number[]): StepAccess[] {
  const out: StepAccess[] = [];
  operands.forEach(({ dtype, source }, i) => {
    if ("buffer" in source) out.push(strided(`operands[${i}]`, dtype, source, sizes, reads));
  });
  return out;
}

const resultAccesses = (
  name: string,
  results: readonly LoopResult[],
  sizes: readonly number[],
): StepAccess[] =>
  results.map(({ body, to }, i) => strided(`${name}[${i}].to`, body.dtype, to, sizes, writes));

/** Sizes of the three tensors of a convolution: x, w and y. */
export function convSizes({ geometry: g }: ConvStep): { x: number[]; w: number[]; y: number[] } {
  return {
    x: [g.batch, g.inChannels, ...g.input],
    w: [g.outChannels, g.inChannels / g.groups, ...g.kernel],
    y: [g.batch, g.outChannels, ...g.output],
  };
}

/** Sizes of the operands and of the result of a convolution in the step's direction. */
export function convRoles(step: ConvStep): { a: number[]; b: number[]; out: number[] } {
  const { x, w, y } = convSizes(step);
  if (step.direction === "forward") return { a: x, b: w, out: y };
  return step.direction === "input" ? { a: y, b: w, out: x } : { a: x, b: y, out: w };
}

function rowsAccesses({ mode, dtype, rows, width, limit, index, from, to }: RowsStep): StepAccess[] {
  const wide = (path: string, access: Access, count: number, how: Mode): StepAccess =>
    at(path, dtype, access, [count, width], [access.strides[0] ?? 0, 1], how);
  const numbers = strided("index", null, index, [rows], reads);
  return mode === "gather"
    ? [numbers, wide("from", from, rows > 0 ? limit : 0, reads), wide("to", to, rows, writes)]
    : [
        numbers,
        wide("from", from, rows, reads),
        wide("to", to, rows > 0 ? limit : 0, { read: true, write: "some" }),
      ];
}

function elementsAccesses({ mode, dtype, shape, limit, step, index, from, to }: ElementsStep): StepAccess[] {
  const moved = (path: string, access: Access, how: Mode): StepAccess =>
    at(path, dtype, access, [...shape, limit], [...access.strides, step], how);
  const numbers = strided("index", null, index, shape, reads);
  return mode === "gather"
    ? [numbers, moved("from", from, reads), strided("to", dtype, to, shape, writes)]
    : [
        numbers,
        strided("from", dtype, from, shape, reads),
        moved("to", to, { read: mode === "scatterAdd", write: "some" }),
      ];
}

function poolAccesses({ mode, planes, input, output, from, index, to }: PoolStep): StepAccess[] {
  const backward = mode === "maxBackward" || mode === "averageBackward";
  const [large, small] = [
    [planes, ...input],
    [planes, ...output],
  ] as const;
  const out = [
    packed("from", null, from, backward ? small : large, reads),
    packed("to", null, to, backward ? large : small, writes),
  ];
  if (index) out.push(packed("index", "int32", index, small, backward ? reads : writes));
  return out;
}

/** Everything that a step touches. Buffers of host steps count as wholly read and written. */
export function accessesOf(step: Step, { buffers }: Pick<Program, "buffers">): StepAccess[] {
  switch (step.kind) {
    case "loop": {
      const all = [...step.outer, ...step.inner];
      const outer = step.outer.length;
      return [
        ...operandAccesses(step.operands, all).map((o) =>
          // Values look at operands that do not move along the inner dimensions even where these have no elements.
          o.strides.slice(outer).some((s) => s !== 0)
            ? o
            : { ...o, sizes: [...step.outer, ...step.inner.map((n) => Math.max(n, 1))] },
        ),
        ...resultAccesses("maps", step.maps, all),
        ...resultAccesses("values", step.values, step.outer),
      ];
    }
    case "matmul": {
      const { dtype, batch, m, n, k } = step;
      return [
        strided("a", dtype, step.a, [batch, m, k], reads),
        strided("b", dtype, step.b, [batch, k, n], reads),
        ...operandAccesses(step.operands, [batch, m, n]),
        ...resultAccesses("maps", step.maps, [batch, m, n]),
      ];
    }
    case "conv": {
      const { a, b, out } = convRoles(step);
      return [
        packed("a", "float32", step.a, a, reads),
        packed("b", "float32", step.b, b, reads),
        ...operandAccesses(step.operands, out),
        ...resultAccesses("maps", step.maps, out),
      ];
    }
    case "rows":
      return rowsAccesses(step);
    case "elements":
      return elementsAccesses(step);
    case "pool":
      return poolAccesses(step);
    case "repeat":
      return step.bindings.map(({ inner, access }, i) => {
        const { dtype, length, kind } = step.body.buffers[inner]!;
        const mode = kind === "output" ? writes : kind === "state" ? changes : reads;
        return at(`bindings[${i}]`, dtype, access, [...step.counts, length], [...access.strides, 1], mode);
      });
    case "host": {
      const whole = (list: readonly BufferId[], name: string, mode: Mode): StepAccess[] =>
        list.map((buffer, i) => {
          const access: Access = { buffer, offset: 0, strides: [1] };
          return strided(`${name}[${i}]`, null, access, [buffers[buffer]?.length ?? 0], mode);
        });
      return [...whole(step.reads, "reads", reads), ...whole(step.writes, "writes", writes)];
    }
  }
}

/** The first and the last place, or null if there is none. */
export const placeRange = (places: Places): readonly [first: number, last: number] | null =>
  RangedAccess.range(places);

function rangeOf({ offset, sizes, strides }: Places): [first: number, last: number] | null {
  let [first, last] = [offset, offset];
  for (let d = 0; d < sizes.length; d++) {
    if (sizes[d] === 0) return null;
    const reach = (sizes[d]! - 1) * strides[d]!;
    if (reach < 0) first += reach;
    else last += reach;
  }
  return [first, last];
}

/** Calls `visit` with each place, in row-major order of the index. */
export function forEachPlace({ offset, sizes, strides }: Places, visit: (place: number) => void): void {
  const walk = (d: number, place: number): void => {
    if (d === sizes.length) visit(place);
    else for (let i = 0; i < sizes[d]!; i++) walk(d + 1, place + i * strides[d]!);
  };
  walk(0, offset);
}

/** The same places without the dimensions along which they repeat. */
export function once({ buffer, offset, sizes, strides }: Places): Places {
  const moves = sizes.map((size, d) => size === 0 || strides[d] !== 0);
  return {
    buffer,
    offset,
    sizes: sizes.filter((_, d) => moves[d]),
    strides: strides.filter((_, d) => moves[d]),
  };
}

/** Whether two indices have one place. */
export function repeats(places: Places): boolean {
  const range = placeRange(places);
  if (!range) return false;
  // Distances that grow faster than what smaller ones reach: no need to look.
  const dims = places.sizes
    .map((size, d) => ({ size, stride: Math.abs(places.strides[d]!) }))
    .filter(({ size }) => size > 1)
    .sort((a, b) => a.stride - b.stride);
  let reach = 0;
  let apart = true;
  for (const { size, stride } of dims) {
    if (stride <= reach) apart = false;
    reach += (size - 1) * stride;
  }
  if (apart) return false;
  if (numel(places.sizes) > reach + 1) return true;
  const seen = new Uint8Array(reach + 1);
  let twice = false;
  forEachPlace(places, (p) => {
    if (seen[p - range[0]]) twice = true;
    seen[p - range[0]] = 1;
  });
  return twice;
}

/** Whether two looks at buffers have a place in common. */
export function placesMeet(a: Places, b: Places): boolean {
  if (a.buffer !== b.buffer) return false;
  const [ra, rb] = [placeRange(a), placeRange(b)];
  if (!ra || !rb || ra[1] < rb[0] || rb[1] < ra[0]) return false;
  const seen = new Uint8Array(ra[1] - ra[0] + 1);
  forEachPlace(once(a), (p) => {
    seen[p - ra[0]] = 1;
  });
  let meet = false;
  forEachPlace(once(b), (p) => {
    if (seen[p - ra[0]]) meet = true;
  });
  return meet;
}

/** Whether two looks over the same sizes (missing ones at the end: one for all) have the same place at every index. */
export function samePlaces(a: Places, b: Places): boolean {
  if (a.buffer !== b.buffer || a.offset !== b.offset) return false;
  const [long, short] = a.sizes.length >= b.sizes.length ? [a, b] : [b, a];
  return long.sizes.every((size, d) => size <= 1 || long.strides[d] === (short.strides[d] ?? 0));
}
