// Arguments of exp that have shorter code, as they are in softmaxes.
// Floor L2 (backend/wasm).

import type { CombineOp } from "../../ir/nest.ts";
import type { Expr } from "../../ir/scalar.ts";
import { topological } from "./codegen.ts";
import type { Emitter } from "./lanes.ts";

/** Reductions along a row, what is computed with them, and which inputs of expressions are what: numbers of stages, else null. */
export interface RowExpressions {
  readonly stages: readonly { readonly combine: CombineOp; readonly body: Expr }[];
  readonly results: readonly Expr[];
  total(input: number): number | null;
  /** Values of the stage's body, where they are inputs. */
  kept(input: number): number | null;
}

/** Tells the emitter which arguments of exp are differences from their maximum, and for which the factor 2^24 may stay. */
export function findForms(e: Emitter, row: RowExpressions): void {
  const nodes = new Set(
    [...row.stages.map(({ body }) => body), ...row.results].flatMap((root) => topological(root)),
  );
  const found = new Set<Expr>();
  for (const node of nodes) if (isExpOfDifference(node, row)) found.add(node.args[0]!);
  e.differences = found;
  e.raised = new Set(
    row.stages.flatMap((_, s) => (isShared(s, nodes, row) ? [row.stages[s]!.body.args[0]!] : [])),
  );
}

function isExpOfDifference({ op, args: [difference] }: Expr, { stages, total }: RowExpressions): boolean {
  if (op !== "exp" || difference?.op !== "sub") return false;
  const [value, top] = difference.args as [Expr, Expr];
  const stage = top.op === "input" ? stages[total(top.value) ?? -1] : undefined;
  return stage?.combine === "max" && stage.body === value;
}

/** Whether a stage is the sum of such values of exp, and all that is done with either is to divide the values by it. */
function isShared(s: number, nodes: ReadonlySet<Expr>, row: RowExpressions): boolean {
  const { combine, body } = row.stages[s]!;
  if (combine !== "sum" || !isExpOfDifference(body, row)) return false;
  const isValue = (node: Expr): boolean =>
    node === body || (node.op === "input" && row.kept(node.value) === s);
  const isTotal = (node: Expr): boolean => node.op === "input" && row.total(node.value) === s;
  const touches = (node: Expr): boolean => isValue(node) || isTotal(node);
  for (const node of nodes) {
    if (node !== body && node.op === "exp" && node.args[0] === body.args[0]) return false;
    if (!node.args.some(touches)) continue;
    const [value, total] = node.args as [Expr, Expr];
    if (node.op !== "div" || !isValue(value) || !isTotal(total)) return false;
  }
  return !row.results.some(touches) && !row.stages.some((stage, i) => i !== s && touches(stage.body));
}
