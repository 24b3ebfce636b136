// Attention in compiled functions: blocks of rows of the scores instead of all of them.

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { autograd, nn } from "../../src/index.ts";
import { blockwise } from "../../src/ops/attention.ts";
import type { Sizes } from "./attention-cases.ts";
import { compare, distance, inputs, learning, numbers } from "./attention-cases.ts";

type Tensor = torch.AnyTensor;
const { functional: F } = nn;
type Options = NonNullable<Parameters<typeof F.scaledDotProductAttention>[3]>;

beforeEach(() => {
  blockwise.captured = true;
  torch.manualSeed(5);
});
afterEach(() => {
  blockwise.captured = false;
  blockwise.eager = false;
});

describe("what PyTorch gives", () => {
  interface Case {
    readonly name: string;
    readonly length: number;
    readonly keys: number;
    readonly mask: "bool" | "float" | null;
    readonly causal: boolean;
    readonly results: readonly (readonly number[])[];
  }
  const recorded = JSON.parse(
    readFileSync(new URL("./fixtures/attention.json", import.meta.url), "utf8"),
  ) as { every: number; cases: Case[] };
  test.each(recorded.cases)("$name", ({ length, keys, mask, causal, results }) => {
    torch.manualSeed(11);
    const [q, k, v, up] = inputs({ batch: [2], length, keys, width: 3, values: 2 });
    const drawn = torch.randn([length, keys], { dtype: "float64" }) as Tensor;
    const attnMask = mask === "bool" ? (drawn.gt(0) as Tensor) : mask ? drawn : null;
    const forward = (): Tensor => F.scaledDotProductAttention(q, k, v, { attnMask, isCausal: causal });
    const step = torch.compile(learning([q, k, v], up, forward));
    step();
    step().forEach((x, i) => {
      const all = numbers(x);
      results[i]!.forEach((want, j) => expect(all[j * recorded.every]!).toBeCloseTo(want, 10));
    });
    expect(step.explain()).toContain("attention in blocks");
  });
});

describe("what the whole scores give", () => {
  const sizes: Sizes = { batch: [2, 3], length: 151, keys: 133 };
  const bools = (...shape: number[]): Tensor => torch.rand(shape).gt(0.3) as Tensor;
  const floats = (...shape: number[]): Tensor => torch.randn(shape, { dtype: "float64" }) as Tensor;
  const cases: [string, Sizes, (() => Options)?][] = [
    ["blocks of equal size", { batch: [2], length: 256, keys: 100 }],
    ["a last block of fewer rows", { batch: [2], length: 301, keys: 100 }],
    ["no batch", { batch: [], length: 301, keys: 40 }],
    ["one row", { batch: [4], length: 1, keys: 40 }],
    ["many heads", { batch: [2, 1, 3, 2], length: 150, keys: 40 }],
    ["a scale", sizes, () => ({ scale: 0.1 })],
    ["causal", { batch: [2], length: 301, keys: 301 }, () => ({ isCausal: true })],
    ["causal, fewer keys", { batch: [2], length: 301, keys: 70 }, () => ({ isCausal: true })],
    ["causal, more keys", { batch: [], length: 131, keys: 301 }, () => ({ isCausal: true })],
    ["bools for all heads", sizes, () => ({ attnMask: bools(151, 133) })],
    ["bools of keys", sizes, () => ({ attnMask: bools(2, 1, 1, 133) })],
    ["numbers for each head", sizes, () => ({ attnMask: floats(3, 151, 133) })],
    ["numbers of rows", sizes, () => ({ attnMask: floats(151, 1) })],
    ["a mask with a larger batch", sizes, () => ({ attnMask: floats(2, 1, 1, 151, 1) })],
  ];
  test.each(cases.map(([name, of, options]) => ({ name, of, options })))("$name", ({ of, options }) => {
    const [q, k, v, up] = inputs(of);
    const given = options?.() ?? {};
    const found = compare(learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v, given)));
    expect(found.distance).toBeLessThan(1e-13);
    expect(found.text).toContain("attention in blocks");
    expect(found.text).toContain("attention backward in blocks");
  });

  test("a long sequence", () => {
    const [q, k, v, up] = inputs({ batch: [], length: 1100, keys: 1100 });
    const found = compare(learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v)));
    expect(found.distance).toBeLessThan(1e-13);
    expect(found.text).toMatch(/attention in blocks of \d+ rows/);
  });

  test("float32", () => {
    const [q, k, v, up] = inputs({ batch: [3], length: 300, keys: 220 }, "float32");
    const found = compare(learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v)));
    expect(found.distance).toBeLessThan(2e-6);
  });

  test("keys of another batch", () => {
    const [q, , , up] = inputs({ batch: [2, 3], length: 200, keys: 1 });
    const [, k, v] = inputs({ batch: [3], length: 1, keys: 90 });
    const found = compare(learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v)));
    expect(found.distance).toBeLessThan(1e-13);
  });

  test("keys and values that are views", () => {
    const x = torch.randn([150, 2, 18], { dtype: "float64" }) as Tensor;
    x.requiresGrad = true;
    const up = torch.randn([2, 150, 6], { dtype: "float64" }) as Tensor;
    const forward = (): Tensor => {
      const [q, k, v] = x.transpose(0, 1).chunk(3, -1) as [Tensor, Tensor, Tensor];
      return F.scaledDotProductAttention(q, k, v);
    };
    expect(compare(learning([x], up, forward)).distance).toBeLessThan(1e-13);
  });

  test("rows of which nothing is allowed have NaN where eager code has it", () => {
    const [q, k, v, up] = inputs(sizes);
    const mask = bools(151, 133);
    mask.narrow(0, 3, 2).fill_(false);
    const given: Options[] = [
      { attnMask: mask },
      { attnMask: floats(151, 133).where(mask, -Infinity) as Tensor },
    ];
    for (const options of given) {
      const fn = learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v, options));
      expect(compare(fn).distance).toBeLessThan(1e-13);
    }
  });

  test("eager code, block by block", () => {
    for (const options of [{}, { isCausal: true }, { attnMask: bools(2, 1, 1, 133) }]) {
      const [q, k, v, up] = inputs(sizes);
      const fn = learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v, options));
      const whole = fn();
      blockwise.eager = true;
      const blocks = fn();
      blockwise.eager = false;
      expect(Math.max(...whole.map((x, i) => distance(x, blocks[i]!)))).toBeLessThan(1e-13);
    }
  });

  test("gradients of gradients", () => {
    const [q, k, v, up] = inputs({ batch: [2], length: 140, keys: 70 });
    for (const options of [{ attnMask: bools(140, 70) }, { isCausal: true }]) {
      const fn = (): Tensor[] => {
        const total: Tensor = F.scaledDotProductAttention(q, k, v, options).mul(up).sum();
        const first = autograd.grad(total, [q, k, v], { createGraph: true }) as Tensor[];
        const second = first.map((g) => g.square().sum()).reduce((a, b) => a.add(b));
        return autograd.grad(second as Tensor, [q, k, v]) as Tensor[];
      };
      expect(compare(fn).distance).toBeLessThan(1e-11);
      const whole = fn();
      blockwise.eager = true;
      expect(Math.max(...fn().map((x, i) => distance(x, whole[i]!)))).toBeLessThan(1e-11);
      blockwise.eager = false;
    }
  });

  test("hooks", () => {
    const [q, k, v, up] = inputs({ batch: [2], length: 140, keys: 70 });
    const fn = learning([q, k, v], up, () => {
      const own: Tensor = q.mul(1);
      own.registerHook((g: Tensor) => g.mul(3));
      return F.scaledDotProductAttention(own, k, v);
    });
    expect(compare(fn).distance).toBeLessThan(1e-13);
  });
});

describe("where there are no blocks", () => {
  test("a mask that learns", () => {
    const [q, k, v, up] = inputs({ batch: [2], length: 140, keys: 70 });
    const mask = torch.randn([140, 70], { dtype: "float64", requiresGrad: true }) as Tensor;
    const fn = learning([q, k, v, mask], up, () => F.scaledDotProductAttention(q, k, v, { attnMask: mask }));
    const found = compare(fn);
    expect(found.distance).toBeLessThan(1e-13);
    expect(found.text).not.toContain("in blocks");
  });

  test("dropout draws what eager code draws", () => {
    const [q, k, v, up] = inputs({ batch: [2], length: 140, keys: 70 });
    const fn = learning([q, k, v], up, () => {
      torch.manualSeed(3);
      return F.scaledDotProductAttention(q, k, v, { dropoutP: 0.3 });
    });
    const found = compare(fn);
    expect(found.distance).toBeLessThan(1e-13);
    expect(found.text).not.toContain("in blocks");
  });

  test("masks of other ranks", () => {
    const [q, k, v, up] = inputs({ batch: [2], length: 140, keys: 70 });
    const attnMask = torch.rand([70]).gt(0.3) as Tensor;
    const found = compare(learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v, { attnMask })));
    expect(found.distance).toBeLessThan(1e-13);
  });

  test("what does not fit is refused as ever", () => {
    const [q, k, v] = inputs({ batch: [2], length: 140, keys: 70 });
    const more = inputs({ batch: [2], length: 140, keys: 71 })[2];
    const other = inputs({ batch: [3], length: 140, keys: 70 })[1];
    const attnMask = torch.zeros([141, 70], { dtype: "float64" }) as Tensor;
    const calls = [
      () => F.scaledDotProductAttention(q, k, more),
      () => F.scaledDotProductAttention(q, other, v),
      () => F.scaledDotProductAttention(q, k, v, { attnMask }),
    ];
    for (const call of calls) {
      expect(call).toThrow(torch.ShapeError);
      blockwise.eager = true;
      expect(call).toThrow(torch.ShapeError);
      blockwise.eager = false;
    }
  });

  test("few scores", () => {
    blockwise.captured = false;
    const text = (length: number, options?: Options): string => {
      const [q, k, v] = inputs({ batch: [8], length, keys: length, width: 4, values: 4 }, "float32");
      const step = torch.compile(() => F.scaledDotProductAttention(q, k, v, options));
      step();
      step();
      return step.explain();
    };
    expect(text(64)).not.toContain("in blocks");
    expect(text(512)).not.toContain("in blocks");
    expect(text(1024)).toContain("attention in blocks of 128 rows 8 x 8 times 3 steps");
    expect(text(64, { isCausal: true })).not.toContain("in blocks");
    expect(text(256, { isCausal: true })).toContain("in blocks of 32 rows");
  });
});
