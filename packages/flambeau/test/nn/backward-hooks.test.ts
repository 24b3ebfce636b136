// Hooks on the gradients of modules; the numbers are PyTorch's for the same calls.

import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { nn } = torch;

const linear = (): torch.nn.Linear<2, 2> => {
  const m = new nn.Linear(2, 2);
  torch.noGrad(() => {
    m.weight.copy_(
      torch.tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { dtype: "float32" },
      ),
    );
    m.bias.zero_();
  });
  return m;
};
const lists = (grads: readonly (Tensor | null)[]): unknown => grads.map((g) => g?.tolist() ?? null);
const ones = (requiresGrad: boolean): Tensor => torch.ones(1, 2, { requiresGrad });

test("gradients of arguments and results", () => {
  const m = linear();
  const seen: unknown[] = [];
  const remove = m.registerFullBackwardHook((module, gradInput, gradOutput) => {
    seen.push([module === m, lists(gradInput), lists(gradOutput)]);
  });
  const x = ones(true);
  m(x).sum().backward();
  expect(seen).toEqual([[true, [[[4, 6]]], [[[1, 1]]]]]);
  expect(x.grad!.tolist()).toEqual([[4, 6]]);
  seen.length = 0;
  m(ones(false)).sum().backward();
  expect(seen).toEqual([[true, [null], [[[1, 1]]]]]);
  remove();
  m(ones(true)).sum().backward();
  expect(seen.length).toBe(1);
});

test("what a hook returns replaces the gradients of the arguments alone", () => {
  const m = linear();
  m.registerFullBackwardHook((_m, [g]) => [g!.mul(10)]);
  const x = ones(true);
  m(x).sum().backward();
  expect(x.grad!.tolist()).toEqual([[40, 60]]);
  expect(m.weight.grad!.tolist()).toEqual([
    [1, 1],
    [1, 1],
  ]);
});

test("a pre-hook changes what goes into the module", () => {
  const m = linear();
  m.registerFullBackwardPreHook((_m, [g]) => [g!.mul(3)]);
  const x = ones(true);
  m(x).sum().backward();
  expect(x.grad!.tolist()).toEqual([[12, 18]]);
  expect(m.weight.grad!.tolist()).toEqual([
    [3, 3],
    [3, 3],
  ]);
});

test("several arguments and results, some without gradients", () => {
  class Two extends nn.Module {
    override forward(a: Tensor, k: number, b: Tensor): [Tensor, number, Tensor] {
      return [a.mul(b), k, a.add(b)];
    }
  }
  const m = new Two();
  const seen: unknown[] = [];
  m.registerFullBackwardHook((_m, gradInput, gradOutput) => {
    seen.push([lists(gradInput), lists(gradOutput)]);
  });
  const [a, b] = [
    torch.full([2], 2, { dtype: "float32", requiresGrad: true }),
    torch.full([2], 3, { dtype: "float32" }),
  ];
  const [p, k] = m(a, 7, b);
  expect(k).toBe(7);
  p.sum().backward();
  // No gradient flows into the third result: zeros, as in PyTorch.
  expect(seen).toEqual([
    [
      [[3, 3], null, null],
      [[1, 1], null, [0, 0]],
    ],
  ]);
});

test("inside a network, under noGrad, and with a wrong result", () => {
  const net = new nn.Sequential(linear(), new nn.ReLU(), linear());
  const order: string[] = [];
  for (const [name, m] of net.namedChildren())
    m.registerFullBackwardHook(() => {
      order.push(name);
    });
  net(ones(true)).sum().backward();
  expect(order).toEqual(["2", "1", "0"]);
  expect(torch.noGrad(() => net(ones(true))).requiresGrad).toBe(false);
  const m = linear();
  m.registerFullBackwardHook(() => []);
  expect(() => m(ones(true)).sum().backward()).toThrow("invalid number of grad_input, got 0, but expected 1");
});
