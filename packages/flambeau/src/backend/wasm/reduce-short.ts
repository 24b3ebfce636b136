// Reductions of rows of fewer than eight elements, such as the losses of a small batch.
// Floor L2 (backend/wasm). The order of additions is that of PyTorch's scalar_inner_sum (aten/native/cpu/SumKernel.cpp):
// four accumulators, of which the first takes what is left over. The lessons' printed numbers depend on it.

import type { ReduceNest } from "../../ir/nest.ts";
import type { Local } from "./encoder.ts";
import { i32, select } from "./encoder.ts";
import type { Emitter } from "./lanes.ts";
import { elementBytes, storeGroups } from "./lanes.ts";
import { outputAddress } from "./memory.ts";
import { Accumulators, body, emitPost, outDType } from "./reduce-codegen.ts";

/**
 * run(start, rows, length): each of the `rows` rows of `length` (1 to 7) elements to one element, as
 * (((x0 + x4 + x5 + x6) + x1) + x2) + x3.
 */
export function emitShortRows(e: Emitter, nest: ReduceNest, start: Local, rows: Local, length: Local): void {
  const { f } = e;
  const bytes = elementBytes[nest.input];
  const out = f.local("i32");
  const sums = new Accumulators(e, nest, 1);
  f.loop((nextRow) => {
    sums.reset();
    const end = f.let("i32", i32.add(start, i32.mul(length, bytes)));
    const fourth = f.let("i32", i32.add(start, 4 * bytes));
    const p = f.let("i32", start);
    sums.add(body(e, nest, p, 1));
    f.set(p, fourth);
    f.if(i32.lt_u(p, end), () =>
      f.loop((again) => {
        sums.add(body(e, nest, p, 1));
        f.set(p, i32.add(p, bytes));
        f.brIf(again, i32.lt_u(p, end));
      }),
    );
    const stop = f.let("i32", select("i32", fourth, end, i32.lt_u(fourth, end)));
    f.set(p, i32.add(start, bytes));
    f.if(i32.lt_u(p, stop), () =>
      f.loop((again) => {
        sums.add(body(e, nest, p, 1));
        f.set(p, i32.add(p, bytes));
        f.brIf(again, i32.lt_u(p, stop));
      }),
    );
    storeGroups(e, outDType(nest), emitPost(e, nest, sums.totals()), out, outputAddress);
    f.set(out, i32.add(out, elementBytes[outDType(nest)]));
    f.set(start, end);
    f.set(rows, i32.sub(rows, 1));
    f.brIf(nextRow, rows);
  });
}
