// Random permutations: randperm.
// Floor L0 (base). Source: R. Durstenfeld, "Algorithm 235: Random permutation" (1964),
// https://doi.org/10.1145/364520.364540, from the front, as PyTorch 1.13's CPU kernel does it.

import type { TypedArray } from "../dtype.ts";
import type { Generator } from "../generator.ts";
import { check, checkFloatArray } from "./checks.ts";

/**
 * `torch.randperm(n)` with n = out.length: for i < n - 1, swap element i with i + (draw mod (n - i)).
 *
 * n - 1 draws of 32 bits, at any n and for every dtype.
 * @throws RuntimeError if the dtype cannot count to n.
 * @see https://pytorch.org/docs/stable/generated/torch.randperm.html
 */
export function fillRandperm(out: TypedArray, generator: Generator): void {
  const n = out.length;
  if (out instanceof BigInt64Array) {
    const order = new Int32Array(n);
    shuffleIdentity(order, generator);
    for (let i = 0; i < n; i++) out[i] = BigInt(order[i] as number);
  } else if (out instanceof Uint8Array) {
    check(n <= 255, () => "value cannot be converted to type uint8_t without overflow");
    shuffleIdentity(out, generator);
  } else if (out instanceof Int32Array) {
    shuffleIdentity(out, generator);
  } else {
    checkFloatArray("randperm", out);
    const max = out instanceof Float32Array ? 24 : 53;
    check(n <= 2 ** max + 1, () => {
      return `n cannot be greater than 2^${max}+1 for ${max === 24 ? "Float" : "Double"} type.`;
    });
    shuffleIdentity(out, generator);
  }
}

function shuffleIdentity(out: Exclude<TypedArray, BigInt64Array>, generator: Generator): void {
  const n = out.length;
  for (let i = 0; i < n; i++) out[i] = i;
  for (let i = 0; i < n - 1; i++) {
    const j = i + (generator.random32() % (n - i));
    const swapped = out[i] as number;
    out[i] = out[j] as number;
    out[j] = swapped;
  }
}
