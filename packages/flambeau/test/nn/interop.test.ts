// Models of PyTorch (fixtures/interop.json, written by fixtures/interop.py): their state dicts load by name, and give
// PyTorch's outputs, gradients and running statistics.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { Module } from "../../src/nn/index.ts";

type Tensor = torch.AnyTensor;
const { nn } = torch;

interface TensorData {
  readonly shape: number[];
  readonly dtype: torch.DType;
  readonly data: number[];
}
interface Case {
  readonly state: Record<string, TensorData>;
  readonly inputs: TensorData[];
  readonly eval: TensorData[];
  readonly train: TensorData[];
  readonly gradOut: TensorData[];
  readonly grads: Record<string, TensorData>;
  readonly after: Record<string, TensorData>;
}
const recorded = JSON.parse(
  readFileSync(new URL("./fixtures/interop.json", import.meta.url), "utf8"),
) as Record<string, Case>;

const tensorOf = ({ shape, dtype, data }: TensorData): Tensor =>
  torch.tensor(dtype === "int64" ? data.map(BigInt) : data, { dtype }).reshape(shape);
const flat = (out: unknown): Tensor[] =>
  torch.isTensor(out) ? [out] : (out as unknown[]).filter((x) => x !== null).flatMap(flat);

function expectClose(actual: Tensor, wanted: TensorData, what: string): void {
  expect(actual.shape, what).toEqual(wanted.shape);
  expect(actual.dtype, what).toBe(wanted.dtype);
  const got = actual.toTypedArray();
  wanted.data.forEach((v, i) => {
    const error = Math.abs(Number(got[i]) - v);
    expect(error, `${what}[${i}]: ${got[i]} and ${v}`).toBeLessThanOrEqual(2e-6 + 2e-5 * Math.abs(v));
  });
}
function expectAllClose(actual: readonly Tensor[], wanted: readonly TensorData[], what: string): void {
  expect(actual.length, what).toBe(wanted.length);
  wanted.forEach((w, i) => {
    expectClose(actual[i]!, w, `${what} ${i}`);
  });
}

/** The residual block of ResNet-18, with the names that PyTorch's has. */
class BasicBlock extends Module {
  conv1: torch.nn.Conv2d<number, number>;
  bn1: torch.nn.BatchNorm2d<number>;
  relu: torch.nn.ReLU;
  conv2: torch.nn.Conv2d<number, number>;
  bn2: torch.nn.BatchNorm2d<number>;
  downsample: Module;
  constructor(inplanes: number, planes: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(inplanes, planes, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(planes);
    this.relu = new nn.ReLU({ inplace: true });
    this.conv2 = new nn.Conv2d(planes, planes, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(planes);
    this.downsample = new nn.Sequential(
      new nn.Conv2d(inplanes, planes, 1, { stride, bias: false }),
      new nn.BatchNorm2d(planes),
    );
  }
  forward(x: Tensor): Tensor {
    const inner: Tensor = this.relu(this.bn1(this.conv1(x)));
    const out: Tensor = this.bn2(this.conv2(inner));
    return this.relu(out.add_((this.downsample as unknown as (x: Tensor) => Tensor)(x)));
  }
}

/** A language model whose output layer is its table of words. */
class TiedModel extends Module {
  tokenEmbedding: torch.nn.Embedding<number, number>;
  proj: torch.nn.Linear;
  decoder: torch.nn.Linear;
  constructor(words: number, features: number) {
    super();
    this.tokenEmbedding = new nn.Embedding(words, features);
    this.proj = new nn.Linear(features, features);
    this.decoder = new nn.Linear(features, words);
    this.decoder.weight = this.tokenEmbedding.weight;
  }
  forward(words: Tensor): Tensor {
    return this.decoder((this.proj(this.tokenEmbedding(words)) as Tensor).tanh());
  }
}

const sizes = [8, 2, 2, 2, 12] as const;
const models: Record<string, () => Module> = {
  transformer: () => new nn.Transformer(...sizes, { dropout: 0 }),
  transformerGelu: () =>
    new nn.Transformer(...sizes, { dropout: 0, activation: "gelu", batchFirst: true, normFirst: true }),
  rnn: () => new nn.RNN(3, 4, { numLayers: 2, nonlinearity: "relu", bias: false }),
  lstm: () => new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true }),
  lstmProjected: () =>
    new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true, projSize: 2, batchFirst: true }),
  gru: () => new nn.GRU(3, 4, { numLayers: 2, bidirectional: true }),
  basicBlock: () => new BasicBlock(3, 4, 2),
  attention: () => new nn.MultiheadAttention(6, 2, { addBiasKv: true }),
  attentionApart: () => new nn.MultiheadAttention(6, 3, { kdim: 4, vdim: 5, batchFirst: true }),
  tied: () => new TiedModel(7, 4),
};

test("every recorded model is run", () => {
  expect(Object.keys(models)).toEqual(Object.keys(recorded));
});

describe.each(Object.entries(models))("%s", (name, make) => {
  const c = recorded[name]!;
  const loaded = (): [Module, (...args: Tensor[]) => unknown] => {
    const m = make();
    m.loadStateDict(Object.fromEntries(Object.entries(c.state).map(([k, t]) => [k, tensorOf(t)])));
    return [m, m as unknown as (...args: Tensor[]) => unknown];
  };

  test("names what it holds as PyTorch does, in its order", () => {
    const m = make();
    expect(Object.keys(m.stateDict())).toEqual(Object.keys(c.state));
    expect([...m.namedParameters()].map(([key]) => key)).toEqual(Object.keys(c.grads));
  });

  test("holds what was loaded, exactly", () => {
    const [m] = loaded();
    for (const [key, t] of Object.entries(m.stateDict())) {
      const { shape, dtype, data } = c.state[key]!;
      expect([t.shape, t.dtype], key).toEqual([shape, dtype]);
      expect(Array.from(t.toTypedArray(), Number), key).toEqual(data.map(Math.fround));
    }
  });

  test("gives PyTorch's outputs in evaluation", () => {
    const [m, call] = loaded();
    m.eval();
    expectAllClose(flat(call(...c.inputs.map(tensorOf))), c.eval, "output");
    torch.noGrad(() => expectAllClose(flat(call(...c.inputs.map(tensorOf))), c.eval, "output without grad"));
  });

  test("gives PyTorch's outputs, gradients and state in training", () => {
    const [m, call] = loaded();
    const out = flat(call(...c.inputs.map(tensorOf)));
    expectAllClose(out, c.train, "output");
    const terms: Tensor[] = c.gradOut.map((w, i) => out[i]!.mul(tensorOf(w)).sum());
    terms.reduce((a, b) => a.add(b)).backward();
    for (const [key, p] of m.namedParameters()) expectClose(p.grad!, c.grads[key]!, `gradient of ${key}`);
    for (const [key, t] of Object.entries(m.stateDict())) {
      const changed = c.after[key];
      if (changed) expectClose(t, changed, key);
      else expect(Array.from(t.toTypedArray(), Number), key).toEqual(c.state[key]!.data.map(Math.fround));
    }
  });
});
