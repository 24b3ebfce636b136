// Products of matrices, vectors and batches of matrices.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.matmul.html

import type { DType } from "../base/dtype.ts";
import { isFloat } from "../base/dtype.ts";
import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, numel } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { matrixProduct } from "../tensor/routines.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import { checkPair, matrixOf, mismatch } from "./matrices.ts";
import type { MatMulOp, OuterOp } from "./signatures.ts";

/** [m, k] x [k, n] */
function product2d(a: AnyTensor, b: AnyTensor): AnyTensor {
  const m = a.shape[0]!;
  const k = a.shape[1]!;
  const n = b.shape[1]!;
  const out: AnyTensor = fresh(allocateUnset(a.dtype, m * n), [m, n], a.dtype as DType);
  matrixProduct(1, m, n, k, matrixOf(a), 0, matrixOf(b), 0, out.storage.data, 0, null);
  return out;
}

/** The stride with which the leading dimensions of x step through memory as if they were one; null if they do not. */
function batchStride(x: AnyTensor): number | null {
  let step: number | null = null;
  let size = 1;
  for (let i = x.ndim - 3; i >= 0; i--) {
    const n = x.shape[i]!;
    if (n === 1) continue;
    if (step === null) step = x.strides[i]!;
    else if (x.strides[i] !== step * size) return null;
    size *= n;
  }
  return step ?? 0;
}

/** [batch..., m, k] x [batch..., k, n] with broadcast batches. */
function productBatched(a: AnyTensor, b: AnyTensor, batch: Shape): AnyTensor {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape[b.ndim - 1]!;
  const prepare = (x: AnyTensor): [AnyTensor, number] => {
    const full = x.expand([...batch, ...x.shape.slice(-2)]);
    const stride = batchStride(full);
    if (stride !== null) return [full, stride];
    const copy = full.contiguous();
    return [copy, numel(copy.shape.slice(-2))];
  };
  const [x, xs] = prepare(a);
  const [y, ys] = prepare(b);
  const shape = [...batch, m, n];
  const out: AnyTensor = fresh(allocateUnset(a.dtype, numel(shape)), shape, a.dtype as DType);
  matrixProduct(numel(batch), m, n, k, matrixOf(x), xs, matrixOf(y), ys, out.storage.data, 0, null);
  return out;
}

/** Inner products of fewer float32 elements are formed in PyTorch's order (docs/decisions/0002). */
const blockLength = 32;

const isShort = (a: AnyTensor, b: AnyTensor): boolean =>
  a.dtype === "float32" && b.dtype === "float32" && a.packed && b.packed;

/** What OpenBLAS does with less than a block of its kernel: products in float32, their sum in float64. */
function shortProduct(a: AnyTensor, b: AnyTensor): AnyTensor {
  const x = a.storage.data as Float32Array;
  const y = b.storage.data as Float32Array;
  let sum = 0;
  for (let i = a.offset, j = b.offset, end = i + a.length; i < end; i++, j++)
    sum += Math.fround(x[i]! * y[j]!);
  const out: AnyTensor = fresh(allocateUnset("float32", 1), [], "float32");
  (out.storage.data as Float32Array)[0] = sum;
  return out;
}

/**
 * The matrix product. Of two vectors their inner product; of a matrix and a vector the product with a column (a row, if
 * the vector stands first); above two dimensions, matrices in the last two with broadcast batches before them.
 *
 * **Shape** `[..., m, k] x [..., k, n]` gives `[..., m, n]`.
 * @throws ShapeError if the inner sizes differ or the batches do not broadcast; DTypeError unless both have one dtype.
 * @see https://pytorch.org/docs/stable/generated/torch.matmul.html
 */
export const matmul: MatMulOp = op({
  saves: "inputs",
  flops: (out, a) => 2 * numel(out.shape) * a.shape[a.ndim - 1],
  forward: (a: AnyTensor, b: AnyTensor) => {
    checkPair(a, b, "matmul");
    if (a.ndim === 0 || b.ndim === 0)
      throw new RuntimeError(
        `both arguments to matmul need to be at least 1D, but they are ${a.ndim}D and ${b.ndim}D`,
      );
    if (a.ndim === 1 && b.ndim === 1 && a.length === b.length) {
      // A loop can be fused with what comes before it.
      if (recorder !== null && isFloat(a.dtype)) return a.mul(b).sum();
      if (recorder === null && a.length < blockLength && isShort(a, b)) return shortProduct(a, b);
    }
    const x = a.ndim === 1 ? a.unsqueeze(0) : a;
    const y = b.ndim === 1 ? b.unsqueeze(1) : b;
    if (x.shape[x.ndim - 1] !== y.shape[y.ndim - 2]) throw mismatch(a, b, "matmul");
    if (x.ndim === 2 && y.ndim === 2) {
      const out = product2d(x, y);
      return a.ndim === 2 && b.ndim === 2
        ? out
        : fresh(out.storage.data, withoutVectors(out.shape, a, b), out.dtype as DType);
    }
    const batch = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2), "matmul");
    const out = productBatched(x, y, batch);
    return fresh(out.storage.data, withoutVectors(out.shape, a, b), out.dtype as DType);
  },
  vjp: (g, s) => {
    const { a, b } = s;
    const needA = s.edges[0] !== null;
    const needB = s.edges[1] !== null;
    if (a.ndim === 2 && b.ndim === 2)
      return [needA ? g.matmul(b.transpose(0, 1)) : null, needB ? a.transpose(0, 1).matmul(g) : null];
    const x = a.ndim === 1 ? a.unsqueeze(0) : a;
    const y = b.ndim === 1 ? b.unsqueeze(1) : b;
    let up = g;
    if (a.ndim === 1) up = up.unsqueeze(b.ndim === 1 ? -1 : -2);
    if (b.ndim === 1) up = up.unsqueeze(-1);
    const ga = needA ? up.matmul(y.transpose(-2, -1)) : null;
    const gb = needB ? x.transpose(-2, -1).matmul(up) : null;
    return [ga?.sumToSize(x.shape).reshape(a.shape) ?? null, gb?.sumToSize(y.shape).reshape(b.shape) ?? null];
  },
});

const withoutVectors = (shape: Shape, a: AnyTensor, b: AnyTensor): Shape => {
  const out = shape.slice();
  if (b.ndim === 1) out.pop();
  if (a.ndim === 1) out.splice(out.length - (b.ndim === 1 ? 1 : 2), 1);
  return out;
};

/** The product of two matrices: {@link matmul} that takes nothing else. */
export const mm: MatMulOp<"mm"> = composite((a: AnyTensor, b: AnyTensor) => {
  if (a.ndim !== 2 || b.ndim !== 2)
    throw new RuntimeError(
      `mm: ${a.ndim !== 2 ? "self" : "mat2"} must be a matrix, got shapes ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  return a.matmul(b);
});

/** The products of two equally long lists of matrices, [batch, m, k] x [batch, k, n]. */
export const bmm: MatMulOp<"bmm"> = composite((a: AnyTensor, b: AnyTensor) => {
  if (a.ndim !== 3 || b.ndim !== 3)
    throw new RuntimeError(
      `batch1 must be a 3D tensor: bmm got shapes ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  if (a.shape[0] !== b.shape[0] || a.shape[2] !== b.shape[1])
    throw new ShapeError(
      "bmm",
      [a.shape, b.shape],
      `bmm: Expected size for first two dimensions of batch2 tensor to be: [${a.shape[0]}, ${a.shape[2]}] but got: [${b.shape[0]}, ${b.shape[1]}].`,
    );
  return a.matmul(b);
});

/** The product of a matrix and a vector. */
export const mv: MatMulOp<"mv"> = composite((a: AnyTensor, b: AnyTensor) => {
  if (a.ndim !== 2 || b.ndim !== 1)
    throw new RuntimeError(`vector + matrix @ vector expected, got ${a.ndim}, ${b.ndim}`);
  return a.matmul(b);
});

/** The inner product of two vectors. */
export const dot: MatMulOp<"dot"> = composite((a: AnyTensor, b: AnyTensor) => {
  if (a.ndim !== 1 || b.ndim !== 1)
    throw new RuntimeError(`1D tensors expected, but got ${a.ndim}D and ${b.ndim}D tensors`);
  if (a.length !== b.length)
    throw new ShapeError(
      "dot",
      [a.shape, b.shape],
      `inconsistent tensor size, expected tensor ${showShape(a.shape)} and src ${showShape(b.shape)} to have the same number of elements`,
    );
  return a.matmul(b);
});

/** The matrix of all products of the elements of two vectors. */
export const outer: OuterOp = composite((a: AnyTensor, b: AnyTensor) => {
  if (a.ndim !== 1 || b.ndim !== 1)
    throw new RuntimeError(
      `outer: Expected 1-D argument ${a.ndim !== 1 ? "self" : "vec2"}, but got ${a.ndim !== 1 ? a.ndim : b.ndim}-D`,
    );
  return a.unsqueeze(1).mul(b.unsqueeze(0));
});

/** {@link outer} under its older name. */
export const ger: OuterOp<"ger"> = composite(outer);
