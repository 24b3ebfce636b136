// Initial values of parameters, drawn as PyTorch draws them, number for number.
// Floor L5 (nn). Source: torch/nn/init.py, https://pytorch.org/docs/stable/nn.init.html

import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { erf } from "../ir/erf.ts";
import { recorder } from "../tensor/capturing.ts";
import { eye } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { randperm } from "../tensor/sample.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import type { FanMode, Nonlinearity } from "./gain.ts";
import { calculateFanInAndFanOut, calculateGain, fanOf } from "./gain.ts";
import { orthonormalColumns } from "./qr.ts";

export { calculateFanInAndFanOut, calculateGain, type FanMode, type Nonlinearity } from "./gain.ts";

/** U(a, b); defaults 0 and 1. @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.uniform_ */
export function uniform_<T extends AnyTensor>(tensor: T, a?: number, b?: number): T;
export function uniform_<T extends AnyTensor>(
  tensor: T,
  options: { readonly a?: number; readonly b?: number },
): T;
export function uniform_(tensor: AnyTensor, ...args: unknown[]): AnyTensor {
  const { a, b } = named<{ a: number; b: number }>("uniform_", { a: 0, b: 1 }, args);
  return noGrad(() => tensor.uniform_(a, b));
}

/** N(mean, std^2); defaults 0 and 1. @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.normal_ */
export function normal_<T extends AnyTensor>(tensor: T, mean?: number, std?: number): T;
export function normal_<T extends AnyTensor>(
  tensor: T,
  options: { readonly mean?: number; readonly std?: number },
): T;
export function normal_(tensor: AnyTensor, ...args: unknown[]): AnyTensor {
  const { mean, std } = named<{ mean: number; std: number }>("normal_", { mean: 0, std: 1 }, args);
  return noGrad(() => tensor.normal_(mean, std));
}

/**
 * N(mean, std^2) cut off at [a, b]; defaults 0, 1, -2, 2.
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
 */
export function truncNormal_<T extends AnyTensor>(
  tensor: T,
  mean?: number,
  std?: number,
  a?: number,
  b?: number,
): T;
export function truncNormal_<T extends AnyTensor>(
  tensor: T,
  options: { readonly mean?: number; readonly std?: number; readonly a?: number; readonly b?: number },
): T;
export function truncNormal_(tensor: AnyTensor, ...args: unknown[]): AnyTensor {
  const { mean, std, a, b } = named<Record<"mean" | "std" | "a" | "b", number>>(
    "trunc_normal_",
    { mean: 0, std: 1, a: -2, b: 2 },
    args,
  );
  if (mean < a - 2 * std || mean > b + 2 * std)
    console.warn(
      "mean is more than 2 std from [a, b] in nn.init.truncNormal_. The distribution of values may be incorrect.",
    );
  const cdf = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
  return noGrad(() => {
    // A uniform number in the range of the distribution function, then that function's inverse.
    tensor.uniform_(2 * cdf((a - mean) / std) - 1, 2 * cdf((b - mean) / std) - 1);
    return tensor
      .erfinv_()
      .mul_(std * Math.SQRT2)
      .add_(mean)
      .clamp_(a, b);
  });
}

/** One value everywhere. @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.constant_ */
export function constant_<T extends AnyTensor>(tensor: T, val: number | { readonly val: number }): T {
  return noGrad(() => tensor.fill_(typeof val === "number" ? val : val.val)) as T;
}
/** 1 everywhere. */
export const ones_ = <T extends AnyTensor>(tensor: T): T => constant_(tensor, 1);
/** 0 everywhere. */
export const zeros_ = <T extends AnyTensor>(tensor: T): T => constant_(tensor, 0);

/** The identity matrix. @throws ValueError unless there are 2 dimensions. */
export function eye_<T extends AnyTensor>(tensor: T): T {
  if (tensor.ndim !== 2) throw new ValueError("Only tensors with 2 dimensions are supported");
  return noGrad(() => tensor.copy_(eye(tensor.shape[0], tensor.shape[1], { dtype: tensor.dtype }))) as T;
}

/**
 * A kernel that hands as many channels on as there are: 1 in its middle where the input channel is the output channel
 * (of the group).
 * @throws ValueError unless there are 3, 4 or 5 dimensions, and `groups` (default 1) divides the first.
 */
export function dirac_<T extends AnyTensor>(tensor: T, groups: number | { readonly groups?: number } = 1): T {
  const g = typeof groups === "number" ? groups : (groups.groups ?? 1);
  const shape = tensor.shape as Shape;
  if (shape.length < 3 || shape.length > 5)
    throw new ValueError("Only tensors with 3, 4, or 5 dimensions are supported");
  if (shape[0]! % g !== 0) throw new ValueError("dim 0 must be divisible by groups");
  const perGroup = shape[0]! / g;
  return noGrad(() => {
    tensor.zero_();
    let middle: AnyTensor = tensor;
    for (const n of shape.slice(2)) middle = middle.select(2, Math.floor(n / 2));
    for (let i = 0; i < shape[0]!; i++)
      if (i % perGroup < shape[1]!)
        middle
          .select(0, i)
          .select(0, i % perGroup)
          .fill_(1);
    return tensor;
  });
}

/** U(-a, a), a = gain sqrt(6 / (fanIn + fanOut)) (Glorot). @see https://proceedings.mlr.press/v9/glorot10a.html */
export function xavierUniform_<T extends AnyTensor>(
  tensor: T,
  gain: number | { readonly gain?: number } = 1,
): T {
  const a = Math.sqrt(3) * xavierStd(tensor, gain);
  return uniform_(tensor, -a, a);
}
/** N(0, std^2), std = gain sqrt(2 / (fanIn + fanOut)) (Glorot). @see https://proceedings.mlr.press/v9/glorot10a.html */
export function xavierNormal_<T extends AnyTensor>(
  tensor: T,
  gain: number | { readonly gain?: number } = 1,
): T {
  return normal_(tensor, 0, xavierStd(tensor, gain));
}
function xavierStd(tensor: AnyTensor, gain: number | { readonly gain?: number }): number {
  const [fanIn, fanOut] = calculateFanInAndFanOut(tensor);
  return (typeof gain === "number" ? gain : (gain.gain ?? 1)) * Math.sqrt(2 / (fanIn + fanOut));
}

/** Options of the two forms of He initialisation. */
export interface KaimingOptions {
  /** Negative slope of the rectifier that follows; only for leakyRelu. Default 0. */
  readonly a?: number;
  /** Default `fanIn`. */
  readonly mode?: FanMode;
  /** Default leakyRelu. */
  readonly nonlinearity?: Nonlinearity;
}
const kaiming = { a: 0, mode: "fan_in", nonlinearity: "leaky_relu" };

function kaimingStd(tensor: AnyTensor, args: readonly unknown[], name: string): number {
  const { a, mode, nonlinearity } = named<Required<KaimingOptions>>(name, kaiming, args);
  const fan = fanOf(tensor, mode);
  return calculateGain(nonlinearity, a) / Math.sqrt(fan);
}
function hasElements(tensor: AnyTensor): boolean {
  if (tensor.numel() > 0) return true;
  console.warn("Initializing zero-element tensors is a no-op");
  return false;
}

/** U(-bound, bound), bound = gain sqrt(3 / fan) (He). @see https://arxiv.org/abs/1502.01852 */
export function kaimingUniform_<T extends AnyTensor>(tensor: T, options?: KaimingOptions): T;
export function kaimingUniform_<T extends AnyTensor>(
  tensor: T,
  a: number,
  mode?: FanMode,
  nonlinearity?: Nonlinearity,
): T;
export function kaimingUniform_(tensor: AnyTensor, ...args: unknown[]): AnyTensor {
  if (!hasElements(tensor)) return tensor;
  const bound = Math.sqrt(3) * kaimingStd(tensor, args, "kaiming_uniform_");
  return uniform_(tensor, -bound, bound);
}
/** N(0, std^2), std = gain / sqrt(fan) (He). @see https://arxiv.org/abs/1502.01852 */
export function kaimingNormal_<T extends AnyTensor>(tensor: T, options?: KaimingOptions): T;
export function kaimingNormal_<T extends AnyTensor>(
  tensor: T,
  a: number,
  mode?: FanMode,
  nonlinearity?: Nonlinearity,
): T;
export function kaimingNormal_(tensor: AnyTensor, ...args: unknown[]): AnyTensor {
  if (!hasElements(tensor)) return tensor;
  return normal_(tensor, 0, kaimingStd(tensor, args, "kaiming_normal_"));
}

/**
 * `gain` (default 1) times a matrix with orthonormal rows or columns, whichever are fewer; dimensions after the first
 * are taken together.
 * @throws ValueError below 2 dimensions.
 * @see https://arxiv.org/abs/1312.6120
 */
export function orthogonal_<T extends AnyTensor>(
  tensor: T,
  gain: number | { readonly gain?: number } = 1,
): T {
  if (tensor.ndim < 2) throw new ValueError("Only tensors with 2 or more dimensions are supported");
  if (tensor.numel() === 0) return tensor;
  const rows: number = tensor.shape[0];
  const cols = tensor.numel() / rows;
  const scale = typeof gain === "number" ? gain : (gain.gain ?? 1);
  const fill = (target: AnyTensor): void => {
    const drawn: AnyTensor = target.newZeros([rows, cols]).normal_(0, 1);
    const tall = rows < cols ? drawn.transpose(0, 1).contiguous() : drawn;
    const q = orthonormalColumns(
      tall.toTypedArray() as Float64Array,
      Math.max(rows, cols),
      Math.min(rows, cols),
    );
    tall.storage.data.set(q as never);
    target.copy_((rows < cols ? tall.transpose(0, 1) : tall).reshape(target.shape));
    target.mul_(scale);
  };
  noGrad(() => {
    if (recorder === null) fill(tensor);
    else recorder.mutate("orthogonal_", fill, tensor, []);
  });
  return tensor;
}

/**
 * N(0, std^2), with a fraction `sparsity` of each column set to zero. `std` defaults to 0.01.
 * @throws ValueError unless there are 2 dimensions.
 */
export function sparse_<T extends AnyTensor>(tensor: T, sparsity: number, std?: number): T;
export function sparse_<T extends AnyTensor>(
  tensor: T,
  options: { readonly sparsity: number; readonly std?: number },
): T;
export function sparse_(tensor: AnyTensor, ...args: unknown[]): AnyTensor {
  const { sparsity, std } = named<{ sparsity: number; std: number }>(
    "sparse_",
    { sparsity: required, std: 0.01 },
    args,
  );
  if (tensor.ndim !== 2) throw new ValueError("Only tensors with 2 dimensions are supported");
  const [rows, cols] = tensor.shape as [number, number];
  const zeros = Math.ceil(sparsity * rows);
  return noGrad(() => {
    tensor.normal_(0, std);
    for (let c = 0; c < cols; c++) {
      const places = randperm(rows).narrow(0, 0, zeros);
      tensor.select(1, c).indexFill_(0, places, 0);
    }
    return tensor;
  });
}
