// Convolutions in programs: which algorithm a step gets.
// Floor L2 (backend/wasm/program).

import { convRoles } from "../../../ir/accesses.ts";
import type { ConvStep } from "../../../ir/program.ts";
import { features } from "../features.ts";
import { element } from "../matmul/elements.ts";
import { revectorize } from "../revectorize.ts";
import type { StepCode, StepEmitter } from "./context.ts";
import { emitDirect, planDirect } from "./conv-direct.ts";
import { gatherOf } from "./conv-geometry.ts";
import type { Sizes } from "./conv-results.ts";
import { resultsOf } from "./conv-results.ts";
import { emitWeight, planWeight } from "./conv-weight.ts";
import { emitTurned, planTurned } from "./conv-weight-turned.ts";
import { emitWinograd, planWinograd } from "./conv-winograd.ts";
import { emitWinogradWeight, planWinogradWeight } from "./conv-winograd-weight.ts";
import { product } from "./loop-shape.ts";

/** Operations from which vectors in pairs are asked for, which takes the first time some milliseconds. */
const largeWork = 2 ** 19;

export const convCode: StepEmitter<ConvStep> = (step): StepCode => {
  const { geometry: g, direction } = step;
  const results = resultsOf(step, convRoles(step).out as unknown as Sizes);
  const flops = 2 * product([g.batch, g.outChannels, ...g.output, g.inChannels / g.groups, ...g.kernel]);
  // Without pairs of vectors a tile of four would not fit the registers. Small steps are not worth the question.
  const width = flops >= largeWork && revectorize() ? 4 : 2;
  const e = element("float32", features().fusedMadd ? "fused" : "plain");
  const inner = g.inChannels / g.groups;
  const common = {
    name: step.name,
    addresses: [step.a, step.b, ...results.addresses],
    flops,
    bytes:
      4 *
      (g.batch * (g.inChannels * g.input[0] * g.input[1] + g.outChannels * g.output[0] * g.output[1]) +
        g.outChannels * inner * g.kernel[0] * g.kernel[1]),
  };
  const key = `conv ${direction} ${width} ${JSON.stringify(g)} ${results.key}`;
  if (direction === "weight") {
    const gather = gatherOf(g, "forward");
    const winograd = planWinogradWeight(step, gather, width);
    if (winograd)
      return {
        ...common,
        key,
        sharedBytes: winograd.sharedBytes,
        ownBytes: winograd.ownBytes + results.ownBytes,
        emit: (c) => emitWinogradWeight(c, e, step, winograd, results.plain),
      };
    const plan = planWeight(gather, g.kernel, g.dilation, width);
    const turned = planTurned(gather, g.kernel, width, plan.stretches * plan.pitch * gather.targetChannels);
    if (turned)
      return {
        ...common,
        key,
        sharedBytes: turned.sharedBytes,
        ownBytes: turned.ownBytes + results.ownBytes,
        emit: (c) => emitTurned(c, e, step, turned, results.plain),
      };
    return {
      ...common,
      key,
      sharedBytes: plan.sharedBytes,
      ownBytes: plan.ownBytes + results.ownBytes,
      emit: (c) => emitWeight(c, e, step, plan, results.plain),
    };
  }
  const gather = gatherOf(g, direction);
  const winograd = planWinograd(step, gather, width, results.plain);
  if (winograd)
    return {
      ...common,
      key,
      sharedBytes: winograd.sharedBytes,
      ownBytes: winograd.ownBytes + results.ownBytes,
      emit: (c) => emitWinograd(c, e, step, winograd, results.plain),
    };
  const plan = planDirect(gather, width, results.plain);
  return {
    ...common,
    key,
    sharedBytes: plan.sharedBytes,
    ownBytes: plan.ownBytes + results.ownBytes,
    emit: (c) => emitDirect(c, e, step, plan, results.plain),
  };
};
