// Attention and the Transformer's parts: the book's numbers, and PyTorch's for the same seeds (fixtures/attention.py).

import type { nn } from "flambeau";
import * as torch from "flambeau";
import { optim } from "flambeau";
import { describe, expect, test } from "vitest";
import * as d2l from "../src/index.ts";
import reference from "./fixtures/attention.json" with { type: "json" };

type Tensor = torch.AnyTensor;

interface Recorded {
  readonly output: unknown;
  readonly gradients: Readonly<Record<string, number>>;
}

const lens: Readonly<Record<string, Tensor | null>> = {
  all: null,
  each: torch.tensor([2, 4]),
  query: torch.tensor([
    [1, 2, 3],
    [5, 4, 2],
  ]),
};
const lensOfOne: typeof lens = { all: null, each: torch.tensor([3, 5]) };

function near(ours: Tensor, theirs: unknown): void {
  const difference = Number(
    ours
      .sub(torch.tensor(theirs as number[], { dtype: "float32" }))
      .abs()
      .max()
      .item(),
  );
  expect(difference).toBeLessThan(2e-6);
}

/** Compares a module with its recording: output and gradients, for all lengths, and with dropout. */
function compare(
  make: () => nn.Module,
  inputs: () => Tensor[],
  { keys, ...recorded }: { readonly keys: readonly string[] },
  lengths: typeof lens,
): void {
  torch.manualSeed(42);
  const net = make();
  expect(Object.keys(net.stateDict())).toEqual(keys);
  torch.manualSeed(1);
  const given = inputs();
  for (const [name, { output, gradients }] of Object.entries(recorded as Record<string, Recorded>)) {
    net.train(name === "dropout");
    const length = name === "dropout" ? Object.values(lengths).at(-1) : lengths[name];
    torch.manualSeed(7);
    const out: Tensor = net.forward(...given, length);
    near(out, output);
    net.zeroGrad();
    out.mul(torch.arange(out.numel()).reshape(out.shape).div(out.numel())).sum().backward();
    for (const [key, parameter] of net.namedParameters())
      expect(parameter.grad!.norm().item(), `${name}: ${key}`).toBeCloseTo(gradients[key]!, 4);
  }
}

const qkv =
  (...shapes: readonly number[][]) =>
  (): Tensor[] =>
    shapes.map((shape) => torch.randn(shape));

describe("modules give PyTorch's numbers", () => {
  test("additive attention", () => {
    compare(
      () => new d2l.AdditiveAttention(4, 6, 8, 0.5),
      qkv([2, 3, 6], [2, 5, 4], [2, 5, 3]),
      reference.additive,
      lens,
    );
  });

  test("multi-head attention", () => {
    compare(
      () => new d2l.MultiHeadAttention(5, 6, 7, 8, 4, 0.5, true),
      qkv([2, 3, 6], [2, 5, 5], [2, 5, 7]),
      reference.multiHead,
      lens,
    );
  });

  test.for([
    ["encoder", [5, 8]],
    ["encoderLast", 8],
  ] as const)("the Transformer's encoder, %s", ([name, shape]) => {
    compare(
      () => new d2l.TransformerEncoder(11, 8, 8, 8, 8, shape, 8, 12, 2, 2, 0.25),
      () => [torch.arange(10).reshape(2, 5)],
      reference[name],
      lensOfOne,
    );
  });

  test("positions, also of an odd width", () => {
    near(new d2l.PositionalEncoding(7, 0, 12).P, reference.positions);
  });
});

describe("masks", () => {
  test("sequenceMask leaves its argument alone and takes any shape behind the steps", () => {
    const X = torch.ones(2, 3, 4);
    const masked = d2l.sequenceMask(X, torch.tensor([1, 2]), -1);
    expect(masked.at(":, :, 0").tolist()).toEqual([
      [1, -1, -1],
      [1, 1, -1],
    ]);
    expect(X.min().item()).toBe(1);
    expect(() => d2l.sequenceMask(X, torch.tensor([1, 2, 3]))).toThrow(/sequenceMask: expected/);
  });

  test("maskedSoftmax: rows sum to 1, and nothing goes beyond the length", () => {
    const weights = d2l.maskedSoftmax(
      torch.rand(2, 2, 4),
      torch.tensor([
        [1, 3],
        [2, 4],
      ]),
    );
    near(weights.sum(-1), [
      [1, 1],
      [1, 1],
    ]);
    expect(weights.ne(0).sum(-1).tolist()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(() => d2l.maskedSoftmax(torch.rand(2, 2, 4), torch.tensor([1, 2, 3]))).toThrow(
      /expected validLens of \[2\] or \[2, 2\]/,
    );
    expect(() => d2l.maskedSoftmax(torch.rand(2, 4), torch.tensor([1, 2]))).toThrow(/batch, queries, keys/);
  });

  test("equal keys share the weight evenly, as on the book's page", () => {
    const attention = new d2l.DotProductAttention(0.5).eval();
    expect(attention.attentionWeights).toBeNull();
    const values = torch.arange(40, { dtype: "float32" }).reshape(1, 10, 4).repeat(2, 1, 1);
    const out = attention(torch.randn(2, 1, 2), torch.ones(2, 10, 2), values, torch.tensor([2, 6]));
    near(out, [[[2, 3, 4, 5]], [[10, 11, 12, 13]]]);
    expect(attention.attentionWeights?.shape).toEqual([2, 1, 10]);
  });
});

test("heads are split and joined again", () => {
  const X = torch.arange(48).reshape(2, 3, 8);
  const heads = d2l.transposeQkv(X, 4);
  expect(heads.shape).toEqual([8, 3, 2]);
  expect(heads.at(1).tolist()).toEqual([
    [2, 3],
    [10, 11],
    [18, 19],
  ]);
  expect(torch.equal(d2l.transposeOutput(heads, 4), X)).toBe(true);
});

test("what does not fit is named", () => {
  expect(() => new d2l.MultiHeadAttention(8, 8, 8, 9, 2, 0)).toThrow(/numHeads must divide numHiddens/);
  expect(() => new d2l.PositionalEncoding(4, 0, 3)(torch.zeros(1, 4, 4))).toThrow(/4 steps, maxLen is 3/);
});

test("a compiled step trains as an eager one, and is captured once", () => {
  const losses = (compiled: boolean): number[] => {
    torch.manualSeed(3);
    const net = new d2l.TransformerEncoder(11, 8, 8, 8, 8, 8, 8, 12, 2, 2, 0.1);
    const trainer = new optim.Adam(net.parameters(), { lr: 0.01 });
    let runs = 0;
    const eager = (X: Tensor, validLens: Tensor): Tensor => {
      runs++;
      trainer.zeroGrad();
      const l = net(X, validLens).square().narrow(2, 0, 4).mean();
      l.backward();
      trainer.step();
      return l;
    };
    const step = compiled ? torch.compile(eager) : eager;
    const X = torch.randint(0, 11, [4, 5]);
    const all = Array.from({ length: 6 }, () => Number(step(X, torch.tensor([1, 2, 3, 5])).item()));
    if (compiled) expect(runs).toBe(2);
    return all;
  };
  const eager = losses(false);
  losses(true).forEach((loss, i) => {
    expect(loss).toBeCloseTo(eager[i]!, 5);
  });
  expect(eager[5]).toBeLessThan(eager[0]!);
});
