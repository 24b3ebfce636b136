// Multi-head attention.
// Floor L5 (nn). Source: torch/nn/functional.py (multi_head_attention_forward), https://arxiv.org/abs/1706.03762

import { isFloat } from "../../base/dtype.ts";
import { RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { sameShape } from "../../base/shape.ts";
import { attentionInBlocks } from "../../ops/attention.ts";
import { pad } from "../../ops/functional/pad.ts";
import { cat } from "../../ops/join.ts";
import { linear } from "../../ops/linear.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { dropout } from "./dropout.ts";
import { warnOnce } from "./warn.ts";

type Maybe = AnyTensor | null;

/** The tensors of a layer of attention. */
export interface AttentionWeights {
  /** Weights of queries, keys and values in one, [3 embed, embed]; null if they are apart. */
  readonly inProjWeight: Maybe;
  readonly qProjWeight: Maybe;
  readonly kProjWeight: Maybe;
  readonly vProjWeight: Maybe;
  readonly inProjBias: Maybe;
  /** A key and a value that are added to every sequence. */
  readonly biasK: Maybe;
  readonly biasV: Maybe;
  readonly outProjWeight: AnyTensor;
  readonly outProjBias: Maybe;
}
export interface AttentionSettings {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly addZeroAttn: boolean;
  readonly dropout: number;
  readonly training: boolean;
}
/** Options of a call. */
export interface AttentionOptions {
  /** [N, S]: where true (or -inf) keys are left out. */
  readonly keyPaddingMask?: Maybe;
  /** Whether the weights of attention are returned too. Default true. */
  readonly needWeights?: boolean;
  /** [L, S] or [N heads, L, S]: where true, attention is not allowed; floats are added to the scores. */
  readonly attnMask?: Maybe;
  /** Whether the returned weights are means over the heads. Default true. */
  readonly averageAttnWeights?: boolean;
}

const assert = (condition: boolean, message: () => string): void => {
  if (!condition) throw new RuntimeError(message());
};

function projections(
  query: AnyTensor,
  key: AnyTensor,
  value: AnyTensor,
  w: AttentionWeights,
): [AnyTensor, AnyTensor, AnyTensor] {
  const biases: (Maybe | undefined)[] = w.inProjBias ? w.inProjBias.chunk(3) : [null, null, null];
  if (w.inProjWeight) {
    // One product where two or three of the inputs are the same tensor, as in PyTorch.
    const e: number = query.shape[query.ndim - 1];
    if (key === value && query === key)
      return linear(query, w.inProjWeight, w.inProjBias).chunk(3, -1) as unknown as [
        AnyTensor,
        AnyTensor,
        AnyTensor,
      ];
    if (key === value) {
      const [wq, wkv] = w.inProjWeight.split([e, 2 * e]) as [AnyTensor, AnyTensor];
      const [bq, bkv] = w.inProjBias
        ? (w.inProjBias.split([e, 2 * e]) as [AnyTensor, AnyTensor])
        : [null, null];
      const [k, v] = (linear(key, wkv, bkv) as AnyTensor).chunk(2, -1) as AnyTensor[];
      return [linear(query, wq, bq), k!, v!];
    }
  }
  const weights: (AnyTensor | null | undefined)[] = w.inProjWeight
    ? w.inProjWeight.chunk(3)
    : [w.qProjWeight, w.kProjWeight, w.vProjWeight];
  return [query, key, value].map((x, i) => linear(x, weights[i]!, biases[i] ?? null) as AnyTensor) as [
    AnyTensor,
    AnyTensor,
    AnyTensor,
  ];
}

function checkMask(mask: AnyTensor, batch: number, heads: number, target: number, source: number): AnyTensor {
  if (mask.dtype === "uint8")
    warnOnce("Byte tensor for attn_mask in nn.MultiheadAttention is deprecated. Use bool tensor instead.");
  const m = mask.dtype === "uint8" ? mask.to("bool") : mask;
  assert(
    isFloat(m.dtype) || m.dtype === "bool",
    () => `Only float, byte, and bool types are supported for attn_mask, not ${m.dtype}`,
  );
  if (m.ndim !== 2 && m.ndim !== 3)
    throw new RuntimeError(`attn_mask's dimension ${m.ndim} is not supported`);
  const want = m.ndim === 2 ? [target, source] : [batch * heads, target, source];
  assert(
    sameShape(m.shape, want),
    () =>
      `The shape of the ${m.ndim}D attn_mask is ${showShape(m.shape)}, but should be (${want.join(", ")}).`,
  );
  return m.ndim === 2 ? m.unsqueeze(0) : m;
}

/** The mask of keys for all heads, [N heads, 1, S]. */
function wideMask(padding: AnyTensor, batch: number, heads: number, source: number): AnyTensor {
  assert(
    sameShape(padding.shape, [batch, source]),
    () => `expecting key_padding_mask shape of (${batch}, ${source}), but got ${showShape(padding.shape)}`,
  );
  return padding
    .reshape([batch, 1, 1, source])
    .expand([batch, heads, 1, source])
    .reshape([batch * heads, 1, source]);
}

/** Both masks in one. */
function bothMasks(attn: AnyTensor, wide: AnyTensor): AnyTensor {
  if (attn.dtype === "bool") return attn.logicalOr(wide);
  if (wide.dtype !== "bool") return attn.add(wide);
  return attn
    .expand([wide.shape[0], attn.shape[1], wide.shape[2]] as number[])
    .maskedFill(wide, Number.NEGATIVE_INFINITY);
}

/** A mask as numbers to add to the scores. */
const additive = (mask: AnyTensor, like: AnyTensor): AnyTensor =>
  mask.dtype === "bool"
    ? like
        .detach()
        .newZeros(mask.shape as Shape)
        .maskedFill(mask, Number.NEGATIVE_INFINITY)
    : mask;

/**
 * softmax(Q K^T / sqrt(d)) V in `numHeads` parts of the features, between learned projections.
 *
 * **Shape** query [L, N, E], key and value [S, N, ...]; without N for a single sequence. Result [L, N, E]; weights
 * [N, L, S], or [N, heads, L, S].
 * @throws RuntimeError for masks or inputs of another shape.
 */
export function multiHeadAttentionForward(
  queryIn: AnyTensor,
  keyIn: AnyTensor,
  valueIn: AnyTensor,
  settings: AttentionSettings,
  weights: AttentionWeights,
  options: AttentionOptions = {},
): [output: AnyTensor, weights: AnyTensor | null] {
  const { embedDim, numHeads } = settings;
  const { needWeights = true, averageAttnWeights = true } = options;
  assert(
    queryIn.ndim === 2 || queryIn.ndim === 3,
    () => `query should be unbatched 2D or batched 3D tensor but received ${queryIn.ndim}-D query tensor`,
  );
  assert(
    keyIn.ndim === queryIn.ndim && valueIn.ndim === queryIn.ndim,
    () =>
      `For ${queryIn.ndim === 3 ? "batched (3-D)" : "unbatched (2-D)"} \`query\`, expected \`key\` and \`value\` to be ${queryIn.ndim}-D but found ${keyIn.ndim}-D and ${valueIn.ndim}-D tensors respectively`,
  );
  const single = queryIn.ndim === 2;
  const lift = (x: AnyTensor): AnyTensor => (single ? x.unsqueeze(1) : x);
  const query = lift(queryIn);
  const key = keyIn === queryIn ? query : lift(keyIn);
  const value = valueIn === keyIn ? key : lift(valueIn);
  let padding: Maybe = options.keyPaddingMask ?? null;
  if (padding && single) padding = padding.unsqueeze(0);
  if (padding) {
    const kind = padding.dtype;
    assert(
      kind === "bool" || isFloat(kind),
      () => "only bool and floating types of key_padding_mask are supported",
    );
  }
  const [target, batch, e] = query.shape as [number, number, number];
  let source: number = key.shape[0];
  assert(e === embedDim, () => `was expecting embedding dimension of ${embedDim}, but got ${e}`);
  if (weights.inProjWeight)
    assert(
      sameShape(key.shape, value.shape),
      () => `key shape ${showShape(key.shape)} does not match value shape ${showShape(value.shape)}`,
    );
  else
    assert(
      sameShape(key.shape.slice(0, 2), value.shape.slice(0, 2)),
      () =>
        `key's sequence and batch dims ${showShape(key.shape.slice(0, 2))} do not match value's ${showShape(value.shape.slice(0, 2))}`,
    );
  let [q, k, v] = projections(query, key, value, weights);
  let mask: Maybe = options.attnMask ? checkMask(options.attnMask, batch, numHeads, target, source) : null;
  const onePlace = (): void => {
    source++;
    if (mask) mask = pad(mask, [0, 1]);
    if (padding) padding = pad(padding, [0, 1]);
  };
  if (weights.biasK && weights.biasV) {
    k = cat([k, weights.biasK.expand([1, batch, embedDim])], 0);
    v = cat([v, weights.biasV.expand([1, batch, embedDim])], 0);
    onePlace();
  }
  const size = embedDim / numHeads;
  const heads = (x: AnyTensor): AnyTensor =>
    x
      .contiguous()
      .reshape([x.shape[0], batch * numHeads, size])
      .transpose(0, 1);
  q = heads(q);
  k = heads(k);
  v = heads(v);
  if (settings.addZeroAttn) {
    const zero = k.detach().newZeros([batch * numHeads, 1, size]);
    k = cat([k, zero], 1);
    v = cat([v, zero], 1);
    onePlace();
  }
  const wide = padding && wideMask(padding, batch, numHeads, source);
  const scaled: AnyTensor = q.div(Math.sqrt(size));
  const drops = settings.training && settings.dropout > 0;
  let attention: Maybe = null;
  let attended: Maybe = null;
  if (!needWeights && !drops) {
    // Apart, so that nothing has the size of both. What bools and numbers say together is another matter.
    const apart =
      mask?.dtype === "bool" && wide && wide.dtype !== "bool" ? [bothMasks(mask, wide)] : [mask, wide];
    const masks = apart.flatMap((m) => (m ? [additive(m, q)] : []));
    attended = attentionInBlocks(scaled, k, v, masks, false);
  }
  if (!attended) {
    const both = mask && wide ? bothMasks(mask, wide) : (mask ?? wide);
    const scores: AnyTensor = scaled.matmul(k.transpose(-2, -1));
    attention = (both ? scores.add(additive(both, q)) : scores).softmax(-1) as AnyTensor;
    if (drops) attention = dropout(attention, settings.dropout);
    attended = attention.matmul(v) as AnyTensor;
  }
  const mixed: AnyTensor = attended
    .transpose(0, 1)
    .contiguous()
    .reshape([target * batch, embedDim]);
  const output: AnyTensor = (linear(mixed, weights.outProjWeight, weights.outProjBias) as AnyTensor).reshape([
    target,
    batch,
    -1,
  ]);
  const result = single ? output.squeeze(1) : output;
  if (!needWeights || !attention) return [result, null];
  const byHead = attention.reshape([batch, numHeads, target, source]);
  const shown: AnyTensor = averageAttnWeights ? byHead.sum(1).div(numHeads) : byHead;
  return [result, single ? shown.squeeze(0) : shown];
}
