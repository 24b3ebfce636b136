// Character models on a text of our own (lamp.txt): a GRU and a small Transformer learn to continue it.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { nn, optim } = torch;

const text = readFileSync(new URL("./lamp.txt", import.meta.url), "utf8").replace(/\s+/g, " ");
const alphabet = [...new Set(text)].sort();
const codes = Int32Array.from(text, (c) => alphabet.indexOf(c));
const size = alphabet.length;
const length = 32;
const batchSize = 16;

/** Random stretches of the text, and the same one character later. */
function batch(): [Tensor, Tensor] {
  const starts: number[] = torch.randint(0, codes.length - length - 1, [batchSize]).tolist();
  const rows = (shift: number): Tensor =>
    torch.tensor(starts.map((s) => [...codes.subarray(s + shift, s + shift + length)]));
  return [rows(0), rows(1)];
}

class GruModel extends nn.Module {
  embedding = new nn.Embedding(size, 24);
  gru = new nn.GRU(24, 96, { batchFirst: true });
  out = new nn.Linear(96, size);
  override forward(x: Tensor): Tensor {
    const [states] = this.gru(this.embedding(x)) as [Tensor, Tensor];
    return this.out(states);
  }
}

class TransformerModel extends nn.Module {
  embedding = new nn.Embedding(size, 48);
  position = new nn.Embedding(length, 48);
  encoder = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(48, 4, {
      dimFeedforward: 96,
      dropout: 0,
      batchFirst: true,
      normFirst: true,
    }),
    2,
  );
  out = new nn.Linear(48, size);
  // Nobody looks ahead.
  mask = torch.ones(length, length).triu(1).bool();
  override forward(x: Tensor): Tensor {
    const places = torch.arange(length);
    const h = this.embedding(x).add(this.position(places));
    return this.out(this.encoder(h, { mask: this.mask }));
  }
}

/** Trains, and returns the mean loss in nats a character of the first and of the last five steps. */
function train(
  make: () => GruModel | TransformerModel,
  steps: number,
  lr: number,
): [first: number, last: number] {
  torch.manualSeed(1);
  const net = make();
  const optimizer = new optim.AdamW(net.parameters(), { lr });
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const [x, y] = batch();
    optimizer.zeroGrad();
    const loss: Tensor = nn.functional.crossEntropy(net(x).reshape(-1, size), y.reshape(-1));
    loss.backward();
    nn.utils.clipGradNorm_(net.parameters(), 1);
    optimizer.step();
    losses.push(Number(loss.item()));
  }
  const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  return [mean(losses.slice(0, 5)), mean(losses.slice(-5))];
}

// Guessing evenly costs ln 38 = 3.6 nats; the frequencies of the letters alone bring it to about 2.8.
test("a GRU falls below 1.2 nats", { timeout: 600_000 }, () => {
  const [first, last] = train(() => new GruModel(), 120, 1e-2);
  expect(first).toBeGreaterThan(2.8);
  expect(last).toBeLessThan(1.2);
});

test("a Transformer falls below 1.8 nats", { timeout: 600_000 }, () => {
  const [first, last] = train(() => new TransformerModel(), 200, 5e-3);
  expect(first).toBeGreaterThan(2.8);
  expect(last).toBeLessThan(1.8);
});
