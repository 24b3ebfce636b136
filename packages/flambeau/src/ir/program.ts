// Programs: what torch.compile captures and passes rewrite. A list of steps over buffers whose sizes are all known; a backend
// turns it into one module. Offsets, strides and lengths count elements.
// Floor L1 (ir).

import type { DType, TypedArray } from "../base/dtype.ts";
import type { CombineOp } from "./nest.ts";
import type { Expr } from "./scalar.ts";

/** Index into `Program.buffers`. */
export type BufferId = number;

/**
 * Where a buffer's elements come from and who sees them:
 * - `state`: outlives the program (parameters, optimizer state, running statistics); read and written in place
 * - `input`: an argument, written by the caller before each run; steps only read it
 * - `const`: `data`, the same in every run
 * - `temp`: made by steps; undefined before the first of them
 * - `output`: a temp that the caller reads after each run
 */
export type BufferKind = "state" | "input" | "const" | "temp" | "output";

export interface Buffer {
  readonly dtype: DType;
  readonly length: number;
  readonly kind: BufferKind;
  /** Of a `const`. */
  readonly data?: TypedArray;
  /** For messages and explain(): the name of the op that made it, or of the parameter. */
  readonly name: string;
}

/** A strided look at a buffer: the element at index i is offset + sum of i[d] * strides[d]. A stride of 0 repeats. */
export interface Access {
  readonly buffer: BufferId;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** A number that the host computes before each run: index into `Program.scalars`. */
export interface HostScalar {
  readonly scalar: number;
}

export interface LoopOperand {
  readonly dtype: DType;
  /** Strides over all dimensions of the loop, the outer ones first. A number of the host is the same everywhere. */
  readonly source: Access | HostScalar;
}

/** A reduction over the inner dimensions, as the stages of row nests are. */
export interface LoopStage {
  readonly combine: CombineOp;
  readonly body: Expr;
}

export interface LoopResult {
  readonly body: Expr;
  readonly to: Access;
}

/**
 * For each index of the `outer` dimensions: the stages in order, each a reduction of its body over all `inner` dimensions; then the
 * `maps`, stored at every inner index (strides of `to` over outer and inner dimensions), and the `values`, stored once
 * (strides over the outer dimensions). Outer iterations are independent of each other.
 *
 * In expressions, with m operands, input i < m is operand i, and input m + s is the result of stage s. Expressions see
 * results of earlier stages only. `values` look at no operand that has a stride other than 0 along an inner dimension.
 * A map alone has no outer dimensions. Results may be stored over an operand if both accesses are the same; otherwise what is
 * written overlaps nothing that is read. No two results overlap.
 * Sums of float32 keep the error of pairwise summation, as in reduce nests.
 */
export interface LoopStep {
  readonly kind: "loop";
  readonly name: string;
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  readonly operands: readonly LoopOperand[];
  readonly stages: readonly LoopStage[];
  readonly maps: readonly LoopResult[];
  readonly values: readonly LoopResult[];
}

/**
 * For each of `batch` products: p[i, j] = sum over q < k of a[i, q] * b[q, j], then the results `maps`, whose bodies see
 * p[i, j] as input 0 and operand e at (t, i, j) as input 1 + e. Accesses of operands and of `to` have strides [batch, m, n]; those of
 * a are [batch, m, k], those of b [batch, k, n]. What is written overlaps neither a nor b; it may be an operand, accessed
 * in the same way (W - lr * p over W). A plain product has one map, of input 0.
 * float32 and float64; the sum of float32 is rounded as PyTorch's blocked products are, in any order.
 */
export interface MatmulStep {
  readonly kind: "matmul";
  readonly name: string;
  readonly dtype: DType;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Access;
  readonly b: Access;
  readonly operands: readonly LoopOperand[];
  readonly maps: readonly LoopResult[];
  /** Matrices many of whose elements may be 0: products with them may be left out, unless the other factor is not finite. */
  readonly zeros?: readonly ("a" | "b")[];
}

/** Geometry of a convolution over images of two dimensions (a signal has height 1). Sizes are [height, width]. */
export interface ConvGeometry {
  readonly batch: number;
  readonly groups: number;
  /** All channels, of all groups. */
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/**
 * Cross-correlation and its adjoints, float32, all buffers packed from their offsets (x and dx [N, C, H, W], w and dw
 * [O, C / groups, kh, kw], y and dy [N, O, oh, ow]):
 * - `forward`: a = x, b = w, out = y, the maps as in {@link MatmulStep} with accesses of strides over [N, O, oh, ow]
 * - `input`: a = dy, b = w, out = dx, maps over [N, C, H, W]
 * - `weight`: a = x, b = dy, out = dw, maps over [O, C / groups, kh, kw]
 */
export interface ConvStep {
  readonly kind: "conv";
  readonly name: string;
  readonly direction: "forward" | "input" | "weight";
  readonly geometry: ConvGeometry;
  readonly a: Access;
  readonly b: Access;
  readonly operands: readonly LoopOperand[];
  readonly maps: readonly LoopResult[];
}

/**
 * Rows by number: `gather` to[i, :] = from[index[i], :], `scatterAdd` to[index[i], :] += from[i, :] (in the order of i; `to` is
 * not cleared), for i < rows and rows of `width` adjacent elements. Row r of a buffer begins at offset + r * its one stride. Index
 * is int32 or int64; numbers outside [0, limit) stop the program with an error that names `name`, of class `error`.
 */
export interface RowsStep {
  readonly kind: "rows";
  readonly name: string;
  readonly mode: "gather" | "scatterAdd";
  readonly dtype: DType;
  readonly rows: number;
  readonly width: number;
  readonly limit: number;
  /** Default RuntimeError. */
  readonly error?: "IndexError" | "RuntimeError";
  readonly index: Access;
  readonly from: Access;
  readonly to: Access;
}

/**
 * Single elements by number along a dimension: with index n over `shape`, `gather` to[n] = from[n] with a further
 * index[n] * step added to its place, `scatterAdd` to[n], likewise moved, += from[n] (in order; `to` is not cleared), `scatter` the same
 * with = . Accesses have strides over `shape`. Numbers outside [0, limit) stop the program with an error of class `error`.
 */
export interface ElementsStep {
  readonly kind: "elements";
  readonly name: string;
  readonly mode: "gather" | "scatter" | "scatterAdd";
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly limit: number;
  /** Default RuntimeError. */
  readonly error?: "IndexError" | "RuntimeError";
  readonly step: number;
  readonly index: Access;
  readonly from: Access;
  readonly to: Access;
}

/** Pooling of windows of planes. All packed from their offsets: input [planes, H, W], output [planes, oh, ow]. */
export interface PoolStep {
  readonly kind: "pool";
  readonly name: string;
  /**
   * `max`: to = the largest element, and `index` (int32) its place in the plane (no window lies in the border alone); `average`: to = the mean as PyTorch divides it;
   * `maxBackward`: from = the gradient of the output, index as stored, to = dx; `averageBackward`: from = gradient of the output, to = dx.
   */
  readonly mode: "max" | "average" | "maxBackward" | "averageBackward";
  readonly planes: number;
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Of averages: whether padding counts, and what is divided by instead (0: the window). */
  readonly countPadding: boolean;
  readonly divisor: number;
  readonly from: Access;
  readonly index: Access | null;
  readonly to: Access;
}

/**
 * A function of JavaScript over whole buffers, for what has no code of its own: it reads `reads` and writes all of `writes`.
 * Random numbers are drawn by such steps. Steps run in the order in which they stand. What is changed is in both lists; a pass may write
 * it elsewhere than where it was, so nothing may be left in `writes` as it is found.
 */
export interface HostStep {
  readonly kind: "host";
  readonly name: string;
  readonly reads: readonly BufferId[];
  readonly writes: readonly BufferId[];
  /** The arrays are views of the buffers, valid during the call. */
  readonly run: (reads: readonly TypedArray[], writes: readonly TypedArray[]) => void;
}

/** Where a buffer of a round lies: in round k from element offset + sum of k[d] * strides[d] of a buffer of the program. */
export interface RoundBinding {
  readonly inner: BufferId;
  readonly access: Access;
}

/**
 * A body that runs once for each index of `counts`, one round after the other, the last dimension first, each looking elsewhere: for
 * recurrences, and for what is done block by block. Buffers of the body that are bound are inputs, which it reads, outputs, which it
 * writes wholly, or states, which it changes in place; all others are its temps. What a round writes, later ones may read; within a round
 * nothing that is bound meets what is written. Rounds whose indices differ in the first `apart` dimensions may run at once: then no
 * round reads what another one writes, and only those of one index over these dimensions change the same state. Bodies have no
 * numbers of the host, no steps of it, and cannot fail.
 */
export interface RepeatStep {
  readonly kind: "repeat";
  readonly name: string;
  readonly counts: readonly number[];
  readonly apart: number;
  readonly body: Program;
  readonly bindings: readonly RoundBinding[];
}

/** What a backend has code for. */
export type KernelStep = LoopStep | MatmulStep | ConvStep | RowsStep | ElementsStep | PoolStep | RepeatStep;
export type Step = KernelStep | HostStep;

export interface Program {
  readonly buffers: readonly Buffer[];
  readonly steps: readonly Step[];
  /** For messages: what each number of the host is. */
  readonly scalars: readonly string[];
}

/** Where a program's buffers lie: an address in the backend's shared memory for each buffer. */
export type Placement = readonly number[];
