// Which code computes which mathematical function: vector code for float32, JavaScript's functions for float64.
// Floor L2 (backend/wasm).

import type { DType } from "../../base/dtype.ts";
import { cdf, erf } from "../../ir/erf.ts";
import type { ScalarOp } from "../../ir/scalar.ts";
import type { Code, Local } from "./encoder.ts";
import { call } from "./encoder.ts";
import type { Emitter, Group } from "./lanes.ts";
import { perLane } from "./lanes.ts";
import { erf as erf32, exp, expm1, log, log1p, tanh } from "./math-exp.ts";
import { cdf as cdf32 } from "./math-normal.ts";
import { fmod, pow } from "./math-pow.ts";
import { atan, atan2, cos, sin } from "./math-trig.ts";

const float32: Readonly<Record<string, (e: Emitter, x: Local, y: Local) => Code>> = {
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tanh,
  atan,
  erf: erf32,
  cdf: cdf32,
  pow,
  atan2,
  fmod,
};

/** Functions of JavaScript that kernels import. V8 calls those of Math directly, without leaving WebAssembly. */
export const hostFunctions: Readonly<Record<string, (x: number, y: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  atan: Math.atan,
  erf,
  cdf,
  pow: pow64,
  atan2: Math.atan2,
  fmod: (x, y) => x % y,
};

/** C's pow says that 1^y = (-1)^inf = 1, NaN or not; JavaScript's says NaN. */
function pow64(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y;
}

/** The host functions that a node needs; they are imported before the kernel's code is written. */
export function hostImports(op: ScalarOp, dtype: DType): readonly string[] {
  if (dtype === "float64") return op in hostFunctions ? [op] : [];
  return dtype === "float32" && (op === "sin" || op === "cos" || op === "fmod") ? [op] : [];
}

/** How many arguments a host function takes. */
export const hostArity = (name: string): 1 | 2 =>
  name === "pow" || name === "atan2" || name === "fmod" ? 2 : 1;

/** The code of a function on one group, or null where `op` is none of them. */
export function mathFunctions(
  dtype: DType,
  op: ScalarOp,
): ((e: Emitter, args: readonly Group[]) => Group) | null {
  if (dtype === "float32") {
    const f = float32[op];
    return f ? (e, args) => [e.v(f(e, args[0]![0]!, args[1]?.[0] as Local))] : null;
  }
  if (dtype === "float64" && op in hostFunctions)
    return (e, args) => perLane(e, dtype, args, (...lanes) => call(e.host.get(op)!, ...lanes));
  return null;
}
