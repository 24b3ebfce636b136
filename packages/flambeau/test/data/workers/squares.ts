// A dataset of one's own, as a module for workers: it may be made by a function, and bring a collate function.

import * as torch from "../../../src/index.ts";

export class Squares extends torch.data.Dataset<[torch.AnyTensor, number]> {
  override length = 10;
  override at(i: number): [torch.AnyTensor, number] {
    if (i === 7 && failing) throw new torch.IndexError("no example 7");
    return [torch.full([3], i * i, { dtype: "float32" }), i];
  }
}
let failing = false;

export const dataset = (): Squares => new Squares();

/** Called in every worker, with its number. */
export function workerInitFn(id: number): void {
  failing = id === 1 && process.env["FAIL_IN_WORKER"] === "1";
}
