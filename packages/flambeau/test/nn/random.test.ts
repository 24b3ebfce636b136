// Default initialisation and nn.init: PyTorch's numbers, and as many draws.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import type { TensorData } from "./fixtures.ts";
import { camel, casesOf, construct, difference, optionsOf, valueFrom } from "./fixtures.ts";

interface Summary {
  readonly shape: number[];
  readonly first: number[];
  readonly last: number[];
  readonly sum: number;
  readonly norm: number;
}
interface DefaultInit {
  readonly id: number;
  readonly seed: number;
  readonly module: string;
  readonly note?: string;
  readonly args: unknown[] | null;
  readonly kwargs: Record<string, unknown>;
  readonly parameters: Record<string, Summary>;
  readonly rand_after: TensorData;
}

const networks: Record<string, () => nn.Module> = {
  "Sequential(Flatten(), Linear(784, 256), ReLU(), Linear(256, 10))": () =>
    new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10)),
  "LeNet-5 as in d2l, then net.apply(xavier_uniform_ on every Linear and Conv2d weight)": () =>
    new nn.Sequential(
      new nn.Conv2d(1, 6, 5, { padding: 2 }),
      new nn.Sigmoid(),
      new nn.AvgPool2d(2, { stride: 2 }),
      new nn.Conv2d(6, 16, 5),
      new nn.Sigmoid(),
      new nn.AvgPool2d(2, { stride: 2 }),
      new nn.Flatten(),
      new nn.Linear(16 * 5 * 5, 120),
      new nn.Sigmoid(),
      new nn.Linear(120, 84),
      new nn.Sigmoid(),
      new nn.Linear(84, 10),
    ).apply((m) => {
      if (m instanceof nn.Linear || m instanceof nn.Conv2d) nn.init.xavierUniform_(m.weight);
    }),
};

const near = (x: number, y: number, tolerance: number): boolean =>
  Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y));

describe("default initialisation", () => {
  test.each(
    casesOf<DefaultInit>("random/default_init.json").map(
      (c) => [`${c.id} ${c.module}(${JSON.stringify(c.args)}) seed ${c.seed}`, c] as const,
    ),
  )("%s", (_, c) => {
    torch.manualSeed(c.seed);
    const m = c.args === null ? networks[c.note!]!() : construct(c.module, c.args, c.kwargs);
    const params = [...m.namedParameters()];
    expect(params.map(([n]) => n)).toEqual(Object.keys(c.parameters));
    for (const [name, p] of params) {
      const want = c.parameters[name]!;
      const values = Array.from(p.toTypedArray(), Number);
      expect(p.shape).toEqual(want.shape);
      [
        ...want.first.map((w, i) => [values[i]!, w] as const),
        ...want.last.map((w, i) => [values[values.length - want.last.length + i]!, w] as const),
      ].forEach(([x, w]) => {
        expect(near(x, w, 2e-6), `${name}: ${x} instead of ${w}`).toBe(true);
      });
      expect(
        near(
          values.reduce((a, b) => a + b, 0),
          want.sum,
          1e-5,
        ),
        `${name}: sum`,
      ).toBe(true);
      expect(near(Math.sqrt(values.reduce((a, b) => a + b * b, 0)), want.norm, 1e-5), `${name}: norm`).toBe(
        true,
      );
    }
    expect(difference(torch.rand(c.rand_after.shape), c.rand_after)).toBeNull();
  });
});

interface InitCase {
  readonly id: number;
  readonly fn: string;
  readonly seed?: number;
  readonly shape?: number[];
  readonly args?: unknown[];
  readonly kwargs?: Record<string, unknown>;
  readonly value?: number;
  readonly out?: TensorData;
  readonly rand_after?: TensorData;
}
const init = nn.init as unknown as Record<string, (...args: unknown[]) => unknown>;

describe("nn.init", () => {
  test.each(
    casesOf<InitCase>("random/init_functions.json").map(
      (c) => [`${c.id} ${c.fn} ${JSON.stringify(c.shape ?? c.args)}`, c] as const,
    ),
  )("%s", (_, c) => {
    const f = init[camel(c.fn.replace("nn.init.", ""))]!;
    if (c.value !== undefined) {
      expect(f(...c.args!.map((x) => valueFrom(x)))).toBe(c.value);
      return;
    }
    torch.manualSeed(c.seed!);
    const x = torch.empty(c.shape!);
    f(x, ...(c.args ?? []).map((v) => valueFrom(v)), optionsOf(c.kwargs ?? {}));
    // 2e-6: PyTorch's vector code draws normals with polynomials of its own.
    expect(difference(x, c.out!, 5e-7)).toBeNull();
    expect(difference(torch.rand(c.rand_after!.shape), c.rand_after!)).toBeNull();
  });
});
