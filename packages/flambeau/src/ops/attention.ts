// Attention as one op, where a captured program does it some rows at a time. Elsewhere it is made of other ops (nn/functional).
// Floor L4 (ops). Source: https://arxiv.org/abs/1706.03762

import type { DType } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { broadcastShapes, numel, sameShape } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { Attention } from "./attention-rounds.ts";
import { attentionBackwards, attentionForwards } from "./attention-rounds.ts";
import { op } from "./define.ts";
import { where } from "./select.ts";

/** From where on blocks pay: so many scores of a matrix, and so many bytes of all scores. */
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

/** For tests: blocks of whatever size. */
export const blockwise: { always: boolean } = { always: false };

/** Whether blocks pay, as measured (docs/decisions/0011-attention.md). */
function pays({ scores, bytes }: Limits, causal: boolean, learns: boolean): boolean {
  const least = causal ? causalLimits : learns ? bothLimits : forwardLimits;
  return blockwise.always || (scores >= least.scores && bytes >= least.bytes);
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

/**
 * softmax(query key^T + masks) value, block by block: in a captured program, where the scores are many; null elsewhere, and where
 * a mask has a gradient. Masks are [..., L, S]: bools say where attention is allowed, floats are added. Leading dimensions broadcast.
 */
export function attentionInBlocks(
  query: AnyTensor,
  key: AnyTensor,
  value: AnyTensor,
  masks: readonly AnyTensor[],
  causal: boolean,
): AnyTensor | null {
  if (recorder === null || query.numel() === 0 || value.numel() === 0) return null;
  if (masks.some((m) => m.requiresGrad || (m.dtype !== "bool" && m.dtype !== query.dtype))) return null;
  const tensors = [query, key, value, ...masks];
  const batch = tensors
    .map((x) => x.shape.slice(0, -2) as number[])
    .reduce((all, own) => broadcastShapes(all, own, "attention") as number[]);
  const scores: number = query.shape.at(-2) * key.shape.at(-2);
  const bytes = numel(batch) * scores * dtypes[query.dtype as DType].bytes;
  const learns = mode.grad && tensors.some((x) => x.requiresGrad);
  if (!pays({ scores, bytes }, causal, learns)) return null;
  const wide = (x: AnyTensor): AnyTensor =>
    sameShape(x.shape.slice(0, -2), batch) ? x : x.expand([...batch, ...x.shape.slice(-2)]);
  return attention(wide(query), wide(key), wide(value), masks, causal)[0];
}
