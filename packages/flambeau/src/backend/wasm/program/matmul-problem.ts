// A product as its code sees it: strides in bytes, turned so that results are written along rows, batches of a shared
// matrix made one product.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import { dtypes } from "../../../base/dtype.ts";
import type { Access, LoopOperand, MatmulStep } from "../../../ir/program.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { Interner } from "./expressions.ts";

/** Bytes from one batch, row, and column to the next. */
export interface Strides {
  readonly batch: number;
  readonly row: number;
  readonly col: number;
}

/** An operand of the results; a number of the host has no strides. */
export interface ResultOperand {
  readonly dtype: DType;
  readonly strides: Strides | null;
}

export interface ResultMap {
  readonly body: Expr;
  readonly strides: Strides;
}

/** p[i, j] = sum over q < k of a[i, q] * b[q, j]: rows of a are i, columns are q; rows of b are q, columns are j. */
export interface Problem {
  readonly dtype: "float32" | "float64";
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Strides;
  readonly b: Strides;
  readonly operands: readonly ResultOperand[];
  readonly maps: readonly ResultMap[];
  /** Whether a and b have changed places. */
  readonly turned: boolean;
}

export function problemOf(step: MatmulStep): Problem {
  const dtype = step.dtype === "float64" ? "float64" : "float32";
  const bytes = dtypes[dtype].bytes;
  const strides = (access: Access, size: number): Strides => {
    const [batch, row, col] = access.strides as [number, number, number];
    return { batch: batch * size, row: row * size, col: col * size };
  };
  const operand = ({ dtype, source }: LoopOperand): ResultOperand => ({
    dtype,
    strides: "scalar" in source ? null : strides(source, dtypes[dtype].bytes),
  });
  const expressions = new Interner();
  const given: Problem = {
    dtype,
    batch: step.batch,
    m: step.m,
    n: step.n,
    k: step.k,
    a: strides(step.a, bytes),
    b: strides(step.b, bytes),
    operands: step.operands.map(operand),
    maps: step.maps.map(({ body, to }) => ({
      body: expressions.intern(body),
      strides: strides(to, dtypes[body.dtype].bytes),
    })),
    turned: false,
  };
  return plain(turned(merged(plain(given))));
}

/** Strides along dimensions of size 1 are set to what they would be in a packed array: code looks for that. */
function plain(p: Problem): Problem {
  const bytes = dtypes[p.dtype].bytes;
  const set = (x: Strides, rows: number, cols: number, size: number, wide: boolean): Strides => {
    const col = cols > 1 ? x.col : wide ? size : 0;
    const row = rows > 1 ? x.row : cols > 1 && x.col !== size ? size : cols * size;
    return { batch: p.batch > 1 ? x.batch : 0, row, col };
  };
  return {
    ...p,
    a: set(p.a, p.m, p.k, bytes, true),
    b: set(p.b, p.k, p.n, bytes, true),
    operands: p.operands.map(({ dtype, strides }) => {
      if (!strides) return { dtype, strides };
      const s = set(strides, p.m, p.n, dtypes[dtype].bytes, false);
      return { dtype, strides: p.m > 1 ? s : { ...s, row: 0 } };
    }),
    maps: p.maps.map(({ body, strides }) => ({
      body,
      strides: set(strides, p.m, p.n, dtypes[body.dtype].bytes, true),
    })),
  };
}

/** Batches that share one matrix, their rows a fixed distance apart, are more rows of one product. */
function merged(p: Problem): Problem {
  if (p.batch === 1) return p;
  const all = [
    ...p.operands.flatMap(({ strides }) => (strides ? [strides] : [])),
    ...p.maps.map(({ strides }) => strides),
  ];
  const follows = (batch: number, count: number, step: number): boolean =>
    count === 1 || batch === count * step;
  if (p.b.batch === 0 && [p.a, ...all].every((x) => follows(x.batch, p.m, x.row))) {
    const more = (x: Strides): Strides => ({ batch: 0, row: p.m === 1 ? x.batch : x.row, col: x.col });
    return { ...withStrides(p, more), a: more(p.a), batch: 1, m: p.batch * p.m };
  }
  if (p.a.batch === 0 && [p.b, ...all].every((x) => follows(x.batch, p.n, x.col))) {
    const more = (x: Strides): Strides => ({ batch: 0, row: x.row, col: p.n === 1 ? x.batch : x.col });
    return { ...withStrides(p, more), b: more(p.b), batch: 1, n: p.batch * p.n };
  }
  return p;
}

function withStrides(p: Problem, change: (x: Strides) => Strides): Problem {
  return {
    ...p,
    operands: p.operands.map(({ dtype, strides }) => ({ dtype, strides: strides && change(strides) })),
    maps: p.maps.map(({ body, strides }) => ({ body, strides: change(strides) })),
  };
}

/** The product of the transposes where that has one row instead of one column, or writes adjacent elements. */
function turned(p: Problem): Problem {
  const to = p.maps[0]!;
  const bytes = dtypes[to.body.dtype].bytes;
  const turns = p.m > 1 && (p.n === 1 || (to.strides.col !== bytes && to.strides.row === bytes));
  if (!turns) return p;
  return { ...withStrides(p, across), ...transposed(p), turned: true };
}

/** The matrices of a product, and their sizes. */
export type Product = Pick<Problem, "m" | "n" | "k" | "a" | "b">;

/** The product of the transposes, which is the transpose. */
export function transposed({ m, n, k, a, b }: Product): Product {
  return { m: n, n: m, k, a: across(b), b: across(a) };
}

const across = ({ batch, row, col }: Strides): Strides => ({ batch, row: col, col: row });
