// Random functions for torch.compile: ops over arguments, parameters and modules, a loss, gradients, an optimizer's step.

import * as torch from "../../src/index.ts";
import { nn, optim } from "../../src/index.ts";
import { Random } from "../ir/random-numbers.ts";
import type { Pool } from "./random-ops.ts";
import { addRandomOp, randomLoss, tame } from "./random-ops.ts";

type Tensor = torch.AnyTensor;
type Float = "float32" | "float64";

export interface RandomStep {
  /** The function: it gives a list of tensors. */
  readonly fn: (...args: Tensor[]) => Tensor[];
  /** Whether gradients are differentiated: of what runs in JavaScript they cannot be. */
  readonly penalized: boolean;
  /** Whether gradients that the optimizer has used are added to. */
  readonly accumulates: boolean;
  /** New arguments, the same for the same number of call. */
  args(call: number): Tensor[];
  /** What is done between calls: options of the optimizer change. */
  before(call: number): void;
  /** What a call leaves behind: parameters, gradients, buffers. */
  state(): [name: string, value: Tensor | null][];
}

/** Distribution of data: `noise` is a relative change, to see how much results depend on roundings. */
class Data {
  readonly #random: Random;
  readonly #noise: number;
  constructor(random: Random, noise: number) {
    this.#random = random;
    this.#noise = noise;
  }
  floats(shape: readonly number[], dtype: Float, scale = 1): Tensor {
    const n = shape.reduce((a, b) => a * b, 1);
    const values = Float64Array.from({ length: n }, (_, i) => {
      const x = (this.#random.next() * 4 - 2) * scale;
      return x * (1 + (i % 2 === 0 ? this.#noise : -this.#noise));
    });
    return torch.tensor(values, { dtype }).reshape(shape);
  }
  numbers(n: number, below: number): Tensor {
    return torch.tensor(
      Array.from({ length: n }, () => this.#random.below(below)),
      {
        dtype: this.#random.chance(0.5) ? "int64" : "int32",
      },
    );
  }
}

const shapes: readonly (readonly number[])[] = [
  [],
  [1],
  [5],
  [8],
  [4, 3],
  [3, 4],
  [6, 8],
  [5, 1],
  [2, 3, 4],
  [1, 4, 5],
  [2, 1, 3, 4],
  [33],
  [7, 17],
];

type Layer = (x: Tensor) => Tensor;

/** The outputs of a recurrent layer without its last states. */
class Last extends nn.Module {
  readonly layer: nn.Module;
  constructor(layer: nn.Module) {
    super();
    this.layer = layer;
  }
  override forward(x: Tensor): Tensor {
    return (this.layer as unknown as (x: Tensor) => [Tensor, unknown])(x)[0];
  }
}

/** Small modules, what they take, and what they are. */
function randomModule(random: Random, dtype: Float): { net: nn.Module; shape: readonly number[] } {
  const make = random.pick<() => { net: nn.Module; shape: readonly number[] }>([
    () => ({
      net: new nn.Sequential(new nn.Linear(4, 6), new nn.ReLU(), new nn.Linear(6, 3)),
      shape: [5, 4],
    }),
    () => ({
      net: new nn.Sequential(new nn.Linear(4, 6), new nn.Tanh(), new nn.Dropout(0.25), new nn.Linear(6, 4)),
      shape: [3, 5, 4],
    }),
    () => ({
      net: new nn.Sequential(new nn.Linear(3, 5), new nn.BatchNorm1d(5), new nn.GELU()),
      shape: [6, 3],
    }),
    () => ({
      net: new nn.Sequential(
        new nn.Conv2d(2, 3, 3, { padding: 1 }),
        new nn.BatchNorm2d(3),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(12, 3),
      ),
      shape: [4, 2, 4, 5],
    }),
    () => ({
      net: new nn.Sequential(
        new nn.Conv2d(1, 4, [2, 3], { stride: 2 }),
        new nn.Sigmoid(),
        new nn.AvgPool2d(2),
      ),
      shape: [2, 1, 6, 9],
    }),
    () => ({
      net: new nn.Sequential(new nn.Conv1d(3, 4, 3, { padding: 1, groups: 1 }), new nn.GroupNorm(2, 4)),
      shape: [2, 3, 7],
    }),
    () => ({
      net: new nn.Sequential(new nn.LayerNorm(8, { eps: 0.01 }), new nn.Linear(8, 3)),
      shape: [2, 3, 8],
    }),
    () => ({ net: new Last(new nn.GRU(3, 4, { batchFirst: true })), shape: [2, 4, 3] }),
    () => ({ net: new Last(new nn.LSTM(3, 4, { numLayers: 2 })), shape: [3, 2, 3] }),
    () => ({
      net: new nn.Sequential(
        new nn.ConvTranspose2d(2, 3, 3, { stride: 2 }),
        new nn.InstanceNorm2d(3, { affine: true }),
      ),
      shape: [2, 2, 3, 4],
    }),
    () => ({
      net: new nn.Sequential(
        new nn.Conv2d(2, 4, 3, { groups: 2, padding: 1 }),
        new nn.PReLU(),
        new nn.AdaptiveAvgPool2d(2),
        new nn.Dropout2d(0.2),
      ),
      shape: [2, 2, 5, 5],
    }),
    () => ({
      net: new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12, dropout: 0.1, batchFirst: true }),
      shape: [2, 4, 8],
    }),
  ]);
  const made = make();
  if (dtype === "float64") made.net.to(dtype);
  return made;
}

function randomOptimizer(random: Random, params: Tensor[]): optim.Optimizer {
  const [a, b] = [params.slice(0, Math.ceil(params.length / 2)), params.slice(Math.ceil(params.length / 2))];
  // What moves parameters by the sign of a gradient would follow the roundings of one that is 0: eps is large.
  const eps = 0.05;
  const groups =
    b.length > 0 && random.chance(0.4) ? [{ params: a, weightDecay: 0.05 }, { params: b }] : params;
  return random.pick<() => optim.Optimizer>([
    () => new optim.SGD(groups as Tensor[], { lr: 0.05 }),
    () => new optim.SGD(groups as Tensor[], { lr: 0.05, momentum: 0.9, nesterov: random.chance(0.5) }),
    () => new optim.SGD(groups as Tensor[], { lr: 0.05, momentum: 0.8, dampening: 0.1, weightDecay: 0.01 }),
    () => new optim.Adam(groups as Tensor[], { lr: 0.02, eps, amsgrad: random.chance(0.3) }),
    () => new optim.Adam(groups as Tensor[], { lr: 0.02, eps, weightDecay: 0.01 }),
    () => new optim.AdamW(groups as Tensor[], { lr: 0.02, eps, weightDecay: 0.1 }),
    () => new optim.RMSprop(groups as Tensor[], { lr: 0.01, eps, momentum: 0.5 }),
    () => new optim.Adagrad(groups as Tensor[], { lr: 0.05, eps }),
  ])();
}

/** The step of a seed, with parameters and modules of its own. `noise` changes all data a little. */
export function randomStep(seed: number, noise = 0): RandomStep {
  const random = new Random(seed);
  const dtype: Float = random.chance(0.85) ? "float32" : "float64";
  const data = new Data(new Random(seed + 1), noise);
  torch.manualSeed(seed);
  const kind = random.pick(["forward", "gradients", "train", "train"] as const);
  const inputs = Array.from({ length: random.between(1, 3) }, () => random.pick(shapes));
  // One call may have arguments of other shapes: another program, with other ops perhaps.
  const others = random.chance(0.15) ? inputs.map(() => random.pick(shapes)) : inputs;
  const parameters = Array.from({ length: random.between(1, 3) }, () =>
    data.floats(random.pick(shapes), dtype, 0.5).requiresGrad_(),
  );
  const buffers = Array.from({ length: random.below(3) }, () => data.floats(random.pick(shapes), dtype));
  const weights = new Map<string, Tensor>();
  const count = random.between(3, 14);
  const module = random.chance(0.35) ? randomModule(random, dtype) : null;
  const opsSeed = random.below(2 ** 31);
  const useWeightDirectly = random.chance(0.3);

  const forward = (args: readonly Tensor[]): Pool => {
    const pool: Pool = {
      random: new Random(opsSeed),
      floats: [...args.slice(0, inputs.length), ...parameters],
      numbers: args.slice(inputs.length, inputs.length + 1),
      buffers,
      weight: (rows, columns) => {
        const key = `${rows} ${columns}`;
        if (!weights.has(key))
          weights.set(
            key,
            data.floats([rows, columns], dtype, 0.7 / Math.sqrt(Math.max(rows, columns))).requiresGrad_(),
          );
        return weights.get(key)!;
      },
    };
    if (module) pool.floats.push(tame((module.net as unknown as Layer)(args.at(-1)!)));
    for (let i = 0; i < count; i++) addRandomOp(pool);
    if (useWeightDirectly) for (const w of weights.values()) pool.floats.push(w.mul(2));
    return pool;
  };
  const args = (call: number): Tensor[] => {
    const fresh = new Data(new Random(seed * 31 + call), noise);
    const all = (call === 2 ? others : inputs).map((shape) => fresh.floats(shape, dtype));
    all.push(fresh.numbers(5, 3));
    if (module) all.push(fresh.floats(module.shape, dtype));
    return all;
  };
  // The weights are known after first runs, whose effects are undone.
  const kept = buffers.map((b) => b.clone());
  for (const call of [0, 2]) torch.noGrad(() => forward(args(call)));
  buffers.forEach((b, i) => {
    b.copy_(kept[i]!);
  });
  const trained = [...parameters, ...weights.values(), ...(module ? [...module.net.parameters()] : [])];
  const optimizer = kind === "train" ? randomOptimizer(random, trained) : null;
  const clip = random.chance(0.2);
  const accumulate = random.chance(0.2);
  torch.manualSeed(seed);
  if (module && random.chance(0.15)) module.net.eval();
  const meddling = random.chance(0.3) ? random.pick(["parameter", "mode", "state", "frozen"] as const) : null;
  const penalized = random.chance(0.1);

  const fn = (...list: Tensor[]): Tensor[] => {
    if (kind === "forward") {
      const pool = forward(list);
      return pool.floats.slice(-3).map((x) => x.detach());
    }
    if (optimizer && !accumulate) optimizer.zeroGrad();
    const pool = forward(list);
    let loss = randomLoss(pool);
    const [first] = parameters;
    if (penalized && loss.requiresGrad && first!.requiresGrad) {
      const [g] = torch.autograd.grad(loss, [first!], { createGraph: true, allowUnused: true });
      if (g) loss = loss.add(g.square().mean().mul(0.1));
    }
    if (loss.requiresGrad) loss.backward();
    if (optimizer && clip) nn.utils.clipGradNorm_(trained, 0.5);
    optimizer?.step();
    return [loss.detach(), pool.floats.at(-1)!.detach()];
  };
  /** What eager code does between calls. */
  const meddle = (call: number): void => {
    const [first] = parameters;
    if (meddling === "parameter") torch.noGrad(() => first!.mul_(0.9).add_(0.01));
    else if (meddling === "mode") module?.net.train(call % 2 === 1);
    else if (meddling === "frozen") first!.requiresGrad = call % 2 === 1;
    else if (meddling === "state" && call === 2) {
      optimizer?.loadStateDict(optimizer.stateDict());
      module?.net.loadStateDict(module.net.stateDict());
    }
  };
  return {
    fn,
    penalized,
    accumulates: accumulate,
    args,
    before: (call) => {
      if (kind === "gradients") for (const p of trained) p.grad = null;
      for (const group of optimizer?.paramGroups ?? [])
        (group as unknown as { lr: number }).lr *= call % 2 === 0 ? 0.9 : 1.05;
      if (call > 0) meddle(call);
    },
    state: () => [
      ...trained.map((p, i): [string, Tensor] => [`parameter ${i}`, p]),
      ...(kind === "gradients"
        ? trained.map((p, i): [string, Tensor | null] => [`gradient ${i}`, p.grad])
        : []),
      ...buffers.map((b, i): [string, Tensor] => [`buffer ${i}`, b]),
      ...[...(module?.net.namedBuffers() ?? [])].map(([name, b]): [string, Tensor] => [name, b]),
    ],
  };
}
