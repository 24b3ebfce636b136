// Several results under names, as PyTorch's named tuples: `const [values, indices] = x.max(1)`, `x.max(1).indices`.
// Floor L4 (ops). Source: torch/return_types.py

import type { DType } from "../base/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** An array `T` whose elements are properties too, named as in `F`. */
export type Named<T extends readonly unknown[], F extends object> = T & { readonly [K in keyof F]: F[K] };

/** Values, and where they stood: what max, sort, topk and their like return. */
export type ValuesAndIndices<S, D extends DType> = Named<
  readonly [values: Tensor<S, D>, indices: Tensor<S, "int32">],
  { values: Tensor<S, D>; indices: Tensor<S, "int32"> }
>;

/** Gives the elements of `results` the names `fields`; `op` is what printing calls them. */
export function named<R extends readonly unknown[]>(op: string, fields: readonly string[], results: R): R {
  fields.forEach((field, i) => {
    Object.defineProperty(results, field, { value: results[i] });
  });
  Object.defineProperty(results, "toString", {
    value: () =>
      `torch.return_types.${op}(\n${fields.map((f, i) => `${f}=${String(results[i])}`).join(",\n")})`,
  });
  Object.defineProperty(results, Symbol.for("nodejs.util.inspect.custom"), { value: () => String(results) });
  return results;
}
