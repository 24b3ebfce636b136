import { describe, expect, it } from "vitest";
import * as torch from "../../../src/index.ts";
import { compare } from "./runtime.ts";

const { nn } = torch;
const batch = { dynamicAxes: { input: { 0: "batch" } } };

class ResidualBlock extends nn.Module {
  readonly conv1: torch.nn.Conv2d;
  readonly bn1: torch.nn.BatchNorm2d;
  readonly conv2: torch.nn.Conv2d;
  readonly bn2: torch.nn.BatchNorm2d;
  readonly shortcut: torch.nn.Conv2d;

  constructor(input: number, output: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(input, output, 3, { padding: 1, stride });
    this.bn1 = new nn.BatchNorm2d(output);
    this.conv2 = new nn.Conv2d(output, output, 3, { padding: 1 });
    this.bn2 = new nn.BatchNorm2d(output);
    this.shortcut = new nn.Conv2d(input, output, 1, { stride });
  }
  forward(x: torch.AnyTensor): torch.AnyTensor {
    const y = this.bn2(this.conv2(this.bn1(this.conv1(x)).relu()));
    return y.add(this.shortcut(x)).relu();
  }
}

class Tagger extends nn.Module {
  readonly embedding = new nn.Embedding(20, 8, { paddingIdx: 0 });
  readonly encoder = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true }),
    2,
  );
  readonly head = new nn.Linear(8, 5);
  forward(tokens: torch.AnyTensor): torch.AnyTensor {
    const padding = tokens.eq(0);
    return this.head(this.encoder(this.embedding(tokens), { srcKeyPaddingMask: padding }));
  }
}

describe("models in onnxruntime", () => {
  it("MLP", async () => {
    torch.manualSeed(0);
    const net = new nn.Sequential(
      new nn.Flatten(),
      new nn.Linear(784, 256),
      new nn.ReLU(),
      new nn.Dropout(0.5),
      new nn.Linear(256, 10),
    );
    await compare(net, (n) => [torch.randn(n, 1, 28, 28)], batch);
    expect(net.training).toBe(true);
  });

  it("LeNet with batch normalisation", async () => {
    torch.manualSeed(1);
    const net = new nn.Sequential(
      new nn.Conv2d(1, 6, 5, { padding: 2 }),
      new nn.BatchNorm2d(6),
      new nn.Sigmoid(),
      new nn.AvgPool2d(2, { stride: 2 }),
      new nn.Conv2d(6, 16, 5),
      new nn.BatchNorm2d(16),
      new nn.Sigmoid(),
      new nn.AvgPool2d(2, { stride: 2 }),
      new nn.Flatten(),
      new nn.Linear(400, 120),
      new nn.BatchNorm1d(120),
      new nn.Sigmoid(),
      new nn.Linear(120, 84),
      new nn.Sigmoid(),
      new nn.Linear(84, 10),
    );
    // Statistics other than those of a new module.
    for (let i = 0; i < 3; i++) net(torch.randn(16, 1, 28, 28).mul(3).add(1));
    await compare(net, (n) => [torch.randn(n, 1, 28, 28)], batch);
  });

  it("ResNet block, with a dynamic size of the image", async () => {
    torch.manualSeed(2);
    const net = new nn.Sequential(
      new ResidualBlock(3, 8, 2),
      new ResidualBlock(8, 8, 1),
      new nn.AdaptiveAvgPool2d(1),
      new nn.Flatten(),
      new nn.Linear(8, 4),
    ).eval();
    const axes = { dynamicAxes: { input: { 0: "batch", 2: "height", 3: "width" } } };
    await compare(net, (n) => [torch.randn(n, 3, 8 * n, 9)], axes);
  });

  for (const bidirectional of [false, true])
    for (const numLayers of [1, 2])
      for (const batchFirst of [false, true]) {
        const options = { bidirectional, numLayers, batchFirst };
        const axes = { dynamicAxes: { input: { 0: "first", 1: "second" } } };
        const title = JSON.stringify(options);
        it(`RNN, GRU and LSTM ${title}`, async () => {
          torch.manualSeed(3);
          for (const net of [
            new nn.RNN(6, 7, options),
            new nn.RNN(6, 7, { ...options, nonlinearity: "relu", bias: false }),
            new nn.GRU(6, 7, options),
            new nn.LSTM(6, 7, options),
          ])
            await compare(net, (n) => [torch.randn(n + 1, 2 * n, 6)], axes);
        });
      }

  it("GRU and LSTM with initial states", async () => {
    torch.manualSeed(4);
    const axes = {
      dynamicAxes: { input_0: { 1: "batch" }, input_1: { 1: "batch" }, input_2: { 1: "batch" } },
    };
    const { input_0, input_1 } = axes.dynamicAxes;
    const gru = new nn.GRU(3, 4, { numLayers: 2 });
    await compare(gru, (n) => [torch.randn(5, n, 3), torch.randn(2, n, 4)], {
      dynamicAxes: { input_0, input_1 },
    });
    const lstm = new nn.LSTM(3, 4, { bidirectional: true });
    await compare(lstm, (n) => [torch.randn(5, n, 3), [torch.randn(2, n, 4), torch.randn(2, n, 4)]], axes);
  });

  it("LSTM with projections and cells, step by step", async () => {
    torch.manualSeed(5);
    const axes = { dynamicAxes: { input: { 1: "batch" } } };
    await compare(new nn.LSTM(3, 6, { projSize: 2 }), (n) => [torch.randn(4, n, 3)], axes);
    const cell = new nn.LSTMCell(3, 4);
    const gru = new nn.GRUCell(4, 2);
    const unrolled = (x: torch.AnyTensor): torch.AnyTensor[] => {
      let state = [torch.zeros(x.shape[1], 4), torch.zeros(x.shape[1], 4)] as [
        torch.AnyTensor,
        torch.AnyTensor,
      ];
      let h: torch.AnyTensor = torch.zeros(x.shape[1], 2);
      for (const step of x) {
        state = cell(step, state) as typeof state;
        h = gru(state[0], h);
      }
      return [h, ...state];
    };
    await compare(unrolled, (n) => [torch.randn(4, n, 3)], axes);
  });

  it("Transformer encoder with token ids, padding and a dynamic length", async () => {
    torch.manualSeed(6);
    const net = new Tagger().eval();
    const axes = { dynamicAxes: { input: { 0: "batch", 1: "time" } } };
    for (const dtype of ["int32", "int64"] as const)
      await compare(net, (n) => [torch.randint(1, 20, [n, n + 3], { dtype })], axes);
  });

  it("Transformer encoder with a causal mask that follows the length", async () => {
    torch.manualSeed(7);
    const layer = new nn.TransformerEncoderLayer(8, 2, {
      dimFeedforward: 16,
      normFirst: true,
      activation: "gelu",
    });
    const encoder = new nn.TransformerEncoder(layer, 1).eval();
    const causal = (x: torch.AnyTensor): torch.AnyTensor =>
      encoder(x, { mask: torch.ones(x.shape[0], x.shape[0], { dtype: "bool" }).triu(1) });
    const square = (x: torch.AnyTensor): torch.AnyTensor =>
      encoder(x, { mask: nn.Transformer.generateSquareSubsequentMask(x.shape[0]) });
    const axes = { dynamicAxes: { input: { 0: "time", 1: "batch" } } };
    for (const model of [causal, square]) await compare(model, (n) => [torch.randn(n + 2, n, 8)], axes);
  });

  it("an encoder and a decoder", async () => {
    torch.manualSeed(8);
    const net = new nn.Transformer({
      dModel: 8,
      nhead: 2,
      numEncoderLayers: 1,
      numDecoderLayers: 1,
      dimFeedforward: 16,
    }).eval();
    const axes = {
      dynamicAxes: { input_0: { 0: "source", 1: "batch" }, input_1: { 0: "target", 1: "batch" } },
    };
    await compare(net, (n) => [torch.randn(n + 2, n, 8), torch.randn(n + 1, n, 8)], axes);
  });

  it("a function that torch.compile made", async () => {
    torch.manualSeed(9);
    const net = new nn.Linear(4, 3);
    const compiled = torch.compile((x: torch.AnyTensor) => net(x).softmax(-1));
    for (let i = 0; i < 3; i++) torch.noGrad(() => compiled(torch.randn(2, 4)));
    await compare(compiled as (...args: unknown[]) => unknown, (n) => [torch.randn(n, 4)], batch);
  });
});
