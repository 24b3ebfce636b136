// What the size of initial values follows from: the gain of a nonlinearity, and the number of inputs and outputs.
// Floor L5 (nn). Source: torch/nn/init.py

import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

/** What to preserve the variance of: activations (`fan_in`) or gradients (`fan_out`). */
export type FanMode = "fan_in" | "fan_out" | "fanIn" | "fanOut";
/** Functions that {@link calculateGain} knows, in either spelling. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "conv_transpose1d"
  | "conv_transpose2d"
  | "conv_transpose3d"
  | "convTranspose1d"
  | "convTranspose2d"
  | "convTranspose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leaky_relu"
  | "leakyRelu"
  | "selu";

const spelled = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/**
 * The recommended gain of a nonlinearity: 1 for linear maps, convolutions and sigmoid, 5/3 for tanh, sqrt(2) for relu,
 * sqrt(2 / (1 + slope^2)) for leakyRelu, 3/4 for selu.
 *
 * @param param the negative slope of leakyRelu; default 0.01
 * @throws ValueError for another nonlinearity.
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
 */
export function calculateGain(nonlinearity: Nonlinearity, param?: number | null): number {
  const name = spelled(nonlinearity);
  if (/^(linear|conv[123]d|conv_transpose[123]d|sigmoid)$/.test(name)) return 1;
  if (name === "tanh") return 5 / 3;
  if (name === "relu") return Math.sqrt(2);
  if (name === "selu") return 3 / 4;
  if (name !== "leaky_relu") throw new ValueError(`Unsupported nonlinearity ${nonlinearity}`);
  const slope = param ?? 0.01;
  if (typeof slope !== "number") throw new ValueError(`negative_slope ${String(slope)} not a valid number`);
  return Math.sqrt(2 / (1 + slope * slope));
}

/** Number of inputs and outputs of each unit: extents of dimensions 1 and 0, times the size of a kernel. */
export function calculateFanInAndFanOut(tensor: AnyTensor): [fanIn: number, fanOut: number] {
  const shape = tensor.shape as Shape;
  if (shape.length < 2)
    throw new ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  const field = numel(shape.slice(2));
  return [shape[1]! * field, shape[0]! * field];
}

/** @internal The number of inputs or of outputs. */
export function fanOf(tensor: AnyTensor, mode: FanMode): number {
  const name = spelled(mode).toLowerCase();
  if (name !== "fan_in" && name !== "fan_out")
    throw new ValueError(`Mode ${mode} not supported, please use one of ['fan_in', 'fan_out']`);
  const [fanIn, fanOut] = calculateFanInAndFanOut(tensor);
  return name === "fan_in" ? fanIn : fanOut;
}
