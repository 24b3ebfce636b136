// Sampling from a categorical distribution so that gradients pass.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html

import type { SameFn } from "../../ops/signatures.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

/** Options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions {
  /** Temperature: the smaller, the nearer to one-hot. Default 1. */
  readonly tau?: number;
  /** Return one-hot samples, with the gradient of the soft ones. Default false. */
  readonly hard?: boolean;
  /** Makes no difference, as in PyTorch. */
  readonly eps?: number;
  /** The dimension along which the categories lie. Default -1. */
  readonly dim?: number;
}

/**
 * Samples from the Gumbel-Softmax distribution: softmax((logits + g) / tau), with g = -log(e) and e exponential.
 *
 * **Shape** any; the result has the shape of `logits`.
 *
 * @param logits unnormalised log probabilities
 * @see https://arxiv.org/abs/1611.01144
 */
export const gumbelSoftmax: SameFn<[options?: GumbelSoftmaxOptions]> = (
  logits: AnyTensor,
  { tau = 1, hard = false, eps: _, dim = -1 }: GumbelSoftmaxOptions = {},
): AnyTensor => {
  const noise = logits.emptyLike().exponential_().log().neg();
  const soft: AnyTensor = logits.add(noise).div(tau).softmax(dim);
  if (!hard) return soft;
  const choice = soft.argmax(dim, { keepdim: true });
  const oneHot = soft.zerosLike().scatter_(dim, choice, 1);
  return oneHot.sub(soft.detach()).add(soft);
};
