// The table of all ops that have a form in ONNX. A name with () is that of a function over ops. Floor L5 (io).

import { functionName } from "../value.ts";
import { activations } from "./activations.ts";
import type { Lowering } from "./common.ts";
import { elementwise } from "./elementwise.ts";
import { functions } from "./functions.ts";
import { indexing } from "./indexing.ts";
import { linears, takesLinear } from "./linear.ts";
import { movements } from "./movement.ts";
import { pools } from "./pool.ts";
import { recurrents, takesRecurrent } from "./recurrent.ts";
import { reductions } from "./reduce.ts";

export const lowerings: ReadonlyMap<string, Lowering> = new Map(
  [elementwise, activations, reductions, linears, pools, movements, indexing, recurrents, functions].flatMap(
    (family) => Object.entries(family),
  ),
);

/** Whether a call of a function over ops is written down as one, not as the ops that it calls. */
export function takesWhole(op: string, args: readonly unknown[]): boolean {
  if (!lowerings.has(functionName(op))) return false;
  return op === "nn.functional.recurrent" ? takesRecurrent(args) : takesLinear(op, args);
}
