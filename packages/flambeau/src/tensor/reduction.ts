// Running a reduction over dimensions of a tensor: shapes, order of memory, and the compiled kernels.
// Floor L3 (tensor).

import type { ReduceKernel } from "../backend/backend.ts";
import { getBackend } from "../backend/backend.ts";
import type { DType } from "../base/dtype.ts";
import { IndexError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import type { CombineOp } from "../ir/nest.ts";
import type { Expr } from "../ir/scalar.ts";
import { ExprBuilder } from "../ir/scalar.ts";
import { allocate } from "./storage.ts";
import type { AnyTensor } from "./tensor.ts";
import { fresh } from "./tensor.ts";

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

/** Runs a reduction over the dimensions `dims` (ascending) of x; kernels are kept by input dtype. */
export function reducer(
  def: ReductionDef,
): (name: string, x: AnyTensor, dims: readonly number[], keepdim: boolean) => AnyTensor {
  const kernels = new Map<string, ReduceKernel>();
  return (name, x, dims, keepdim) => {
    const shape: Shape = x.shape;
    const reduced = dims.reduce((n, d) => n * shape[d]!, 1);
    const outShape: number[] = [];
    for (let i = 0, next = 0; i < shape.length; i++) {
      if (dims[next] === i) {
        next++;
        if (keepdim) outShape.push(1);
      } else outShape.push(shape[i]!);
    }
    const dtype = def.dtype(x.dtype);
    const count = numel(outShape);
    const out: AnyTensor = fresh(allocate(dtype, count), outShape, dtype);
    if (count === 0) return out;
    if (reduced === 0 && def.needsElements)
      throw new IndexError(
        `${name}(): Expected reduction dim to have non-zero size: shape [${shape.join(", ")}], dims [${dims.join(", ")}]`,
      );
    let kernel = kernels.get(x.dtype);
    if (!kernel) {
      const k = new ExprBuilder();
      const element = k.cast(k.input(0, x.dtype), dtype);
      const post = new ExprBuilder();
      kernel = getBackend().reduce({
        kind: "reduce",
        name,
        input: x.dtype,
        body: def.map ? def.map(k, element) : element,
        combine: def.combine,
        post: def.post ? def.post(post, post.input(0, dtype), post.input(1, dtype)) : null,
      });
      kernels.set(x.dtype, kernel);
    }
    // Neighbouring dimensions of packed memory are [outer, reduced, inner] as they lie; others are moved to the end.
    const first = dims[0] ?? 0;
    const last = dims[dims.length - 1] ?? -1;
    let source = x;
    let inner = 1;
    if (x.packed && last - first === dims.length - 1) inner = numel(shape.slice(last + 1));
    else {
      const kept = shape.map((_, i) => i).filter((i) => !dims.includes(i));
      source = x.permute([...kept, ...dims]).contiguous();
    }
    kernel.run(count / inner, reduced, inner, out.storage.data, 0, source.storage.data, source.offset);
    return out;
  };
}
