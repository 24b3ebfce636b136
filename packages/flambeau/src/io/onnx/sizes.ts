// Numbers that follow the sizes of inputs: what they were in several runs tells how. Floor L5 (io).

/** A number that differed between runs with inputs of other sizes: one value a run. */
export class Size {
  readonly values: readonly number[];

  constructor(values: readonly number[]) {
    this.values = values;
  }
  get key(): string {
    return this.values.join();
  }
}

/** An extent, or another integer: the same in every run, or not. */
export type Dim = number | Size;
export type Dims = readonly Dim[];

export const isSize = (x: unknown): x is Size => x instanceof Size;

/** The number that all runs had, or a {@link Size}. */
export const dimOf = (values: readonly number[]): Dim =>
  values.every((v) => v === values[0]) ? values[0]! : new Size(values);

export const sameDim = (a: Dim, b: Dim): boolean => (isSize(a) ? isSize(b) && a.key === b.key : a === b);
export const sameDims = (a: Dims, b: Dims): boolean =>
  a.length === b.length && a.every((d, i) => sameDim(d, b[i]!));

/** The values in each of `runs` runs. */
export const valuesOf = (d: Dim, runs: number): readonly number[] =>
  isSize(d) ? d.values : new Array<number>(runs).fill(d);

/** f of numbers in each run. */
export function combined(dims: Dims, f: (...values: number[]) => number): Dim {
  const runs = dims.find(isSize)?.values.length ?? 1;
  const columns = dims.map((d) => valuesOf(d, runs));
  return dimOf(Array.from({ length: runs }, (_, run) => f(...columns.map((c) => c[run]!))));
}

export const product = (dims: Dims): Dim => combined(dims, (...values) => values.reduce((p, n) => p * n, 1));

/** a = factor b + summand in all runs, both integers; null if there are no such numbers. */
export function affine(a: Size, b: Size): { readonly factor: number; readonly summand: number } | null {
  const at = b.values.findIndex((v) => v !== b.values[0]);
  const factor = (a.values[at]! - a.values[0]!) / (b.values[at]! - b.values[0]!);
  if (!Number.isInteger(factor) || factor === 0) return null;
  const summand = a.values[0]! - factor * b.values[0]!;
  return a.values.every((v, i) => v === factor * b.values[i]! + summand) ? { factor, summand } : null;
}

/** a = factor b c in all runs with an integer factor, or null. */
export function multiple(a: Size, b: Size, c: Size): number | null {
  const factor = a.values[0]! / (b.values[0]! * c.values[0]!);
  if (!Number.isInteger(factor) || factor === 0) return null;
  return a.values.every((v, i) => v === factor * b.values[i]! * c.values[i]!) ? factor : null;
}

/** How a size is written in a model: after the names of other sizes. */
export function nameOf(size: Size, names: readonly (readonly [string, Size])[]): string | null {
  for (const [name, known] of names) if (known.key === size.key) return name;
  for (const [name, known] of names) {
    const a = affine(size, known);
    if (!a) continue;
    const { factor, summand } = a;
    const times = factor === 1 ? name : `${factor}*${name}`;
    return summand === 0 ? times : `${times} ${summand < 0 ? "-" : "+"} ${Math.abs(summand)}`;
  }
  for (const [first, b] of names)
    for (const [second, c] of names) {
      const factor = multiple(size, b, c);
      if (factor !== null) return `${factor === 1 ? "" : `${factor}*`}${first}*${second}`;
    }
  return null;
}
