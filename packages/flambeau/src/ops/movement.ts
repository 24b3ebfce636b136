// Views and other changes of shape: the elements stay, their places change.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/tensor_view.html

import { IndexError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastStrides, contiguousStrides, inferShape, normalizeDim, numel } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { arange } from "../tensor/range.ts";
import { takenForView } from "../tensor/record.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor, viewOf } from "../tensor/tensor.ts";
import { listOf } from "./arguments.ts";
import { alias, composite, op } from "./define.ts";
import { fromStart } from "./index-steps.ts";
import type {
  ExpandOp,
  FlattenOp,
  NarrowOp,
  OpFn,
  PermuteOp,
  ReshapeOp,
  SelectOp,
  SqueezeOp,
  TOp,
  TransposeOp,
  UnsqueezeOp,
} from "./signatures.ts";

/**
 * Strides that show `x` under another shape without copying; null if there are none. Dimensions that lie behind one
 * another without gaps are split and joined freely (PyTorch's computeStride).
 */
function stridesFor(x: AnyTensor, shape: Shape): number[] | null {
  if (x.packed || numel(shape) === 0) return contiguousStrides(shape);
  const strides = new Array<number>(shape.length);
  let d = shape.length - 1;
  let blockStart = x.strides[x.ndim - 1] ?? 1;
  let blockSize = 1;
  let covered = 1;
  for (let i = x.ndim - 1; i >= 0; i--) {
    blockSize *= x.shape[i]!;
    const endsBlock = i === 0 || (x.shape[i - 1] !== 1 && x.strides[i - 1] !== blockSize * blockStart);
    if (!endsBlock) continue;
    while (d >= 0 && (covered < blockSize || shape[d] === 1)) {
      strides[d] = covered * blockStart;
      covered *= shape[d]!;
      d--;
    }
    if (covered !== blockSize) return null;
    if (i > 0) {
      blockStart = x.strides[i - 1]!;
      blockSize = 1;
      covered = 1;
    }
  }
  return d < 0 ? strides : null;
}

const backToInput = (g: AnyTensor, s: { meta(i: number): { shape: Shape } }): AnyTensor =>
  g.reshape(s.meta(0).shape);

/** The same elements under another shape, one extent of which may be -1. Shares memory, or fails. @throws RuntimeError. */
export const view: ReshapeOp<"view"> = op({
  variadic: true,
  forward: (x: AnyTensor, ...args: (number | readonly number[])[]) => {
    const shape = inferShape(listOf(args), numel(x.shape), x.shape, "view");
    const strides = stridesFor(x, shape);
    if (!strides)
      throw new RuntimeError(
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two " +
          `contiguous subspaces). Use .reshape(...) instead. (view: ${showShape(x.shape)} with strides ${showShape(x.strides)} to ${showShape(shape)})`,
      );
    return viewOf(x, shape, strides, x.offset);
  },
  vjp: backToInput,
});

/** The same elements under another shape, one extent of which may be -1: a view where possible, else a copy. */
export const reshape: ReshapeOp = op({
  variadic: true,
  forward: (x: AnyTensor, ...args: (number | readonly number[])[]) => {
    const shape = inferShape(listOf(args), numel(x.shape), x.shape, "reshape");
    const strides = stridesFor(x, shape);
    if (strides) return viewOf(x, shape, strides, x.offset);
    const copy = x.contiguous();
    return fresh(copy.storage.data, shape, x.dtype);
  },
  vjp: backToInput,
});

/** Joins the dimensions `start` to `end` (both included; defaults 0 and -1) into one. */
export const flatten: FlattenOp = composite((x: AnyTensor, start = 0, end = -1) => {
  const a = normalizeDim(start, x.ndim, "flatten");
  const b = normalizeDim(end, x.ndim, "flatten");
  if (a > b) throw new RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim");
  if (x.ndim === 0) return x.reshape([1]);
  if (a === b) return x;
  return x.reshape([...x.shape.slice(0, a), numel(x.shape.slice(a, b + 1)), ...x.shape.slice(b + 1)]);
});

/** Splits one dimension into several; one extent may be -1. */
export const unflatten: OpFn<[dim: number, sizes: readonly number[]]> = composite(
  (x: AnyTensor, dim: number, sizes: readonly number[]) => {
    if (x.ndim === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
    const d = normalizeDim(dim, x.ndim, "unflatten");
    const inner = inferShape(sizes, x.shape[d]!, [x.shape[d]!], "unflatten");
    return x.reshape([...x.shape.slice(0, d), ...inner, ...x.shape.slice(d + 1)]);
  },
);

/** The dimensions in another order: dimension i of the result is dimension `dims[i]` of the input. A view. */
export const permute: PermuteOp = op({
  variadic: true,
  forward: (x: AnyTensor, ...args: (number | readonly number[])[]) => {
    const dims = listOf(args);
    if (dims.length !== x.ndim)
      throw new RuntimeError(
        `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${x.ndim} is not equal to len(dims) = ${dims.length}`,
      );
    const order = dims.map((d) => normalizeDim(d, x.ndim, "permute"));
    if (new Set(order).size !== order.length)
      throw new RuntimeError(`permute(): duplicate dims are not allowed, got ${showShape(dims)}`);
    return viewOf(
      x,
      order.map((d) => x.shape[d]!),
      order.map((d) => x.strides[d]!),
      x.offset,
    );
  },
  vjp: (g, s) => {
    const n = s.meta(0).shape.length;
    const dims: readonly number[] =
      typeof s.meta(1) === "object" ? s.meta(1) : Array.from({ length: n }, (_, i) => s.meta(i + 1));
    const inverse = new Array<number>(n);
    dims.forEach((d, i) => {
      inverse[normalizeDim(d, n, "permute")] = i;
    });
    return g.permute(inverse);
  },
});

/** Exchanges two dimensions. A view. */
export const transpose: TransposeOp = op({
  forward: (x: AnyTensor, dim0: number, dim1: number) => {
    const a = normalizeDim(dim0, x.ndim, "transpose");
    const b = normalizeDim(dim1, x.ndim, "transpose");
    const shape = x.shape.slice();
    const strides = x.strides.slice();
    [shape[a], shape[b]] = [shape[b], shape[a]];
    [strides[a], strides[b]] = [strides[b]!, strides[a]!];
    return x.ndim === 0 ? viewOf(x, [], [], x.offset) : viewOf(x, shape, strides, x.offset);
  },
  vjp: (g, s) => g.transpose(s.meta(1), s.meta(2)),
});

/** The transposed matrix; tensors of fewer dimensions stay as they are. A view. @throws RuntimeError above 2 dimensions. */
export const t: TOp = composite((x: AnyTensor) => {
  if (x.ndim > 2) throw new RuntimeError(`t() expects a tensor with <= 2 dimensions, but self is ${x.ndim}D`);
  return x.ndim === 2 ? x.transpose(0, 1) : x.ndim === 1 ? x.view([x.length]) : x.view([]);
});

/** Inserts a dimension of extent 1 at `dim`. A view. */
export const unsqueeze: UnsqueezeOp = op({
  forward: (x: AnyTensor, dim: number) => {
    const d = normalizeDim(dim, x.ndim + 1, "unsqueeze");
    const shape = x.shape.slice();
    const strides = x.strides.slice();
    strides.splice(d, 0, d < x.ndim ? x.shape[d]! * x.strides[d]! : 1);
    shape.splice(d, 0, 1);
    return viewOf(x, shape, strides, x.offset);
  },
  vjp: backToInput,
});

/** Removes dimension `dim` (a number or a list) if its extent is 1; without `dim`, all such. A view. */
export const squeeze: SqueezeOp = op({
  forward: (x: AnyTensor, dim?: number | readonly number[]) => {
    const chosen =
      dim === undefined
        ? null
        : new Set((typeof dim === "number" ? [dim] : dim).map((d) => normalizeDim(d, x.ndim, "squeeze")));
    const keep = x.shape.map((n: number, i: number) => n !== 1 || (chosen !== null && !chosen.has(i)));
    return viewOf(
      x,
      x.shape.filter((_: number, i: number) => keep[i]),
      x.strides.filter((_, i) => keep[i]),
      x.offset,
    );
  },
  vjp: backToInput,
});

/** Repeats dimensions of extent 1, and new leading ones, without copying; -1 keeps an extent. A view. */
export const expand: ExpandOp = op({
  variadic: true,
  forward: (x: AnyTensor, ...args: (number | readonly number[])[]) => {
    const target = listOf(args);
    const lead = target.length - x.ndim;
    const fail = (why: string): ShapeError =>
      new ShapeError(
        "expand",
        [x.shape, target],
        `expand(${showShape(x.shape)}, size=${showShape(target)}): ${why}`,
      );
    if (lead < 0)
      throw fail(
        `the number of sizes provided (${target.length}) must be greater or equal to the number of dimensions in the tensor (${x.ndim})`,
      );
    const shape = target.map((n, i) => {
      const own = i < lead ? null : x.shape[i - lead]!;
      if (n === -1) {
        if (own === null)
          throw fail(
            `The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${i}`,
          );
        return own;
      }
      if (!Number.isInteger(n) || n < 0) throw fail(`invalid size ${n} at dimension ${i}`);
      if (own !== null && own !== 1 && own !== n)
        throw fail(
          `The expanded size of the tensor (${n}) must match the existing size (${own}) at non-singleton dimension ${i}`,
        );
      return n;
    });
    return viewOf(x, shape, broadcastStrides(x.shape, x.strides, shape), x.offset);
  },
  vjp: (g) => g,
});

/** {@link expand} to the shape of another tensor. */
export const expandAs: OpFn<[other: AnyTensor]> = composite((x: AnyTensor, other: AnyTensor) =>
  x.expand(other.shape),
);
/** {@link expand} under NumPy's name. */
export const broadcastTo: OpFn<[shape: Shape]> = composite((x: AnyTensor, shape: Shape) => x.expand(shape));

/** Sums over what broadcasting to the present shape had repeated: the adjoint of {@link expand}. */
export const sumToSize: OpFn<(number | Shape)[]> = composite(
  (x: AnyTensor, ...args: (number | Shape)[]) => {
    const shape = listOf(args);
    // PyTorch sums here whether or not there is something to sum.
    if (shape.length === 0) return x.sum();
    const lead = x.ndim - shape.length;
    const dims: number[] = [];
    for (let i = Math.min(lead, 0); i < x.ndim; i++) {
      const n = i < lead ? 1 : shape[i - lead]!;
      if (i >= 0 && (i < lead || (n === 1 && x.shape[i] !== 1))) dims.push(i);
      else if (i < 0 || n !== x.shape[i])
        throw new ShapeError(
          "sumToSize",
          [x.shape, shape],
          `sumToSize: size ${showShape(shape)} is not expandable to size ${showShape(x.shape)}`,
        );
    }
    if (dims.length === 0) return x;
    // Leading dimensions go, others stay with extent 1; only a mixture needs another shape afterwards.
    if (dims.length === lead) return x.sum(dims);
    const sum: AnyTensor = x.sum(dims, { keepdim: true });
    return lead > 0 ? sum.reshape(shape) : sum;
  },
  { variadic: true },
);

/** `length` elements of dimension `dim` from `start`. A view. */
export const narrow: NarrowOp = composite(
  (x: AnyTensor, dim: number, start: number | AnyTensor, length: number) =>
    recorder !== null && isTensor(start)
      ? recordedPart(x, dim, start, length)
      : narrowed(x, dim, isTensor(start) ? Number(start.item()) : start, length),
);

/** {@link narrow} where only a run knows the start: a copy, which must not be taken for a view. */
function recordedPart(x: AnyTensor, dim: number, start: AnyTensor, length: number): AnyTensor {
  const n: number = x.shape[normalizeDim(dim, x.ndim, "narrow")]!;
  const places = fromStart(start.reshape([1]), n).add(arange(length));
  return takenForView(x.indexSelect(dim, places));
}

const narrowed: (x: AnyTensor, dim: number, start: number, length: number) => AnyTensor = op({
  name: "narrow",
  forward: (x: AnyTensor, dim: number, start: number, length: number) => {
    if (x.ndim === 0) throw new RuntimeError("narrow() cannot be applied to a 0-dim tensor.");
    const d = normalizeDim(dim, x.ndim, "narrow");
    const n = x.shape[d]!;
    if (!Number.isInteger(start) || start < -n || start > n)
      throw new IndexError(
        `narrow: start (${start}) out of range: expected to be in range of [${-n}, ${n}] for dimension ${d} of ${showShape(x.shape)}`,
      );
    const from = start < 0 ? start + n : start;
    if (!Number.isInteger(length) || length < 0)
      throw new RuntimeError(`narrow(): length must be non-negative, got ${length}`);
    if (from + length > n)
      throw new RuntimeError(`narrow: start (${from}) + length (${length}) exceeds dimension size (${n}).`);
    return sliceView(x, d, from, from + length, 1);
  },
  vjp: (g, s) => scatterSlice(g, s.meta(0).shape, s.meta(1), s.meta(2), s.meta(3), 1),
});

/** View of every `step`-th index of dimension d from start (included) to end (excluded); arguments are in range. */
function sliceView(x: AnyTensor, d: number, start: number, end: number, step: number): AnyTensor {
  const shape = x.shape.slice();
  const strides = x.strides.slice();
  shape[d] = Math.max(0, Math.ceil((end - start) / step));
  strides[d] = x.strides[d]! * step;
  return viewOf(x, shape, strides, x.offset + start * x.strides[d]!);
}

/** Adjoint of a slice: zeros of `shape` with `g` at `length` places from `start`. */
function scatterSlice(
  g: AnyTensor,
  shape: Shape,
  dim: number,
  start: number,
  length: number,
  step: number,
): AnyTensor {
  const d = normalizeDim(dim, shape.length, "slice");
  const from = start < 0 ? start + shape[d]! : start;
  const whole = g.newZeros(shape);
  whole.sliceDim(d, from, from + length * step, step).copy_(g);
  return whole;
}

/** `x[start:end:step]` along dimension `dim`: Python's slicing, where bounds outside of the tensor are moved to its edge. A view. */
export const sliceDim: OpFn<[dim?: number, start?: number | null, end?: number | null, step?: number]> = op({
  forward: (x: AnyTensor, dim = 0, start?: number | null, end?: number | null, step = 1) => {
    if (x.ndim === 0) throw new IndexError("slice() cannot be applied to a 0-dim tensor.");
    const d = normalizeDim(dim, x.ndim, "slice");
    if (!Number.isInteger(step) || step <= 0)
      throw new RuntimeError(`slice step must be positive, got ${step}`);
    const [a, b] = sliceBounds(x.shape[d]!, start, end);
    return sliceView(x, d, a, b, step);
  },
  vjp: (g, s) => {
    const { shape } = s.meta(0);
    const d = normalizeDim(s.meta(1) ?? 0, shape.length, "slice");
    const [a] = sliceBounds(shape[d]!, s.meta(2), s.meta(3));
    return scatterSlice(g, shape, d, a, g.shape[d], s.meta(4) ?? 1);
  },
});
/** {@link sliceDim} under the name that it has in PyTorch's graphs. */
export const slice: typeof sliceDim = alias(sliceDim);

function sliceBounds(
  n: number,
  start: number | null | undefined,
  end: number | null | undefined,
): [number, number] {
  const clip = (v: number): number => Math.min(Math.max(v < 0 ? v + n : v, 0), n);
  const a = clip(start ?? 0);
  return [a, Math.max(a, clip(end ?? n))];
}

/** Index `index` of dimension `dim`, which goes away. A view. */
export const select: SelectOp = op({
  forward: (x: AnyTensor, dim: number, index: number) => {
    if (x.ndim === 0) throw new IndexError("select() cannot be applied to a 0-dim tensor.");
    const d = normalizeDim(dim, x.ndim, "select");
    const n = x.shape[d]!;
    if (!Number.isInteger(index) || index < -n || index >= n)
      throw new IndexError(
        `select(): index ${index} out of range for tensor of size ${showShape(x.shape)} at dimension ${d}`,
      );
    const i = index < 0 ? index + n : index;
    return viewOf(
      x,
      x.shape.filter((_: number, k: number) => k !== d),
      x.strides.filter((_, k) => k !== d),
      x.offset + i * x.strides[d]!,
    );
  },
  vjp: (g, s) => {
    const whole = g.newZeros(s.meta(0).shape);
    whole.select(s.meta(1), s.meta(2)).copy_(g);
    return whole;
  },
});
