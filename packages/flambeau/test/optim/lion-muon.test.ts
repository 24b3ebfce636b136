// Lion and Muon, which PyTorch 1.13 has not, against their formulas written with PyTorch's tensors in float64.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { optim } = torch;

/** Five steps from fixed numbers along fixed gradients; the formulas were given the same. */
function run(make: (p: Tensor) => torch.optim.Optimizer, shape: [number, number]): Tensor {
  const n = shape[0] * shape[1];
  const start = Array.from({ length: n }, (_, i) => (((i * 7) % 11) - 5) / 4);
  const p: Tensor = torch.tensor(start, { dtype: "float64" }).reshape(shape).requiresGrad_();
  const optimizer = make(p);
  for (let i = 1; i <= 5; i++) {
    p.grad = torch.noGrad(() => p.mul(i).sin().add(p.mul(0.1)));
    optimizer.step();
  }
  return p;
}
const expected = (p: Tensor, values: readonly number[]): void => {
  p.flatten()
    .tolist()
    .forEach((v: number, i: number) => {
      expect(v).toBeCloseTo(values[i]!, 12);
    });
};

describe("Lion", () => {
  test("five steps", () => {
    expected(
      run((p) => new optim.Lion([p], { lr: 0.01, weightDecay: 0.5 }), [2, 3]),
      [
        -1.2092589476460935, 0.43812188280468745, -0.43812188280468745, 1.2092589476460935,
        0.1943096945242187, -0.6819340710851561,
      ],
    );
  });
  test("goes on from a state dict", () => {
    const p: Tensor = torch.ones(2, { requiresGrad: true });
    const a = new optim.Lion([p], { lr: 0.1 });
    p.grad = torch.tensor([1, -2], { dtype: "float32" });
    a.step();
    expect(Object.keys(a.stateDict().state["0"]!)).toEqual(["exp_avg"]);
    const b = new optim.Lion([p], {});
    b.loadStateDict(a.stateDict());
    expect(b.paramGroups[0]!.lr).toBe(0.1);
  });
  test("refuses options out of range", () => {
    const p = torch.ones(2, { requiresGrad: true });
    expect(() => new optim.Lion([p], { lr: -1 })).toThrow("Invalid learning rate: -1");
    expect(() => new optim.Lion([p], { betas: [0.9, 1] })).toThrow("Invalid beta parameter at index 1: 1");
  });
});

describe("Muon", () => {
  test("five steps of a wide matrix", () => {
    expected(
      run((p) => new optim.Muon([p], { lr: 0.1 }), [2, 3]),
      [
        -0.9808289062805163, 0.2226168834143406, -0.3261995812955829, 0.9757131374992336, 0.18578063306289416,
        -0.42647704877721837,
      ],
    );
  });
  test("five steps of a tall matrix, without Nesterov, at AdamW's rates", () => {
    expected(
      run((p) => new optim.Muon([p], { lr: 0.1, nesterov: false, adjustLrFn: "match_rms_adamw" }), [4, 2]),
      [
        -1.1554380587743882, 0.3927573029431426, -0.39749680140136, 1.1466507468743958, 0.21518288523525614,
        -0.6038358139649752, 0.8426112767695545, -0.0470954946589192,
      ],
    );
  });
  test("takes matrices only, whenever they are added", () => {
    const matrix = torch.ones(2, 2, { requiresGrad: true });
    const vector = torch.ones(2, { requiresGrad: true });
    expect(() => new optim.Muon([vector])).toThrow("Muon only supports 2D parameters");
    const optimizer = new optim.Muon([matrix]);
    expect(() => optimizer.addParamGroup({ params: [vector] })).toThrow("with size: [2]");
    expect(optimizer.paramGroups.length).toBe(1);
    expect(() => new optim.Muon([matrix], { nsSteps: 100 })).toThrow("Invalid ns_steps value: 100");
  });
});
