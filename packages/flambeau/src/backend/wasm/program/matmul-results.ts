// The results of a product's tile: the maps' bodies over sums in registers or in memory, stored row by row.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { evaluate, topological, unrolling } from "../codegen.ts";
import type { Arg, Code, Local } from "../encoder.ts";
import { f32, f32x4, f64, f64x2, i32, i32x4, i64, i64x2, v128 } from "../encoder.ts";
import type { Emitter, Group } from "../lanes.ts";
import { elementBytes, loadGroups, storeGroups } from "../lanes.ts";
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

/** Whether the results are the sums themselves, stored where nothing else is read. */
export const isPlain = (spec: ResultSpec): boolean =>
  spec.maps.length === 1 && spec.maps[0]!.body.op === "input" && spec.maps[0]!.body.value === 0;

/** Operations beside the reading of inputs: bodies of few are cheaper where the sums are than by way of memory. */
export const isLight = (spec: ResultSpec): boolean => {
  const nodes = new Set<Expr>();
  for (const { body } of spec.maps)
    for (const node of topological(body)) if (node.args.length > 0) nodes.add(node);
  return nodes.size <= 6 && unrolling(spec.maps.map((m) => m.body)) === 4;
};

/** Writes results at a place of the product. One is made for each function that writes some. */
export class Results {
  readonly #e: Emitter;
  readonly #spec: ResultSpec;
  readonly #addresses: readonly Local[];
  /** Of the accesses: operands, then maps. Scalars have none. */
  readonly #pointers: readonly (Local | null)[];

  /** `addresses`: of the operands, then of the results. */
  constructor(e: Emitter, spec: ResultSpec, addresses: readonly Local[]) {
    this.#e = e;
    this.#spec = spec;
    this.#addresses = addresses;
    this.#pointers = this.#strides().map((s) => (s ? e.f.local("i32") : null));
  }

  #strides(): (Strides | null)[] {
    return [...this.#spec.operands.map((o) => o.strides), ...this.#spec.maps.map((m) => m.strides)];
  }

  /** Goes to column j of row i of batch t. */
  moveTo(t: Index, i: Index, j: Index): void {
    this.#strides().forEach((s, x) => {
      if (s)
        this.#e.f.set(
          this.#pointers[x]!,
          sumOf(this.#addresses[x]!, scaled(t, s.batch), scaled(i, s.row), scaled(j, s.col)),
        );
    });
  }

  /** Goes on by rows and columns. */
  move(rows: number, cols: number): void {
    this.#strides().forEach((s, x) => {
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
    if (!strides) return new Array<Group>(count).fill(hostScalar(e, dtype, this.#addresses[index]!));
    const pointer = this.#pointers[index]!;
    const at = r * strides.row;
    if (strides.col === 0) {
      const one = gather(e, dtype, pointer, at, 0, 4);
      return new Array<Group>(count).fill(one);
    }
    if (strides.col === elementBytes[dtype]) {
      const offset = at + 4 * g * strides.col;
      if (offset >= 0) return loadGroups(e, dtype, pointer, offset, count);
      return loadGroups(e, dtype, e.f.let("i32", i32.add(pointer, offset)), 0, count);
    }
    return Array.from({ length: count }, (_, u) => {
      const first = 4 * (g + u);
      return gather(e, dtype, pointer, at + first * strides.col, strides.col, Math.min(4, width - first));
    });
  }

  #store(x: number, groups: readonly Group[], r: number, g: number, width: number): void {
    const { body, strides } = this.#spec.maps[x]!;
    const { dtype } = body;
    const e = this.#e;
    const pointer = this.#pointers[this.#spec.operands.length + x]!;
    const adjacent = strides.col === elementBytes[dtype];
    const whole = adjacent ? Math.min(groups.length, Math.floor(width / 4) - g) : 0;
    const at = r * strides.row + 4 * g * strides.col;
    if (whole > 0) {
      const base = at >= 0 ? pointer : e.f.let("i32", i32.add(pointer, at));
      storeGroups(e, dtype, groups.slice(0, whole), base, Math.max(at, 0));
    }
    for (let u = whole; u < groups.length; u++)
      for (let lane = 0; lane < Math.min(4, width - 4 * (g + u)); lane++)
        storeLane(e, dtype, groups[u]!, lane, ...place(pointer, at + (4 * u + lane) * strides.col));
  }
}

/** `count` elements `step` bytes apart, the first at pointer + offset; a step of 0 fills all lanes. */
export function gather(
  e: Emitter,
  dtype: DType,
  pointer: Local,
  offset: number,
  step: number,
  count: number,
): Group {
  const wide = elementBytes[dtype] === 8;
  if (elementBytes[dtype] === 1) {
    const byte = (lane: number): Code => i32.load8_u(...place(pointer, offset + lane * step));
    const x = e.v(i32x4.splat(byte(0)));
    if (step !== 0) for (let l = 1; l < count; l++) e.f.set(x, i32x4.replace_lane(x, l, byte(l)));
    return dtype === "bool" ? [e.v(i32x4.ne(x, e.i32(0)))] : [x];
  }
  const splat = wide ? v128.load64_splat : v128.load32_splat;
  const x = e.v(splat(...place(pointer, offset)));
  if (step === 0) return wide ? [x, x] : [x];
  const lanes = wide ? 2 : 4;
  const load = wide ? v128.load64_lane : v128.load32_lane;
  const group = wide ? [x, count > 2 ? e.v(splat(...place(pointer, offset + 2 * step))) : x] : [x];
  for (let l = 1; l < count; l++) {
    if (l % lanes === 0) continue;
    const v = group[Math.floor(l / lanes)]!;
    const [pt, off] = place(pointer, offset + l * step);
    e.f.set(v, load(pt, v, l % lanes, off));
  }
  return group;
}

/** One lane of a group to memory. */
export function storeLane(
  e: Emitter,
  dtype: DType,
  group: Group,
  lane: number,
  pointer: Arg,
  offset: number,
): void {
  const { f } = e;
  switch (elementBytes[dtype]) {
    case 8:
      f.do(v128.store64_lane(pointer, group[lane >> 1]!, lane & 1, offset));
      break;
    case 4:
      f.do(v128.store32_lane(pointer, group[0]!, lane, offset));
      break;
    case 1: {
      const value = dtype === "bool" ? v128.and(group[0]!, e.i32(1)) : group[0]!;
      f.do(v128.store8_lane(pointer, value, 4 * lane, offset));
    }
  }
}

/** A number of the host, a float64 cell, in all lanes. */
export function hostScalar(e: Emitter, dtype: DType, cell: Local): Group {
  switch (dtype) {
    case "float32":
      return [e.v(f32x4.splat(f32.demote_f64(f64.load(cell))))];
    case "float64": {
      const x = e.v(f64x2.splat(f64.load(cell)));
      return [x, x];
    }
    case "int64": {
      const x = e.v(i64x2.splat(i64.trunc_sat_f64_s(f64.load(cell))));
      return [x, x];
    }
    case "int32":
      return [e.v(i32x4.splat(i32.trunc_sat_f64_s(f64.load(cell))))];
    case "uint8":
      return [e.v(i32x4.splat(i32.and(i32.trunc_sat_f64_s(f64.load(cell)), 255)))];
    case "bool":
      return [e.v(i32x4.splat(i32.sub(0, f64.ne(f64.load(cell), 0))))];
  }
}
