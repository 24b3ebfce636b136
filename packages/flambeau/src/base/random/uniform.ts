// Uniform samples: uniform_, rand, and the noise of rrelu.
// Floor L0 (base). Follows PyTorch 1.13's CPU kernels bit by bit, float32 and float64.

import type { Generator } from "../generator.ts";
import type { FloatArray } from "./checks.ts";
import { check, checkFloatArray, showDouble } from "./checks.ts";
import { fma32, fma64 } from "./fma.ts";

const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

/** The samples of `torch.rand`: uniform in [0, 1). A float32 takes one 32-bit draw, a float64 two. */
export function fillRand(out: FloatArray, generator: Generator): void {
  const n = out.length;
  if (out instanceof Float64Array) {
    for (let i = 0; i < n; i++) out[i] = generator.uniform53();
    return;
  }
  // As uniform24, a block of the twister at a time: twice as fast.
  for (let i = 0; i < n; ) {
    const words = generator.take(n - i);
    for (let k = 0; k < words.length; k++) out[i + k] = ((words[k] as number) & 0xffffff) * 2 ** -24;
    i += words.length;
  }
}

/**
 * `Tensor.uniform_`: u (to - from) + from, u uniform in [0, 1), with one rounding of the multiply-add.
 *
 * Draws as `fillRand`. Rounding can return `to` itself, as in PyTorch.
 * @throws RuntimeError unless from <= to, both and their difference within the dtype's range; NaN is refused.
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html
 */
export function fillUniform(out: FloatArray, from: number, to: number, generator: Generator): void {
  checkFloatArray("check_uniform_bounds", out);
  const single = out instanceof Float32Array;
  const max = single ? FLOAT32_MAX : Number.MAX_VALUE;
  const dtype = single ? "float" : "double";
  check(Math.abs(from) <= max, () => `from is out of bounds for ${dtype}`);
  check(Math.abs(to) <= max, () => `to is out of bounds for ${dtype}`);
  check(from <= to, () => {
    const found = `from=${showDouble(from)} > to=${showDouble(to)}`;
    return `uniform_ expects to return a [from, to) range, but found ${found}`;
  });
  check(to - from <= max, () => {
    const found = `to=${showDouble(to)} and from=${showDouble(from)}`;
    return (
      `uniform_ expects to-from <= std::numeric_limits<${single ? "Float" : "Double"}>::max(), ` +
      `but found ${found} which result in to-from to exceed the limit`
    );
  });
  const n = out.length;
  if (single) {
    const low = Math.fround(from);
    const range = Math.fround(Math.fround(to) - low);
    if (low === 0) for (let i = 0; i < n; i++) out[i] = generator.uniform24() * range + low;
    else for (let i = 0; i < n; i++) out[i] = fma32(generator.uniform24(), range, low);
  } else {
    const range = to - from;
    for (let i = 0; i < n; i++) out[i] = fma64(generator.uniform53(), range, from);
  }
}

/**
 * The noise of `rrelu` in training: uniform in [lower, upper) where input <= 0, else 1.
 *
 * Every element with input <= 0 takes two draws, in float32 too; the others (and NaN) take none.
 * The output of the layer is input * noise.
 * @throws RuntimeError unless lower <= upper; NaN is refused.
 */
export function fillRReluNoise(
  noise: FloatArray,
  input: FloatArray,
  lower: number,
  upper: number,
  generator: Generator,
): void {
  check(lower <= upper, () => "Lower bound should be less than or equal to the upper bound");
  const single = noise instanceof Float32Array;
  const low = single ? Math.fround(lower) : lower;
  const range = (single ? Math.fround(upper) : upper) - low;
  for (let i = 0; i < noise.length; i++) {
    // This kernel is one that PyTorch compiles without fused multiply-add.
    noise[i] = (input[i] as number) <= 0 ? generator.uniform53() * range + low : 1;
  }
}
