// The network and the optimizers that both sides train, as in interop.py.

import * as torch from "flambeau";
import { nn, optim } from "flambeau";

type Network = nn.Sequential;

export const network = (): Network =>
  new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 3));

export const optimizers: Readonly<Record<string, (net: Network) => optim.Optimizer>> = {
  SGD: (net) =>
    new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true }),
  Adam: (net) => new optim.Adam(net.parameters(), { lr: 0.01, amsgrad: true }),
  AdamW: (net) => new optim.AdamW(net.parameters(), { lr: 0.01, betas: [0.8, 0.99] }),
  RMSprop: (net) => new optim.RMSprop(net.parameters(), { lr: 0.01, momentum: 0.5, centered: true }),
};

/** What a checkpoint of training holds. */
export interface Saved {
  readonly model: nn.StateDict;
  readonly optimizer: optim.OptimizerStateDict;
  readonly x: torch.AnyTensor;
  readonly y: torch.AnyTensor;
}

function train(net: Network, optimizer: optim.Optimizer, x: torch.AnyTensor, y: torch.AnyTensor): void {
  for (let step = 0; step < 3; step++) {
    optimizer.zeroGrad();
    nn.functional.mseLoss(net(x), y).backward();
    optimizer.step();
  }
}

/** A checkpoint after three steps, made here. */
export function trained(name: string): Saved {
  const net = network();
  const optimizer = optimizers[name]!(net);
  const [x, y] = [torch.randn(10, 4), torch.randn(10, 3)];
  train(net, optimizer, x, y);
  return { model: net.stateDict(), optimizer: optimizer.stateDict(), x, y };
}

/** Three more steps from a checkpoint. */
export function resumed(name: string, saved: Saved): nn.StateDict {
  const net = network();
  const optimizer = optimizers[name]!(net);
  net.loadStateDict(saved.model);
  optimizer.loadStateDict(saved.optimizer);
  train(net, optimizer, saved.x, saved.y);
  return net.stateDict();
}

/** Numbers of a state dict in nested lists. */
export type Numbers = Readonly<Record<string, unknown>>;

const flat = (x: unknown): number[] => (Array.isArray(x) ? x.flatMap(flat) : [x as number]);

/** The largest difference between two state dicts. */
export function distance(ours: nn.StateDict, theirs: Numbers): number {
  let largest = 0;
  for (const [key, x] of Object.entries(ours)) {
    const expected = flat(theirs[key]);
    flat(x.tolist()).forEach((v, i) => {
      largest = Math.max(largest, Math.abs(v - expected[i]!));
    });
  }
  return largest;
}

/** Modules whose state dicts are in the case "modules", as in interop.py. */
export const modules: Readonly<Record<string, () => Pick<nn.Module, "loadStateDict" | "stateDict">>> = {
  conv: () =>
    new nn.Sequential(
      new nn.Conv2d(3, 4, 3),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.Linear(16, 5),
    ),
  lstm: () => new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true }),
  gru: () => new nn.GRU(3, 4),
  encoder: () => new nn.TransformerEncoder(new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 }), 2),
  list: () => new nn.ParameterList([new nn.Parameter(torch.zeros(2)), new nn.Parameter(torch.zeros(3))]),
};
