// Batch normalisation, after section 7.5 of Dive into Deep Learning (first edition): the layer by hand, and what it does to a deep
// network. https://d2l.ai/chapter_convolutional-modern/batch-norm.html

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";

type Tensor = torch.AnyTensor;

/** The running statistics after a batch. */
export interface Moving {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * The layer as a function: γ (x - μ) / √(σ² + ε) + β, where μ and σ² are those of the batch in training, and the running ones else.
 * Fully connected layers normalise each feature, convolutions each channel over the batch and all places.
 *
 * Differs from the book where PyTorch does: `momentum` is the share of the new batch (the book's is that of the old mean), and
 * the running variance gets the batch's unbiased one.
 *
 * **Shape** X [batch, features] or [batch, channels, height, width]; gamma, beta and the statistics [features].
 */
export function batchNorm(
  X: Tensor,
  gamma: Tensor,
  beta: Tensor,
  moving: Moving,
  { training, eps = 1e-5, momentum = 0.1 }: { training: boolean; eps?: number; momentum?: number },
): [Y: Tensor, moving: Moving] {
  const axes = X.shape.length === 2 ? [0] : [0, 2, 3];
  const wide = X.shape.length === 2 ? [1, -1] : [1, -1, 1, 1];
  const apply = (mean: Tensor, variance: Tensor): Tensor =>
    X.sub(mean.reshape(wide))
      .div(variance.reshape(wide).add(eps).sqrt())
      .mul(gamma.reshape(wide))
      .add(beta.reshape(wide));
  if (!training) return [apply(moving.mean, moving.variance), moving];
  const mean: Tensor = X.mean(axes);
  const variance: Tensor = X.sub(mean.reshape(wide)).square().mean(axes);
  const n = X.numel() / mean.numel();
  const towards = (old: Tensor, now: Tensor): Tensor => old.mul(1 - momentum).add(now.detach().mul(momentum));
  return [
    apply(mean, variance),
    { mean: towards(moving.mean, mean), variance: towards(moving.variance, variance.mul(n / (n - 1))) },
  ];
}

/** The same as a module; its five pieces of state have PyTorch's names. */
export class BatchNorm extends nn.Module {
  readonly weight: nn.Parameter;
  readonly bias: nn.Parameter;
  runningMean: Tensor;
  runningVar: Tensor;
  numBatchesTracked: Tensor;
  readonly momentum: number;

  constructor(numFeatures: number, momentum = 0.1) {
    super();
    this.momentum = momentum;
    this.weight = new nn.Parameter(torch.ones(numFeatures) as Tensor) as nn.Parameter;
    this.bias = new nn.Parameter(torch.zeros(numFeatures) as Tensor) as nn.Parameter;
    this.runningMean = this.registerBuffer("runningMean", torch.zeros(numFeatures));
    this.runningVar = this.registerBuffer("runningVar", torch.ones(numFeatures));
    this.numBatchesTracked = this.registerBuffer("numBatchesTracked", torch.tensor(0, { dtype: "int64" }));
  }

  override forward(X: Tensor): Tensor {
    const { training, momentum } = this;
    const [Y, moving] = batchNorm(
      X,
      this.weight,
      this.bias,
      { mean: this.runningMean, variance: this.runningVar },
      { training, momentum },
    );
    if (training)
      torch.noGrad(() => {
        this.runningMean.copy_(moving.mean);
        this.runningVar.copy_(moving.variance);
        this.numBatchesTracked.add_(1);
      });
    return Y;
  }
}

/** Largest difference of outputs, gradients and running statistics between the layer by hand and PyTorch's, after a few batches. */
export function compareByHand(shape: readonly number[]): number {
  const features = shape[1] as number;
  const theirs = shape.length === 2 ? new nn.BatchNorm1d(features) : new nn.BatchNorm2d(features);
  const ours = new BatchNorm(features);
  const pairs: [Tensor, Tensor][] = [];
  for (let batch = 0; batch < 4; batch++) {
    // The last batch is looked at in evaluation.
    for (const layer of [ours, theirs]) layer.train(batch < 3);
    const X = torch.normal(batch, 2, shape);
    const outputs = [ours(X), (theirs as nn.Module).forward(X) as Tensor] as const;
    for (const Y of outputs)
      if (batch < 3) Y.mul(torch.arange(Y.numel()).reshape(Y.shape).sin()).sum().backward();
    pairs.push([...outputs]);
  }
  pairs.push(
    [ours.weight.grad!, theirs.weight!.grad!],
    [ours.bias.grad!, theirs.bias!.grad!],
    [ours.runningMean, theirs.runningMean!],
    [ours.runningVar, theirs.runningVar!],
  );
  return Math.max(...pairs.map(([a, b]) => Number(a.sub(b).abs().max().div(b.abs().max()).item())));
}

/** Points on `classes` arms of a spiral, and which arm each is on. */
export function spirals(n: number, classes = 3): [X: Tensor, y: Tensor] {
  const k = torch.arange(n).remainder(classes);
  const t: Tensor = torch.rand(n);
  const noise: Tensor = torch.normal(0, 0.15, [n]);
  const angle = t
    .mul(5)
    .add(k.mul((2 * Math.PI) / classes))
    .add(noise);
  return [torch.stack([t.mul(angle.sin()), t.mul(angle.cos())], 1).mul(3), k];
}

export type Activation = "sigmoid" | "tanh" | "relu";

/** A network as deep as one likes. */
export interface DeepSettings {
  readonly depth: number;
  readonly width: number;
  readonly activation: Activation;
  /** Whether each hidden layer is normalised before its activation. */
  readonly normalise: boolean;
  /** Share of a new batch in the running statistics; null: all batches count alike. */
  readonly momentum: number | null;
  readonly lr: number;
}

/** What a probe of a network finds: the activations of each hidden layer, for the same examples each time. */
export type Activations = readonly Tensor[];

/** A deep network for the spirals, its training, and looks inside. */
export class Deep {
  readonly linears: readonly nn.Linear[];
  readonly norms: readonly nn.BatchNorm1d[];
  readonly net: nn.Sequential;
  /** Norm of the gradient of each layer's weights in the last step, first layer first. */
  gradients: readonly number[] = [];
  readonly #activate: (x: Tensor) => Tensor;
  readonly #step: (X: Tensor, y: Tensor) => Tensor[];

  constructor({ depth, width, activation, normalise, momentum, lr }: DeepSettings) {
    const make = { sigmoid: () => new nn.Sigmoid(), tanh: () => new nn.Tanh(), relu: () => new nn.ReLU() }[
      activation
    ];
    const hidden = Array.from(
      { length: depth },
      (_, i) => new nn.Linear(i === 0 ? 2 : width, width) as nn.Linear,
    );
    const out = new nn.Linear(width, 3) as nn.Linear;
    this.linears = [...hidden, out];
    this.norms = normalise ? hidden.map(() => new nn.BatchNorm1d(width, { momentum })) : [];
    const layers = hidden.flatMap((linear, i): nn.Module[] => [
      linear,
      ...(normalise ? [this.norms[i] as nn.Module] : []),
      make(),
    ]);
    const net = new nn.Sequential(...layers, out) as unknown as nn.Sequential;
    this.net = net;
    const activate = make() as nn.Module;
    this.#activate = (x) => activate.forward(x);
    const trainer = new optim.SGD(net.parameters(), { lr });
    this.#step = torch.compile((X: Tensor, y: Tensor): Tensor[] => {
      trainer.zeroGrad();
      const l = nn.functional.crossEntropy(net(X) as Tensor, y);
      l.backward();
      const norms = this.linears.map(({ weight }) => (weight.grad as Tensor).norm());
      trainer.step();
      return [l, ...norms];
    });
  }

  /** One step of gradient descent; returns the loss of the batch before it. */
  step(X: Tensor, y: Tensor): number {
    const [loss = 0, ...gradients] = this.#step(X, y).map((t) => Number(t.item()));
    this.gradients = gradients;
    return loss;
  }

  /** The activations of each hidden layer, normalised by the examples' own statistics; nothing is changed. */
  probe(X: Tensor): Activations {
    return torch.noGrad(() => {
      let h = X;
      return this.linears.slice(0, -1).map((linear, i) => {
        h = linear(h);
        const norm = this.norms[i];
        if (norm)
          h = nn.functional.batchNorm(h, null, null, {
            weight: norm.weight,
            bias: norm.bias,
            training: true,
          });
        h = this.#activate(h);
        return h;
      });
    });
  }

  /** The share of right answers; the network is in training mode or in evaluation mode meanwhile. */
  accuracy(X: Tensor, y: Tensor, training = false): number {
    // The running statistics are put back: looking must not change what is looked at.
    const buffers = [...this.net.buffers()].map((buffer) => [buffer, buffer.clone()] as const);
    this.net.train(training);
    const right = torch.noGrad(() => d2l.accuracy(this.net(X) as Tensor, y));
    torch.noGrad(() => {
      for (const [buffer, before] of buffers) buffer.copy_(before);
    });
    this.net.train();
    return right / (y.shape[0] as number);
  }

  /** The five pieces of state of a layer's first feature. */
  state(layer: number): State | null {
    const norm = this.norms[layer];
    if (!norm) return null;
    const first = (t: Tensor | null): number => Number(t?.at(0).item() ?? Number.NaN);
    return {
      weight: first(norm.weight),
      bias: first(norm.bias),
      runningMean: first(norm.runningMean),
      runningVar: first(norm.runningVar),
      numBatchesTracked: Number(norm.numBatchesTracked?.item() ?? 0),
    };
  }
}

export interface State {
  readonly weight: number;
  readonly bias: number;
  readonly runningMean: number;
  readonly runningVar: number;
  readonly numBatchesTracked: number;
}

/** The range in which the activations are counted. */
export const rangeOf: Readonly<Record<Activation, readonly [number, number]>> = {
  sigmoid: [0, 1],
  tanh: [-1, 1],
  relu: [0, 3],
};

/** How many activations of a layer lie in each of `bins` equal parts of the range. */
export function histogram(activations: Tensor, activation: Activation, bins: number): number[] {
  const [min, max] = rangeOf[activation];
  return (activations.histc(bins, min, max).tolist() as number[]).map(Number);
}

/** The running mean of a layer that sees batches of N(3, 2²), for each momentum, after each batch. */
export function runningMeans(
  momenta: readonly (number | null)[],
  numBatches: number,
  batchSize: number,
): { means: number[][]; batch: number[] } {
  const layers = momenta.map((momentum) => new nn.BatchNorm1d(1, { momentum }));
  const means: number[][] = momenta.map(() => []);
  const batch: number[] = [];
  for (let i = 0; i < numBatches; i++) {
    const X = torch.normal(3, 2, [batchSize, 1]);
    batch.push(Number(X.mean().item()));
    layers.forEach((layer, k) => {
      layer(X);
      means[k]!.push(Number(layer.runningMean!.item()));
    });
  }
  return { means, batch };
}
