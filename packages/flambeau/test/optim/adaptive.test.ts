// The other optimizers against PyTorch's recorded runs, and what they refuse.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import * as optim from "../../src/optim/index.ts";
import type { Case, Make } from "./fixtures.ts";
import { casesOf, runCase, titleOf } from "./fixtures.ts";

const optimizers: Record<string, Make> = {
  Adadelta: (params, options) => new optim.Adadelta(params, options),
  Adagrad: (params, options) => new optim.Adagrad(params, options),
  Adam: (params, options) => new optim.Adam(params, options),
  AdamW: (params, options) => new optim.AdamW(params, options),
  Adamax: (params, options) => new optim.Adamax(params, options),
  ASGD: (params, options) => new optim.ASGD(params, options),
  LBFGS: (params, options) => new optim.LBFGS(params, options),
  NAdam: (params, options) => new optim.NAdam(params, options),
  RAdam: (params, options) => new optim.RAdam(params, options),
  RMSprop: (params, options) => new optim.RMSprop(params, options),
  Rprop: (params, options) => new optim.Rprop(params, options),
};

describe.each(Object.keys(optimizers))("%s.json", (name) => {
  test.each(casesOf(name).map((c): [string, Case] => [titleOf(c), c]))("%s", (_, c) => {
    runCase(c, optimizers[name]!);
  });
});

describe("what is refused, in PyTorch's words", () => {
  const p: torch.AnyTensor = torch.ones(1, { requiresGrad: true });
  test.each([
    ["Adam", { lr: -1 }, "Invalid learning rate: -1"],
    ["Adam", { eps: -1 }, "Invalid epsilon value: -1"],
    ["Adam", { betas: [1, 0.9] }, "Invalid beta parameter at index 0: 1"],
    ["AdamW", { betas: [0.9, Number.NaN] }, "Invalid beta parameter at index 1: NaN"],
    ["AdamW", { weightDecay: -1 }, "Invalid weight_decay value: -1"],
    ["Adamax", { lr: Number.NaN }, "Invalid learning rate: NaN"],
    ["NAdam", { momentumDecay: -1 }, "Invalid momentum_decay value: -1"],
    ["RAdam", { lr: -1 }, "Invalid learning rate: -1"],
    ["RMSprop", { alpha: -1 }, "Invalid alpha value: -1"],
    ["RMSprop", { momentum: -1 }, "Invalid momentum value: -1"],
    ["Adagrad", { lrDecay: -1 }, "Invalid lr_decay value: -1"],
    ["Adagrad", { initialAccumulatorValue: -1 }, "Invalid initial_accumulator_value value: -1"],
    ["Adadelta", { rho: 2 }, "Invalid rho value: 2"],
    ["ASGD", { weightDecay: -1 }, "Invalid weight_decay value: -1"],
    ["Rprop", { etas: [1.5, 1.2] }, "Invalid eta values: 1.5, 1.2"],
    ["Adam", { learningRate: 1 }, "Adam() got an unexpected option 'learningRate'"],
  ] as [string, object, string][])("%s %o", (name, options, message) => {
    expect(() => optimizers[name]!([{ params: p }], options)).toThrow(message);
  });
});

test.each(Object.keys(optimizers).filter((name) => name !== "LBFGS"))(
  "%s goes on from a state dict as if it had not stopped",
  (name) => {
    const make = (): [optim.Optimizer, torch.AnyTensor] => {
      const p: torch.AnyTensor = torch.tensor([1, -2, 3], { dtype: "float32", requiresGrad: true });
      return [optimizers[name]!([{ params: p }], {}), p];
    };
    const step = (optimizer: optim.Optimizer, p: torch.AnyTensor): void => {
      optimizer.zeroGrad();
      p.pow(4).sum().backward();
      optimizer.step();
    };
    const [first, p] = make();
    for (let i = 0; i < 3; i++) step(first, p);
    const [second, q] = make();
    torch.noGrad(() => q.copy_(p));
    second.loadStateDict(first.stateDict());
    for (let i = 0; i < 3; i++) {
      step(first, p);
      step(second, q);
    }
    expect(q.tolist()).toEqual(p.tolist());
    expect(String(second)).toContain(`${name} (\nParameter Group 0\n`);
  },
);

describe("LBFGS", () => {
  const run = (options: object, steps: number): [torch.AnyTensor, number] => {
    const x: torch.AnyTensor = torch.tensor([-1.2, 1], { dtype: "float64", requiresGrad: true });
    const optimizer = new optim.LBFGS([x], options);
    let calls = 0;
    for (let i = 0; i < steps; i++)
      optimizer.step(() => {
        calls++;
        optimizer.zeroGrad();
        const [a, b] = x.unbind() as [torch.AnyTensor, torch.AnyTensor];
        const loss = b.sub(a.square()).square().mul(100).add(a.neg().add(1).square());
        loss.backward();
        return loss;
      });
    return [x, calls];
  };
  test.each([
    [1, 12, [-0.6657084570888979, 0.4139830831953638]],
    [2, 25, [0.34184236067535045, 0.09925827373847805]],
    [4, 46, [0.9999814210791366, 0.9999619651810986]],
  ])(
    "with the line search goes PyTorch's way to the minimum of Rosenbrock's function: %i steps",
    (steps, wantedCalls, wanted) => {
      const [x, calls] = run({ lineSearchFn: "strong_wolfe", maxIter: 10 }, steps);
      // Recorded from PyTorch 1.13, after one step, two and four.
      expect(calls).toBe(wantedCalls);
      x.tolist().forEach((v: number, i: number) => {
        expect(v).toBeCloseTo(wanted[i]!, 6);
      });
    },
  );
  test("needs a closure, and one group", () => {
    const p: torch.AnyTensor = torch.ones(1, { requiresGrad: true });
    expect(() => new optim.LBFGS([p]).step()).toThrow("needs a closure");
    expect(() => new optim.LBFGS([{ params: p }, { params: torch.ones(1, { requiresGrad: true }) }])).toThrow(
      "LBFGS doesn't support per-parameter options (parameter groups)",
    );
    expect(() => run({ lineSearchFn: "other" }, 1)).toThrow("only 'strong_wolfe' is supported");
  });
});
