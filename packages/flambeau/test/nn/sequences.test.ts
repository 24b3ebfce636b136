// Lists of sequences of different lengths: padded, packed, and back. Numbers of PyTorch 1.13.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { nn } from "../../src/index.ts";

const { padSequence, packSequence, unpadSequence, unpackSequence } = nn.utils.rnn;
const three = (): torch.AnyTensor[] => [
  torch.tensor([1, 2, 3], { dtype: "float32" }),
  torch.tensor([10, 11, 12, 13, 14], { dtype: "float32" }),
  torch.tensor([20, 21], { dtype: "float32" }),
];

test("padSequence", () => {
  expect(padSequence(three()).tolist()).toEqual([
    [1, 10, 20],
    [2, 11, 21],
    [3, 12, 0],
    [0, 13, 0],
    [0, 14, 0],
  ]);
  expect(padSequence(three(), { batchFirst: true, paddingValue: -1 }).tolist()).toEqual([
    [1, 2, 3, -1, -1],
    [10, 11, 12, 13, 14],
    [20, 21, -1, -1, -1],
  ]);
  expect(padSequence(three(), { batchFirst: true, paddingSide: "left" }).tolist()).toEqual([
    [0, 0, 1, 2, 3],
    [10, 11, 12, 13, 14],
    [0, 0, 0, 20, 21],
  ]);
  // The dtype of the first, as PyTorch.
  const mixed = padSequence([torch.tensor([1, 2]), torch.tensor([1.5])]);
  expect([mixed.dtype, mixed.tolist()]).toEqual([
    "int32",
    [
      [1, 1],
      [2, 0],
    ],
  ]);
  expect(padSequence([torch.zeros(0, 2), torch.ones(1, 2)]).shape).toEqual([1, 2, 2]);
});

test("gradients reach the sequences", () => {
  const x = three().map((s) => s.requiresGrad_());
  padSequence(x).square().sum().backward();
  for (const s of x) expect(s.grad!.tolist()).toEqual(s.mul(2).tolist());
});

test("packSequence and back", () => {
  const packed = packSequence(three(), { enforceSorted: false });
  expect(packed.data.tolist()).toEqual([10, 1, 20, 11, 2, 21, 12, 3, 13, 14]);
  expect(packed.batchSizes.tolist()).toEqual([3, 3, 2, 1, 1]);
  expect(packed.sortedIndices!.tolist()).toEqual([1, 0, 2]);
  const lists = three().map((x) => x.tolist());
  expect(unpackSequence(packed).map((x) => x.tolist())).toEqual(lists);
  expect(unpadSequence(padSequence(three()), [3, 5, 2]).map((x) => x.tolist())).toEqual(lists);
  const first = padSequence(three(), { batchFirst: true });
  const views = unpadSequence(first, torch.tensor([3, 5, 2]), { batchFirst: true });
  expect(views.map((x) => x.tolist())).toEqual(lists);
  views[0]!.zero_();
  expect(first.at(0).sum().item()).toBe(0);
});

test("a compiled function pads and packs lists", () => {
  const lstm = new nn.LSTM(1, 3);
  const run = (a: torch.AnyTensor, b: torch.AnyTensor): torch.AnyTensor => {
    const packed = packSequence([a.unsqueeze(1), b.unsqueeze(1)], { enforceSorted: false });
    const [y] = lstm(packed as never) as unknown as [nn.utils.rnn.PackedSequence];
    return y.data.sum();
  };
  const [a, b] = [torch.randn(4), torch.randn(6)];
  const compiled = torch.compile(run);
  for (let i = 0; i < 3; i++) expect(compiled(a, b).item()).toBeCloseTo(run(a, b).item() as number, 5);
});

describe("errors", () => {
  test.each<[string, () => unknown, string]>([
    ["nothing", () => padSequence([]), "received an empty list of sequences"],
    [
      "other features",
      () => padSequence([torch.zeros(2, 3), torch.zeros(3, 4)] as torch.AnyTensor[]),
      "must be alike but for their first dimension, got shapes [2, 3] and [3, 4]",
    ],
    ["numbers", () => padSequence([torch.tensor(1)]), "got shapes [] and []"],
    ["side", () => padSequence(three(), { paddingSide: "both" as never }), "either right or left, got both"],
    ["unsorted", () => packSequence(three()), "must be sorted in decreasing order"],
    ["lengths", () => unpadSequence(padSequence(three()), [1, 2]), "a length for each of 3 sequences, got 2"],
  ])("%s", (_, f, message) => {
    expect(f).toThrow(message);
    expect(f).toThrow(torch.TorchError);
  });
});
