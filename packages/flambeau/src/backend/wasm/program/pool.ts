// Pooling in programs: windows of planes, forward and backward. Four outputs at a time where their windows lie inside of
// the plane, one at a time at the border. Floor L2 (backend/wasm/program). Planes are shared among threads.

import { RuntimeError } from "../../../base/errors.ts";
import type { PoolStep } from "../../../ir/program.ts";
import type { Code, FunctionBuilder, Local } from "../encoder.ts";
import { call, f32, f32x4, f64, i8x16, i32, i32x4, v128 } from "../encoder.ts";
import { bump, countUp, i32s, lanes32 } from "../matmul/elements.ts";
import type { Context, StepEmitter } from "./context.ts";
import { emitBackward } from "./pool-backward.ts";
import type { Pool, Side, Window } from "./pool-geometry.ts";
import {
  divisorOf,
  eachElement,
  isWhole,
  row,
  setWindow,
  sideOf,
  toNumber,
  windowLocals,
} from "./pool-geometry.ts";
import { repeat } from "./repeat.ts";

export const poolCode: StepEmitter<PoolStep> = (step, buffers) => {
  const { dtype } = buffers[step.to.buffer]!;
  if (dtype !== "float32" && dtype !== "float64")
    throw new RuntimeError(`programs: ${step.name} pools ${dtype}; compiled pooling is float32 or float64`);
  const wide = dtype === "float64";
  const p: Pool = {
    step,
    y: sideOf(step, 0),
    x: sideOf(step, 1),
    type: wide ? "f64" : "f32",
    bytes: wide ? 8 : 4,
  };
  const { name, mode, planes, kernel, countPadding, divisor } = step;
  const elements = planes * (p.y.input * p.x.input + p.y.output * p.x.output);
  return {
    key: `pool ${mode} ${dtype} ${planes} ${JSON.stringify([p.y, p.x])} ${countPadding} ${divisor}`,
    name,
    addresses: step.index ? [step.from, step.to, step.index] : [step.from, step.to],
    sharedBytes: 0,
    ownBytes: 0,
    flops: planes * p.y.output * p.x.output * kernel[0] * kernel[1],
    bytes: p.bytes * elements + (step.index ? 4 * planes * p.y.output * p.x.output : 0),
    emit: (c) => emitPool(c, p),
  };
};

function emitPool(c: Context, p: Pool): void {
  const { f } = c;
  const backward = p.step.mode === "maxBackward" || p.step.mode === "averageBackward";
  const [from, to, index] = c.addresses as [Local, Local, Local?];
  const plane = c.module.func("poolPlane", i32s("from", "to", "index"), [], (g, x) => {
    if (backward) emitBackward(g, p, x.from, x.to, x.index);
    else emitForward(g, p, x.from, x.to, x.index);
  });
  const small = p.y.output * p.x.output;
  const large = p.y.input * p.x.input;
  const { start, end } = c.share(p.step.planes, 1);
  const n = f.let("i32", start);
  countUp(f, n, end, 1, () => {
    const source = i32.add(from, i32.mul(n, p.bytes * (backward ? small : large)));
    const target = i32.add(to, i32.mul(n, p.bytes * (backward ? large : small)));
    f.do(call(plane, source, target, index ? i32.add(index, i32.mul(n, 4 * small)) : 0));
  });
}

function emitForward(f: FunctionBuilder, p: Pool, from: Local, to: Local, index: Local): void {
  const { step, y, x, bytes } = p;
  const vertical = windowLocals(f);
  const place = f.local("i32");
  const oy = f.let("i32", 0);
  countUp(f, oy, y.output, 1, () => {
    setWindow(f, vertical, y, oy, step.countPadding);
    // The first row of the window that lies in the plane.
    f.set(place, i32.mul(i32.add(vertical.start, i32.mul(vertical.first, y.dilation)), x.input));
    const make = step.mode === "max" ? maxima : means;
    const { vector, scalar } = make(f, p, vertical, from, place, to, index);
    row(f, p, vector, scalar);
    bump(f, to, bytes * x.output);
    if (step.mode === "max") bump(f, index, 4 * x.output);
  });
}

interface Outputs {
  readonly vector: (at: Local) => void;
  readonly scalar: (at: Local) => void;
}

/** Rows of a window: body() for each, with the number of the row in the kernel unrolled where no window is cut. */
function windowRows(f: FunctionBuilder, y: Side, w: Window, body: () => void): void {
  if (isWhole(y)) {
    repeat(f, y.kernel, body);
    return;
  }
  const left = f.let("i32", w.count);
  f.block((leave) =>
    f.loop((again) => {
      f.brIf(leave, i32.eqz(left));
      body();
      bump(f, left, -1);
      f.br(again);
    }),
  );
}

/** For four neighbouring windows that begin at `at`: element `k` of a row of each, `stride` apart. */
function fourElements(f: FunctionBuilder, { x }: Pool, at: Local): (k: number) => Local {
  const pairs = new Map<number, [Local, Local]>();
  return (k) => {
    const offset = k * x.dilation;
    const v = f.local("v128");
    if (x.stride === 1) f.set(v, v128.load(at, 4 * offset));
    else if (x.stride === 2) {
      const base = offset - (offset % 2);
      let pair = pairs.get(base);
      if (!pair) {
        pair = [f.let("v128", v128.load(at, 4 * base)), f.let("v128", v128.load(at, 4 * base + 16))];
        pairs.set(base, pair);
      }
      const odd = offset % 2;
      f.set(v, i8x16.shuffle(pair[0], pair[1], lanes32(odd, 2 + odd, 4 + odd, 6 + odd)));
    } else {
      f.set(v, v128.load32_zero(at, 4 * offset));
      for (let l = 1; l < 4; l++) f.set(v, v128.load32_lane(at, v, l, 4 * (offset + l * x.stride)));
    }
    return v;
  };
}

/** Where the windows of outputs from number `at` on begin in a row. */
const columnOf = ({ x }: Pool, at: Local): Code => i32.sub(i32.mul(at, x.stride), x.padding);

/** PyTorch's order: a later element wins if it is larger or a NaN. */
function maxima(
  f: FunctionBuilder,
  p: Pool,
  w: Window,
  from: Local,
  place: Local,
  to: Local,
  index: Local,
): Outputs {
  const { y, x, bytes, type } = p;
  const number = type === "f64" ? f64 : f32;
  const horizontal = windowLocals(f);
  const at = f.local("i32");
  const here = f.local("i32");
  const rowBytes = bytes * y.dilation * x.input;
  return {
    vector: (ox) => {
      const best = f.let("v128", f32x4.splat(f32.const(Number.NEGATIVE_INFINITY)));
      f.set(here, i32.add(place, columnOf(p, ox)));
      const places = f.let(
        "v128",
        i32x4.add(i32x4.splat(here), v128.constI32(0, x.stride, 2 * x.stride, 3 * x.stride)),
      );
      const best_i = f.let("v128", places);
      f.set(at, i32.add(from, i32.mul(here, 4)));
      const mask = f.local("v128");
      windowRows(f, y, w, () => {
        const element = fourElements(f, p, at);
        for (let k = 0; k < x.kernel; k++) {
          const v = element(k);
          f.set(mask, v128.or(f32x4.gt(v, best), f32x4.ne(v, v)));
          f.set(best, v128.bitselect(v, best, mask));
          const q = k === 0 ? places : i32x4.add(places, i32x4.splat(i32.const(k * x.dilation)));
          f.set(best_i, v128.bitselect(q, best_i, mask));
        }
        bump(f, at, rowBytes);
        f.set(places, i32x4.add(places, i32x4.splat(i32.const(y.dilation * x.input))));
      });
      f.do(v128.store(i32.add(to, i32.mul(ox, 4)), best));
      f.do(v128.store(i32.add(index, i32.mul(ox, 4)), best_i));
    },
    scalar: (ox) => {
      const best = f.let(type, Number.NEGATIVE_INFINITY);
      const value = f.local(type);
      const found = f.let("i32", 0);
      setWindow(f, horizontal, x, ox, false);
      const first = i32.add(horizontal.start, i32.mul(horizontal.first, x.dilation));
      f.set(here, i32.add(place, first));
      f.if(i32.and(i32.gt_s(w.count, 0), i32.gt_s(horizontal.count, 0)), () => f.set(found, here));
      eachElement(f, p, w, horizontal, here, (q) => {
        f.set(value, number.load(i32.add(from, i32.mul(q, bytes))));
        f.if(i32.or(number.gt(value, best), number.ne(value, value)), () => {
          f.set(best, value);
          f.set(found, q);
        });
      });
      f.do(number.store(i32.add(to, i32.mul(ox, bytes)), best));
      f.do(i32.store(i32.add(index, i32.mul(ox, 4)), found));
    },
  };
}

function means(f: FunctionBuilder, p: Pool, w: Window, from: Local, place: Local, to: Local): Outputs {
  const { y, x, bytes, type, step } = p;
  const number = type === "f64" ? f64 : f32;
  const horizontal = windowLocals(f);
  const at = f.local("i32");
  return {
    vector: (ox) => {
      const sum = f.let("v128", v128.constI32(0));
      f.set(at, i32.add(from, i32.mul(i32.add(place, columnOf(p, ox)), 4)));
      windowRows(f, y, w, () => {
        const element = fourElements(f, p, at);
        for (let k = 0; k < x.kernel; k++) f.set(sum, f32x4.add(sum, element(k)));
        bump(f, at, 4 * y.dilation * x.input);
      });
      const by = divisorOf(p, w, x.kernel);
      const divisor = typeof by === "number" ? f32.const(by) : f32.convert_i32_s(by);
      f.do(v128.store(i32.add(to, i32.mul(ox, 4)), f32x4.div(sum, f32x4.splat(divisor))));
    },
    scalar: (ox) => {
      const sum = f.let(type, 0);
      setWindow(f, horizontal, x, ox, step.countPadding);
      const here = f.let(
        "i32",
        i32.add(place, i32.add(horizontal.start, i32.mul(horizontal.first, x.dilation))),
      );
      eachElement(f, p, w, horizontal, here, (q) => {
        f.set(sum, number.add(sum, number.load(i32.add(from, i32.mul(q, bytes)))));
      });
      const divided = f.let(type, number.div(sum, toNumber(p, divisorOf(p, w, horizontal.counted))));
      const some = i32.and(i32.gt_s(w.count, 0), i32.gt_s(horizontal.count, 0));
      f.if(i32.eqz(some), () => f.set(divided, 0));
      f.do(number.store(i32.add(to, i32.mul(ox, bytes)), divided));
    },
  };
}
