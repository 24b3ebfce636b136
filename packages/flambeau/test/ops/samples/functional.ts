// Inputs at which the derivatives of functions of neural networks are checked.

import * as torch from "../../../src/index.ts";
import type { Fn, Sample, Samples } from "./common.ts";
import { one } from "./common.ts";

const F = torch.nn.functional;
const wide = { low: -4, high: 4 };

/** An activation called with further arguments, with its in-place form where it has one. */
const activation = (f: Fn, ...args: number[]): Sample =>
  one([[2, 5]], (x) => f(x, ...args), { name: args.join(), domain: wide });
const withInplace = (f: Fn, ...args: number[]): Sample => ({
  ...activation(f, ...args),
  inplace: (x) => f(x, ...args, { inplace: true }),
});

const activations: Samples = {
  "nn.functional.hardtanh": [withInplace(F.hardtanh, -1, 1), withInplace(F.hardtanh, -0.4, 0.9)],
  "nn.functional.relu6": [withInplace(F.relu6)],
  "nn.functional.threshold": [withInplace(F.threshold, 0.3, 7)],
  "nn.functional.leakyRelu": [withInplace(F.leakyRelu, 0.01), withInplace(F.leakyRelu, -0.3)],
  "nn.functional.prelu": [
    one([[2, 3], [3]], (x, w) => F.prelu(x, w), { name: "by channel" }),
    one([[2, 3], [1]], (x, w) => F.prelu(x, w), { name: "one weight" }),
  ],
  "nn.functional.hardshrink": [activation(F.hardshrink), activation(F.hardshrink, 1.3)],
  "nn.functional.softshrink": [activation(F.softshrink), activation(F.softshrink, 1.3)],
  "nn.functional.hardsigmoid": [withInplace(F.hardsigmoid)],
  "nn.functional.hardswish": [withInplace(F.hardswish)],
  "nn.functional.elu": [withInplace(F.elu, 1), withInplace(F.elu, 1.7)],
  "nn.functional.celu": [withInplace(F.celu, 1), withInplace(F.celu, 1.7)],
  "nn.functional.selu": [withInplace(F.selu)],
  "nn.functional.silu": [withInplace(F.silu)],
  "nn.functional.mish": [withInplace(F.mish)],
  "nn.functional.softplus": [activation(F.softplus), activation(F.softplus, 2.5, 3)],
  "nn.functional.logsigmoid": [activation(F.logsigmoid)],
  "nn.functional.gelu": [
    activation(F.gelu),
    one([[2, 5]], (x) => F.gelu(x, { approximate: "tanh" }), { name: "tanh", domain: wide }),
  ],
};

const norms: Samples = {
  nativeBatchNorm: [
    one([[3, 2, 2], [2], [2]], (x, w, b) => torch.nativeBatchNorm(x, w, b, null, null, true, 0.1, 0.1)[0], {
      name: "training",
    }),
    one([[4, 2], [2]], (x, w) => torch.nativeBatchNorm(x, w, null, null, null, true, 0.1, 0.1)[0], {
      name: "weight only",
    }),
    one([[4, 2], [2]], (x, b) => torch.nativeBatchNorm(x, null, b, null, null, true, 0.1, 0.1)[0], {
      name: "bias only",
    }),
    one(
      [[3, 2, 2], [2], [2]],
      (x, w, b) => torch.nativeBatchNorm(x, w, b, statistics, statistics, false, 0.1, 0.1)[0],
      { name: "evaluation" },
    ),
  ],
  nativeLayerNorm: [
    one([[2, 3], [3], [3]], (x, w, b) => torch.nativeLayerNorm(x, [3], w, b, 0.1)[0], { name: "affine" }),
    one([[2, 2, 3]], (x) => torch.nativeLayerNorm(x, [2, 3], null, null, 0.1)[0], { name: "two dimensions" }),
  ],
};
const statistics = torch.tensor([0.5, 1.5], { dtype: "float64" });

const weights = (gates: number): number[][] => [[3 * gates, 2], [3 * gates, 3], [3 * gates], [3 * gates]];
const cells: Samples = {
  rnnTanhCell: [one([[2, 2], [2, 3], ...weights(1)], torch.rnnTanhCell as Fn)],
  rnnReluCell: [one([[2, 2], [2, 3], ...weights(1)], torch.rnnReluCell as Fn)],
  gruCell: [one([[2, 2], [2, 3], ...weights(3)], torch.gruCell as Fn)],
  lstmCell: [
    one([[2, 2], [2, 3], [2, 3], ...weights(4)], (x, h, c, ...rest) =>
      (torch.lstmCell as Fn)(x, [h, c], ...rest),
    ),
  ],
};

export const functional: Samples = {
  ...cells,
  ...activations,
  ...norms,
};
