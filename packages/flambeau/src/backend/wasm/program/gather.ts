// Steps over rows by number: embeddings, and the sums that are their gradients.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import { outOfRange } from "../../../ir/out-of-range.ts";
import type { RowsStep } from "../../../ir/program.ts";
import type { Local } from "../encoder.ts";
import { i32 } from "../encoder.ts";
import type { Context, StepEmitter } from "./context.ts";
import type { Numbers } from "./gather-lines.ts";
import { addColumns, columnBytes, loadNumber, moveLine, numbersOf } from "./gather-lines.ts";

/** Sizes of a step in bytes. */
interface Lines {
  readonly step: RowsStep;
  readonly numbers: Numbers;
  readonly lineBytes: number;
  readonly indexStride: number;
  readonly fromStride: number;
  readonly toStride: number;
}

export const rowsCode: StepEmitter<RowsStep> = (step, buffers) => {
  const { mode, dtype, rows, width, limit, index, from, to } = step;
  const { bytes } = dtypes[dtype];
  const numbers = numbersOf(index, buffers, limit);
  const lines: Lines = {
    step,
    numbers,
    lineBytes: width * bytes,
    indexStride: index.strides[0]! * numbers.bytes,
    fromStride: from.strides[0]! * bytes,
    toStride: to.strides[0]! * bytes,
  };
  const adds = mode === "scatterAdd";
  const elements = adds ? dtype : bytes;
  const strides = `${lines.indexStride} ${lines.fromStride} ${lines.toStride}`;
  return {
    key: `rows ${mode} ${elements} ${rows} ${width} ${limit} ${numbers.bytes} ${strides}`,
    name: step.name,
    addresses: [index, from, to],
    sharedBytes: 0,
    ownBytes: 0,
    flops: adds ? rows * width : 0,
    bytes: rows * (numbers.bytes + (adds ? 3 : 2) * lines.lineBytes),
    failures: [() => outOfRange(step)],
    emit: (c) => {
      if (rows === 0 || width === 0) return;
      if (mode === "gather") gather(c, lines);
      else if (lines.lineBytes >= 2 * columnBytes) sumColumns(c, lines);
      else sumRows(c, lines);
    },
  };
};

/** Calls `body` with the number of each row of the share and with pointers that `strides` move on from row to row. */
function forEachRow(
  c: Context,
  { numbers, indexStride }: Lines,
  [start, end]: readonly [Local, Local],
  moving: readonly (readonly [address: Local, stride: number])[],
  body: (number: Local, pointers: readonly Local[]) => void,
): void {
  const { f } = c;
  const walk = [[c.addresses[0]!, indexStride] as const, ...moving];
  const pointers = walk.map(([address, stride]) => f.let("i32", i32.add(address, i32.mul(start, stride))));
  const i = f.let("i32", start);
  f.if(i32.lt_u(i, end), () =>
    f.loop((again) => {
      body(loadNumber(c, numbers, pointers[0]!), pointers.slice(1));
      walk.forEach(([, stride], k) => {
        f.set(pointers[k]!, i32.add(pointers[k]!, stride));
      });
      f.set(i, i32.add(i, 1));
      f.brIf(again, i32.lt_u(i, end));
    }),
  );
}

const lineAt = (c: Context, address: Local, number: Local, stride: number): Local =>
  c.f.let("i32", i32.add(address, i32.mul(number, stride)));

function gather(c: Context, lines: Lines): void {
  const { step, lineBytes, fromStride, toStride } = lines;
  const [, from, to] = c.addresses;
  const { start, end } = c.share(step.rows, 1);
  forEachRow(c, lines, [start, end], [[to!, toStride]], (number, [target]) =>
    moveLine(c, step.dtype, lineAt(c, from!, number, fromStride), target!, lineBytes, false),
  );
}

/** Every thread goes through all rows, so that they are added in their order, and has some of the columns. */
function sumColumns(c: Context, lines: Lines): void {
  const { f } = c;
  const { step, lineBytes, fromStride, toStride } = lines;
  const [, from, to] = c.addresses;
  const columns = c.share(lineBytes, columnBytes);
  const rows = [f.let("i32", 0), f.let("i32", step.rows)] as const;
  forEachRow(c, lines, rows, [[from!, fromStride]], (number, [source]) =>
    addColumns(c, step.dtype, source!, lineAt(c, to!, number, toStride), lineBytes, [
      columns.start,
      columns.end,
    ]),
  );
}

/** For short rows: every thread goes through all, and adds those whose number is in its share. */
function sumRows(c: Context, lines: Lines): void {
  const { f } = c;
  const { step, lineBytes, fromStride, toStride } = lines;
  const [, from, to] = c.addresses;
  const own = c.share(step.limit, 1);
  const rows = [f.let("i32", 0), f.let("i32", step.rows)] as const;
  forEachRow(c, lines, rows, [[from!, fromStride]], (number, [source]) =>
    f.if(i32.and(i32.ge_u(number, own.start), i32.lt_u(number, own.end)), () =>
      moveLine(c, step.dtype, source!, lineAt(c, to!, number, toStride), lineBytes, true),
    ),
  );
}
