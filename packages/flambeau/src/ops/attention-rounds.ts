// Attention, some rows of the scores at a time: they stay in cache, and nowhere are all of them.
// Floor L4 (ops). Source: Dao: FlashAttention-2, https://arxiv.org/abs/2307.08691 (rows are whole here, so nothing is rescaled)

import type { DType } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { numel } from "../base/shape.ts";
import type { Rounds, RoundTensor } from "../tensor/capturing.ts";
import { arange } from "../tensor/range.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { inRounds } from "./rounds.ts";
import { where } from "./select.ts";

/** Queries [..., L, E], keys [..., S, E] and values [..., S, V], packed, of one batch shape; and what is left out. */
export interface Attention {
  readonly query: AnyTensor;
  readonly key: AnyTensor;
  readonly value: AnyTensor;
  /** Broadcast to [..., L, S]: bools say where attention is allowed, floats are added to the scores. */
  readonly masks: readonly AnyTensor[];
  /** Whether query i sees keys 0 to i only. */
  readonly causal: boolean;
}

/** Blocks of equal size: `count` times `rows` rows from row `first` on, which see the first `keys` keys. */
interface Span {
  readonly first: number;
  readonly rows: number;
  readonly count: number;
  readonly keys: number;
}

/** Bytes of a block's scores: a part of second-level cache. */
const blockBytes = 2 ** 19;
/** Rows of a block: products of fewer run badly, more gain nothing. */
const mostRows = 128;
const fewestRows = 32;
/** Of causal attention: so many groups of blocks, each with the keys that its last row sees. */
const causalGroups = 8;

/** How the rows are cut. */
function spansOf(length: number, keys: number, dtype: DType, causal: boolean): Span[] {
  const fitting = Math.floor(blockBytes / (dtypes[dtype].bytes * keys));
  const wanted = causal ? Math.ceil(length / causalGroups) : mostRows;
  const most = Math.max(fewestRows, Math.min(mostRows, fitting, wanted));
  const blocks = Math.ceil(length / most);
  const rows = Math.ceil(length / blocks);
  const whole = Math.floor(length / rows);
  const rest = length - whole * rows;
  const groups = causal ? Math.min(causalGroups, whole) : 1;
  const seen = (end: number): number => (causal ? Math.min(keys, end) : keys);
  const spans: Span[] = [];
  for (let g = 0, from = 0; g < groups; g++) {
    const to = Math.round(((g + 1) * whole) / groups);
    spans.push({ first: from * rows, rows, count: to - from, keys: seen(to * rows) });
    from = to;
  }
  if (rest > 0) spans.push({ first: whole * rows, rows: rest, count: 1, keys: seen(length) });
  return spans;
}

/** Elements that rounds write. */
const room = (like: AnyTensor, shape: readonly number[]): AnyTensor =>
  fresh(allocateUnset(like.dtype, numel(shape)), shape, like.dtype);

/** The rounds of a span: over the batch, then its blocks. */
class Blocks {
  readonly counts: readonly number[];
  readonly batch: number;
  readonly #span: Span;

  constructor(batch: readonly number[], span: Span) {
    this.counts = [...batch, span.count];
    this.batch = batch.length;
    this.#span = span;
  }

  #advance(x: AnyTensor, perBlock: number): number[] {
    const lead = x.ndim - 2;
    const strides = Array.from({ length: this.batch }, (_, d) => {
      const own = d - (this.batch - lead);
      return own < 0 || x.shape[own] === 1 ? 0 : x.strides[own]!;
    });
    return [...strides, perBlock];
  }

  /** Rows of the block, of packed [..., L, width]; the same for all blocks where L is 1. */
  rows(x: AnyTensor): RoundTensor {
    const { first, rows } = this.#span;
    const [own, width] = x.shape.slice(-2) as [number, number];
    const matrix = firstOf(x);
    if (own === 1) return { tensor: matrix, advance: this.#advance(x, 0) };
    return { tensor: matrix.narrow(0, first, rows), advance: this.#advance(x, rows * width) };
  }

  /** Rows of the keys that the block sees, of packed [..., S, width]. */
  keys(x: AnyTensor): RoundTensor {
    return { tensor: firstOf(x).narrow(0, 0, this.#span.keys), advance: this.#advance(x, 0) };
  }
}

const firstOf = (x: AnyTensor): AnyTensor => (x.ndim > 2 ? firstOf(x.select(0, 0)) : x);

/** What the scores of a block are made with, as rounds read it, and the scores from that. */
interface Scores {
  readonly reads: readonly RoundTensor[];
  of(given: readonly AnyTensor[]): AnyTensor;
  /** The gradient of the product from that of the scores. */
  back(given: readonly AnyTensor[], gradient: AnyTensor): AnyTensor;
}

function scoresOf({ query, key, masks, causal }: Attention, blocks: Blocks): Scores {
  const [rows, keys] = [query.shape.at(-2) as number, key.shape.at(-2) as number];
  const places = (n: number): AnyTensor => arange(n, { dtype: query.dtype }).unsqueeze(1);
  const order = causal ? [blocks.rows(places(rows)), blocks.keys(places(keys))] : [];
  const first = 2 + order.length;
  const bool = (x: AnyTensor): boolean => x.dtype === "bool";
  return {
    reads: [blocks.rows(query), blocks.keys(key), ...order, ...masks.map((mask) => blocks.rows(mask))],
    of: (given) => {
      const [q, k, row, column] = given as [AnyTensor, AnyTensor, AnyTensor, AnyTensor];
      let scores: AnyTensor = q.matmul(k.t());
      if (causal) scores = where(column.t().le(row), scores, Number.NEGATIVE_INFINITY) as AnyTensor;
      masks.forEach((_, i) => {
        const mask = given[first + i]!;
        scores = bool(mask) ? (where(mask, scores, Number.NEGATIVE_INFINITY) as AnyTensor) : scores.add(mask);
      });
      return scores;
    },
    back: (given, gradient) => {
      let g = gradient;
      masks.forEach((_, i) => {
        const mask = given[first + i]!;
        if (bool(mask)) g = where(mask, g, 0) as AnyTensor;
      });
      return g;
    },
  };
}

/** Rounds over all blocks, as `rounds` has them for a span; false where one is no loop of a program. */
const overBlocks = (
  what: string,
  a: Attention,
  rounds: (blocks: Blocks, scores: Scores) => Omit<Rounds, "name" | "counts">,
): boolean => {
  const packed = { ...a, masks: a.masks.map((mask): AnyTensor => mask.contiguous()) };
  return spansOf(a.query.shape.at(-2), a.key.shape.at(-2), a.query.dtype, a.causal).every((span) => {
    const blocks = new Blocks(a.query.shape.slice(0, -2) as number[], span);
    const name = `${what} in blocks of ${span.rows} ${span.rows === 1 ? "row" : "rows"}`;
    return inRounds({ name, counts: blocks.counts, ...rounds(blocks, scoresOf(packed, blocks)) });
  });
};

/** The result, and of each row the logarithm of the sum of exp(scores); null where that is no loop of a program. */
export function attentionForwards(a: Attention): [output: AnyTensor, logSums: AnyTensor] | null {
  const { query, value } = a;
  const lead = query.shape.slice(0, -1) as number[];
  const output = room(query, [...lead, value.shape.at(-1)]);
  const logSums = room(query, [...lead, 1]);
  const done = overBlocks("attention", a, (blocks, scores) => ({
    apart: blocks.counts.length,
    reads: [blocks.keys(value), ...scores.reads],
    writes: [blocks.rows(output), blocks.rows(logSums)],
    body: ([v, ...given]) => {
      const s = scores.of(given);
      const most = s.amax(-1, { keepdim: true }) as AnyTensor;
      const weights = s.sub(most).exp() as AnyTensor;
      const sums: AnyTensor = weights.sum(-1, { keepdim: true });
      return [weights.matmul(v!).div(sums), sums.log().add(most)];
    },
  }));
  return done ? [output, logSums] : null;
}

/** Gradients of query, key and value; null where they are no loop of a program. */
export function attentionBackwards(
  a: Attention,
  output: AnyTensor,
  logSums: AnyTensor,
  gradient: AnyTensor,
): [AnyTensor, AnyTensor, AnyTensor] | null {
  const { query, key, value } = a;
  const dQuery = room(query, query.shape as number[]);
  const dKey: AnyTensor = key.newZeros(key.shape as number[]);
  const dValue: AnyTensor = value.newZeros(value.shape as number[]);
  const outer: AnyTensor = gradient.contiguous();
  // The sum over a row of the probabilities times their gradients.
  const shared: AnyTensor = gradient.mul(output).sum(-1, { keepdim: true });
  const done = overBlocks("attention backward", a, (blocks, scores) => ({
    apart: blocks.batch,
    reads: [
      blocks.keys(value),
      blocks.rows(outer),
      blocks.rows(logSums),
      blocks.rows(shared),
      ...scores.reads,
    ],
    changes: [blocks.keys(dKey), blocks.keys(dValue)],
    writes: [blocks.rows(dQuery)],
    body: (all) => {
      const [v, dOut, logs, row, q, k] = all as [
        AnyTensor,
        AnyTensor,
        AnyTensor,
        AnyTensor,
        AnyTensor,
        AnyTensor,
      ];
      const given = all.slice(4);
      const [dK, dV] = all.slice(-2) as [AnyTensor, AnyTensor];
      const weights = scores.of(given).sub(logs).exp() as AnyTensor;
      dV.add_(weights.t().matmul(dOut));
      const d = scores.back(given, weights.mul(dOut.matmul(v.t()).sub(row)));
      dK.add_(d.t().matmul(q));
      return [d.matmul(k)];
    },
  }));
  return done ? [dQuery, dKey, dValue] : null;
}
