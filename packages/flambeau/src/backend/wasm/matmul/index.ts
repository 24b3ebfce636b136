// The matmul routine of the WebAssembly backend: chooses among the kernels by size and layout, compiles on first use.
// Floor L2 (backend/wasm).

import type { TypedArray } from "../../../base/dtype.ts";
import { dtypes } from "../../../base/dtype.ts";
import { DTypeError } from "../../../base/errors.ts";
import type { MatrixView, Routines } from "../../../ir/routines.ts";
import { features } from "../features.ts";
import type { LinearMemory } from "../memory.ts";
import { isDotForm } from "./dot.ts";
import type { MatmulDType } from "./elements.ts";
import type { SmallKernels } from "./kernels.ts";
import { compileBlock, compileSmall } from "./kernels.ts";
import { LargeProducts } from "./large-products.ts";
import type { TileName } from "./probe.ts";
import { chooseBlock, tiles } from "./probe.ts";
import type { Bias } from "./small-products.ts";
import { SmallProducts, smallLimit } from "./small-products.ts";
import { VectorProducts } from "./vector-products.ts";

export { type TileName, tiles } from "./probe.ts";

/** For tests: what is otherwise found out by probing. */
export interface MatmulOptions {
  readonly tile?: TileName;
  readonly fused?: boolean;
}

/** `out` must not overlap an operand; the operands may. Kernels are compiled at the first product that needs them. */
export function createMatmul(memory: LinearMemory, options: MatmulOptions = {}): Routines["matmul"] {
  const engines: { [D in MatmulDType]?: Engine } = {};
  let float32: Engine | null = null;
  return (batch, m, n, k, a, aBatchStride, b, bBatchStride, out, outOffset, bias) => {
    let engine: Engine;
    if (out instanceof Float32Array) {
      engine = float32 ??= new Engine(memory, "float32", options);
    } else {
      const dtype = dtypeOf(out);
      engine = engines[dtype] ??= new Engine(memory, dtype, options);
    }
    engine.multiply(batch, m, n, k, a, aBatchStride, b, bBatchStride, out, outOffset, bias);
  };
}

function dtypeOf(out: TypedArray): MatmulDType {
  if (out instanceof Float64Array) return "float64";
  if (out instanceof Int32Array) return "int32";
  if (out instanceof BigInt64Array) return "int64";
  throw new DTypeError("matmul", "matmul takes float32, float64, int32 and int64 tensors, not uint8 or bool");
}

class Engine {
  readonly #memory: LinearMemory;
  readonly #dtype: MatmulDType;
  readonly #bytes: number;
  readonly #options: MatmulOptions;
  readonly #fused: boolean;
  readonly #small: SmallProducts;
  readonly #kernels: SmallKernels;
  #plain: SmallKernels | null = null;
  #large: LargeProducts | null = null;
  #vector: VectorProducts | null = null;

  constructor(memory: LinearMemory, dtype: MatmulDType, options: MatmulOptions) {
    this.#memory = memory;
    this.#dtype = dtype;
    this.#bytes = dtypes[dtype].bytes;
    this.#options = options;
    this.#fused = options.fused ?? features().fusedMadd;
    this.#kernels = compileSmall(memory, dtype, this.#fused ? "fused" : "emulated");
    this.#small = new SmallProducts(memory, dtype, this.#bytes, this.#kernels);
  }

  multiply(
    batch: number,
    m: number,
    n: number,
    k: number,
    a: MatrixView,
    aBatchStride: number,
    b: MatrixView,
    bBatchStride: number,
    out: TypedArray,
    outOffset: number,
    bias: Bias,
  ): void {
    if (batch === 0 || m === 0 || n === 0) return;
    if (k === 0) {
      fillRows(out, outOffset, batch * m, n, bias);
    } else if (m * n * k <= smallLimit) {
      this.#small.multiply(batch, m, n, k, a, aBatchStride, b, bBatchStride, out, outOffset, bias);
    } else {
      for (let t = 0; t < batch; t++)
        this.#one(
          m,
          n,
          k,
          a,
          a.offset + t * aBatchStride,
          b,
          b.offset + t * bBatchStride,
          out,
          outOffset + t * m * n,
          bias,
        );
    }
  }

  #one(
    m: number,
    n: number,
    k: number,
    a: MatrixView,
    aOffset: number,
    b: MatrixView,
    bOffset: number,
    out: TypedArray,
    outOffset: number,
    bias: Bias,
  ): void {
    const dot =
      this.#dtype === "float32" &&
      a.colStride === 1 &&
      a.rowStride >= k &&
      b.rowStride === 1 &&
      b.colStride >= k &&
      isDotForm(m, n, k);
    if (dot) {
      this.#vectorProducts().dots(m, n, k, a, aOffset, b, bOffset, out, outOffset, bias);
    } else if (n === 1) {
      const vector = { data: b.data, offset: bOffset, stride: b.rowStride };
      this.#vectorProducts().multiply(
        m,
        k,
        { ...a, offset: aOffset },
        vector,
        out,
        outOffset,
        bias && { ...bias, stride: 0 },
      );
    } else if (m === 1) {
      const transposed = { data: b.data, offset: bOffset, rowStride: b.colStride, colStride: b.rowStride };
      const vector = { data: a.data, offset: aOffset, stride: a.colStride };
      this.#vectorProducts().multiply(n, k, transposed, vector, out, outOffset, bias);
    } else {
      this.#largeProducts().multiply(m, n, k, a, aOffset, b, bOffset, out, outOffset, bias);
    }
  }

  /** Emulated fused kernels are for small products only. */
  #unemulated(): SmallKernels {
    return this.#fused ? this.#kernels : (this.#plain ??= compileSmall(this.#memory, this.#dtype, "plain"));
  }

  #vectorProducts(): VectorProducts {
    return (this.#vector ??= new VectorProducts(this.#memory, this.#dtype, this.#bytes, this.#unemulated()));
  }

  #largeProducts(): LargeProducts {
    if (!this.#large) {
      const { tile } = this.#options;
      const rounding = this.#fused ? "fused" : "plain";
      const kernels = tile
        ? compileBlock(this.#memory, this.#dtype, rounding, tiles[tile])
        : chooseBlock(this.#memory, this.#dtype, this.#fused);
      this.#large = new LargeProducts(this.#memory, this.#dtype, this.#bytes, this.#unemulated(), kernels);
    }
    return this.#large;
  }
}

/** The sum over nothing: rows of the bias, or zeros. */
function fillRows(out: TypedArray, offset: number, rows: number, n: number, bias: Bias): void {
  const result = out as Float32Array;
  if (!bias) {
    (out as Float32Array).fill((out instanceof BigInt64Array ? 0n : 0) as number, offset, offset + rows * n);
    return;
  }
  for (let r = 0; r < rows; r++)
    for (let j = 0; j < n; j++)
      result[offset + r * n + j] = (bias.data as Float32Array)[bias.offset + j * bias.stride]!;
}
