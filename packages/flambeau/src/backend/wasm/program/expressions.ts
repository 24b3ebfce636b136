// Expressions of steps: equal ones made one, and written as text.
// Floor L2 (backend/wasm/program).

import type { Expr } from "../../../ir/scalar.ts";
import { topological, weightOf } from "../codegen.ts";

const valueText = (node: Expr): string | number => (Object.is(node.value, -0) ? "-0" : node.value);

/** Makes equal expressions the same node, whoever built them. */
export class Interner {
  readonly #nodes = new Map<string, Expr>();
  readonly #numbers = new Map<Expr, number>();
  readonly #known = new Map<Expr, Expr>();

  intern(root: Expr): Expr {
    for (const node of topological(root, this.#known)) {
      const args = node.args.map((arg) => this.#known.get(arg)!);
      const numbers = args.map((arg) => this.#numbers.get(arg));
      const key = `${node.op} ${node.dtype} ${valueText(node)} ${numbers}`;
      let one = this.#nodes.get(key);
      if (!one) {
        one = { ...node, args };
        this.#nodes.set(key, one);
        this.#numbers.set(one, this.#numbers.size);
      }
      this.#known.set(node, one);
    }
    return this.#known.get(root)!;
  }
}

/** An expression as text: equal texts are equal expressions. */
export function exprKey(root: Expr): string {
  const numbers = new Map<Expr, number>();
  return topological(root)
    .map((node, i) => {
      numbers.set(node, i);
      return `${node.op} ${node.dtype} ${valueText(node)} ${node.args.map((arg) => numbers.get(arg))}`;
    })
    .join(";");
}

/** Operations that an expression takes, about. */
export const costOf = (root: Expr): number =>
  topological(root).reduce((sum, node) => sum + (node.args.length > 0 ? weightOf(node) : 0), 0);
