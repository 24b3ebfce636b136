// Functions of neural networks beyond the recorded cases: derivatives, equivalences with plain formulas, edges.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import type { AnyTensor } from "../../src/tensor/tensor.ts";

const F = torch.nn.functional;
const { gradcheck, gradgradcheck } = torch.autograd;

const generator = new torch.Generator();
function random(shape: number[], low = -2, high = 2): AnyTensor {
  return torch
    .rand(shape, { dtype: "float64", generator })
    .mul(high - low)
    .add(low)
    .requiresGrad_();
}
const ints = (values: unknown): AnyTensor => torch.tensor(values as number[], { dtype: "int32" });
const floats = (values: unknown): AnyTensor => torch.tensor(values as number[], { dtype: "float64" });
const list = (x: AnyTensor): number[] => Array.from(x.toTypedArray() as Float64Array);

function close(a: AnyTensor, b: AnyTensor, tolerance = 1e-12): void {
  expect(a.shape).toEqual(b.shape);
  const other = list(b);
  list(a).forEach((v, i) => {
    expect(Math.abs(v - other[i]!)).toBeLessThan(tolerance);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: losses take two or three tensors.
type Fn = (...args: any[]) => AnyTensor;

const target = ints([1, 0, 2]);
const signs = floats([1, -1, 1]);
const weight = floats([0.5, 1.5, 0.7]);
const losses: Record<string, [number[][], Fn]> = {
  mseLoss: [[[2, 3], [3]], (x, y) => F.mseLoss(x, y)],
  l1Loss: [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.l1Loss(x, y, { reduction: "sum" }),
  ],
  smoothL1Loss: [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.smoothL1Loss(x, y, { beta: 0.7, reduction: "none" }),
  ],
  huberLoss: [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.huberLoss(x, y, { delta: 0.7 }),
  ],
  klDiv: [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.klDiv(x, y.exp(), { reduction: "batchmean" }),
  ],
  "klDiv of logarithms": [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.klDiv(x, y, { logTarget: true }),
  ],
  poissonNllLoss: [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.poissonNllLoss(x, y.exp().add(1), { full: true }),
  ],
  gaussianNllLoss: [
    [
      [2, 3],
      [2, 3],
      [2, 1],
    ],
    (x, y, v) => F.gaussianNllLoss(x, y, v.exp(), { full: true }),
  ],
  nllLoss: [[[3, 4]], (x) => F.nllLoss(x, ints([1, -100, 3]))],
  "nllLoss in space": [
    [[2, 3, 2]],
    (x) =>
      F.nllLoss(
        x,
        ints([
          [1, 0],
          [2, 2],
        ]),
        { weight, reduction: "none" },
      ),
  ],
  crossEntropy: [[[3, 3]], (x) => F.crossEntropy(x, target, { weight, labelSmoothing: 0.2, ignoreIndex: 0 })],
  "crossEntropy of rows": [[[3, 3]], (x) => F.crossEntropy(x, target, { weight, ignoreIndex: 0 })],
  "crossEntropy of each row": [[[3, 3]], (x) => F.crossEntropy(x, target, { reduction: "none" })],
  "crossEntropy without a batch": [[[3]], (x) => F.crossEntropy(x, torch.tensor(2))],
  "crossEntropy of probabilities": [
    [
      [3, 3],
      [3, 3],
    ],
    (x, p) => F.crossEntropy(x, p.softmax(1), { weight }),
  ],
  binaryCrossEntropy: [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.binaryCrossEntropy(x.sigmoid(), y.sigmoid(), { weight }),
  ],
  binaryCrossEntropyWithLogits: [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.binaryCrossEntropyWithLogits(x, y.sigmoid(), { weight, posWeight: weight }),
  ],
  marginRankingLoss: [[[3], [3]], (x, y) => F.marginRankingLoss(x, y, signs, { margin: 0.3 })],
  hingeEmbeddingLoss: [[[3]], (x) => F.hingeEmbeddingLoss(x, signs)],
  cosineEmbeddingLoss: [
    [
      [3, 4],
      [3, 4],
    ],
    (x, y) => F.cosineEmbeddingLoss(x, y, signs, { margin: -0.9 }),
  ],
  tripletMarginLoss: [
    [
      [3, 4],
      [3, 4],
      [3, 4],
    ],
    (a, p, n) => F.tripletMarginLoss(a, p, n, { margin: 3, swap: true, reduction: "sum" }),
  ],
  tripletMarginWithDistanceLoss: [
    [
      [3, 4],
      [3, 4],
      [3, 4],
    ],
    (a, p, n) =>
      F.tripletMarginWithDistanceLoss(a, p, n, {
        margin: 9,
        distanceFunction: (x, y) => x.sub(y).square().sum(-1),
      }),
  ],
  multiMarginLoss: [[[3, 4]], (x) => F.multiMarginLoss(x, target, { p: 2, margin: 0.7 })],
  multilabelMarginLoss: [
    [[2, 4]],
    (x) =>
      F.multilabelMarginLoss(
        x,
        ints([
          [3, 0, -1, 1],
          [-1, 0, 0, 0],
        ]),
        { reduction: "none" },
      ),
  ],
  multilabelSoftMarginLoss: [
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => F.multilabelSoftMarginLoss(x, y, { weight }),
  ],
  softMarginLoss: [[[3]], (x) => F.softMarginLoss(x, signs)],
  embedding: [
    [[4, 3]],
    (w) =>
      F.embedding(
        ints([
          [1, 1],
          [2, 0],
        ]),
        w,
        { paddingIdx: 2, scaleGradByFreq: false },
      ),
  ],
  embeddingBag: [
    [[4, 3], [4]],
    (w, s) => F.embeddingBag(ints([1, 1, 2, 0]), w, ints([0, 3]), { mode: "sum", perSampleWeights: s }),
  ],
  localResponseNorm: [[[2, 4, 3]], (x) => F.localResponseNorm(x, 3, { alpha: 0.5 })],
  instanceNorm: [[[2, 3, 4], [3], [3]], (x, w, b) => F.instanceNorm(x, { weight: w, bias: b })],
  groupNorm: [[[2, 4, 3], [4], [4]], (x, w, b) => F.groupNorm(x, 2, { weight: w, bias: b })],
  scaledDotProductAttention: [
    [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 5],
    ],
    (q, k, v) => F.scaledDotProductAttention(q, k, v, { isCausal: true }),
  ],
  pixelShuffle: [[[8, 2, 3]], (x) => F.pixelShuffle(x, 2)],
};

describe("first and second derivatives", () => {
  // A row that gets no gradient has none to be checked.
  const inexact = new Set(["embedding"]);
  test.each(Object.keys(losses))("%s", (name) => {
    generator.manualSeed(3);
    const [shapes, f] = losses[name]!;
    const inputs = shapes.map((shape) => random(shape));
    if (!inexact.has(name)) gradcheck(f, inputs);
    gradgradcheck(f, inputs, { atol: 1e-4 });
  });
});

describe("gradients at the edges are PyTorch's", () => {
  const slopes = (f: Fn, at: number[]): number[] => {
    const x = floats(at).requiresGrad_();
    f(x).sum().backward();
    return list(x.grad!);
  };
  test("kinks of activations", () => {
    expect(slopes((x) => F.hardtanh(x), [-1, 1, 0.5])).toEqual([0, 0, 1]);
    expect(slopes((x) => F.leakyRelu(x, 0.25), [-1, 0, 1])).toEqual([0.25, 0.25, 1]);
    expect(slopes((x) => F.elu(x, 2), [0])).toEqual([2]);
    expect(slopes((x) => F.hardsigmoid(x), [-3, 3, 0])).toEqual([0, 0, 1 / 6]);
    expect(slopes((x) => F.hardswish(x), [-4, 3, 4])).toEqual([0, 1.5, 1]);
    expect(slopes((x) => F.threshold(x, 1, 9), [1, 2])).toEqual([0, 1]);
    expect(slopes((x) => F.softplus(x), [0, 25])).toEqual([0.5, 1]);
  });
  test("infinite errors have finite slopes", () => {
    const zero = floats([0]);
    expect(slopes((x) => F.huberLoss(x, zero, { delta: 2 }), [Number.POSITIVE_INFINITY])).toEqual([2]);
    expect(slopes((x) => F.smoothL1Loss(x, zero), [Number.NEGATIVE_INFINITY])).toEqual([-1]);
  });
  test("binary cross-entropy at 0 and 1", () => {
    expect(slopes((x) => F.binaryCrossEntropy(x, floats([1, 0]), { reduction: "sum" }), [0, 1])).toEqual([
      -1e12, 1e12,
    ]);
    expect(F.binaryCrossEntropy(floats([0]), floats([1])).item()).toBe(100);
  });
});

test.each(["float32", "float64"] as const)("gelu far from 0, %s", (dtype) => {
  const x = torch.tensor([-Infinity, -(2 ** 127), -20, -6, 0, 20, 2 ** 127, Infinity, NaN], { dtype });
  const y = F.gelu(x.requiresGrad_());
  y.sum().backward();
  // PyTorch's, of float64; zeros of either sign.
  const near = (v: number): number => (Math.abs(v) < 1 ? Math.round(v * 1e10) / 1e10 + 0 : v);
  expect(list(y.detach()).map(near)).toEqual([NaN, 0, 0, -5.9e-9, 0, 20, 2 ** 127, Infinity, NaN]);
  expect(list(x.grad!).map(near)).toEqual([NaN, 0, 0, -3.55e-8, 0.5, 1, 1, NaN, NaN]);
});

describe("activations in place", () => {
  test("change their argument and return it", () => {
    const forms: [(x: AnyTensor) => AnyTensor, (x: AnyTensor) => AnyTensor][] = [
      [F.relu, F.relu_],
      [F.hardtanh, F.hardtanh_],
      [F.leakyRelu, F.leakyRelu_],
      [F.elu, F.elu_],
      [F.celu, F.celu_],
      [F.selu, F.selu_],
      [F.rrelu, F.rrelu_],
      [(x) => F.threshold(x, 0.5, 2), (x) => F.threshold_(x, 0.5, 2)],
      [F.silu, (x) => F.silu(x, { inplace: true })],
      [F.mish, (x) => F.mish(x, { inplace: true })],
      [F.hardswish, (x) => F.hardswish(x, { inplace: true })],
    ];
    for (const [plain, inplace] of forms) {
      const x = floats([-1.5, 0.25, 2]);
      const want = plain(x);
      expect(inplace(x) === x).toBe(true);
      expect(list(x)).toEqual(list(want));
    }
  });
  test("a leaf that requires grad is refused", () => {
    expect(() => F.elu_(random([2]))).toThrow(torch.RuntimeError);
  });
});

describe("ctcLoss", () => {
  /** -log of the summed probabilities of all paths that collapse to the labels. */
  function byEnumeration(logProbs: number[][], labels: readonly number[], blank: number): number {
    const classes = logProbs[0]!.length;
    let total = 0;
    const walk = (t: number, path: number[], p: number): void => {
      if (t === logProbs.length) {
        const collapsed = path.filter((c, i) => c !== blank && (i === 0 || path[i - 1] !== c));
        if (collapsed.join() === labels.join()) total += Math.exp(p);
        return;
      }
      for (let c = 0; c < classes; c++) walk(t + 1, [...path, c], p + logProbs[t]![c]!);
    };
    walk(0, [], 0);
    return -Math.log(total);
  }

  test("sums over all alignments", () => {
    generator.manualSeed(11);
    const logProbs = random([5, 3, 3]).detach().logSoftmax(-1);
    const targets = ints([
      [1, 2],
      [1, 1],
      [2, 0],
    ]);
    const got = F.ctcLoss(logProbs, targets, [5, 4, 3], [2, 2, 1], { reduction: "none" });
    const rows = (n: number, length: number): number[][] =>
      Array.from({ length }, (_, t) => list(logProbs.select(0, t).select(0, n)));
    const want = [
      byEnumeration(rows(0, 5), [1, 2], 0),
      byEnumeration(rows(1, 4), [1, 1], 0),
      byEnumeration(rows(2, 3), [2], 0),
    ];
    close(got, floats(want));
  });
  test("has the gradient of scores before a log-softmax, and no second one", () => {
    generator.manualSeed(12);
    const x = random([4, 2, 3]);
    const loss = (scores: AnyTensor): AnyTensor =>
      F.ctcLoss(scores.logSoftmax(-1), ints([1, 2, 2]), ints([4, 3]), ints([2, 1]));
    gradcheck(loss, [x]);
    const [g] = torch.autograd.grad(loss(x), x, { createGraph: true });
    expect(() => torch.autograd.grad(g!.sum(), x)).toThrow(/not implemented/);
  });
  test("infinite losses", () => {
    const x = floats(new Array(2).fill([[-1, -1]])).requiresGrad_();
    const options = { reduction: "sum", zeroInfinity: true } as const;
    expect(F.ctcLoss(x, ints([[1, 1]]), [2], [2], { reduction: "sum" }).item()).toBe(
      Number.POSITIVE_INFINITY,
    );
    const loss = F.ctcLoss(x, ints([[1, 1]]), [2], [2], options);
    expect(loss.item()).toBe(0);
    loss.backward();
    expect(list(x.grad!)).toEqual([0, 0, 0, 0]);
  });
  test("an empty target and an empty input", () => {
    const x = floats([[[-0.5, -2]], [[-0.25, -3]]]);
    expect(F.ctcLoss(x, ints([]), [2], [0], { reduction: "sum" }).item()).toBe(0.75);
    expect(F.ctcLoss(x, ints([]), [0], [0], { reduction: "sum" }).item()).toBeCloseTo(0);
  });
  test("refuses what does not fit", () => {
    const x = floats(new Array(2).fill([[-1, -1]]));
    const y = ints([[1]]);
    expect(() => F.ctcLoss(x, y, [3], [1])).toThrow(/at most 2/);
    expect(() => F.ctcLoss(x, y, [2], [-1])).toThrow(/at least 0/);
    expect(() => F.ctcLoss(x, y, [2], [2])).toThrow(/at least 2 at dimension 1/);
    expect(() => F.ctcLoss(x, ints([[2]]), [2], [1])).toThrow(/out of range/);
    expect(() => F.ctcLoss(x, y, [2, 2], [1])).toThrow(/batch_size/);
    expect(() => F.ctcLoss(x, y, [2], [1], { blank: 2 })).toThrow(/label range/);
    expect(() => F.ctcLoss(x, y, floats([2]), [1])).toThrow(/integral/);
  });
});

describe("normalisation", () => {
  test("batchNorm is what its formula says, with its running statistics", () => {
    generator.manualSeed(5);
    const x = random([4, 3, 2]);
    const mean = torch.zeros([3], { dtype: "float64" }) as AnyTensor;
    const variance = torch.ones([3], { dtype: "float64" }) as AnyTensor;
    const y = F.batchNorm(x.transpose(0, 0), mean, variance, { training: true, momentum: 0.25 });
    const m = x.mean([0, 2], { keepdim: true });
    const v = x.sub(m).square().mean([0, 2], { keepdim: true });
    close(y, x.sub(m).div(v.add(1e-5).sqrt()));
    close(mean, m.reshape([3]).mul(0.25));
    close(
      variance,
      v
        .reshape([3])
        .mul((8 / 7) * 0.25)
        .add(0.75),
    );
  });
  test("of inputs that are not contiguous", () => {
    generator.manualSeed(6);
    const x = random([3, 4, 2]);
    const t = x.transpose(0, 1);
    close(F.layerNorm(t, [2]), F.layerNorm(t.contiguous(), [2]));
    close(
      F.batchNorm(t, null, null, { training: true }),
      F.batchNorm(t.contiguous(), null, null, { training: true }),
    );
  });
  test("dtypes that differ are refused", () => {
    const x = torch.ones([2, 3]);
    expect(() => F.layerNorm(x, [3], { weight: floats([1, 1, 1]) })).toThrow(/mixed dtype/);
    expect(() => F.batchNorm(x, floats([0, 0, 0]), floats([1, 1, 1]))).toThrow(/mixed dtype/);
    expect(() => F.groupNorm(x.to("int32"), 1)).toThrow(torch.RuntimeError);
  });
});

describe("embedding", () => {
  test("gradients by row: padding gets none, frequent rows their share", () => {
    const w = floats([[1], [2], [3]]).requiresGrad_();
    F.embedding(ints([0, 1, 1, 2]), w, { paddingIdx: -1, scaleGradByFreq: true })
      .sum()
      .backward();
    expect(list(w.grad!)).toEqual([1, 1, 0]);
  });
  test("maxNorm scales the rows looked up, in the table itself", () => {
    const w = floats([
      [3, 4],
      [6, 8],
      [0.1, 0],
    ]);
    F.embedding(ints([0, 2]), w, { maxNorm: 1 });
    close(
      w,
      floats([
        [0.6, 0.8],
        [6, 8],
        [0.1, 0],
      ]),
      1e-6,
    );
  });
  test("rows are counted from 0 and no further than there are", () => {
    const w = floats([[1], [2]]);
    expect(() => F.embedding(ints([2]), w)).toThrow(torch.IndexError);
    expect(() => F.embedding(ints([-1]), w)).toThrow(torch.IndexError);
    expect(() => F.embedding(floats([1]), w)).toThrow(torch.RuntimeError);
    expect(() => F.embeddingBag(ints([-1]), w, ints([0]))).toThrow(torch.IndexError);
  });
});

describe("attention", () => {
  test("isCausal is a triangular mask; floats are added", () => {
    generator.manualSeed(8);
    const [q, k, v] = [random([2, 3, 4]), random([2, 3, 4]), random([2, 3, 5])];
    const mask = torch.ones([3, 3]).tril().to("bool");
    const causal = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    close(causal, F.scaledDotProductAttention(q, k, v, { attnMask: mask }));
    const scores = floats([
      [0, -50000, -50000],
      [0, 0, -50000],
      [0, 0, 0],
    ]);
    close(causal, F.scaledDotProductAttention(q, k, v, { attnMask: scores }));
  });
  test("a query without keys gets 0", () => {
    generator.manualSeed(9);
    const [q, k, v] = [random([2, 4]), random([2, 4]), random([2, 3])];
    const mask = torch.tensor([
      [false, false],
      [true, false],
    ]);
    const y = F.scaledDotProductAttention(q, k, v, { attnMask: mask });
    close(y, torch.stack([v.select(0, 0).mul(0), v.select(0, 0)]));
  });
  test("scale", () => {
    generator.manualSeed(10);
    const [q, k, v] = [random([2, 4]), random([3, 4]), random([3, 2])];
    close(F.scaledDotProductAttention(q, k, v, { scale: 0 }), v.mean(0, { keepdim: true }).expand([2, 2]));
  });
});

describe("classes", () => {
  test("nothing but ignored targets: NaN for a mean, 0 for a sum", () => {
    const x = floats([[1, 2]]);
    const ignored = ints([-100]);
    expect(F.crossEntropy(x, ignored).item()).toBeNaN();
    expect(F.crossEntropy(x, ignored, { reduction: "sum" }).item()).toBeCloseTo(0);
  });
  test("large scores stay finite", () => {
    expect(F.crossEntropy(floats([[1e4, -1e4]]), ints([1])).item()).toBe(2e4);
    expect(F.binaryCrossEntropyWithLogits(floats([-1e4]), floats([1])).item()).toBe(1e4);
    expect(F.softMarginLoss(floats([-1e4]), floats([1])).item()).toBe(1e4);
  });
  test("oneHot keeps the dtype, and takes what is there", () => {
    const x = torch.tensor([[0, 2]], { dtype: "int64" });
    const y = F.oneHot(x);
    expect([y.shape, y.dtype]).toEqual([[1, 2, 3], "int64"]);
    expect(y.tolist()).toEqual([
      [
        [1, 0, 0],
        [0, 0, 1],
      ],
    ]);
  });
  test("pixels and channels are shuffled and put back", () => {
    const x = torch.arange(48).reshape([2, 8, 1, 3]);
    expect(F.pixelUnshuffle(F.pixelShuffle(x, 2), 2).tolist()).toEqual(x.tolist());
    expect(F.channelShuffle(F.channelShuffle(x, 2), 4).tolist()).toEqual(x.tolist());
    expect(list(F.channelShuffle(torch.arange(4).reshape([1, 4, 1]), 2))).toEqual([0, 2, 1, 3]);
  });
});
