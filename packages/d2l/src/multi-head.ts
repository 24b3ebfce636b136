// Attention in several heads, and positions: sections 10.5 and 10.6 of the book's first edition.

import * as torch from "flambeau";
import { nn } from "flambeau";
import type { ValidLens } from "./attention.ts";
import { DotProductAttention } from "./attention.ts";

type Tensor = torch.AnyTensor;

/**
 * Makes each head a sequence of its own: [batch, steps, heads · d] becomes [batch · heads, steps, d].
 *
 * @param numHeads must divide the last extent
 */
export function transposeQkv(X: Tensor, numHeads: number): Tensor {
  const [batch, steps, size] = X.shape as [number, number, number];
  return X.reshape(batch, steps, numHeads, -1)
    .permute(0, 2, 1, 3)
    .reshape(batch * numHeads, steps, size / numHeads);
}

/** Undoes {@link transposeQkv}: [batch · heads, steps, d] becomes [batch, steps, heads · d]. */
export function transposeOutput(X: Tensor, numHeads: number): Tensor {
  const [all, steps, d] = X.shape as [number, number, number];
  return X.reshape(-1, numHeads, steps, d)
    .permute(0, 2, 1, 3)
    .reshape(all / numHeads, steps, numHeads * d);
}

/**
 * Multi-head attention (Vaswani et al., 2017): W_o [h₁; …; hₙ], where hᵢ is scaled dot-product attention between the i-th
 * parts of W_q q, W_k k and W_v v.
 *
 * **Shape** queries [batch, queries, querySize], keys [batch, keys, keySize], values [batch, keys, valueSize], validLens
 * [batch] or [batch, queries]; the result [batch, queries, numHiddens].
 *
 * @example
 * const attention = new d2l.MultiHeadAttention(100, 100, 100, 100, 5, 0.5).eval();
 * const X = torch.ones(2, 4, 100), Y = torch.ones(2, 6, 100);
 * attention(X, Y, Y, torch.tensor([3, 2])).shape; // [2, 4, 100]
 */
export class MultiHeadAttention extends nn.Module {
  readonly numHeads: number;
  readonly attention: DotProductAttention;
  readonly W_q: nn.Linear;
  readonly W_k: nn.Linear;
  readonly W_v: nn.Linear;
  readonly W_o: nn.Linear;

  /**
   * @param keySize features of a key
   * @param querySize features of a query
   * @param valueSize features of a value
   * @param numHiddens features of the output; those of a head are numHiddens / numHeads
   * @param numHeads must divide numHiddens
   * @param dropout probability that a weight of attention is dropped in training
   * @param bias whether the four projections have one; default false
   * @throws torch.ValueError unless numHeads divides numHiddens
   */
  constructor(
    keySize: number,
    querySize: number,
    valueSize: number,
    numHiddens: number,
    numHeads: number,
    dropout: number,
    bias = false,
  ) {
    super();
    if (numHiddens % numHeads !== 0)
      throw new torch.ValueError(
        `MultiHeadAttention: numHeads must divide numHiddens, got ${numHeads} and ${numHiddens}`,
      );
    this.numHeads = numHeads;
    this.attention = new DotProductAttention(dropout);
    this.W_q = new nn.Linear(querySize, numHiddens, { bias }) as nn.Linear;
    this.W_k = new nn.Linear(keySize, numHiddens, { bias }) as nn.Linear;
    this.W_v = new nn.Linear(valueSize, numHiddens, { bias }) as nn.Linear;
    this.W_o = new nn.Linear(numHiddens, numHiddens, { bias }) as nn.Linear;
  }

  override forward(queries: Tensor, keys: Tensor, values: Tensor, validLens: ValidLens = null): Tensor {
    const output = this.attention(
      transposeQkv(this.W_q(queries), this.numHeads),
      transposeQkv(this.W_k(keys), this.numHeads),
      transposeQkv(this.W_v(values), this.numHeads),
      // The heads of one sequence follow each other.
      validLens === null ? null : validLens.repeatInterleave(this.numHeads, 0),
    );
    return this.W_o(transposeOutput(output, this.numHeads));
  }
}

/**
 * Adds the position: p[i, 2j] = sin(i / 10000^(2j/d)), p[i, 2j+1] = cos(i / 10000^(2j/d)), then drops out.
 *
 * **Shape** X [batch, steps, numHiddens]; the result as X.
 *
 * @example
 * const encoding = new d2l.PositionalEncoding(32, 0).eval();
 * const X = encoding(torch.zeros(1, 60, 32));
 * const P = encoding.P.at(":, :60, :");
 */
export class PositionalEncoding extends nn.Module {
  readonly dropout: nn.Dropout;
  /** All positions, [1, maxLen, numHiddens]. */
  readonly P: Tensor;

  /**
   * @param numHiddens features of a token
   * @param dropout probability that an element is dropped in training
   * @param maxLen the longest sequence; default 1000
   */
  constructor(numHiddens: number, dropout: number, maxLen = 1000) {
    super();
    this.dropout = new nn.Dropout(dropout);
    const position: Tensor = torch.arange(maxLen, { dtype: "float32" }).reshape(-1, 1);
    const exponent: Tensor = torch.arange(0, numHiddens, 2, { dtype: "float32" }).div(numHiddens);
    const angle: Tensor = position.div(torch.pow(10000, exponent));
    // Sine and cosine alternate; an odd width ends with a sine.
    this.P = torch
      .stack([angle.sin(), angle.cos()], 2)
      .reshape(1, maxLen, -1)
      .narrow(2, 0, numHiddens)
      .contiguous();
  }

  /** @throws torch.ValueError when the sequence is longer than `maxLen` */
  override forward(X: Tensor): Tensor {
    const steps = X.shape[1] as number;
    if (steps > (this.P.shape[1] as number))
      throw new torch.ValueError(
        `PositionalEncoding: the sequence has ${steps} steps, maxLen is ${this.P.shape[1]}`,
      );
    return this.dropout(X.add(this.P.narrow(1, 0, steps)));
  }
}
