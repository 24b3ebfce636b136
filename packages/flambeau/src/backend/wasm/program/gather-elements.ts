// Steps over single elements by number: gather, scatter, the losses' picks.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import { numel } from "../../../base/shape.ts";
import { repeats } from "../../../ir/accesses.ts";
import { outOfRange } from "../../../ir/out-of-range.ts";
import type { ElementsStep } from "../../../ir/program.ts";
import type { Local } from "../encoder.ts";
import { i32 } from "../encoder.ts";
import type { Context, StepEmitter } from "./context.ts";
import type { Numbers } from "./gather-lines.ts";
import { loadNumber, moveElement, numbersOf } from "./gather-lines.ts";

/** A dimension of the loop: how far each pointer moves, in elements. */
interface Dim {
  readonly size: number;
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

const pointers = ["index", "from", "to"] as const;

/** Dimensions of more than one element; two that all pointers go through as if they were one, are. */
function dimsOf({ shape, index, from, to }: ElementsStep): Dim[] {
  const dims: Dim[] = [];
  shape.forEach((size, d) => {
    if (size === 1) return;
    const dim = { size, index: index.strides[d]!, from: from.strides[d]!, to: to.strides[d]! };
    const last = dims.at(-1);
    if (last && pointers.every((p) => last[p] === size * dim[p]))
      dims[dims.length - 1] = { ...dim, size: last.size * size };
    else dims.push(dim);
  });
  return dims;
}

/**
 * The dimension that threads divide: for a scatter one along which elements never meet, since those that do must be written in
 * order; -1 for none.
 */
function dividedDim({ mode, limit, step }: ElementsStep, dims: readonly Dim[]): number {
  if (mode === "gather") return dims.length > 0 ? 0 : -1;
  const apart = dims.filter(({ to }) => to !== 0);
  const places = {
    buffer: 0,
    offset: 0,
    sizes: [limit, ...apart.map(({ size }) => size)],
    strides: [step, ...apart.map(({ to }) => to)],
  };
  return repeats(places) ? -1 : dims.findIndex(({ to }) => to !== 0);
}

export const elementsCode: StepEmitter<ElementsStep> = (step, buffers) => {
  const { mode, dtype, shape, limit, index, from, to } = step;
  const numbers = numbersOf(index, buffers, limit);
  const dims = dimsOf(step);
  const divided = dividedDim(step, dims);
  const count = numel(shape);
  const { bytes } = dtypes[dtype];
  const adds = mode === "scatterAdd";
  const loops = dims.map((d) => `${d.size}:${d.index},${d.from},${d.to}`).join(" ");
  return {
    key: `elements ${mode} ${adds ? dtype : bytes} ${limit} ${step.step} ${numbers.bytes} ${count} ${divided} ${loops}`,
    name: step.name,
    addresses: [index, from, to],
    sharedBytes: 0,
    ownBytes: 0,
    flops: adds ? count : 0,
    bytes: count * (numbers.bytes + (adds ? 3 : 2) * bytes),
    failures: [() => outOfRange(step)],
    emit: (c) => {
      if (count > 0) new ElementsEmitter(c, step, numbers, dims, divided).emit();
    },
  };
};

class ElementsEmitter {
  readonly #c: Context;
  readonly #step: ElementsStep;
  readonly #numbers: Numbers;
  readonly #dims: readonly Dim[];
  readonly #divided: number;

  constructor(c: Context, step: ElementsStep, numbers: Numbers, dims: readonly Dim[], divided: number) {
    this.#c = c;
    this.#step = step;
    this.#numbers = numbers;
    this.#dims = dims;
    this.#divided = divided;
  }

  emit(): void {
    const [index, from, to] = this.#c.addresses;
    const all = (): void => this.#level(0, [index!, from!, to!]);
    if (this.#divided >= 0) {
      all();
      return;
    }
    // One thread alone: the one that has the only item.
    const { start, end } = this.#c.share(1, 1);
    this.#c.f.if(i32.lt_u(start, end), all);
  }

  #level(d: number, at: readonly [Local, Local, Local]): void {
    const dim = this.#dims[d];
    if (!dim) {
      this.#element(at);
      return;
    }
    const { f } = this.#c;
    const range = d === this.#divided ? this.#c.share(dim.size, 1) : null;
    const end = range?.end ?? f.let("i32", dim.size);
    const i = f.let("i32", range?.start ?? 0);
    const strides = pointers.map((p, k) => dim[p] * this.#bytes(k));
    const moved = at.map((pointer, k) => {
      if (strides[k] === 0) return pointer;
      return f.let("i32", range ? i32.add(pointer, i32.mul(i, strides[k]!)) : pointer);
    }) as [Local, Local, Local];
    f.if(i32.lt_u(i, end), () =>
      f.loop((again) => {
        this.#level(d + 1, moved);
        moved.forEach((pointer, k) => {
          if (strides[k] !== 0) f.set(pointer, i32.add(pointer, strides[k]!));
        });
        f.set(i, i32.add(i, 1));
        f.brIf(again, i32.lt_u(i, end));
      }),
    );
  }

  #bytes(pointer: number): number {
    return pointer === 0 ? this.#numbers.bytes : dtypes[this.#step.dtype].bytes;
  }

  #element([index, from, to]: readonly [Local, Local, Local]): void {
    const { mode, dtype, step } = this.#step;
    const { f } = this.#c;
    const number = loadNumber(this.#c, this.#numbers, index);
    const by = i32.mul(number, step * dtypes[dtype].bytes);
    const moved = f.let("i32", i32.add(mode === "gather" ? from : to, by));
    if (mode === "gather") moveElement(this.#c, dtype, moved, to, false);
    else moveElement(this.#c, dtype, from, moved, mode === "scatterAdd");
  }
}
