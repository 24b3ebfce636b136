// Elements in reverse or shifted order, as copies: flip, roll, rot90.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.flip.html

import { ArgumentError, IndexError, RuntimeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel } from "../base/shape.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { recorder } from "../tensor/capturing.ts";
import { copyElements } from "../tensor/copy.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { listOf } from "./arguments.ts";
import { composite, op } from "./define.ts";
import type { Cells } from "./elements.ts";
import { cellsOf, cellsPer, moveRun } from "./elements.ts";
import type { CloneOp, FlipOp, OpFn } from "./signatures.ts";

/** Runs `write` on the cells of a new tensor like `x` and of `x`, packed. */
function copied(
  x: AnyTensor,
  write: (to: Cells, from: Cells, offset: number, width: number) => void,
): AnyTensor {
  const source = x.contiguous();
  const out: AnyTensor = fresh(allocateUnset(x.dtype, numel(x.shape)), x.shape as Shape, x.dtype);
  const width = cellsPer(x.dtype);
  if (numel(x.shape) > 0)
    write(cellsOf(out.storage.data), cellsOf(source.storage.data), source.offset * width, width);
  return out;
}

/** Copies `n` runs, the last one first. */
function reverseRuns(to: Cells, at: number, from: Cells, start: number, n: number, run: number): void {
  if (run === 1) for (let i = at, j = start + n - 1; j >= start; i++, j--) to[i] = from[j]!;
  else for (let i = 0; i < n; i++) moveRun(to, at + i * run, from, start + (n - 1 - i) * run, run);
}

/** The same as a step of the program that is recorded: a copy that goes backwards. */
function recordFlip(to: Recorder, x: AnyTensor, flips: readonly boolean[]): AnyTensor {
  const out: AnyTensor = fresh(allocateUnset(x.dtype, numel(x.shape)), x.shape as Shape, x.dtype);
  if (numel(x.shape) === 0) return out;
  const shape: Shape = x.shape;
  const strides = x.strides.map((s, d) => (flips[d] ? -s : s));
  const offset = shape.reduce((at, n, d) => (flips[d] ? at + (n - 1) * x.strides[d]! : at), x.offset);
  const target = { data: out.storage.data, offset: 0, strides: out.strides };
  to.copy(x.dtype, shape, target, { data: x.storage.data, offset, strides });
  return out;
}

/** The elements in reverse order along the listed dimensions. A copy. `x.flip(0, 1)`, `x.flip([0, 1])`. */
export const flip: FlipOp = op({
  variadic: true,
  forward: (x: AnyTensor, ...dims: (number | readonly number[])[]) => {
    if (dims.length === 0) throw new ArgumentError('flip() missing 1 required positional arguments: "dims"');
    const { shape } = x;
    const flips = new Array<boolean>(Math.max(x.ndim, 1)).fill(false);
    for (const dim of listOf(dims)) {
      const d = normalizeDim(dim, x.ndim, "flip");
      if (flips[d]) throw new RuntimeError(`flip: dim ${d} appears multiple times in the list of dims`);
      flips[d] = true;
    }
    // What lies behind the last flipped dimension is moved in one piece.
    const last = flips.lastIndexOf(true);
    if (last < 0 || x.ndim === 0) return x.clone();
    if (recorder !== null) return recordFlip(recorder, x, flips);
    return copied(x, (to, from, offset, width) => {
      const run = numel(shape.slice(last + 1)) * width;
      const n = shape[last]!;
      const steps = shape.map((_: number, d: number) => numel(shape.slice(d + 1)) * width);
      let w = 0;
      const walk = (d: number, at: number): void => {
        if (d === last) {
          reverseRuns(to, w, from, at, n, run);
          w += n * run;
          return;
        }
        const m = shape[d]!;
        for (let i = 0; i < m; i++) walk(d + 1, at + (flips[d] ? m - 1 - i : i) * steps[d]!);
      };
      walk(0, offset);
    });
  },
  vjp: (g, s) => g.flip(flipArgs(s)),
});

function flipArgs(s: { meta(i: number): unknown }): readonly number[] {
  const first = s.meta(1);
  if (typeof first === "object") return first as readonly number[];
  const dims: number[] = [];
  for (let i = 1; s.meta(i) !== undefined; i++) dims.push(s.meta(i) as number);
  return dims;
}

/** {@link flip} of dimension 1: columns from right to left. @throws RuntimeError for fewer than 2 dimensions. */
export const fliplr: CloneOp = composite((x: AnyTensor) => {
  if (x.ndim < 2) throw new RuntimeError("fliplr: Input must be >= 2-d.");
  return x.flip(1);
});

/** {@link flip} of dimension 0: rows from bottom to top. @throws RuntimeError for a 0-d tensor. */
export const flipud: CloneOp = composite((x: AnyTensor) => {
  if (x.ndim < 1) throw new RuntimeError("flipud: Input must be >= 1-d.");
  return x.flip(0);
});

/** The elements shifted by `shift` places along one dimension, those pushed off the end put in at the front. */
const rolled: (x: AnyTensor, shift: number, dim: number) => AnyTensor = op({
  name: "roll",
  forward: (x: AnyTensor, shift: number, dim: number) => {
    if (numel(x.shape) === 0) return x.clone();
    const d = normalizeDim(dim, x.ndim, "roll");
    if (recorder !== null) {
      const size = x.shape[d]!;
      const by = ((shift % size) + size) % size;
      const out: AnyTensor = fresh(allocateUnset(x.dtype, numel(x.shape)), x.shape as Shape, x.dtype);
      copyElements(out.narrow(d, by, size - by), x.narrow(d, 0, size - by));
      copyElements(out.narrow(d, 0, by), x.narrow(d, size - by, by));
      return out;
    }
    return copied(x, (to, from, offset, width) => {
      const n = x.shape[d]!;
      const run = numel(x.shape.slice(d + 1)) * width;
      const block = n * run;
      const cut = (((shift % n) + n) % n) * run;
      for (let at = 0; at < to.length; at += block) {
        moveRun(to, at + cut, from, offset + at, block - cut);
        moveRun(to, at, from, offset + at + block - cut, cut);
      }
    });
  },
  vjp: (g, s) => rolled(g, -s.meta(1), s.meta(2)),
});

type OneOrMore = number | readonly number[];

/**
 * The elements shifted by `shifts` places along `dims` (numbers, or lists of one length), coming in again at the other
 * end; without `dims`, along the flattened tensor. A copy.
 */
export const roll: OpFn<[shifts: OneOrMore, dims?: OneOrMore], "same"> = composite(
  (x: AnyTensor, shifts: OneOrMore, dims: OneOrMore = []) => {
    const [by, along] = [shifts, dims].map((v) => (typeof v === "number" ? [v] : v)) as [
      readonly number[],
      readonly number[],
    ];
    if (by.length === 0) throw new RuntimeError("roll: `shifts` required");
    if (along.length === 0 && by.length === 1) return rolled(x.reshape(-1), by[0]!, 0).reshape(x.shape);
    if (by.length !== along.length)
      throw new RuntimeError(`shifts and dimensions must align. shifts: ${by.length}, dims:${along.length}`);
    if (x.ndim === 0) noDimensions(along[0]!);
    return by.reduce((y: AnyTensor, n, i) => rolled(y, n, along[i]!), x);
  },
);

function noDimensions(dim: number): never {
  throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
}

/** Matrices turned by `k` times 90 degrees (default 1) from the first of `dims` (default [0, 1]) towards the second. */
export const rot90: OpFn<[k?: number, dims?: readonly number[]]> = composite(
  (x: AnyTensor, k = 1, dims: readonly number[] = [0, 1]) => {
    if (dims.length !== 2)
      throw new RuntimeError(`expected total rotation dims == 2, but got dims = ${dims.length}`);
    if (x.ndim < 2) throw new RuntimeError(`expected total dims >= 2, but got total dims = ${x.ndim}`);
    const [p, q] = dims as [number, number];
    for (const d of dims)
      if (!Number.isInteger(d) || d < -x.ndim || d >= x.ndim)
        throw new RuntimeError(`Rotation dim out of range, dim = ${d} (rot90: ${showShape(x.shape)})`);
    const [a, b] = [normalizeDim(p, x.ndim, "rot90"), normalizeDim(q, x.ndim, "rot90")];
    if (a === b)
      throw new RuntimeError(
        `expected rotation dims to be different, but got dim0 = ${p} and dim1 = ${q} (rot90: ${showShape(x.shape)})`,
      );
    switch (((k % 4) + 4) % 4) {
      case 1:
        return x.flip([b]).transpose(a, b);
      case 2:
        return x.flip([a, b]);
      case 3:
        return x.flip([a]).transpose(a, b);
      default:
        return x.clone();
    }
  },
);
