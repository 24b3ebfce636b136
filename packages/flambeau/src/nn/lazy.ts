// Layers that learn the number of their inputs from the first input: LazyLinear, LazyConv1d to 3d and their like.
// Floor L5 (nn). Source: torch/nn/modules/lazy.py

import { RuntimeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { ones, zeros } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { BatchNormModuleOptions } from "./batchnorm.ts";
import {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
} from "./batchnorm.ts";
import type { ConvModuleOptions, ConvPadding } from "./conv.ts";
import { Conv1d, Conv2d, Conv3d } from "./conv.ts";
import type { ConvTransposeModuleOptions } from "./conv-transpose.ts";
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from "./conv-transpose.ts";
import { propertiesOf } from "./internals.ts";
import type { LinearOptions } from "./linear.ts";
import { Linear } from "./linear.ts";
import type { Module } from "./module.ts";
import type { AnyParameter } from "./parameter.ts";
import { Parameter } from "./parameter.ts";

type Sizes = number | readonly number[];

/** A parameter whose shape is not known yet. It becomes an ordinary one, and stays the same object. */
export class UninitializedParameter extends Parameter<[0]> {
  override toString(): string {
    return "<UninitializedParameter>";
  }
}

/** Gives a parameter its shape and memory; whoever holds it, an optimizer for instance, goes on holding it. */
function materialize(p: AnyParameter, shape: Shape): void {
  const memory: AnyTensor = zeros([...shape], { dtype: p.dtype });
  const { storage, strides, offset, packed } = memory;
  Object.assign(p, { storage, shape: memory.shape, strides, offset, packed });
  Object.setPrototypeOf(p, Parameter.prototype as object);
}

/** What makes a layer lazy: how many inputs it has, and the shapes that follow. */
interface Plan {
  /** The class that it becomes. */
  readonly becomes: { readonly prototype: Module };
  /** Property that holds the number of inputs. */
  readonly inputs: "inFeatures" | "inChannels" | "numFeatures";
  /** Number of inputs that an input has. */
  count(x: AnyTensor): number;
  /** Shape of the weight for that number. */
  weight(n: number): Shape;
  /** Number of inputs that a weight of this shape stands for. */
  countOf(weight: Shape): number;
  bias(n: number): Shape;
}
const plans = new WeakMap<Module, Plan>();

/** Whether a module still waits for its first input. */
export const isLazy = (m: Module): boolean => plans.has(m);

function defer(m: Module, plan: Plan): void {
  plans.set(m, plan);
  m["~state"].settle = (shapeOf) => {
    const shape = shapeOf(plan.inputs === "numFeatures" ? "runningMean" : "weight");
    if (shape) settle(m, plan, plan.countOf(shape));
  };
  const own = propertiesOf(m);
  for (const name of ["weight", "bias"]) {
    const p = own[name];
    if (p instanceof Parameter)
      own[name] = new UninitializedParameter(zeros([0], { dtype: p.dtype }) as never);
  }
}

/** Makes a waiting module an ordinary one for `n` inputs. */
function settle(m: Module, plan: Plan, n: number): void {
  const own = propertiesOf(m);
  plans.delete(m);
  m["~state"].settle = null;
  own[plan.inputs] = n;
  if (own["weight"] instanceof Parameter) materialize(own["weight"], plan.weight(n));
  if (own["bias"] instanceof Parameter) materialize(own["bias"], plan.bias(n));
  if (plan.inputs === "numFeatures") {
    if (own["runningMean"])
      own["runningMean"] = zeros([n], { dtype: (own["runningMean"] as AnyTensor).dtype });
    if (own["runningVar"]) own["runningVar"] = ones([n], { dtype: (own["runningVar"] as AnyTensor).dtype });
  }
  Object.setPrototypeOf(m, plan.becomes.prototype);
  (m as unknown as { resetParameters(): void }).resetParameters();
}

/** What all classes here do in their own way. */
const waiting = {
  // Drawn when the shapes are known.
  resetParameters: (): void => undefined,
  // The first input: afterwards the module is of the ordinary class.
  forward(this: Module, x: AnyTensor): AnyTensor {
    const plan = plans.get(this)!;
    settle(this, plan, plan.count(x));
    return this.forward(x) as AnyTensor;
  },
};

/** The number of channels of an input with `spatial` dimensions behind it. */
function channelsOf(x: AnyTensor, spatial: number, name: string): number {
  if (x.ndim !== spatial + 1 && x.ndim !== spatial + 2)
    throw new RuntimeError(
      `Expected ${spatial + 1}D (unbatched) or ${spatial + 2}D (batched) input to ${name}, but got input of size: ${showShape(x.shape)}`,
    );
  return x.shape[x.ndim - spatial - 1]!;
}

/**
 * {@link Linear} that takes the number of features from the first input, which must run before the weights are used.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html
 */
export class LazyLinear<Out extends number = number> extends Linear<number, Out> {
  constructor(outFeatures: Out, options?: LinearOptions) {
    super(0, outFeatures, options as LinearOptions<true>);
    defer(this, {
      becomes: Linear,
      inputs: "inFeatures",
      count: (x) => x.shape[x.ndim - 1]!,
      weight: (n) => [outFeatures, n],
      countOf: (shape) => shape[1] ?? 0,
      bias: () => [outFeatures],
    });
  }
}

interface ConvLike extends Module {
  readonly outChannels: number;
  readonly kernelSize: Shape;
  readonly groups: number;
}
function deferConv(m: ConvLike, becomes: Plan["becomes"], name: string, transposed: boolean): void {
  const { outChannels, kernelSize, groups } = m;
  defer(m, {
    becomes,
    inputs: "inChannels",
    count: (x) => channelsOf(x, kernelSize.length, name),
    weight: (n) => [...(transposed ? [n, outChannels / groups] : [outChannels, n / groups]), ...kernelSize],
    countOf: (shape) => (transposed ? (shape[0] ?? 0) : (shape[1] ?? 0) * groups),
    bias: () => [outChannels],
  });
}

/** {@link Conv1d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyConv1d.html */
export class LazyConv1d<
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends ConvPadding = 0,
  const D extends Sizes = 1,
> extends Conv1d<number, Out, K, S, P, D> {
  constructor(outChannels: Out, kernelSize: K, options?: ConvModuleOptions<S, P, D>) {
    super(0, outChannels, kernelSize, options);
    deferConv(this, Conv1d, "LazyConv1d", false);
  }
}
/** {@link Conv2d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html */
export class LazyConv2d<
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends ConvPadding = 0,
  const D extends Sizes = 1,
> extends Conv2d<number, Out, K, S, P, D> {
  constructor(outChannels: Out, kernelSize: K, options?: ConvModuleOptions<S, P, D>) {
    super(0, outChannels, kernelSize, options);
    deferConv(this, Conv2d, "LazyConv2d", false);
  }
}
/** {@link Conv3d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyConv3d.html */
export class LazyConv3d<
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends ConvPadding = 0,
  const D extends Sizes = 1,
> extends Conv3d<number, Out, K, S, P, D> {
  constructor(outChannels: Out, kernelSize: K, options?: ConvModuleOptions<S, P, D>) {
    super(0, outChannels, kernelSize, options);
    deferConv(this, Conv3d, "LazyConv3d", false);
  }
}
/** {@link ConvTranspose1d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose1d.html */
export class LazyConvTranspose1d<
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  const E extends Sizes = 0,
> extends ConvTranspose1d<number, Out, K, S, P, D, E> {
  constructor(outChannels: Out, kernelSize: K, options?: ConvTransposeModuleOptions<S, P, D, E>) {
    super(0, outChannels, kernelSize, options);
    deferConv(this, ConvTranspose1d, "LazyConvTranspose1d", true);
  }
}
/** {@link ConvTranspose2d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html */
export class LazyConvTranspose2d<
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  const E extends Sizes = 0,
> extends ConvTranspose2d<number, Out, K, S, P, D, E> {
  constructor(outChannels: Out, kernelSize: K, options?: ConvTransposeModuleOptions<S, P, D, E>) {
    super(0, outChannels, kernelSize, options);
    deferConv(this, ConvTranspose2d, "LazyConvTranspose2d", true);
  }
}
/** {@link ConvTranspose3d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose3d.html */
export class LazyConvTranspose3d<
  Out extends number = number,
  const K extends Sizes = Sizes,
  const S extends Sizes = 1,
  const P extends Sizes = 0,
  const D extends Sizes = 1,
  const E extends Sizes = 0,
> extends ConvTranspose3d<number, Out, K, S, P, D, E> {
  constructor(outChannels: Out, kernelSize: K, options?: ConvTransposeModuleOptions<S, P, D, E>) {
    super(0, outChannels, kernelSize, options);
    deferConv(this, ConvTranspose3d, "LazyConvTranspose3d", true);
  }
}

/** `place`: the dimension of the channels, counted from the end for inputs that may lack the batch. */
function deferNorm(m: Module, becomes: Plan["becomes"], place: number): void {
  const { check } = m as unknown as { check(x: AnyTensor): void };
  defer(m, {
    becomes,
    inputs: "numFeatures",
    count: (x) => {
      check.call(m, x);
      return x.shape[place < 0 ? x.ndim + place : place]!;
    },
    weight: (n) => [n],
    countOf: (shape) => shape[0] ?? 0,
    bias: (n) => [n],
  });
}

/** {@link BatchNorm1d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm1d.html */
export class LazyBatchNorm1d extends BatchNorm1d {
  constructor(options?: BatchNormModuleOptions) {
    super(0, options);
    deferNorm(this, BatchNorm1d, 1);
  }
}
/** {@link BatchNorm2d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html */
export class LazyBatchNorm2d extends BatchNorm2d {
  constructor(options?: BatchNormModuleOptions) {
    super(0, options);
    deferNorm(this, BatchNorm2d, 1);
  }
}
/** {@link BatchNorm3d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm3d.html */
export class LazyBatchNorm3d extends BatchNorm3d {
  constructor(options?: BatchNormModuleOptions) {
    super(0, options);
    deferNorm(this, BatchNorm3d, 1);
  }
}
/** {@link InstanceNorm1d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm1d.html */
export class LazyInstanceNorm1d extends InstanceNorm1d {
  constructor(options?: BatchNormModuleOptions) {
    super(0, options);
    deferNorm(this, InstanceNorm1d, -2);
  }
}
/** {@link InstanceNorm2d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html */
export class LazyInstanceNorm2d extends InstanceNorm2d {
  constructor(options?: BatchNormModuleOptions) {
    super(0, options);
    deferNorm(this, InstanceNorm2d, -3);
  }
}
/** {@link InstanceNorm3d} that takes the number of channels from the first input. @see https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm3d.html */
export class LazyInstanceNorm3d extends InstanceNorm3d {
  constructor(options?: BatchNormModuleOptions) {
    super(0, options);
    deferNorm(this, InstanceNorm3d, -4);
  }
}

for (const lazy of [
  LazyLinear,
  LazyConv1d,
  LazyConv2d,
  LazyConv3d,
  LazyConvTranspose1d,
  LazyConvTranspose2d,
  LazyConvTranspose3d,
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyBatchNorm3d,
  LazyInstanceNorm1d,
  LazyInstanceNorm2d,
  LazyInstanceNorm3d,
])
  Object.assign(lazy.prototype, waiting);
