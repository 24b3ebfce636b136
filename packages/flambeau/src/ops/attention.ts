// Attention as one op that does some rows of the scores at a time. Where they are few it is made of other ops (nn/functional).
// Floor L4 (ops). Source: https://arxiv.org/abs/1706.03762

import type { DType } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { broadcastShapes, numel, sameShape } from "../base/shape.ts";
import { recorder, tracer } from "../tensor/capturing.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { Attention } from "./attention-rounds.ts";
import { attentionBackwards, attentionForwards } from "./attention-rounds.ts";
import { op } from "./define.ts";
import { where } from "./select.ts";

/** From where on blocks pay, as measured (docs/decisions/0011-attention.md): so many scores of a matrix, and so many bytes of all scores. */
interface Limits {
  readonly scores: number;
  readonly bytes: number;
}
/** Nobody sees what causal blocks leave out. */
const causalLimits: Limits = { scores: 2 ** 14, bytes: 2 ** 20 };
/** Without gradients blocks take as long as the whole. */
const forwardLimits: Limits = { scores: 2 ** 16, bytes: 2 ** 22 };
/** Gradients compute the weights again, 7 products instead of 6: that pays where the scores do not fit any cache. */
const bothLimits: Limits = { scores: 2 ** 18, bytes: 2 ** 25 };
/** In eager code each block costs some calls. */
const eagerCausalLimits: Limits = { scores: 2 ** 18, bytes: 2 ** 25 };
const eagerLimits: Limits = { scores: 2 ** 18, bytes: 2 ** 27 };

/** For tests: blocks of whatever size, in captured or in eager code. */
export const blockwise: { captured: boolean; eager: boolean } = { captured: false, eager: false };

function limitsOf(causal: boolean, learns: boolean): Limits {
  const eager = recorder === null;
  if (eager ? blockwise.eager : blockwise.captured) return { scores: 0, bytes: 0 };
  if (eager) return causal ? eagerCausalLimits : eagerLimits;
  return causal ? causalLimits : learns ? bothLimits : forwardLimits;
}

/** The scores with all that is left out at -inf. */
function masked({ query, key, masks, causal }: Attention): AnyTensor {
  let scores: AnyTensor = query.matmul(key.transpose(-2, -1));
  const all = causal ? [...masks, scores.detach().onesLike({ dtype: "bool" }).tril()] : masks;
  for (const mask of all)
    scores =
      mask.dtype === "bool" ? (where(mask, scores, Number.NEGATIVE_INFINITY) as AnyTensor) : scores.add(mask);
  return scores;
}

/** The gradients made of ops that have gradients themselves. */
function gradients(a: Attention, g: AnyTensor): AnyTensor[] {
  const weights = masked(a).softmax(-1) as AnyTensor;
  const up: AnyTensor = weights.mul(g.matmul(a.value.transpose(-2, -1)));
  let d: AnyTensor = up.sub(weights.mul(up.sum(-1, { keepdim: true })));
  for (const mask of a.masks) if (mask.dtype === "bool") d = where(mask, d, 0) as AnyTensor;
  return [d.matmul(a.key), d.transpose(-2, -1).matmul(a.query), weights.transpose(-2, -1).matmul(g)];
}

const packed = (a: Attention): Attention => ({
  ...a,
  query: a.query.contiguous(),
  key: a.key.contiguous(),
  value: a.value.contiguous(),
});

/** softmax(query key^T, masked) value, and the logarithms of the softmax's denominators. */
const attention: (
  query: AnyTensor,
  key: AnyTensor,
  value: AnyTensor,
  masks: readonly AnyTensor[],
  causal: boolean,
) => [AnyTensor, AnyTensor] = op({
  name: "scaledDotProductAttention",
  saves: "both",
  forward: (
    query: AnyTensor,
    key: AnyTensor,
    value: AnyTensor,
    masks: readonly AnyTensor[],
    causal: boolean,
  ) => {
    const all = { query, key, value, masks, causal };
    const made = attentionForwards(packed(all));
    if (made) return made;
    const scores = masked(all);
    return [scores.softmax(-1).matmul(value), scores.logsumexp(-1, { keepdim: true })];
  },
  multiVjp: ([g], s) => {
    const all: Attention = {
      query: s.at(0),
      key: s.at(1),
      value: s.at(2),
      masks: s.at(3),
      causal: s.at(4),
    };
    if (!g) return [null, null, null];
    const found = mode.grad ? null : attentionBackwards(packed(all), s.result(0), s.result(1), g);
    return found ?? gradients(all, g);
  },
});

/** Whether blocks can take rows of a mask, which has no gradient. */
function fits(mask: AnyTensor, query: AnyTensor, key: AnyTensor): boolean {
  const [rows, columns] = mask.shape.slice(-2) as [number, number];
  return (
    !mask.requiresGrad &&
    (mask.dtype === "bool" || mask.dtype === query.dtype) &&
    mask.ndim >= 2 &&
    (rows === 1 || rows === query.shape[query.ndim - 2]) &&
    (columns === 1 || columns === key.shape[key.ndim - 2])
  );
}

/**
 * softmax(query key^T + masks) value, block by block, where the scores are many; null elsewhere, where a mask has a gradient, and for what
 * does not fit together. Masks are [..., L, S]: bools say where attention is allowed, floats are added. Leading dimensions broadcast.
 */
export function attentionInBlocks(
  query: AnyTensor,
  key: AnyTensor,
  value: AnyTensor,
  masks: readonly AnyTensor[],
  causal: boolean,
): AnyTensor | null {
  // Who writes functions down wants to see what attention is made of.
  if (tracer !== null) return null;
  const tensors = [query, key, value, ...masks];
  const least = limitsOf(causal, mode.grad && tensors.some((x) => x.requiresGrad));
  const scores: number = query.shape[query.ndim - 2] * key.shape[key.ndim - 2];
  if (scores < least.scores || query.numel() === 0 || value.numel() === 0) return null;
  if (key.shape[key.ndim - 2] !== value.shape[value.ndim - 2] || !masks.every((m) => fits(m, query, key)))
    return null;
  const batch = tensors
    .map((x) => x.shape.slice(0, -2) as number[])
    .reduce((all, own) => broadcastShapes(all, own, "scaled_dot_product_attention") as number[]);
  if (numel(batch) * scores * dtypes[query.dtype as DType].bytes < least.bytes) return null;
  const wide = (x: AnyTensor): AnyTensor =>
    sameShape(x.shape.slice(0, -2), batch) ? x : x.expand([...batch, ...x.shape.slice(-2)]);
  return attention(wide(query), wide(key), wide(value), masks, causal)[0];
}
