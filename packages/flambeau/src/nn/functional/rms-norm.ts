// Normalisation by the root mean square.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html

import { RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { sameShape } from "../../base/shape.ts";
import type { SameFn } from "../../ops/signatures.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

export interface RmsNormOptions {
  readonly weight?: AnyTensor | null;
  /** Default null: the machine epsilon of the input's dtype. */
  readonly eps?: number | null;
}

/**
 * x / sqrt(mean(x^2) + eps) weight over the last dimensions, which are `normalizedShape`.
 *
 * @param options `weight` of that shape; `eps` null: 2^-23 for float32, 2^-52 for float64
 * @throws RuntimeError if the input does not end in `normalizedShape`, or the weight is not of that shape
 * @see https://arxiv.org/abs/1910.07467
 */
export const rmsNorm: SameFn<[normalizedShape: Shape, options?: RmsNormOptions]> = (
  x: AnyTensor,
  normalizedShape: Shape,
  { weight = null, eps = null }: RmsNormOptions = {},
): AnyTensor => {
  const n = normalizedShape.length;
  if (n === 0 || !sameShape((x.shape as Shape).slice(-n), normalizedShape) || x.ndim < n)
    throw new RuntimeError(
      `rmsNorm: Given normalized_shape=${showShape(normalizedShape)}, expected input with shape [*, ${normalizedShape.join(", ")}], but got input of size ${showShape(x.shape)}`,
    );
  if (weight && !sameShape(weight.shape, normalizedShape))
    throw new RuntimeError(
      `rmsNorm: Expected weight to be of same shape as normalized_shape, but got weight of shape ${showShape(weight.shape)} and normalized_shape = ${showShape(normalizedShape)}`,
    );
  const dims = Array.from({ length: n }, (_, i) => i - n);
  const epsilon = eps ?? (x.dtype === "float64" ? 2 ** -52 : 2 ** -23);
  const y: AnyTensor = x.mul(x.square().mean(dims, { keepdim: true }).add(epsilon).rsqrt());
  return weight ? y.mul(weight) : y;
};
