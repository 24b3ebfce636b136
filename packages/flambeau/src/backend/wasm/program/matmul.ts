// The code of matrix products, with what is done to the product in the same pass.
// Floor L2 (backend/wasm/program).

import { RuntimeError } from "../../../base/errors.ts";
import type { Buffer, MatmulStep } from "../../../ir/program.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { topological } from "../codegen.ts";
import { features } from "../features.ts";
import { elementBytes } from "../lanes.ts";
import { element } from "../matmul/elements.ts";
import { revectorize } from "../revectorize.ts";
import type { StepCode } from "./context.ts";
import { emitDot, planDot } from "./matmul-dot.ts";
import { planTiles } from "./matmul-plan.ts";
import type { Problem } from "./matmul-problem.ts";
import { problemOf } from "./matmul-problem.ts";
import { emitTiles } from "./matmul-tiles.ts";

/** The code of a product. @throws RuntimeError for a dtype without products. */
export function matmulCode(step: MatmulStep, buffers: readonly Buffer[]): StepCode {
  if (step.dtype !== "float32" && step.dtype !== "float64")
    throw new RuntimeError(
      `programs: ${step.name} is a product of ${step.dtype}; compiled products are float32 or float64`,
    );
  const p = problemOf(step);
  const el = element(p.dtype, features().fusedMadd ? "fused" : "plain");
  const plan = planDot(p, el) ?? planTiles(p, el, revectorize());
  void buffers;
  return {
    key: `matmul ${keyOf(p)}`,
    name: step.name,
    addresses: [step.a, step.b, ...step.operands.map((o) => o.source), ...step.maps.map((r) => r.to)],
    sharedBytes: plan.sharedBytes,
    ownBytes: plan.ownBytes,
    flops: 2 * p.batch * p.m * p.n * p.k,
    bytes: bytesOf(p),
    emit: (c) => {
      if (p.batch * p.m * p.n === 0) return;
      if (plan.kind === "dot") emitDot(c, p, el, plan);
      else emitTiles(c, p, el, plan);
    },
  };
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
  return JSON.stringify({ ...rest, maps: maps.map(({ body, strides }) => [expressionKey(body), strides]) });
}

/** Equal for expressions that have equal code. */
function expressionKey(root: Expr): string {
  const order = topological(root);
  const place = new Map(order.map((node, i) => [node, i]));
  return order
    .map(
      (node) =>
        `${node.op} ${node.dtype} ${Object.is(node.value, -0) ? "-0" : node.value} ${node.args.map((x) => place.get(x)).join()}`,
    )
    .join(";");
}
