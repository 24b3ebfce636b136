// Sums of few float32 numbers, added in PyTorch's order to the last bit.
// Floor L2 (backend/wasm). Source: aten/native/cpu/SumKernel.cpp of PyTorch 1.13 (AVX2: vectors of eight). A loop in
// JavaScript: a call of a kernel costs as much as adding some hundred numbers.

import type { ReduceNest } from "../../ir/nest.ts";
import type { Expr } from "../../ir/scalar.ts";

/** Up to so many elements in all are added here. */
export const fewElements = 512;

const lanes = 8;
const chains = 4;
const levels = 4;
const f = Math.fround;

/** Adds `n` numbers from `start`, `step` apart: blocks of 16 one after the other, whose sums are added likewise. */
function cascade(x: Float32Array, start: number, step: number, n: number): number {
  const power = Math.max(4, Math.floor(ceilLog2(n) / levels));
  const block = 2 ** power;
  const sums = [0, 0, 0, 0];
  let i = 0;
  let at = start;
  while (i + block <= n) {
    for (const end = i + block; i < end; i++, at += step) sums[0] = f(sums[0]! + x[at]!);
    for (let level = 1; level < levels; level++) {
      sums[level] = f(sums[level]! + sums[level - 1]!);
      sums[level - 1] = 0;
      if ((i & ((block - 1) << (level * power))) !== 0) break;
    }
  }
  for (; i < n; i++, at += step) sums[0] = f(sums[0]! + x[at]!);
  return f(f(f(sums[0]! + sums[1]!) + sums[2]!) + sums[3]!);
}

const ceilLog2 = (n: number): number => (n <= 2 ? 1 : 32 - Math.clz32(n - 1));

/** Four cascades side by side, the first of which takes what is left over. */
function fourCascades(x: Float32Array, start: number, step: number, n: number): number {
  const each = Math.floor(n / chains);
  let first = cascade(x, start, chains * step, each);
  for (let i = each * chains; i < n; i++) first = f(first + x[start + i * step]!);
  for (let k = 1; k < chains; k++) first = f(first + cascade(x, start + k * step, chains * step, each));
  return first;
}

/** A row: every eighth number by itself, after the numbers that do not fill a group of eight. */
function row(x: Float32Array, start: number, n: number): number {
  const groups = Math.floor(n / lanes);
  let sum = 0;
  for (let i = groups * lanes; i < n; i++) sum = f(sum + x[start + i]!);
  for (let lane = 0; lane < lanes; lane++) sum = f(sum + fourCascades(x, start + lane, lanes, groups));
  return sum;
}

/** Columns that PyTorch adds in groups: one cascade each. The others have four. */
const grouped = (cols: number): number =>
  cols < lanes ? cols - (cols % chains) : cols - (cols % (chains * lanes));

type SmallSum = (
  outer: number,
  reduced: number,
  inner: number,
  out: Float32Array,
  outOffset: number,
  input: Float32Array,
  inputOffset: number,
  count: number,
) => void;

const isInput = (e: Expr, number: number): boolean => e.op === "input" && e.value === number;

/** Runs a sum or a mean of float32 numbers as they are; null for any other nest. */
export function smallSum(nest: ReduceNest): SmallSum | null {
  const { post } = nest;
  const mean = post !== null && post.op === "div" && isInput(post.args[0]!, 0) && isInput(post.args[1]!, 1);
  if (nest.combine !== "sum" || nest.input !== "float32" || !isInput(nest.body, 0) || (post && !mean))
    return null;
  return (outer, reduced, inner, out, outOffset, input, inputOffset, count) => {
    const single = grouped(inner);
    for (let o = 0; o < outer; o++)
      for (let c = 0; c < inner; c++) {
        const start = inputOffset + o * reduced * inner + c;
        const sum =
          inner === 1
            ? row(input, start, reduced)
            : c < single
              ? cascade(input, start, inner, reduced)
              : fourCascades(input, start, inner, reduced);
        out[outOffset + o * inner + c] = mean ? sum / count : sum;
      }
  };
}
