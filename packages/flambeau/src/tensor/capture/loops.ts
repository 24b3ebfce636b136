// From launches of nests to loop steps: numbers become constants, layouts of rows become strides.
// Floor L3 (tensor).

import type { DType } from "../../base/dtype.ts";
import { contiguousStrides } from "../../base/shape.ts";
import type { ReduceNest } from "../../ir/nest.ts";
import type { Access, HostScalar, LoopOperand, LoopResult, LoopStep, MatmulStep } from "../../ir/program.ts";
import type { RowNest } from "../../ir/row.ts";
import type { Expr } from "../../ir/scalar.ts";
import { ExprBuilder } from "../../ir/scalar.ts";

/** What stands for an input of an expression. */
type Substitute = (index: number, dtype: DType) => Expr;

/** The expression again, made by `k`, with other inputs. */
export function rebuilt(k: ExprBuilder, root: Expr, input: Substitute): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (node: Expr): Expr => {
    let made = done.get(node);
    if (!made) {
      made = node.op === "input" ? input(node.value, node.dtype) : k.copy(node, node.args.map(visit));
      done.set(node, made);
    }
    return made;
  };
  return visit(root);
}

/** An operand of a launch: a buffer, a number of the host, or a number that is known. */
export type Source = Access | HostScalar | number;

/** Operands of a step, and the expression that stands for each operand of the launch. */
class Operands {
  readonly k: ExprBuilder = new ExprBuilder();
  readonly list: LoopOperand[] = [];
  readonly inputs: Expr[] = [];

  constructor(sources: readonly Source[], dtypes: readonly DType[]) {
    sources.forEach((source, i) => {
      const dtype = dtypes[i]!;
      if (typeof source === "number") this.inputs.push(this.k.const(elementOf(source, dtype), dtype));
      else this.inputs.push(this.k.input(this.list.push({ dtype, source }) - 1, dtype));
    });
  }
}

/** A number as an element, as kernels convert scalar operands. */
const elementOf = (x: number, dtype: DType): number =>
  dtype === "bool" ? Number(x !== 0) : dtype === "uint8" ? x & 255 : dtype === "int32" ? x | 0 : x;

export function mapStep(
  name: string,
  shape: readonly number[],
  body: Expr,
  to: Access,
  sources: readonly Source[],
  dtypes: readonly DType[],
): LoopStep {
  const { k, list, inputs } = new Operands(sources, dtypes);
  return {
    kind: "loop",
    name,
    outer: [],
    inner: shape,
    operands: list,
    stages: [],
    maps: [{ body: rebuilt(k, body, (i) => inputs[i]!), to }],
    values: [],
  };
}

/** Copies elements as they are. */
export function copyStep(shape: readonly number[], dtype: DType, to: Access, from: Source): LoopStep {
  return mapStep("copy", shape, new ExprBuilder().input(0, dtype), to, [from], [dtype]);
}

/** Input [outer, reduced, inner] from `from`, packed; output [outer, inner]. */
export function reduceStep(
  nest: ReduceNest,
  outer: number,
  reduced: number,
  inner: number,
  from: { buffer: number; offset: number },
  to: { buffer: number; offset: number },
  count: number,
): LoopStep {
  const along = inner > 1 || outer === 1;
  const dims = along && inner > 1 ? [outer, inner] : [outer];
  const k = new ExprBuilder();
  const { dtype } = nest.body;
  const total = k.input(1, dtype);
  const result = nest.post ? rebuilt(k, nest.post, (i, d) => (i === 0 ? total : k.const(count, d))) : total;
  const strides = dims.length === 2 ? [reduced * inner, 1, inner] : [reduced * inner, inner];
  return {
    kind: "loop",
    name: nest.name,
    outer: dims,
    inner: [reduced],
    operands: [{ dtype: nest.input, source: { ...from, strides } }],
    stages: [{ combine: nest.combine, body: rebuilt(k, nest.body, (i, d) => k.input(i, d)) }],
    maps: [],
    values: [{ body: result, to: { ...to, strides: contiguousStrides(dims) } }],
  };
}

export function matmulStep(
  name: string,
  dtype: "float32" | "float64",
  sizes: Pick<MatmulStep, "batch" | "m" | "n" | "k">,
  a: Access,
  b: Access,
  bias: Access | null,
  to: Access,
): MatmulStep {
  const e = new ExprBuilder();
  const product = e.input(0, dtype);
  return {
    kind: "matmul",
    name,
    dtype,
    ...sizes,
    a,
    b,
    operands: bias ? [{ dtype, source: bias }] : [],
    maps: [{ body: bias ? e.add(product, e.input(1, dtype)) : product, to }],
  };
}

/** The same for integers: a loop of sums. */
export function productLoop(
  name: string,
  dtype: DType,
  { batch, m, n, k }: Pick<MatmulStep, "batch" | "m" | "n" | "k">,
  a: Access,
  b: Access,
  bias: Access | null,
  to: Access,
): LoopStep {
  const e = new ExprBuilder();
  const over = (x: Access, strides: readonly number[]): LoopOperand => ({ dtype, source: { ...x, strides } });
  const [aBatch, aRow, aColumn] = a.strides as [number, number, number];
  const [bBatch, bRow, bColumn] = b.strides as [number, number, number];
  const operands = [
    over(a, [aBatch, aRow, 0, aColumn]),
    over(b, [bBatch, 0, bColumn, bRow]),
    ...(bias ? [over(bias, [...bias.strides, 0])] : []),
  ];
  const sum = e.input(operands.length, dtype);
  return {
    kind: "loop",
    name,
    outer: [batch, m, n],
    inner: [k],
    operands,
    stages: [{ combine: "sum", body: e.mul(e.input(0, dtype), e.input(1, dtype)) }],
    maps: [],
    values: [{ body: bias ? e.add(sum, e.input(2, dtype)) : sum, to }],
  };
}

/** Gives a new buffer of `n` elements. */
type Temp = (dtype: DType, n: number) => number;

/**
 * The steps of a row nest: one for the stages, maps and values, and where there are sums over rows, one that adds down the columns
 * with the stages' results beside.
 */
export function rowSteps(
  nest: RowNest,
  rows: number,
  n: number,
  sources: readonly (Source | { buffer: number; offset: number })[],
  outputs: readonly number[],
  temp: Temp,
): LoopStep[] {
  const strides = { full: [n, 1], column: [0, 1], row: [1, 0], scalar: [0, 0] } as const;
  const placed = sources.map(
    (s, i): Source =>
      typeof s === "object" && "buffer" in s
        ? { buffer: s.buffer, offset: s.offset, strides: strides[nest.operands[i]!.layout] }
        : s,
  );
  const types = nest.operands.map((o) => o.dtype);
  const { k, list, inputs } = new Operands(placed, types);
  const m = nest.operands.length;
  const stageBodies: Expr[] = [];
  const totals: Expr[] = nest.stages.map(({ body }, s) => k.input(list.length + s, body.dtype));
  const substitute: Substitute = (i) => {
    if (i < m) return inputs[i]!;
    const s = (i - m) >> 1;
    return (i - m) % 2 === 0 ? totals[s]! : stageBodies[s]!;
  };
  for (const { body } of nest.stages) stageBodies.push(rebuilt(k, body, substitute));
  const full = (body: Expr, i: number): LoopResult => ({
    body: rebuilt(k, body, substitute),
    to: { buffer: outputs[i]!, offset: 0, strides: [n, 1] },
  });
  const maps = nest.maps.map(full);
  const values: LoopResult[] = nest.values.map((body, i) => ({
    body: rebuilt(k, body, substitute),
    to: { buffer: outputs[nest.maps.length + i]!, offset: 0, strides: [1] },
  }));
  const main = { kind: "loop" as const, name: nest.name, outer: [rows], inner: [n] };
  const stages = nest.stages.map(({ combine }, s) => ({ combine, body: stageBodies[s]! }));
  if (nest.sums.length === 0) return [{ ...main, operands: list, stages, maps, values }];

  // The sums see the stages' results as operands with a value per row.
  const kept = nest.stages.map(({ body }, s) => {
    const buffer = temp(body.dtype, rows);
    values.push({ body: totals[s]!, to: { buffer, offset: 0, strides: [1] } });
    return { buffer, offset: 0, strides: [1, 0] } satisfies Access;
  });
  const turned = (s: Source): Source =>
    typeof s === "object" && "strides" in s ? { ...s, strides: [s.strides[1]!, s.strides[0]!] } : s;
  const all = new Operands([...placed, ...kept].map(turned), [
    ...types,
    ...nest.stages.map(({ body }) => body.dtype),
  ]);
  const bodies: Expr[] = [];
  const inSums: Substitute = (i) => {
    if (i < m) return all.inputs[i]!;
    const s = (i - m) >> 1;
    return (i - m) % 2 === 0 ? all.inputs[m + s]! : bodies[s]!;
  };
  for (const { body } of nest.stages) bodies.push(rebuilt(all.k, body, inSums));
  const first = nest.maps.length + nest.values.length;
  const sums: LoopStep = {
    kind: "loop",
    name: `${nest.name} sums`,
    outer: [n],
    inner: [rows],
    operands: all.list,
    stages: nest.sums.map((body) => ({ combine: "sum", body: rebuilt(all.k, body, inSums) })),
    maps: [],
    values: nest.sums.map((body, i) => ({
      body: all.k.input(all.list.length + i, body.dtype),
      to: { buffer: outputs[first + i]!, offset: 0, strides: [1] },
    })),
  };
  const before: LoopStep = { ...main, operands: list, stages, maps, values };
  return maps.length + values.length === 0 ? [sums] : [before, sums];
}
