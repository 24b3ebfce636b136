// A program while passes work on it: who reads and writes what, and whether steps may change places.
// Floor L4 (compile).

import { numel } from "../../base/shape.ts";
import type { StepAccess } from "../../ir/accesses.ts";
import { accessesOf, placeRange } from "../../ir/accesses.ts";
import type { Buffer, BufferId, Program, Step } from "../../ir/program.ts";
import { mayMeet } from "./geometry.ts";

interface Effects {
  readonly reads: readonly StepAccess[];
  readonly writes: readonly StepAccess[];
}

/** The steps may be replaced, in any number by any number; buffers may be added. */
export class Graph {
  readonly buffers: Buffer[];
  readonly scalars: readonly string[];
  steps: Step[];
  readonly #effects = new Map<Step, Effects>();
  /** The steps that touch each buffer, in no order. */
  readonly #users = new Map<BufferId, Set<Step>>();
  /** Numbers that rise along the steps; not one after the other, so that few of them change with the steps. */
  readonly #places = new Map<Step, number>();
  /** Counts changes; and that at which steps that touch each buffer changed last. */
  changes = 0;
  readonly #changed = new Map<BufferId, number>();

  constructor({ buffers, steps, scalars }: Program) {
    this.buffers = [...buffers];
    this.steps = [...steps];
    this.scalars = scalars;
    steps.forEach((step, i) => {
      this.#places.set(step, i);
      this.#enter(step);
    });
  }

  program(): Program {
    return { buffers: this.buffers, steps: this.steps, scalars: this.scalars };
  }

  effects(step: Step): Effects {
    let known = this.#effects.get(step);
    if (!known) {
      const all = accessesOf(step, this);
      const writes = all.filter((a) => a.write !== "none");
      // A step of the host may leave parts of what it writes as they were.
      known = { reads: step.kind === "host" ? all : all.filter((a) => a.read), writes };
      this.#effects.set(step, known);
    }
    return known;
  }

  /** When a step that shares a buffer with this one came or went last. */
  changed(step: Step): number {
    const { reads, writes } = this.effects(step);
    let last = 0;
    for (const { buffer } of [...reads, ...writes]) last = Math.max(last, this.#changed.get(buffer) ?? 0);
    return last;
  }

  #enter(step: Step): void {
    const { reads, writes } = this.effects(step);
    this.changes++;
    for (const { buffer } of [...reads, ...writes]) {
      this.#changed.set(buffer, this.changes);
      const users = this.#users.get(buffer);
      if (users) users.add(step);
      else this.#users.set(buffer, new Set([step]));
    }
  }

  #leave(step: Step): void {
    const { reads, writes } = this.effects(step);
    this.changes++;
    for (const { buffer } of [...reads, ...writes]) {
      this.#users.get(buffer)?.delete(step);
      this.#changed.set(buffer, this.changes);
    }
  }

  /** Where a step stands among the others: greater for later ones. */
  position(step: Step): number {
    return this.#places.get(step)!;
  }

  has(step: Step): boolean {
    return this.#places.has(step);
  }

  #index(step: Step): number {
    const place = this.position(step);
    let [low, high] = [0, this.steps.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.position(this.steps[middle]!) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** All steps that read a buffer, in their order. */
  readers(buffer: BufferId): Step[] {
    return this.#ordered(buffer, "reads");
  }

  writers(buffer: BufferId): Step[] {
    return this.#ordered(buffer, "writes");
  }

  #ordered(buffer: BufferId, how: keyof Effects): Step[] {
    const found = [...(this.#users.get(buffer) ?? [])].filter((s) =>
      this.effects(s)[how].some((a) => a.buffer === buffer),
    );
    return found.sort((a, b) => this.position(a) - this.position(b));
  }

  /** Puts steps in the place of one. */
  replace(step: Step, ...by: Step[]): void {
    const at = this.#index(step);
    const place = this.position(step);
    const next = this.steps[at + 1];
    const room = next ? this.position(next) - place : 1;
    this.#leave(step);
    this.#places.delete(step);
    this.steps.splice(at, 1, ...by);
    by.forEach((s, i) => {
      this.#places.set(s, place + (room * i) / by.length);
      this.#enter(s);
    });
  }

  remove(step: Step): void {
    this.replace(step);
  }

  addBuffer(buffer: Buffer): BufferId {
    return this.buffers.push(buffer) - 1;
  }

  /** Whether the caller sees a buffer's last contents. */
  isSeen(buffer: BufferId): boolean {
    const { kind } = this.buffers[buffer]!;
    return kind === "state" || kind === "output";
  }

  /** Whether the order of two steps matters. */
  conflict(a: Step, b: Step): boolean {
    if (a.kind === "host" && b.kind === "host") return true;
    const [ea, eb] = [this.effects(a), this.effects(b)];
    return meet(ea.writes, eb.reads) || meet(ea.writes, eb.writes) || meet(ea.reads, eb.writes);
  }

  /** Whether a step between two others (the first one included, if asked for) writes what `reads` look at. */
  writtenBetween(reads: readonly StepAccess[], first: Step, last: Step, included: boolean): boolean {
    const [from, to] = [this.position(first), this.position(last)];
    for (const read of reads)
      for (const user of this.#users.get(read.buffer) ?? []) {
        const at = this.position(user);
        if ((included ? at < from : at <= from) || at >= to) continue;
        if (this.effects(user).writes.some((w) => mayMeet(w, read))) return true;
      }
    return false;
  }

  /**
   * The steps between two others that must follow the first one; null if the last one must follow any of them: then
   * nothing may take the place of the two.
   */
  between(first: Step, last: Step): { before: Step[]; after: Step[] } | null {
    const before: Step[] = [];
    const after: Step[] = [];
    const touched = new Touched();
    touched.add(this.effects(first), first);
    const end = new Touched();
    end.add(this.effects(last), last);
    for (let i = this.#index(first) + 1, until = this.#index(last); i < until; i++) {
      const step = this.steps[i]!;
      const effects = this.effects(step);
      if (touched.conflicts(effects, step)) {
        // The last step may follow the first one, not those that have to come in between.
        if (end.conflicts(effects, step)) return null;
        after.push(step);
        touched.add(effects, step);
      } else before.push(step);
    }
    return { before, after };
  }

  /** Puts one step in the place of two, where {@link between} allows it. */
  join(first: Step, last: Step, joined: Step): void {
    const order = this.between(first, last);
    if (!order) throw new Error(`${joined.name}: steps between stand in the way`);
    const [from, to] = [this.#index(first), this.#index(last)];
    const places = this.steps.slice(from, to).map((s) => this.position(s));
    const steps = [...order.before, joined, ...order.after];
    for (const step of [first, last]) {
      this.#leave(step);
      this.#places.delete(step);
    }
    this.steps.splice(from, to - from + 1, ...steps);
    steps.forEach((step, i) => {
      this.#places.set(step, places[i]!);
    });
    this.#enter(joined);
  }

  /** Bytes of what an access touches, once for every place. */
  bytes({ buffer, sizes, strides }: StepAccess): number {
    const places = numel(sizes.filter((_, d) => strides[d] !== 0));
    const { dtype } = this.buffers[buffer]!;
    return (
      places * (dtype === "float64" || dtype === "int64" ? 8 : dtype === "bool" || dtype === "uint8" ? 1 : 4)
    );
  }
}

/** What some steps read and write, by buffer. */
class Touched {
  readonly #reads = new Map<BufferId, Looks>();
  readonly #writes = new Map<BufferId, Looks>();
  #host = false;

  add({ reads, writes }: Effects, step: Step): void {
    enter(this.#reads, reads);
    enter(this.#writes, writes);
    if (step.kind === "host") this.#host = true;
  }

  /** Whether the order of a step and of any of these matters. */
  conflicts({ reads, writes }: Effects, step: Step): boolean {
    if (step.kind === "host" && this.#host) return true;
    return meets(this.#reads, writes) || meets(this.#writes, writes) || meets(this.#writes, reads);
  }
}

/** Looks at one buffer, and the range that holds the ranges of all. */
interface Looks {
  first: number;
  last: number;
  readonly list: StepAccess[];
}

function enter(into: Map<BufferId, Looks>, list: readonly StepAccess[]): void {
  for (const access of list) {
    const range = placeRange(access);
    if (!range) continue;
    const others = into.get(access.buffer);
    if (others) {
      others.first = Math.min(others.first, range[0]);
      others.last = Math.max(others.last, range[1]);
      others.list.push(access);
    } else into.set(access.buffer, { first: range[0], last: range[1], list: [access] });
  }
}

function meets(known: ReadonlyMap<BufferId, Looks>, list: readonly StepAccess[]): boolean {
  for (const access of list) {
    const others = known.get(access.buffer);
    const range = others && placeRange(access);
    if (!range || range[1] < others.first || others.last < range[0]) continue;
    if (others.list.some((other) => mayMeet(other, access))) return true;
  }
  return false;
}

const meet = (a: readonly StepAccess[], b: readonly StepAccess[]): boolean =>
  a.some((x) => b.some((y) => x.buffer === y.buffer && mayMeet(x, y)));
