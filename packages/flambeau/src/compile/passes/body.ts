// What loops and products with results have in common: operands, expressions over them, and results; and the writing of new ones.
// Floor L4 (compile).

import { numel } from "../../base/shape.ts";
import { convRoles } from "../../ir/accesses.ts";
import type { CombineOp } from "../../ir/nest.ts";
import type {
  Access,
  ConvStep,
  LoopOperand,
  LoopResult,
  LoopStage,
  LoopStep,
  MatmulStep,
  Step,
} from "../../ir/program.ts";
import type { Expr } from "../../ir/scalar.ts";
import { ExprBuilder } from "../../ir/scalar.ts";
import { inputsOf, substitute } from "./algebra.ts";

/** Steps whose results are expressions. */
export type BodyStep = LoopStep | MatmulStep | ConvStep;

export const hasBody = (step: Step): step is BodyStep =>
  step.kind === "loop" || step.kind === "matmul" || step.kind === "conv";

/** Whether a step is a loop of maps alone: any order and nesting of its dimensions is right. */
export const isMap = (step: LoopStep): boolean => step.stages.length === 0 && step.values.length === 0;

/** What operands and maps have strides over. */
export function sizesOf(step: BodyStep): readonly number[] {
  if (step.kind === "loop") return [...step.outer, ...step.inner];
  return step.kind === "matmul" ? [step.batch, step.m, step.n] : convRoles(step).out;
}

export const valuesOf = (step: BodyStep): readonly LoopResult[] => (step.kind === "loop" ? step.values : []);

export const isEmpty = (step: BodyStep): boolean => numel(sizesOf(step)) === 0;

export const isAccess = (source: LoopOperand["source"]): source is Access => "buffer" in source;

export const sameAccess = (a: Access, b: Access): boolean =>
  a.buffer === b.buffer && a.offset === b.offset && sameNumbers(a.strides, b.strides);

export const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

/** Inputs while a body is written; {@link Body.finish} numbers them as program.ts says. */
const firstStage = 2 ** 20;
const product = 2 ** 21;

/** Writes expressions over operands and stages; equal operands, stages and nodes become one. */
export class Body {
  readonly k: ExprBuilder = new ExprBuilder();
  readonly #operands: LoopOperand[] = [];
  readonly #places = new Map<string, number>();
  readonly #stages: LoopStage[] = [];
  readonly #maps: LoopResult[] = [];
  readonly #values: LoopResult[] = [];

  operand(operand: LoopOperand): Expr {
    const { dtype, source } = operand;
    const key = isAccess(source)
      ? `${source.buffer} ${source.offset} ${source.strides.join()} ${dtype}`
      : `${source.scalar} ${dtype}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#operands.push(operand) - 1;
      this.#places.set(key, place);
    }
    return this.k.input(place, dtype);
  }

  stage(combine: CombineOp, body: Expr): Expr {
    const known = this.#stages.findIndex((s) => s.combine === combine && s.body === body);
    const place = known >= 0 ? known : this.#stages.push({ combine, body }) - 1;
    return this.k.input(firstStage + place, body.dtype);
  }

  /**
   * Takes over the stages of a step, and tells what its inputs are from now on. `place` says what an operand becomes; by default
   * the same operand.
   */
  import(
    step: BodyStep,
    place: (operand: LoopOperand) => Expr = (operand) => this.operand(operand),
  ): (body: Expr) => Expr {
    const inputs: Expr[] = step.kind === "loop" ? [] : [this.k.input(product, productDType(step))];
    for (const operand of step.operands) inputs.push(place(operand));
    const known = new Map<Expr, Expr>();
    const translate = (body: Expr): Expr => substitute(this.k, body, (index) => inputs[index]!, known);
    if (step.kind === "loop")
      for (const { combine, body } of step.stages) inputs.push(this.stage(combine, translate(body)));
    return translate;
  }

  map(result: LoopResult): void {
    this.#maps.push(result);
  }

  value(result: LoopResult): void {
    this.#values.push(result);
  }

  /** What was written, without operands and stages that no result looks at. `first` is the number of the first operand. */
  finish(first = 0): Pick<LoopStep, "operands" | "stages" | "maps" | "values"> {
    const results = [...this.#maps, ...this.#values].map(({ body }) => body);
    const used = inputsOf(results);
    for (let s = this.#stages.length - 1; s >= 0; s--)
      if (used.has(firstStage + s)) for (const i of inputsOf([this.#stages[s]!.body])) used.add(i);
    const operands = this.#operands.filter((_, i) => used.has(i));
    const number = new Map<number, number>([[product, 0]]);
    this.#operands.forEach((_, i) => {
      if (used.has(i)) number.set(i, first + number.size - 1);
    });
    const stages = this.#stages.filter((_, s) => used.has(firstStage + s));
    stages.forEach((stage, s) => {
      number.set(firstStage + this.#stages.indexOf(stage), operands.length + s);
    });
    const k = new ExprBuilder();
    const known = new Map<Expr, Expr>();
    const renumber = <T extends { readonly body: Expr }>(item: T): T => ({
      ...item,
      body: substitute(k, item.body, (index, dtype) => k.input(number.get(index)!, dtype), known),
    });
    return {
      operands,
      stages: stages.map(renumber),
      maps: this.#maps.map(renumber),
      values: this.#values.map(renumber),
    };
  }
}

const productDType = (step: MatmulStep | ConvStep): "float32" | "float64" =>
  step.kind === "conv" || step.dtype === "float32" ? "float32" : "float64";

/** A step with a body written anew: simplified, with the results that `keep` wants, and numbers for the operands that `numberOf` knows. */
export function rewritten<S extends BodyStep>(
  step: S,
  keep: (result: LoopResult) => boolean = () => true,
  numberOf: (operand: LoopOperand) => number | null = () => null,
): S {
  const body = new Body();
  const translate = body.import(step, (operand) => {
    const value = numberOf(operand);
    return value === null ? body.operand(operand) : body.k.const(value, operand.dtype);
  });
  for (const r of step.maps) if (keep(r)) body.map({ to: r.to, body: translate(r.body) });
  for (const r of valuesOf(step)) if (keep(r)) body.value({ to: r.to, body: translate(r.body) });
  return finished(step, body);
}

/** `step` with another body. */
export function finished<S extends BodyStep>(step: S, body: Body): S {
  if (step.kind === "loop") return asMap({ ...step, ...body.finish() }) as S;
  const { operands, maps } = body.finish(1);
  return { ...step, operands, maps };
}

/** A dimension of a loop made anew: stride `times` that of dimension `of`. */
export interface NewDim {
  readonly size: number;
  readonly of: number;
  readonly times: number;
}

/** The loop over other dimensions, which must amount to the same. Values keep the outer ones. */
export function reshaped(step: LoopStep, outer: readonly NewDim[], inner: readonly NewDim[]): LoopStep {
  const over = (access: Access, dims: readonly NewDim[]): Access => ({
    ...access,
    strides: dims.map(({ of, times }) => (access.strides[of] ?? 0) * times),
  });
  const all = [...outer, ...inner];
  return {
    ...step,
    outer: outer.map(({ size }) => size),
    inner: inner.map(({ size }) => size),
    operands: step.operands.map((o) => (isAccess(o.source) ? { ...o, source: over(o.source, all) } : o)),
    maps: step.maps.map((r) => ({ ...r, to: over(r.to, all) })),
    values: step.values.map((r) => ({ ...r, to: over(r.to, outer) })),
  };
}

const accessesIn = (step: LoopStep): Access[] => [
  ...step.operands.map(({ source }) => source).filter(isAccess),
  ...step.maps.map(({ to }) => to),
  ...step.values.map(({ to }) => to),
];

/** A loop that reduces nothing is a map over all of its dimensions, or over the outer ones if it has values alone. */
function asMap(step: LoopStep): LoopStep {
  if (step.stages.length > 0) return step;
  const { outer, inner, operands, values } = step;
  if (values.length === 0)
    return outer.length === 0 ? step : { ...step, outer: [], inner: [...outer, ...inner] };
  if (step.maps.length > 0) return step;
  const cut = (access: Access): Access => ({ ...access, strides: access.strides.slice(0, outer.length) });
  return {
    ...step,
    outer: [],
    inner: outer,
    operands: operands.map((o) => (isAccess(o.source) ? { ...o, source: cut(o.source) } : o)),
    maps: values,
    values: [],
  };
}

/**
 * The loop with as few dimensions as say the same, in the order of memory: that of the first result of a map, else that of the operand
 * that has most dimensions.
 */
export function squeezed(step: LoopStep): LoopStep {
  const sizes = sizesOf(step);
  if (numel(sizes) === 0) return step;
  const accesses = accessesIn(step);
  const depth = ({ strides }: Access): number => strides.filter((s, d) => s !== 0 && sizes[d] !== 1).length;
  const leading = isMap(step)
    ? step.maps[0]!.to
    : accesses.reduce((best, a) => (depth(a) > depth(best) ? a : best), accesses[0]!);
  const dims = (first: number, count: number): NewDim[] => {
    const list = Array.from({ length: count }, (_, i) => first + i).filter((d) => sizes[d] !== 1);
    list.sort((a, b) => Math.abs(leading.strides[b] ?? 0) - Math.abs(leading.strides[a] ?? 0));
    const merged: { size: number; of: number; times: 1 }[] = [];
    for (const d of list) {
      const last = merged[merged.length - 1];
      const size = sizes[d]!;
      if (last && accesses.every(({ strides }) => (strides[last.of] ?? 0) === (strides[d] ?? 0) * size)) {
        last.size *= size;
        last.of = d;
      } else merged.push({ size, of: d, times: 1 });
    }
    return merged;
  };
  return reshaped(step, dims(0, step.outer.length), dims(step.outer.length, step.inner.length));
}
