// Code of reductions: along rows (inner = 1) with several accumulators, and down columns (inner > 1).
// Floor L2 (backend/wasm).
//
// Sums of float32 run over at most 64 additions in float32, then go to a float64 accumulator: the error is that
// of a chain of 64, whatever the length. Accumulators outlive a call in memory, so that results do not
// depend on how the input is cut into chunks.

import type { DType } from "../../base/dtype.ts";
import type { CombineOp, ReduceNest } from "../../ir/nest.ts";
import type { BinaryOp } from "../../ir/scalar.ts";
import { f32ToF64, f64ToF32 } from "./casts.ts";
import { evaluate, unrolling } from "./codegen.ts";
import type { Code, Local } from "./encoder.ts";
import { f64x2, i8x16, i32, i32x4, select, v128 } from "./encoder.ts";
import type { Emitter, Group } from "./lanes.ts";
import { constantGroup, elementBytes, loadGroups, loadScalar, storeGroups, widenMask } from "./lanes.ts";
import { operandAddress, outputAddress } from "./memory.ts";
import { emitOp } from "./ops.ts";
import { storeVectors } from "./stores.ts";

/** Bits of the `flags` argument: whether accumulators start anew, and whether this piece completes them. */
export const firstPiece = 1;
export const lastPiece = 2;

const stateAddress = operandAddress(1);
const wideStateAddress = operandAddress(2);
/** The number of reduced elements, for `post`. */
export const countAddress: number = operandAddress(3);

/** Rounds of additions in float32 before the float64 accumulator takes over. */
const flushEvery = 64;

const binaryOf: { readonly [C in CombineOp]: BinaryOp } = {
  sum: "add",
  prod: "mul",
  max: "max",
  min: "min",
  and: "and",
  or: "or",
};

/** The value that leaves others as they are. */
export function neutral(combine: CombineOp, dtype: DType): number {
  switch (combine) {
    case "sum":
    case "or":
      return 0;
    case "prod":
      return 1;
    case "and":
      return dtype === "bool" ? 1 : dtype === "uint8" ? 255 : -1;
    case "max":
      return limits[dtype][0];
    case "min":
      return limits[dtype][1];
  }
}

// int64's largest value is not a number; 2^63 wraps around in the constant, so one less is taken from its bits.
const limits: { readonly [D in DType]: readonly [number, number] } = {
  float32: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  float64: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint8: [0, 255],
  bool: [0, 1],
};

export function neutralGroup(e: Emitter, combine: CombineOp, dtype: DType): Group {
  const value = neutral(combine, dtype);
  if (dtype === "int64" && value === 2 ** 63) {
    const x = e.i64(2n ** 63n - 1n);
    return [x, x];
  }
  return constantGroup(e, dtype, value);
}

/** Two groups combined lane by lane. */
export const combineGroups = (e: Emitter, combine: CombineOp, dtype: DType, a: Group, b: Group): Group =>
  emitOp(e, binaryOf[combine], dtype, dtype, [a, b], []);

/** Bytes that the accumulators of four groups take. */
export const scratchBytes = 128;

/** What accumulators need to know of a reduction. */
export type Reducing = Pick<ReduceNest, "body" | "combine">;

/** Whether the nest accumulates float32 in float64. */
export const isWide = (nest: Reducing): boolean => nest.combine === "sum" && nest.body.dtype === "float32";

/** The accumulators of `count` groups. */
export class Accumulators {
  readonly e: Emitter;
  readonly nest: Reducing;
  readonly values: readonly Group[];
  readonly wide: readonly Group[];
  /** Of what is left over behind whole rounds: V8 pairs no accumulators of which one goes on alone. */
  readonly rest: readonly Group[];
  readonly #scratch: Local | null;

  /**
   * `narrow`: sums of float32 are so short that they stay in float32. `scratch`: an address of `scratchBytes`, through which
   * accumulators go when they are done. V8 makes 256 bits of adjacent vectors only where that ends in adjacent stores.
   * `rest`: groups that may be left over, at most `count`.
   */
  constructor(
    e: Emitter,
    nest: Reducing,
    count: number,
    {
      narrow = false,
      scratch = null,
      rest = 0,
    }: { narrow?: boolean; scratch?: Local | null; rest?: number } = {},
  ) {
    this.e = e;
    this.nest = nest;
    this.#scratch = scratch;
    const fresh = (groups: number, vectors: number): Group[] =>
      Array.from({ length: groups }, () => Array.from({ length: vectors }, () => e.f.local("v128")));
    const vectors = elementBytes[nest.body.dtype] === 8 ? 2 : 1;
    this.values = fresh(count, vectors);
    this.wide = isWide(nest) && !narrow ? fresh(count, 2) : [];
    this.rest = fresh(rest, vectors);
  }

  #set(to: readonly Group[], from: readonly Group[]): void {
    from.forEach((group, u) => group.forEach((x, h) => this.e.f.set(to[u]![h]!, x)));
  }

  /** Starts anew. */
  reset(): void {
    const { e, nest } = this;
    const one = neutralGroup(e, nest.combine, nest.body.dtype);
    const zero = constantGroup(e, "float64", 0);
    for (const groups of [this.values, this.rest])
      this.#set(
        groups,
        groups.map(() => one),
      );
    this.#set(
      this.wide,
      this.wide.map(() => zero),
    );
  }

  /** Starts anew or goes on where the last call stopped. `pointer` counts elements. */
  start(flags: Local, index: Local): void {
    const {
      e,
      nest: {
        body: { dtype },
      },
    } = this;
    e.f.if(
      i32.and(flags, firstPiece),
      () => this.reset(),
      () => {
        const at = (d: DType): Local => e.f.let("i32", i32.mul(index, elementBytes[d]));
        this.#set(this.values, loadGroups(e, dtype, at(dtype), stateAddress, this.values.length));
        if (this.wide.length > 0)
          this.#set(this.wide, loadGroups(e, "float64", at("float64"), wideStateAddress, this.wide.length));
      },
    );
  }

  save(index: Local): void {
    const {
      e,
      nest: {
        body: { dtype },
      },
    } = this;
    const at = (d: DType): Local => e.f.let("i32", i32.mul(index, elementBytes[d]));
    storeGroups(e, dtype, this.values, at(dtype), stateAddress);
    if (this.wide.length > 0) storeGroups(e, "float64", this.wide, at("float64"), wideStateAddress);
  }

  combine(dtype: DType, a: Group, b: Group): Group {
    return combineGroups(this.e, this.nest.combine, dtype, a, b);
  }

  /** Goes on from given values. */
  set(groups: readonly Group[]): void {
    this.#set(this.values, groups);
  }

  /** Adds to the first accumulators as many groups as there are. */
  add(groups: readonly Group[]): void {
    this.#set(
      this.values,
      groups.map((g, u) => this.combine(this.nest.body.dtype, this.values[u]!, g)),
    );
  }

  /** Adds groups that are left over. */
  addRest(groups: readonly Group[]): void {
    this.#set(
      this.rest,
      groups.map((g, u) => this.combine(this.nest.body.dtype, this.rest[u]!, g)),
    );
  }

  flush(): void {
    if (this.wide.length === 0) return;
    const zero = constantGroup(this.e, "float32", 0);
    const scratch = this.#scratch;
    if (scratch) storeGroups(this.e, "float32", this.values, scratch, 0);
    this.wide.forEach((w, u) => {
      const half = (h: number): Code => f64x2.promote_low_f32x4(v128.load64_zero(scratch!, 16 * u + 8 * h));
      const [low, high] = scratch ? [half(0), half(1)] : f32ToF64(this.e, this.values[u]![0]!);
      this.e.f.set(w[0]!, f64x2.add(w[0]!, low!));
      this.e.f.set(w[1]!, f64x2.add(w[1]!, high!));
    });
    this.rest.forEach(([x], u) => {
      const halves = f32ToF64(this.e, x!);
      this.wide[u]!.forEach((w, h) => this.e.f.set(w, f64x2.add(w, halves[h]!)));
    });
    for (const groups of [this.values, this.rest])
      this.#set(
        groups,
        groups.map(() => zero),
      );
  }

  /** The accumulated groups, lanes still apart. */
  totals(): Group[] {
    this.flush();
    if (this.wide.length === 0) return [...this.#settled()];
    return this.wide.map((w) => [this.e.v(f64ToF32(w[0]!, w[1]!))]);
  }

  /** The accumulators after the last addition. */
  #settled(): readonly Group[] {
    return this.#stored().map((group, u) => {
      const more = this.rest[u];
      return more ? this.combine(this.nest.body.dtype, group, more) : group;
    });
  }

  #stored(): readonly Group[] {
    const scratch = this.#scratch;
    if (!scratch || this.values.length === 1) return this.values;
    const vectors = this.values.flat();
    storeVectors(this.e.f, vectors, scratch, 0);
    const loaded = vectors.map((_, i) => this.e.v(v128.load(scratch, 16 * i)));
    const each = vectors.length / this.values.length;
    return this.values.map((_, u) => loaded.slice(each * u, each * u + each));
  }

  /** All lanes of all groups combined, in lane 0. `narrow`: nothing was flushed, and is not now. */
  across(narrow = false): Group {
    const wide = this.wide.length > 0 && !narrow;
    if (wide) this.flush();
    const dtype = wide ? "float64" : this.nest.body.dtype;
    let groups: Group[] = [...(wide ? this.wide : this.#settled())];
    while (groups.length > 1) {
      const half = groups.length / 2;
      groups = Array.from({ length: half }, (_, i) => this.combine(dtype, groups[i]!, groups[i + half]!));
    }
    const [low, high] = groups[0]!;
    const one = high
      ? this.combine(dtype, [low!, high], [high, low!])
      : this.combine(dtype, [low!], [rotate(this.e, low!, 8)]);
    const done = this.combine(
      dtype,
      one,
      one.map((x) => rotate(this.e, x, high ? 8 : 4)),
    );
    return wide ? [this.e.v(f64ToF32(done[0]!, done[0]!))] : done;
  }
}

/** Byte i of the result is byte i + by of x. */
const rotate = (e: Emitter, x: Local, by: number): Local =>
  e.v(
    i8x16.shuffle(
      x,
      x,
      Array.from({ length: 16 }, (_, i) => (i + by) % 16),
    ),
  );

export function emitPost(e: Emitter, nest: ReduceNest, groups: readonly Group[]): readonly Group[] {
  if (!nest.post) return groups;
  const count = loadScalar(e, nest.body.dtype, countAddress);
  return evaluate(e, nest.post, groups.length, (i) => (i === 0 ? groups : groups.map(() => count)));
}

export const outDType = (nest: ReduceNest): DType => nest.post?.dtype ?? nest.body.dtype;

export const body = (e: Emitter, nest: ReduceNest, p: Local, count: number): Group[] =>
  evaluate(e, nest.body, count, () => loadGroups(e, nest.input, p, 0, count));

/** run(p, rows, length, flags): each of the `rows` rows of `length` elements, from address p on, to one element. */
export function emitRows(
  e: Emitter,
  nest: ReduceNest,
  p: Local,
  rows: Local,
  length: Local,
  flags: Local,
): void {
  const { f } = e;
  const count = unrolling([nest.body]);
  const bytes = elementBytes[nest.input];
  const step = 4 * count * bytes;
  const out = f.local("i32");
  const zero = f.local("i32");
  const sums = new Accumulators(e, nest, count);
  f.loop((nextRow) => {
    sums.start(flags, zero);
    const end = f.let("i32", i32.add(p, i32.mul(length, bytes)));
    const whole = f.let("i32", i32.sub(end, i32.rem_u(i32.mul(length, bytes), step)));
    f.if(i32.lt_u(p, whole), () =>
      f.loop((nextBlock) => {
        const limit = f.let("i32", i32.add(p, flushEvery * step));
        const blockEnd = f.let("i32", select("i32", limit, whole, i32.lt_u(limit, whole)));
        f.loop((again) => {
          sums.add(body(e, nest, p, count));
          f.set(p, i32.add(p, step));
          f.brIf(again, i32.lt_u(p, blockEnd));
        });
        sums.flush();
        f.brIf(nextBlock, i32.lt_u(p, whole));
      }),
    );
    emitRest(e, nest, sums, p, end);
    f.set(p, end);
    f.if(
      i32.and(flags, lastPiece),
      () => {
        const result = emitPost(e, nest, [sums.across()]);
        storeGroups(e, outDType(nest), result, out, outputAddress);
        f.set(out, i32.add(out, elementBytes[outDType(nest)]));
      },
      () => sums.save(zero),
    );
    f.set(rows, i32.sub(rows, 1));
    f.brIf(nextRow, rows);
  });
}

/** The last groups of a row, one at a time; lanes past the end count as the neutral element. */
function emitRest(e: Emitter, nest: ReduceNest, sums: Accumulators, p: Local, end: Local): void {
  const { f } = e;
  const bytes = elementBytes[nest.input];
  const one = neutralGroup(e, nest.combine, nest.body.dtype);
  const lanes = f.hoist("lanes", "v128", () => v128.constI32(0, 1, 2, 3));
  f.if(i32.lt_u(p, end), () =>
    f.loop((again) => {
      const left = i32.div_u(i32.sub(end, p), bytes);
      const mask = e.v(i32x4.lt_s(lanes, i32x4.splat(left)));
      const value = body(e, nest, p, 1)[0]!;
      const masks = value.length === 2 ? widenMask(e, mask) : [mask];
      const kept = value.map((x, h) => e.v(e.blend(x, one[h]!, masks[h]!)));
      const sum = sums.combine(nest.body.dtype, sums.values[0]!, kept);
      sum.forEach((x, h) => f.set(sums.values[0]![h]!, x));
      f.set(p, i32.add(p, 4 * bytes));
      f.brIf(again, i32.lt_u(p, end));
    }),
  );
}

/**
 * run(plane, planes, rows, cols, flags, row): each plane [rows, cols], from address `plane` on, to one row of sums, added
 * from the first row on.
 * `row` is the number of the first row modulo `flushEvery`, which says when to flush.
 */
export function emitColumns(
  e: Emitter,
  nest: ReduceNest,
  plane: Local,
  planes: Local,
  rows: Local,
  cols: Local,
  flags: Local,
  row: Local,
): void {
  const { f } = e;
  const bytes = elementBytes[nest.input];
  const outBytes = elementBytes[outDType(nest)];
  const out = f.local("i32");
  const stride = f.let("i32", i32.mul(cols, bytes));
  f.loop((nextPlane) => {
    const column = f.let("i32", 0);
    for (const count of [unrolling([nest.body]), 1]) {
      const sums = new Accumulators(e, nest, count);
      const fits: () => Code = () => i32.le_u(i32.add(column, count === 1 ? 1 : 4 * count), cols);
      f.if(fits(), () =>
        f.loop((nextColumns) => {
          sums.start(flags, column);
          const p = f.let("i32", i32.add(plane, i32.mul(column, bytes)));
          const left = f.let("i32", rows);
          const untilFlush = f.let("i32", i32.sub(flushEvery, row));
          f.if(left, () =>
            f.loop((again) => {
              sums.add(body(e, nest, p, count));
              f.set(p, i32.add(p, stride));
              f.set(left, i32.sub(left, 1));
              if (isWide(nest)) {
                f.set(untilFlush, i32.sub(untilFlush, 1));
                f.if(i32.eqz(untilFlush), () => {
                  sums.flush();
                  f.set(untilFlush, flushEvery);
                });
              }
              f.brIf(again, left);
            }),
          );
          f.if(
            i32.and(flags, lastPiece),
            () => {
              const at = f.let("i32", i32.mul(i32.add(out, column), outBytes));
              storeGroups(e, outDType(nest), emitPost(e, nest, sums.totals()), at, outputAddress);
            },
            () => sums.save(column),
          );
          f.set(column, i32.add(column, 4 * count));
          f.brIf(nextColumns, fits());
        }),
      );
    }
    f.set(plane, i32.add(plane, i32.mul(rows, stride)));
    f.set(out, i32.add(out, cols));
    f.set(planes, i32.sub(planes, 1));
    f.brIf(nextPlane, planes);
  });
}

export { flushEvery };
