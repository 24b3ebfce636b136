// Attention in blocks: memory and threads of its programs, and the layers that it is a part of.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CompiledProgram } from "../../src/backend/backend.ts";
import { getBackend, setBackend } from "../../src/backend/backend.ts";
import { createPrograms } from "../../src/backend/wasm/program/index.ts";
import * as torch from "../../src/index.ts";
import { nn, optim } from "../../src/index.ts";
import { blockwise } from "../../src/ops/attention.ts";
import { compare, inputs, learning, numbers } from "./attention-cases.ts";

type Tensor = torch.AnyTensor;
const { functional: F } = nn;

beforeEach(() => {
  blockwise.captured = true;
  torch.manualSeed(5);
});
afterEach(() => {
  blockwise.captured = false;
});

test("memory grows with the length, not with its square", () => {
  const planned = (length: number): number => {
    const [q, k, v, up] = inputs({ batch: [2], length, keys: length, width: 16, values: 16 }, "float32");
    const step = torch.compile(learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v)));
    step();
    step();
    const text = step.explain();
    const sizes = [
      /([\d.]+) (\w+) for what is computed in between/,
      /([\d.]+) (\w+) that steps work in/,
      /([\d.]+) (\w+) on each thread/,
    ].map((pattern) => {
      const [, size, unit] = pattern.exec(text)!;
      return Number(size) * { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20 }[unit as "bytes"];
    });
    return sizes.reduce((a, b) => a + b);
  };
  const [once, twice] = [planned(1024), planned(2048)];
  // The scores of one head have 4 MiB.
  expect(once).toBeLessThan(2 * 2 ** 20);
  expect(twice).toBeLessThan(2.2 * once);
});

test("the bits of one thread", () => {
  // A busy machine may take its time to start threads.
  vi.setConfig({ testTimeout: 300_000 });
  const usual = getBackend();
  const programs = createPrograms({ step: 0, thread: 1e-9, asleep: 1e-9 });
  const made: (CompiledProgram & { settle(): boolean })[] = [];
  const compile = (...args: Parameters<typeof programs.compile>): CompiledProgram => {
    const program = programs.compile(...args);
    made.push(program);
    return program;
  };
  setBackend({
    ...usual,
    programs: {
      allocate: (...args) => programs.allocate(...args),
      release: (region) => programs.release(region),
      compile,
      results: programs.results,
      setThreads: (n) => programs.setThreads(n),
      get threads() {
        return programs.threads;
      },
    },
  });
  try {
    // Heads for threads to share, and one head whose steps they share.
    for (const batch of [[4, 2], []])
      for (const isCausal of [false, true]) {
        const [q, k, v, up] = inputs({ batch, length: 260, keys: 260, width: 16, values: 16 }, "float32");
        const step = torch.compile(
          learning([q, k, v], up, () => F.scaledDotProductAttention(q, k, v, { isCausal })),
        );
        torch.setNumThreads(1);
        step();
        const one = step().map(numbers);
        for (const threads of [2, 3]) {
          torch.setNumThreads(threads);
          for (const program of made) expect(program.settle()).toBe(true);
          expect(step().map(numbers)).toEqual(one);
        }
        expect(step.explain()).toContain("3 threads");
      }
  } finally {
    setBackend(usual);
    programs.close();
  }
});

describe("layers", () => {
  test("multi-head attention with masks", () => {
    const layer = new nn.MultiheadAttention(12, 3, { dtype: "float64", addBiasKv: true });
    const x = torch.randn([150, 2, 12], { dtype: "float64" }) as Tensor;
    const up = torch.randn([150, 2, 12], { dtype: "float64" }) as Tensor;
    const given = [...layer.parameters()] as Tensor[];
    const padding = torch.zeros([2, 150], { dtype: "bool" }) as Tensor;
    padding.select(0, 1).narrow(0, 140, 10).fill_(true);
    const numbersOf = torch.randn([150, 150], { dtype: "float64" }) as Tensor;
    const bools = torch.rand([6, 150, 150]).gt(0.8) as Tensor;
    const paddingNumbers = torch
      .zeros([2, 150], { dtype: "float64" })
      .maskedFill(padding, -Infinity) as Tensor;
    const masks: nn.functional.AttentionOptions[] = [
      {},
      { attnMask: numbersOf },
      { keyPaddingMask: padding },
      { attnMask: numbersOf, keyPaddingMask: padding },
      { attnMask: bools, keyPaddingMask: padding },
      { attnMask: bools, keyPaddingMask: paddingNumbers },
    ];
    for (const options of masks) {
      const found = compare(
        learning(given, up, () => layer(x, x, x, { ...options, needWeights: false })[0] as Tensor),
      );
      expect(found.distance).toBeLessThan(1e-12);
      expect(found.text).toContain("in blocks");
    }
    const shown = compare(learning(given, up, () => layer(x, x, x)[0] as Tensor));
    expect(shown.distance).toBeLessThan(1e-12);
    expect(shown.text).not.toContain("in blocks");
  });

  test.each([
    ["without dropout", 0, true],
    ["with dropout", 0.2, false],
  ])("an encoder trains as eagerly %s", (_, dropout, inBlocks) => {
    const make = () => {
      torch.manualSeed(3);
      const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout, batchFirst: true });
      const params = [...layer.parameters()];
      const trainer = new optim.Adam(params, { lr: 0.01 });
      const fn = (x: torch.Tensor): Tensor => {
        trainer.zeroGrad();
        const loss: Tensor = layer(x).square().mean();
        loss.backward();
        trainer.step();
        return loss;
      };
      return { params, fn };
    };
    const run = (compiled: boolean) => {
      const { params, fn } = make();
      const step = compiled ? torch.compile(fn) : fn;
      const x = torch.randn(2, 140, 8) as torch.Tensor;
      const losses = Array.from({ length: 4 }, () => step(x).item() as number);
      return { params, losses, text: "explain" in step ? (step.explain as () => string)() : "" };
    };
    const [eager, compiled] = [run(false), run(true)];
    eager.losses.forEach((l, i) => expect(compiled.losses[i]).toBeCloseTo(l, 5));
    compiled.params.forEach((p, i) => {
      expect(p.sub(eager.params[i]!).abs().amax().item()).toBeLessThan(5e-5);
    });
    expect(compiled.text.includes("attention in blocks")).toBe(inBlocks);
  });
});
