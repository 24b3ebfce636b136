// Copies, conversions, and tensors like another one.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/tensor_view.html

import type { DType, Scalar } from "../base/dtype.ts";
import { checkDType } from "../base/dtype.ts";
import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, numel, sameShape } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { copyElements } from "../tensor/copy.ts";
import { mayOverlap } from "../tensor/overlap.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite, mutating, op } from "./define.ts";
import { fillElements } from "./fill-elements.ts";
import type { CloneOp, OpFn, SelfOp, ToOp, ToOptions, TypeAsOp } from "./signatures.ts";

function copyOf(x: AnyTensor, dtype: DType): AnyTensor {
  const out = fresh(allocateUnset(dtype, numel(x.shape)), x.shape as Shape, dtype);
  copyElements(out, x);
  return out;
}

/** A copy in new memory. */
export const clone: CloneOp = op({ forward: (x: AnyTensor) => copyOf(x, x.dtype), vjp: (g) => g });

/** The tensor itself if its elements lie in row-major order, else a copy where they do. */
export const contiguous: CloneOp = op({
  forward: (x: AnyTensor) => (x.packed ? x : copyOf(x, x.dtype)),
  vjp: (g) => g,
});

const converted: (x: AnyTensor, dtype: DType) => AnyTensor = op({
  name: "toCopy",
  forward: (x: AnyTensor, dtype: DType) => copyOf(x, dtype),
  vjp: (g, s) => g.to(s.meta(0).dtype),
});

/**
 * The elements as another dtype, or as the dtype of another tensor. Floats are cut to integers. The tensor itself if it
 * has that dtype already, unless the option `copy` is true (default false).
 */
export const to: ToOp = composite((x: AnyTensor, target: DType | AnyTensor, options?: ToOptions) => {
  const dtype: DType = isTensor(target) ? target.dtype : checkDType(target);
  return x.dtype === dtype && !options?.copy ? x : converted(x, dtype);
});

/** {@link to} the dtype of another tensor. */
export const typeAs: TypeAsOp = composite((x: AnyTensor, other: AnyTensor) => x.to(other.dtype));

/** `x.to("float32")` */
export const float: ToOp<"float32"> = composite((x: AnyTensor) => x.to("float32"));
/** `x.to("float64")` */
export const double: ToOp<"float64"> = composite((x: AnyTensor) => x.to("float64"));
/** `x.to("int32")` */
export const int: ToOp<"int32"> = composite((x: AnyTensor) => x.to("int32"));
/** `x.to("int64")` */
export const long: ToOp<"int64"> = composite((x: AnyTensor) => x.to("int64"));
/** `x.to("uint8")` */
export const byte: ToOp<"uint8"> = composite((x: AnyTensor) => x.to("uint8"));
/** `x.to("bool")` */
export const bool: ToOp<"bool"> = composite((x: AnyTensor) => x.to("bool"));

/** Takes over the elements of `source`, broadcast and converted. */
export const copy_: OpFn<[source: AnyTensor], "self"> = mutating({
  functional: false,
  mutate: (self, source: AnyTensor) => {
    const shape = broadcastShapes(self.shape, source.shape, "copy_");
    if (!sameShape(shape, self.shape))
      throw new ShapeError(
        "copy_",
        [self.shape, source.shape],
        `copy_: a source of shape ${showShape(source.shape)} does not fit into ${showShape(self.shape)}`,
      );
    // The same memory in another order has to be read before it is written.
    copyElements(self, mayOverlap(source, self) ? copyOf(source, source.dtype) : source);
  },
  vjp: (g, s) => [s.edges[0] ? g.zerosLike() : null, g],
});

/** Sets every element to one number, or to the value of a 0-d tensor. */
export const fill_: OpFn<[value: AnyTensor | Scalar], "self"> = mutating({
  functional: false,
  mutate: (self, value: AnyTensor | Scalar) => {
    if (isTensor(value) && value.ndim > 0)
      throw new RuntimeError(
        `fill_ only supports 0-dimension value tensor but got tensor with ${value.ndim} dimensions.`,
      );
    if (recorder !== null && isTensor(value)) copyElements(self, value);
    else fillElements(self, isTensor(value) ? (value.item() as Scalar) : value);
  },
  vjp: (g, s) => [s.edges[0] ? g.zerosLike() : null, g.sum()],
});

/** Sets every element to 0. */
export const zero_: SelfOp = mutating({
  functional: false,
  mutate: (self) => fillElements(self, 0),
  vjp: (g) => [g.zerosLike()],
});
