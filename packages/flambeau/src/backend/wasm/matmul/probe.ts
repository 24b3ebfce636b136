// Chooses the register tile of large products by timing: which is fastest depends on the engine's version and flags
// (V8 pairs vectors into 256 bits where revectorisation is on; without it a 6x16 tile spills to a quarter).
// Floor L2 (backend/wasm).

import type { LinearMemory } from "../memory.ts";
import type { MatmulDType } from "./elements.ts";
import { heapOf } from "./elements.ts";
import type { BlockKernels } from "./kernels.ts";
import { compileBlock } from "./kernels.ts";
import type { Tile } from "./micro.ts";

export type TileName = "6x16" | "6x8" | "5x8" | "4x8";

/** The register tiles, named by their size in float32. */
export const tiles: { readonly [N in TileName]: Tile } = {
  "6x16": { rows: 6, vectors: 4, unroll: 4 },
  "6x8": { rows: 6, vectors: 2, unroll: 4 },
  "5x8": { rows: 5, vectors: 2, unroll: 4 },
  "4x8": { rows: 4, vectors: 2, unroll: 1 },
};

/** Longest time that the choice may take, in ms. */
const patience = 25;
/** Calls in a sample: about 0.2 ms, for a clock that browsers round to 0.1 ms. */
const callsPerSample = 8;

export function chooseBlock(memory: LinearMemory, dtype: MatmulDType, fused: boolean): BlockKernels {
  const rounding = fused ? "fused" : "plain";
  if (dtype === "int32" || dtype === "int64") return compileBlock(memory, dtype, "plain", tiles["4x8"]);
  const candidates = (fused ? (["6x8", "6x16"] as const) : (["5x8", "4x8"] as const)).map((name) =>
    compileBlock(memory, dtype, rounding, tiles[name]),
  );
  return fastest(memory, dtype, candidates);
}

/** The kernels start in V8's baseline compiler: sample in turns until the optimised code has arrived and settled. */
function fastest(
  memory: LinearMemory,
  dtype: MatmulDType,
  candidates: readonly BlockKernels[],
): BlockKernels {
  const [m, n, k] = [60, 64, 128];
  const base = memory.scratch(1 << 18, "matmul");
  heapOf(memory, dtype).fill(0 as never, base / 8, (base + (1 << 18)) / 4);
  const size = dtype === "float64" ? 8 : 4;
  const [b, c, spare] = [base + 65536, base + 65536 + 73728, base + 65536 + 73728 + 40960];
  const sample = (kernels: BlockKernels): number => {
    const rowBytes = kernels.tile.vectors * 16;
    const start = performance.now();
    for (let i = 0; i < callsPerSample; i++)
      kernels.block(base, k * size, 0, b, k * rowBytes, rowBytes, c, n * size, m, n, k, 0, spare);
    return performance.now() - start;
  };
  const start = performance.now();
  const first = candidates.map(sample);
  const best = [...first];
  for (let round = 0; performance.now() - start < patience; round++) {
    const now = candidates.map(sample);
    const settled = now.every((t, i) => t < 1.2 * best[i]! && best[i]! < first[i]! / 2);
    now.forEach((t, i) => {
      best[i] = Math.min(best[i]!, t);
    });
    if (round >= 3 && settled) break;
  }
  return candidates[best.indexOf(Math.min(...best))]!;
}
