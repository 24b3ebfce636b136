// Loop steps: elementwise maps, reductions, and rows of both such as softmax.
// Floor L2 (backend/wasm/program).

import type { LoopStep } from "../../../ir/program.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { topological, weightOf } from "../codegen.ts";
import { elementBytes } from "../lanes.ts";
import type { StepEmitter } from "./context.ts";
import { LoopEmitter } from "./loop-emit.ts";
import type { LoopShape, Track } from "./loop-shape.ts";
import { product, shapeOf } from "./loop-shape.ts";

/** An expression as text: equal texts are equal expressions. */
export function exprKey(root: Expr): string {
  const numbers = new Map<Expr, number>();
  return topological(root)
    .map((node, i) => {
      numbers.set(node, i);
      const value = Object.is(node.value, -0) ? "-0" : node.value;
      return `${node.op} ${node.dtype} ${value} ${node.args.map((arg) => numbers.get(arg))}`;
    })
    .join(";");
}

const trackKey = ({ dtype, source, outer, inner, lane }: Track): string =>
  `${dtype} ${"scalar" in source} ${outer} ${inner} ${lane}`;

function keyOf(shape: LoopShape): string {
  const { outer, inner, lanes, across, tracks, operands, stages, maps, values } = shape;
  const results = (list: LoopShape["maps"]): string =>
    list.map(({ body, track }) => `${track} ${exprKey(body)}`).join("|");
  return [
    `loop ${outer}/${inner}/${lanes}/${across}`,
    tracks.map(trackKey).join("|"),
    operands.join(),
    stages.map(({ combine, body }) => `${combine} ${exprKey(body)}`).join("|"),
    results(maps),
    results(values),
  ].join("\n");
}

/** Elements that a track touches. */
const touched = ({ outer, inner, lanes }: LoopShape, track: Track): number =>
  product(outer.filter((_, d) => track.outer[d] !== 0)) *
  product(inner.filter((_, d) => track.inner[d] !== 0)) *
  (track.lane === 0 ? 1 : lanes);

export const loopCode: StepEmitter<LoopStep> = (step, buffers) => {
  const shape = shapeOf(step, buffers);
  const { tracks, stages, maps, values, operands } = shape;
  const elements = product(step.outer) * product(step.inner);
  const cost = (body: Expr): number =>
    topological(body).reduce((sum, node) => sum + (node.args.length > 0 ? weightOf(node) : 0), 0);
  let flops = 0;
  for (const { body } of [...stages, ...maps]) flops += elements * (cost(body) + (stages.length > 0 ? 1 : 0));
  for (const { body } of values) flops += product(step.outer) * cost(body);
  let bytes = 0;
  const sizeOf = (k: number): number => touched(shape, tracks[k]!) * elementBytes[tracks[k]!.dtype];
  for (const k of new Set(operands)) if ("buffer" in tracks[k]!.source) bytes += sizeOf(k);
  for (const { track } of [...maps, ...values]) bytes += sizeOf(track);
  return {
    key: keyOf(shape),
    name: step.name,
    addresses: tracks.map(({ source }) => source),
    sharedBytes: 0,
    ownBytes: 0,
    flops,
    bytes,
    emit: (c) => new LoopEmitter(c, shape).emit(),
  };
};
