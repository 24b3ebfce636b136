// Embeddings whose rows are held to a norm, and the softmax over clusters of classes, in compiled functions.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, optim } from "../../src/index.ts";
import { expectSame } from "./same-steps.ts";

type Tensor = torch.AnyTensor;

/** Trains modules that give one tensor for the arguments of each call. */
function training(make: () => nn.Module, args: (call: number) => Tensor[]) {
  return () => {
    const m = make();
    const call = m as unknown as (...args: Tensor[]) => Tensor;
    const optimizer = new optim.SGD(m.parameters(), { lr: 0.3, momentum: 0.5 });
    return {
      step: (...given: Tensor[]) => {
        optimizer.zeroGrad();
        const y = call(...given);
        y.square().sum().backward();
        optimizer.step();
        return y.detach();
      },
      args,
      state: () => [...m.parameters()].flatMap((p) => [p, p.grad]),
    };
  };
}

describe("maxNorm", () => {
  /** Rows that occur more than once, others in each call, some never. */
  const rows = (call: number): Tensor => torch.tensor([1, 4, 1, (call + 2) % 6, 4, 4]).to("int64");

  test.each([1, 2, 3, Number.POSITIVE_INFINITY])("of an embedding, by the norm of order %d", (normType) => {
    const compiled = expectSame(
      training(
        () => new nn.Embedding(7, 5, { maxNorm: 0.8, normType, scaleGradByFreq: true, paddingIdx: 4 }),
        (call) => [rows(call).view([2, 3])],
      ),
    );
    expect(compiled.programs).toBe(1);
  });

  test.each(["sum", "mean", "max"] as const)("of bags: %s", (mode) => {
    const options = { maxNorm: 0.8, mode, paddingIdx: 0 };
    expectSame(
      training(
        () => new nn.EmbeddingBag(7, 5, options),
        (call) => [rows(call).view([2, 3])],
      ),
    );
    expectSame(
      training(
        () => new nn.EmbeddingBag(7, 5, options),
        (call) => [rows(call), torch.tensor([0, 2, 2])],
      ),
    );
  });

  test("the function changes its table, in float64 too", () => {
    expectSame(() => {
      const table = torch.randn(6, 3, { dtype: "float64" });
      return {
        step: (i: Tensor) => nn.functional.embedding(i, table, { maxNorm: 1, normType: 2 }),
        args: (call) => {
          table.mul_(1.5);
          return [torch.tensor([call, 5, 5])];
        },
        state: () => [table],
      };
    });
  });

  test("a row that does not exist stops the program before the table changes", () => {
    const table = torch.ones([4, 3]).mul(5);
    const look = torch.compile((i: Tensor) => nn.functional.embedding(i, table, { maxNorm: 1 }));
    for (let k = 0; k < 2; k++) look(torch.tensor([0, 1]));
    const before = table.clone();
    expect(() => look(torch.tensor([2, 4]))).toThrow(/index/);
    expect(torch.equal(table, before)).toBe(true);
  });
});

describe("AdaptiveLogSoftmaxWithLoss", () => {
  const make = () => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 5, 9], { divValue: 2, headBias: true });
  /** Steps over these targets: momentum, so that what has no gradient would be seen. */
  const steps = (targets: readonly number[], dtype: "int32" | "int64") => () => {
    const m = make();
    const x = torch.randn(targets.length, 8);
    const optimizer = new optim.SGD(m.parameters(), { lr: 0.2, momentum: 0.5 });
    return {
      step: (t: Tensor) => {
        optimizer.zeroGrad();
        const { output, loss } = m(x, t) as { output: Tensor; loss: Tensor };
        loss.backward();
        optimizer.step();
        return [output.detach(), loss.detach(), m.predict(x)];
      },
      args: (call: number) => [torch.tensor(targets.map((c) => (c + 12 * call) % 12)).to(dtype)],
      state: () => [...m.parameters()].flatMap((p) => [p, p.grad]),
    };
  };

  test.each(["int32", "int64"] as const)("targets in all clusters, of %s", (dtype) => {
    const compiled = expectSame(steps([0, 2, 3, 4, 5, 8, 9, 11, 1, 11], dtype));
    expect(compiled.programs).toBe(1);
  });

  test("a single example, and targets that move from cluster to cluster", () => {
    expectSame(() => {
      const m = make();
      const x = torch.randn(8, { requiresGrad: true });
      return {
        step: (t: Tensor) => {
          x.grad = null;
          const { output, loss } = m(x, t) as { output: Tensor; loss: Tensor };
          loss.backward();
          return [output.detach(), loss.detach()];
        },
        args: (call) => [torch.tensor([0, 4, 8, 11][call]!)],
        state: () => [x.grad],
      };
    });
  });

  test("classes that there are not are refused as in eager code", () => {
    const m = make();
    const x = torch.randn(2, 8);
    const f = torch.compile((t: Tensor) => (m(x, t) as { loss: Tensor }).loss);
    const good = torch.tensor([0, 11]);
    const bad = torch.tensor([-1, 12]);
    for (let i = 0; i < 2; i++) f(good);
    const message = "Target values should be in [0, 11], but values in range [-1, 12] were found.";
    expect(() => m(x, bad)).toThrow(message);
    expect(() => f(bad)).toThrow(message);
    expect(Number.isFinite(Number(f(good).item()))).toBe(true);
  });
});

test("binaryCrossEntropy refuses what is no probability, as in eager code", () => {
  const w = torch.ones(3, { requiresGrad: true });
  const t = torch.tensor([0, 1, 0.5]).to("float32");
  const f = torch.compile((x: Tensor) => {
    w.grad = null;
    const l = nn.functional.binaryCrossEntropy(x.mul(w), t);
    l.backward();
    return l.detach();
  });
  const of = (...values: number[]): Tensor => torch.tensor(values, { dtype: "float32" });
  for (let i = 0; i < 3; i++) f(of(0, 0.5, 1));
  for (const [found, x] of [
    ["-0.5", of(0.5, -0.5, 0.1)],
    ["1.5", of(0.5, 1.5, 0.1)],
    ["NaN", of(0.5, Number.NaN, 0.1)],
  ] as const) {
    const message = `all elements of input should be between 0 and 1, found ${found}`;
    expect(() => nn.functional.binaryCrossEntropy(x, t)).toThrow(message);
    expect(() => f(x)).toThrow(torch.RuntimeError);
    expect(() => f(x)).toThrow(message);
  }
  expect(f.programs).toBe(1);
  const want = nn.functional.binaryCrossEntropy(of(0, 0.5, 1), t);
  expect(torch.allclose(f(of(0, 0.5, 1)), want)).toBe(true);
});
