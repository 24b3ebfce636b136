// Running a reduction over dimensions of a tensor: shapes, order of memory, and the compiled kernels.
// Floor L3 (tensor).

import type { ReduceKernel } from "../backend/backend.ts";
import type { DType } from "../base/dtype.ts";
import { IndexError, RuntimeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDims, numel } from "../base/shape.ts";
import type { CombineOp } from "../ir/nest.ts";
import type { Expr } from "../ir/scalar.ts";
import { ExprBuilder } from "../ir/scalar.ts";
import { reduceKernel } from "./kernels.ts";
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
  let staged: Staged | null = null;
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
    // Neighbouring dimensions of packed memory are [outer, reduced, inner] as they lie. Several runs of such dimensions
    // are reduced one after another, and dimensions of other memory are moved to the end.
    const first = dims[0] ?? 0;
    const last = dims[dims.length - 1] ?? -1;
    let source = x;
    let inner = 1;
    if (x.packed && last - first === dims.length - 1)
      for (let i = last + 1; i < shape.length; i++) inner *= shape[i]!;
    else {
      const runs = x.packed ? runsOf(shape, dims) : null;
      if (runs && reduced > 0) {
        staged ??= stages(def, name);
        return staged(runs, x, reduced, out);
      }
      const kept = shape.map((_, i) => i).filter((i) => !dims.includes(i));
      source = x.permute([...kept, ...dims]).contiguous();
    }
    kernel.run(count / inner, reduced, inner, out.storage.data, 0, source.storage.data, source.offset);
    return out;
  };
}

/** Packed memory as alternating extents, the last of which is not reduced: kept, reduced, kept, ..., reduced, kept. */
function runsOf(shape: Shape, dims: readonly number[]): number[] {
  const runs = [1];
  for (let i = 0, next = 0; i < shape.length; i++) {
    const reducing = dims[next] === i;
    if (reducing) next++;
    // An extent of 1 belongs to any run.
    if (shape[i] === 1) continue;
    if (reducing === (runs.length % 2 === 0)) runs[runs.length - 1]! *= shape[i]!;
    else runs.push(shape[i]!);
  }
  if (runs.length % 2 === 0) runs.push(1);
  return runs;
}

/** A stage of several: only the first one maps elements, only the last one turns combined values into results. */
const stageOf = ({ map, post, ...rest }: ReductionDef, first: boolean, last: boolean): ReductionDef => ({
  ...rest,
  ...(first ? map && { map } : { dtype: (d: DType) => d }),
  ...(last && post && { post }),
});

type Staged = (runs: number[], x: AnyTensor, count: number, out: AnyTensor) => AnyTensor;

/** Reduces the innermost run, then of its results the next one, and so on: every stage reads memory as it lies. */
function stages(def: ReductionDef, name: string): Staged {
  const kernels = new Map<string, ReduceKernel>();
  const kernelOf = (dtype: DType, first: boolean, last: boolean): ReduceKernel => {
    const key = `${dtype} ${first} ${last}`;
    const known = kernels.get(key);
    if (known) return known;
    const kernel = compile(stageOf(def, first, last), name, dtype);
    kernels.set(key, kernel);
    return kernel;
  };
  return (runs, x, count, out) => {
    let { data } = x.storage;
    let offset = x.offset;
    let dtype: DType = x.dtype;
    let first = true;
    for (; runs.length > 3; first = false) {
      const [reduced, inner] = runs.splice(-2) as [number, number];
      const outer = numel(runs);
      const partial = allocateUnset(out.dtype as DType, outer * inner);
      kernelOf(dtype, first, false).run(outer, reduced, inner, partial, 0, data, offset);
      data = partial;
      offset = 0;
      dtype = out.dtype;
      runs[runs.length - 1]! *= inner;
    }
    const [outer = 1, reduced = 1, inner = 1] = runs;
    kernelOf(dtype, first, true).run(outer, reduced, inner, out.storage.data, 0, data, offset, count);
    return out;
  };
}

function compile(def: ReductionDef, name: string, input: DType): ReduceKernel {
  const dtype = def.dtype(input);
  const k = new ExprBuilder();
  const element = k.cast(k.input(0, input), dtype);
  const post = new ExprBuilder();
  return reduceKernel({
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
