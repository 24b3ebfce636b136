// torch.compile on the reference interpreter: what is captured gives what eager code gives.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getBackend, setBackend } from "../../src/backend/backend.ts";
import * as torch from "../../src/index.ts";
import { nn, optim } from "../../src/index.ts";
import { ReferencePrograms } from "./reference-programs.ts";

const usual = getBackend();
beforeAll(() => setBackend({ ...usual, programs: new ReferencePrograms() }));
afterAll(() => setBackend(usual));

type Step = (x: torch.Tensor, y: torch.AnyTensor) => torch.AnyTensor;

/** Losses and parameters after some steps, eager and compiled. */
function compare(
  make: () => {
    net: nn.Module;
    optimizer: optim.Optimizer;
    loss: (p: torch.AnyTensor, y: torch.AnyTensor) => torch.AnyTensor;
  },
  batch: () => [torch.AnyTensor, torch.AnyTensor],
  steps = 4,
): void {
  const run = (compiled: boolean): number[][] => {
    torch.manualSeed(3);
    const { net, optimizer, loss } = make();
    const plain: Step = (x, y) => {
      optimizer.zeroGrad();
      const l = loss((net as unknown as (x: torch.AnyTensor) => torch.AnyTensor)(x), y);
      l.backward();
      optimizer.step();
      return l;
    };
    const step = compiled ? torch.compile(plain) : plain;
    const losses: number[] = [];
    for (let i = 0; i < steps; i++)
      losses.push(step(...(batch() as [torch.Tensor, torch.AnyTensor])).item() as number);
    return [losses, ...[...net.parameters()].map((p) => [...(p.toTypedArray() as Float32Array)])];
  };
  const [eager, compiled] = [run(false), run(true)];
  eager.forEach((row, i) => {
    row.forEach((v, j) => expect(compiled[i]![j]).toBeCloseTo(v, 4));
  });
}

describe("training steps", () => {
  test("a perceptron by SGD", () => {
    compare(
      () => {
        const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
        return {
          net,
          optimizer: new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 0.01 }),
          loss: new nn.CrossEntropyLoss() as never,
        };
      },
      () => [torch.randn(6, 4), torch.randint(0, 3, [6])],
    );
  });
  test("a perceptron by Adam, with dropout", () => {
    compare(
      () => {
        const net = new nn.Sequential(
          new nn.Linear(4, 8),
          new nn.Tanh(),
          new nn.Dropout(0.3),
          new nn.Linear(8, 1),
        );
        return {
          net,
          optimizer: new optim.Adam(net.parameters(), { lr: 0.01 }),
          loss: new nn.MSELoss() as never,
        };
      },
      () => [torch.randn(6, 4), torch.randn(6, 1)],
    );
  });
});

test("an inference", () => {
  const net = new nn.Sequential(new nn.Linear(4, 8), new nn.GELU(), new nn.LayerNorm(8));
  const f = torch.compile((x: torch.Tensor<[2, 4]>) => torch.noGrad(() => net(x)));
  for (let i = 0; i < 3; i++) {
    const x = torch.randn(2, 4);
    const [a, b] = [f(x), torch.noGrad(() => net(x))];
    expect([...a.toTypedArray()].map((v) => Number(v).toFixed(4))).toEqual(
      [...b.toTypedArray()].map((v) => Number(v).toFixed(4)),
    );
  }
  expect(f.programs).toBe(1);
});
