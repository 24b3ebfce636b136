// Ops that look at elements in JavaScript when they run eagerly are steps of a program when they are captured: values and gradients
// are those of eager code, and nothing calls JavaScript in the middle of a program. On the interpreter, and on the backend.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { getBackend, setBackend } from "../../src/backend/backend.ts";
import * as torch from "../../src/index.ts";
import { ReferencePrograms } from "./reference-programs.ts";

const { nn } = torch;
type T = torch.AnyTensor;
type F = (...args: T[]) => T | readonly T[];

const plain = (t: T | null): unknown =>
  t === null ? null : [t.dtype, t.shape, [...(t.toTypedArray() as Float64Array)].map(Number)];

/** Results, the arguments afterwards, and gradients of the arguments that take one. */
function results(f: F, args: readonly T[], gradients: boolean): T[] {
  const value = f(...args);
  const outputs = Array.isArray(value) ? (value as T[]) : [value as T];
  if (!gradients) return outputs;
  const leaves = args.filter((x) => x.requiresGrad);
  const weighted = outputs
    .filter((y) => y.requiresGrad)
    .map((y) => y.mul(torch.arange(1, y.numel() + 1).reshape(y.shape)).sum());
  const total = weighted.reduce((a, b) => a.add(b));
  return [...outputs, ...(torch.autograd.grad([total], leaves) as T[])];
}

const hosts = (text: string): string[] => text.split("\n").filter((line) => /^\d+ host /.test(line));

/** Compiles `f` and compares it with eager code. */
function check(f: F, make: () => T[], { gradients = true, host = false } = {}): void {
  torch.manualSeed(1);
  const eager = make();
  const expected = [...results(f, eager, gradients), ...eager.map((x) => x.detach())].map(plain);
  torch.manualSeed(1);
  const args = make();
  const compiled = torch.compile((...xs: T[]) => results(f, xs, gradients));
  torch.noGrad(() => make());
  compiled(...args.map((x) => x.detach().clone().requiresGrad_(x.requiresGrad)));
  torch.manualSeed(1);
  const again = make();
  const found = [...compiled(...again), ...again.map((x) => x.detach())].map(plain);
  expect(found.length).toBe(expected.length);
  expected.forEach((e, i) => {
    const [dtype, shape, values] = e as [string, number[], number[]];
    const [d, s, v] = found[i] as [string, number[], number[]];
    expect([d, s]).toEqual([dtype, shape]);
    values.forEach((x, k) => {
      if (Number.isFinite(x)) expect(v[k]).toBeCloseTo(x, 4);
      else expect(v[k]).toBe(x);
    });
  });
  if (host) expect(hosts(compiled.explain())).not.toEqual([]);
  else expect(hosts(compiled.explain())).toEqual([]);
}

const leaf = (...shape: number[]): T => torch.randn(shape).requiresGrad_(true) as T;
const ints = (list: number[] | number[][]): T => torch.tensor(list, { dtype: "int32" }) as T;

const usual = getBackend();
describe.each(["interpreter", "backend"])("on the %s", (where) => {
  beforeEach(() => {
    if (where === "interpreter") setBackend({ ...usual, programs: new ReferencePrograms() });
  });
  afterEach(() => setBackend(usual));

  test("what has no code of its own is seen as a host step", () => {
    check(
      (x) => x.sort(0).values as T,
      () => [torch.randn(7) as T],
      { gradients: false, host: true },
    );
  });

  describe("by number", () => {
    test.each([0, 1, -1])("indexSelect, dimension %s", (d) => {
      check(
        (x, i) => x.indexSelect(d, i),
        () => [leaf(4, 3, 5), ints([2, 0, 2])],
      );
    });
    test("indexSelect of a transposed tensor, by int64", () => {
      check(
        (x, i) => x.t().indexSelect(0, i),
        () => [leaf(4, 6), torch.tensor([5, 1, 1], { dtype: "int64" }) as T],
      );
    });
    test("an index out of range stops the program", () => {
      const f = torch.compile((x: T, i: T): T => x.indexSelect(0, i));
      const x = torch.randn(4, 8) as T;
      f(x, ints([0, 3]));
      f(x, ints([1, 2]));
      for (const bad of [
        [1, 4],
        [-1, 0],
      ]) {
        expect(() => f(x, ints(bad))).toThrow(torch.IndexError);
        expect(() => f(x, ints(bad))).toThrow(/^indexSelect: index .*is out of range: expected 0 to 3$/);
      }
      expect(plain(f(x, ints([3, 3])))).toEqual(plain(x.indexSelect(0, ints([3, 3])) as T));
    });
    test.each([0, 1])("gather, dimension %s, of fewer elements", (d) => {
      check(
        (x, i) => x.gather(d, i),
        () => [
          leaf(3, 4),
          ints([
            [0, 2, 1],
            [2, 2, 0],
          ]),
        ],
      );
    });
    test("takeAlongDim", () => {
      check(
        (x, i) => x.takeAlongDim(i, 1),
        () => [leaf(3, 4), ints([[3], [0], [2]])],
      );
    });
    test("scatter", () => {
      check(
        (x, i, y) => [x.scatter(1, i, y), x.scatter(1, i, 2)],
        () => [
          leaf(3, 4),
          ints([
            [3, 1],
            [0, 2],
            [2, 3],
          ]),
          leaf(3, 2),
        ],
      );
    });
    test("scatterAdd, of elements that meet", () => {
      check(
        (x, i, y) => x.scatterAdd(0, i, y),
        () => [
          leaf(3, 2),
          ints([
            [2, 0],
            [2, 2],
            [2, 1],
          ]),
          leaf(4, 2),
        ],
      );
    });
    test("indexAdd, indexCopy, indexFill", () => {
      check(
        (x, i, y) => [x.indexAdd(1, i, y, { alpha: 2 }), x.indexCopy(1, i, y), x.indexFill(1, i, 3)],
        () => [leaf(2, 5), ints([3, 0, 1]), leaf(2, 3)],
      );
      check(
        (x, i, v) => x.indexFill(0, i, v),
        () => [leaf(4, 3), ints([-1, 1, 1]), torch.tensor(2.5).requiresGrad_(true) as T],
      );
    });
    test("take and put, from the end as well", () => {
      check(
        (x, i) => x.take(i),
        () => [
          leaf(3, 4),
          ints([
            [11, -1],
            [0, 5],
          ]),
        ],
      );
      check(
        (x, i, y) => [x.put(i, y), x.put(i, y, true)],
        () => [leaf(3, 4), ints([11, -2, 5]), leaf(3)],
      );
    });
    test("index tensors: one, several, apart, with what is between", () => {
      check(
        (x, i) => x.at([i]),
        () => [leaf(5, 4), ints([4, -1, 0])],
      );
      check(
        (x, i, j) => x.at([i, j]),
        () => [leaf(5, 4, 3), ints([4, -1, 0]), ints([1, -4, 3])],
      );
      check(
        (x, i, j) => x.at([":", i, j]),
        () => [leaf(2, 5, 4), ints([[4], [0]]), ints([1, 3])],
      );
      check(
        (x, i, j) => x.at([i, ":", j]),
        () => [leaf(5, 2, 4), ints([4, 0]), ints([1, 3])],
      );
      check(
        (x, i) => x.at([":", i]),
        () => [leaf(2, 5), torch.tensor(3, { dtype: "int32" }) as T],
      );
    });
    test("one index of several out of range stops the program", () => {
      const f = torch.compile((x: T, i: T, j: T): T => x.at([i, j]));
      const x = torch.randn(4, 8) as T;
      f(x, ints([0]), ints([7]));
      f(x, ints([0]), ints([7]));
      expect(() => f(x, ints([0]), ints([8]))).toThrow(torch.IndexError);
    });
    test("errors are of the class that eager ops throw", () => {
      const x = torch.randn(4, 8) as T;
      const weight = torch.randn(4, 2) as T;
      const cases: readonly (readonly [(i: T) => T, T, T])[] = [
        [(i) => torch.nn.functional.embedding(i, weight) as T, ints([0]), ints([4])],
        [(i) => x.take(i), ints([0]), ints([32])],
        [(i) => x.gather(1, i), ints([[0]]), ints([[8]])],
        [(i) => x.clone().scatter(1, i, 1), ints([[0]]), ints([[8]])],
        [(i) => x.clone().indexAdd(0, i, torch.ones(1, 8)), ints([0]), ints([4])],
        [(i) => x.at([i]), ints([0]), ints([4])],
      ];
      for (const [f, good, bad] of cases) {
        const compiled = torch.compile(f);
        compiled(good);
        compiled(good);
        const thrown = [f, compiled].map((g) => {
          try {
            return g(bad);
          } catch (error) {
            return (error as Error).constructor;
          }
        });
        expect(thrown[1], String(f)).toBe(thrown[0]);
        expect([torch.IndexError, torch.RuntimeError]).toContain(thrown[1]);
      }
    });
    test("assignments", () => {
      const assign = (y: T, change: (y: T) => void): T => {
        const copy = y.clone();
        change(copy);
        return copy;
      };
      check(
        (x, i, v) => assign(x, (y) => y.set([":", i], v)),
        () => [leaf(2, 5), ints([3, 0]), leaf(2, 2)],
      );
      check(
        (x, i) => assign(x, (y) => y.set([i], 4)),
        () => [leaf(4, 2), ints([3, -3])],
      );
      check(
        (x) => assign(x, (y) => y.set([y.gt(0)], 4)),
        () => [leaf(4, 2)],
      );
      check(
        (x, m) => assign(x, (y) => y.set([":", m], 4)),
        () => [leaf(3, 2), torch.tensor([true, false]) as T],
      );
      check(
        (x, i, j, v) => x.indexPut([i, j], v, true),
        () => [leaf(3, 4), ints([2, 0, 2]), ints([1, 1, 1]), leaf(3)],
      );
    });
    test.each([{}, { paddingIdx: 1 }, { scaleGradByFreq: true }, { paddingIdx: -1, scaleGradByFreq: true }])(
      "embedding, %o",
      (options) => {
        check(
          (i, w) => nn.functional.embedding(i, w, options) as T,
          () => [
            ints([
              [1, 3, 3],
              [0, 1, 3],
            ]),
            leaf(4, 6),
          ],
        );
      },
    );
    test.each(["sum", "mean", "max"] as const)("embeddingBag, %s", (mode) => {
      check(
        (i, w) => nn.functional.embeddingBag(i, w, null, { mode }) as T,
        () => [
          ints([
            [1, 3, 3],
            [0, 1, 3],
          ]),
          leaf(4, 5),
        ],
      );
      const ragged = (i: T, w: T, o: T): T =>
        nn.functional.embeddingBag(i, w, o, { mode, paddingIdx: 1, includeLastOffset: true }) as T;
      // What offsets may be is asked in every run.
      check(ragged, () => [ints([1, 3, 3, 0, 1, 2]), leaf(4, 5), ints([0, 1, 3, 3, 5])], { host: true });
    });
  });

  describe("moved", () => {
    test("cat and stack", () => {
      check(
        (x, y) => torch.cat([x, y.t(), x], 1) as T,
        () => [leaf(3, 2), leaf(4, 3)],
      );
      check(
        (x, y) => torch.stack([x, y], -1) as T,
        () => [leaf(3, 2), leaf(3, 2)],
      );
      check(
        (x, y) => torch.cat([x, y]) as T,
        () => [leaf(2), ints([3, 4])],
      );
    });
    test("split, chunk, unbind, narrow, slices with steps", () => {
      check(
        (x) => [...x.split(2, 1), ...x.chunk(2), ...x.unbind(1)] as T[],
        () => [leaf(4, 5)],
      );
      check(
        (x) => [x.narrow(1, 1, 2), x.at("::2, 1:4:2"), x.select(0, -1)],
        () => [leaf(4, 5)],
      );
    });
    test("repeat, tile, repeatInterleave, expand", () => {
      check(
        (x) =>
          [x.repeat(2, 1, 3), x.tile(2), x.repeatInterleave(3, 0), x.unsqueeze(1).expand(2, 4, 3)] as T[],
        () => [leaf(2, 3)],
      );
    });
    test("flip, roll, rot90", () => {
      check(
        (x) => [x.flip(0), x.flip([0, 2]), x.roll(2, 1), x.roll(-1), x.rot90(1)] as T[],
        () => [leaf(2, 3, 4)],
      );
    });
    test("padding", () => {
      for (const mode of ["constant", "reflect", "replicate", "circular"] as const)
        check(
          (x) => nn.functional.pad(x, [2, 1, 1, 0], mode) as T,
          () => [leaf(1, 2, 3, 4)],
        );
      check(
        (x) => nn.functional.pad(x, [1, -2], "constant", 3) as T,
        () => [leaf(2, 5)],
      );
    });
    test("interpolation", () => {
      check(
        (x) => nn.functional.interpolate(x, { scaleFactor: 2, mode: "bilinear" }) as T,
        () => [leaf(1, 2, 3, 4)],
      );
      check(
        (x) => nn.functional.interpolate(x, { size: [5, 2], mode: "nearest" }) as T,
        () => [leaf(1, 2, 3, 4)],
      );
    });
    test("triangles and diagonals", () => {
      check(
        (x) => [x.tril(), x.triu(1), x.tril(-1), x.diagonal(), x.diagonal(1).diagEmbed(), x.trace()] as T[],
        () => [leaf(4, 4)],
      );
    });
    test("asStrided", () => {
      check(
        (x) => x.asStrided([2, 2], [4, 2], 1) as T,
        () => [leaf(3, 4)],
      );
    });
    test("filling", () => {
      check(
        (x, v) => {
          const y = x.mul(1);
          y.at("0").fill_(v);
          y.at("1").fill_(7);
          y.at(":, 2").zero_();
          return [y, x.maskedFill(x.gt(0), -1), x.maskedFill(x.gt(0), v), x.where(x.gt(0), 2)] as T[];
        },
        () => [leaf(3, 4), torch.tensor(5) as T],
      );
      check(
        (x) => x.fill_(2) as T,
        () => [torch.zeros(3) as T],
        { gradients: false },
      );
    });
  });

  describe("along rows", () => {
    test("extrema and their positions, of equal elements and NaN too", () => {
      const make = (): T[] => [
        torch
          .tensor([
            [1, 3, 3, -2],
            [Number.NaN, 1, Number.NaN, 5],
            [0, -1, -1, 0],
          ])
          .requiresGrad_(true) as T,
      ];
      check((x) => {
        const [a, b] = [x.max(1), x.min(0)];
        return [a.values, a.indices, b.values, b.indices, x.argmax(), x.argmin(1, { keepdim: true })] as T[];
      }, make);
      check(
        (x) => [x.max(-1).indices, x.argmin(1)] as T[],
        () => [
          ints([
            [3, 3, 1],
            [1, 0, 0],
          ]),
        ],
        {
          gradients: false,
        },
      );
      check(
        (x) => [x.max(1).values, x.max(1).indices] as T[],
        () => [torch.tensor([[false, true]]) as T],
        {
          gradients: false,
        },
      );
      check(
        (x) => [x.max(), x.min()] as T[],
        () => [torch.tensor([2, 5, 5, 2, 3.5]).requiresGrad_(true) as T],
      );
    });
    test("running sums and products", () => {
      check(
        (x) => [x.cumsum(1), x.cumsum(0)] as T[],
        () => [leaf(3, 4)],
      );
      check(
        (x) => [x.cumsum(1), x.cumprod(0)] as T[],
        () => [
          ints([
            [3, 3, 1],
            [1, 0, 2],
          ]),
        ],
        {
          gradients: false,
        },
      );
    });
  });

  test("products of vectors, and of integers", () => {
    check(
      (x, y) => [x.dot(y), x.matmul(y)] as T[],
      () => [leaf(5), leaf(5)],
    );
    check(
      (x, y) =>
        [
          x.matmul(y),

          y.select(0, 1).to("int64").dot(x.select(1, 0).to("int64")),
        ] as T[],
      () => [
        ints([
          [3, -3],
          [1, 0],
        ]),
        ints([
          [200, 3],
          [1, 90000],
        ]),
      ],
      { gradients: false },
    );
  });

  describe("what is looked at in every run", () => {
    test("integers are divided by steps, and 0 is refused", () => {
      check(
        (x) => [x.floorDivide(3), x.remainder(3)] as T[],
        () => [ints([7, -7, 5])],
        { gradients: false },
      );
      const f = torch.compile((x: T, y: T): T => x.floorDivide(y));
      f(ints([7]), ints([2]));
      expect(plain(f(ints([7]), ints([-2])))).toEqual(["int32", [1], [-4]]);
      expect(() => f(ints([7]), ints([0]))).toThrow(/division by zero/);
    });
    test("what is no tensor cannot be captured", () => {
      const f = torch.compile((x: T): boolean => torch.equal(x, x));
      f(torch.ones(2) as T);
      expect(() => f(torch.ones(2) as T)).toThrow(/equal cannot be captured: it gives a boolean/);
    });
    test("a part whose place only a run knows is a copy, which nobody may change for the whole", () => {
      const position = (): T => torch.tensor(2, { dtype: "int32" }) as T;
      check(
        (x, i) => [x.at(i), x.narrow(0, i as never, 2)] as T[],
        () => [leaf(4, 3), position()],
      );
      check(
        (x, i) => x.clone().set(i, 5),
        () => [leaf(4, 3), position()],
      );
      const f = torch.compile((x: T, i: T): T => x.at(i).zero_());
      f(torch.ones(4, 3) as T, position());
      expect(() => f(torch.ones(4, 3) as T, position())).toThrow(/zero_ cannot be captured/);
    });
    test("systems of equations that have no solution", () => {
      const f = torch.compile((a: T, b: T): T => torch.linalg.solve(a, b) as T);
      const [a, b] = [torch.eye(2).add(1), torch.ones(2, 1)] as [T, T];
      const x = torch.linalg.solve(a, b) as T;
      f(a, b);
      expect(plain(f(a, b))).toEqual(plain(x));
      expect(() => f(torch.ones(2, 2) as T, b)).toThrow(/singular/);
      check(
        (m) => [torch.linalg.inv(m), torch.linalg.det(m)] as T[],
        () => [leaf(3, 3)],
        { host: true },
      );
    });
    test("losses", () => {
      const bce = (x: T, y: T): T => nn.functional.binaryCrossEntropy(x.sigmoid(), y) as T;
      check(bce, () => [leaf(3, 2), torch.rand(3, 2) as T], { host: true });
      check(
        (x, y) => nn.functional.multiMarginLoss(x, y) as T,
        () => [leaf(3, 4), ints([0, 3, 3])],
        { host: true },
      );
      check(
        (x, y) => nn.functional.multilabelMarginLoss(x, y) as T,
        () => [
          leaf(2, 4),
          ints([
            [3, 0, -1, 1],
            [-1, 2, 1, 0],
          ]),
        ],
        { host: true },
      );
      check(
        (x, t, n, m) => nn.functional.ctcLoss(x.logSoftmax(2), t, n, m) as T,
        () => [
          leaf(5, 2, 4),
          ints([
            [1, 2],
            [3, 1],
          ]),
          ints([5, 4]),
          ints([2, 1]),
        ],
        { host: true },
      );
    });
  });

  test("random numbers are those of eager code, in the same order", () => {
    check(
      (x) => {
        const y = nn.functional.alphaDropout(x, 0.3, { training: true });
        const z = nn.functional.featureAlphaDropout(y.unsqueeze(0), 0.5, { training: true });
        const w = nn.functional.rrelu(z, 0.1, 0.3, { training: true });
        const p = torch.bernoulli(x.detach().sigmoid());
        return [y, z, w, p, torch.rand(3), x.detach().clone().bernoulli_(0.4)] as T[];
      },
      () => [leaf(5, 4)],
      { host: true },
    );
  });
});
