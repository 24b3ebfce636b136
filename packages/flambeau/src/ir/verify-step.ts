// The rules of program.ts that a step keeps by itself, whatever the other steps do: counts, dtypes, geometry, expressions.
// Floor L1 (ir).

import type { DType } from "../base/dtype.ts";
import { dtypes, isFloat } from "../base/dtype.ts";
import type {
  Access,
  ConvStep,
  ElementsStep,
  LoopOperand,
  LoopResult,
  LoopStep,
  MatmulStep,
  PoolStep,
  Program,
  RepeatStep,
  RowsStep,
  Step,
} from "./program.ts";
import { verifyCombine, verifyExpr } from "./verify.ts";

type Fail = (path: string, rule: string) => never;

/** Kinds of steps in bodies of repeats: they cannot fail. */
const inRounds: readonly Step["kind"][] = ["loop", "matmul", "conv"];

/** The checks of one step, which share what messages begin with. */
class StepChecker {
  readonly #where: string;
  readonly #program: Program;

  constructor(where: string, program: Program) {
    this.#where = where;
    this.#program = program;
  }

  fail: Fail = (path, rule) => {
    throw new Error(`${this.#where}: ${path}: ${rule}`);
  };

  counts(named: Readonly<Record<string, number>>, least = 0): void {
    for (const [path, n] of Object.entries(named))
      if (!Number.isInteger(n) || n < least) this.fail(path, `must be an integer from ${least}, got ${n}`);
  }

  sizes(path: string, sizes: readonly number[]): void {
    sizes.forEach((n, d) => {
      this.counts({ [`${path}[${d}]`]: n });
    });
  }

  access(path: string, access: Access, rank: number): void {
    const { buffer, offset, strides } = access;
    if (!this.#program.buffers[buffer])
      this.fail(path, `there is no buffer ${buffer}: the program has ${this.#program.buffers.length}`);
    this.counts({ [`${path}.offset`]: offset });
    if (strides.length !== rank)
      this.fail(path, `expected ${rank} stride${rank === 1 ? "" : "s"}, got [${strides.join(", ")}]`);
    for (const s of strides)
      if (!Number.isInteger(s)) this.fail(path, `strides must be integers, got [${strides.join(", ")}]`);
  }

  /** An access of packed elements: its strides are not looked at. */
  packed(path: string, access: Access): void {
    this.access(path, access, access.strides.length);
  }

  dtypeOf(access: Access): DType {
    return this.#program.buffers[access.buffer]!.dtype;
  }

  repeat({ counts, apart, body, bindings }: RepeatStep): void {
    this.sizes("counts", counts);
    this.counts({ apart });
    if (apart > counts.length) this.fail("apart", `there are ${counts.length} dimensions, got ${apart}`);
    const bound = new Set(bindings.map(({ inner }) => inner));
    if (bound.size < bindings.length) this.fail("bindings", "a buffer of the body is bound twice");
    bindings.forEach(({ inner, access }, i) => {
      this.access(`bindings[${i}]`, access, counts.length);
      const buffer = body.buffers[inner];
      if (!buffer) this.fail(`bindings[${i}]`, `the body has no buffer ${inner}`);
      else if (buffer.kind === "temp" || buffer.kind === "const")
        this.fail(
          `bindings[${i}]`,
          `only inputs, outputs and states of the body are bound, not a ${buffer.kind}`,
        );
    });
    body.buffers.forEach(({ kind, name }, id) => {
      if (kind !== "temp" && !bound.has(id))
        this.fail("body", `buffer ${id} ("${name}"), of kind ${kind}, is not bound`);
    });
    if (body.scalars.length > 0) this.fail("body", "a body has no numbers of the host");
    body.steps.forEach(({ kind, name }, i) => {
      if (!inRounds.includes(kind))
        this.fail(`body.steps[${i}]`, `"${name}" is of kind ${kind}, which no body has`);
    });
  }

  operands(operands: readonly LoopOperand[], rank: number): void {
    operands.forEach(({ dtype, source }, i) => {
      const path = `operands[${i}]`;
      if (!Object.hasOwn(dtypes, dtype)) this.fail(path, `unknown dtype ${String(dtype)}`);
      if ("buffer" in source) this.access(path, source, rank);
      else if (this.#program.scalars[source.scalar] === undefined)
        this.fail(
          path,
          `there is no number ${source.scalar} of the host: the program has ${this.#program.scalars.length}`,
        );
    });
  }

  results(
    name: string,
    results: readonly LoopResult[],
    rank: number,
    inputs: readonly (DType | undefined)[],
  ): void {
    results.forEach(({ body, to }, i) => {
      verifyExpr(this.#where, body, `${name}[${i}].body`, inputs);
      this.access(`${name}[${i}].to`, to, rank);
    });
  }

  expr(body: Parameters<typeof verifyExpr>[1], path: string, inputs: readonly (DType | undefined)[]): void {
    verifyExpr(this.#where, body, path, inputs);
  }

  loop({ outer, inner, operands, stages, maps, values }: LoopStep): void {
    this.sizes("outer", outer);
    this.sizes("inner", inner);
    this.operands(operands, outer.length + inner.length);
    if (maps.length + values.length === 0) this.fail("maps", "there must be a result");
    if (stages.length + values.length === 0 && outer.length > 0)
      this.fail("outer", `maps alone have no outer dimensions, got [${outer.join(", ")}]`);
    const inputs: (DType | undefined)[] = operands.map((o) => o.dtype);
    stages.forEach(({ combine, body }, s) => {
      this.expr(body, `stages[${s}].body`, inputs);
      verifyCombine(`${this.#where}: stages[${s}]`, combine, body.dtype);
      inputs.push(body.dtype);
    });
    this.results("maps", maps, outer.length + inner.length, inputs);
    const still = inputs.map((dtype, i) => {
      const source = operands[i]?.source;
      const moves = source && "buffer" in source && source.strides.slice(outer.length).some((s) => s !== 0);
      return moves ? undefined : dtype;
    });
    this.results("values", values, outer.length, still);
  }

  matmul({ dtype, batch, m, n, k, a, b, operands, maps }: MatmulStep): void {
    if (!isFloat(dtype)) this.fail("dtype", `products are of float32 or float64, got ${dtype}`);
    this.counts({ batch, m, n, k });
    this.access("a", a, 3);
    this.access("b", b, 3);
    this.epilogue(dtype, operands, maps, 3);
  }

  epilogue(dtype: DType, operands: readonly LoopOperand[], maps: readonly LoopResult[], rank: number): void {
    this.operands(operands, rank);
    if (maps.length === 0) this.fail("maps", "there must be a result");
    this.results("maps", maps, rank, [dtype, ...operands.map((o) => o.dtype)]);
  }

  conv({ direction, geometry: g, a, b, operands, maps }: ConvStep): void {
    if (!["forward", "input", "weight"].includes(direction))
      this.fail("direction", `unknown direction ${String(direction)}`);
    this.counts({ batch: g.batch });
    this.counts({ groups: g.groups, inChannels: g.inChannels, outChannels: g.outChannels }, 1);
    if (g.inChannels % g.groups !== 0 || g.outChannels % g.groups !== 0)
      this.fail(
        "groups",
        `${g.inChannels} and ${g.outChannels} channels do not divide into ${g.groups} groups`,
      );
    this.windows(g);
    this.packed("a", a);
    this.packed("b", b);
    this.epilogue("float32", operands, maps, 4);
  }

  /** Windows must begin inside of the input or its border; what lies behind that counts as border, too. */
  windows(g: ConvStep["geometry"] | PoolStep): void {
    for (const d of [0, 1] as const) {
      this.counts({ "input size": g.input[d], "output size": g.output[d], padding: g.padding[d] });
      this.counts({ "kernel size": g.kernel[d], stride: g.stride[d], dilation: g.dilation[d] }, 1);
      const room = g.input[d] + 2 * g.padding[d];
      if (g.output[d] > 0 && (g.output[d] - 1) * g.stride[d] >= room)
        this.fail("output size", `the last of ${g.output[d]} windows begins outside of ${room} places`);
    }
  }

  /** Every window must have a place inside of the plane. */
  insides({ input, output, kernel, stride, padding, dilation }: PoolStep): void {
    for (const d of [0, 1] as const)
      for (let o = 0; o < output[d]; o++) {
        const start = o * stride[d] - padding[d];
        const first = start < 0 ? start + Math.ceil(-start / dilation[d]) * dilation[d] : start;
        if (first >= input[d] || first > start + (kernel[d] - 1) * dilation[d])
          this.fail("output size", `window ${o} lies in the border alone`);
      }
  }

  rows({ mode, dtype, rows, width, limit, index, from, to }: RowsStep): void {
    if (mode !== "gather" && mode !== "scatterAdd") this.fail("mode", `unknown mode ${String(mode)}`);
    this.counts({ rows, width, limit });
    this.access("index", index, 1);
    this.access("from", from, 1);
    this.access("to", to, 1);
    this.byNumber(mode, dtype, index);
  }

  elements({ mode, dtype, shape, limit, step, index, from, to }: ElementsStep): void {
    if (!["gather", "scatter", "scatterAdd"].includes(mode))
      this.fail("mode", `unknown mode ${String(mode)}`);
    this.sizes("shape", shape);
    this.counts({ limit });
    if (!Number.isInteger(step)) this.fail("step", `must be an integer, got ${step}`);
    this.access("index", index, shape.length);
    this.access("from", from, shape.length);
    this.access("to", to, shape.length);
    this.byNumber(mode, dtype, index);
  }

  byNumber(mode: string, dtype: DType, index: Access): void {
    const numbers = this.dtypeOf(index);
    if (numbers !== "int32" && numbers !== "int64")
      this.fail("index", `numbers are int32 or int64, got ${numbers}`);
    if (mode === "scatterAdd" && dtype === "bool") this.fail("dtype", "bool cannot be added");
  }

  pool(step: PoolStep): void {
    const { mode, planes, padding, dilation, divisor, from, index, to } = step;
    const max = mode === "max" || mode === "maxBackward";
    if (!max && mode !== "average" && mode !== "averageBackward")
      this.fail("mode", `unknown mode ${String(mode)}`);
    this.counts({ planes });
    this.windows(step);
    for (const d of [0, 1] as const)
      if (padding[d] * 2 > step.kernel[d])
        this.fail("padding", `${padding[d]} is more than half of the kernel's ${step.kernel[d]}`);
    if (!max && (dilation[0] !== 1 || dilation[1] !== 1)) this.fail("dilation", "averages have none");
    if (max) this.insides(step);
    if (max && index === null) this.fail("index", "maxima need the places");
    if (!max && index !== null) this.fail("index", "averages have no places");
    if (!Number.isFinite(divisor)) this.fail("divisor", `must be a number, got ${divisor}`);
    this.packed("from", from);
    this.packed("to", to);
    if (index) this.packed("index", index);
    const dtype = this.dtypeOf(from);
    if (!isFloat(dtype)) this.fail("from", `pooling takes float32 or float64, got ${dtype}`);
    if (this.dtypeOf(to) !== dtype) this.fail("to", `is ${this.dtypeOf(to)}, from is ${dtype}`);
  }
}

/** Throws unless the step keeps the rules of its kind; `where` is what messages begin with. */
export function verifyStep(where: string, step: Step, program: Program): void {
  const checker = new StepChecker(where, program);
  switch (step.kind) {
    case "loop":
      checker.loop(step);
      break;
    case "matmul":
      checker.matmul(step);
      break;
    case "conv":
      checker.conv(step);
      break;
    case "rows":
      checker.rows(step);
      break;
    case "elements":
      checker.elements(step);
      break;
    case "pool":
      checker.pool(step);
      break;
    case "repeat":
      checker.repeat(step);
      break;
    case "host":
      step.reads.forEach((buffer, i) => {
        checker.access(`reads[${i}]`, { buffer, offset: 0, strides: [] }, 0);
      });
      step.writes.forEach((buffer, i) => {
        checker.access(`writes[${i}]`, { buffer, offset: 0, strides: [] }, 0);
      });
      if (typeof step.run !== "function") checker.fail("run", "must be a function");
      break;
    default:
      throw new Error(`${where}: unknown kind ${String((step as Step).kind)}`);
  }
}
