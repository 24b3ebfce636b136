// Activations without an in-place form: the sigmoid and shrink families, GELU, Softplus, GLU, and the softmax family.
// Floor L5 (nn). Source: torch/nn/modules/activation.py

import { showShape, ValueError } from "../base/errors.ts";
import type { HalfLayer } from "../base/types/index.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { Activation } from "./activation.ts";
import { named } from "./arguments.ts";
import * as F from "./functional/activation.ts";
import type { ShapeRule } from "./layer.ts";
import { Layer } from "./layer.ts";
import { pyFloat, pyNone } from "./print.ts";

/** 1 / (1 + e^-x). @see https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html */
export class Sigmoid extends Activation {
  forward(x: AnyTensor): AnyTensor {
    return F.sigmoid(x);
  }
}
/** tanh x. @see https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html */
export class Tanh extends Activation {
  forward(x: AnyTensor): AnyTensor {
    return F.tanh(x);
  }
}
/** x - tanh x. @see https://pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html */
export class Tanhshrink extends Activation {
  forward(x: AnyTensor): AnyTensor {
    return F.tanhshrink(x);
  }
}
/** x / (1 + |x|). @see https://pytorch.org/docs/stable/generated/torch.nn.Softsign.html */
export class Softsign extends Activation {
  forward(x: AnyTensor): AnyTensor {
    return F.softsign(x);
  }
}
/** log(1 / (1 + e^-x)). @see https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html */
export class LogSigmoid extends Activation {
  forward(x: AnyTensor): AnyTensor {
    return F.logsigmoid(x);
  }
}
/** x P(Z <= x), Z standard normal. `approximate`: "none" (default) or "tanh". @see https://pytorch.org/docs/stable/generated/torch.nn.GELU.html */
export class GELU extends Activation {
  readonly approximate: "none" | "tanh";
  constructor(options?: { readonly approximate?: "none" | "tanh" });
  constructor(...args: unknown[]) {
    super();
    this.approximate = named<{ approximate: "none" | "tanh" }>(
      "GELU",
      { approximate: "none" },
      args,
    ).approximate;
  }
  forward(x: AnyTensor): AnyTensor {
    return F.gelu(x, { approximate: this.approximate });
  }
  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}
/** log(1 + e^(beta x)) / beta. Defaults beta 1, threshold 20. @see https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html */
export class Softplus extends Activation {
  readonly beta: number;
  readonly threshold: number;
  constructor(beta?: number, threshold?: number);
  constructor(...args: unknown[]) {
    super();
    const o = named<{ beta: number; threshold: number }>("Softplus", { beta: 1, threshold: 20 }, args);
    this.beta = o.beta;
    this.threshold = o.threshold;
  }
  forward(x: AnyTensor): AnyTensor {
    return F.softplus(x, this.beta, this.threshold);
  }
  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

abstract class Shrink extends Activation {
  readonly lambd: number;
  constructor(name: string, args: readonly unknown[]) {
    super();
    this.lambd = named<{ lambd: number }>(name, { lambd: 0.5 }, args).lambd;
  }
}
/** 0 where |x| <= lambd (default 0.5), else x. @see https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html */
export class Hardshrink extends Shrink {
  constructor(lambd?: number);
  constructor(...args: unknown[]) {
    super("Hardshrink", args);
  }
  forward(x: AnyTensor): AnyTensor {
    return F.hardshrink(x, this.lambd);
  }
  override extraRepr(): string {
    return pyFloat(this.lambd);
  }
}
/** x moved by lambd (default 0.5) towards 0, and 0 where it would cross. @see https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html */
export class Softshrink extends Shrink {
  constructor(lambd?: number);
  constructor(...args: unknown[]) {
    super("Softshrink", args);
  }
  forward(x: AnyTensor): AnyTensor {
    return F.softshrink(x, this.lambd);
  }
  override extraRepr(): string {
    return String(this.lambd);
  }
}

interface HalfRule<D extends number> extends ShapeRule {
  readonly out: HalfLayer<this["x"], D, "GLU">;
}
/** a sigmoid(b), a and b the halves along `dim` (default -1). @see https://pytorch.org/docs/stable/generated/torch.nn.GLU.html */
export class GLU<D extends number = -1> extends Layer<HalfRule<D>> {
  readonly dim: D;
  constructor(dim?: D);
  constructor(...args: unknown[]) {
    super();
    this.dim = named<{ dim: D }>("GLU", { dim: -1 }, args).dim;
  }
  forward(x: AnyTensor): AnyTensor {
    return F.glu(x, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

abstract class AlongDim extends Activation {
  readonly dim: number | null;
  constructor(name: string, args: readonly unknown[]) {
    super();
    this.dim = named<{ dim: number | null }>(name, { dim: null }, args).dim;
  }
  override extraRepr(): string {
    return `dim=${pyNone(this.dim)}`;
  }
}
/** e^x_i / sum_j e^x_j along `dim`. @see https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html */
export class Softmax extends AlongDim {
  constructor(dim?: number | null);
  constructor(...args: unknown[]) {
    super("Softmax", args);
  }
  forward(x: AnyTensor): AnyTensor {
    return F.softmax(x, this.dim);
  }
}
/** log(softmax(x)) along `dim`. @see https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html */
export class LogSoftmax extends AlongDim {
  constructor(dim?: number | null);
  constructor(...args: unknown[]) {
    super("LogSoftmax", args);
  }
  forward(x: AnyTensor): AnyTensor {
    return F.logSoftmax(x, this.dim);
  }
}
/** softmax(-x) along `dim`. @see https://pytorch.org/docs/stable/generated/torch.nn.Softmin.html */
export class Softmin extends AlongDim {
  constructor(dim?: number | null);
  constructor(...args: unknown[]) {
    super("Softmin", args);
  }
  forward(x: AnyTensor): AnyTensor {
    return F.softmin(x, this.dim);
  }
}
/** softmax over the channels of [N, C, H, W] or [C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html */
export class Softmax2d extends Activation {
  forward(x: AnyTensor): AnyTensor {
    if (x.ndim !== 3 && x.ndim !== 4)
      throw new ValueError(`Softmax2d requires a 3D or 4D tensor as input, but got ${showShape(x.shape)}`);
    return F.softmax(x, -3);
  }
}
