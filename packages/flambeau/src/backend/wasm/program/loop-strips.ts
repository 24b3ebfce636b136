// Code of reductions across vectors, over many rows, as strips-plan has them: a few rows at a time go into accumulators in
// registers, and those into memory.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { f64ToF32 } from "../casts.ts";
import { evaluate, topological, unrolling } from "../codegen.ts";
import type { Local } from "../encoder.ts";
import { f64x2, i32, select, v128 } from "../encoder.ts";
import type { Group } from "../lanes.ts";
import { constantGroup, elementBytes, loadGroups, storeGroups } from "../lanes.ts";
import { Accumulators, neutralGroup, scratchBytes } from "../reduce-codegen.ts";
import { loadSplat, storeStrided } from "./lane-access.ts";
import type { Cursor, Cursors, Known, LoopParts, ReadonlyKnown } from "./loop-parts.ts";
import { allOf } from "./loop-parts.ts";
import type { Result } from "./loop-shape.ts";
import type { Column, StripPass, StripPlan, StripStage } from "./loop-strips-plan.ts";
import { Columns } from "./loop-strips-plan.ts";

/** Rows that are added up in registers. */
const rowsAtOnce = 16;

/** Strips of one item of the outer dimensions, where all tracks have been moved: columns from `start` to `end`. */
export class Strips {
  readonly #parts: LoopParts;
  readonly #plan: StripPlan;
  readonly #columns: Columns;
  /** First column of the strip at hand, and how many it has. */
  readonly #first: Local;
  readonly #count: Local;

  constructor(parts: LoopParts, plan: StripPlan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#columns = new Columns(parts.shape);
    this.#first = parts.f.local("i32");
    this.#count = parts.f.local("i32");
  }

  emit(start: Local, end: Local): void {
    const parts = this.#parts;
    const { f, shape, e } = parts;
    parts.known = new Map(parts.once);
    const bodies = [...shape.stages, ...shape.maps, ...shape.values].map(({ body }) => body);
    this.#prepare(bodies, 1, parts.known, (k) => loadSplat(e, shape.tracks[k]!.dtype, parts.starts[k]!));
    f.set(this.#first, start);
    f.if(i32.lt_u(start, end), () =>
      f.loop((again) => {
        const left = f.let("i32", i32.sub(end, this.#first));
        const { width } = this.#plan;
        f.set(this.#count, select("i32", left, i32.const(width), i32.lt_u(left, width)));
        this.#strip();
        f.set(this.#first, i32.add(this.#first, this.#count));
        f.brIf(again, i32.lt_u(this.#first, end));
      }),
    );
  }

  /** Computes what is the same in all columns, up to a level. */
  #prepare(bodies: readonly Expr[], level: 1 | 3, known: Known, load: (k: number) => Group): void {
    const { e, levels, shape } = this.#parts;
    const inputs = (index: number): Group[] => [load(shape.operands[index]!)];
    for (const body of bodies)
      for (const node of topological(body, known))
        if (node.op !== "const" && levels.of(node) <= level && !this.#columns.differs(node))
          evaluate(e, node, 1, inputs, known);
    this.#parts.spread(known);
  }

  #strip(): void {
    const { maps, values } = this.#parts.shape;
    for (const pass of this.#plan.passes) {
      if (pass.made.length > 0) this.#make(pass.made);
      if (pass.stages.length > 0) this.#reduce(pass);
      else if (maps.length > 0) this.#maps(pass);
    }
    if (values.length > 0) this.#values(values);
  }

  #column({ node, offset }: Column): Cursor {
    return this.#array(node.dtype, offset);
  }

  #array(dtype: DType, offset: number): Cursor {
    const { c, f, shape } = this.#parts;
    const pointer = f.let("i32", i32.add(c.own, scratchBytes + offset));
    return { dtype, lane: 1, inner: shape.inner.map(() => 0), pointer };
  }

  /** Cursors at the strip's first elements. */
  #cursors(tracks: Iterable<number>, columns: readonly Column[]): Cursors {
    const { f, shape, starts, bytes } = this.#parts;
    const cursor = (k: number): Cursor => {
      const by = shape.tracks[k]!.lane * bytes(k);
      const at = by === 0 ? starts[k]! : i32.add(starts[k]!, i32.mul(this.#first, by));
      return { ...shape.tracks[k]!, pointer: f.let("i32", at) };
    };
    return {
      tracks: new Map([...tracks].map((k) => [k, cursor(k)])),
      kept: new Map(columns.map((c) => [c.node, this.#column(c)])),
    };
  }

  /** Tracks that the bodies look at, but for what is known. */
  #tracks(bodies: readonly Expr[], columns: readonly Column[], known: ReadonlyKnown): Set<number> {
    const { shape } = this.#parts;
    const done = new Set([...known.keys(), ...columns.map(({ node }) => node)]);
    const tracks = new Set<number>();
    for (const body of bodies)
      for (const node of topological(body, done))
        if (node.op === "input") tracks.add(shape.operands[node.value]!);
    return tracks;
  }

  #along(cursors: Cursors, step: number, body: (cursors: Cursors, valid: number) => void): void {
    this.#parts.along(cursors, this.#count, step, body);
  }

  #stepOf(bodies: readonly Expr[]): number {
    return 4 * unrolling(bodies);
  }

  /** Columns from results of stages. */
  #make(made: readonly Column[]): void {
    const parts = this.#parts;
    const bodies = made.map(({ node }) => node);
    const { results } = this.#plan;
    const cursors = this.#cursors(this.#tracks(bodies, results, parts.known), [...results, ...made]);
    this.#along(cursors, this.#stepOf(bodies), (own, valid) => {
      const values = parts.compute(bodies, results, own, parts.known, valid);
      bodies.forEach((node, i) => {
        const groups = values[i]!;
        storeStrided(parts.e, node.dtype, groups, own.kept.get(node)!.pointer, 1, 4 * groups.length);
      });
    });
  }

  #values(values: readonly Result[]): void {
    const parts = this.#parts;
    const { results } = this.#plan;
    const bodies = values.map(({ body }) => body);
    const tracks = this.#tracks(bodies, results, parts.known);
    for (const { track } of values) tracks.add(track);
    this.#along(this.#cursors(tracks, results), this.#stepOf(bodies), (own, valid) => {
      const done = parts.compute(bodies, results, own, parts.known, valid);
      values.forEach(({ track }, i) => {
        const { dtype, pointer, lane } = own.tracks.get(track)!;
        storeStrided(parts.e, dtype, done[i]!, pointer, lane, valid);
      });
    });
  }

  #maps({ reads }: StripPass): void {
    const parts = this.#parts;
    const { shape, e } = parts;
    const { maps, inner } = shape;
    const bodies = maps.map(({ body }) => body);
    const tracks = this.#tracks(bodies, reads, parts.known);
    for (const { track } of maps) tracks.add(track);
    const cursors = this.#cursors(tracks, reads);
    parts.walkFrom(
      cursors,
      inner.length,
      () => 0,
      () => {
        const known = new Map(parts.known);
        this.#prepare(bodies, 3, known, (k) => {
          const { dtype, pointer } = cursors.tracks.get(k)!;
          return loadSplat(e, dtype, pointer);
        });
        this.#along(cursors, this.#stepOf(bodies), (own, valid) => {
          const done = parts.compute(bodies, reads, own, known, valid);
          maps.forEach(({ track }, i) => {
            const { dtype, pointer, lane } = own.tracks.get(track)!;
            storeStrided(e, dtype, done[i]!, pointer, lane, valid);
          });
        });
      },
    );
  }

  #reduce(pass: StripPass): void {
    const parts = this.#parts;
    const { f, shape } = parts;
    const { stages, reads } = pass;
    const bodies = stages.map(({ stage }) => shape.stages[stage]!.body);
    const step = this.#stepOf(bodies);
    for (const stage of stages) this.#clear(stage, step);
    const cursors = this.#cursors(this.#tracks(bodies, reads, parts.known), reads);
    const sums = stages.map(({ stage, result, wide }) =>
      wide === null
        ? this.#array(shape.stages[stage]!.body.dtype, result.offset)
        : this.#array("float64", wide),
    );
    const last = shape.inner.length - 1;
    const rowsOf = ({ inner }: Cursor): number => inner[last]! * shape.inner[last]!;
    const all: Cursors = { ...cursors, kept: new Map(cursors.kept) };
    const withSums: Cursors = {
      ...all,
      kept: new Map([...all.kept, ...sums.map((s, i): [Expr, Cursor] => [sumKeys[i]!, s])]),
    };
    parts.walkFrom(cursors, last, rowsOf, () => {
      const left = f.let("i32", shape.inner[last]!);
      f.loop((again) => {
        const rows = f.let("i32", select("i32", left, i32.const(rowsAtOnce), i32.lt_u(left, rowsAtOnce)));
        this.#along(withSums, step, (own, valid) => this.#rows(pass, bodies, own, rows, last, valid));
        for (const cursor of allOf(cursors)) {
          const by = cursor.inner[last]! * elementBytes[cursor.dtype];
          if (by !== 0) f.set(cursor.pointer, i32.add(cursor.pointer, i32.mul(rows, by)));
        }
        f.set(left, i32.sub(left, rows));
        f.brIf(again, left);
      });
    });
    for (const stage of stages) if (stage.wide !== null) this.#narrow(stage, step);
  }

  /** Adds up to `rowsAtOnce` rows of a block of columns. */
  #rows(
    { stages, reads }: StripPass,
    bodies: readonly Expr[],
    cursors: Cursors,
    rows: Local,
    last: number,
    valid: number,
  ): void {
    const parts = this.#parts;
    const { e, f, c, shape } = parts;
    const groups = Math.ceil(valid / 4);
    const copies: Cursors = {
      tracks: new Map(
        [...cursors.tracks].map(([k, cursor]) => [k, { ...cursor, pointer: f.let("i32", cursor.pointer) }]),
      ),
      kept: cursors.kept,
    };
    const sums = stages.map(({ stage, wide }, i) => {
      const { body } = shape.stages[stage]!;
      const sum = new Accumulators(e, shape.stages[stage]!, groups, { narrow: true });
      if (wide !== null) sum.reset();
      else sum.set(loadGroups(e, body.dtype, cursors.kept.get(sumKeys[i]!)!.pointer, 0, groups));
      return sum;
    });
    const known = new Map(parts.known);
    for (const { node } of reads)
      known.set(node, loadGroups(e, node.dtype, cursors.kept.get(node)!.pointer, 0, groups));
    const left = f.let("i32", rows);
    f.loop((again) => {
      parts.compute(bodies, [], copies, known, valid).forEach((values, i) => {
        sums[i]!.add(values);
      });
      for (const cursor of copies.tracks.values()) parts.move(cursor, cursor.inner[last]!);
      f.set(left, i32.sub(left, 1));
      f.brIf(again, left);
    });
    stages.forEach(({ stage, wide }, i) => {
      const { values } = sums[i]!;
      const { pointer } = cursors.kept.get(sumKeys[i]!)!;
      if (wide === null) {
        storeGroups(e, shape.stages[stage]!.body.dtype, values, pointer, 0);
        return;
      }
      storeGroups(e, "float32", values, c.own, 0);
      for (let h = 0; h < 2 * groups; h++) {
        const more = f64x2.promote_low_f32x4(v128.load64_zero(c.own, 8 * h));
        f.do(v128.store(pointer, f64x2.add(v128.load(pointer, 16 * h), more), 16 * h));
      }
    });
  }

  /** Sets a stage's accumulators to what counts nothing. */
  #clear({ stage, result, wide }: StripStage, step: number): void {
    const { e, shape } = this.#parts;
    const { combine, body } = shape.stages[stage]!;
    const [dtype, value]: [DType, Group] =
      wide === null
        ? [body.dtype, neutralGroup(e, combine, body.dtype)]
        : ["float64", constantGroup(e, "float64", 0)];
    const cursors: Cursors = {
      tracks: new Map(),
      kept: new Map([[result.node, this.#array(dtype, wide ?? result.offset)]]),
    };
    this.#along(cursors, step, ({ kept }, valid) => {
      const groups = new Array<Group>(Math.ceil(valid / 4)).fill(value);
      storeGroups(e, dtype, groups, kept.get(result.node)!.pointer, 0);
    });
  }

  /** Sums that were gathered as float64 as results in float32. */
  #narrow({ result, wide }: StripStage, step: number): void {
    const { e } = this.#parts;
    const cursors: Cursors = {
      tracks: new Map(),
      kept: new Map([
        [result.node, this.#column(result)],
        [sumKeys[0]!, this.#array("float64", wide!)],
      ]),
    };
    this.#along(cursors, step, ({ kept }, valid) => {
      const groups = loadGroups(e, "float64", kept.get(sumKeys[0]!)!.pointer, 0, Math.ceil(valid / 4));
      const narrow = groups.map(([low, high]): Group => [e.v(f64ToF32(low!, high!))]);
      storeGroups(e, "float32", narrow, kept.get(result.node)!.pointer, 0);
    });
  }
}

/** Stands for the accumulators of stage 0, 1, … of a pass among the cursors. */
const sumKeys: readonly Expr[] = [0, 1, 2, 3].map((value) => ({
  op: "const",
  dtype: "float64",
  args: [],
  value,
}));
