// Attention of the book: masks (section 9.7 of its first edition), scoring functions (section 10.3).

import * as torch from "flambeau";
import { nn } from "flambeau";

type Tensor = torch.AnyTensor;

/** Lengths of the sequences of a batch: one for each, or one for each query of each; null where all is valid. */
export type ValidLens = Tensor | null;

/**
 * Puts `value` in the place of what lies beyond a sequence's length: y[i, t] = t < validLen[i] ? x[i, t] : value.
 *
 * Differs from the book: X itself stays as it is.
 *
 * **Shape** X [batch, steps, ...], validLen [batch]; the result as X.
 *
 * @param X sequences
 * @param validLen how many steps of each count, from the first
 * @param value what the others become; default 0
 * @throws torch.ValueError unless there is one length for each sequence
 * @example
 * d2l.sequenceMask(torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([1, 2]));
 * // tensor([[1, 0, 0],
 * //         [4, 5, 0]])
 */
export function sequenceMask(X: Tensor, validLen: Tensor, value = 0): Tensor {
  const [batch, steps] = X.shape as readonly number[];
  if (validLen.shape.length !== 1 || validLen.shape[0] !== batch || steps === undefined)
    throw new torch.ValueError(
      `sequenceMask: expected X of [batch, steps, ...] and validLen of [batch], got [${X.shape}] and [${validLen.shape}]`,
    );
  const beyond: Tensor = torch.arange(steps).unsqueeze(0).ge(validLen.unsqueeze(1));
  const rest = new Array<number>(X.shape.length - 2).fill(1);
  return X.maskedFill(beyond.reshape([batch as number, steps, ...rest]), value);
}

/**
 * Softmax over the last axis in which keys beyond the valid length get no weight: their scores become -10⁶ first.
 *
 * **Shape** X [batch, queries, keys]; validLens [batch] or [batch, queries]; the result as X.
 *
 * @param X scores
 * @param validLens how many keys count, for each sequence or for each query; null: all
 * @throws torch.ValueError when X and validLens do not fit
 * @example d2l.maskedSoftmax(torch.rand(2, 2, 4), torch.tensor([2, 3]));
 */
export function maskedSoftmax(X: Tensor, validLens: ValidLens): Tensor {
  if (validLens === null) return X.softmax(-1);
  if (X.shape.length !== 3)
    throw new torch.ValueError(`maskedSoftmax: expected scores of [batch, queries, keys], got [${X.shape}]`);
  const [batch, queries, keys] = X.shape as [number, number, number];
  const perQuery = validLens.shape.length === 1 ? validLens.repeatInterleave(queries) : validLens.reshape(-1);
  if (perQuery.shape[0] !== batch * queries)
    throw new torch.ValueError(
      `maskedSoftmax: expected validLens of [${batch}] or [${batch}, ${queries}], got [${validLens.shape}]`,
    );
  return sequenceMask(X.reshape(-1, keys), perQuery, -1e6).reshape(X.shape).softmax(-1);
}

/** Attention pooling: weights for each query over the keys, and the values' mean by these weights. */
abstract class Attention extends nn.Module {
  readonly dropout: nn.Dropout;
  // Private, because compiled programs look whether a module's properties have changed.
  #weights: Tensor | null = null;

  constructor(dropout: number) {
    super();
    this.dropout = new nn.Dropout(dropout);
  }

  /**
   * The weights [batch, queries, keys] of the last call; null before the first. Those of a compiled call are not kept:
   * call the module once eagerly to look at them.
   */
  get attentionWeights(): Tensor | null {
    return this.#weights;
  }

  protected pool(scores: Tensor, values: Tensor, validLens: ValidLens): Tensor {
    const weights = maskedSoftmax(scores, validLens);
    this.#weights = weights;
    return torch.bmm(this.dropout(weights), values);
  }
}

/**
 * Additive attention (Bahdanau et al., 2015): a(q, k) = wᵥᵀ tanh(W_q q + W_k k), for queries and keys of different sizes.
 *
 * **Shape** queries [batch, queries, querySize], keys [batch, keys, keySize], values [batch, keys, valueSize];
 * the result [batch, queries, valueSize].
 *
 * @example
 * const attention = new d2l.AdditiveAttention(2, 20, 8, 0.1).eval();
 * const keys = torch.ones(2, 10, 2);
 * attention(torch.randn(2, 1, 20), keys, torch.randn(2, 10, 4), torch.tensor([2, 6])).shape; // [2, 1, 4]
 */
export class AdditiveAttention extends Attention {
  readonly W_k: nn.Linear<number, number, false>;
  readonly W_q: nn.Linear<number, number, false>;
  readonly w_v: nn.Linear<number, number, false>;

  /**
   * @param keySize features of a key
   * @param querySize features of a query
   * @param numHiddens features of the space in which they are added
   * @param dropout probability that a weight is dropped in training
   */
  constructor(keySize: number, querySize: number, numHiddens: number, dropout: number) {
    super(dropout);
    this.W_k = new nn.Linear(keySize, numHiddens, { bias: false });
    this.W_q = new nn.Linear(querySize, numHiddens, { bias: false });
    this.w_v = new nn.Linear(numHiddens, 1, { bias: false });
  }

  override forward(queries: Tensor, keys: Tensor, values: Tensor, validLens: ValidLens = null): Tensor {
    // [batch, queries, 1, hiddens] + [batch, 1, keys, hiddens]
    const features: Tensor = this.W_q(queries).unsqueeze(2).add(this.W_k(keys).unsqueeze(1));
    return this.pool(this.w_v(features.tanh()).squeeze(-1), values, validLens);
  }
}

/**
 * Scaled dot-product attention (Vaswani et al., 2017): softmax(Q Kᵀ / √d) V.
 *
 * **Shape** queries [batch, queries, d], keys [batch, keys, d], values [batch, keys, valueSize];
 * the result [batch, queries, valueSize].
 *
 * @example
 * const attention = new d2l.DotProductAttention(0.5).eval();
 * attention(torch.randn(2, 1, 2), torch.ones(2, 10, 2), torch.randn(2, 10, 4), torch.tensor([2, 6])).shape; // [2, 1, 4]
 */
export class DotProductAttention extends Attention {
  override forward(queries: Tensor, keys: Tensor, values: Tensor, validLens: ValidLens = null): Tensor {
    const d = queries.shape.at(-1) as number;
    const scores: Tensor = torch.bmm(queries, keys.transpose(1, 2)).div(Math.sqrt(d));
    return this.pool(scores, values, validLens);
  }
}
