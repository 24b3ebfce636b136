// Kernels that call a function of JavaScript for every element: for functions that need iterations or many regions,
// which an expression would compute all of.
// Floor L3 (tensor).

import type { MapKernel, Operand, StridedOperand } from "../backend/backend.ts";
import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { contiguousStrides, numel } from "../base/shape.ts";
import { recorder } from "./capturing.ts";

/**
 * One element from the operands, then the options that were given. Floats come, and go, as numbers, whatever their
 * dtype; int64 as bigint.
 */
// biome-ignore lint/suspicious/noExplicitAny: numbers, or bigints throughout.
export type HostFunction = (a: any, b: any, c: any, d: any) => number | bigint | boolean;

/** Elements at the places that strides name, in row-major order. */
function* places(shape: readonly number[], strides: readonly number[], start: number): Generator<number> {
  const index = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let left = numel(shape); left > 0; left--) {
    yield at;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += strides[d]!;
      if (++index[d]! < shape[d]!) break;
      at -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
}

/** A kernel that applies `f`; operands are converted to `compute` first, results to `out` afterwards. */
export function hostKernel(f: HostFunction, compute: DType, out: DType): MapKernel {
  const Wanted = dtypes[compute].array;
  const convert = compute === "int64" ? BigInt : Number;
  const finish: (v: number | bigint | boolean) => number | bigint = out === "int64" ? BigInt : Number;

  const constant = (v: number): number | bigint =>
    compute === "int64" ? BigInt(Math.trunc(v)) : compute === "float32" ? Math.fround(v) : v;
  /** The operand as an array of the dtype of the computation, and where its first element is. */
  function load(x: Operand, offset: number, n: number): [TypedArray, number] {
    if (typeof x === "number" || x.constructor === Wanted) return [x as TypedArray, offset];
    const copy = new Wanted(n);
    for (let i = 0; i < n; i++) copy[i] = convert(x[offset + i]!);
    return [copy, 0];
  }
  function gather({ data, offset, strides }: StridedOperand, shape: readonly number[]): Operand {
    if (typeof data === "number") return data;
    const copy = new Wanted(numel(shape));
    let i = 0;
    for (const at of places(shape, strides, offset)) copy[i++] = convert(data[at]!);
    return copy;
  }

  const kernel: MapKernel = {
    run(n, to, toOffset, a, aOffset, b, bOffset, c, cOffset, d, dOffset) {
      const [x, xo] = load(a, aOffset, n);
      const [y, yo] = load(b, bOffset, n);
      const [z, zo] = load(c, cOffset, n);
      const [w, wo] = load(d, dOffset, n);
      const ys = typeof y === "number" ? constant(y) : null;
      const xs = typeof x === "number" ? constant(x) : null;
      const zs = typeof z === "number" ? constant(z) : null;
      const ws = typeof w === "number" ? constant(w) : null;
      for (let i = 0; i < n; i++)
        to[toOffset + i] = finish(f(xs ?? x[xo + i], ys ?? y[yo + i], zs ?? z[zo + i], ws ?? w[wo + i]));
    },
    runStrided(shape, to, operands) {
      const n = numel(shape);
      const [a = 0, b = 0, c = 0, d = 0] = operands.map((o) => gather(o, shape));
      const packed = contiguousStrides(shape).every((s, i) => s === to.strides[i] || shape[i] === 1);
      if (packed) return kernel.run(n, to.data as TypedArray, to.offset, a, 0, b, 0, c, 0, d, 0);
      const result = new dtypes[out].array(n);
      kernel.run(n, result, 0, a, 0, b, 0, c, 0, d, 0);
      let i = 0;
      for (const at of places(shape, to.strides, to.offset)) (to.data as TypedArray)[at] = result[i++]!;
    },
  };
  return kernel;
}

/** So many elements are computed one by one sooner than a kernel is called. */
const fewElements = 8;

/**
 * A kernel of one float32 operand that leaves a handful of elements to `f`, in double precision: rounded correctly, as the
 * results of PyTorch's vector functions nearly are. Kernels are off by the last bit now and then.
 */
export function exceptFew(kernel: MapKernel, f: (x: number) => number): MapKernel {
  return {
    run(n, out, outOffset, a, aOffset, b, bOffset, c, cOffset, d, dOffset) {
      if (n > fewElements || typeof a === "number" || recorder !== null)
        kernel.run(n, out, outOffset, a, aOffset, b, bOffset, c, cOffset, d, dOffset);
      else for (let i = 0; i < n; i++) out[outOffset + i] = f(a[aOffset + i] as number);
    },
    runStrided: kernel.runStrided,
  };
}
