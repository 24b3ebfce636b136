// Dimensions in another order or number, as views: movedim, swapaxes, ravel, unfold and their like.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/tensor_view.html

import { RuntimeError, showShape } from "../base/errors.ts";
import { contiguousStrides, normalizeDim } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { viewOf } from "../tensor/tensor.ts";
import { alias, composite, op } from "./define.ts";
import { transpose } from "./movement.ts";
import type {
  MovedimOp,
  RavelOp,
  SameShapeAs,
  TransposeLastOp,
  TransposeOp,
  WindowsOp,
} from "./signatures.ts";

type OneOrMore = number | readonly number[];
const list = (dims: OneOrMore): readonly number[] => (typeof dims === "number" ? [dims] : dims);

/** Dimension `source` (a number or a list) moved to position `destination`; the others keep their order. A view. */
export const movedim: MovedimOp<"movedim"> = composite(
  (x: AnyTensor, source: OneOrMore, destination: OneOrMore) => {
    const [from, to] = [list(source), list(destination)];
    if (from.length !== to.length)
      throw new RuntimeError(
        `movedim: Invalid source or destination dims: source (${showShape(from)} dims) should contain the same number of dims as destination (${showShape(to)} dims)`,
      );
    const at = (dims: readonly number[], name: string): number[] => {
      const places = dims.map((d) => normalizeDim(d, x.ndim, "movedim"));
      if (new Set(places).size !== places.length)
        throw new RuntimeError(`movedim: repeated dim in \`${name}\` (${showShape(dims)})`);
      return places;
    };
    const [a, b] = [at(from, "source"), at(to, "destination")];
    if (x.ndim === 0) return x.permute([]);
    const order = new Array<number>(x.ndim).fill(-1);
    b.forEach((place, i) => {
      order[place] = a[i]!;
    });
    const rest = x.shape.map((_: number, i: number) => i).filter((i: number) => !a.includes(i));
    return x.permute(order.map((d) => (d < 0 ? rest.shift() : d)));
  },
);
/** {@link movedim} under NumPy's name. */
export const moveaxis: MovedimOp<"moveaxis"> = alias(movedim);
/** {@link transpose} under NumPy's name. */
export const swapaxes: TransposeOp<"swapaxes"> = alias(transpose);
/** {@link transpose} under another name. */
export const swapdims: TransposeOp<"swapdims"> = alias(transpose);
/** Matrices transposed: the last two dimensions exchanged. A view. @throws RuntimeError for fewer than 2 dimensions. */
export const adjoint: TransposeLastOp = composite((x: AnyTensor) => x.mH);

/** All elements in one dimension: a view where they lie in row-major order, else a copy. */
export const ravel: RavelOp = composite((x: AnyTensor) => x.contiguous().view([-1]));

/** {@link view} in the shape of another tensor. */
export const viewAs: SameShapeAs<"viewAs"> = composite((x: AnyTensor, other: AnyTensor) =>
  x.view(other.shape),
);
/** {@link reshape} to the shape of another tensor. */
export const reshapeAs: SameShapeAs<"reshapeAs"> = composite((x: AnyTensor, other: AnyTensor) =>
  x.reshape(other.shape),
);

/** A tensor's dimension d as windows: `n` of them, `step` apart, the elements of each in a new last dimension. */
function windows(x: AnyTensor, dimension: number, size: number, step: number): AnyTensor {
  const d = normalizeDim(dimension, x.ndim, "unfold");
  const extent = x.ndim === 0 ? 1 : x.shape[d]!;
  if (!Number.isInteger(size) || size < 0)
    throw new RuntimeError(`unfold: size must be a non-negative integer, got ${size}`);
  if (size > extent)
    throw new RuntimeError(`maximum size for tensor at dimension ${d} is ${extent} but size is ${size}`);
  if (!Number.isInteger(step) || step <= 0) throw new RuntimeError(`step is ${step} but must be > 0`);
  const shape = [...x.shape, size];
  const strides = [...x.strides, x.ndim === 0 ? 1 : x.strides[d]!];
  if (x.ndim > 0) {
    shape[d] = Math.floor((extent - size) / step) + 1;
    strides[d] = x.strides[d]! * step;
  }
  return viewOf(x, shape, strides, x.offset);
}

/**
 * Windows of `size` elements along `dimension`, one every `step`: they overlap where step < size. A view, with the
 * windows' elements in a new last dimension.
 * @throws RuntimeError for a size larger than the dimension, or a step that is not positive.
 */
export const unfold: WindowsOp = op({
  forward: (x: AnyTensor, dimension: number, size: number, step: number) => windows(x, dimension, size, step),
  vjp: (g, s) => {
    const { shape } = s.meta(0);
    const layout = contiguousStrides(shape);
    const d = normalizeDim(s.meta(1), shape.length, "unfold");
    const strides = [...layout, layout[d] ?? 1];
    if (shape.length > 0) strides[d] = layout[d]! * s.meta(3);
    return g.asStridedScatterAdd(shape, layout, strides, 0);
  },
});
