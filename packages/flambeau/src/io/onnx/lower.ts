// From traced calls to nodes: what the outputs need, op by op. Floor L5 (io).

import { UnsupportedOperatorError } from "./errors.ts";
import type { Graph, Ref } from "./graph.ts";
import { lowerings } from "./lower/index.ts";
import type { Call, GraphValue, Merged } from "./merge.ts";
import { constantOf, isGraphValue } from "./merge.ts";
import { isPlain } from "./value.ts";

function valuesIn(x: unknown, f: (v: GraphValue) => void): void {
  if (isGraphValue(x)) f(x);
  else if (Array.isArray(x)) for (const y of x) valuesIn(y, f);
  else if (isPlain(x)) for (const y of Object.values(x)) valuesIn(y, f);
}

/** The values that the outputs are computed from, and whether a call is needed for them. */
function needed(outputs: readonly GraphValue[]): Set<GraphValue> {
  const found = new Set<GraphValue>();
  const open = [...outputs];
  for (let v = open.pop(); v; v = open.pop()) {
    if (found.has(v)) continue;
    found.add(v);
    if (v.call && !isFolded(v)) valuesIn(v.call.args, (x) => open.push(x));
  }
  return found;
}

/** Whether a value is a constant of the graph, whatever made it. */
const isFolded = (v: GraphValue): boolean => !v.ofInputs && !v.ofState && constantOf(v) !== null;

/** Whether what a call computed can stand in the graph as it is, or as a constant that follows sizes. */
const isKnown = (v: GraphValue): boolean => !v.ofInputs && v.data.every((d) => d !== null);

const noForm = (call: Call): UnsupportedOperatorError =>
  new UnsupportedOperatorError(
    call.op,
    call.module,
    "has no form in ONNX; write it with other ops, or do this outside of the model",
  );

function results(g: Graph, call: Call): readonly (Ref | null)[] {
  const lower = lowerings.get(call.op);
  if (!lower) throw noForm(call);
  const made = lower(g, call);
  return Array.isArray(made) ? made : [made as Ref];
}

/** Adds the nodes that the outputs need. @throws OnnxExporterError for ops without a form in ONNX */
export function lower(g: Graph, { calls, outputs }: Merged): void {
  const live = needed(outputs);
  for (const call of calls) {
    const wanted = call.results.filter((r) => r.call === call && live.has(r) && !isFolded(r));
    if (wanted.length === 0) continue;
    g.module = call.module;
    let made: readonly (Ref | null)[];
    try {
      made = results(g, call);
    } catch (error) {
      // Elements that depend on parameters alone can stand for the op.
      if (error instanceof UnsupportedOperatorError && wanted.every(isKnown)) continue;
      throw error;
    }
    call.results.forEach((r, i) => {
      if (!wanted.includes(r)) return;
      const ref = made[i];
      if (!ref)
        throw new UnsupportedOperatorError(
          call.op,
          call.module,
          `has no form in ONNX for its result ${i + 1}`,
        );
      g.bind(r, g.cast(ref, r.dtype));
    });
  }
  g.module = "";
  for (const output of outputs) g.ref(output);
}
