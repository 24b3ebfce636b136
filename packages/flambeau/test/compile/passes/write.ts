// Small programs for tests of passes, written by hand: buffers by name, steps in a line each.

import type { DType, TypedArray } from "../../../src/base/dtype.ts";
import { dtypes } from "../../../src/base/dtype.ts";
import { contiguousStrides } from "../../../src/base/shape.ts";
import { interpretProgram } from "../../../src/ir/interpret-program.ts";
import type { CombineOp } from "../../../src/ir/nest.ts";
import type {
  Access,
  Buffer,
  BufferId,
  BufferKind,
  LoopOperand,
  Program,
  Step,
} from "../../../src/ir/program.ts";
import type { Expr } from "../../../src/ir/scalar.ts";
import { ExprBuilder } from "../../../src/ir/scalar.ts";
import { verifyProgram } from "../../../src/ir/verify-program.ts";

type Body = (k: ExprBuilder, ...inputs: Expr[]) => Expr;

/** Writes a program; all buffers are float32 unless said otherwise. */
export class Writer {
  readonly buffers: Buffer[] = [];
  readonly steps: Step[] = [];
  readonly scalars: string[] = [];

  buffer(kind: BufferKind, length: number, dtype: DType = "float32", data?: readonly number[]): BufferId {
    const name = `${kind}${this.buffers.length}`;
    const from = data && new dtypes[dtype].array(length);
    data?.forEach((v, i) => {
      from![i] = v;
    });
    return this.buffers.push({ kind, length, dtype, name, ...(from && { data: from }) }) - 1;
  }

  scalar(name: string): LoopOperand {
    return { dtype: "float32", source: { scalar: this.scalars.push(name) - 1 } };
  }

  /** An access; without strides that of a packed array of `sizes`. */
  at(
    buffer: BufferId,
    sizes: readonly number[],
    strides: readonly number[] = contiguousStrides(sizes),
    offset = 0,
  ): Access {
    return { buffer, offset, strides };
  }

  operand(access: Access): LoopOperand {
    return { dtype: this.buffers[access.buffer]!.dtype, source: access };
  }

  /** An elementwise step over packed arrays of one length, or whatever accesses are given. */
  map(
    name: string,
    to: BufferId | Access,
    from: readonly (BufferId | Access | LoopOperand)[],
    body: Body,
    sizes?: readonly number[],
  ): void {
    const inner = sizes ?? [this.buffers[typeof to === "number" ? to : to.buffer]!.length];
    const access = (x: BufferId | Access): Access => (typeof x === "number" ? this.at(x, inner) : x);
    const operands = from.map((x) => (typeof x === "object" && "source" in x ? x : this.operand(access(x))));
    const k = new ExprBuilder();
    const inputs = operands.map(({ dtype }, i) => k.input(i, dtype));
    const maps = [{ body: body(k, ...inputs), to: access(to) }];
    this.steps.push({ kind: "loop", name, outer: [], inner, operands, stages: [], maps, values: [] });
  }

  /** to[r] = post(combine over the rest of `from` [outer, inner]). */
  reduce(
    name: string,
    to: BufferId,
    from: Access,
    outer: readonly number[],
    inner: readonly number[],
    combine: CombineOp = "sum",
    post: (k: ExprBuilder, x: Expr) => Expr = (_, x) => x,
  ): void {
    const k = new ExprBuilder();
    const operand = this.operand(from);
    this.steps.push({
      kind: "loop",
      name,
      outer,
      inner,
      operands: [operand],
      stages: [{ combine, body: k.input(0, operand.dtype) }],
      maps: [],
      values: [{ body: post(k, k.input(1, operand.dtype)), to: this.at(to, outer) }],
    });
  }

  /** to [m, n] = a [m, k] b [k, n], all packed; or any accesses of [batch, m, k] and [batch, k, n]. */
  matmul(
    name: string,
    to: BufferId,
    a: BufferId | Access,
    b: BufferId | Access,
    [m, n, k]: readonly [number, number, number],
  ): void {
    const e = new ExprBuilder();
    this.steps.push({
      kind: "matmul",
      name,
      dtype: "float32",
      batch: 1,
      m,
      n,
      k,
      a: typeof a === "number" ? this.at(a, [1, m, k]) : a,
      b: typeof b === "number" ? this.at(b, [1, k, n]) : b,
      operands: [],
      maps: [{ body: e.input(0, "float32"), to: this.at(to, [1, m, n]) }],
    });
  }

  program(): Program {
    return { buffers: this.buffers, steps: this.steps, scalars: this.scalars };
  }
}

/** States and outputs after a run from small numbers; the program is checked first. */
export function results(program: Program, scalars: readonly number[] = []): Map<BufferId, TypedArray> {
  verifyProgram(program);
  const memory = new Map<BufferId, TypedArray>();
  program.buffers.forEach(({ kind, dtype, length }, id) => {
    if (kind !== "state" && kind !== "input") return;
    const array = new dtypes[dtype].array(length);
    for (let i = 0; i < length; i++)
      (array as Float32Array)[i] = dtype === "bool" ? i % 2 : (((i + 3 * id) * 7) % 11) - 5;
    memory.set(id, array);
  });
  interpretProgram(program, memory, scalars);
  const seen = [...memory].filter(([id]) => ["state", "output"].includes(program.buffers[id]!.kind));
  return new Map(seen);
}

/** Names of a program's steps. */
export const names = ({ steps }: Program): string[] => steps.map(({ name }) => name);
