// A small Transformer after section 10.7 of the book's first edition, and its training on dates. The encoder is d2l's; the
// decoder is written here, as on the book's page.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";
import type { Example } from "./dates.ts";
import { encode, sources, targetLength, targets } from "./dates.ts";

type Tensor = torch.AnyTensor;

/** Sizes of the network. */
export interface TransformerSettings {
  readonly numHiddens: number;
  readonly numHeads: number;
  readonly numLayers: number;
  readonly dropout: number;
}

/** A block of the decoder: attention to what is written already, attention to the source, a perceptron. */
export class DecoderBlock extends nn.Module {
  readonly attention1: d2l.MultiHeadAttention;
  readonly addnorm1: d2l.AddNorm;
  readonly attention2: d2l.MultiHeadAttention;
  readonly addnorm2: d2l.AddNorm;
  readonly ffn: d2l.PositionWiseFFN;
  readonly addnorm3: d2l.AddNorm;

  constructor({ numHiddens: d, numHeads, dropout }: TransformerSettings) {
    super();
    this.attention1 = new d2l.MultiHeadAttention(d, d, d, d, numHeads, dropout);
    this.addnorm1 = new d2l.AddNorm(d, dropout);
    this.attention2 = new d2l.MultiHeadAttention(d, d, d, d, numHeads, dropout);
    this.addnorm2 = new d2l.AddNorm(d, dropout);
    this.ffn = new d2l.PositionWiseFFN(d, 2 * d, d);
    this.addnorm3 = new d2l.AddNorm(d, dropout);
  }

  override forward(X: Tensor, source: Tensor, validLens: Tensor): Tensor {
    const [batch, steps] = X.shape as [number, number];
    // The i-th character may look at those up to the i-th.
    const soFar = torch.arange(1, steps + 1).repeat(batch, 1);
    const Y = this.addnorm1(X, this.attention1(X, X, X, soFar));
    const Z = this.addnorm2(Y, this.attention2(Y, source, source, validLens));
    return this.addnorm3(Z, this.ffn(Z));
  }
}

/** Encoder, decoder, and scores over the characters of a target. */
export class Transformer extends nn.Module {
  readonly numHiddens: number;
  readonly encoder: d2l.TransformerEncoder;
  readonly embedding: nn.Embedding;
  readonly posEncoding: d2l.PositionalEncoding;
  readonly block: DecoderBlock;
  readonly dense: nn.Linear;

  constructor(settings: TransformerSettings) {
    super();
    const { numHiddens: d, numHeads, numLayers, dropout } = settings;
    this.numHiddens = d;
    this.encoder = new d2l.TransformerEncoder(
      sources.size,
      d,
      d,
      d,
      d,
      d,
      d,
      2 * d,
      numHeads,
      numLayers,
      dropout,
    );
    this.embedding = new nn.Embedding(targets.size, d) as nn.Embedding;
    this.posEncoding = new d2l.PositionalEncoding(d, dropout);
    this.block = new DecoderBlock(settings);
    this.dense = new nn.Linear(d, targets.size) as nn.Linear;
  }

  /** Scores [batch, steps, characters] of the character that follows each of `written` [batch, steps]. */
  override forward(X: Tensor, validLens: Tensor, written: Tensor): Tensor {
    const Y = this.posEncoding(this.embedding(written).mul(Math.sqrt(this.numHiddens)));
    return this.dense(this.block(Y, this.encoder(X, validLens), validLens));
  }
}

/** How a training goes on. */
export interface Progress {
  readonly step: number;
  readonly loss: number;
}

/** A Transformer that learns to write dates. */
export class DateWriter {
  readonly net: Transformer;
  readonly #next: (X: Tensor, validLens: Tensor, written: Tensor) => Tensor;

  constructor(settings: TransformerSettings) {
    const net = new Transformer(settings);
    this.net = net;
    this.#next = torch.compile(
      (X: Tensor, validLens: Tensor, written: Tensor): Tensor =>
        torch.noGrad(() => net(X, validLens, written).argmax(2)),
    );
  }

  /**
   * Trains on random batches with Adam; the learning rate rises to `lr` and falls to nothing. The right characters before each
   * are given, whatever the network would have written ("teacher forcing"). Goes on at each `next()`.
   */
  *train(
    examples: readonly Example[],
    { numSteps, batchSize, lr }: { numSteps: number; batchSize: number; lr: number },
  ): Generator<Progress, void, void> {
    const net = this.net.train();
    const { X, validLens, Y } = encode(examples);
    const trainer = new optim.Adam(net.parameters(), { lr });
    const schedule = new optim.lrScheduler.OneCycleLR(trainer, lr, { totalSteps: numSteps });
    const step = torch.compile((X: Tensor, validLens: Tensor, Y: Tensor): Tensor => {
      trainer.zeroGrad();
      const start = torch.zeros(Y.shape[0], 1, { dtype: "int32" });
      const written = torch.cat([start, Y.narrow(1, 0, targetLength - 1)], 1);
      const scores = net(X, validLens, written);
      const l = nn.functional.crossEntropy(scores.reshape(-1, targets.size), Y.reshape(-1));
      l.backward();
      nn.utils.clipGradNorm_(net.parameters(), 1);
      trainer.step();
      return l;
    });
    for (let i = 1; i <= numSteps; i++) {
      const at = torch.randint(0, examples.length, [batchSize]);
      const l = step(X.indexSelect(0, at), validLens.indexSelect(0, at), Y.indexSelect(0, at));
      schedule.step();
      yield { step: i, loss: Number(l.item()) };
    }
  }

  /** Writes dates character by character, each time the one with the largest score. */
  write(texts: readonly string[]): string[] {
    const net = this.net;
    const training = net.training;
    net.eval();
    const { X, validLens } = encode(texts.map((source) => ({ source, target: "" })));
    const written: Tensor = torch.zeros(texts.length, targetLength + 1, { dtype: "int32" });
    for (let i = 0; i < targetLength; i++) {
      const next = this.#next(X, validLens, written.narrow(1, 0, targetLength));
      written.narrow(1, i + 1, 1).copy_(next.narrow(1, i, 1));
    }
    net.train(training);
    return (written.narrow(1, 1, targetLength).tolist() as number[][]).map((row) => targets.decode(row));
  }

  /** How many examples are written without any mistake. */
  exact(examples: readonly Example[]): number {
    const written = this.write(examples.map(({ source }) => source));
    return written.filter((text, i) => text === examples[i]?.target).length;
  }

  /** What each character of the answer looked at: weights [heads, 10, characters of the text] of the attention to the source. */
  lookedAt(text: string): { readonly answer: string; readonly weights: Tensor } {
    const [answer = ""] = this.write([text]);
    const { X, validLens, Y } = encode([{ source: text, target: answer }]);
    const net = this.net;
    const training = net.training;
    net.eval();
    const start = torch.zeros(1, 1, { dtype: "int32" });
    torch.noGrad(() => net(X, validLens, torch.cat([start, Y.narrow(1, 0, targetLength - 1)], 1)));
    net.train(training);
    const weights = net.block.attention2.attention.attentionWeights as Tensor;
    return { answer, weights: weights.narrow(2, 0, [...text].length) };
  }
}
