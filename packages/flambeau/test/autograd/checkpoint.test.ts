// utils.checkpoint: the same numbers with and without it.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { nn } = torch;
const { checkpoint, checkpointSequential } = torch.utils.checkpoint;

type Wrap = <A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A) => R;

const block = (): torch.nn.Sequential => {
  torch.manualSeed(3);
  return new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Dropout(0.5), new nn.Linear(8, 4));
};
const input = (): Tensor => torch.randn(5, 4, { generator: new torch.Generator().manualSeed(1) });

/** The gradients of input and parameters of a step. */
function gradients(run: (net: torch.nn.Sequential, x: Tensor) => Tensor, requiresGrad = true): unknown[] {
  const net = block();
  const x = input().requiresGrad_(requiresGrad);
  torch.manualSeed(9);
  run(net, x).square().sum().backward();
  const after = torch.rand(1).item();
  return [x.grad?.tolist(), ...[...net.parameters()].map((p) => p.grad!.tolist()), after];
}

describe("checkpoint", () => {
  test.each([true, false])(
    "gives the gradients and random numbers of the plain call; input with grad: %s",
    (g) => {
      expect(gradients((net, x) => checkpoint(net, x), g)).toEqual(gradients((net, x) => net(x), g));
    },
  );
  test("computes again in backward, once", () => {
    let calls = 0;
    const x = input().requiresGrad_();
    const y = checkpoint((t: Tensor) => {
      calls++;
      return t.exp().sin();
    }, x);
    expect(calls).toBe(1);
    expect(y.gradFn!.name).toBe("CheckpointBackward");
    y.sum().backward();
    expect(calls).toBe(2);
    expect(() => y.sum().backward()).toThrow("backward through the graph a second time");
  });
  test("nests, takes lists, and leaves other results as they are", () => {
    const run = (wrap: Wrap): unknown => {
      const a = input().requiresGrad_();
      const b = input().mul(2).requiresGrad_();
      const [p, n, q] = wrap(
        (s: Tensor, t: Tensor, k: number): [Tensor, number, Tensor] => [
          wrap((r: Tensor) => r.exp().mul(t), s),
          k,
          s.mul(t).detach(),
        ],
        a,
        b,
        7,
      );
      expect([n, q.requiresGrad]).toEqual([7, false]);
      p.square().sum().backward();
      return [a.grad!.tolist(), b.grad!.tolist()];
    };
    expect(run(checkpoint)).toEqual(run((f, ...args) => f(...args)));
  });
  test("autograd.grad, and derivatives of higher order", () => {
    const x = torch.tensor([0.3, -1], { dtype: "float64", requiresGrad: true });
    const f = (t: Tensor): Tensor => checkpoint((s: Tensor) => s.exp().mul(s), t);
    expect(torch.autograd.gradcheck(f, [x])).toBe(true);
    expect(torch.autograd.gradgradcheck(f, [x])).toBe(true);
  });
  test("an input that was computed from another one of the block's inputs", () => {
    const run = (wrap: Wrap): unknown => {
      const a = input().requiresGrad_();
      const b = a.sin();
      wrap((s: Tensor, t: Tensor) => s.mul(t).exp(), a, b)
        .sum()
        .backward();
      return a.grad!.tolist();
    };
    expect(run(checkpoint)).toEqual(run((f, ...args) => f(...args)));
  });
  test("refuses what cannot be computed again", () => {
    const x = input().requiresGrad_();
    const copy: Tensor = x.mul(1);
    const y = checkpoint((t: Tensor) => t.exp(), copy);
    copy.add_(1);
    expect(() => y.sum().backward()).toThrow("was changed in place");
    let calls = 0;
    const z = checkpoint((t: Tensor) => (calls++ === 0 ? t.exp() : t.detach()), x);
    expect(() => z.sum().backward()).toThrow("must do the same each time");
  });
  test("records nothing under noGrad", () => {
    const y = torch.noGrad(() => checkpoint((t: Tensor) => t.exp(), input().requiresGrad_()));
    expect(y.requiresGrad).toBe(false);
  });
});

describe("checkpointSequential", () => {
  test.each([1, 2, 4])("in %i parts", (segments) => {
    expect(gradients((net, x) => checkpointSequential(net, segments, x))).toEqual(
      gradients((net, x) => net(x)),
    );
  });
  test("refuses a wrong number of parts", () => {
    for (const n of [0, 1.5, 9])
      expect(() => checkpointSequential(block(), n, input())).toThrow(torch.ValueError);
  });
});
