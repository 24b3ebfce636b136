// Windows of images laid out as columns, and their sums back into images.
// Floor L4 (ops). Source: ATen/native/Im2Col.cpp, Col2Im.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import type { Data } from "../elements.ts";
import { dataOf } from "../elements.ts";
import type { FoldOp, UnfoldOp } from "../signatures.ts";
import type { Sizes } from "./sizes.ts";

/** Options of {@link unfold} and {@link fold}. */
export interface FoldOptions {
  /** Distance between elements of a window. Default 1. */
  readonly dilation?: Sizes;
  /** Zeros on both sides. Default 0. */
  readonly padding?: Sizes;
  /** Step from window to window. Default 1. */
  readonly stride?: Sizes;
}

type Pair = readonly [number, number];
interface Blocks {
  readonly image: Pair;
  readonly kernel: Pair;
  readonly dilation: Pair;
  readonly padding: Pair;
  readonly stride: Pair;
  readonly counts: Pair;
}

function pair(v: Sizes, name: string): Pair {
  const list = typeof v === "number" ? [v] : v;
  if (list.length !== 1 && list.length !== 2)
    throw new RuntimeError(`It is expected ${name} equals to 2, but got size ${list.length}`);
  return [list[0]!, list.at(-1)!];
}

function blocksOf(name: string, image: Pair, kernelSize: Sizes, options: FoldOptions): Blocks {
  const kernel = pair(kernelSize, "kernel_size");
  const dilation = pair(options.dilation ?? 1, "dilation");
  const padding = pair(options.padding ?? 0, "padding");
  const stride = pair(options.stride ?? 1, "stride");
  for (const [what, v] of Object.entries({ kernel, dilation, stride }))
    if (v.some((n) => !Number.isInteger(n) || n <= 0))
      throw new RuntimeError(`${name}: ${what} should be greater than zero, but got ${showShape(v)}`);
  if (padding.some((p) => !Number.isInteger(p) || p < 0))
    throw new RuntimeError(`${name}: padding should be non-negative, but got ${showShape(padding)}`);
  const counts = image.map(
    (l, i) => Math.floor((l + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1,
  ) as unknown as Pair;
  if (counts.some((c) => c < 1))
    throw new RuntimeError(
      `${name}: Given spatial size (${image.join(", ")}), kernel_size=(${kernel.join(", ")}), dilation=(${dilation.join(", ")}), ` +
        `padding=(${padding.join(", ")}), calculated shape of the array of sliding blocks as (${counts.join(", ")}), but its components must be at least one.`,
    );
  return { image, kernel, dilation, padding, stride, counts };
}

/** Walks over the rows of windows: copies images at x[from] to columns, or with `back` adds columns to images. */
function walk(
  b: Blocks,
  planes: number,
  x: Data,
  from: number,
  columns: Data,
  start: number,
  back: boolean,
): void {
  const [height, width] = b.image;
  const [kh, kw] = b.kernel;
  const [mh, mw] = b.counts;
  const [sh, sw] = b.stride;
  let row = start;
  for (let p = 0; p < planes; p++)
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const w = j * b.dilation[1] - b.padding[1];
        const first = Math.max(0, Math.ceil(-w / sw));
        const last = Math.min(mw, Math.ceil((width - w) / sw));
        for (let o = 0; o < mh; o++, row += mw) {
          const h = o * sh + i * b.dilation[0] - b.padding[0];
          if (h < 0 || h >= height) continue;
          let at = from + (p * height + h) * width + w + first * sw;
          if (back) for (let q = row + first; q < row + last; q++, at += sw) x[at]! += columns[q]!;
          else for (let q = row + first; q < row + last; q++, at += sw) columns[q] = x[at]!;
        }
      }
}

const unfolded: (x: AnyTensor, b: Blocks) => AnyTensor = op({
  name: "im2Col",
  forward: (x: AnyTensor, b: Blocks) => {
    const lead = (x.shape as Shape).slice(0, -3);
    const channels = x.shape[x.ndim - 3] as number;
    const shape = [...lead, channels * b.kernel[0] * b.kernel[1], b.counts[0] * b.counts[1]];
    const y: AnyTensor = fresh(allocate(x.dtype, numel(shape)), shape, x.dtype);
    const packed = x.contiguous();
    walk(b, numel(lead) * channels, dataOf(packed), packed.offset, dataOf(y), 0, false);
    return y;
  },
  vjp: (g, s) => folded(g, s.meta(1)),
});

const folded: (y: AnyTensor, b: Blocks) => AnyTensor = op({
  name: "col2Im",
  forward: (y: AnyTensor, b: Blocks) => {
    const lead = (y.shape as Shape).slice(0, -2);
    const channels = (y.shape[y.ndim - 2] as number) / (b.kernel[0] * b.kernel[1]);
    const shape = [...lead, channels, ...b.image];
    const x: AnyTensor = fresh(allocate(y.dtype, numel(shape)), shape, y.dtype);
    const packed = y.contiguous();
    walk(b, numel(lead) * channels, dataOf(x), 0, dataOf(packed), packed.offset, true);
    return x;
  },
  vjp: (g, s) => unfolded(g, s.meta(1)),
});

/**
 * The windows of images as columns: column l has the elements of window l, channel by channel.
 *
 * **Shape** [N, C, H, W] or [C, H, W]; result [N, C * KH * KW, L] or without N, L being the number of windows.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
 */
export const unfold: UnfoldOp = composite(
  (x: AnyTensor, kernelSize: Sizes, options: FoldOptions = {}) => {
    if ((x.ndim !== 3 && x.ndim !== 4) || (x.shape as Shape).slice(x.ndim - 3).some((n) => n === 0))
      throw new RuntimeError(
        `unfold: Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${showShape(x.shape)}`,
      );
    if (!isFloat(x.dtype as DType))
      throw new DTypeError("unfold", `unfold: not implemented for '${x.dtype}'`);
    const blocks = blocksOf("unfold", (x.shape as Shape).slice(-2) as unknown as Pair, kernelSize, options);
    return unfolded(x, blocks);
  },
  { method: false },
);

/**
 * The adjoint of {@link unfold}: adds the elements of each column to the places of its window in an image of `outputSize`.
 *
 * **Shape** [N, C * KH * KW, L] or [C * KH * KW, L]; result [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
 */
export const fold: FoldOp = composite(
  (x: AnyTensor, outputSize: Sizes, kernelSize: Sizes, options: FoldOptions = {}) => {
    const blocks = blocksOf("fold", pair(outputSize, "output_size"), kernelSize, options);
    const [rows, count] = (x.shape as Shape).slice(-2) as unknown as Pair;
    if ((x.ndim !== 2 && x.ndim !== 3) || rows === 0 || count === 0)
      throw new RuntimeError(
        `fold: Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: ${showShape(x.shape)}`,
      );
    if (rows % (blocks.kernel[0] * blocks.kernel[1]) !== 0)
      throw new RuntimeError(
        `fold: Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input of shape ${showShape(x.shape)} and kernel_size=(${blocks.kernel.join(", ")}).`,
      );
    const [mh, mw] = blocks.counts;
    if (count !== mh * mw)
      throw new RuntimeError(
        `fold: Given output_size=(${blocks.image.join(", ")}), expected size of input's dimension 2 to match the calculated number of sliding blocks ${mh} * ${mw} = ${mh * mw}, but got input of shape ${showShape(x.shape)}.`,
      );
    if (!isFloat(x.dtype as DType)) throw new DTypeError("fold", `fold: not implemented for '${x.dtype}'`);
    return folded(x, blocks);
  },
  { method: false },
);
