// Code of a loop step's reductions: along the vectors, whose lanes are added up at the end, or across them.
// Floor L2 (backend/wasm/program).

import type { Expr } from "../../../ir/scalar.ts";
import { unrolling } from "../codegen.ts";
import type { Local } from "../encoder.ts";
import { i32, v128 } from "../encoder.ts";
import type { Group } from "../lanes.ts";
import { widenMask } from "../lanes.ts";
import { Accumulators, flushEvery, neutralGroup } from "../reduce-codegen.ts";
import { storeStrided } from "./lane-access.ts";
import type { Cursors, LoopParts } from "./loop-parts.ts";
import type { Kept, Pass } from "./loop-plan.ts";
import type { Stage } from "./loop-shape.ts";
import { product } from "./loop-shape.ts";

/** Float32 sums of so few rounds need no accumulators in float64. */
const fewRounds = 8;

/**
 * Computes the stages of a pass for the iteration at hand; `valid` says how many lanes there are if they lie across, else `lanes`.
 */
export function reduce(
  parts: LoopParts,
  pass: Pass,
  valid: number | null,
  lanes: number = parts.shape.lanes,
): void {
  const reducer = new Reducer(parts, pass);
  if (valid === null) reducer.along(lanes);
  else reducer.across(valid);
}

class Reducer {
  readonly #parts: LoopParts;
  readonly #pass: Pass;
  readonly #stages: readonly Stage[];
  readonly #bodies: readonly Expr[];
  /** What each round computes: the bodies, and what is kept. */
  readonly #roots: readonly Expr[];
  readonly #reads: readonly Kept[];

  constructor(parts: LoopParts, pass: Pass) {
    this.#parts = parts;
    this.#pass = pass;
    this.#stages = pass.stages.map((s) => parts.shape.stages[s]!);
    this.#bodies = this.#stages.map(({ body }) => body);
    this.#roots = [...this.#bodies, ...pass.keeps.map(({ node }) => node)];
    this.#reads = pass.reads;
  }

  #accumulators(count: number, rounds: number, rest = 0): Accumulators[] {
    const { e, c } = this.#parts;
    return this.#stages.map((stage) => {
      const sums = new Accumulators(e, stage, count, { narrow: rounds <= fewRounds, scratch: c.own, rest });
      sums.reset();
      return sums;
    });
  }

  #walk(moved: number, body: (cursors: Cursors) => void): void {
    const parts = this.#parts;
    const kept = [...this.#reads, ...this.#pass.keeps];
    const known = new Set([...parts.known.keys(), ...this.#reads.map(({ node }) => node)]);
    parts.walk(parts.levels.walked(this.#roots, known), kept, moved, body);
  }

  /** The stages' values for `valid` lanes; stores what is kept of them. */
  #values(cursors: Cursors, known: LoopParts["known"], valid: number): Group[][] {
    const { e } = this.#parts;
    const { keeps } = this.#pass;
    const done = this.#parts.compute(this.#roots, this.#reads, cursors, known, valid);
    keeps.forEach(({ node }, i) => {
      const groups = done[this.#bodies.length + i]!;
      storeStrided(e, node.dtype, groups, cursors.kept.get(node)!.pointer, 1, 4 * groups.length);
    });
    return done.slice(0, this.#bodies.length);
  }

  /** Flushes sums when about `flushEvery` rounds have gone since the last time. */
  #countDown(untilFlush: Local, rounds: number, sums: readonly Accumulators[]): void {
    const { f } = this.#parts;
    f.set(untilFlush, i32.sub(untilFlush, rounds));
    f.if(i32.le_s(untilFlush, 0), () => {
      for (const s of sums) s.flush();
      f.set(untilFlush, flushEvery);
    });
  }

  across(valid: number): void {
    const parts = this.#parts;
    const groups = Math.ceil(valid / 4);
    const sums = this.#accumulators(groups, product(parts.shape.inner));
    const wide = sums.some((s) => s.wide.length > 0);
    const untilFlush = wide ? parts.f.let("i32", flushEvery) : null;
    this.#walk(0, (cursors) => {
      const values = this.#values(cursors, parts.known, valid);
      values.forEach((v, i) => {
        sums[i]!.add(v);
      });
      if (untilFlush) this.#countDown(untilFlush, 1, sums);
    });
    this.#pass.stages.forEach((s, i) => {
      parts.results.set(s, sums[i]!.totals());
    });
  }

  /** Whether there is so little to do that four accumulators would wait for one another. */
  #isLongMaximum(lanes: number): boolean {
    const isMaximum = ({ combine, body }: Stage): boolean =>
      (combine === "max" || combine === "min") && body.op === "input" && body.dtype === "float32";
    return lanes >= 256 && this.#stages.length === 1 && this.#stages.every(isMaximum);
  }

  along(lanes: number): void {
    const parts = this.#parts;
    const { f, shape } = parts;
    const most = this.#isLongMaximum(lanes) ? 8 : unrolling([...new Set(this.#roots)]);
    const unrolled = Math.min(most, Math.ceil(lanes / 4)) || 1;
    const count = unrolled === 3 ? 2 : unrolled;
    const step = 4 * count;
    const rounds = Math.floor(lanes / step);
    const rest = lanes - rounds * step;
    const perRun = rounds + (rest > 0 ? 1 : 0);
    const runs = product(shape.inner);
    const sums = this.#accumulators(count, perRun * runs, rounds === 0 ? 0 : Math.ceil(rest / 4));
    const wide = sums.some((s) => s.wide.length > 0);
    const untilFlush = wide && runs > 1 && perRun < flushEvery / 4 ? f.let("i32", flushEvery) : null;
    const flush = (): void => {
      for (const s of sums) s.flush();
    };
    this.#walk(rounds * step, (cursors) => {
      const known = parts.knownOfRun(this.#roots, this.#reads, cursors);
      const round = (): void => {
        const values = this.#values(cursors, known, step);
        values.forEach((v, i) => {
          sums[i]!.add(v);
        });
        parts.advance(cursors, step);
      };
      if (wide && rounds > flushEvery) {
        parts.times(Math.floor(rounds / flushEvery), () => {
          parts.times(flushEvery, round);
          flush();
        });
        parts.times(rounds % flushEvery, round);
      } else parts.times(rounds, round);
      if (rest > 0) {
        const values = this.#values(cursors, known, rest);
        values.forEach((v, i) => {
          const groups = this.#cut(v, this.#stages[i]!, rest);
          if (rounds === 0) sums[i]!.add(groups);
          else sums[i]!.addRest(groups);
        });
      }
      if (untilFlush) this.#countDown(untilFlush, perRun, sums);
      else if (wide && runs > 1) flush();
    });
    this.#pass.stages.forEach((s, i) => {
      parts.results.set(s, parts.spreadResult(this.#bodies[i]!.dtype, sums[i]!.across()));
    });
  }

  /** Groups whose lanes past `valid` count nothing. */
  #cut(groups: readonly Group[], { combine, body }: Stage, valid: number): Group[] {
    const out = [...groups];
    const count = valid % 4;
    if (count === 0) return out;
    const { e } = this.#parts;
    const others = neutralGroup(e, combine, body.dtype);
    const lane = (i: number): number => (i < count ? -1 : 0);
    const mask = e.f.hoist(`lanes ${count}`, "v128", () => v128.constI32(lane(0), lane(1), lane(2), lane(3)));
    const group = out.pop()!;
    const masks = group.length === 2 ? widenMask(e, mask) : [mask];
    out.push(group.map((x, h) => e.v(e.blend(x, others[h]!, masks[h]!))));
    return out;
  }
}
