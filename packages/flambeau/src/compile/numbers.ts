// Numbers among the arguments. A program is captured with their values as constants; when another value leads to a program that differs in
// nothing but constants which follow from the value, they become numbers of the host, and one program serves all values.
// Floor L4 (compile).

import type { HostStep, LoopOperand, LoopResult, Program, Step } from "../ir/program.ts";
import type { Expr } from "../ir/scalar.ts";
import { ExprBuilder } from "../ir/scalar.ts";

/** What functions do with a number before they give it to an op, besides nothing. */
const followers: readonly ((v: number) => number)[] = [
  (v) => v,
  (v) => -v,
  (v) => 1 - v,
  (v) => 1 / v,
  (v) => v * v,
  (v) => Math.sqrt(v),
  (v) => v - 1,
  (v) => v + 1,
  (v) => 2 * v,
  (v) => v / 2,
  (v) => -v / 2,
];

/** A number of the host that follows from an argument. */
export interface Follower {
  readonly leaf: number;
  readonly value: (v: number) => number;
}

export interface Generalised {
  readonly program: Program;
  /** In the order of the program's scalars, behind those that it had. */
  readonly followers: readonly Follower[];
}

/** A leaf whose value changed from one capture to the next. */
export interface Change {
  readonly leaf: number;
  readonly from: number;
  readonly to: number;
}

class Different extends Error {}

function same(condition: boolean): void {
  if (!condition) throw new Different();
}

const plain = (x: unknown): string =>
  JSON.stringify(x, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : typeof v === "function" ? "f" : v));

/** Goes through two programs side by side, and writes the second one anew. */
class Comparison {
  readonly followers: Follower[] = [];
  readonly #changes: readonly Change[];
  readonly #scalars: string[];

  constructor(changes: readonly Change[], scalars: readonly string[]) {
    this.#changes = changes;
    this.#scalars = [...scalars];
  }

  get scalars(): readonly string[] {
    return this.#scalars;
  }

  /** The number of the host that goes from `a` to `b` with the arguments. */
  #scalar(a: number, b: number): number {
    for (const { leaf, from, to } of this.#changes)
      for (const value of followers)
        if (Object.is(value(from), a) && Object.is(value(to), b)) {
          const known = this.followers.findIndex((f) => f.leaf === leaf && f.value === value);
          if (known >= 0) return this.#scalars.length - this.followers.length + known;
          this.followers.push({ leaf, value });
          return this.#scalars.push(`argument ${leaf}`) - 1;
        }
    throw new Different();
  }

  /** Bodies of a step, whose first inputs are `before` others and then its operands. */
  #bodies(
    before: number,
    operands: readonly LoopOperand[],
    pairs: readonly (readonly [Expr, Expr])[],
  ): { readonly operands: readonly LoopOperand[]; readonly bodies: readonly Expr[] } {
    const added: LoopOperand[] = [];
    const places = new Map<string, number>();
    const end = before + operands.length;
    // Where there are stages, their inputs follow the operands: they move on once all new operands are known.
    const find = (a: Expr, b: Expr, seen: Set<Expr>): void => {
      if (seen.has(b)) return;
      seen.add(b);
      same(a.op === b.op && a.dtype === b.dtype && a.args.length === b.args.length);
      if (a.op === "const" && !Object.is(a.value, b.value)) {
        const key = `${b.dtype} ${a.value} ${b.value}`;
        if (places.has(key)) return;
        places.set(key, end + added.length);
        added.push({ dtype: b.dtype, source: { scalar: this.#scalar(a.value, b.value) } });
        return;
      }
      same(a.op === "const" || a.value === b.value);
      b.args.forEach((arg, i) => {
        find(a.args[i]!, arg, seen);
      });
    };
    for (const [a, b] of pairs) find(a, b, new Set());
    const k = new ExprBuilder();
    const rebuilt = (a: Expr, b: Expr): Expr => {
      if (a.op === "const" && !Object.is(a.value, b.value))
        return k.input(places.get(`${b.dtype} ${a.value} ${b.value}`)!, b.dtype);
      if (b.op === "input") return k.input(b.value < end ? b.value : b.value + added.length, b.dtype);
      return k.copy(
        b,
        b.args.map((arg, i) => rebuilt(a.args[i]!, arg)),
      );
    };
    const bodies = pairs.map(([a, b]) => (added.length === 0 ? b : rebuilt(a, b)));
    return { operands: [...operands, ...added], bodies };
  }

  step(a: Step, b: Step): Step {
    same(a.kind === b.kind && a.name === b.name);
    if (a.kind === "loop" && b.kind === "loop") {
      const { stages, maps, values, ...rest } = b;
      const { stages: s, maps: m, values: v, ...others } = a;
      same(plain(rest) === plain(others) && s.length === stages.length && m.length === maps.length);
      same(v.length === values.length);
      stages.forEach((stage, i) => {
        same(stage.combine === s[i]!.combine);
      });
      same(plain([maps, values].flat().map((r) => r.to)) === plain([m, v].flat().map((r) => r.to)));
      const all = [...stages, ...maps, ...values];
      const before = [...s, ...m, ...v];
      const { operands, bodies } = this.#bodies(
        0,
        b.operands,
        all.map((r, i) => [before[i]!.body, r.body]),
      );
      const results = (list: readonly LoopResult[], first: number): LoopResult[] =>
        list.map((r, i) => ({ ...r, body: bodies[first + i]! }));
      return {
        ...b,
        operands,
        stages: stages.map((stage, i) => ({ ...stage, body: bodies[i]! })),
        maps: results(maps, stages.length),
        values: results(values, stages.length + maps.length),
      };
    }
    if ((a.kind === "matmul" && b.kind === "matmul") || (a.kind === "conv" && b.kind === "conv")) {
      const { maps, ...rest } = b;
      const { maps: m, ...others } = a;
      same(plain(rest) === plain(others) && maps.length === m.length);
      same(plain(maps.map((r) => r.to)) === plain(m.map((r) => r.to)));
      const { operands, bodies } = this.#bodies(
        1,
        b.operands,
        maps.map((r, i) => [m[i]!.body, r.body]),
      );
      return { ...b, operands, maps: maps.map((r, i) => ({ ...r, body: bodies[i]! })) };
    }
    same(plain(a) === plain(b));
    return b;
  }
}

/** A step that refuses elements, of a loss for instance: it does not depend on numbers. */
const isCheck = (step: HostStep): boolean => step.writes.length === 0;

/** The program for all values of the numbers that changed from `a` to `b`; null if it is not one program. */
export function generalise(a: Program, b: Program, changes: readonly Change[]): Generalised | null {
  try {
    same(a.buffers.length === b.buffers.length && a.steps.length === b.steps.length);
    same(plain(a.scalars) === plain(b.scalars));
    a.buffers.forEach((buffer, i) => {
      const other = b.buffers[i]!;
      same(buffer.kind === other.kind && buffer.dtype === other.dtype && buffer.length === other.length);
      // Constants that JavaScript made may follow from a value.
      if (buffer.data) same(buffer.data.every((v, j) => Object.is(v, other.data![j])));
    });
    // Functions of JavaScript hold the values that they were captured with.
    same(a.steps.every((step) => step.kind !== "host" || isCheck(step)));
    const comparison = new Comparison(changes, b.scalars);
    const steps = b.steps.map((step, i) => comparison.step(a.steps[i]!, step));
    return { program: { ...b, steps, scalars: comparison.scalars }, followers: comparison.followers };
  } catch (error) {
    if (error instanceof Different) return null;
    throw error;
  }
}
