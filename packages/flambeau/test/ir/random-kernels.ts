// What adds random steps to a draft of a program: products, convolutions, pooling, and elements by number.

import type { DType } from "../../src/base/dtype.ts";
import { isFloat } from "../../src/base/dtype.ts";
import { contiguousStrides, numel } from "../../src/base/shape.ts";
import type { Access, BufferId, LoopOperand, LoopResult, PoolStep } from "../../src/ir/program.ts";
import type { Draft } from "./random-draft.ts";
import { plain } from "./random-draft.ts";
import type { Known, Term } from "./random-expr.ts";
import { epsilon } from "./random-expr.ts";
import type { Random } from "./random-numbers.ts";

/** The inputs of what follows a product, and its results. */
function epilogue(
  d: Draft,
  dtype: DType,
  sizes: readonly number[],
  product: Known,
): { operands: LoopOperand[]; maps: LoopResult[] } {
  const { random, k } = d;
  const operands = d.operands(3, sizes);
  const first: Term = { expr: k.input(0, dtype), ...product };
  const inputs = [first, ...d.terms(operands, 1)];
  if (random.chance(0.2)) {
    const to = d.target(dtype, sizes);
    if (d.buffers[to.buffer]!.kind !== "state") {
      d.wrote(to.buffer, product);
      return { operands: [], maps: [{ body: first.expr, to }] };
    }
  }
  const maps = Array.from({ length: random.chance(0.8) ? 1 : 2 }, () =>
    d.result(inputs, operands, sizes, first),
  );
  return { operands: operands.map(plain), maps };
}

/** Sums of so many products. */
function productOf(dtype: DType, terms: number, a: Known, b: Known): Known {
  const bound = Math.max(terms, 1) * a.bound * b.bound;
  const error = Math.max(terms, 1) * (a.bound * b.error + b.bound * a.error) + 4 * epsilon(dtype) * bound;
  return { bound, error };
}

const floats = (d: Draft): DType[] => d.types.filter(isFloat);

export function matmul(d: Draft): void {
  const { random } = d;
  if (floats(d).length === 0) return;
  const dtype = random.pick(floats(d));
  const size = (): number => (random.chance(0.02) ? 0 : random.pick([1, 1, 2, 3, 4, 5, 8, 9, 16, 17]));
  const [batch, m, n, k] = [random.pick([1, 1, 2, 3]), size(), size(), size()];
  const operandOf = (sizes: readonly number[]): Access => {
    const count = numel(sizes);
    const id = d.readable(dtype, Math.max(1, random.chance(0.7) ? count : random.between(1, count)));
    return d.view(id, sizes);
  };
  const [a, b] = [operandOf([batch, m, k]), operandOf([batch, k, n])];
  const product = productOf(dtype, k, d.known(a.buffer), d.known(b.buffer));
  d.push({
    kind: "matmul",
    name: "matmul",
    dtype,
    batch,
    m,
    n,
    k,
    a,
    b,
    ...epilogue(d, dtype, [batch, m, n], product),
  });
}

/** Windows along one dimension: sizes of input and output, kernel, stride, padding, dilation. */
function windows(random: Random, most: number, dilated: boolean): number[] {
  const kernel = random.between(1, 3);
  const dilation = dilated && random.chance(0.3) ? 2 : 1;
  const reach = (kernel - 1) * dilation + 1;
  const input = random.between(1, most);
  const padding = Math.min(random.below(2), Math.floor(kernel / 2));
  const room = input + 2 * padding - reach;
  if (room < 0) return windows(random, most, dilated);
  const stride = random.between(1, 3);
  const whole = Math.floor(room / stride) + 1;
  // Sometimes a window more, which ends outside.
  const over = random.chance(0.15) && whole * stride < input + padding ? 1 : 0;
  return [input, whole + over, kernel, stride, padding, dilation];
}

export function conv(d: Draft): void {
  const { random } = d;
  if (!d.types.includes("float32")) return;
  const [h, w] = [
    random.chance(0.3) ? [1, 1, 1, 1, 0, 1] : windows(random, 7, true),
    windows(random, 9, true),
  ];
  const pair = (i: number): [number, number] => [h[i]!, w[i]!];
  const groups = random.pick([1, 1, 1, 2, 3]);
  const geometry = {
    batch: random.between(1, 2),
    groups,
    inChannels: groups * random.between(1, 3),
    outChannels: groups * random.between(1, 3),
    input: pair(0),
    output: pair(1),
    kernel: pair(2),
    stride: pair(3),
    padding: pair(4),
    dilation: pair(5),
  };
  const { batch, inChannels, outChannels } = geometry;
  const sizes = {
    x: [batch, inChannels, ...geometry.input],
    w: [outChannels, inChannels / groups, ...geometry.kernel],
    y: [batch, outChannels, ...geometry.output],
  };
  const direction = random.pick(["forward", "input", "weight"] as const);
  const [p, q, r] = ({ forward: "xwy", input: "ywx", weight: "xyw" } as const)[direction] as unknown as (
    | "x"
    | "w"
    | "y"
  )[];
  const access = (size: readonly number[]): Access => d.packed(d.readable("float32", numel(size)), size);
  const [a, b] = [access(sizes[p!]), access(sizes[q!])];
  const terms =
    direction === "weight"
      ? batch * numel(geometry.output)
      : Math.max(inChannels, outChannels) * numel(geometry.kernel);
  const product = productOf("float32", terms, d.known(a.buffer), d.known(b.buffer));
  d.push({
    kind: "conv",
    name: "conv",
    direction,
    geometry,
    a,
    b,
    ...epilogue(d, "float32", sizes[r!], product),
  });
}

/** What is added to: a state or temp that has room, whose sums stay known. */
function sumTarget(d: Draft, dtype: DType, length: number, from: Known, times: number): BufferId | null {
  const id = d.writable(dtype, length);
  if (id === null || (isFloat(dtype) && d.buffers[id]!.kind === "state")) return null;
  const old = d.known(id);
  const bound = old.bound + times * from.bound;
  d.wrote(id, {
    bound,
    error: isFloat(dtype) ? old.error + times * (from.error + 2 * epsilon(dtype) * bound) : 0,
  });
  return id;
}

export function rows(d: Draft): void {
  const { random } = d;
  const mode = random.pick(["gather", "scatterAdd"] as const);
  const dtype = random.pick(d.types);
  const [count, limit] = [random.between(0, 9), random.between(1, 7)];
  const width = random.pick([1, 2, 3, 4, 5, 8, 16, 19]);
  const numbers = d.indexBuffer(Math.max(count, 1), limit);
  const index = d.view(numbers, [count]);
  const step = width + (random.chance(0.2) ? 1 : 0);
  const extent = (n: number): number => Math.max((n - 1) * step + width, 1);
  const from = d.readable(dtype, extent(mode === "gather" ? limit : count));
  let to: Access;
  if (mode === "gather") {
    const id = d.temp(dtype, count * width);
    to = { buffer: id, offset: 0, strides: [width] };
    d.wrote(id, d.known(from));
  } else {
    if (dtype === "bool") return;
    const id = sumTarget(d, dtype, extent(limit), d.known(from), count);
    if (id === null) return;
    to = { buffer: id, offset: random.below(d.buffers[id]!.length - extent(limit) + 1), strides: [step] };
  }
  const source: Access = { buffer: from, offset: 0, strides: [step] };
  d.push({ kind: "rows", name: "rows", mode, dtype, rows: count, width, limit, index, from: source, to });
}

export function elements(d: Draft): void {
  const { random } = d;
  const mode = random.pick(["gather", "scatter", "scatterAdd"] as const);
  const dtype = random.pick(d.types);
  if (mode === "scatterAdd" && dtype === "bool") return;
  const shape = d.sizes(random.between(0, 3), 60);
  const [limit, step] = [random.between(1, 6), random.pick([1, 1, 2, 5])];
  const index = d.view(d.indexBuffer(Math.max(numel(shape), 1), limit), shape);
  const still = random.below(shape.length + 1);
  const moved = (limit - 1) * step;
  const spread = (id: BufferId): Access => {
    // Along one dimension only the number counts; the others are apart where there is room.
    const strides = shape.map(() => 0);
    let gap = random.chance(0.5) ? 1 : limit * step;
    let room = d.buffers[id]!.length - 1 - moved;
    shape.forEach((n, dim) => {
      const reach = Math.max(n - 1, 0) * gap;
      if (dim === still || reach > room) return;
      strides[dim] = gap;
      room -= reach;
      gap *= Math.max(n, 1);
    });
    return { buffer: id, offset: random.below(room + 1), strides };
  };
  const wide = moved + 1 + random.below(60);
  if (mode === "gather") {
    const from = d.readable(dtype, wide);
    const to = d.target(dtype, shape);
    if (d.buffers[to.buffer]!.kind === "state" && isFloat(dtype)) return;
    d.wrote(to.buffer, d.known(from));
    d.push({
      kind: "elements",
      name: "gather",
      mode,
      dtype,
      shape,
      limit,
      step,
      index,
      from: spread(from),
      to,
    });
    return;
  }
  const from = d.readable(dtype, Math.max(numel(shape), 1));
  const to = sumTarget(d, dtype, wide, d.known(from), mode === "scatter" ? 1 : numel(shape));
  if (to === null) return;
  const source = d.view(from, shape);
  d.push({
    kind: "elements",
    name: mode,
    mode,
    dtype,
    shape,
    limit,
    step,
    index,
    from: source,
    to: spread(to),
  });
}

export function pool(d: Draft): void {
  const { random } = d;
  if (floats(d).length === 0) return;
  if (d.maxima.length > 0 && random.chance(0.5)) {
    const step = random.pick(d.maxima);
    const dtype = d.buffers[step.from.buffer]!.dtype;
    const small = [step.planes, ...step.output];
    const from = d.readable(dtype, numel(small));
    const to = d.temp(dtype, step.planes * numel(step.input));
    const known = d.known(from);
    const times = numel(step.kernel);
    d.wrote(to, {
      bound: times * known.bound,
      error: times * (known.error + 8 * epsilon(dtype) * known.bound),
    });
    d.push({
      ...step,
      mode: "maxBackward",
      from: d.packed(from, small),
      to: { buffer: to, offset: 0, strides: [] },
    });
    return;
  }
  const dtype = random.pick(floats(d));
  const mode = random.pick(["max", "average", "averageBackward"] as const);
  const [h, w] = [windows(random, 8, mode === "max"), windows(random, 8, mode === "max")];
  const pair = (i: number): [number, number] => [h[i]!, w[i]!];
  const [input, output, planes] = [pair(0), pair(1), random.between(1, 3)];
  const [large, small] = [
    [planes, ...input],
    [planes, ...output],
  ];
  const [taken, made] = mode === "averageBackward" ? [small, large] : [large, small];
  // Which of two is larger must not depend on roundings.
  const from = d.readable(dtype, numel(taken), mode === "max");
  const to = d.temp(dtype, numel(made));
  const { bound, error } = d.known(from);
  const divisor = mode !== "max" && random.chance(0.3) ? random.between(1, 5) : 0;
  const grown = mode === "max" ? 1 : 9;
  d.wrote(to, {
    bound: grown * bound,
    error: mode === "max" ? 0 : grown * (error + 8 * epsilon(dtype) * bound),
  });
  const index = mode === "max" ? d.temp("int32", numel(made)) : null;
  if (index !== null) {
    d.wrote(index, { bound: numel(input), error: 0 });
    // From here on nobody writes there: a backward pass may still want them.
    d.buffers[index] = { ...d.buffers[index]!, limit: numel(input) };
  }
  const step: PoolStep = {
    kind: "pool",
    name: mode,
    mode,
    planes,
    input,
    output,
    kernel: pair(2),
    stride: pair(3),
    padding: pair(4),
    dilation: pair(5),
    countPadding: random.chance(0.5),
    divisor,
    from: d.packed(from, taken),
    index: index === null ? null : { buffer: index, offset: 0, strides: contiguousStrides(made) },
    to: { buffer: to, offset: 0, strides: contiguousStrides(made) },
  };
  d.push(step);
  if (mode === "max") d.maxima.push(step);
}
