// Gradients of pooling: what each element of a plane gets from the windows that it lies in, one plane at a time.
// Floor L2 (backend/wasm/program).

import type { Arg, Code, FunctionBuilder, Local } from "../encoder.ts";
import { f32, f32x4, f64, i8x16, i32, i32x4, v128 } from "../encoder.ts";
import { bump, countUp, lanes32 } from "../matmul/elements.ts";
import { storeVectors } from "../stores.ts";
import type { Pool, Window } from "./pool-geometry.ts";
import { divisorOf, eachElement, isWhole, row, setWindow, toNumber, windowLocals } from "./pool-geometry.ts";

/** Windows side by side, two columns wide: each element of the plane gets from one window at most. */
const isTiled = ({ y, x }: Pool): boolean =>
  isWhole(y) &&
  isWhole(x) &&
  y.padding + x.padding === 0 &&
  (y.kernel === 1 || y.dilation === 1) &&
  x.dilation === 1 &&
  y.stride === y.kernel &&
  x.stride === 2 &&
  x.kernel === 2;

/** Writes dx of a plane from the gradient of the output and, of maxima, their places. */
export function emitBackward(f: FunctionBuilder, p: Pool, from: Local, to: Local, index: Local): void {
  const { step, y, x, bytes, type } = p;
  const number = type === "f64" ? f64 : f32;
  const max = step.mode === "maxBackward";
  const size = y.input * x.input;
  f.memoryFill(to, 0, bytes * size);
  const vertical = windowLocals(f);
  const horizontal = windowLocals(f);
  const oy = f.let("i32", 0);
  const address = f.local("i32");
  const value = f.local(type);
  const add = (place: Arg): void => {
    f.set(address, i32.add(to, i32.mul(place, bytes)));
    f.do(number.store(address, number.add(number.load(address), value)));
  };
  const place = f.local("i32");
  const scalar = (ox: Local): void => {
    f.set(value, number.load(i32.add(from, i32.mul(ox, bytes))));
    if (max) {
      // Whatever the index says, nothing outside of the plane is touched.
      f.set(place, i32.load(i32.add(index, i32.mul(ox, 4))));
      f.if(i32.lt_u(place, size), () => add(place));
      return;
    }
    setWindow(f, horizontal, x, ox, step.countPadding);
    f.set(value, number.div(value, toNumber(p, divisorOf(p, vertical, horizontal.counted))));
    const first = i32.add(vertical.start, i32.mul(vertical.first, y.dilation));
    const column = i32.add(horizontal.start, i32.mul(horizontal.first, x.dilation));
    f.set(place, i32.add(i32.mul(first, x.input), column));
    eachElement(f, p, vertical, horizontal, place, add);
  };
  const vector = isTiled(p) ? (max ? spreadMaxima : spreadMeans)(f, p, vertical, oy, from, to, index) : null;
  countUp(f, oy, y.output, 1, () => {
    if (!max || vector) setWindow(f, vertical, y, oy, step.countPadding);
    row(f, p, vector, scalar);
    bump(f, from, bytes * x.output);
    if (max) bump(f, index, 4 * x.output);
  });
}

type Spread = (
  f: FunctionBuilder,
  p: Pool,
  w: Window,
  oy: Local,
  from: Local,
  to: Local,
  index: Local,
) => (ox: Local) => void;

/** Four gradients, each over the two columns of its window. */
const doubled = (v: Local, half: 0 | 1): Code =>
  i8x16.shuffle(v, v, lanes32(...(half === 0 ? [0, 0, 1, 1] : [2, 2, 3, 3])));

const spreadMeans: Spread = (f, p, w, oy, from, to) => {
  const { y, x } = p;
  const at = f.local("i32");
  const v = f.local("v128");
  return (ox) => {
    const by = toNumber(p, divisorOf(p, w, x.kernel));
    f.set(v, f32x4.div(v128.load(i32.add(from, i32.mul(ox, 4))), f32x4.splat(by)));
    const halves = ([0, 1] as const).map((half) => f.let("v128", doubled(v, half)));
    f.set(at, i32.add(to, i32.add(i32.mul(oy, 4 * y.kernel * x.input), i32.mul(ox, 8))));
    for (let k = 0; k < y.kernel; k++) {
      storeVectors(f, halves, at, 0);
      if (k + 1 < y.kernel) bump(f, at, 4 * x.input);
    }
  };
};

const spreadMaxima: Spread = (f, p, _, oy, from, to, index) => {
  const { y, x } = p;
  const at = f.local("i32");
  const v = f.local("v128");
  const chosen = f.local("v128");
  const places = f.local("v128");
  return (ox) => {
    f.set(v, v128.load(i32.add(from, i32.mul(ox, 4))));
    f.set(chosen, v128.load(i32.add(index, i32.mul(ox, 4))));
    const gradients = ([0, 1] as const).map((half) => f.let("v128", doubled(v, half)));
    const winners = ([0, 1] as const).map((half) => f.let("v128", doubled(chosen, half)));
    f.set(at, i32.add(i32.mul(oy, y.kernel * x.input), i32.mul(ox, 2)));
    f.set(places, i32x4.add(i32x4.splat(at), v128.constI32(0, 1, 2, 3)));
    f.set(at, i32.add(to, i32.mul(at, 4)));
    for (let k = 0; k < y.kernel; k++) {
      const won = winners.map((winner, i) => {
        const own = i === 0 ? places : i32x4.add(places, v128.constI32(4, 4, 4, 4));
        return v128.and(gradients[i]!, i32x4.eq(winner, own));
      });
      storeVectors(f, won, at, 0);
      if (k + 1 === y.kernel) break;
      bump(f, at, 4 * x.input);
      f.set(places, i32x4.add(places, i32x4.splat(i32.const(x.input))));
    }
  };
};
