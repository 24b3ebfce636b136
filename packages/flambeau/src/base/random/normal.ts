// Normal samples: normal_, randn, normal with tensors of means and deviations, log_normal_.
// Floor L0 (base). Source: G. E. P. Box, M. E. Muller (1958), https://doi.org/10.1214/aoms/1177706645, with the
// two paths of PyTorch 1.13's CPU kernels: fewer than 16 elements one by one, more in blocks of 16.

import type { Generator } from "../generator.ts";
import { tellDrawGuard } from "../generator.ts";
import { boxMuller16 } from "./box-muller.ts";
import type { FloatArray } from "./checks.ts";
import { check, checkFloatArray, checkNotNaN, showDouble } from "./checks.ts";
import { fma64 } from "./fma.ts";
import { fillRand } from "./uniform.ts";

const BLOCK = 16;

/**
 * One normal in double precision. A pair takes four draws; its second sample waits in the generator for the
 * next call, across calls of other samplers, until the generator is seeded.
 */
export function sampleNormal(mean: number, std: number, generator: Generator): number {
  let z = generator.nextDoubleNormal;
  if (z === null) {
    const u1 = generator.uniform53();
    const u2 = generator.uniform53();
    const r = Math.sqrt(-2 * Math.log(1 - u2));
    const theta = 2 * Math.PI * u1;
    generator.nextDoubleNormal = r * Math.sin(theta);
    z = r * Math.cos(theta);
  } else {
    tellDrawGuard();
    generator.nextDoubleNormal = null;
  }
  return fma64(z, std, mean);
}

/** Box-Muller in place on sixteen doubles, laid out as for `boxMuller16`. */
function boxMuller16Double(data: Float64Array, at: number, mean: number, std: number): void {
  for (let i = at; i < at + 8; i++) {
    const r = Math.sqrt(-2 * Math.log(1 - (data[i] as number)));
    const theta = 2 * Math.PI * (data[i + 8] as number);
    data[i] = fma64(r * Math.cos(theta), std, mean);
    data[i + 8] = fma64(r * Math.sin(theta), std, mean);
  }
}

/**
 * `Tensor.normal_`, and `torch.randn` with mean 0 and std 1.
 *
 * - n < 16: one by one in double, for float32 too, with the cached second sample of the generator.
 * - n >= 16: n uniforms of the dtype, then Box-Muller on blocks of 16; where 16 does not divide n, 16 fresh
 *   uniforms replace the last 16 results. The cached sample is neither used nor cleared.
 *
 * The second path is for contiguous tensors: PyTorch fills all others one by one.
 * @throws RuntimeError unless std >= 0; NaN is refused (differs from PyTorch for the mean).
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.normal_.html
 */
export function fillNormal(out: FloatArray, mean: number, std: number, generator: Generator): void {
  checkFloatArray("normal_kernel_cpu", out);
  check(std >= 0, () => `normal expects std >= 0.0, but found std ${showDouble(std)}`);
  checkNotNaN("normal", "mean", mean);
  const n = out.length;
  if (n < BLOCK) {
    for (let i = 0; i < n; i++) out[i] = sampleNormal(mean, std, generator);
    return;
  }
  if (out instanceof Float32Array)
    fillBlocks(out, Math.fround(mean), Math.fround(std), generator, boxMuller16);
  else fillBlocks(out, mean, std, generator, boxMuller16Double);
}

function fillBlocks<A extends FloatArray>(
  out: A,
  mean: number,
  std: number,
  generator: Generator,
  transform: (data: A, at: number, mean: number, std: number) => void,
): void {
  const n = out.length;
  fillRand(out, generator);
  for (let i = 0; i + BLOCK <= n; i += BLOCK) transform(out, i, mean, std);
  if (n % BLOCK === 0) return;
  fillRand(out.subarray(n - BLOCK) as A, generator);
  transform(out, n - BLOCK, mean, std);
}

/**
 * `torch.normal` where mean or std is a tensor: standard normals (of deviation `std` if that is a number), then
 * times std, then plus mean, each rounded to the dtype of `out`.
 *
 * @param mean, std a number, or an array as long as `out` (already broadcast).
 * @throws RuntimeError unless every std >= 0; NaN is refused.
 * @see https://pytorch.org/docs/stable/generated/torch.normal.html
 */
export function fillNormalFrom(
  out: FloatArray,
  mean: number | FloatArray,
  std: number | FloatArray,
  generator: Generator,
): void {
  checkFloatArray("normal_kernel_cpu", out);
  if (typeof std !== "number")
    check(
      std.every((s) => s >= 0),
      () => "normal expects all elements of std >= 0.0",
    );
  if (typeof mean === "number") checkNotNaN("normal", "mean", mean);
  fillNormal(out, 0, typeof std === "number" ? std : 1, generator);
  if (typeof std !== "number")
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) * (std[i] as number);
  const constant = out instanceof Float32Array && typeof mean === "number" ? Math.fround(mean) : mean;
  for (let i = 0; i < out.length; i++) {
    out[i] = (out[i] as number) + (typeof constant === "number" ? constant : (constant[i] as number));
  }
}

/**
 * `Tensor.log_normal_`: exp of a normal, one by one in double at any size, with the cached second sample.
 *
 * @throws RuntimeError unless std > 0; NaN is refused.
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html
 */
export function fillLogNormal(out: FloatArray, mean: number, std: number, generator: Generator): void {
  checkFloatArray("log_normal_cpu", out);
  check(std > 0, () => `log_normal_ expects std > 0.0, but found std=${showDouble(std)}`);
  checkNotNaN("log_normal_", "mean", mean);
  for (let i = 0; i < out.length; i++) out[i] = Math.exp(sampleNormal(mean, std, generator));
}
