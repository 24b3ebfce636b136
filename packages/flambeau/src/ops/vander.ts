// Vandermonde matrices under their older name, a function of `torch` only.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.vander.html

import { RuntimeError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { stack } from "./join.ts";
import type { LinalgFn } from "./signatures.ts";

/** The matrix of powers of the elements of a vector: x^(N - 1), ..., x, 1, or the other way round if `increasing`; N defaults to the length. */
export const vander: LinalgFn<[N?: number | null, options?: { readonly increasing?: boolean }]> = composite(
  (x: AnyTensor, N?: number | null, options: { readonly increasing?: boolean } = {}) => {
    if (x.ndim !== 1)
      throw new RuntimeError(`vander: x must be a one-dimensional tensor, but got ${x.ndim}D`);
    const n = N ?? x.length;
    if (n < 0) throw new RuntimeError(`vander: N must be non-negative, but got ${n}`);
    const start: AnyTensor = x.dtype === "bool" ? x.to("int32") : x;
    if (n === 0) return start.newZeros([x.length, 0]);
    const powers: AnyTensor[] = [start.onesLike()];
    for (let i = 1; i < n; i++) powers.push(powers[i - 1]!.mul(start));
    return stack(options.increasing ? powers : powers.reverse(), 1);
  },
  { method: false },
);
