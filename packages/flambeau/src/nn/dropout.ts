// The dropout family as modules.
// Floor L5 (nn). Source: torch/nn/modules/dropout.py

import { ValueError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named } from "./arguments.ts";
import * as F from "./functional/dropout.ts";
import type { SameShape } from "./layer.ts";
import { Layer } from "./layer.ts";
import { pyBool, pyFloat } from "./print.ts";

/** Options of the dropout modules. */
export interface DropoutModuleOptions {
  /** Default false. */
  readonly inplace?: boolean;
}

abstract class DropoutBase extends Layer<SameShape> {
  declare readonly "~port": "same";
  /** Probability that an element is set to zero. */
  p: number;
  readonly inplace: boolean;

  /** @param p default 0.5 */
  constructor(p?: number, options?: DropoutModuleOptions);
  constructor(...args: unknown[]) {
    super();
    const { p, inplace } = named<{ p: number; inplace: boolean }>(
      new.target.name,
      { p: 0.5, inplace: false },
      args,
    );
    if (!(p >= 0 && p <= 1))
      throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
    this.p = p;
    this.inplace = inplace;
  }
  protected get options(): F.DropoutOptions {
    return { training: this.training, inplace: this.inplace };
  }
  override extraRepr(): string {
    return `p=${pyFloat(this.p)}, inplace=${pyBool(this.inplace)}`;
  }
}

/**
 * In training, sets elements to 0 with probability p (default 0.5) and multiplies the others by 1 / (1 - p).
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 * @example
 * new nn.Dropout(0.5).eval()(torch.ones(3)).tolist() // [1, 1, 1]
 */
export class Dropout extends DropoutBase {
  forward(x: AnyTensor): AnyTensor {
    return F.dropout(x, this.p, this.options);
  }
}
/** Sets whole channels of [N, C, L] or [C, L] to 0. @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html */
export class Dropout1d extends DropoutBase {
  forward(x: AnyTensor): AnyTensor {
    return F.dropout1d(x, this.p, this.options);
  }
}
/** Sets whole channels of [N, C, H, W] to 0. @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html */
export class Dropout2d extends DropoutBase {
  forward(x: AnyTensor): AnyTensor {
    return F.dropout2d(x, this.p, this.options);
  }
}
/** Sets whole channels of [N, C, D, H, W] to 0. @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html */
export class Dropout3d extends DropoutBase {
  forward(x: AnyTensor): AnyTensor {
    return F.dropout3d(x, this.p, this.options);
  }
}
/** Dropout that keeps mean 0 and variance 1 after SELU. @see https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html */
export class AlphaDropout extends DropoutBase {
  forward(x: AnyTensor): AnyTensor {
    return F.alphaDropout(x, this.p, { training: this.training });
  }
}
/** {@link AlphaDropout} of whole channels. @see https://pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html */
export class FeatureAlphaDropout extends DropoutBase {
  forward(x: AnyTensor): AnyTensor {
    return F.featureAlphaDropout(x, this.p, { training: this.training });
  }
}
