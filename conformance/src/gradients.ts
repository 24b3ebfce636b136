// Backward through recorded upstream gradients, and the comparison of what arrives.

import type * as torch from "flambeau";
import type { Difference, Tolerance } from "./compare.ts";
import { compareTensor } from "./compare.ts";
import { isCompiling } from "./compiling.ts";
import type { RecordedTensor } from "./values.ts";
import { decodeTensor } from "./values.ts";

/** Propagates `upstream[i]` through `outputs[i]`; null means that nothing flows there. `signs` as in nonunique.ts. */
export function runBackward(
  outputs: readonly torch.AnyTensor[],
  upstream: readonly (RecordedTensor | null)[],
  signs: readonly (Float32Array | null)[] = [],
): void {
  const roots: [torch.AnyTensor, torch.AnyTensor][] = [];
  outputs.forEach((y, i) => {
    const g = upstream[i];
    // Where nothing requires grad, the missing gradients tell.
    if (g && y.requiresGrad) roots.push([y, decodeTensor(withSigns(g, signs[i] ?? null))]);
  });
  roots.forEach(([y, g], i) => {
    y.backward(g, { retainGraph: i < roots.length - 1 });
  });
}

const withSigns = (g: RecordedTensor, signs: Float32Array | null): RecordedTensor =>
  signs ? { ...g, data: g.data?.map((v, i) => Number(v) * signs[i]!) ?? null } : g;

/** Compares the gradients of leaves with the recorded ones; null stands for a leaf that was not used. */
export function checkGradients(
  leaves: readonly torch.AnyTensor[],
  expected: readonly (RecordedTensor | null)[],
  t: Tolerance,
  names: readonly string[] = [],
): Difference | null {
  for (let i = 0; i < expected.length; i++) {
    const e = expected[i];
    const grad = leaves[i]?.grad ?? null;
    const where = `gradient of ${names[i] ?? `input ${i}`}`;
    if (e) {
      const d = compareTensor(grad, e, where, t);
      if (d) return d;
    } else if (grad !== null && !(isCompiling() && grad.eq(0).all().item()))
      return {
        where,
        at: "",
        ours: `a tensor of shape [${grad.shape.join(", ")}]`,
        expected: "none",
        tolerance: 0,
      };
  }
  return null;
}
