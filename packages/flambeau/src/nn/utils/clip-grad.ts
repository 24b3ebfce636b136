// Limits to gradients, against steps that are too long.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html

import { RuntimeError } from "../../base/errors.ts";
import { stack } from "../../ops/join.ts";
import { recorder } from "../../tensor/capturing.ts";
import { zeros } from "../../tensor/create.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";

/** Parameters: one tensor, a list, or what `net.parameters()` returns. */
export type Parameters = AnyTensor | Iterable<AnyTensor>;

const gradientsOf = (parameters: Parameters): AnyTensor[] => {
  const list: Iterable<AnyTensor> = isTensor(parameters) ? [parameters] : parameters;
  return [...list].flatMap((p) => (p.grad ? [p.grad as AnyTensor] : []));
};

/** Options of {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** The order p of the norm; Infinity for the largest magnitude. Default 2. */
  readonly normType?: number;
  /** Whether a norm that is NaN or infinite is an error. Default false. */
  readonly errorIfNonfinite?: boolean;
}

/**
 * Scales all gradients in place by min(1, maxNorm / (norm + 1e-6)), where the norm is that of all of them as one vector.
 *
 * @returns the norm before, 0-d
 * @throws RuntimeError with `errorIfNonfinite`, for a norm that is not finite; nothing has changed then
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 * @example
 * loss.backward();
 * nn.utils.clipGradNorm_(net.parameters(), 1);
 * optimizer.step();
 */
export function clipGradNorm_(
  parameters: Parameters,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): AnyTensor {
  const { normType = 2, errorIfNonfinite = false } = options;
  const grads = gradientsOf(parameters);
  if (grads.length === 0) return zeros([]);
  return noGrad(() => {
    const norms = grads.map((g): AnyTensor => g.norm(normType));
    const total: AnyTensor = stack(norms).norm(normType);
    const check = (norm: unknown): void => {
      if (!Number.isFinite(Number(norm)))
        throw new RuntimeError(
          `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To ` +
            "disable this error and scale the gradients by the non-finite norm anyway, set errorIfNonfinite: false",
        );
    };
    if (errorIfNonfinite) {
      if (recorder === null) check(total.item());
      else recorder.check("clipGradNorm_", total, ([norm]) => check(norm));
    }
    const factor: AnyTensor = total.add(1e-6).reciprocal().mul(maxNorm).clamp(null, 1);
    for (const g of grads) g.mul_(factor);
    return total;
  });
}

/**
 * Limits every element of every gradient in place to [-clipValue, clipValue].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 */
export function clipGradValue_(parameters: Parameters, clipValue: number): void {
  noGrad(() => {
    for (const g of gradientsOf(parameters)) g.clamp_(-clipValue, clipValue);
  });
}
