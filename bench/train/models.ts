// The rows of `bench -- train` written with flambeau, once for eager and compiled: parameters, data and a step.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";

type T = torch.AnyTensor;

/** What a row runs: `step(...data)` trains once and gives the loss, or computes a forward pass. */
export interface Model {
  /** What the other sides start from, under PyTorch's names. */
  readonly parameters: readonly (readonly [name: string, value: T])[];
  readonly data: readonly T[];
  readonly step: (...data: T[]) => T;
}

const F = nn.functional;
const normal = (...shape: number[]): T => torch.randn(shape) as T;
const labels = (classes: number, ...shape: number[]): T => torch.randint(0, classes, shape) as T;

/** What is needed of a network; its own type, with the shapes of all layers, is not. */
interface Net {
  (x: T): T;
  namedParameters(): Iterable<readonly [name: string, value: T]>;
}

/** A network of modules, trained with cross entropy. */
function training(net: Net, trainer: { zeroGrad(): void; step(): void }, X: T, y: T): Model {
  const loss = new nn.CrossEntropyLoss();
  const step = (input: T, target: T): T => {
    trainer.zeroGrad();
    const l = loss(net(input), target) as T;
    l.backward();
    trainer.step();
    return l;
  };
  return { parameters: [...net.namedParameters()], data: [X, y], step };
}

function lesson(): Model {
  const [lambda, lr, batchSize] = [3, 0.003, 5];
  const X = normal(batchSize, 200);
  const y = normal(batchSize, 1);
  const w = torch.randn([200, 1], { requiresGrad: true }) as T;
  const b = torch.zeros(1, { requiresGrad: true }) as T;
  const step = (input: T, target: T): T => {
    const penalty = torch.sum(w.pow(2)).div(2);
    const l = d2l
      .squaredLoss(d2l.linreg(input, w, b), target)
      .add(penalty.mul(lambda))
      .sum() as T;
    l.backward();
    d2l.sgd([w, b], lr, batchSize);
    return l;
  };
  return { parameters: [["w", w] as const, ["b", b] as const], data: [X, y], step };
}

function mlp(trainer: (net: nn.Module) => { zeroGrad(): void; step(): void }): Model {
  const net = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
  return training(net as never, trainer(net), normal(256, 784), labels(10, 256));
}

function lenet(): Model {
  const net = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.Sigmoid(),
    new nn.Linear(120, 84),
    new nn.Sigmoid(),
    new nn.Linear(84, 10),
  );
  const trainer = new optim.SGD(net.parameters(), { lr: 0.1 });
  return training(net as never, trainer, normal(64, 1, 28, 28), labels(10, 64));
}

class Block extends nn.Module {
  readonly c1: nn.Conv2d;
  readonly b1: nn.BatchNorm2d;
  readonly c2: nn.Conv2d;
  readonly b2: nn.BatchNorm2d;
  readonly d: nn.Conv2d | null;
  constructor(c: number, o: number, stride = 1) {
    super();
    this.c1 = new nn.Conv2d(c, o, 3, { stride, padding: 1, bias: false });
    this.b1 = new nn.BatchNorm2d(o);
    this.c2 = new nn.Conv2d(o, o, 3, { padding: 1, bias: false });
    this.b2 = new nn.BatchNorm2d(o);
    this.d = stride !== 1 || c !== o ? new nn.Conv2d(c, o, 1, { stride, bias: false }) : null;
  }
  forward(x: T): T {
    const y = this.b2(this.c2(F.relu(this.b1(this.c1(x)))));
    return F.relu(y.add(this.d === null ? x : this.d(x))) as T;
  }
}

function resnet(): Model {
  const net = new nn.Sequential(
    new nn.Conv2d(3, 32, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(32),
    new nn.ReLU(),
    new Block(32, 32),
    new Block(32, 64, 2),
    new Block(64, 128, 2),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(128, 10),
  );
  const trainer = new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9 });
  return training(net as never, trainer, normal(16, 3, 32, 32), labels(10, 16));
}

class GRUNet extends nn.Module {
  readonly g = new nn.GRU(64, 128);
  readonly o = new nn.Linear(128, 64);
  forward(x: T): T {
    return this.o(this.g(x)[0] as T).reshape([-1, 64]) as T;
  }
}

class Transformer extends nn.Module {
  readonly e = new nn.Embedding(96, 128);
  readonly t = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(128, 4, 512, { dropout: 0, batchFirst: true }),
    2,
  );
  readonly o = new nn.Linear(128, 96);
  forward(x: T): T {
    return this.o(this.t(this.e(x))).reshape([-1, 96]) as T;
  }
}

function gru(): Model {
  const net = new GRUNet();
  return training(net as never, new optim.Adam(net.parameters()), normal(32, 32, 64), labels(64, 1024));
}

function transformer(): Model {
  const net = new Transformer();
  const trainer = new optim.AdamW(net.parameters());
  return training(net as never, trainer, labels(96, 16, 64), labels(96, 1024));
}

const matmul = (n: number) => (): Model => ({
  parameters: [],
  data: [normal(n, n), normal(n, n)],
  step: (a, b) => a!.matmul(b!) as T,
});

function softmax(): Model {
  return { parameters: [], data: [normal(1024, 1024)], step: (x) => x!.softmax(-1) as T };
}

function layerNorm(): Model {
  const [weight, bias] = [normal(1024), normal(1024)];
  return {
    parameters: [["weight", weight] as const, ["bias", bias] as const],
    data: [normal(1024, 1024)],
    step: (x) => F.layerNorm(x!, [1024], { weight, bias }) as T,
  };
}

const makers: Readonly<Record<string, () => Model>> = {
  lesson,
  "mlp-sgd": () => mlp((net) => new optim.SGD(net.parameters(), { lr: 0.01 })),
  "mlp-adam": () => mlp((net) => new optim.Adam(net.parameters())),
  lenet,
  resnet,
  gru,
  transformer,
  "matmul-64": matmul(64),
  "matmul-128": matmul(128),
  "matmul-256": matmul(256),
  "matmul-512": matmul(512),
  "matmul-1024": matmul(1024),
  softmax,
  layer_norm: layerNorm,
};

/** Names of the rows, in the order of the table. */
export const rows: readonly string[] = Object.keys(makers);

/** Makes a row; always the same numbers. */
export function make(row: string): Model {
  const maker = makers[row];
  if (!maker) throw new Error(`no row '${row}'`);
  torch.manualSeed(0);
  return maker();
}
