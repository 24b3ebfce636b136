// Code of loop steps. An iteration of the outer loop ("item") computes the reductions one after the other and then the results.
// Floor L2 (backend/wasm/program).

import type { Expr } from "../../../ir/scalar.ts";
import { cast } from "../casts.ts";
import { evaluate, topological, unrolling } from "../codegen.ts";
import type { Code, Local } from "../encoder.ts";
import { i32, v128 } from "../encoder.ts";
import type { Emitter, Group } from "../lanes.ts";
import { elementBytes, spread, widenMask } from "../lanes.ts";
import { Accumulators, flushEvery, neutralGroup } from "../reduce-codegen.ts";
import type { Context } from "./context.ts";
import { loadSplat, loadStrided, storeStrided } from "./lane-access.ts";
import type { Level } from "./loop-levels.ts";
import { Levels } from "./loop-levels.ts";
import type { LoopShape, Track } from "./loop-shape.ts";
import { product } from "./loop-shape.ts";

/** Groups that are the same in all: long enough for every unrolling. */
const repeat = (group: Group): Group[] => new Array<Group>(4).fill(group);

/** Bodies up to this cost are computed four groups at a time where there are no sums to keep in registers. */
const longestMap = 16;

/** Float32 sums of so few rounds need no accumulators in float64. */
const fewRounds = 8;

export class LoopEmitter {
  readonly #c: Context;
  readonly #e: Emitter;
  readonly #shape: LoopShape;
  readonly #levels: Levels;
  /** What is known of level 0, and of the item at hand. */
  readonly #once = new Map<Expr, readonly Group[]>();
  #known = new Map<Expr, readonly Group[]>();
  readonly #results = new Map<number, readonly Group[]>();
  /** Where each track is at the item's beginning. */
  readonly #starts: Local[];

  constructor(c: Context, shape: LoopShape) {
    this.#c = c;
    this.#e = c.e;
    this.#shape = shape;
    this.#levels = new Levels(shape);
    this.#starts = shape.tracks.map((track, k) =>
      this.#levels.isMoving(track) ? c.f.local("i32") : c.addresses[k]!,
    );
  }

  #bytes(k: number): number {
    return elementBytes[this.#shape.tracks[k]!.dtype];
  }

  /** Computes the parts of the bodies that are of no higher level than `level`. */
  #prepare(
    bodies: readonly Expr[],
    level: Level,
    groups: number,
    inputs: (index: number) => readonly Group[],
    known: Map<Expr, readonly Group[]>,
  ): void {
    for (const body of bodies)
      for (const node of topological(body, known))
        if (node.op !== "const" && this.#levels.of(node) <= level)
          evaluate(this.#e, node, groups, inputs, known);
  }

  /** An input of level 0 in all lanes. */
  #constantInput = (index: number): readonly Group[] => {
    const k = this.#shape.operands[index]!;
    const { dtype, source } = this.#shape.tracks[k]!;
    const e = this.#e;
    if (!("scalar" in source)) return repeat(loadSplat(e, dtype, this.#c.addresses[k]!));
    return repeat(cast(e, "float64", dtype, loadSplat(e, "float64", this.#c.addresses[k]!)));
  };

  /** What is the same in all groups, spread to four of them. */
  #spreadKnown(known: Map<Expr, readonly Group[]>): void {
    for (const [node, groups] of known) if (groups.length === 1) known.set(node, repeat(groups[0]!));
  }

  emit(): void {
    const { outer, lanes, across, maps, values, stages } = this.#shape;
    const bodies = [...stages, ...maps, ...values].map(({ body }) => body);
    const items = product(outer);
    if (items === 0 || (lanes === 0 && (across || (stages.length === 0 && values.length === 0)))) return;
    this.#prepare(bodies, 0, 1, this.#constantInput, this.#once);
    this.#spreadKnown(this.#once);
    if (across) this.#emitAcross(items, bodies);
    else if (items === 1 && stages.length === 0 && values.length === 0 && this.#shape.inner.length === 0)
      this.#emitFlat();
    else
      this.#forItems(items, (item) => {
        this.#moveTo(item, null);
        this.#item(null);
      });
  }

  #forItems(items: number, body: (item: Local) => void): void {
    const { f } = this.#c;
    const { start, end } = this.#c.share(items, 1);
    const item = start;
    f.if(i32.lt_u(item, end), () =>
      f.loop((again) => {
        body(item);
        f.set(item, i32.add(item, 1));
        f.brIf(again, i32.lt_u(item, end));
      }),
    );
  }

  /** Sets all tracks to the item's first elements. */
  #moveTo(item: Local | null, firstLane: Local | null): void {
    const { f } = this.#c;
    const { outer, tracks, across } = this.#shape;
    const indices: (Code | Local)[] = [];
    if (item) {
      let rest: Code | Local = item;
      for (let d = outer.length - 1; d >= 0; d--) {
        if (d === 0) indices[d] = rest;
        else {
          indices[d] = f.let("i32", i32.rem_u(rest, outer[d]!));
          rest = f.let("i32", i32.div_u(rest, outer[d]!));
        }
      }
    }
    tracks.forEach((track, k) => {
      if (!this.#levels.isMoving(track)) return;
      let at: Code | Local = this.#c.addresses[k]!;
      track.outer.forEach((s, d) => {
        if (s !== 0) at = i32.add(at, i32.mul(indices[d]!, s * this.#bytes(k)));
      });
      if (across && firstLane && track.lane !== 0)
        at = i32.add(at, i32.mul(firstLane, track.lane * this.#bytes(k)));
      f.set(this.#starts[k]!, at);
    });
  }

  /** Items of a whole block of lanes each, the last of the rest. */
  #emitAcross(items: number, bodies: readonly Expr[]): void {
    const { f } = this.#c;
    const { lanes } = this.#shape;
    const width = Math.min(4 * unrolling(bodies), 4 * Math.ceil(lanes / 4));
    const blocks = Math.ceil(lanes / width);
    const rest = lanes - (blocks - 1) * width;
    this.#forItems(items * blocks, (item) => {
      const block = blocks === 1 ? f.let("i32", 0) : f.let("i32", i32.rem_u(item, blocks));
      const outer = f.let("i32", blocks === 1 ? item : i32.div_u(item, blocks));
      this.#moveTo(outer, f.let("i32", i32.mul(block, width)));
      if (rest === width) this.#item(width);
      else if (blocks === 1) this.#item(rest);
      else
        f.if(
          i32.lt_u(block, blocks - 1),
          () => this.#item(width),
          () => this.#item(rest),
        );
    });
  }

  /** One item; `valid` says how many lanes it has if they lie across. */
  #item(valid: number | null): void {
    const { stages, maps, values, tracks, operands } = this.#shape;
    this.#known = new Map(this.#once);
    this.#results.clear();
    const groups = valid === null ? 1 : Math.ceil(valid / 4);
    const inputs = (index: number): readonly Group[] => {
      if (index >= operands.length) return this.#results.get(index - operands.length)!;
      const k = operands[index]!;
      const { dtype, lane } = tracks[k]!;
      return loadStrided(this.#e, dtype, this.#starts[k]!, lane, valid ?? 4);
    };
    const one = (index: number): readonly Group[] => {
      if (index >= operands.length) return this.#results.get(index - operands.length)!;
      const k = operands[index]!;
      return [loadSplat(this.#e, tracks[k]!.dtype, this.#starts[k]!)];
    };
    const itemInputs = valid === null ? one : inputs;
    const prepare = (bodies: readonly Expr[]): void => {
      this.#prepare(bodies, 1, groups, itemInputs, this.#known);
      if (valid === null) this.#spreadKnown(this.#known);
    };
    stages.forEach((stage, s) => {
      prepare([stage.body]);
      const total = this.#reduce(stage, valid);
      this.#results.set(s, valid === null ? repeat(total[0]!) : total);
    });
    // All that looks at values of the item is computed before anything is written.
    const done = values.map(({ body }) => evaluate(this.#e, body, groups, itemInputs, this.#known));
    prepare(maps.map(({ body }) => body));
    this.#maps(valid);
    values.forEach(({ track }, i) => {
      const { dtype, lane } = tracks[track]!;
      storeStrided(this.#e, dtype, done[i]!, this.#starts[track]!, lane, valid ?? 1);
    });
  }

  /** Loads at pointers; an input that several nodes name is loaded once. */
  #loader(
    pointers: ReadonlyMap<number, Local>,
    valid: number,
    strideOf: (track: Track) => number,
  ): (index: number) => readonly Group[] {
    const loaded = new Map<number, readonly Group[]>();
    return (index) => {
      const k = this.#shape.operands[index]!;
      let groups = loaded.get(k);
      if (!groups) {
        const track = this.#shape.tracks[k]!;
        groups = loadStrided(this.#e, track.dtype, pointers.get(k)!, strideOf(track), valid);
        loaded.set(k, groups);
      }
      return groups;
    };
  }

  /**
   * Walks over the inner dimensions with a pointer for each of `tracks`. `body` is called once with the pointers; it may move
   * each on by the bytes that `moved` says.
   */
  #walk(
    tracks: readonly number[],
    moved: (k: number) => number,
    body: (pointers: ReadonlyMap<number, Local>) => void,
  ): void {
    const { f } = this.#c;
    const { inner } = this.#shape;
    if (product(inner) === 0) return;
    const pointers = new Map(tracks.map((k) => [k, f.let("i32", this.#starts[k]!)]));
    /** How far dimension d and those behind it take a pointer. */
    const extent = (k: number, d: number): number =>
      d === inner.length ? moved(k) : inner[d]! * this.#shape.tracks[k]!.inner[d]! * this.#bytes(k);
    const level = (d: number): void => {
      if (d === inner.length) {
        body(pointers);
        return;
      }
      const left = f.let("i32", inner[d]!);
      f.loop((again) => {
        level(d + 1);
        for (const [k, p] of pointers) {
          const by = this.#shape.tracks[k]!.inner[d]! * this.#bytes(k) - extent(k, d + 1);
          if (by !== 0) f.set(p, i32.add(p, by));
        }
        f.set(left, i32.sub(left, 1));
        f.brIf(again, left);
      });
    };
    level(0);
  }

  #reduce(stage: LoopShape["stages"][number], valid: number | null): Group[] {
    return valid === null ? [this.#reduceAlong(stage)] : this.#reduceAcross(stage, valid);
  }

  #reduceAcross(stage: LoopShape["stages"][number], valid: number): Group[] {
    const { f } = this.#c;
    const groups = Math.ceil(valid / 4);
    const { inner } = this.#shape;
    const narrow = product(inner) <= fewRounds;
    const sums = new Accumulators(this.#e, stage, groups, narrow);
    sums.reset();
    const untilFlush = sums.wide.length > 0 ? f.let("i32", flushEvery) : null;
    this.#walk(
      this.#levels.walked([stage.body]),
      () => 0,
      (pointers) => {
        const load = this.#loader(pointers, valid, ({ lane }) => lane);
        sums.add(evaluate(this.#e, stage.body, groups, load, new Map(this.#known)).slice(0, groups));
        if (untilFlush) this.#countDown(untilFlush, 1, sums);
      },
    );
    return sums.totals();
  }

  #countDown(untilFlush: Local, rounds: number, sums: Accumulators): void {
    const { f } = this.#c;
    f.set(untilFlush, i32.sub(untilFlush, rounds));
    f.if(i32.le_s(untilFlush, 0), () => {
      sums.flush();
      f.set(untilFlush, flushEvery);
    });
  }

  #reduceAlong(stage: LoopShape["stages"][number]): Group {
    const { body, combine } = stage;
    const { lanes, inner } = this.#shape;
    const e = this.#e;
    const { f } = e;
    const unrolled = Math.min(unrolling([body]), Math.ceil(lanes / 4)) || 1;
    const step = 4 * (unrolled === 3 ? 2 : unrolled);
    const count = step / 4;
    const rounds = Math.floor(lanes / step);
    const rest = lanes - rounds * step;
    const perRun = rounds + (rest > 0 ? 1 : 0);
    const runs = product(inner);
    const sums = new Accumulators(e, stage, count, perRun * runs <= fewRounds);
    sums.reset();
    const wide = sums.wide.length > 0;
    const untilFlush = wide && runs > 1 && perRun < flushEvery / 4 ? f.let("i32", flushEvery) : null;
    const used = this.#levels.walked([body]);
    this.#walk(
      used,
      (k) => rounds * step * this.#shape.tracks[k]!.lane * this.#bytes(k),
      (pointers) => {
        const known = this.#knownOfRun([body], pointers);
        const values = (valid: number): Group[] => {
          const load = this.#loader(pointers, valid, ({ lane }) => lane);
          // What is known may be there for more groups.
          const groups = Math.ceil(valid / 4);
          return evaluate(e, body, groups, load, new Map(known)).slice(0, groups);
        };
        this.#rounds(rounds, wide ? () => sums.flush() : null, () => {
          sums.add(values(step));
          this.#advance(pointers, step);
        });
        if (rest > 0) {
          const groups = values(rest);
          if (rest % 4 > 0) {
            const last = groups.length - 1;
            groups[last] = this.#keep(groups[last]!, rest % 4, neutralGroup(e, combine, body.dtype));
          }
          sums.add(groups);
        }
        if (untilFlush) this.#countDown(untilFlush, perRun, sums);
        else if (wide && runs > 1) sums.flush();
      },
    );
    return spread(e, body.dtype, sums.across());
  }

  /** The first `count` lanes of a group, and those of another behind them. */
  #keep(group: Group, count: number, others: Group): Group {
    const e = this.#e;
    const lane = (i: number): number => (i < count ? -1 : 0);
    const mask = e.f.hoist(`lanes ${count}`, "v128", () => v128.constI32(lane(0), lane(1), lane(2), lane(3)));
    const masks = group.length === 2 ? widenMask(e, mask) : [mask];
    return group.map((x, h) => e.v(e.blend(x, others[h]!, masks[h]!)));
  }

  /** What is known before a run of vectors begins. */
  #knownOfRun(
    bodies: readonly Expr[],
    pointers: ReadonlyMap<number, Local>,
  ): ReadonlyMap<Expr, readonly Group[]> {
    const known = new Map(this.#known);
    if (this.#shape.across) return known;
    const load = (index: number): readonly Group[] => {
      const k = this.#shape.operands[index]!;
      return [loadSplat(this.#e, this.#shape.tracks[k]!.dtype, pointers.get(k)!)];
    };
    this.#prepare(bodies, 2, 1, load, known);
    this.#spreadKnown(known);
    return known;
  }

  #advance(pointers: ReadonlyMap<number, Local>, elements: number): void {
    const { f } = this.#c;
    for (const [k, p] of pointers) {
      const by = elements * this.#shape.tracks[k]!.lane * this.#bytes(k);
      if (by !== 0) f.set(p, i32.add(p, by));
    }
  }

  /** `rounds` times the body; with `flush`, that after every `flushEvery` and at the end. */
  #rounds(rounds: number, flush: (() => void) | null, body: () => void): void {
    const { f } = this.#c;
    if (rounds === 0) return;
    const times = (n: number): void => {
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
    };
    if (!flush || rounds <= flushEvery) {
      times(rounds);
      return;
    }
    const blocks = Math.floor(rounds / flushEvery);
    const left = f.let("i32", blocks);
    f.loop((again) => {
      times(flushEvery);
      flush();
      f.set(left, i32.sub(left, 1));
      f.brIf(again, left);
    });
    if (rounds % flushEvery > 0) times(rounds % flushEvery);
  }

  /** Computes and stores all maps for `valid` lanes at the pointers. */
  #store(
    pointers: ReadonlyMap<number, Local>,
    known: ReadonlyMap<Expr, readonly Group[]>,
    valid: number,
  ): void {
    const { maps, tracks } = this.#shape;
    const load = this.#loader(pointers, valid, ({ lane }) => lane);
    const values = new Map(known);
    const done = maps.map(({ body }) => evaluate(this.#e, body, Math.ceil(valid / 4), load, values));
    maps.forEach(({ track }, i) => {
      const { dtype, lane } = tracks[track]!;
      storeStrided(this.#e, dtype, done[i]!, pointers.get(track)!, lane, valid);
    });
  }

  #mapTracks(): number[] {
    const { maps } = this.#shape;
    return [
      ...new Set([...this.#levels.walked(maps.map(({ body }) => body)), ...maps.map(({ track }) => track)]),
    ];
  }

  /** Elements of a round of the maps. */
  #mapStep(): number {
    const { maps, lanes } = this.#shape;
    const bodies = maps.map(({ body }) => body);
    const unrolled = unrolling(bodies, longestMap);
    return Math.min(4 * unrolled, 4 * Math.ceil(lanes / 4));
  }

  #maps(valid: number | null): void {
    const { maps, lanes } = this.#shape;
    if (maps.length === 0 || lanes === 0) return;
    const bodies = maps.map(({ body }) => body);
    if (valid !== null) {
      this.#walk(
        this.#mapTracks(),
        () => 0,
        (pointers) => this.#store(pointers, this.#known, valid),
      );
      return;
    }
    const step = this.#mapStep();
    const rounds = Math.floor(lanes / step);
    const rest = lanes - rounds * step;
    this.#walk(
      this.#mapTracks(),
      (k) => rounds * step * this.#shape.tracks[k]!.lane * this.#bytes(k),
      (pointers) => {
        const known = this.#knownOfRun(bodies, pointers);
        this.#rounds(rounds, null, () => {
          this.#store(pointers, known, step);
          this.#advance(pointers, step);
        });
        if (rest > 0) this.#store(pointers, known, rest);
      },
    );
  }

  /** A map over one dimension, of which each thread takes a piece. */
  #emitFlat(): void {
    const { lanes, maps, tracks } = this.#shape;
    const { f } = this.#c;
    this.#known = new Map(this.#once);
    const step = this.#mapStep();
    const rest = lanes % step;
    const { start, end } = this.#c.share(lanes, step);
    const pointers = new Map(
      this.#mapTracks().map((k) => {
        const by = tracks[k]!.lane * this.#bytes(k);
        return [k, f.let("i32", i32.add(this.#c.addresses[k]!, i32.mul(start, by)))];
      }),
    );
    const known = this.#knownOfRun(
      maps.map(({ body }) => body),
      pointers,
    );
    if (lanes >= step) {
      const last = f.let("i32", i32.sub(end, step));
      f.if(i32.le_s(start, last), () =>
        f.loop((again) => {
          this.#store(pointers, known, step);
          this.#advance(pointers, step);
          f.set(start, i32.add(start, step));
          f.brIf(again, i32.le_s(start, last));
        }),
      );
    }
    if (rest > 0)
      f.if(i32.and(i32.eq(end, lanes), i32.lt_u(start, end)), () => this.#store(pointers, known, rest));
  }
}
