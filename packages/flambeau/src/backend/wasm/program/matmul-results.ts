// The results of a product's tile: the maps' bodies over sums in registers or in memory, stored row by row.
// Floor L2 (backend/wasm/program).

import type { Expr } from "../../../ir/scalar.ts";
import { cast } from "../casts.ts";
import { evaluate, topological, unrolling } from "../codegen.ts";
import type { Arg, Code, Local } from "../encoder.ts";
import { i32 } from "../encoder.ts";
import type { Emitter, Group } from "../lanes.ts";
import { elementBytes } from "../lanes.ts";
import { loadSplat, loadStrided, storeStrided } from "./lane-access.ts";
import type { ResultOperand, Strides } from "./matmul-problem.ts";

/** A place in a result: numbers where they are known. */
export type Index = Local | number;

/** x * factor, folded where both are numbers. */
export const scaled = (x: Index, factor: number): Index | Code =>
  typeof x === "number" ? x * factor : factor === 0 ? 0 : factor === 1 ? x : i32.mul(x, factor);

/** Sum of an address and distances; those that are 0 cost nothing. */
export function sumOf(base: Arg, ...terms: readonly Arg[]): Arg {
  let known = 0;
  let sum: Arg = base;
  for (const t of terms) {
    if (typeof t === "number") known += t;
    else sum = i32.add(sum, t);
  }
  return known === 0 ? sum : i32.add(sum, known);
}

/** An address as pointer and offset, which instructions take from 0 on. */
export const place = (pointer: Local, offset: number): readonly [Arg, number] =>
  offset >= 0 ? [pointer, offset] : [i32.add(pointer, offset), 0];

export interface ResultSpec {
  readonly operands: readonly ResultOperand[];
  readonly maps: readonly { readonly body: Expr; readonly strides: Strides }[];
}

/**
 * Whether results of a tile of `rows` are better computed where the sums are than by way of memory: while registers last, and
 * where vectors of four elements end in adjacent stores, without which V8 pairs none of the whole tile.
 */
export function isLight(spec: ResultSpec, rows: number): boolean {
  if (rows === 1) return true;
  const nodes = new Set<Expr>();
  for (const { body, strides } of spec.maps) {
    if (strides.col !== elementBytes[body.dtype]) return false;
    for (const node of topological(body)) nodes.add(node);
  }
  const bytes = new Set(spec.maps.map(({ body }) => elementBytes[body.dtype]));
  for (const { dtype } of nodes) if (dtype !== "bool") bytes.add(elementBytes[dtype]);
  const work = [...nodes].filter(({ args }) => args.length > 0).length;
  return (
    bytes.size === 1 && !bytes.has(1) && work * rows <= 36 && unrolling(spec.maps.map((m) => m.body)) === 4
  );
}

/** Bytes that {@link placesOf} needs. */
export const scalarBytes = (spec: ResultSpec): number =>
  16 * spec.operands.filter(({ strides }) => !strides).length;

/**
 * Where operands and results lie, given the addresses of the step: numbers of the host are put to `cells` in the dtypes of their
 * operands. (V8 pairs vectors whose operands are splat from memory, not those that were computed.)
 */
export function placesOf(e: Emitter, spec: ResultSpec, addresses: readonly Local[], cells: Arg): Local[] {
  let cell = 0;
  return addresses.map((address, x) => {
    const operand = spec.operands[x];
    if (!operand || operand.strides) return address;
    const at = e.f.let("i32", sumOf(cells, 16 * cell++));
    const number = cast(e, "float64", operand.dtype, loadSplat(e, "float64", address));
    storeStrided(e, operand.dtype, [number], at, 1, 1);
    return at;
  });
}

/** Strides of the operands, then of the results. */
const stridesOf = ({ operands, maps }: ResultSpec): (Strides | null)[] => [
  ...operands.map(({ strides }) => strides),
  ...maps.map(({ strides }) => strides),
];

/** Where operands and results are for column j of row i of batch t. */
export function placesAt(spec: ResultSpec, addresses: readonly Local[], t: Index, i: Index, j: Index): Arg[] {
  const strides = stridesOf(spec);
  return addresses.map((address, x) => {
    const s = strides[x];
    return s ? sumOf(address, scaled(t, s.batch), scaled(i, s.row), scaled(j, s.col)) : address;
  });
}

/** Writes results at a place of the product. One is made for each function that writes some. */
export class Results {
  readonly #e: Emitter;
  readonly #spec: ResultSpec;
  readonly #addresses: readonly Local[];
  /** Of the accesses: operands, then maps. Scalars have none. */
  readonly #pointers: readonly (Local | null)[];

  /** `addresses` as {@link placesOf} gives them. */
  constructor(e: Emitter, spec: ResultSpec, addresses: readonly Local[]) {
    this.#e = e;
    this.#spec = spec;
    this.#addresses = addresses;
    this.#pointers = stridesOf(spec).map((s) => (s ? e.f.local("i32") : null));
  }

  /** Goes to column j of row i of batch t. */
  moveTo(t: Index, i: Index, j: Index): void {
    placesAt(this.#spec, this.#addresses, t, i, j).forEach((place, x) => {
      const pointer = this.#pointers[x];
      if (pointer) this.#e.f.set(pointer, place);
    });
  }

  /** Goes on by rows and columns. */
  move(rows: number, cols: number): void {
    stridesOf(this.#spec).forEach((s, x) => {
      const step = s ? rows * s.row + cols * s.col : 0;
      if (step !== 0) this.#e.f.set(this.#pointers[x]!, i32.add(this.#pointers[x]!, step));
    });
  }

  /**
   * Writes `width` columns of `rows` rows from where it is: `sums(r, g)` is the group of columns 4 g .. 4 g + 3 of row r.
   * All results of some groups are computed before any of them is stored.
   */
  write(rows: number, width: number, sums: (r: number, g: number) => Group): void {
    const { maps } = this.#spec;
    const total = Math.ceil(width / 4);
    const most = unrolling(maps.map((m) => m.body));
    for (let g = 0; g < total; g += most) {
      const count = Math.min(most, total - g);
      const kept = new Map<number, readonly Group[]>();
      for (let r = 0; r < rows; r++) {
        const read = new Map<number, readonly Group[]>();
        const inputs = (index: number): readonly Group[] => {
          if (index === 0) return Array.from({ length: count }, (_, u) => sums(r, g + u));
          const { strides } = this.#spec.operands[index - 1]!;
          const store = strides && strides.row !== 0 ? read : kept;
          let groups = store.get(index);
          if (!groups) {
            groups = this.#load(index - 1, r, g, count, width);
            store.set(index, groups);
          }
          return groups;
        };
        const values = new Map<Expr, readonly Group[]>();
        const results = maps.map(({ body }) => evaluate(this.#e, body, count, inputs, values));
        results.forEach((groups, x) => this.#store(x, groups, r, g, width));
      }
    }
  }

  #load(index: number, r: number, g: number, count: number, width: number): readonly Group[] {
    const { dtype, strides } = this.#spec.operands[index]!;
    const e = this.#e;
    if (!strides) return new Array<Group>(count).fill(loadSplat(e, dtype, this.#addresses[index]!));
    const offset = r * strides.row + 4 * g * strides.col;
    const valid = Math.min(4 * count, width - 4 * g);
    return loadStrided(e, dtype, this.#pointers[index]!, strides.col / elementBytes[dtype], valid, offset);
  }

  #store(x: number, groups: readonly Group[], r: number, g: number, width: number): void {
    const { body, strides } = this.#spec.maps[x]!;
    const pointer = this.#pointers[this.#spec.operands.length + x]!;
    const stride = strides.col / elementBytes[body.dtype];
    const offset = r * strides.row + 4 * g * strides.col;
    const valid = Math.min(4 * groups.length, width - 4 * g);
    storeStrided(this.#e, body.dtype, groups, pointer, stride, valid, offset);
  }
}
