// Layers that learn their number of inputs; numbers and texts are PyTorch's.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { nn, optim } = torch;

describe("LazyLinear", () => {
  test("becomes a Linear that has drawn what a Linear draws", () => {
    torch.manualSeed(1);
    const lazy = new nn.LazyLinear(3);
    expect(String(lazy)).toBe("LazyLinear(in_features=0, out_features=3, bias=True)");
    expect(Object.keys(lazy.stateDict())).toEqual(["weight", "bias"]);
    expect(String(lazy.weight)).toBe("<UninitializedParameter>");
    const x: Tensor = torch.ones(2, 4);
    const y = lazy(x);
    torch.manualSeed(1);
    expect(y.tolist()).toEqual(new nn.Linear(4, 3)(x).tolist());
    expect([String(lazy), lazy.constructor]).toEqual([
      "Linear(in_features=4, out_features=3, bias=True)",
      nn.Linear,
    ]);
    expect(lazy(x).tolist()).toEqual(y.tolist());
    expect(() => lazy(torch.ones(2, 5) as Tensor)).toThrow(torch.ShapeError);
  });
  test("an optimizer may be made before the first input", () => {
    const lazy = new nn.LazyLinear(1);
    const optimizer = new optim.SGD(lazy.parameters(), { lr: 0.1 });
    lazy(torch.ones(1, 2) as Tensor)
      .sum()
      .backward();
    const before = lazy.weight.tolist() as number[][];
    optimizer.step();
    (lazy.weight.tolist() as number[][])[0]!.forEach((w, i) => {
      expect(w).toBeCloseTo(before[0]![i]! - 0.1, 6);
    });
  });
  test("takes its shape from a state dict", () => {
    const net = new nn.Sequential(new nn.LazyLinear(3), new nn.LazyBatchNorm1d());
    const given = new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3)).stateDict();
    net.loadStateDict(given);
    expect(String(net[0])).toBe("Linear(in_features=4, out_features=3, bias=True)");
    expect(net[0].weight.tolist()).toEqual(given["0.weight"]!.tolist());
    expect(net[1].constructor).toBe(nn.BatchNorm1d);
  });
});

describe("convolutions", () => {
  test("of groups", () => {
    const m = new nn.LazyConv2d(4, 3, { groups: 2 });
    expect(String(m)).toBe("LazyConv2d(0, 4, kernel_size=(3, 3), stride=(1, 1), groups=2)");
    expect(m(torch.ones(1, 6, 5, 5) as Tensor).shape).toEqual([1, 4, 3, 3]);
    expect(String(m)).toBe("Conv2d(6, 4, kernel_size=(3, 3), stride=(1, 1), groups=2)");
    expect(m.weight.shape).toEqual([4, 3, 3, 3]);
  });
  test.each([
    [new nn.LazyConv1d(4, 3), [2, 5, 9], [4, 5, 3]],
    [new nn.LazyConv3d(4, 3), [5, 4, 4, 4], [4, 5, 3, 3, 3]],
    [new nn.LazyConvTranspose1d(4, 3), [2, 5, 9], [5, 4, 3]],
    [new nn.LazyConvTranspose2d(4, 3), [2, 5, 9, 9], [5, 4, 3, 3]],
    [new nn.LazyConvTranspose3d(4, 3), [2, 5, 3, 3, 3], [5, 4, 3, 3, 3]],
  ] as [torch.nn.Module, number[], number[]][])("%o", (m, input, weight) => {
    (m as unknown as (x: Tensor) => Tensor)(torch.ones(input));
    expect((m as unknown as { weight: Tensor }).weight.shape).toEqual(weight);
    expect(m.constructor.name.startsWith("Lazy")).toBe(false);
  });
  test("refuse an input of another rank", () => {
    const m = new nn.LazyConv2d(4, 3);
    expect(() => m(torch.ones(3, 3) as Tensor)).toThrow(
      "Expected 3D (unbatched) or 4D (batched) input to LazyConv2d, but got input of size: [3, 3]",
    );
    expect(m.constructor).toBe(nn.LazyConv2d);
  });
});

describe("normalisation", () => {
  test("BatchNorm", () => {
    const m = new nn.LazyBatchNorm1d();
    expect(String(m)).toBe(
      "LazyBatchNorm1d(0, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
    );
    m(torch.randn(3, 5) as Tensor);
    expect(String(m)).toBe("BatchNorm1d(5, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)");
    expect([m.weight!.shape, m.runningMean!.shape, Number(m.numBatchesTracked!.item())]).toEqual([
      [5],
      [5],
      1,
    ]);
  });
  test("InstanceNorm, without a batch", () => {
    const m = new nn.LazyInstanceNorm2d({ affine: true });
    m(torch.randn(3, 4, 4) as Tensor);
    expect([m.constructor, m.weight!.shape]).toEqual([nn.InstanceNorm2d, [3]]);
  });
});
