// Runs exported models in onnxruntime and compares what comes out with what the model gives here.

import * as ort from "onnxruntime-node";
import { expect } from "vitest";
import type { AnyTensor, TypedArray } from "../../../src/index.ts";
import * as torch from "../../../src/index.ts";
import type { OnnxExportOptions } from "../../../src/io/onnx/export.ts";

// biome-ignore lint/suspicious/noExplicitAny: models take whatever they take.
export type Model = (...args: any[]) => unknown;

export function tensorsIn(x: unknown): AnyTensor[] {
  if (torch.isTensor(x)) return [x];
  if (Array.isArray(x)) return x.flatMap(tensorsIn);
  return typeof x === "object" && x !== null ? Object.values(x).flatMap(tensorsIn) : [];
}

/** What onnxruntime gives for a model, from bytes or a file, by the names of its outputs. */
export async function runModel(
  model: Uint8Array | string,
  inputs: readonly AnyTensor[],
): Promise<ReadonlyMap<string, ort.Tensor>> {
  // Warnings of the runtime about what it optimises are no failures.
  const options = { logSeverityLevel: 3 as const, intraOpNumThreads: 1 };
  const session = await (typeof model === "string"
    ? ort.InferenceSession.create(model, options)
    : ort.InferenceSession.create(model, options));
  const feeds = session.inputNames.map((name) => {
    // Graph inputs that nothing depends on are still there, in the order of the example.
    const t = inputs[session.inputNames.indexOf(name)]!;
    return [name, new ort.Tensor(t.dtype, t.toTypedArray() as Float32Array, t.shape as number[])] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return new Map(Object.entries(results));
}

/** The largest distance between elements, relative where they are large; infinite for other shapes or dtypes. */
export function distance(want: AnyTensor, got: ort.Tensor): number {
  if (want.shape.join() !== got.dims.join() || want.dtype !== got.type) return Number.POSITIVE_INFINITY;
  const a = want.toTypedArray();
  const b = got.data as TypedArray;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (Object.is(x, y) || x === y) continue;
    const off = Math.abs(x - y) / Math.max(1, Math.abs(x));
    most = Math.max(most, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
  }
  return most;
}

export const tolerance = 1e-5;

/** Exports the model by the example of `make(2)`, and compares it on those of other sizes. */
export async function compare(
  model: Model,
  make: (n: number) => readonly unknown[],
  options: OnnxExportOptions = {},
  sizes: readonly number[] = [2, 1, 3, 5],
): Promise<Uint8Array> {
  const bytes = await torch.onnx.export(model, make(2), null, options);
  // What is exported is the module in eval mode, and it stays in the mode that it was in.
  const module = model instanceof torch.nn.Module ? model : null;
  const training = module?.training ?? false;
  module?.eval();
  for (const n of sizes) {
    const args = make(n);
    const got = [...(await runModel(bytes, tensorsIn(args))).values()];
    const want = tensorsIn(torch.noGrad(() => model(...args)));
    expect(got.length).toBe(want.length);
    want.forEach((w, i) => {
      const shown = `output ${i} for size ${n}: [${w.shape}] ${w.dtype}, onnxruntime has [${got[i]!.dims}] ${got[i]!.type}`;
      expect(distance(w, got[i]!), shown).toBeLessThan(tolerance);
    });
  }
  module?.train(training);
  return bytes;
}
