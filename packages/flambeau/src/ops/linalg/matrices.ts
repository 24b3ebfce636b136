// What functions of linear algebra check, and the matrices in the last two dimensions as plain float64 arrays.
// Floor L4 (ops).

import type { DType } from "../../base/dtype.ts";
import { dtypes, isFloat } from "../../base/dtype.ts";
import { DTypeError, LinAlgError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { broadcastShapes, numel } from "../../base/shape.ts";
import { recorder } from "../../tensor/capturing.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";

/** The leading dimensions, those of the batch. */
export const leadOf = (x: AnyTensor): Shape => x.shape.slice(0, -2);

/** PyTorch's name of the dtype in messages. */
export const dtypeName = (x: AnyTensor): string => dtypes[x.dtype as DType].scalarName;

/** @throws RuntimeError for fewer than two dimensions. */
export function checkMatrix(x: AnyTensor, op: string, name = "A"): void {
  if (x.ndim < 2)
    throw new RuntimeError(
      `${op}: The input tensor ${name} must have at least 2 dimensions, but it has shape ${showShape(x.shape)}.`,
    );
}

/** @throws ShapeError unless the matrices are square. */
export function checkSquare(x: AnyTensor, op: string, name = "A"): void {
  checkMatrix(x, op, name);
  const [m, n] = x.shape.slice(-2);
  if (m !== n)
    throw new ShapeError(
      op,
      [x.shape],
      `${op}: ${name} must be batches of square matrices, but they are ${m} by ${n} matrices`,
    );
}

/** @throws DTypeError for integers and bools. */
export function checkFloat(x: AnyTensor, op: string): void {
  if (!isFloat(x.dtype))
    throw new DTypeError(
      op,
      `${op}: Expected a floating point or complex tensor as input. Got ${dtypeName(x)}`,
    );
}

/** @throws DTypeError unless both have one dtype. */
export function checkSameDType(a: AnyTensor, b: AnyTensor, op: string, first: string, second: string): void {
  if (a.dtype !== b.dtype)
    throw new DTypeError(
      op,
      `${op}: Expected ${first} and ${second} to have the same dtype, but found ${first} of type ${dtypeName(a)} and ${second} of type ${dtypeName(b)} instead`,
    );
}

/** @throws ShapeError unless B fits the square A in A X = B, or X A = B. */
export function checkSystem(a: AnyTensor, b: AnyTensor, left: boolean, op: string): void {
  const [m, n] = b.shape.slice(-2);
  const size = a.shape.at(-1);
  if ((left ? m : n) !== size)
    throw new ShapeError(
      op,
      [a.shape, b.shape],
      `${op}: Incompatible shapes of A and B for the equation ${left ? "AX = B" : "XA = B"} (${size}x${size} and ${m}x${n})`,
    );
}

/** The elements in row-major order as float64: a copy to work on. */
export function elementsOf(x: AnyTensor): Float64Array {
  const flat = x.contiguous();
  const n = numel(x.shape);
  const { data } = flat.storage;
  if (data instanceof BigInt64Array)
    return Float64Array.from({ length: n }, (_, i) => Number(data[flat.offset + i]));
  return new Float64Array(data.subarray(flat.offset, flat.offset + n) as Float64Array);
}

/** Shows `look` the elements, to refuse some of them: now, or in every run of a captured function. */
export function lookAt(op: string, x: AnyTensor, look: (elements: Float64Array) => void): void {
  if (recorder === null) look(elementsOf(x));
  else recorder.check(op, x, (elements) => look(Float64Array.from(elements as Float64Array, Number)));
}

/** A tensor of the elements, rounded to the dtype. */
export const tensorOf = (data: Float64Array, shape: Shape, dtype: DType): AnyTensor =>
  fresh(dtype === "float64" ? data : new Float32Array(data), shape, dtype) as AnyTensor;

export const integersOf = (data: Int32Array, shape: Shape): AnyTensor =>
  fresh(data, shape, "int32") as AnyTensor;

/** Calls `f` with the place of each of the matrices of m x n elements. */
export function eachMatrix(count: number, size: number, f: (at: number, index: number) => void): void {
  for (let i = 0; i < count; i++) f(i * size, i);
}

/** For each matrix of the broadcast batch, which matrix of `lead` it is. */
export function batchPlaces(lead: Shape, out: Shape): Int32Array {
  const places = new Int32Array(numel(out));
  const pad = out.length - lead.length;
  for (let i = 0; i < places.length; i++) {
    let rest = i;
    let place = 0;
    let step = 1;
    for (let d = out.length - 1; d >= 0; d--) {
      const at = rest % out[d]!;
      rest = (rest - at) / out[d]!;
      if (d < pad) continue;
      const n = lead[d - pad]!;
      if (n !== 1) place += at * step;
      step *= n;
    }
    places[i] = place;
  }
  return places;
}

/** The batch of two tensors of matrices together. @throws ShapeError if their batches do not broadcast. */
export const commonLead = (a: AnyTensor, b: AnyTensor, op: string): Shape =>
  broadcastShapes(leadOf(a), leadOf(b), op);

/**
 * Throws for the first matrix whose info is not 0; `what` is the sentence for that number.
 * @throws LinAlgError
 */
export function checkInfo(
  info: AnyTensor,
  op: string,
  what: (info: number) => string,
  Bad: new (message: string) => Error = LinAlgError,
): void {
  lookAt(op, info, (values) => {
    const at = values.findIndex((v) => v > 0);
    if (at < 0) return;
    const which = info.ndim > 0 ? `(Batch element ${at}): ` : "";
    throw new Bad(`${op}: ${which}${what(values[at]!)}`);
  });
}

/** x with its last two dimensions exchanged. */
export const adjoint = (x: AnyTensor): AnyTensor => x.transpose(-2, -1);

/** What the older solvers ask of b and A in A X = b. @throws RuntimeError, ShapeError or DTypeError. */
export function checkPairOf(b: AnyTensor, a: AnyTensor, op: string): void {
  for (const [name, x] of Object.entries({ b, A: a }))
    if (x.ndim < 2)
      throw new RuntimeError(
        `${op}: Expected ${name} to have at least 2 dimensions, but it has ${x.ndim} dimensions instead`,
      );
  checkSquare(a, op);
  if (a.shape.at(-1) !== b.shape.at(-2))
    throw new ShapeError(
      op,
      [b.shape, a.shape],
      `Incompatible matrix sizes for ${op}: each A matrix is ${a.shape.at(-1)} by ${a.shape.at(-1)} but each b matrix is ${b.shape.at(-2)} by ${b.shape.at(-1)}`,
    );
  if (a.dtype !== b.dtype)
    throw new DTypeError(
      op,
      `${op}: Expected b and A to have the same dtype, but found b of type ${dtypeName(b)} and A of type ${dtypeName(a)} instead.`,
    );
}

/** Constant matrices of `shape` with ones on the diagonal, in the dtype of x. */
export function unitLike(x: AnyTensor, shape: Shape): AnyTensor {
  const unit = x.detach().newZeros(shape) as AnyTensor;
  unit.diagonal(0, -2, -1).fill_(1);
  return unit;
}
