// Recurrent layers in ONNX. Floor L5 (io). Source: https://onnx.ai/onnx/operators/onnx__LSTM.html, onnx__GRU.html, onnx__RNN.html

import type { TypedArray } from "../../../base/dtype.ts";
import { dtypes } from "../../../base/dtype.ts";
import type { Attributes, Graph, Ref } from "../graph.ts";
import type { Call, GraphValue } from "../merge.ts";
import { isGraphValue } from "../merge.ts";
import type { Lowering, Lowerings } from "./common.ts";
import { fixed, refuse, tensorAt } from "./common.ts";

interface Weights {
  readonly weightIh: GraphValue;
  readonly weightHh: GraphValue;
  readonly biasIh: GraphValue | null;
  readonly biasHh: GraphValue | null;
}

/** Blocks of rows in the order of ONNX, by their numbers in PyTorch's: i f g o -> i o f c, and r z n -> z r h. */
const orders: Readonly<Record<string, readonly number[]>> = {
  LSTM: [0, 3, 1, 2],
  GRU: [1, 0, 2],
  RNN: [0],
};

/** Parameters of all directions of a layer as one constant: [directions, rows, ...]. */
function stacked(
  g: Graph,
  call: Call,
  parts: readonly (readonly (GraphValue | null)[])[],
  order: readonly number[],
  hidden: number,
  columns: number | null,
): Ref {
  const [first] = parts.flat().filter((p) => p !== null) as [GraphValue];
  const width = columns ?? 1;
  const block = hidden * width;
  const size = order.length * block;
  const { array: Elements } = dtypes[first.dtype];
  const all = new Elements(parts.flat().length * size) as Float32Array;
  let at = 0;
  for (const direction of parts)
    for (const p of direction) {
      const elements = p && g.elements(p);
      if (p && !elements) refuse(call, "has weights that are computed, where ONNX wants constants");
      if (elements)
        order.forEach((from, i) => {
          const rows = (elements as Float32Array).subarray(from * block, (from + 1) * block);
          all.set(rows, at + i * block);
        });
      at += size;
    }
  const rows = order.length * hidden * (parts[0]!.length > 1 ? 2 : 1);
  const shape = columns === null ? [parts.length, rows] : [parts.length, rows, columns];
  return g.constant(all as TypedArray, first.dtype, shape, `${first.name || "weights"}.onnx`);
}

const isZero = (x: GraphValue): boolean =>
  x.origin !== "state" && x.data.every((d) => d !== null && (d as Float32Array).every((v) => v === 0));

/** [L, N, I] through all layers: one node of ONNX a layer. */
const recurrent: Lowering = (g, call) => {
  const [kind, , , , weights, options] = call.args as [string, unknown, unknown, unknown, Weights[], object];
  const { bidirectional, batchSizes } = options as { bidirectional: boolean; batchSizes: unknown };
  if (batchSizes) return refuse(call, "of a PackedSequence has no form in ONNX: give padded sequences");
  const x = tensorAt(call, 1);
  const op = kind.split("_")[0]!;
  const order = orders[op]!;
  const directions = bidirectional ? 2 : 1;
  const layers = weights.length / directions;
  const states = [call.args[2], call.args[3]].filter(isGraphValue);
  const [length, batch] = x.shape as [GraphValue["shape"][number], GraphValue["shape"][number]];
  const ends: Ref[][] = states.map(() => []);
  let y = g.ref(x);
  for (let layer = 0; layer < layers; layer++) {
    const own = weights.slice(layer * directions, (layer + 1) * directions);
    const hidden = fixed(call, own[0]!.weightHh.shape[1], "hidden size");
    const inputs = fixed(call, own[0]!.weightIh.shape[1], "input size");
    const attributes: Attributes = {
      hidden_size: hidden,
      direction: bidirectional ? "bidirectional" : "forward",
      ...(op === "GRU" ? { linear_before_reset: 1 } : {}),
      ...(kind === "RNN_RELU" ? { activations: own.map(() => "Relu") } : {}),
    };
    const bias = own[0]!.biasIh
      ? stacked(
          g,
          call,
          own.map((w) => [w.biasIh, w.biasHh]),
          order,
          hidden,
          null,
        )
      : null;
    const start = states.map((s) =>
      isZero(s) ? null : g.slice(g.ref(s), 0, layer * directions, (layer + 1) * directions, s.shape[0]!),
    );
    const results = g.multi(
      op,
      [
        y,
        stacked(
          g,
          call,
          own.map((w) => [w.weightIh]),
          order,
          hidden,
          inputs,
        ),
        stacked(
          g,
          call,
          own.map((w) => [w.weightHh]),
          order,
          hidden,
          hidden,
        ),
        bias,
        null,
        ...start,
      ],
      attributes,
      [x.dtype, ...states.map(() => x.dtype)],
    ) as Ref[];
    results.slice(1).forEach((end, i) => {
      ends[i]!.push(end);
    });
    // [L, directions, N, H] -> [L, N, directions H]
    y =
      directions === 1
        ? g.node("Squeeze", [results[0]!, g.ints([1])])
        : g.reshape(
            g.node("Transpose", [results[0]!], { perm: [0, 2, 1, 3] }),
            [length, batch, directions, hidden],
            [length, batch, directions * hidden],
          );
  }
  return [y, ...ends.map((list) => (list.length === 1 ? list[0]! : g.node("Concat", list, { axis: 0 })))];
};

export const recurrents: Lowerings = { "nn.functional.recurrent()": recurrent };

/** Projected states have no form: their steps are written down one by one. */
export const takesRecurrent = (args: readonly unknown[]): boolean =>
  !(args[4] as readonly { readonly weightHr: unknown }[])[0]?.weightHr;
