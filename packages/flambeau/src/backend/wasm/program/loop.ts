// Loop steps: elementwise maps, reductions, and rows of both such as softmax.
// Floor L2 (backend/wasm/program).

import type { LoopStep } from "../../../ir/program.ts";
import { elementBytes } from "../lanes.ts";
import { guardBytes } from "../memory.ts";
import { scratchBytes } from "../reduce-codegen.ts";
import type { StepEmitter } from "./context.ts";
import { costOf, exprKey } from "./expressions.ts";
import { emitLoop } from "./loop-emit.ts";
import { Levels } from "./loop-levels.ts";
import { planPieces } from "./loop-pieces.ts";
import { planLoop } from "./loop-plan.ts";
import type { LoopShape, Track } from "./loop-shape.ts";
import { product, shapeOf } from "./loop-shape.ts";
import { planStrips } from "./loop-strips-plan.ts";
import { planTiles } from "./loop-tiles.ts";

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
  let flops = 0;
  for (const { body } of [...stages, ...maps])
    flops += elements * (costOf(body) + (stages.length > 0 ? 1 : 0));
  for (const { body } of values) flops += product(step.outer) * costOf(body);
  let bytes = 0;
  const sizeOf = (k: number): number => touched(shape, tracks[k]!) * elementBytes[tracks[k]!.dtype];
  for (const k of new Set(operands)) if ("buffer" in tracks[k]!.source) bytes += sizeOf(k);
  for (const { track } of [...maps, ...values]) bytes += sizeOf(track);
  const levels = new Levels(shape);
  const plain = planLoop(shape, levels);
  const [strips, tiles] = [planStrips(shape, levels), planTiles(shape)];
  const pieces = planPieces(shape, plain);
  return {
    key: keyOf(shape),
    name: step.name,
    addresses: tracks.map(({ source }) => source),
    sharedBytes: pieces?.sharedBytes ?? 0,
    ownBytes: scratchBytes + ((strips ?? tiles)?.bytes ?? plain.keptBytes) + guardBytes,
    flops,
    bytes,
    emit: (c) => emitLoop(c, shape, { plain, strips, tiles, pieces }),
  };
};
