// The code of matrix products, with what is done to the product in the same pass.
// Floor L2 (backend/wasm/program).

import { RuntimeError } from "../../../base/errors.ts";
import type { MatmulStep } from "../../../ir/program.ts";
import { features } from "../features.ts";
import { elementBytes } from "../lanes.ts";
import type { Element } from "../matmul/elements.ts";
import { element } from "../matmul/elements.ts";
import { chooseBlock } from "../matmul/probe.ts";
import { LinearMemory } from "../memory.ts";
import { revectorize } from "../revectorize.ts";
import type { StepCode } from "./context.ts";
import { exprKey } from "./expressions.ts";
import { emitDot, planDot } from "./matmul-dot.ts";
import type { TilePlan } from "./matmul-plan.ts";
import { planTiles } from "./matmul-plan.ts";
import type { Problem } from "./matmul-problem.ts";
import { problemOf } from "./matmul-problem.ts";
import { emitTiles } from "./matmul-tiles.ts";
import type { ZerosPlan } from "./matmul-zeros.ts";
import { emitZeros, planZeros } from "./matmul-zeros.ts";

/** The code of a product. @throws RuntimeError for a dtype without products. */
export function matmulCode(step: MatmulStep): StepCode {
  if (step.dtype !== "float32" && step.dtype !== "float64")
    throw new RuntimeError(
      `programs: ${step.name} is a product of ${step.dtype}; compiled products are float32 or float64`,
    );
  const p = problemOf(step);
  const el = element(p.dtype, features().fusedMadd ? "fused" : "plain");
  const flops = 2 * p.batch * p.m * p.n * p.k;
  const plan = planDot(p, el) ?? planOf(p, el, wideTiles(flops), step.zeros ?? []);
  const way = plan.kind !== "zeros" ? "" : plan.across ? "zeros across " : "zeros ";
  return {
    key: `matmul ${way}${keyOf(p)}`,
    name: step.name,
    ...(plan.kind === "zeros" && { note: "zeros left out" }),
    addresses: [step.a, step.b, ...step.operands.map((o) => o.source), ...step.maps.map((r) => r.to)],
    sharedBytes: plan.sharedBytes,
    ownBytes: plan.ownBytes,
    flops,
    bytes: bytesOf(p),
    emit: (c) => {
      if (p.batch * p.m * p.n === 0) return;
      if (plan.kind === "dot") emitDot(c, p, el, plan);
      else if (plan.kind === "zeros") emitZeros(c, p, el, plan);
      else emitTiles(c, p, el, plan);
    },
  };
}

function planOf(
  p: Problem,
  el: Element,
  wide: boolean,
  zeros: NonNullable<MatmulStep["zeros"]>,
): TilePlan | ZerosPlan {
  const tiles = planTiles(p, el, wide);
  const plan = (across: boolean): ZerosPlan | null =>
    zeros.includes(across === p.turned ? "a" : "b") ? planZeros(p, el, tiles, revectorize(), across) : null;
  return plan(false) ?? plan(true) ?? tiles;
}

/** Operations from which a product is worth the time of finding the best tile. */
const worthProbing = 2 ** 22;
let probed: boolean | null = null;

/** Whether tiles are sixteen columns wide rather than eight: where vectors pair up, or where there are registers enough. */
function wideTiles(flops: number): boolean {
  if (revectorize()) return true;
  if (probed === null && flops >= worthProbing && features().fusedMadd)
    probed = chooseBlock(new LinearMemory(), "float32", true).tile.vectors === 4;
  return probed ?? false;
}

function bytesOf(p: Problem): number {
  const { batch, m, n, k } = p;
  const size = elementBytes[p.dtype];
  let bytes = (p.a.batch ? batch : 1) * m * k * size + (p.b.batch ? batch : 1) * k * n * size;
  for (const { dtype, strides } of p.operands)
    if (strides)
      bytes +=
        (strides.batch ? batch : 1) * (strides.row ? m : 1) * (strides.col ? n : 1) * elementBytes[dtype];
  for (const { body } of p.maps) bytes += batch * m * n * elementBytes[body.dtype];
  return bytes;
}

function keyOf(p: Problem): string {
  const { maps, ...rest } = p;
  return JSON.stringify({ ...rest, maps: maps.map(({ body, strides }) => [exprKey(body), strides]) });
}
