// Running a reduction over dimensions of a tensor: shapes, order of memory, and the compiled kernels.
// Floor L3 (tensor).

import type { ReduceKernel } from "../backend/backend.ts";
import { getBackend } from "../backend/backend.ts";
import type { DType } from "../base/dtype.ts";
import { IndexError, RuntimeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDims, numel } from "../base/shape.ts";
import type { CombineOp } from "../ir/nest.ts";
import type { Expr } from "../ir/scalar.ts";
import { ExprBuilder } from "../ir/scalar.ts";
import { allocateUnset, Storage } from "./storage.ts";
import type { AnyTensor } from "./tensor.ts";
import { fresh, Tensor } from "./tensor.ts";

/** What is specific to a reduction. */
export interface ReductionDef {
  readonly combine: CombineOp;
  /** Dtype of the computation and of the result. */
  readonly dtype: (input: DType) => DType;
  /** Value of an element, already in the dtype of the computation. */
  readonly map?: (k: ExprBuilder, x: Expr) => Expr;
  /** Result from the combined value and the number of elements. */
  readonly post?: (k: ExprBuilder, combined: Expr, count: Expr) => Expr;
  /** Whether reducing nothing is an error. */
  readonly needsElements?: boolean;
}

/** Dimensions to reduce: one, several, or (nothing, an empty list) all. */
export type Dims = number | readonly number[] | null | undefined;

/** Shape and strides of every 0-d result. */
const scalar: readonly number[] = [];

/** Makes the function that runs a reduction over dimensions of a tensor. Kernels are kept by input dtype. */
export function reducer(
  def: ReductionDef,
): (name: string, x: AnyTensor, dim: Dims, keepdim?: boolean) => AnyTensor {
  const kernels = new Map<DType, ReduceKernel>();
  const kernelFor = (name: string, input: DType): ReduceKernel => {
    const known = kernels.get(input);
    if (known) return known;
    const kernel = compile(def, name, input);
    kernels.set(input, kernel);
    return kernel;
  };
  return (name, x, dim, keepdim = false) => {
    const kernel = kernelFor(name, x.dtype);
    const dtype = def.dtype(x.dtype);
    const shape: Shape = x.shape;
    if ((dim === undefined || dim === null) && x.packed && !keepdim) {
      const n = numel(shape);
      if (n === 0 && def.needsElements) throw emptyDim(name, shape, dim);
      const out = new Tensor(new Storage(allocateUnset(dtype, 1)), scalar, dtype, scalar, 0, true, null);
      kernel.run(1, n, 1, out.storage.data, 0, x.storage.data, x.offset);
      return out;
    }
    const dims = normalizeDims(dim, shape.length, name);
    const outShape: number[] = [];
    let reduced = 1;
    for (let i = 0, next = 0; i < shape.length; i++) {
      if (dims[next] === i) {
        next++;
        reduced *= shape[i]!;
        if (keepdim) outShape.push(1);
      } else outShape.push(shape[i]!);
    }
    const count = numel(outShape);
    const out: AnyTensor = fresh(allocateUnset(dtype, count), outShape, dtype);
    if (count === 0) return out;
    if (reduced === 0 && def.needsElements) throw emptyDim(name, shape, dim);
    // Neighbouring dimensions of packed memory are [outer, reduced, inner] as they lie; others are moved to the end.
    const first = dims[0] ?? 0;
    const last = dims[dims.length - 1] ?? -1;
    let source = x;
    let inner = 1;
    if (x.packed && last - first === dims.length - 1)
      for (let i = last + 1; i < shape.length; i++) inner *= shape[i]!;
    else {
      const kept = shape.map((_, i) => i).filter((i) => !dims.includes(i));
      source = x.permute([...kept, ...dims]).contiguous();
    }
    kernel.run(count / inner, reduced, inner, out.storage.data, 0, source.storage.data, source.offset);
    return out;
  };
}

function compile(def: ReductionDef, name: string, input: DType): ReduceKernel {
  const dtype = def.dtype(input);
  const k = new ExprBuilder();
  const element = k.cast(k.input(0, input), dtype);
  const post = new ExprBuilder();
  return getBackend().reduce({
    kind: "reduce",
    name,
    input,
    body: def.map ? def.map(k, element) : element,
    combine: def.combine,
    post: def.post ? def.post(post, post.input(0, dtype), post.input(1, dtype)) : null,
  });
}

const emptyDim = (name: string, shape: Shape, dim: Dims): IndexError | RuntimeError =>
  dim === undefined || dim === null || (typeof dim !== "number" && dim.length === 0)
    ? new RuntimeError(
        `${name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`,
      )
    : new IndexError(
        `${name}(): Expected reduction dim to have non-zero size, but the shape is ${showShape(shape)}`,
      );
