// What the code of a loop step is put together from: values that are known at each level, and walks over the inner dimensions.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { cast } from "../casts.ts";
import { addValues, evaluate, topological, withShortcuts } from "../codegen.ts";
import type { Code, FunctionBuilder, Local } from "../encoder.ts";
import { i32 } from "../encoder.ts";
import type { Emitter, Group } from "../lanes.ts";
import { elementBytes, spread } from "../lanes.ts";
import { scratchBytes } from "../reduce-codegen.ts";
import type { Context } from "./context.ts";
import { loadSplat, loadStrided } from "./lane-access.ts";
import type { Level } from "./loop-levels.ts";
import { Levels } from "./loop-levels.ts";
import type { Kept, LoopPlan } from "./loop-plan.ts";
import { keptLanes } from "./loop-plan.ts";
import type { LoopShape, Track } from "./loop-shape.ts";
import { product } from "./loop-shape.ts";

export type Known = Map<Expr, readonly Group[]>;
export type ReadonlyKnown = ReadonlyMap<Expr, readonly Group[]>;

/** A pointer on its way over the inner dimensions. Strides count elements. */
export interface Cursor {
  readonly dtype: DType;
  readonly inner: readonly number[];
  readonly lane: number;
  readonly pointer: Local;
}

/** The cursors of one walk: of tracks by number, of kept values by node. */
export interface Cursors {
  readonly tracks: ReadonlyMap<number, Cursor>;
  readonly kept: ReadonlyMap<Expr, Cursor>;
}

export const allOf = ({ tracks, kept }: Cursors): Cursor[] => [...tracks.values(), ...kept.values()];

/** Groups that are the same in all: long enough for every unrolling. */
export const repeat = (group: Group): Group[] => new Array<Group>(4).fill(group);

export class LoopParts {
  readonly c: Context;
  readonly e: Emitter;
  readonly f: FunctionBuilder;
  readonly shape: LoopShape;
  readonly plan: LoopPlan;
  readonly levels: Levels;
  /** What is known once and for all, and of the iteration at hand. */
  readonly once: Known = new Map();
  known: Known = new Map();
  /** Results of stages. */
  readonly results: Map<number, readonly Group[]> = new Map();
  /** Where each track is when an iteration of the outer loop begins. */
  readonly starts: readonly Local[];

  /** Whether an iteration takes a piece of the lanes, so that all tracks along them move. */
  readonly #inPieces: boolean;

  constructor(c: Context, shape: LoopShape, plan: LoopPlan, inPieces: boolean) {
    this.#inPieces = inPieces;
    this.c = c;
    this.e = c.e;
    this.f = c.f;
    this.shape = shape;
    this.plan = plan;
    this.levels = new Levels(shape);
    this.starts = shape.tracks.map((track, k) => (this.isMoving(track) ? c.f.local("i32") : c.addresses[k]!));
  }

  /** Whether the track begins elsewhere in each iteration of the outer loop. */
  isMoving(track: Track): boolean {
    return this.levels.isMoving(track) || (this.#inPieces && track.lane !== 0);
  }

  /** Of an element of a track. */
  readonly bytes: (k: number) => number = (k) => elementBytes[this.shape.tracks[k]!.dtype];

  /** Computes the parts of the bodies that are of no higher level than `level`. */
  prepare(
    bodies: readonly Expr[],
    level: Level,
    groups: number,
    inputs: (index: number) => readonly Group[],
    known: Known,
  ): void {
    const nodes = new Set<Expr>();
    for (const body of bodies)
      for (const node of topological(body, known))
        if (node.op !== "const" && this.levels.of(node) <= level) nodes.add(node);
    addValues(this.e, [...nodes], groups, inputs, known);
  }

  /** Computes what depends on no index. */
  prepareOnce(bodies: readonly Expr[]): void {
    const input = (index: number): readonly Group[] => {
      const k = this.shape.operands[index]!;
      const { dtype, source } = this.shape.tracks[k]!;
      const at = this.c.addresses[k]!;
      if (!("scalar" in source)) return [loadSplat(this.e, dtype, at)];
      return [
        spread(this.e, dtype, cast(this.e, "float64", dtype, loadSplat(this.e, "float64", at)), this.c.own),
      ];
    };
    this.prepare(bodies, 0, 1, input, this.once);
    this.spread(this.once);
  }

  /** What is the same in all groups, spread to four of them. */
  spread(known: Known): void {
    for (const [node, groups] of known)
      if (groups.length === 1)
        known.set(
          node,
          repeat(node.op === "input" ? groups[0]! : spread(this.e, node.dtype, groups[0]!, this.c.own)),
        );
  }

  /** A result of lane 0 for all groups. */
  spreadResult(dtype: DType, group: Group): Group[] {
    return repeat(spread(this.e, dtype, group, this.c.own));
  }

  /** What is known before a run of vectors begins; what stands only in values that are read has no cursor here. */
  knownOfRun(bodies: readonly Expr[], reads: readonly { readonly node: Expr }[], cursors: Cursors): Known {
    const known = new Map(this.known);
    if (this.shape.across) return known;
    const load = (index: number): readonly Group[] => {
      const { dtype, pointer } = cursors.tracks.get(this.shape.operands[index]!)!;
      return [loadSplat(this.e, dtype, pointer)];
    };
    for (const { node } of reads) known.set(node, []);
    this.prepare(bodies, 2, 1, load, known);
    for (const { node } of reads) known.delete(node);
    this.spread(known);
    return known;
  }

  /** Values of the roots for `valid` lanes at the cursors. */
  compute(
    roots: readonly Expr[],
    reads: readonly { readonly node: Expr }[],
    cursors: Cursors,
    known: ReadonlyKnown,
    valid: number,
  ): Group[][] {
    const { e } = this;
    const groups = Math.ceil(valid / 4);
    const loaded = new Map<Cursor, Group[]>();
    const load = (cursor: Cursor): Group[] => {
      let x = loaded.get(cursor);
      if (!x) loaded.set(cursor, (x = loadStrided(e, cursor.dtype, cursor.pointer, cursor.lane, valid)));
      return x;
    };
    const inputs = (index: number): Group[] => load(cursors.tracks.get(this.shape.operands[index]!)!);
    const all = (): Group[][] => {
      const values = new Map(known);
      for (const { node } of reads) values.set(node, load(cursors.kept.get(node)!));
      // What is known may be there for more groups.
      return roots.map((root) => evaluate(e, root, groups, inputs, values).slice(0, groups));
    };
    return withShortcuts(e, all);
  }

  /**
   * Walks over the inner dimensions with a cursor for each of the tracks and the kept values. `body` is called once with them; it
   * may move each on by `moved` elements along the lanes.
   */
  walk(
    tracks: readonly number[],
    kept: readonly Kept[],
    moved: number,
    body: (cursors: Cursors) => void,
  ): void {
    if (product(this.shape.inner) === 0) return;
    const cursors: Cursors = {
      tracks: new Map(
        tracks.map((k) => [k, { ...this.shape.tracks[k]!, pointer: this.f.let("i32", this.starts[k]!) }]),
      ),
      kept: new Map(kept.map((keep) => [keep.node, this.#keptCursor(keep)])),
    };
    this.walkFrom(
      cursors,
      this.shape.inner.length,
      ({ lane }) => moved * lane,
      () => body(cursors),
    );
  }

  /** The same for the first `depth` inner dimensions and cursors at their beginning; `body` moves each on by `moved` elements. */
  walkFrom(cursors: Cursors, depth: number, moved: (cursor: Cursor) => number, body: () => void): void {
    const { f } = this;
    const { inner } = this.shape;
    const all = allOf(cursors);
    /** How many elements dimension d and those behind it take a cursor on. */
    const extent = (cursor: Cursor, d: number): number =>
      d === depth ? moved(cursor) : inner[d]! * cursor.inner[d]!;
    const level = (d: number): void => {
      if (d === depth) {
        body();
        return;
      }
      const left = f.let("i32", inner[d]!);
      f.loop((again) => {
        level(d + 1);
        for (const cursor of all) this.move(cursor, cursor.inner[d]! - extent(cursor, d + 1));
        f.set(left, i32.sub(left, 1));
        f.brIf(again, left);
      });
    };
    level(0);
  }

  #keptCursor({ node, offset }: Kept): Cursor {
    let stride = keptLanes(this.shape);
    const inner: number[] = [];
    for (let d = this.shape.inner.length - 1; d >= 0; d--) {
      inner[d] = stride;
      stride *= this.shape.inner[d]!;
    }
    const pointer = this.f.let("i32", i32.add(this.c.own, scratchBytes + offset));
    return { dtype: node.dtype, inner, lane: 1, pointer };
  }

  /** Moves a cursor on by elements. */
  move({ dtype, pointer }: Cursor, elements: number): void {
    const by = elements * elementBytes[dtype];
    if (by !== 0) this.f.set(pointer, i32.add(pointer, by));
  }

  /** Moves the cursors on by elements along the lanes. */
  advance(cursors: Cursors, elements: number): void {
    for (const cursor of allOf(cursors)) this.move(cursor, elements * cursor.lane);
  }

  /**
   * Walks with copies of the cursors along `count` lanes, a multiple of `step` unless they are the last ones of the shape's.
   */
  along(cursors: Cursors, count: Local, step: number, body: (cursors: Cursors, valid: number) => void): void {
    const { f } = this;
    const copy = (c: Cursor): Cursor => ({ ...c, pointer: f.let("i32", c.pointer) });
    const own: Cursors = {
      tracks: new Map([...cursors.tracks].map(([k, c]) => [k, copy(c)])),
      kept: new Map([...cursors.kept].map(([node, c]) => [node, copy(c)])),
    };
    const left = f.let("i32", count);
    const many = (): Code => i32.ge_u(left, step);
    f.if(many(), () =>
      f.loop((again) => {
        body(own, step);
        this.advance(own, step);
        f.set(left, i32.sub(left, step));
        f.brIf(again, many());
      }),
    );
    const rest = this.shape.lanes % step;
    if (rest > 0) f.if(left, () => body(own, rest));
  }

  /** `n` times the body. */
  times(n: number, body: () => void): void {
    const { f } = this;
    if (n === 0) return;
    if (n === 1) {
      body();
      return;
    }
    const left = f.let("i32", n);
    f.loop((again) => {
      body();
      f.set(left, i32.sub(left, 1));
      f.brIf(again, left);
    });
  }
}
