// Gradient formulas that look at elements: what they are given when they run in JavaScript in every run of a program.
// Floor L3 (tensor).

import type { Node, SavedResults, SavedValue } from "../node.ts";

/** What a formula saved, over other tensors than those that it was saved with. */
export class HostSaved implements SavedResults {
  readonly #args: readonly unknown[];
  readonly #results: readonly unknown[];
  readonly edges: readonly (Node | null)[];

  constructor(args: readonly unknown[], output: unknown, edges: readonly (Node | null)[]) {
    this.#args = args;
    this.#results = Array.isArray(output) ? output : [output];
    this.edges = edges;
  }

  at(i: number): SavedValue {
    return this.#args[i];
  }
  meta(i: number): SavedValue {
    return this.#args[i];
  }
  result(i: number): SavedValue {
    return this.#results[i];
  }
  get x(): SavedValue {
    return this.#args[0];
  }
  get a(): SavedValue {
    return this.#args[0];
  }
  get b(): SavedValue {
    return this.#args[1];
  }
  get c(): SavedValue {
    return this.#args[2];
  }
  get y(): SavedValue {
    return this.#results[0];
  }
}
