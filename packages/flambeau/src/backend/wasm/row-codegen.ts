// Code of row nests: for each row its reductions one after the other, then the results.
// Floor L2 (backend/wasm).

import type { DType } from "../../base/dtype.ts";
import type { RowNest } from "../../ir/row.ts";
import { unrolling } from "./codegen.ts";
import type { Local } from "./encoder.ts";
import { i32, i32x4, v128 } from "./encoder.ts";
import type { Emitter } from "./lanes.ts";
import { elementBytes, storeGroups } from "./lanes.ts";
import { loadSplat } from "./program/lane-access.ts";
import { flushEvery } from "./reduce-codegen.ts";
import { RowEmitter } from "./row-emitter.ts";
import { findForms } from "./row-forms.ts";
import { addressCount, countdownAt, masksAt, scratchAt } from "./row-header.ts";

/** Rows up to this are added in float32. */
const shortRow = 128;

/**
 * run(rows, n, header): `header` is the address of {@link headerBytes}: the addresses, four bytes each (see {@link addressCount}), and
 * the number of rows before float32 sums over rows are flushed.
 * Rows are written in order, and up to an iteration past their ends.
 */
export function emitRowNest(e: Emitter, nest: RowNest, rows: Local, n: Local, header: Local): void {
  const { f } = e;
  const m = nest.operands.length;
  const firstMap = m + nest.stages.length;
  const firstValue = firstMap + nest.maps.length;
  const addresses = Array.from({ length: addressCount(nest) }, (_, i) =>
    f.let("i32", i32.load(header, 4 * i)),
  );
  findForms(e, {
    stages: nest.stages,
    results: [...nest.maps, ...nest.values, ...nest.sums],
    total: (input) => (input < m || (input - m) % 2 === 1 ? null : (input - m) / 2),
    kept: (input) => (input < m || (input - m) % 2 === 0 ? null : (input - m - 1) / 2),
  });
  e.masked = nest.stages.length > 0;
  const scalars = nest.operands.map(({ dtype, layout }, i) =>
    layout === "scalar" ? loadSplat(e, dtype, addresses[i]!) : null,
  );
  const untilFlush = nest.sums.some(({ dtype }) => dtype === "float32")
    ? f.let("i32", i32.load(header, countdownAt(nest)))
    : null;
  const scratch = f.let("i32", i32.add(header, scratchAt(nest)));
  const isLong = f.let("i32", i32.gt_u(n, shortRow));
  for (const count of new Set(nest.stages.map(({ body }) => unrolling([body])))) {
    const left = f.let("v128", i32x4.splat(i32.rem_u(n, 4 * count)));
    for (let u = 0; u < count; u++) {
      const lanes = v128.constI32(4 * u, 4 * u + 1, 4 * u + 2, 4 * u + 3);
      f.do(v128.store(scratch, i32x4.lt_s(lanes, left), masksAt(count) + 16 * u));
    }
  }
  f.loop((nextRow) => {
    const row = new RowEmitter(e, nest, [n, scratch, isLong], addresses);
    nest.operands.forEach(({ dtype, layout }, i) => {
      if (layout === "scalar") row.setRowInput(i, scalars[i]!);
      else if (layout === "row") row.setRowInput(i, loadSplat(e, dtype, addresses[i]!));
    });
    nest.stages.forEach((stage, s) => {
      row.reduce(stage, s);
    });
    row.maps();
    nest.values.forEach((body, i) => {
      storeGroups(e, body.dtype, [row.rowValue(body)], addresses[firstValue + i]!, 0);
    });
    if (untilFlush) {
      f.set(untilFlush, i32.sub(untilFlush, 1));
      f.if(i32.eqz(untilFlush), () => {
        row.flush();
        f.set(untilFlush, flushEvery);
      });
    }
    // On to the next row.
    const bump = (address: Local, dtype: DType, perElement: boolean): void =>
      f.set(
        address,
        i32.add(address, perElement ? i32.mul(n, elementBytes[dtype]) : i32.const(elementBytes[dtype])),
      );
    nest.operands.forEach(({ dtype, layout }, i) => {
      if (layout === "full" || layout === "row") bump(addresses[i]!, dtype, layout === "full");
    });
    nest.maps.forEach(({ dtype }, i) => {
      bump(addresses[firstMap + i]!, dtype, true);
    });
    nest.values.forEach(({ dtype }, i) => {
      bump(addresses[firstValue + i]!, dtype, false);
    });
    f.set(rows, i32.sub(rows, 1));
    f.brIf(nextRow, rows);
  });
  if (untilFlush) f.do(i32.store(header, untilFlush, countdownAt(nest)));
}
