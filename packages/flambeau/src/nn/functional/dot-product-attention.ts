// Attention by scaled dot products, as a function of queries, keys and values.
// Floor L5 (nn). Source: ATen/native/transformers/attention.cpp, https://arxiv.org/abs/1706.03762

import { isFloat } from "../../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/types/index.ts";
import { attentionInBlocks } from "../../ops/attention.ts";
import { where } from "../../ops/select.ts";
import { watcher } from "../../tensor/capturing.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import { dropout } from "./dropout.ts";
import { typed } from "./typed.ts";

/** Options of {@link scaledDotProductAttention}. */
export interface DotProductAttentionOptions {
  /** [..., L, S]: a bool mask says where attention is allowed; floats are added to the scores. */
  readonly attnMask?: AnyTensor | null;
  /** Probability of dropping weights of attention; there is no switch for evaluation. Default 0. */
  readonly dropoutP?: number;
  /** Whether query i sees keys 0 to i only. Default false. */
  readonly isCausal?: boolean;
  /** Factor of the scores; default 1 / sqrt(E). */
  readonly scale?: number | null;
}

type Attended<Q, V> = Q extends readonly [...infer Lead, unknown]
  ? V extends readonly [...unknown[], infer E]
    ? [...Lead, E]
    : Shape
  : Shape;

/** Refuses what does not fit together; gives the mask. */
function checked(
  query: AnyTensor,
  key: AnyTensor,
  value: AnyTensor,
  { attnMask, isCausal = false }: DotProductAttentionOptions,
  name: string,
): AnyTensor | null {
  for (const [label, x] of Object.entries({ query, key, value }))
    if (x.ndim < 2)
      throw new IndexError(`${name}: expected ${label} to be at least 2D, got ${showShape(x.shape)}`);
  if (!isFloat(query.dtype) || query.dtype !== key.dtype || key.dtype !== value.dtype)
    throw new DTypeError(
      name,
      `${name}: expected query, key and value of one float dtype, got ${query.dtype}, ${key.dtype} and ${value.dtype}`,
    );
  const size: number = query.shape[query.ndim - 1];
  if (key.shape[key.ndim - 1] !== size)
    throw new ShapeError(
      name,
      [query.shape, key.shape],
      `${name}: the last extents of query and key differ: ${showShape(query.shape)} and ${showShape(key.shape)}`,
    );
  if (isCausal && attnMask)
    throw new RuntimeError(`${name}: Explicit attn_mask should not be set when is_causal=True`);
  const mask = attnMask ?? null;
  if (mask && mask.dtype !== "bool" && !isFloat(mask.dtype))
    throw new DTypeError(name, `${name}: expected a mask of bools or floats, got ${mask.dtype}`);
  return mask;
}

const scaledQuery = (query: AnyTensor, scale?: number | null): AnyTensor =>
  query.mul(scale ?? 1 / Math.sqrt(query.shape[query.ndim - 1]));

/** The weights of attention, and their products with the values. */
function attend(
  scaled: AnyTensor,
  key: AnyTensor,
  value: AnyTensor,
  given: AnyTensor | null,
  { dropoutP = 0, isCausal = false }: DotProductAttentionOptions,
): [output: AnyTensor, weights: AnyTensor] {
  const scores: AnyTensor = scaled.matmul(key.transpose(-2, -1));
  const mask = isCausal ? causal(scores) : given;
  const masked: AnyTensor = !mask
    ? scores
    : mask.dtype === "bool"
      ? (where(mask, scores, Number.NEGATIVE_INFINITY) as AnyTensor)
      : scores.add(mask);
  const weights = dropout(masked.softmax(-1) as AnyTensor, dropoutP);
  return [weights.matmul(value), weights];
}

/** [L, S], true where the key is not after the query. */
function causal(scores: AnyTensor): AnyTensor {
  const [target, source] = scores.shape.slice(-2) as [number, number];
  const mask: AnyTensor = scores.detach().newZeros([target, source], { dtype: "bool" });
  const data = mask.storage.data as Uint8Array;
  for (let i = 0; i < target; i++) data.fill(1, i * source, i * source + Math.min(i + 1, source));
  return mask;
}

/**
 * softmax(query key^T / sqrt(E) + mask) value.
 *
 * **Shape** query [..., L, E], key [..., S, E], value [..., S, Ev]; the result is [..., L, Ev]. Leading dimensions
 * broadcast.
 *
 * A query that no key is allowed to a bool mask gets 0.
 *
 * Scores that are many are computed in blocks of rows and never stored as a whole: memory grows with L + S instead of L S, and `isCausal`
 * leaves out most of what nobody sees. Not so with dropout, whose numbers are drawn in the order of all weights, nor with a mask that
 * requires a gradient.
 * @throws RuntimeError for a mask beside `isCausal`, other dtypes, or extents that do not fit; ValueError for a
 * probability outside of [0, 1].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 */
export const scaledDotProductAttention: <X extends AnyTensor, V extends AnyTensor>(
  query: X,
  key: AnyTensor,
  value: V,
  options?: DotProductAttentionOptions,
) => Tensor<Attended<ShapeOf<X>, ShapeOf<V>>, DtOf<X>> = typed(
  (
    query: AnyTensor,
    key: AnyTensor,
    value: AnyTensor,
    options: DotProductAttentionOptions = {},
  ): AnyTensor => {
    const mask = checked(query, key, value, options, "scaled_dot_product_attention");
    const { dropoutP = 0, isCausal = false, scale } = options;
    const scaled = scaledQuery(query, scale);
    // Dropout draws its numbers in the order of all weights.
    const blocks =
      dropoutP === 0 ? attentionInBlocks(scaled, key, value, mask ? [mask] : [], isCausal) : null;
    const output = blocks ?? attend(scaled, key, value, mask, options)[0];
    if (mask?.dtype !== "bool") return output;
    const some: AnyTensor = mask.any(-1, { keepdim: true });
    const all = watcher === null && some.all().item();
    return all ? output : (where(some, output, 0) as AnyTensor);
  },
);

/** Options of PyTorch 1.13's private function. */
interface PrivateAttentionOptions {
  readonly attnMask?: AnyTensor | null;
  readonly dropoutP?: number;
  /** Makes no difference: the weights are always returned. */
  readonly needAttnWeights?: boolean;
  readonly isCausal?: boolean;
}

/** @internal PyTorch 1.13's form of {@link scaledDotProductAttention}: [result, weights]. */
export const _scaledDotProductAttention = (
  query: AnyTensor,
  key: AnyTensor,
  value: AnyTensor,
  { attnMask = null, dropoutP = 0, needAttnWeights: _, isCausal = false }: PrivateAttentionOptions = {},
): [output: AnyTensor, weights: AnyTensor] => {
  const options = { attnMask, dropoutP, isCausal };
  const mask = checked(query, key, value, options, "_scaled_dot_product_attention");
  return attend(scaledQuery(query), key, value, mask, options);
};
