// Random functions in onnxruntime: the chains of ops that torch.compile is tried on, exported, and run on other numbers.

import { describe, expect, it, vi } from "vitest";
import type { AnyTensor } from "../../../src/index.ts";
import * as torch from "../../../src/index.ts";
import type { Pool } from "../../compile/random-ops.ts";
import { addRandomOp } from "../../compile/random-ops.ts";
import { Random } from "../../ir/random-numbers.ts";
import { distance, runModel } from "./runtime.ts";

const count = 150;
const shapes = [[], [1], [5], [8], [4, 3], [3, 4], [5, 1], [2, 3, 4], [1, 4, 5], [2, 1, 3, 4]];
/** Chains of ops round several times, in another order. */
const tolerance = 1e-4;

function randomFunction(seed: number): {
  f: (...args: AnyTensor[]) => AnyTensor[];
  args: (n: number) => AnyTensor[];
} {
  const random = new Random(seed);
  const own = [random.pick(shapes), random.pick(shapes)];
  const ops = random.between(1, 8);
  const weights = new Map<string, AnyTensor>();
  const weight = (rows: number, columns: number): AnyTensor => {
    const key = `${rows} ${columns}`;
    const made = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(1.3 * i));
    if (!weights.has(key)) weights.set(key, torch.fromTypedArray(made, [rows, columns]));
    return weights.get(key)!;
  };
  const f = (a: AnyTensor, b: AnyTensor, numbers: AnyTensor): AnyTensor[] => {
    const floats = [a, b];
    const buffers = [torch.ones(4, 3) as AnyTensor];
    const pool: Pool = { random: new Random(seed + 1_000_003), floats, numbers: [numbers], buffers, weight };
    for (let i = 0; i < ops; i++) addRandomOp(pool);
    return floats.slice(2);
  };
  const args = (n: number): AnyTensor[] => {
    torch.manualSeed(seed * 7 + n);
    return [...own.map((shape) => torch.randn(shape)), torch.randint(0, 3, [4])];
  };
  return { f, args };
}

/** What differs; null if all is alike; the error of what cannot be exported. */
async function differs(seed: number): Promise<string | null | Error> {
  const { f, args } = randomFunction(seed);
  let model: Uint8Array;
  try {
    model = await torch.onnx.export(f, args(0));
  } catch (error) {
    if (error instanceof torch.onnx.OnnxExporterError) return error;
    throw error;
  }
  const inputs = args(1);
  const got = [...(await runModel(model, inputs)).values()];
  const far = torch.noGrad(() => f(...inputs)).map((want, i) => distance(want, got[i]!));
  return far.every((d) => d < tolerance) ? null : `seed ${seed}: ${far.join(", ")}`;
}

describe("random functions", () => {
  it(`${count} of them`, async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const found: (string | null | Error)[] = [];
    for (let seed = 0; seed < count; seed++) found.push(await differs(seed));
    warn.mockRestore();
    expect(found.filter((x) => typeof x === "string")).toEqual([]);
    // The others draw random numbers, or return nothing.
    expect(found.filter((x) => x === null).length).toBeGreaterThan(0.6 * count);
  });
});
