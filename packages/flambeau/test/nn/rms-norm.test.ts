// RMSNorm, and the borders that PyTorch 1.13 has no modules for; the numbers are those of PyTorch's functions.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { nn } = torch;
const x: Tensor = torch.arange(12, { dtype: "float32" }).view(2, 2, 3).sub(4);

describe("RMSNorm", () => {
  test("is x over the root mean square", () => {
    const m = new nn.RMSNorm(3, { eps: 1e-3 });
    m.weight!.data.copy_(torch.tensor([1, 2, -1]));
    const expected = [
      -1.2864685020519209, -1.9297027530778812, 0.6432342510259604, -1.2238273448265007, 0,
      -1.2238273448265007, 0.6432342510259604, 1.9297027530778812, -1.2864685020519209, 0.8257115642183916,
      1.9817077541241401, -1.1559961899057483,
    ];
    (m(x).flatten().tolist() as number[]).forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i]!, 6);
    });
  });
  test("prints and checks as PyTorch's", () => {
    expect(String(new nn.RMSNorm([2, 3]))).toBe("RMSNorm((2, 3), eps=None, elementwise_affine=True)");
    expect(Object.keys(new nn.RMSNorm(3).stateDict())).toEqual(["weight"]);
    expect(new nn.RMSNorm(3, { elementwiseAffine: false }).weight).toBe(null);
    expect(() => new nn.RMSNorm(4)(x)).toThrow(
      "expected input with shape [*, 4], but got input of size [2, 2, 3]",
    );
    expect(() => nn.functional.rmsNorm(x, [3], { weight: torch.ones(2) })).toThrow("weight of shape [2]");
  });
  test("has gradients", () => {
    const a: Tensor = torch.randn(2, 3, {
      dtype: "float64",
      requiresGrad: true,
      generator: new torch.Generator(),
    });
    const w: Tensor = torch.tensor([1, 2, -1], { dtype: "float64", requiresGrad: true });
    const f = (s: Tensor, t: Tensor): Tensor => nn.functional.rmsNorm(s, [3], { weight: t });
    expect(torch.autograd.gradcheck(f, [a, w])).toBe(true);
  });
});

test("borders", () => {
  const row = x.select(0, 0);
  expect(new nn.CircularPad1d(1)(row).tolist()).toEqual([
    [-2, -4, -3, -2, -4],
    [1, -1, 0, 1, -1],
  ]);
  expect(String(new nn.CircularPad1d(1))).toBe("CircularPad1d((1, 1))");
  expect(new nn.ZeroPad1d([1, 0])(row).tolist()).toEqual([
    [0, -4, -3, -2],
    [0, -1, 0, 1],
  ]);
  const volume: Tensor = torch.ones(1, 1, 2, 2, 2);
  expect(new nn.ZeroPad3d(1)(volume).shape).toEqual([1, 1, 4, 4, 4]);
  expect(new nn.ZeroPad3d(1)(volume).sum().item()).toBe(8);
  expect(new nn.CircularPad3d(1)(volume).sum().item()).toBe(64);
  expect(new nn.CircularPad2d([1, 0, 0, 1])(x.unsqueeze(0)).shape).toEqual([1, 2, 3, 4]);
});
