// The noise of the dropout family, as it multiplies and shifts the input.
// Floor L0 (base). Sources: N. Srivastava et al., "Dropout" (2014), https://jmlr.org/papers/v15/srivastava14a.html;
// alpha dropout: G. Klambauer et al. (2017), https://arxiv.org/abs/1706.02515

import type { Generator } from "../generator.ts";
import type { FloatArray } from "./checks.ts";
import { check, showDouble } from "./checks.ts";
import { fillBernoulli } from "./discrete.ts";

/** @throws RuntimeError unless 0 <= p <= 1; NaN is refused. */
function checkProbability(p: number): void {
  check(p >= 0 && p <= 1, () => `dropout probability has to be between 0 and 1, but got ${showDouble(p)}`);
}

/**
 * The noise of `dropout`: 1 / (1 - p) with probability 1 - p, else 0. The output of the layer is input * noise.
 *
 * Two draws for each element, in float32 too, and the noise of `dropout2d` has one element for each channel.
 * PyTorch draws nothing in evaluation, for an empty input, and at p = 0 or p = 1; neither does this at p = 0, 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
 */
export function fillDropout(noise: FloatArray, p: number, generator: Generator): void {
  checkProbability(p);
  if (p === 0 || p === 1) {
    noise.fill(1 - p);
    return;
  }
  fillBernoulli(noise, 1 - p, generator);
  const keep = noise instanceof Float32Array ? Math.fround(1 - p) : 1 - p;
  const scale = 1 / keep;
  for (let i = 0; i < noise.length; i++) noise[i] = (noise[i] as number) * scale;
}

const ALPHA = 1.7580993408473766;

/**
 * The noise of `alpha_dropout`, in two parts: the output of the layer is input * scale + shift. With
 * a = 1 / sqrt((alpha^2 p + 1)(1 - p)), an element that stays has scale a and shift alpha a p, one that goes
 * scale 0 and shift alpha a (p - 1). Draws as `fillDropout`.
 *
 * @param scale, shift equally long; of the dtype in which PyTorch rounds each step.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
 */
export function fillAlphaDropout(
  scale: FloatArray,
  shift: FloatArray,
  p: number,
  generator: Generator,
): void {
  checkProbability(p);
  if (p === 0 || p === 1) {
    scale.fill(1 - p);
    shift.fill(0);
    return;
  }
  fillBernoulli(scale, 1 - p, generator);
  const round = scale instanceof Float32Array ? Math.fround : (x: number): number => x;
  const a = 1 / Math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p));
  const stays = round(ALPHA * a * p);
  const goes = round(stays - round(ALPHA * a));
  for (let i = 0; i < scale.length; i++) {
    const keep = scale[i] !== 0;
    scale[i] = keep ? a : 0;
    shift[i] = keep ? stays : goes;
  }
}
