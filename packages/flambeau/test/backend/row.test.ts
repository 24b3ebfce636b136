// Row nests of the WebAssembly backend against the reference interpreter.

import { describe, expect, test } from "vitest";
import { LinearMemory } from "../../src/backend/wasm/memory.ts";
import { createRowKernel } from "../../src/backend/wasm/row.ts";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { interpretRow } from "../../src/ir/interpret.ts";
import type { RowNest } from "../../src/ir/row.ts";
import { RowBuilder } from "../../src/ir/row.ts";
import type { Expr, ExprBuilder } from "../../src/ir/scalar.ts";
import { ones, sample } from "./samples.ts";

const memory = new LinearMemory();
const shapes: readonly (readonly [number, number])[] = [
  [1, 1],
  [3, 2],
  [5, 7],
  [4, 16],
  [2, 17],
  [7, 33],
  [3, 100],
  [40, 300],
  [1700, 5],
  [2, 8192],
  [2, 8193],
  [1, 30001],
  [3, 0],
  [0, 4],
];

/** Operands as the nest wants them; arrays begin at element 1. */
function operandsOf(nest: RowNest, rows: number, n: number): (TypedArray | number)[] {
  return nest.operands.map(({ dtype, layout }) => {
    if (layout === "scalar") return 3;
    const size = layout === "full" ? rows * n : layout === "column" ? n : rows;
    const data = sample(dtype, size + 1);
    // Large numbers are left out: of their sums, what remains depends on the order of the terms.
    for (let j = 0; j < data.length; j++)
      if (Math.abs(Number(data[j])) > 1e4 && Number.isFinite(Number(data[j])))
        data[j] = (dtype === "int64" ? 2n : 2) as number;
    return data;
  });
}

/** `tolerance` is relative to the larger of 1 and the value. */
function check(nest: RowNest, rows: number, n: number, tolerance: number): void {
  const operands = operandsOf(nest, rows, n);
  const offsets = operands.map((x) => (typeof x === "number" ? 0 : 1));
  const outputs = [
    ...nest.maps.map(({ dtype }) => ones(dtype, rows * n)),
    ...nest.values.map(({ dtype }) => ones(dtype, rows)),
    ...nest.sums.map(({ dtype }) => ones(dtype, n)),
  ];
  createRowKernel(memory, nest).run(rows, n, operands, offsets, outputs);
  const wanted = interpretRow(
    nest,
    rows,
    n,
    operands.map((x) => (typeof x === "number" ? x : (x.subarray(1) as TypedArray))),
  );
  wanted.forEach((want, k) => {
    const got = outputs[k]!;
    expect(got.length).toBe(want.length);
    for (let i = 0; i < want.length; i++) {
      const [g, w] = [Number(got[i]), Number(want[i])];
      if (g === w || (Number.isNaN(g) && Number.isNaN(w))) continue;
      const bound = tolerance * Math.max(1, Math.abs(w));
      expect(
        Math.abs(g - w),
        `result ${k} at ${i} of [${rows}, ${n}]: ${g}, wanted ${w}`,
      ).toBeLessThanOrEqual(bound);
    }
  });
}

function softmax(dtype: DType): RowNest {
  const nest = new RowBuilder("softmax");
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const shifted = k.sub(x, nest.reduce("max", x));
  const { total, kept } = nest.reduceKept("sum", k.exp(shifted));
  nest.map(k.div(kept, total));
  nest.value(k.log(total));
  return nest.finish();
}

/** Every kind of operand and result. */
function normalised(dtype: DType): RowNest {
  const nest = new RowBuilder("normalised");
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const scale = nest.operand("column", dtype);
  const weight = nest.operand("row", dtype);
  const count = nest.operand("scalar", dtype);
  const mean = k.div(nest.reduce("sum", k.mul(x, 0.25)), count);
  const off = k.sub(x, mean);
  const spread = nest.reduce("sum", k.mul(off, off));
  nest.map(k.mul(k.mul(off, scale), weight));
  nest.map(k.gt(off, spread));
  nest.value(mean);
  nest.value(k.sqrt(spread));
  return nest.finish();
}

/** Sums over rows, beside another result. */
function summed(dtype: DType): RowNest {
  const nest = new RowBuilder("summed");
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const weight = nest.operand("row", dtype);
  const off = k.sub(x, nest.reduce("max", x));
  nest.map(off);
  nest.sumOverRows(x);
  nest.sumOverRows(k.mul(x, weight));
  nest.sumOverRows(k.cast(k.eq(off, 0), "int32"));
  return nest.finish();
}

/** Sums over rows alone. */
function totals(): RowNest {
  const nest = new RowBuilder("totals");
  nest.sumOverRows(nest.operand("full", "float32"));
  return nest.finish();
}

/** Only a value: where the row is. */
function counted(dtype: DType): RowNest {
  const nest = new RowBuilder("counted");
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const most = nest.reduce("max", x);
  nest.value(nest.reduce("sum", k.cast(k.eq(x, most), "int32")));
  return nest.finish();
}

describe("row nests", () => {
  test.each(["float32", "float64"] as const)("softmax of %s", (dtype) => {
    for (const [rows, n] of shapes) check(softmax(dtype), rows, n, dtype === "float32" ? 3e-6 : 1e-13);
  });

  test.each(["float32", "float64"] as const)("all kinds of operands and results, %s", (dtype) => {
    for (const [rows, n] of shapes) check(normalised(dtype), rows, n, dtype === "float32" ? 1e-5 : 1e-12);
  });

  test.each(["float32", "float64", "int32", "int64", "uint8"] as const)(
    "values without maps, %s",
    (dtype) => {
      for (const [rows, n] of shapes) if (n > 0) check(counted(dtype), rows, n, 0);
    },
  );

  test.each(["float32", "float64", "int32", "int64"] as const)("sums over rows, %s", (dtype) => {
    const tolerance = dtype === "float32" ? 1e-5 : dtype === "float64" ? 1e-12 : 0;
    for (const [rows, n] of shapes) check(summed(dtype), rows, n, tolerance);
  });

  test("sums over many rows are as exact as those of a reduction", () => {
    const [rows, n] = [100000, 3];
    const x = new Float32Array(rows * n).fill(0.1);
    const out = new Float32Array(n);
    createRowKernel(memory, totals()).run(rows, n, [x], [0], [out]);
    for (const sum of out) expect(Math.abs(sum / (rows * Math.fround(0.1)) - 1)).toBeLessThan(2e-6);
    createRowKernel(memory, totals()).run(0, n, [x], [0], [out]);
    expect([...out]).toEqual([0, 0, 0]);
  });

  test("a kernel may be used for one shape after the other", () => {
    const kernel = createRowKernel(memory, softmax("float32"));
    for (const [rows, n] of [
      [1, 3],
      [2, 40000],
      [100, 100],
      [1, 3],
    ] as const) {
      const out = new Float32Array(rows * n);
      kernel.run(rows, n, [new Float32Array(rows * n).fill(2)], [0], [out, new Float32Array(rows)]);
      expect(out.every((v) => Math.abs(v * n - 1) < 1e-6)).toBe(true);
    }
  });
});

test("exp of differences from the maximum: as exact as exp, from 0 to subnormal results, -inf and NaN", () => {
  const nest = new RowBuilder("differences");
  const { k } = nest;
  const x = nest.operand("full", "float32");
  nest.map(k.exp(k.sub(x, nest.reduce("max", x))));
  const n = 40_000;
  const data = Float32Array.from({ length: n }, (_, i) => (-i * 106) / n);
  data[n - 1] = Number.NEGATIVE_INFINITY;
  const out = new Float32Array(n);
  const { run } = createRowKernel(memory, nest.finish());
  run(1, n, [data], [0], [out]);
  for (let i = 0; i < n; i++) {
    const want = Math.exp(data[i]!);
    // Units in the last place, which are no smaller than the smallest subnormal number.
    const unit = Math.max(2 ** -149, 2 ** (Math.floor(Math.log2(want)) - 23));
    expect(Math.abs(out[i]! - want) / unit, `e^${data[i]}: ${out[i]}`).toBeLessThan(1.01);
  }
  // A NaN with bits that would be an exponent if they were shifted.
  new Uint32Array(data.buffer)[7] = 0x7fc00155;
  run(1, n, [data], [0], [out]);
  expect(out.every(Number.isNaN)).toBe(true);
});

const special = [0, -0, 1, 3, 2 ** -140, 1e-30, 1e30, 90, -90, -103.5, -200, 88.7];
const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];

test("functions of a whole row, of arguments that have no short way", () => {
  const nest = new RowBuilder("functions");
  const { k } = nest;
  const x = nest.operand("full", "float32");
  const r = nest.operand("row", "float32");
  const sum = nest.reduce("sum", k.mul(x, k.exp(r)));
  nest.map(k.add(x, k.log(k.add(r, k.const(1, "float32")))));
  nest.value(k.log(r));
  nest.value(k.exp(sum));
  const rows = [...special, ...infinite];
  const [n, count] = [21, rows.length];
  const operands = [new Float32Array(n * count).fill(0.25), Float32Array.from(rows)];
  const outputs = [new Float32Array(n * count), new Float32Array(count), new Float32Array(count)];
  createRowKernel(memory, nest.finish()).run(count, n, operands, [0, 0], outputs);
  interpretRow(nest.finish(), count, n, operands).forEach((want, i) => {
    want.forEach((w, j) => {
      const got = outputs[i]![j]!;
      if (!Object.is(got, w))
        expect(Math.abs(got - Number(w))).toBeLessThanOrEqual(1e-6 * Math.abs(Number(w)));
    });
  });
});

test("softmax far from the maximum, whatever else is done with its parts", () => {
  const n = 37;
  const data = Float32Array.from({ length: n }, (_, i) => (i === 5 ? Number.NEGATIVE_INFINITY : -3 * i));
  const parts: readonly ((k: ExprBuilder, kept: Expr, total: Expr, x: Expr) => Expr)[] = [
    (k, kept, total) => k.div(kept, total),
    (k, kept, total) => k.mul(k.div(kept, total), k.div(kept, total)),
    (k, kept, total, x) => k.add(k.div(kept, total), x),
    (k, kept, total) => k.add(k.div(kept, total), kept),
    (k, kept, total) => k.add(k.div(kept, total), total),
    (k, kept, total) => k.div(total, kept),
    (k, kept) => k.div(kept, kept),
    (k, kept, _, x) => k.div(kept, x),
  ];
  for (const [other, part] of parts.entries())
    for (const more of ["", "total", "kept", "log"]) {
      const nest = new RowBuilder("softmax");
      const { k } = nest;
      const x = nest.operand("full", "float32");
      const { total, kept } = nest.reduceKept("sum", k.exp(k.sub(x, nest.reduce("max", x))));
      nest.map(part(k, kept, total, x));
      if (more === "total") nest.value(total);
      if (more === "kept") nest.map(kept);
      if (more === "log") nest.value(k.log(nest.reduce("sum", kept)));
      const made = nest.finish();
      const outputs = [
        ...made.maps.map(() => new Float32Array(n)),
        ...made.values.map(() => new Float32Array(1)),
      ];
      createRowKernel(memory, made).run(1, n, [data], [0], outputs);
      interpretRow(made, 1, n, [data]).forEach((want, i) => {
        want.forEach((w, j) => {
          const got = outputs[i]![j]!;
          if (Object.is(got, w)) return;
          const bound = Math.max(2 ** -149, 2e-6 * Math.abs(Number(w)));
          expect(Math.abs(got - Number(w)), `${other} ${more} ${i} ${j}`).toBeLessThanOrEqual(bound);
        });
      });
    }
});
