// Repetition: whole tensors (repeat, tile) and single elements (repeat_interleave).
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html

import { ArgumentError, DTypeError, IndexError, RuntimeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { copyElements } from "../tensor/copy.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { listOf } from "./arguments.ts";
import { composite, op } from "./define.ts";
import type { Cells } from "./elements.ts";
import { cellsOf, cellsPer, dataOf, moveRun } from "./elements.ts";
import type { OpFn, RepeatOp } from "./signatures.ts";

/** Extents in front of a shape until it has `rank` of them. */
const leading = (shape: Shape, rank: number): number[] => [
  ...new Array<number>(Math.max(0, rank - shape.length)).fill(1),
  ...shape,
];

/** Fills `to[at + n, at + times * n)` with repetitions of its cells [at, at + n), in steps that double. */
function repeatRun(to: Cells, at: number, n: number, times: number): void {
  const end = at + n * times;
  for (let done = n; at + done < end; done *= 2)
    to.copyWithin(at + done, at, Math.min(at + done, end - done));
}

const repeated: (x: AnyTensor, times: readonly number[]) => AnyTensor = op({
  name: "repeat",
  forward: (x: AnyTensor, times: readonly number[]) => {
    const rank = times.length;
    const from = leading(x.shape, rank);
    const shape = from.map((n, d) => n * times[d]!);
    const out: AnyTensor = fresh(allocateUnset(x.dtype, numel(shape)), shape, x.dtype);
    if (numel(shape) === 0) return out;
    if (recorder !== null) {
      const blocks = from.flatMap((n, d) => [times[d]!, n]);
      const once = x.reshape(from.flatMap((n) => [1, n]));
      copyElements(out.view(blocks), once);
      return out;
    }
    const source = x.contiguous();
    const width = cellsPer(x.dtype);
    const to = cellsOf(out.storage.data);
    const cells = cellsOf(source.storage.data);
    // Nothing repeats inside of the blocks that follow the last repeated dimension.
    let last = rank - 1;
    while (last >= 0 && times[last] === 1) last--;
    const run = (last < 0 ? numel(from) : numel(from.slice(last))) * width;
    let read = source.offset * width;
    let write = 0;
    const walk = (d: number): void => {
      const start = write;
      if (d >= last) {
        moveRun(to, write, cells, read, run);
        read += run;
        write += run;
      } else for (let i = 0; i < from[d]!; i++) walk(d + 1);
      if (last < 0) return;
      const n = write - start;
      repeatRun(to, start, n, times[d]!);
      write = start + n * times[d]!;
    };
    walk(0);
    return out;
  },
  vjp: (g, s) => {
    const { shape } = s.meta(0);
    const times = s.meta(1) as readonly number[];
    if (times.includes(0)) return g.newZeros(shape);
    const from = leading(shape, times.length);
    const split = from.flatMap((n, d) => (times[d] === 1 ? [n] : [times[d]!, n]));
    const sums: number[] = [];
    let at = 0;
    for (const n of times) {
      if (n !== 1) sums.push(at++);
      at++;
    }
    const summed: AnyTensor = sums.length === 0 ? g : g.reshape(split).sum(sums);
    return summed.reshape(shape);
  },
});

function checkTimes(times: readonly number[], shape: Shape, name: string): void {
  const bad = times.some((n) => !Number.isInteger(n) || n < 0);
  if (bad)
    throw new RuntimeError(
      `${name}: trying to create a tensor with a negative dimension: repeats ${showShape(times)} of ${showShape(shape)}`,
    );
}

/**
 * The tensor `sizes[d]` times along each dimension d, in a copy; more sizes than dimensions add leading ones.
 * `x.repeat(2, 3)`, `x.repeat([2, 3])`.
 * @throws RuntimeError for fewer sizes than dimensions.
 */
export const repeat: RepeatOp = composite(
  (x: AnyTensor, ...args: (number | readonly number[])[]) => {
    if (args.length === 0)
      throw new ArgumentError('repeat() missing 1 required positional arguments: "repeats"');
    const times = listOf(args);
    if (times.length < x.ndim)
      throw new RuntimeError(
        `Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: ${showShape(times)} for ${showShape(x.shape)}`,
      );
    checkTimes(times, x.shape, "repeat");
    return repeated(x, times);
  },
  { variadic: true },
);

/** {@link repeat} with as many leading ones put in front of `dims` as there are dimensions. */
export const tile: RepeatOp<"tile"> = composite(
  (x: AnyTensor, ...args: (number | readonly number[])[]) => {
    if (args.length === 0) throw new ArgumentError('tile() missing 1 required positional arguments: "dims"');
    const times = leading(listOf(args), x.ndim);
    checkTimes(times, x.shape, "tile");
    return repeated(x, times);
  },
  { variadic: true },
);

/** Number i as often as `repeats[i]` says. */
function interleaved(repeats: AnyTensor, outputSize?: number): AnyTensor {
  if (repeats.dtype !== "int32" && repeats.dtype !== "int64")
    throw new DTypeError(
      "repeatInterleave",
      `"repeat_interleave" not implemented for '${repeats.dtype}': repeats must be int32 or int64`,
    );
  const flat = repeats.contiguous();
  const data = dataOf(flat);
  const n = numel(repeats.shape);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const times = Number(data[flat.offset + i]);
    if (times < 0) throw new RuntimeError("repeats can not be negative");
    total += times;
  }
  if (outputSize !== undefined && outputSize !== total)
    throw new RuntimeError(
      `repeat_interleave: allocated size does not match required size: ${outputSize} and ${total}`,
    );
  const out = new Int32Array(total);
  for (let i = 0, at = 0; i < n; i++) {
    const times = Number(data[flat.offset + i]);
    out.fill(i, at, at + times);
    at += times;
  }
  return fresh(out, [total], "int32");
}

/** Each slice of dimension d `times` times in a row. */
const multiplied: (x: AnyTensor, times: number, d: number) => AnyTensor = op({
  name: "repeatInterleave",
  forward: (x: AnyTensor, times: number, d: number) => {
    const shape = x.shape.slice();
    shape[d] = x.shape[d]! * times;
    const out: AnyTensor = fresh(allocateUnset(x.dtype, numel(shape)), shape, x.dtype);
    if (recorder !== null) {
      const rest = x.shape.slice(d + 1);
      copyElements(out.view([...x.shape.slice(0, d + 1), times, ...rest]), x.unsqueeze(d + 1));
      return out;
    }
    const source = x.contiguous();
    const width = cellsPer(x.dtype);
    const to = cellsOf(out.storage.data);
    const from = cellsOf(source.storage.data);
    const run = numel(x.shape.slice(d + 1)) * width;
    if (numel(shape) === 0) return out;
    const runs = (numel(x.shape) * width) / run;
    let read = source.offset * width;
    let write = 0;
    for (let i = 0; i < runs; i++, read += run)
      for (let k = 0; k < times; k++, write += run) {
        if (run === 1) to[write] = from[read]!;
        else moveRun(to, write, from, read, run);
      }
    return out;
  },
  vjp: (g, s) => {
    const { shape } = s.meta(0);
    const d: number = s.meta(2);
    if (s.meta(1) === 0) return g.newZeros(shape);
    return g.reshape([...shape.slice(0, d + 1), s.meta(1), ...shape.slice(d + 1)]).sum(d + 1);
  },
});

/** Option of {@link repeatInterleave}. */
interface InterleaveOptions {
  /** The size of the result along `dim`, if it is known; checked. */
  readonly outputSize?: number | null;
}

/**
 * Each slice of dimension `dim` several times in a row: `repeats` times, or as often as the 1-d tensor `repeats` says for
 * each. Without `dim`, of the flattened tensor. `repeatInterleave(repeats)` alone gives the numbers of the slices.
 */
export const repeatInterleave: OpFn<
  [repeats?: number | AnyTensor, dim?: number | null, options?: InterleaveOptions]
> = composite(
  (x: AnyTensor, repeats?: number | AnyTensor, dim?: number | null, options?: InterleaveOptions) => {
    const size = options?.outputSize ?? undefined;
    if (repeats === undefined) {
      if (x.ndim !== 1) throw new RuntimeError("repeat_interleave only accept 1D vector as repeat");
      return interleaved(x, size).to(x.dtype);
    }
    if (dim === undefined || dim === null) return x.reshape(-1).repeatInterleave(repeats, 0, options);
    if (x.ndim === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
    const d = normalizeDim(dim, x.ndim, "repeat_interleave");
    const n = x.shape[d]!;
    if (isTensor(repeats)) {
      if (repeats.ndim > 1) throw new RuntimeError("repeats must be 0-dim or 1-dim tensor");
      const single = numel(repeats.shape) === 1;
      if (!single && repeats.length !== n)
        throw new RuntimeError(
          `repeats must have the same size as input along dim, but got ${repeats.length} for ${showShape(x.shape)} along dim ${d}`,
        );
      return x.indexSelect(d, interleaved(single ? repeats.reshape(-1).expand(n) : repeats, size));
    }
    if (!Number.isInteger(repeats) || repeats < 0) throw new RuntimeError("repeats can not be negative");
    if (size !== undefined && size !== repeats * n)
      throw new RuntimeError(
        `repeat_interleave: allocated size does not match required size: ${size} and ${repeats * n}`,
      );
    return multiplied(x, repeats, d);
  },
);
