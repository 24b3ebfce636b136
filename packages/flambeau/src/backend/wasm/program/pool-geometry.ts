// Windows of pooling: which outputs lie so far inside that vectors need no care, and how windows are cut at the border.
// Floor L2 (backend/wasm/program).

import type { PoolStep } from "../../../ir/program.ts";
import type { Arg, Code, FunctionBuilder, Local } from "../encoder.ts";
import { f32, f64, i32, select } from "../encoder.ts";
import { bump, countUp } from "../matmul/elements.ts";

export interface Pool {
  readonly step: PoolStep;
  readonly y: Side;
  readonly x: Side;
  readonly type: "f32" | "f64";
  readonly bytes: 4 | 8;
}

/** One dimension of the windows. */
export interface Side {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  /** Outputs [from, to) have whole windows inside of the plane. */
  readonly from: number;
  readonly to: number;
}

export function sideOf(step: PoolStep, d: 0 | 1): Side {
  const [input, output, kernel, stride] = [step.input[d], step.output[d], step.kernel[d], step.stride[d]];
  const [padding, dilation] = [step.padding[d], step.dilation[d]];
  const from = Math.min(output, Math.ceil(padding / stride));
  const last = Math.floor((input - 1 - (kernel - 1) * dilation + padding) / stride);
  const to = Math.max(from, Math.min(output, last + 1));
  return { input, output, kernel, stride, padding, dilation, from, to };
}

export const isWhole = ({ from, to, output }: Side): boolean => from === 0 && to === output;

/** A window's elements that lie inside: from number `first` of the kernel on, `count` of them; and how many a mean counts. */
export interface Window {
  /** Place of the kernel's first element, which may be negative. */
  readonly start: Local;
  readonly first: Local;
  readonly count: Local;
  readonly counted: Local;
}

const larger = (x: Local, y: number): Code => select("i32", x, y, i32.gt_s(x, y));
const smaller = (x: Local, y: number): Code => select("i32", x, y, i32.lt_s(x, y));

export function windowLocals(f: FunctionBuilder): Window {
  return { start: f.local("i32"), first: f.local("i32"), count: f.local("i32"), counted: f.local("i32") };
}

/** Sets the window of output number `at`. */
export function setWindow(f: FunctionBuilder, w: Window, s: Side, at: Arg, countPadding: boolean): void {
  f.set(w.start, i32.sub(i32.mul(at, s.stride), s.padding));
  if (isWhole(s)) {
    f.set(w.first, 0);
    f.set(w.count, s.kernel);
    f.set(w.counted, s.kernel);
    return;
  }
  // Places start + k * dilation below a limit: k < ceil((limit - start) / dilation), which is at least 0 here.
  const below = (to: Local, limit: number): void => {
    f.set(to, i32.sub(limit + s.dilation - 1, w.start));
    f.set(to, larger(to, 0));
    f.set(to, i32.div_u(to, s.dilation));
    f.set(to, smaller(to, s.kernel));
  };
  below(w.first, 0);
  below(w.count, s.input);
  f.set(w.count, i32.sub(w.count, w.first));
  f.set(w.count, larger(w.count, 0));
  if (countPadding) below(w.counted, s.input + s.padding);
  else f.set(w.counted, w.count);
}

/** Stretches of a row of outputs: `vector` where whole windows lie side by side, `scalar` elsewhere. */
export function row(
  f: FunctionBuilder,
  { x, type }: Pool,
  vector: ((at: Local) => void) | null,
  scalar: (at: Local) => void,
): void {
  const at = f.let("i32", 0);
  if (!vector || type === "f64" || x.to - x.from < 4) {
    countUp(f, at, x.output, 1, () => scalar(at));
    return;
  }
  if (x.from > 0) countUp(f, at, x.from, 1, () => scalar(at));
  // The last four may be some of those before again.
  f.block((leave) =>
    f.loop((again) => {
      vector(at);
      f.brIf(leave, i32.eq(at, x.to - 4));
      bump(f, at, 4);
      f.if(i32.gt_s(at, x.to - 4), () => f.set(at, x.to - 4));
      f.br(again);
    }),
  );
  if (x.to < x.output) {
    f.set(at, x.to);
    countUp(f, at, x.output, 1, () => scalar(at));
  }
}

/** body(place) for each element of a window that lies in the plane; `here` is the place of the first. */
export function eachElement(
  f: FunctionBuilder,
  { y, x }: Pool,
  vertical: Window,
  horizontal: Window,
  here: Local,
  body: (place: Local) => void,
): void {
  const q = f.local("i32");
  const ky = f.let("i32", 0);
  const kx = f.local("i32");
  countUp(f, ky, vertical.count, 1, () => {
    f.set(q, here);
    f.set(kx, 0);
    countUp(f, kx, horizontal.count, 1, () => {
      body(q);
      bump(f, q, x.dilation);
    });
    bump(f, here, y.dilation * x.input);
  });
}

/** What a sum over a window is divided by: a number where it is known. */
export function divisorOf({ step: { divisor } }: Pool, vertical: Window, columns: Arg): Code | number {
  return divisor !== 0 ? divisor : i32.mul(vertical.counted, columns);
}

export const toNumber = ({ type }: Pool, x: Code | number): Code => {
  const number = type === "f64" ? f64 : f32;
  return typeof x === "number" ? number.const(x) : number.convert_i32_s(x);
};
