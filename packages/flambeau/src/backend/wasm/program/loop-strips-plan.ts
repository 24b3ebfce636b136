// Reductions across vectors, over many rows: how they are split into strips of columns, whose accumulators are in memory so that rows
// are read from end to end.
// Floor L2 (backend/wasm/program).

import type { Expr } from "../../../ir/scalar.ts";
import { elementBytes } from "../lanes.ts";
import { isWide } from "../reduce-codegen.ts";
import type { Levels } from "./loop-levels.ts";
import { groupStages } from "./loop-plan.ts";
import type { LoopShape } from "./loop-shape.ts";
import { product } from "./loop-shape.ts";
import { placeBytes } from "./resident.ts";

/** A value for each column of a strip, in memory: a result of a stage, or something that only depends on such. */
export interface Column {
  readonly node: Expr;
  /** Bytes from the start of the memory for columns. */
  readonly offset: number;
}

export interface StripStage {
  readonly stage: number;
  readonly result: Column;
  /** Where a sum of float32 is gathered as float64; else in `result` itself. */
  readonly wide: number | null;
}

export interface StripPass {
  readonly stages: readonly StripStage[];
  /** What is computed before the pass. */
  readonly made: readonly Column[];
  /** What the pass reads. */
  readonly reads: readonly Column[];
}

export interface StripPlan {
  /** Columns of a strip, at most. */
  readonly width: number;
  /** Of the stages; the last is that of the maps. */
  readonly passes: readonly StripPass[];
  /** Results of stages. */
  readonly results: readonly Column[];
  readonly bytes: number;
}

/** Columns that take a kilobyte of a row. */
const widest = 256;
const fewestRows = 16;
const fewestColumns = 48;
/** Sums of so many float32 stay in float32: their chains are no longer than those that are flushed. */
const narrowRows = 1024;

/** Whether a node's value differs from column to column. */
export class Columns {
  readonly #shape: LoopShape;
  readonly #known = new Map<Expr, boolean>();

  constructor(shape: LoopShape) {
    this.#shape = shape;
  }

  differs(node: Expr): boolean {
    let known = this.#known.get(node);
    if (known === undefined) {
      const { operands, tracks } = this.#shape;
      known =
        node.op === "input"
          ? node.value >= operands.length || tracks[operands[node.value]!]!.lane !== 0
          : node.args.some((arg) => this.differs(arg));
      this.#known.set(node, known);
    }
    return known;
  }
}

/** Null where vectors across are better computed block by block. */
export function planStrips(shape: LoopShape, levels: Levels): StripPlan | null {
  const { across, lanes, inner, operands, stages, maps } = shape;
  const rows = product(inner);
  if (!across || lanes < fewestColumns || rows < fewestRows || stages.length === 0) return null;
  const width = Math.min(widest, 16 * Math.ceil(lanes / 16));
  let bytes = 0;
  const place = (elementSize: number): number => {
    const at = bytes;
    bytes += placeBytes(width * elementSize);
    return at;
  };
  const columns = new Columns(shape);
  const made = new Map<Expr, Column>();
  const column = (node: Expr): Column => {
    let c = made.get(node);
    if (!c) made.set(node, (c = { node, offset: place(elementBytes[node.dtype]) }));
    return c;
  };
  /** Columns that bodies read, where they meet what differs from row to row. */
  const frontier = (bodies: readonly Expr[]): Expr[] => {
    const found = new Set<Expr>();
    const visit = (node: Expr): void => {
      if (levels.of(node) === 3) node.args.forEach(visit);
      else if (columns.differs(node) && !(node.op === "input" && node.value < operands.length))
        found.add(node);
    };
    bodies.forEach(visit);
    return [...found];
  };
  const passOf = (bodies: readonly Expr[]): Omit<StripPass, "stages"> => {
    const nodes = frontier(bodies);
    const before = new Set(made.keys());
    const reads = nodes.map(column);
    return { reads, made: reads.filter(({ node }) => node.op !== "input" && !before.has(node)) };
  };
  const inputOf = inputFinder([...stages, ...maps, ...shape.values].map(({ body }) => body));
  const passes = groupStages(shape).map((group): StripPass => {
    const pass = passOf(group.map((s) => stages[s]!.body));
    return {
      ...pass,
      stages: group.map((s) => ({
        stage: s,
        result: column(inputOf(operands.length + s, stages[s]!.body)),
        wide: isWide(stages[s]!) && rows > narrowRows ? place(8) : null,
      })),
    };
  });
  passes.push({ ...passOf(maps.map(({ body }) => body)), stages: [] });
  const results = passes.flatMap((pass) => pass.stages.map(({ result }) => result));
  return { width, passes, results, bytes };
}

/** Finds the node of an input, since equal ones are one node; makes one where nothing looks at it. */
function inputFinder(bodies: readonly Expr[]): (value: number, like: Expr) => Expr {
  const inputs = new Map<number, Expr>();
  const seen = new Set<Expr>();
  const visit = (node: Expr): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.op === "input") inputs.set(node.value, node);
    node.args.forEach(visit);
  };
  bodies.forEach(visit);
  return (value, like) => inputs.get(value) ?? { op: "input", dtype: like.dtype, args: [], value };
}
