// What goes with a training step inside of compiled functions: closures, schedules, averages, seeds, limits of gradients.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, optim } from "../../src/index.ts";
import { expectSame } from "./same-steps.ts";

const model = () => new nn.Sequential(new nn.Linear(4, 6), new nn.Tanh(), new nn.Linear(6, 2));
const data = () => [torch.randn(8, 4), torch.randn(8, 2)] as const;

describe("LBFGS", () => {
  const problem = (options: Partial<optim.LBFGSOptions>) => {
    torch.manualSeed(3);
    const net = new nn.Linear(5, 1, { dtype: "float64" });
    const x = torch.randn(20, 5, { dtype: "float64" });
    const y = x.matmul(torch.randn(5, 1, { dtype: "float64" })).tanh();
    const optimizer = new optim.LBFGS(net.parameters(), { maxIter: 4, ...options });
    const closure = () => {
      optimizer.zeroGrad();
      const l = nn.functional.mseLoss(net(x), y).add(net.weight.pow(4).mean());
      l.backward();
      return l;
    };
    return { net, optimizer, closure };
  };

  test.each([null, "strong_wolfe"] as const)("takes a compiled closure; line search: %s", (lineSearchFn) => {
    const [a, b] = [problem({ lineSearchFn }), problem({ lineSearchFn })];
    const compiled = torch.compile(b.closure);
    for (let i = 0; i < 3; i++) {
      const want = Number(a.optimizer.step(a.closure).item());
      expect(Number(b.optimizer.step(compiled).item())).toBeCloseTo(want, 12);
      expect(torch.allclose(b.net.weight, a.net.weight, { rtol: 1e-9, atol: 1e-12 })).toBe(true);
    }
    const [p, q] = [a, b].map(({ net, optimizer }) => optimizer.state.get(net.weight)!);
    expect(q).toMatchObject({ funcEvals: p!.funcEvals, nIter: p!.nIter });
    expect(compiled.programs).toBe(1);
  });

  test("a step in a capture says what to do instead, and where it was", () => {
    const { optimizer, closure } = problem({});
    const step = torch.compile(() => optimizer.step(closure));
    step();
    expect(() => step()).toThrow(torch.CompileError);
    expect(() => step()).toThrow(
      /LBFGS.step cannot be captured.*optimizer\.step\(torch\.compile\(closure\)\) \(called at .*training\.test\.ts:\d+/,
    );
  });
});

describe("schedules are stepped in every run", () => {
  const { lrScheduler } = optim;
  type Scheduled = optim.SGD;
  const schedules: Record<string, (o: Scheduled) => { step(): void }> = {
    StepLR: (o) => new lrScheduler.StepLR(o, 2, { gamma: 0.5 }),
    LambdaLR: (o) => new lrScheduler.LambdaLR(o, (epoch) => 0.7 ** epoch),
    CosineAnnealingWarmRestarts: (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 3),
    OneCycleLR: (o) => new lrScheduler.OneCycleLR(o, 0.2, { totalSteps: 8 }),
    ChainedScheduler: (o) =>
      new lrScheduler.ChainedScheduler([
        new lrScheduler.ConstantLR(o),
        new lrScheduler.ExponentialLR(o, 0.9),
      ]),
    SequentialLR: (o) =>
      new lrScheduler.SequentialLR(
        o,
        [new lrScheduler.ConstantLR(o), new lrScheduler.ExponentialLR(o, 0.9)],
        [2],
      ),
  };
  test.each(Object.entries(schedules))("%s", (_, schedule) => {
    const compiled = expectSame(() => {
      const net = model();
      const [x, y] = data();
      const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
      const scheduler = schedule(optimizer);
      return {
        step: () => {
          optimizer.zeroGrad();
          const l = nn.functional.mseLoss(net(x), y);
          l.backward();
          optimizer.step();
          scheduler.step();
          return l;
        },
        state: () => [...net.parameters(), torch.tensor(optimizer.paramGroups[0]!.lr)],
      };
    });
    expect(compiled.programs).toBe(1);
  });

  test("one that goes by results is called outside", () => {
    const w = torch.ones(2, { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    const scheduler = new lrScheduler.ReduceLROnPlateau(optimizer);
    const step = torch.compile(() => scheduler.step(w.sum()));
    step();
    expect(() => step()).toThrow(/ReduceLROnPlateau.step cannot be captured.*training\.test\.ts:\d+/);
  });
});

describe("averages of weights", () => {
  test.each([
    ["the mean of all", undefined],
    ["an exponential one", optim.swaUtils.getEmaAvgFn(0.9)],
  ] as const)("%s, from the first update on", (_, avgFn) => {
    for (const early of [false, true])
      expectSame(() => {
        const net = new nn.Sequential(new nn.BatchNorm1d(4), new nn.Linear(4, 3));
        const [x] = data();
        const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
        const average = new optim.swaUtils.AveragedModel(net, avgFn ? { avgFn } : {});
        let calls = 0;
        return {
          step: () => {
            optimizer.zeroGrad();
            net(x).square().mean().backward();
            optimizer.step();
            average.updateParameters(net);
          },
          // Before the second call, which is the first run of a program, nothing was averaged yet.
          args: () => {
            if (early && calls++ === 1) average.nAveraged.zero_();
            return [];
          },
          state: () => [...average.parameters(), ...average.buffers()],
        };
      });
  });
});

test("seeds and forks of the generator take place in every run, among the draws", () => {
  const compiled = expectSame(() => {
    const x = torch.ones(5);
    return {
      step: () => {
        const before = torch.rand(2);
        const inside = torch.forkRng(() => {
          torch.manualSeed(3);
          return nn.functional.dropout(x, 0.5);
        });
        const generator = new torch.Generator().manualSeed(5);
        return [before, inside, torch.rand(2), torch.randn(3, { generator })];
      },
      state: () => [],
    };
  });
  expect(compiled.programs).toBe(1);
});

test("a norm of gradients that is not finite is refused before anything changes", () => {
  const w = torch.ones(3, { requiresGrad: true });
  const optimizer = new optim.SGD([w], { lr: 0.1 });
  const step = torch.compile((x: torch.Tensor) => {
    optimizer.zeroGrad();
    w.mul(x).sum().backward();
    nn.utils.clipGradNorm_([w], 1, { errorIfNonfinite: true });
    optimizer.step();
  });
  for (let i = 0; i < 3; i++) step(torch.ones(3));
  const before = w.detach().clone();
  const bad = torch.ones(3).mul(Number.POSITIVE_INFINITY);
  expect(() => step(bad)).toThrow(torch.RuntimeError);
  expect(() => step(bad)).toThrow(/total norm of order 2 .* is non-finite/);
  expect(torch.equal(w.detach(), before)).toBe(true);
  step(torch.ones(3));
  expect(torch.equal(w.detach(), before)).toBe(false);
});

test("Jacobians and Hessians", () => {
  expectSame(() => {
    const x = torch.randn(4, { requiresGrad: true });
    return {
      step: () => {
        const { jacobian, hessian } = torch.autograd.functional;
        const all = [
          jacobian((t: torch.Tensor) => t.square(), x),
          hessian((t: torch.Tensor) => t.pow(3).sum(), x),
        ];
        torch.noGrad(() => x.mul_(0.9));
        return all;
      },
      state: () => [x],
    };
  });
});

test("initialisers draw anew in every run", () => {
  expectSame(() => {
    const [a, b, c] = [torch.zeros(4, 6), torch.zeros(5, 2), torch.zeros(3, 3)];
    return {
      step: () => {
        nn.init.orthogonal_(a, 2);
        nn.init.sparse_(b, 0.5);
        nn.init.xavierNormal_(c);
        return a.sum().add(b.sum());
      },
      state: () => [a, b, c],
    };
  });
});
