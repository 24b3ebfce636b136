// A slow reference for programs, one element at a time in plain JavaScript: what backends and passes are tested against.
// Floor L1 (ir). The semantics are those of program.ts.

import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { contiguousStrides } from "../base/shape.ts";
import { convRoles } from "./accesses.ts";
import type { Value } from "./interpret.ts";
import { cast, combineAll, interpretExpr } from "./interpret.ts";
import { outOfRange } from "./out-of-range.ts";
import type {
  Access,
  BufferId,
  ConvStep,
  ElementsStep,
  LoopOperand,
  LoopResult,
  LoopStep,
  MatmulStep,
  PoolStep,
  Program,
  RowsStep,
} from "./program.ts";

type Index = readonly number[];

/** All indices within sizes, in row-major order. */
function indices(sizes: readonly number[]): Index[] {
  let out: Index[] = [[]];
  for (const size of sizes) out = out.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i]));
  return out;
}

const placeOf = ({ offset, strides }: Access, index: Index): number =>
  index.reduce((place, i, d) => place + i * strides[d]!, offset);

/** What steps see: arrays and the numbers of the host. */
class Machine {
  readonly #memory: ReadonlyMap<BufferId, TypedArray>;
  readonly #scalars: readonly number[];

  constructor(memory: ReadonlyMap<BufferId, TypedArray>, scalars: readonly number[]) {
    this.#memory = memory;
    this.#scalars = scalars;
  }

  array(buffer: BufferId): TypedArray {
    return this.#memory.get(buffer)!;
  }

  get(access: Access, place: number): Value {
    return this.#memory.get(access.buffer)![place]!;
  }

  set(access: Access, place: number, value: Value): void {
    this.#memory.get(access.buffer)![place] = value as number;
  }

  operands(operands: readonly LoopOperand[], index: Index): Value[] {
    return operands.map(({ dtype, source }) =>
      "buffer" in source
        ? this.get(source, placeOf(source, index))
        : cast(this.#scalars[source.scalar]!, "float64", dtype),
    );
  }

  loop({ outer, inner, operands, stages, maps, values }: LoopStep): void {
    const columns = indices(inner);
    for (const o of indices(outer)) {
      const rows = columns.map((i) => this.operands(operands, [...o, ...i]));
      const results: Value[] = [];
      for (const { combine, body } of stages) {
        const terms = rows.map((row) => interpretExpr(body, [...row, ...results]));
        results.push(combineAll(terms, combine, body.dtype));
      }
      // What is stored may lie over operands: everything is computed before.
      const stores = columns.flatMap((i, c) => this.results(maps, [...o, ...i], [...rows[c]!, ...results]));
      // Values look at operands that do not move along the inner dimensions: any index will do.
      const still = this.operands(operands, [...o, ...inner.map(() => 0)]);
      stores.push(...this.results(values, o, [...still, ...results]));
      for (const store of stores) store();
    }
  }

  /** Evaluates results at an index; gives functions that store them. */
  results(results: readonly LoopResult[], index: Index, inputs: readonly Value[]): (() => void)[] {
    return results.map(({ body, to }) => {
      const value = interpretExpr(body, inputs);
      return () => this.set(to, placeOf(to, index), value);
    });
  }

  /** Stores what follows after a product, whose elements are given by `product`. */
  epilogue(
    sizes: readonly number[],
    operands: readonly LoopOperand[],
    maps: readonly LoopResult[],
    product: (index: Index) => Value,
  ): void {
    const stores = indices(sizes).flatMap((index) =>
      this.results(maps, index, [product(index), ...this.operands(operands, index)]),
    );
    for (const store of stores) store();
  }

  matmul({ dtype, batch, m, n, k, a, b, operands, maps }: MatmulStep): void {
    this.epilogue([batch, m, n], operands, maps, ([t, i, j]) => {
      const terms = Array.from(
        { length: k },
        (_, q) => Number(this.get(a, placeOf(a, [t!, i!, q]))) * Number(this.get(b, placeOf(b, [t!, q, j!]))),
      );
      return combineAll(terms, "sum", dtype);
    });
  }

  conv(step: ConvStep): void {
    const { direction, geometry: g, a, b, operands, maps } = step;
    const { a: aSizes, b: bSizes, out } = convRoles(step);
    const [aAccess, bAccess] = [
      { ...a, strides: contiguousStrides(aSizes) },
      { ...b, strides: contiguousStrides(bSizes) },
    ];
    // Every product of an x and a w, and the y that it belongs to: each direction sums over one of the three.
    const terms = new Map<number, number[]>();
    const outStrides = contiguousStrides(out);
    const add = (x: Index, w: Index, y: Index): void => {
      const [p, q, r] = direction === "forward" ? [x, w, y] : direction === "input" ? [y, w, x] : [x, y, w];
      const place = placeOf({ buffer: -1, offset: 0, strides: outStrides }, r);
      const list = terms.get(place) ?? [];
      list.push(
        Number(this.get(aAccess, placeOf(aAccess, p))) * Number(this.get(bAccess, placeOf(bAccess, q))),
      );
      terms.set(place, list);
    };
    const perGroup = [g.inChannels / g.groups, g.outChannels / g.groups] as const;
    for (const [n, o, i, j] of indices([g.batch, g.outChannels, ...g.output]) as number[][])
      for (const [c, u, v] of indices([perGroup[0], ...g.kernel]) as number[][]) {
        const h = i! * g.stride[0] - g.padding[0] + u! * g.dilation[0];
        const w = j! * g.stride[1] - g.padding[1] + v! * g.dilation[1];
        if (h < 0 || h >= g.input[0] || w < 0 || w >= g.input[1]) continue;
        const channel = Math.floor(o! / perGroup[1]) * perGroup[0] + c!;
        add([n!, channel, h, w], [o!, c!, u!, v!], [n!, o!, i!, j!]);
      }
    this.epilogue(out, operands, maps, (index) => {
      const place = placeOf({ buffer: -1, offset: 0, strides: outStrides }, index);
      return combineAll(terms.get(place) ?? [], "sum", "float32");
    });
  }

  /** A number of an index, or an error if it is out of range. */
  number(of: Parameters<typeof outOfRange>[0], index: Access, place: number): number {
    const n = Number(this.get(index, place));
    if (n < 0 || n >= of.limit) throw outOfRange(of, n);
    return n;
  }

  add(dtype: DType, to: Access, place: number, value: Value): void {
    this.set(to, place, combineAll([this.get(to, place), value], "sum", dtype));
  }

  rows(step: RowsStep): void {
    const { mode, dtype, rows, width, index, from, to } = step;
    for (let i = 0; i < rows; i++) {
      const row = this.number(step, index, placeOf(index, [i]));
      const source = placeOf(from, [mode === "gather" ? row : i]);
      const target = placeOf(to, [mode === "gather" ? i : row]);
      for (let c = 0; c < width; c++) {
        const value = this.get(from, source + c);
        if (mode === "gather") this.set(to, target + c, value);
        else this.add(dtype, to, target + c, value);
      }
    }
  }

  elements(of: ElementsStep): void {
    const { mode, dtype, shape, step, index, from, to } = of;
    for (const n of indices(shape)) {
      const moved = this.number(of, index, placeOf(index, n)) * step;
      const source = placeOf(from, n) + (mode === "gather" ? moved : 0);
      const target = placeOf(to, n) + (mode === "gather" ? 0 : moved);
      const value = this.get(from, source);
      if (mode === "scatterAdd") this.add(dtype, to, target, value);
      else this.set(to, target, value);
    }
  }

  pool(step: PoolStep, dtype: DType): void {
    const { mode, planes, input, output, from, index, to } = step;
    const [large, small] = [input[0] * input[1], output[0] * output[1]];
    /** Of backward passes: what each element of dx is the sum of. */
    const terms = Array.from({ length: planes * large }, (): Value[] => []);
    for (let p = 0; p < planes; p++)
      for (const [i, j] of indices(output) as [number, number][]) {
        const out = p * small + i * output[1] + j;
        const window = windowOf(step, i, j);
        const elements = window.places.map((q) => Number(this.get(from, from.offset + p * large + q)));
        if (mode === "max") {
          let best = -Infinity;
          let at = window.first;
          elements.forEach((x, q) => {
            if (x > best || Number.isNaN(x)) [best, at] = [x, window.places[q]!];
          });
          this.set(to, to.offset + out, best);
          this.set(index!, index!.offset + out, at);
        } else if (mode === "average") {
          const mean = Number(combineAll(elements, "sum", "float64")) / window.divisor;
          this.set(to, to.offset + out, elements.length > 0 ? mean : 0);
        } else {
          const g = Number(this.get(from, from.offset + out));
          if (mode === "averageBackward")
            for (const q of window.places) terms[p * large + q]!.push(g / window.divisor);
          else {
            const at = this.number({ name: step.name, limit: large }, index!, index!.offset + out);
            terms[p * large + at]!.push(g);
          }
        }
      }
    if (mode === "maxBackward" || mode === "averageBackward")
      terms.forEach((list, q) => {
        this.set(to, to.offset + q, combineAll(list, "sum", dtype));
      });
  }
}

/** A window along one dimension: the places inside of the plane, how many count. */
interface Side {
  readonly inside: number[];
  readonly counted: number | null;
}

/** The places of a window that lie inside of the plane, and what their sum is divided by. */
function windowOf(
  { input, kernel, stride, padding, dilation, countPadding, divisor }: PoolStep,
  i: number,
  j: number,
): { places: number[]; first: number; divisor: number } {
  const [rows, cols] = ([0, 1] as const).map((d) => {
    const start = [i, j][d]! * stride[d] - padding[d];
    const all = Array.from({ length: kernel[d] }, (_, k) => start + k * dilation[d]);
    return {
      inside: all.filter((q) => q >= 0 && q < input[d]),
      // The border counts, what lies beyond it does not.
      counted: countPadding ? all.filter((q) => q < input[d] + padding[d]).length : null,
    };
  }) as [Side, Side];
  const places = rows.inside.flatMap((r) => cols.inside.map((c) => r * input[1] + c));
  const count = (rows.counted ?? rows.inside.length) * (cols.counted ?? cols.inside.length);
  return { places, first: places[0] ?? 0, divisor: divisor || count };
}

/**
 * Runs a program that keeps the rules (see {@link verifyProgram}) over plain arrays. `memory` has an array for each buffer of
 * kind state and input; those of other kinds are made, and left there, where it has none. Sums are exact and rounded once.
 *
 * @throws IndexError or RuntimeError for an index out of range, and what host steps throw
 */
export function interpretProgram(
  program: Program,
  memory: Map<BufferId, TypedArray>,
  scalars: readonly number[],
): void {
  program.buffers.forEach(({ dtype, length, kind, data, name }, id) => {
    const array = memory.get(id);
    if (array && (array.length !== length || !(array instanceof dtypes[dtype].array)))
      throw new Error(
        `interpretProgram: buffer ${id} ("${name}") has ${length} ${dtype}, got ${array.length} in a ${array.constructor.name}`,
      );
    if (array) return;
    if (kind === "state" || kind === "input")
      throw new Error(`interpretProgram: no array for buffer ${id} ("${name}"), of kind ${kind}`);
    memory.set(id, data ?? new dtypes[dtype].array(length));
  });
  const machine = new Machine(memory, scalars);
  for (const step of program.steps) {
    switch (step.kind) {
      case "loop":
        machine.loop(step);
        break;
      case "matmul":
        machine.matmul(step);
        break;
      case "conv":
        machine.conv(step);
        break;
      case "rows":
        machine.rows(step);
        break;
      case "elements":
        machine.elements(step);
        break;
      case "pool":
        machine.pool(step, program.buffers[step.to.buffer]!.dtype);
        break;
      case "repeat":
        for (const index of indices(step.counts)) {
          const round = new Map<BufferId, TypedArray>();
          for (const { inner, access } of step.bindings) {
            const from = placeOf(access, index);
            round.set(
              inner,
              machine.array(access.buffer).subarray(from, from + step.body.buffers[inner]!.length),
            );
          }
          interpretProgram(step.body, round, []);
        }
        break;
      case "host": {
        const arrays = (ids: readonly BufferId[]): TypedArray[] => ids.map((id) => machine.array(id));
        step.run(arrays(step.reads), arrays(step.writes));
        break;
      }
    }
  }
}
