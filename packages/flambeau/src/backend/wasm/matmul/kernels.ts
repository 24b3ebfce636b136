// Compiles the matmul kernels on first use: one module for small products, one for each register tile of the large.
// Floor L2 (backend/wasm).

import { instantiate, ModuleBuilder } from "../encoder.ts";
import type { LinearMemory } from "../memory.ts";
import type { DotKernel } from "./dot.ts";
import { emitDot } from "./dot.ts";
import type { MatmulDType, Rounding } from "./elements.ts";
import { element, importMemory } from "./elements.ts";
import type { BiasKernel, BlockKernel, PackKernel, Tile } from "./micro.ts";
import { emitBias, emitBlock, emitPack } from "./micro.ts";
import type { ColumnKernel, SmallKernel, TransposeKernel } from "./small.ts";
import { emitColumn, emitSmall, emitTranspose } from "./small.ts";

export interface SmallKernels {
  readonly small: SmallKernel;
  readonly column: ColumnKernel;
  readonly transpose: TransposeKernel;
  /** float32 only. */
  readonly dot: DotKernel;
}

export function compileSmall(memory: LinearMemory, dtype: MatmulDType, rounding: Rounding): SmallKernels {
  const e = element(dtype, rounding);
  const m = new ModuleBuilder();
  importMemory(m);
  emitSmall(m, e);
  emitColumn(m, e);
  emitTranspose(m, e);
  if (dtype === "float32") emitDot(m, e);
  return instantiate<SmallKernels>(m.finish(), { env: { memory: memory.wasm } });
}

export interface BlockKernels {
  readonly tile: Tile;
  readonly block: BlockKernel;
  readonly pack: PackKernel;
  readonly addBias: BiasKernel;
}

export function compileBlock(
  memory: LinearMemory,
  dtype: MatmulDType,
  rounding: Exclude<Rounding, "emulated">,
  tile: Tile,
): BlockKernels {
  const e = element(dtype, rounding);
  const m = new ModuleBuilder();
  importMemory(m);
  emitBlock(m, e, tile);
  emitPack(m, e, tile);
  emitBias(m, e);
  const { block, pack, addBias } = instantiate<Omit<BlockKernels, "tile">>(m.finish(), {
    env: { memory: memory.wasm },
  });
  return { tile, block, pack, addBias };
}
