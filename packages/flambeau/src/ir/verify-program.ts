// Checks that a program keeps the contract of program.ts, so that passes and backends need not. On in tests.
// Floor L1 (ir).

import { dtypes } from "../base/dtype.ts";
import { numel } from "../base/shape.ts";
import type { Places, StepAccess } from "./accesses.ts";
import { accessesOf, forEachPlace, once, placeRange, placesMeet, repeats, samePlaces } from "./accesses.ts";
import type { Program, RepeatStep, Step } from "./program.ts";
import type { Expr } from "./scalar.ts";
import { verifyStep } from "./verify-step.ts";

type Fail = (path: string, rule: string) => never;

function verifyBuffers({ buffers }: Program): void {
  buffers.forEach(({ dtype, length, kind, data, name }, id) => {
    const fail = (rule: string): never => {
      throw new Error(`program: buffer ${id} ("${name}"): ${rule}`);
    };
    if (!Object.hasOwn(dtypes, dtype)) fail(`unknown dtype ${String(dtype)}`);
    if (!Number.isInteger(length) || length < 0) fail(`the length must be a count, got ${length}`);
    if (!["state", "input", "const", "temp", "output"].includes(kind)) fail(`unknown kind ${String(kind)}`);
    if (kind !== "const") {
      if (data) fail(`only a const has data, this is of kind ${kind}`);
    } else if (!(data instanceof dtypes[dtype].array) || data.length !== length) {
      const got = data ? `${data.length} in a ${data.constructor.name}` : "none";
      fail(`a const needs data of ${length} ${dtype}, got ${got}`);
    }
  });
}

/** Bounds, dtypes, and who may be written. */
function verifyAccess(access: StepAccess, { buffers }: Program, fail: Fail): void {
  const { path, buffer, dtype, write } = access;
  const { length, kind, name, dtype: stored } = buffers[buffer]!;
  if (dtype && dtype !== stored) fail(path, `buffer ${buffer} ("${name}") is ${stored}, expected ${dtype}`);
  if (write !== "none" && (kind === "input" || kind === "const"))
    fail(path, `buffer ${buffer} ("${name}") is of kind ${kind}, which steps only read`);
  const range = placeRange(access);
  if (range && (range[0] < 0 || range[1] >= length))
    fail(path, `places ${range[0]} to ${range[1]} of buffer ${buffer} ("${name}"), which has ${length}`);
}

/** What may lie over what within a step. */
function verifyOverlaps(step: Step, accesses: readonly StepAccess[], fail: Fail): void {
  const written = accesses.filter((a) => a.write !== "none");
  // What a round writes, later ones may read: one round is looked at.
  if (step.kind === "repeat") {
    verifyRounds(step, accesses, fail);
    return;
  }
  const epilogue = step.kind === "loop" || step.kind === "matmul" || step.kind === "conv";
  written.forEach((w, i) => {
    if (w.write === "all" && repeats(w)) fail(w.path, "writes an element more than once");
    for (const other of written.slice(i + 1))
      if (placesMeet(w, other)) fail(w.path, `overlaps ${other.path}, which is written too`);
    for (const r of accesses) {
      // A host step looks at whole arrays and knows what it does.
      if (r === w || r.write !== "none" || step.kind === "host") continue;
      const inPlace = epilogue && r.path.startsWith("operands") && samePlaces(w, r);
      if (!inPlace && placesMeet(w, r)) fail(w.path, `overlaps ${r.path}, which is read`);
    }
  });
  if (step.kind === "loop") verifyValues(step, accesses, fail);
}

/** What the first round looks at. */
const firstRound = (a: StepAccess): StepAccess => ({
  ...a,
  sizes: a.sizes.slice(-1),
  strides: a.strides.slice(-1),
});

function verifyRounds({ counts, apart }: RepeatStep, accesses: readonly StepAccess[], fail: Fail): void {
  accesses.forEach((w, i) => {
    if (w.write === "none") return;
    // Rounds that follow each other may change the same state.
    const held = counts.map((_, d) => w.write === "all" || d < apart);
    const own = {
      ...w,
      sizes: w.sizes.filter((_, d) => held[d] ?? true),
      strides: w.strides.filter((_, d) => held[d] ?? true),
    };
    if (repeats(own)) fail(w.path, "rounds write over each other");
    accesses.forEach((other, j) => {
      if (i === j) return;
      if (placesMeet(firstRound(w), firstRound(other))) fail(w.path, `overlaps ${other.path} in a round`);
      if (apart > 0 && placesMeet(w, other))
        fail(w.path, `overlaps ${other.path}, and rounds may run at once`);
    });
  });
}

/** Maps come before values: what a value looks at must not be overwritten by then. */
function verifyValues(
  step: Extract<Step, { kind: "loop" }>,
  accesses: readonly StepAccess[],
  fail: Fail,
): void {
  const find = (path: string): Places | undefined => accesses.find((a) => a.path === path);
  step.values.forEach(({ body }, v) => {
    for (const input of inputsOf(body)) {
      const operand = find(`operands[${input}]`);
      if (!operand) continue;
      step.maps.forEach((_, i) => {
        if (placesMeet(find(`maps[${i}].to`)!, operand))
          fail(`values[${v}].body`, `looks at operand ${input}, which maps[${i}] is stored over`);
      });
    }
  });
}

function inputsOf(body: Expr): Set<number> {
  const found = new Set<number>();
  const seen = new Set<Expr>();
  const visit = (node: Expr): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.op === "input") found.add(node.value);
    node.args.forEach(visit);
  };
  visit(body);
  return found;
}

/** Which elements are defined at a point of the program. */
class Definitions {
  readonly #program: Program;
  /** Of temps and outputs that are not defined as a whole: a 1 for each defined element. */
  readonly #partial = new Map<number, Uint8Array>();

  constructor(program: Program) {
    this.#program = program;
    program.buffers.forEach(({ kind, length }, id) => {
      if ((kind === "temp" || kind === "output") && length > 0) this.#partial.set(id, new Uint8Array(length));
    });
  }

  write(places: Places): void {
    const marks = this.#partial.get(places.buffer);
    if (!marks) return;
    const whole = numel(places.sizes) === marks.length;
    if (!whole) forEachPlace(places, (p) => (marks[p] = 1));
    // What writes no element twice and has as many as the buffer, writes them all.
    if (whole || !marks.includes(0)) this.#partial.delete(places.buffer);
  }

  /** The first place that is looked at before anything was written there; null if there is none. */
  missing(places: Places): number | null {
    const marks = this.#partial.get(places.buffer);
    let first: number | null = null;
    if (marks)
      forEachPlace(once(places), (p) => {
        if (!marks[p]) first ??= p;
      });
    return first;
  }

  verifyOutputs(): void {
    this.#program.buffers.forEach(({ kind, name }, id) => {
      const at = kind === "output" ? this.#partial.get(id)?.indexOf(0) : undefined;
      if (at !== undefined)
        throw new Error(`program: output ${id} ("${name}"): no step writes element ${at}`);
    });
  }
}

/**
 * Throws unless `program` keeps the contract: buffers as declared; in each step counts, dtypes, expressions and geometry of
 * its kind; accesses within their buffers; results that overlap nothing but an operand in the same place; nothing written to
 * inputs and constants; elements of temps and outputs written before they are read, and all of the outputs written.
 *
 * @throws Error naming the step, the path within it and the rule
 */
export function verifyProgram(program: Program): void {
  verifyBuffers(program);
  const defined = new Definitions(program);
  program.steps.forEach((step, i) => {
    const where = `program: step ${i} (${step.kind} "${step.name}")`;
    const fail: Fail = (path, rule) => {
      throw new Error(`${where}: ${path}: ${rule}`);
    };
    verifyStep(where, step, program);
    if (step.kind === "repeat") verifyProgram(step.body);
    const accesses = accessesOf(step, program);
    for (const access of accesses) verifyAccess(access, program, fail);
    verifyOverlaps(step, accesses, fail);
    const written = new Set(accesses.filter((a) => a.write !== "none").map(({ buffer }) => buffer));
    for (const access of accesses) {
      // A round looks at what earlier ones have written.
      const chained = step.kind === "repeat" && access.write === "none" && written.has(access.buffer);
      const early = chained ? firstRound(access) : access;
      const at = access.read ? defined.missing(early) : null;
      if (at !== null)
        fail(
          access.path,
          `reads element ${at} of "${program.buffers[access.buffer]!.name}", which is not written yet`,
        );
    }
    for (const access of accesses) if (access.write === "all") defined.write(access);
  });
  defined.verifyOutputs();
}
