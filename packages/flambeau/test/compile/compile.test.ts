// torch.compile as its users see it, on the WebAssembly backend.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, optim } from "../../src/index.ts";

const numbers = (x: torch.AnyTensor): number[] => [...x.toTypedArray()].map(Number);

function close(a: torch.AnyTensor, b: torch.AnyTensor, tolerance = 1e-5): void {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [numbers(a), numbers(b)];
  x.forEach((v, i) => {
    expect(Math.abs(v - y[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(y[i]!)));
  });
}

/** A state dict with tensors of its own. */
function structuredCloneOf<T>(x: T): T {
  if (torch.isTensor(x)) return x.clone() as T;
  if (Array.isArray(x)) return x.map(structuredCloneOf) as T;
  if (typeof x !== "object" || x === null) return x;
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, structuredCloneOf(v)])) as T;
}

describe("a training step", () => {
  /** Two copies of a small problem: one trained eagerly, one compiled. */
  function pair(options: Partial<optim.SGDOptions> = {}) {
    const make = () => {
      torch.manualSeed(1);
      const net = new nn.Sequential(new nn.Linear(3, 5), new nn.Tanh(), new nn.Linear(5, 1));
      const trainer = new optim.SGD(net.parameters(), { lr: 0.1, ...options });
      const step = (x: torch.Tensor<[number, 3]>, y: torch.AnyTensor) => {
        trainer.zeroGrad();
        const l = nn.functional.mseLoss(net(x), y);
        l.backward();
        trainer.step();
        return l;
      };
      return { net, trainer, step };
    };
    const eager = make();
    const compiled = make();
    return { eager, compiled: { ...compiled, step: torch.compile(compiled.step) } };
  }
  const batch = (n = 4) =>
    [torch.randn(n, 3), torch.randn(n, 1)] as [torch.Tensor<[number, 3]>, torch.AnyTensor];

  test("reads the learning rate in every run", () => {
    const { eager, compiled } = pair({ momentum: 0.5 });
    for (let i = 0; i < 6; i++) {
      for (const side of [eager, compiled]) side.trainer.paramGroups[0]!.lr = 0.1 / (i + 1);
      const [x, y] = batch();
      close(compiled.step(x, y), eager.step(x, y));
    }
    expect(compiled.step.programs).toBe(1);
    close(compiled.net[0].weight, eager.net[0].weight);
  });

  test("parameters are what they are: read, loaded and changed at any time", () => {
    const { eager, compiled } = pair();
    const both = [eager, compiled];
    for (let i = 0; i < 3; i++) {
      const [x, y] = batch();
      close(compiled.step(x, y), eager.step(x, y));
    }
    const state = Object.fromEntries(Object.entries(eager.net.stateDict()).map(([k, v]) => [k, v.mul(0.5)]));
    for (const side of both) side.net.loadStateDict(state);
    for (const side of both) torch.noGrad(() => side.net[2].weight.add_(1));
    const [x, y] = batch();
    close(compiled.net(x), eager.net(x));
    close(compiled.step(x, y), eager.step(x, y));
    close(compiled.net[0].weight, eager.net[0].weight);
    expect(compiled.step.programs).toBe(1);
    // Eager code may train the same parameters.
    for (const side of both) {
      side.trainer.zeroGrad();
      side.net(x).sum().backward();
      side.trainer.step();
    }
    close(compiled.step(x, y), eager.step(x, y));
    close(compiled.net[2].bias!, eager.net[2].bias!);
  });

  test("other shapes, modes and parameters make other programs, and are remembered", () => {
    const { eager, compiled } = pair();
    const run = (n: number): void => {
      const [x, y] = batch(n);
      close(compiled.step(x, y), eager.step(x, y));
    };
    for (const n of [4, 4, 7, 4, 7]) run(n);
    expect(compiled.step.programs).toBe(2);
    for (const side of [eager, compiled]) side.net[0].weight.requiresGrad = false;
    run(4);
    run(4);
    close(compiled.net[0].weight, eager.net[0].weight);
    for (const side of [eager, compiled]) side.net[0].weight.requiresGrad = true;
    run(4);
    run(4);
    const { programs } = compiled.step;
    run(4);
    expect(compiled.step.programs).toBe(programs);
    for (const side of [eager, compiled]) side.trainer.paramGroups[0]!.weightDecay = 0.1;
    run(4);
    run(4);
    close(compiled.net[2].weight, eager.net[2].weight);
  });

  test("an optimizer's state that was loaded", () => {
    const make = () => {
      const w = torch.ones(3, { requiresGrad: true });
      const trainer = new optim.Adam([w], { lr: 0.1 });
      const step = (x: torch.Tensor) => {
        trainer.zeroGrad();
        w.mul(x).square().sum().backward();
        trainer.step();
      };
      return { w, trainer, step };
    };
    const [a, b] = [make(), make()];
    const step = torch.compile(b.step);
    const x = torch.tensor([1, 2, 3], { dtype: "float32" });
    const both = (n: number): void => {
      for (let i = 0; i < n; i++) {
        a.step(x);
        step(x);
      }
      close(b.w, a.w);
    };
    both(3);
    const saved = { a: a.trainer.stateDict(), b: b.trainer.stateDict() };
    const copy = (s: optim.OptimizerStateDict): optim.OptimizerStateDict => structuredCloneOf(s);
    const kept = { a: copy(saved.a), b: copy(saved.b) };
    both(3);
    a.trainer.loadStateDict(kept.a);
    b.trainer.loadStateDict(kept.b);
    both(3);
  });
  test("gradients that a step used are not kept, unless asked for", () => {
    const w = torch.ones(2, { requiresGrad: true });
    const trainer = new optim.SGD([w], { lr: 0.1 });
    const body = (): void => {
      trainer.zeroGrad();
      w.square().sum().backward();
      trainer.step();
    };
    const step = torch.compile(body);
    step();
    step();
    expect(() => w.grad!.sum().item()).toThrow(/keepGradients/);
    const kept = torch.compile(body, { keepGradients: true });
    kept();
    const before = w.clone().detach();
    kept();
    close(w.grad!, before.mul(2));
  });

  test("gradients add up over calls without a step", () => {
    const w = torch.ones(2, { requiresGrad: true });
    const backward = torch.compile((x: torch.Tensor<[2]>) => {
      w.mul(x).sum().backward();
    });
    for (let i = 1; i <= 4; i++) {
      backward(torch.tensor([1, 10], { dtype: "float32" }));
      expect(numbers(w.grad!)).toEqual([i, 10 * i]);
    }
    w.grad = null;
    backward(torch.tensor([1, 10], { dtype: "float32" }));
    expect(numbers(w.grad!)).toEqual([1, 10]);
  });

  test("gradient clipping", () => {
    const make = () => {
      torch.manualSeed(5);
      const net = new nn.Linear(3, 2);
      const trainer = new optim.Adam(net.parameters(), { lr: 0.05 });
      return {
        net,
        step: (x: torch.Tensor<[number, 3]>) => {
          trainer.zeroGrad();
          net(x).square().sum().backward();
          const norm = nn.utils.clipGradNorm_(net.parameters(), 0.1);
          trainer.step();
          return norm;
        },
      };
    };
    const [a, b] = [make(), make()];
    const step = torch.compile(b.step);
    for (let i = 0; i < 4; i++) {
      const x = torch.randn(4, 3);
      close(step(x), a.step(x));
    }
    close(b.net.weight, a.net.weight);
  });
});

test("train and eval, dropout and running statistics", () => {
  const make = () => {
    torch.manualSeed(2);
    return new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Dropout(0.5));
  };
  const [a, b] = [make(), make()];
  const f = torch.compile((x: torch.Tensor<[number, 3]>) => torch.noGrad(() => b(x)));
  for (const training of [true, true, true, false, true, false]) {
    a.train(training);
    b.train(training);
    const x = torch.randn(6, 3);
    const state = torch.getRngState();
    const y = f(x);
    torch.setRngState(state);
    close(
      y,
      torch.noGrad(() => a(x)),
    );
  }
  close(b[1].runningMean!, a[1].runningMean!);
  close(b[1].runningVar!, a[1].runningVar!);
  expect(b[1].numBatchesTracked!.item()).toBe(a[1].numBatchesTracked!.item());
  expect(f.programs).toBe(2);
});

test("running statistics as cumulative averages", () => {
  const [a, b] = [new nn.BatchNorm1d(3, { momentum: null }), new nn.BatchNorm1d(3, { momentum: null })];
  const f = torch.compile((x: torch.Tensor<[number, 3]>) => b(x));
  for (let i = 0; i < 4; i++) {
    const x = torch.randn(5, 3);
    close(f(x), a(x));
    close(b.runningMean!, a.runningMean!);
    close(b.runningVar!, a.runningVar!);
  }
});

test("random numbers are those of eager code", () => {
  const draw = () => [torch.rand(5), torch.randn(20), torch.randperm(6), torch.randint(0, 9, [4])];
  const f = torch.compile(draw);
  torch.manualSeed(7);
  const compiled = [f(), f(), f()].flat().flatMap(numbers);
  torch.manualSeed(7);
  expect(compiled).toEqual([draw(), draw(), draw()].flat().flatMap(numbers));
});

test("numbers among the arguments are free once two values were met", () => {
  const w = torch.zeros(2);
  const f = torch.compile((lr: number) => {
    w.add_(torch.ones(2), { alpha: lr });
    return w.mul(1 / lr);
  });
  let sum = 0;
  for (const lr of [0.5, 0.25, 2.5, 8.5, 0.125]) {
    sum += lr;
    expect(numbers(f(lr))[0]).toBeCloseTo(sum / lr, 4);
  }
  expect(f.programs).toBe(2);
  // Where a number decides, every value has a program of its own.
  const g = torch.compile((x: torch.Tensor<[2]>, n: number) => (n > 2 ? x.mul(n) : x.add(n)));
  const x = torch.ones(2);
  for (const n of [0.5, 1.5, 2.5, 3.5, 4.5, 0.25])
    expect(numbers(g(x, n))).toEqual(numbers(n > 2 ? x.mul(n) : x.add(n)));
});

describe("arguments and results", () => {
  test("lists and objects", () => {
    const f = torch.compile(({ a, b }: { a: torch.Tensor; b: [torch.Tensor, number] }) => ({
      sum: a.add(b[0]).mul(b[1]),
      all: [a, 7, a.max(0)] as const,
    }));
    for (let i = 0; i < 3; i++) {
      const a = torch.randn(3);
      const r = f({ a, b: [torch.ones(3), 2] });
      close(r.sum, a.add(1).mul(2));
      expect(r.all[0]).toBe(a);
      expect(r.all[1]).toBe(7);
      expect(r.all[2].values.item()).toBe(Math.max(...numbers(a)));
    }
  });
  test("an argument that is changed in place", () => {
    const f = torch.compile((x: torch.Tensor) => x.add_(1));
    const x = torch.zeros(3);
    for (let i = 1; i < 4; i++) {
      expect(f(x)).toBe(x);
      expect(numbers(x)).toEqual([i, i, i]);
    }
  });
  test("arguments are seen as they are now, however they were changed", () => {
    const f = torch.compile((x: torch.Tensor) => x.mul(1));
    const array = new Float32Array(20);
    for (const x of [torch.zeros(20), torch.fromTypedArray(array, [20])]) {
      for (const change of [
        () => x.add_(1),
        () => x.data.add_(1),
        () => x.at("2:5").fill_(7),
        () => x.set("0", 3),
        () => array.fill(9),
      ]) {
        for (let i = 0; i < 3; i++) {
          change();
          expect(numbers(f(x))).toEqual(numbers(x));
        }
      }
    }
  });
  test("results of a run stay when the next one is made", () => {
    const f = torch.compile((x: torch.Tensor) => x.mul(2));
    f(torch.ones(2));
    const a = f(torch.ones(2));
    f(torch.zeros(2));
    expect(numbers(a)).toEqual([2, 2]);
  });
  test("awaited calls leave the thread to others", async () => {
    const f = torch.compile((x: torch.Tensor) => x.add_(1));
    const x = torch.zeros(2);
    let tasks = 0;
    const others = setInterval(() => tasks++, 0);
    // As many calls as take a while, however fast they are.
    for (let n = 1; tasks < 2; n++) {
      expect(await f.async(x)).toBe(x);
      expect(x.at(0).item()).toBe(n);
    }
    clearInterval(others);
    expect(tasks).toBeGreaterThan(1);
  });
  test("a module", () => {
    const net = new nn.Linear(2, 2);
    const f = torch.compile(net);
    for (let i = 0; i < 3; i++) {
      const x = torch.randn(1, 2);
      close(
        torch.noGrad(() => f(x)),
        torch.noGrad(() => net(x)),
      );
    }
  });
});

describe("errors", () => {
  const failing = (f: () => unknown): Error => {
    const g = torch.compile(f);
    g();
    try {
      g();
    } catch (error) {
      return error as Error;
    }
    throw new Error("nothing was thrown");
  };
  const x = torch.ones(3);
  test("a look at a value names the line and says what to do", () => {
    const error = failing(() => (Number(x.sum().item()) > 0 ? x : x.neg()));
    expect(error).toBeInstanceOf(torch.CompileError);
    expect(error.message).toMatch(/compile\.test\.ts:\d+/);
    expect(error.message).toMatch(/torch\.where/);
  });
  test("a shape that depends on values", () => {
    expect(failing(() => x.nonzero()).message).toMatch(/nonzero.*shape/);
  });
  test("memory that would grow", () => {
    const y = torch.ones(2);
    expect(failing(() => y.resize_(2 * y.numel())).message).toMatch(/resize_/);
  });
  test("an async function", () => {
    expect(failing(async () => x).message).toMatch(/async/);
  });
  test("a tensor that was made in the capture is not there afterwards", () => {
    let kept: torch.AnyTensor | null = null;
    const f = torch.compile((a: torch.Tensor) => {
      kept = a.mul(2);
      return a;
    });
    f(x);
    f(x);
    expect(() => kept!.sum().item()).toThrow(/captured/);
  });
  test("after a failed capture nothing is recorded any more", () => {
    failing(() => x.sum().item());
    expect(x.add(1).sum().item()).toBe(6);
  });
  test("what is no function", () => {
    expect(() => torch.compile(x as never)).toThrow(torch.ArgumentError);
  });
});

test("functions of a whole row, of arguments that have no short way", () => {
  const r = torch
    .tensor([
      [0, -0, 1, 3, 2 ** -140, 1e-30, 1e30, 90],
      [-90, -103.5, -200, 88.7, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 2],
    ])
    .reshape([16, 1]) as torch.Tensor;
  const x = torch.ones(16, 70) as torch.Tensor;
  const f = (a: torch.Tensor, b: torch.Tensor): torch.Tensor[] => [
    a.mul(b.exp()).sum(-1).log() as torch.Tensor,
    a.add(b.add(1).log()) as torch.Tensor,
    a
      .sub(a.amax(-1, { keepdim: true }))
      .sub(b.log())
      .exp() as torch.Tensor,
  ];
  const want = f(x, r);
  const compiled = torch.compile(f);
  for (let round = 0; round < 3; round++)
    compiled(x, r).forEach((y, i) => {
      expect(torch.allclose(y, want[i]!, { rtol: 1e-6, atol: 0, equalNan: true })).toBe(true);
    });
});

test("softmax by hand, whatever else is done with its parts", () => {
  const x = torch.arange(0, -150, -1, { dtype: "float32" }).reshape([2, 75]) as torch.Tensor;
  type Parts = (e: torch.AnyTensor, s: torch.AnyTensor) => torch.AnyTensor[];
  const parts: readonly Parts[] = [
    (e, s) => [e.div(s)],
    (e, s) => [e.div(s).mul(e.div(s))],
    (e, s) => [e.div(s).add(e)],
    (e, s) => [e.div(s).add(s)],
    (e, s) => [s.div(e)],
    (e, s) => [e.div(s), s],
    (e, s) => [e.div(s), e],
    (e, s) => [e.div(s), s.log()],
    (e, s) => [e.div(s), e.div(s).sum(-1)],
  ];
  for (const [i, part] of parts.entries()) {
    const f = (a: torch.Tensor): torch.AnyTensor[] => {
      const e = a.sub(a.amax(-1, { keepdim: true })).exp();
      return part(e, e.sum(-1, { keepdim: true }));
    };
    const [want, compiled] = [f(x), torch.compile(f)];
    for (let round = 0; round < 3; round++)
      compiled(x).forEach((y, k) => {
        const near = torch.allclose(y, want[k]!, { rtol: 2e-6, atol: 1.5e-45 });
        expect(near, `${i}, result ${k}`).toBe(true);
      });
  }
});
