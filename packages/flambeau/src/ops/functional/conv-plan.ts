// Where the elements of a convolution meet. The input is spread out so that a step to the next output is a step to the
// next element, whatever the stride: output q needs element q + shift of the spread input, with one shift for each
// element of the kernel. A convolution is then a product of the weight with shifted copies of one array.
// Floor L4 (ops).

import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import type { RowMoves } from "../../ir/routines.ts";
import { inThree } from "./sizes.ts";

/** All that convolution, its adjoint and the gradient of its weight have in common. */
export interface ConvGeometry {
  readonly groups: number;
  /** Extents of what is convolved, of the kernel, and of the result. */
  readonly input: Shape;
  readonly kernel: Shape;
  readonly output: Shape;
  readonly stride: Shape;
  readonly dilation: Shape;
  /** Zeros in front; those behind follow from the extents. */
  readonly padding: Shape;
}

type Three = readonly [number, number, number];

/** The elements of the input that are a multiple of the stride apart: one of the arrays that it is spread into. */
interface Phase {
  readonly first: Three;
  /** The elements of the kernel that meet it, and their shifts. */
  readonly taps: number[];
  readonly shifts: number[];
}

/** A geometry in three dimensions, and what follows from it. */
export class ConvPlan {
  readonly input: Three;
  readonly output: Three;
  readonly stride: Three;
  readonly padding: Three;
  /** Extents of a spread array. */
  readonly grid: Three;
  readonly cells: number;
  readonly taps: number;
  readonly phases: readonly Phase[];
  /** Elements from the first output to the last, both included, in an array that is spread as the input is. */
  readonly span: number;
  /** The largest shift. */
  readonly reach: number;
  /** Whether input and output are alike, element by element, and spread arrays the same as those in memory. */
  readonly pointwise: boolean;

  constructor(g: ConvGeometry) {
    this.input = inThree(g.input, 1);
    this.output = inThree(g.output, 1);
    this.stride = inThree(g.stride, 1);
    this.padding = inThree(g.padding, 0);
    const kernel = inThree(g.kernel, 1);
    const dilation = inThree(g.dilation, 1);
    const out = this.output;
    const grid = out.map((m, i) => m + Math.floor(((kernel[i]! - 1) * dilation[i]!) / this.stride[i]!));
    this.grid = grid as unknown as Three;
    this.cells = numel(grid);
    this.taps = numel(kernel);
    const steps: Three = [grid[1]! * grid[2]!, grid[2]!, 1];
    this.span = (out[0] - 1) * steps[0] + (out[1] - 1) * steps[1] + out[2];
    this.reach = this.cells - this.span;
    const phases = new Map<string, Phase>();
    for (let tap = 0; tap < this.taps; tap++) {
      const at = [
        Math.floor(tap / (kernel[1] * kernel[2])),
        Math.floor(tap / kernel[2]) % kernel[1],
        tap % kernel[2],
      ].map((k, i) => k * dilation[i]!);
      const first = at.map((p, i) => p % this.stride[i]!) as unknown as Three;
      let phase = phases.get(first.join());
      if (!phase) phases.set(first.join(), (phase = { first, taps: [], shifts: [] }));
      phase.taps.push(tap);
      phase.shifts.push(at.reduce((s, p, i) => s + Math.floor(p / this.stride[i]!) * steps[i]!, 0));
    }
    this.phases = [...phases.values()];
    this.pointwise =
      this.taps === 1 &&
      this.stride.every((s) => s === 1) &&
      this.padding.every((p) => p === 0) &&
      this.input.every((l, i) => l === out[i]);
  }
}

const plans = new WeakMap<ConvGeometry, ConvPlan>();
/** The plan of a geometry; the same object gets the same plan. */
export function planOf(g: ConvGeometry): ConvPlan {
  let plan = plans.get(g);
  if (!plan) plans.set(g, (plan = new ConvPlan(g)));
  return plan;
}

const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);

/** From a channel of the input to the array of one phase, which begins at `base`. */
export function inputMoves(plan: ConvPlan, first: Three, base: number): RowMoves {
  const [ld, lh, lw] = plan.input;
  const [gd, gh, gw] = plan.grid;
  const [sd, sh, sw] = plan.stride;
  const zd = first[0] - plan.padding[0];
  const zh = first[1] - plan.padding[1];
  const zw = first[2] - plan.padding[2];
  const w0 = Math.max(0, ceilDiv(-zw, sw));
  const count = Math.min(gw, ceilDiv(lw - zw, sw)) - w0;
  const rows: number[] = [];
  if (count > 0)
    for (let d = Math.max(0, ceilDiv(-zd, sd)); d < gd && d * sd + zd < ld; d++)
      for (let h = Math.max(0, ceilDiv(-zh, sh)); h < gh && h * sh + zh < lh; h++)
        rows.push(((d * sd + zd) * lh + h * sh + zh) * lw + w0 * sw + zw, base + (d * gh + h) * gw + w0);
  return { rows: Int32Array.from(rows), count: Math.max(0, count), fromStep: sw, toStep: 1 };
}

/** From a channel of the output to an array spread as the input is, from `base`. */
export function outputMoves(plan: ConvPlan, base: number): RowMoves {
  const [md, mh, mw] = plan.output;
  const [, gh, gw] = plan.grid;
  const rows: number[] = [];
  for (let d = 0; d < md; d++)
    for (let h = 0; h < mh; h++) rows.push((d * mh + h) * mw, base + (d * gh + h) * gw);
  return { rows: Int32Array.from(rows), count: mw, fromStep: 1, toStep: 1 };
}

/** The same rows the other way. */
export function reversed({ rows, count, fromStep, toStep }: RowMoves): RowMoves {
  const turned = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i += 2) {
    turned[i] = rows[i + 1]!;
    turned[i + 1] = rows[i]!;
  }
  return { rows: turned, count, fromStep: toStep, toStep: fromStep };
}
