// Parts of the Transformer: section 10.7 of the book's first edition. Source: Vaswani et al., "Attention Is All You Need" (2017).

import type * as torch from "flambeau";
import { nn } from "flambeau";
import type { ValidLens } from "./attention.ts";
import { MultiHeadAttention, PositionalEncoding } from "./multi-head.ts";

type Tensor = torch.AnyTensor;

/**
 * The same two-layer perceptron at every position: W₂ relu(W₁ x + b₁) + b₂.
 *
 * **Shape** X [batch, steps, ffnNumInput]; the result [batch, steps, ffnNumOutputs].
 */
export class PositionWiseFFN extends nn.Module {
  readonly dense1: nn.Linear;
  readonly relu: nn.ReLU;
  readonly dense2: nn.Linear;

  constructor(ffnNumInput: number, ffnNumHiddens: number, ffnNumOutputs: number) {
    super();
    this.dense1 = new nn.Linear(ffnNumInput, ffnNumHiddens) as nn.Linear;
    this.relu = new nn.ReLU();
    this.dense2 = new nn.Linear(ffnNumHiddens, ffnNumOutputs) as nn.Linear;
  }

  override forward(X: Tensor): Tensor {
    return this.dense2(this.relu(this.dense1(X)));
  }
}

/**
 * Residual connection, then layer normalisation: LayerNorm(X + dropout(Y)).
 *
 * **Shape** X and Y alike, ending in normalizedShape; the result as X.
 */
export class AddNorm extends nn.Module {
  readonly dropout: nn.Dropout;
  readonly ln: nn.LayerNorm;

  constructor(normalizedShape: number | readonly number[], dropout: number) {
    super();
    this.dropout = new nn.Dropout(dropout);
    this.ln = new nn.LayerNorm(normalizedShape);
  }

  override forward(X: Tensor, Y: Tensor): Tensor {
    return this.ln(this.dropout(Y).add(X));
  }
}

/**
 * A block of the Transformer's encoder: self-attention and a position-wise perceptron, each followed by {@link AddNorm}.
 *
 * **Shape** X [batch, steps, numHiddens], validLens [batch]; the result as X.
 *
 * @example
 * const block = new d2l.EncoderBlock(24, 24, 24, 24, [100, 24], 24, 48, 8, 0.5).eval();
 * block(torch.ones(2, 100, 24), torch.tensor([3, 2])).shape; // [2, 100, 24]
 */
export class EncoderBlock extends nn.Module {
  readonly attention: MultiHeadAttention;
  readonly addnorm1: AddNorm;
  readonly ffn: PositionWiseFFN;
  readonly addnorm2: AddNorm;

  /**
   * @param keySize features of a key; querySize and valueSize likewise
   * @param numHiddens features of the output
   * @param normShape what layer normalisation goes over, such as numHiddens
   * @param ffnNumInput features that the perceptron gets, numHiddens
   * @param ffnNumHiddens features between its layers
   * @param numHeads must divide numHiddens
   * @param dropout probability that an element is dropped in training
   * @param useBias whether the projections of attention have a bias; default false
   */
  constructor(
    keySize: number,
    querySize: number,
    valueSize: number,
    numHiddens: number,
    normShape: number | readonly number[],
    ffnNumInput: number,
    ffnNumHiddens: number,
    numHeads: number,
    dropout: number,
    useBias = false,
  ) {
    super();
    this.attention = new MultiHeadAttention(
      keySize,
      querySize,
      valueSize,
      numHiddens,
      numHeads,
      dropout,
      useBias,
    );
    this.addnorm1 = new AddNorm(normShape, dropout);
    this.ffn = new PositionWiseFFN(ffnNumInput, ffnNumHiddens, numHiddens);
    this.addnorm2 = new AddNorm(normShape, dropout);
  }

  override forward(X: Tensor, validLens: ValidLens = null): Tensor {
    const Y = this.addnorm1(X, this.attention(X, X, X, validLens));
    return this.addnorm2(Y, this.ffn(Y));
  }
}

/**
 * The Transformer's encoder: embeddings times √numHiddens, positions, then blocks.
 *
 * **Shape** X [batch, steps] of token numbers, validLens [batch]; the result [batch, steps, numHiddens].
 *
 * @example
 * const encoder = new d2l.TransformerEncoder(200, 24, 24, 24, 24, [100, 24], 24, 48, 8, 2, 0.5).eval();
 * encoder(torch.ones(2, 100, { dtype: "int32" }), torch.tensor([3, 2])).shape; // [2, 100, 24]
 */
export class TransformerEncoder extends nn.Module {
  readonly numHiddens: number;
  readonly embedding: nn.Embedding;
  readonly posEncoding: PositionalEncoding;
  readonly blks: nn.Sequential;

  /**
   * @param vocabSize number of different tokens
   * @param numLayers number of blocks; the others as of {@link EncoderBlock}
   */
  constructor(
    vocabSize: number,
    keySize: number,
    querySize: number,
    valueSize: number,
    numHiddens: number,
    normShape: number | readonly number[],
    ffnNumInput: number,
    ffnNumHiddens: number,
    numHeads: number,
    numLayers: number,
    dropout: number,
    useBias = false,
  ) {
    super();
    this.numHiddens = numHiddens;
    this.embedding = new nn.Embedding(vocabSize, numHiddens) as nn.Embedding;
    this.posEncoding = new PositionalEncoding(numHiddens, dropout);
    this.blks = new nn.Sequential() as nn.Sequential;
    for (let i = 0; i < numLayers; i++)
      this.blks.addModule(
        `block${i}`,
        new EncoderBlock(
          keySize,
          querySize,
          valueSize,
          numHiddens,
          normShape,
          ffnNumInput,
          ffnNumHiddens,
          numHeads,
          dropout,
          useBias,
        ),
      );
  }

  /** The weights [batch · heads, steps, steps] of each block in the last call, first block first. */
  get attentionWeights(): (Tensor | null)[] {
    return this.#blocks().map((block) => block.attention.attention.attentionWeights);
  }

  override forward(X: Tensor, validLens: ValidLens = null): Tensor {
    // Positions lie between -1 and 1, embeddings are smaller: they are scaled up before they are added.
    const embedded: Tensor = this.embedding(X).mul(Math.sqrt(this.numHiddens));
    return this.#blocks().reduce<Tensor>((Y, block) => block(Y, validLens), this.posEncoding(embedded));
  }

  #blocks(): EncoderBlock[] {
    return [...this.blks.children()] as EncoderBlock[];
  }
}
