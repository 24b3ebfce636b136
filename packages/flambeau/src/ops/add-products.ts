// Sums of a tensor and a product: addmm, addmv, addr, baddbmm, addbmm.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#blas-and-lapack-operations

import type { DType } from "../base/dtype.ts";
import { isFloat, isInteger } from "../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { sameShape } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { bmm } from "./matmul.ts";
import { checkPair } from "./matrices.ts";
import type { AddProductOp, AddProductOptions } from "./signatures.ts";

/** The input as it is added to a result of `shape`. @throws ShapeError if it does not broadcast to that. */
function spread(input: AnyTensor, shape: Shape, op: string): AnyTensor {
  if (sameShape(input.shape, shape)) return input;
  const lead = shape.length - input.ndim;
  const bad =
    lead < 0 ? 0 : input.shape.findIndex((n: number, i: number) => n !== 1 && n !== shape[i + lead]);
  if (bad >= 0)
    throw new ShapeError(
      op,
      [input.shape, shape],
      lead < 0
        ? `${op}: expand(${showShape(input.shape)}, size=${showShape(shape)}): the number of sizes provided (${shape.length}) must be greater or equal to the number of dimensions in the tensor (${input.ndim})`
        : `${op}: The expanded size of the tensor (${shape[bad + lead]}) must match the existing size (${input.shape[bad]}) at non-singleton dimension ${bad + lead}.  Target sizes: ${showShape(shape)}.  Tensor sizes: ${showShape(input.shape)}`,
    );
  return input.expand(shape);
}

/** beta * input + alpha * product. Factors of integer matrices are cut to integers; beta 0 does not spread NaN. */
function scaledSum(
  input: AnyTensor,
  product: AnyTensor,
  { beta = 1, alpha = 1 }: AddProductOptions,
  op: string,
): AnyTensor {
  const dtype: DType = product.dtype;
  const a = isFloat(dtype) ? alpha : Math.trunc(alpha);
  const b = isFloat(dtype) ? beta : Math.trunc(beta);
  const whole = spread(input, product.shape, op);
  const scaled = a === 1 ? product : product.mul(a);
  if (b === 0) return scaled;
  const start = whole.dtype === dtype ? whole : whole.to(dtype);
  return (b === 1 ? start : start.mul(b)).add(scaled);
}

function checkMatrix(x: AnyTensor, name: string, op: string): void {
  if (x.ndim !== 2) throw new RuntimeError(`${op}: ${name} must be a matrix, got ${x.ndim}-D tensor`);
}

function checkStacks(a: AnyTensor, b: AnyTensor, op: string): void {
  if (a.ndim === 3 && b.ndim === 3) return;
  const message = `${op}: ${a.ndim !== 3 ? "batch1" : "batch2"} must be a 3D tensor, got shapes ${showShape(a.shape)} and ${showShape(b.shape)}`;
  throw b.ndim < 3 && a.ndim === 3 ? new IndexError(message) : new RuntimeError(message);
}

function checkSelf(input: AnyTensor, b: AnyTensor, op: string): void {
  if (input.dtype !== b.dtype)
    throw new DTypeError(
      op,
      `${op}: self and mat2 must have the same dtype, but got ${input.dtype} and ${b.dtype}`,
    );
}

/**
 * `beta * input + alpha * (a @ b)` for matrices; both factors default to 1. With beta 0, the input is not looked at.
 *
 * **Shape** a [m, k], b [k, n], input broadcasts to [m, n].
 * @throws RuntimeError unless a and b are matrices; ShapeError if sizes do not fit; DTypeError unless all share one dtype.
 */
export const addmm: AddProductOp<"addmm"> = composite(
  (input: AnyTensor, a: AnyTensor, b: AnyTensor, options: AddProductOptions = {}) => {
    checkMatrix(a, "mat1", "addmm");
    checkMatrix(b, "mat2", "addmm");
    checkPair(a, b, "addmm");
    checkSelf(input, b, "addmm");
    return scaledSum(input, a.matmul(b), options, "addmm");
  },
  { inplace: true },
);

/**
 * `beta * input + alpha * (a @ v)` for a matrix and a vector; both factors default to 1.
 *
 * **Shape** a [m, k], v [k], input [m], [1] or [].
 * @throws RuntimeError for other numbers of dimensions; ShapeError if sizes do not fit.
 */
export const addmv: AddProductOp<"addmv"> = composite(
  (input: AnyTensor, a: AnyTensor, v: AnyTensor, options: AddProductOptions = {}) => {
    if (a.ndim !== 2 || v.ndim !== 1 || input.ndim > 1)
      throw new RuntimeError(
        `addmv: vector + matrix @ vector expected, got ${input.ndim}, ${a.ndim}, ${v.ndim}`,
      );
    const [m, k] = a.shape;
    const length = input.ndim === 0 ? 1 : input.shape[0];
    if (k !== v.shape[0] || (length !== 1 && length !== m))
      throw new ShapeError(
        "addmv",
        [input.shape, a.shape, v.shape],
        `addmv: size mismatch, got ${length}, ${m}x${k},${v.shape[0]}`,
      );
    checkPair(a, v, "addmv");
    return scaledSum(input, a.matmul(v), options, "addmv");
  },
  { inplace: true },
);

/**
 * `beta * input + alpha * (a @ b)` for stacks of matrices; both factors default to 1.
 *
 * **Shape** a [batch, m, k], b [batch, k, n], input broadcasts to [batch, m, n].
 */
export const baddbmm: AddProductOp<"baddbmm"> = composite(
  (input: AnyTensor, a: AnyTensor, b: AnyTensor, options: AddProductOptions = {}) => {
    checkPair(a, b, "baddbmm");
    checkStacks(a, b, "baddbmm");
    return scaledSum(input, bmm(a, b), options, "baddbmm");
  },
  { inplace: true },
);

/**
 * `beta * input + alpha * sum over i of (a[i] @ b[i])`; both factors default to 1.
 *
 * **Shape** a [batch, m, k], b [batch, k, n], input broadcasts to [m, n].
 */
export const addbmm: AddProductOp<"addbmm"> = composite(
  (input: AnyTensor, a: AnyTensor, b: AnyTensor, options: AddProductOptions = {}) => {
    checkStacks(a, b, "addbmm");
    const [batch, m, k] = a.shape as [number, number, number];
    const [batches, rows, n] = b.shape as [number, number, number];
    const fail = (message: string): ShapeError => new ShapeError("addbmm", [a.shape, b.shape], message);
    if (batch !== batches)
      throw fail(`addbmm: batch1 and batch2 must have same number of batches, got ${batch} and ${batches}`);
    if (k !== rows) throw fail(`addbmm: Incompatible matrix sizes for bmm (${m}x${k} and ${rows}x${n})`);
    checkPair(a, b, "addbmm");
    checkSelf(input, b, "addbmm");
    // The sum over the batch is part of the inner sum of one product.
    const wide = a.transpose(0, 1).reshape(m, batch * k);
    return scaledSum(input, wide.matmul(b.reshape(batch * k, n)), options, "addbmm");
  },
  { inplace: true },
);

/**
 * `beta * input + alpha * outer(u, v)`; both factors default to 1. The dtypes are promoted; bools are combined by "and", "or".
 *
 * **Shape** u [m], v [n], input broadcasts to [m, n].
 * @throws RuntimeError unless u and v are vectors, and for fractional factors of integers.
 */
export const addr: AddProductOp<"addr"> = composite(
  (input: AnyTensor, u: AnyTensor, v: AnyTensor, options: AddProductOptions = {}) => {
    if (u.ndim !== 1 || v.ndim !== 1)
      throw new RuntimeError(
        `addr: Expected 1-D argument ${u.ndim !== 1 ? "vec1" : "vec2"}, but got ${u.ndim !== 1 ? u.ndim : v.ndim}-D`,
      );
    const { beta = 1, alpha = 1 } = options;
    const product = u.unsqueeze(1).mul(v);
    const whole = spread(input, product.shape, "addr");
    if (product.dtype === "bool" && whole.dtype === "bool") {
      const masked = alpha ? product : product.zerosLike();
      return beta ? whole.logicalOr(masked) : masked;
    }
    const both = [product.dtype, whole.dtype] as DType[];
    if (both.every((d) => isInteger(d) || d === "bool"))
      for (const [name, value] of Object.entries({ beta, alpha }))
        if (!Number.isInteger(Number(value)))
          throw new RuntimeError(
            `addr: For integral input tensors, argument ${name} must not be a floating point number.`,
          );
    const scaled = alpha === 1 ? product : product.mul(alpha);
    if (beta === 0) return whole.dtype === scaled.dtype ? scaled : scaled.add(whole.zerosLike());
    return (beta === 1 ? whole : whole.mul(beta)).add(scaled);
  },
  { inplace: true },
);
