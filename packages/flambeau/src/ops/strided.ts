// Any look at a tensor's memory: as_strided, its adjoint, and its form that writes.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.as_strided.html

import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { checkShape, numel, sameShape, span } from "../base/shape.ts";
import { HostAccess, recorder } from "../tensor/capturing.ts";
import { copyElements } from "../tensor/copy.ts";
import { allocate, Storage } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { Tensor, viewOf } from "../tensor/tensor.ts";
import { op } from "./define.ts";
import type { OpFn } from "./signatures.ts";

/** A view of `x`'s memory with any geometry: element (i, j, ...) is `x`'s storage at offset + i * strides[0] + ... */
export const asStrided: OpFn<[shape: Shape, strides: readonly number[], offset?: number]> = op({
  forward: (x: AnyTensor, shape: Shape, strides: readonly number[], offset?: number) => {
    checkShape(shape, "asStrided");
    if (strides.length !== shape.length)
      throw new RuntimeError(
        `asStrided: mismatch in length of strides and shape: ${showShape(strides)} and ${showShape(shape)}`,
      );
    if (strides.some((n) => n < 0))
      throw new RuntimeError(`asStrided: Negative strides are not supported, got ${showShape(strides)}`);
    const start = offset ?? x.offset;
    const extent = span(shape, strides);
    const needed = extent === 0 ? 0 : start + extent;
    if (start < 0 || needed > x.storage.data.length)
      throw new RuntimeError(
        `asStrided: setStorage: sizes ${showShape(shape)}, strides ${showShape(strides)}, storage offset ${start} ` +
          `require ${needed} elements, but the storage has ${x.storage.data.length}`,
      );
    return viewOf(x, shape, strides, start);
  },
  saves: "inputs",
  vjp: (g, s) => {
    const x = s.meta(0) as AnyTensor;
    return g.asStridedScatterAdd(x.shape, x.strides, s.meta(2), (s.meta(3) ?? x.offset) - x.offset);
  },
});

/** Whether two elements may lie in one place: distances do not grow faster than what smaller ones reach. */
function overlaps(shape: Shape, strides: readonly number[]): boolean {
  const dims = shape.map((n, d) => ({ n, stride: strides[d]! })).filter(({ n }) => n > 1);
  let reach = 0;
  return dims
    .sort((a, b) => a.stride - b.stride)
    .some(({ n, stride }) => {
      const meets = stride <= reach;
      reach += (n - 1) * stride;
      return meets;
    });
}

/**
 * The adjoint of {@link asStrided}: zeros of `shape` (laid out by `layout`) to which element (i, j, ...) is added at
 * offset + i * strides[0] + ...
 */
export const asStridedScatterAdd: OpFn<
  [shape: Shape, layout: readonly number[], strides: readonly number[], offset: number]
> = op({
  forward: (
    g: AnyTensor,
    shape: Shape,
    layout: readonly number[],
    strides: readonly number[],
    offset: number,
  ) => {
    const low = Math.min(offset, 0);
    const high = Math.max(span(shape, layout), offset + span(g.shape, strides));
    const memory = new Storage(allocate(g.dtype, high - low));
    if (recorder !== null) {
      if (overlaps(g.shape, strides)) throw new HostAccess("elements were added in one place");
      const whole = new Tensor(memory, [high - low], g.dtype, [1], 0, true, null) as AnyTensor;
      copyElements(viewOf(whole, g.shape, strides, offset - low), g);
      return new Tensor(memory, shape, g.dtype, layout, -low, false, null).contiguous();
    }
    const to = memory.data as Float64Array;
    const from = g.storage.data as Float64Array;
    const rank = g.ndim;
    const walk = (dim: number, at: number, out: number): void => {
      const n = g.shape[dim]!;
      const [step, outStep] = [g.strides[dim]!, strides[dim]!];
      if (dim === rank - 1)
        for (let i = 0, p = out, q = at; i < n; i++, p += outStep, q += step) to[p]! += from[q]!;
      else for (let i = 0; i < n; i++) walk(dim + 1, at + i * step, out + i * outStep);
    };
    if (rank === 0) to[offset - low]! += from[g.offset]!;
    else if (numel(g.shape) > 0) walk(0, g.offset, offset - low);
    return new Tensor(memory, shape, g.dtype, layout, -low, false, null).contiguous();
  },
  vjp: (g, s) =>
    g
      .contiguous()
      .newEmptyStrided(s.meta(1), s.meta(2))
      .copy_(g)
      .asStrided(s.meta(0).shape, s.meta(3), s.meta(4)),
});

/** A copy of all the memory that x looks into, as a step of the program that is recorded. */
function wholeCopy(x: AnyTensor): Storage {
  const n = x.storage.data.length;
  const memory = (storage: Storage): AnyTensor => new Tensor(storage, [n], x.dtype, [1], 0, true, null);
  const copy = memory(new Storage(allocate(x.dtype, n)));
  copyElements(copy, memory(x.storage));
  return copy.storage;
}

/**
 * A copy of `x` whose memory has `source` at offset + i * strides[0] + ...: what {@link asStrided} would show. The
 * offset counts from the start of x's storage; default that of `x`.
 */
export const asStridedScatter: OpFn<
  [source: AnyTensor, shape: Shape, strides: readonly number[], offset?: number | null],
  "same"
> = op({
  forward: (
    x: AnyTensor,
    source: AnyTensor,
    shape: Shape,
    strides: readonly number[],
    offset?: number | null,
  ) => {
    if (recorder !== null && overlaps(shape, strides))
      throw new HostAccess("elements were written over each other");
    const memory = recorder === null ? new Storage(x.storage.data.slice()) : wholeCopy(x);
    const out: AnyTensor = new Tensor(memory, x.shape, x.dtype, x.strides, x.offset, x.packed, null);
    const part = out.asStrided(shape, strides, offset ?? undefined);
    if (!sameShape(part.shape, source.shape))
      throw new ShapeError(
        "asStridedScatter",
        [source.shape, part.shape],
        `expected src to have a size equal to the slice of self. src size = ${showShape(source.shape)}, slice size = ${showShape(part.shape)}`,
      );
    copyElements(part, source);
    return out;
  },
  vjp: (g, s) => {
    const [source, shape, strides, offset] = [s.meta(1), s.meta(2), s.meta(3), s.meta(4)];
    const whole = g.contiguous();
    return [
      whole.asStridedScatter(g.newZeros(source.shape), shape, strides, offset),
      whole.asStrided(shape, strides, offset ?? undefined).contiguous(),
    ];
  },
});
