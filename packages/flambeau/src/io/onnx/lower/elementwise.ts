// Elementwise ops in ONNX: arithmetic, comparisons, functions of one number. Floor L5 (io).
// Source: https://onnx.ai/onnx/operators/

import type { DType } from "../../../base/dtype.ts";
import { isFloat } from "../../../base/dtype.ts";
import type { Graph, Ref } from "../graph.ts";
import type { Call } from "../merge.ts";
import { isGraphValue } from "../merge.ts";
import type { Lowering, Lowerings } from "./common.ts";
import {
  choose,
  commonDType,
  dtypeOf,
  first,
  operand,
  optionsAt,
  refuse,
  tensorAt,
  widened,
} from "./common.ts";

/** A function of one operand in the dtype of the result. */
const unary =
  (f: string | ((g: Graph, x: Ref) => Ref)): Lowering =>
  (g, call) => {
    const x = g.cast(first(g, call), dtypeOf(call));
    if (typeof f === "string") return widened(g, x.dtype, [x], (v) => g.node(f, [v]));
    return f(g, x);
  };

/** The same, where integers stay as they are. */
const rounding =
  (f: (g: Graph, x: Ref) => Ref): Lowering =>
  (g, call) => {
    const x = first(g, call);
    return isFloat(x.dtype) ? f(g, x) : x;
  };

/** A function of two operands in their common dtype; bools by another one, if given. */
export const binary =
  (f: string | ((g: Graph, a: Ref, b: Ref, call: Call) => Ref), ofBools?: string): Lowering =>
  (g, call) => {
    const natural = commonDType(call.args.slice(0, 2));
    // In place, and for divisions, the result has a dtype of its own.
    const dtype: DType = isFloat(dtypeOf(call)) && !isFloat(natural) ? dtypeOf(call) : natural;
    const [a, b] = [operand(g, call, call.args[0], dtype), operand(g, call, call.args[1], dtype)];
    if (dtype === "bool" && ofBools) return g.node(ofBools, [a, b]);
    return typeof f === "string" ? widened(g, dtype, [a, b], (x, y) => g.node(f, [x, y])) : f(g, a, b, call);
  };

const comparison =
  (op: string, negated = false): Lowering =>
  (g, call) => {
    const dtype = commonDType(call.args.slice(0, 2));
    // Bytes and bools are compared as integers.
    const wide: DType = dtype === "uint8" || dtype === "bool" ? "int32" : dtype;
    const operands = [0, 1].map((i) => g.cast(operand(g, call, call.args[i], dtype), wide));
    const y = g.node(op, operands, {}, "bool");
    return negated ? g.node("Not", [y]) : y;
  };

const logical =
  (op: string): Lowering =>
  (g, call) => {
    const operands = [0, 1].map((i) => {
      const x = call.args[i];
      return isGraphValue(x) ? g.cast(g.ref(x), "bool") : g.scalar(Number(x) !== 0, "bool");
    });
    return g.node(op, operands, {}, "bool");
  };

const bitwise =
  (op: string, ofBools: string): Lowering =>
  (g, call) => {
    if (commonDType(call.args.slice(0, 2)) !== "bool" && g.opset < 18)
      return refuse(call, "needs opset 18 or later for integers");
    return binary(op, ofBools)(g, call);
  };

const times = (g: Graph, x: Ref, factor: number): Ref => g.node("Mul", [x, g.scalar(factor, x.dtype)]);
const plus = (g: Graph, x: Ref, summand: number): Ref => g.node("Add", [x, g.scalar(summand, x.dtype)]);
const isNegative = (g: Graph, x: Ref): Ref => g.node("Less", [x, g.scalar(0, x.dtype)], {}, "bool");

/** Towards zero. */
const truncated = (g: Graph, x: Ref): Ref =>
  g.node("Mul", [g.node("Sign", [x]), g.node("Floor", [g.node("Abs", [x])])]);

/** a - floor(a / b) b, with the sign of b. */
function remainder(g: Graph, a: Ref, b: Ref): Ref {
  if (!isFloat(a.dtype)) return widened(g, a.dtype, [a, b], (x, y) => g.node("Mod", [x, y]));
  const rest = g.node("Mod", [a, b], { fmod: 1 });
  const isRest = g.node("Not", [g.node("Equal", [rest, g.scalar(0, a.dtype)], {}, "bool")]);
  const otherSign = g.node("Xor", [isNegative(g, rest), isNegative(g, b)]);
  return choose(g, g.node("And", [isRest, otherSign]), g.node("Add", [rest, b]), rest);
}

function floorDivided(g: Graph, a: Ref, b: Ref): Ref {
  if (!isFloat(a.dtype))
    return widened(g, a.dtype, [a, b], (x, y) =>
      g.node("Div", [g.node("Sub", [x, g.node("Mod", [x, y])]), y]),
    );
  return g.node("Round", [g.node("Div", [g.node("Sub", [a, remainder(g, a, b)]), b])]);
}

const divided: Lowering = (g, call) => {
  const { roundingMode } = optionsAt<{ roundingMode: string | null }>(call, 2);
  if (roundingMode === "floor") return binary(floorDivided)(g, call);
  if (roundingMode !== "trunc") return binary("Div")(g, call);
  return binary((_, a, b) => {
    if (isFloat(a.dtype)) return truncated(g, g.node("Div", [a, b]));
    return widened(g, a.dtype, [a, b], (x, y) => g.node("Div", [x, y]));
  })(g, call);
};

/** a + alpha b. */
const added = (op: "Add" | "Sub"): Lowering =>
  binary((g, a, b, call) => {
    const { alpha } = optionsAt<{ alpha: number }>(call, 2);
    const scaled =
      alpha === undefined || alpha === 1
        ? b
        : widened(g, b.dtype, [b], (x) => g.node("Mul", [x, operand(g, call, alpha, x.dtype)]));
    return widened(g, a.dtype, [a, scaled], (x, y) => g.node(op, [x, y]));
  });

/** e^x - 1 = 2 e^(x/2) sinh(x/2), which loses nothing near 0. */
function expm1(g: Graph, x: Ref): Ref {
  const half = times(g, g.node("Max", [x, g.scalar(-80, x.dtype)]), 0.5);
  return times(g, g.node("Mul", [g.node("Exp", [half]), g.node("Sinh", [half])]), 2);
}

/** log(1 + x); near 0 as 2 atanh(x / (2 + x)). */
export function log1p(g: Graph, x: Ref): Ref {
  const small = g.node("Less", [g.node("Abs", [x]), g.scalar(0.5, x.dtype)], {}, "bool");
  const near = times(g, g.node("Atanh", [g.node("Div", [x, plus(g, x, 2)])]), 2);
  return choose(g, small, near, g.node("Log", [plus(g, x, 1)]));
}

function atan2(g: Graph, y: Ref, x: Ref): Ref {
  const zero = g.scalar(0, x.dtype);
  const angle = g.node("Atan", [g.node("Div", [y, x])]);
  const half = choose(g, isNegative(g, y), g.scalar(-Math.PI, x.dtype), g.scalar(Math.PI, x.dtype));
  const turned = choose(g, isNegative(g, x), g.node("Add", [angle, half]), angle);
  // 0 / 0 is no number, and atan2(0, 0) is 0.
  const none = g.node("And", [
    g.node("Equal", [x, zero], {}, "bool"),
    g.node("Equal", [y, zero], {}, "bool"),
  ]);
  return choose(g, none, zero, turned);
}

/** log(e^a + e^b) without overflow. */
export function logaddexp(g: Graph, a: Ref, b: Ref): Ref {
  const distance = g.node("Neg", [g.node("Abs", [g.node("Sub", [a, b])])]);
  return g.node("Add", [g.node("Max", [a, b]), log1p(g, g.node("Exp", [distance]))]);
}

const isInfinite = (g: Graph, x: Ref): Ref => g.node("IsInf", [x], {}, "bool");
const isNan = (g: Graph, x: Ref): Ref => g.node("IsNaN", [x], {}, "bool");
const isOrdinary = (g: Graph, x: Ref): Ref => g.node("Not", [g.node("Or", [isInfinite(g, x), isNan(g, x)])]);

/** A test of floats; integers are never NaN, nor infinite. */
const test =
  (f: (g: Graph, x: Ref) => Ref, wide: DType = "float32"): Lowering =>
  (g, call) => {
    const x = first(g, call);
    return f(g, isFloat(x.dtype) ? x : g.cast(x, wide));
  };

const ternary =
  (f: (g: Graph, x: Ref, a: Ref, b: Ref, call: Call) => Ref): Lowering =>
  (g, call) => {
    const dtype = dtypeOf(call);
    const [x, a, b] = [0, 1, 2].map((i) => operand(g, call, call.args[i], dtype)) as [Ref, Ref, Ref];
    return f(g, x, a, b, call);
  };

const scaledBy = (g: Graph, x: Ref, call: Call): Ref => {
  const { value } = optionsAt<{ value: number }>(call, 3);
  return value === undefined || value === 1 ? x : g.node("Mul", [x, operand(g, call, value, x.dtype)]);
};

export const elementwise: Lowerings = {
  abs: unary((g, x) => (x.dtype === "uint8" ? x : g.node("Abs", [x]))),
  neg: unary("Neg"),
  sign: unary("Sign"),
  exp: unary("Exp"),
  exp2: unary((g, x) => g.node("Pow", [g.scalar(2, x.dtype), x])),
  expm1: unary(expm1),
  log: unary("Log"),
  log1p: unary(log1p),
  log2: unary((g, x) => times(g, g.node("Log", [x]), Math.LOG2E)),
  log10: unary((g, x) => times(g, g.node("Log", [x]), Math.LOG10E)),
  sin: unary("Sin"),
  cos: unary("Cos"),
  tan: unary("Tan"),
  asin: unary("Asin"),
  acos: unary("Acos"),
  atan: unary("Atan"),
  sinh: unary("Sinh"),
  cosh: unary("Cosh"),
  tanh: unary("Tanh"),
  asinh: unary("Asinh"),
  acosh: unary("Acosh"),
  atanh: unary("Atanh"),
  sigmoid: unary("Sigmoid"),
  relu: unary("Relu"),
  erf: unary("Erf"),
  erfc: unary((g, x) => g.node("Sub", [g.scalar(1, x.dtype), g.node("Erf", [x])])),
  sqrt: unary("Sqrt"),
  std: unary("Sqrt"),
  rsqrt: unary((g, x) => g.node("Reciprocal", [g.node("Sqrt", [x])])),
  reciprocal: unary("Reciprocal"),
  square: unary((g, x) => widened(g, x.dtype, [x], (v) => g.node("Mul", [v, v]))),
  floor: rounding((g, x) => g.node("Floor", [x])),
  ceil: rounding((g, x) => g.node("Ceil", [x])),
  round: rounding((g, x) => g.node("Round", [x])),
  trunc: rounding(truncated),
  frac: unary((g, x) => g.node("Sub", [x, truncated(g, x)])),
  isnan: test(isNan),
  isinf: test(isInfinite),
  isfinite: test(isOrdinary),
  logicalNot: (g, call) => g.node("Not", [g.cast(first(g, call), "bool")]),
  bitwiseNot: (g, call) => {
    const x = first(g, call);
    if (x.dtype === "bool") return g.node("Not", [x]);
    return g.opset < 18 ? refuse(call, "needs opset 18 or later for integers") : g.node("BitwiseNot", [x]);
  },

  add: added("Add"),
  sub: added("Sub"),
  mul: binary("Mul", "And"),
  div: divided,
  floorDivide: binary(floorDivided),
  fmod: binary((g, a, b) => widened(g, a.dtype, [a, b], (x, y) => g.node("Mod", [x, y], { fmod: 1 }))),
  remainder: binary(remainder),
  pow: binary("Pow"),
  maximum: binary("Max", "Or"),
  minimum: binary("Min", "And"),
  fmax: binary((g, a, b) => choose(g, isNan(g, a), b, choose(g, isNan(g, b), a, g.node("Max", [a, b])))),
  fmin: binary((g, a, b) => choose(g, isNan(g, a), b, choose(g, isNan(g, b), a, g.node("Min", [a, b])))),
  clampMin: binary("Max"),
  clampMax: binary("Min"),
  atan2: binary(atan2),
  logaddexp: binary(logaddexp),
  hypot: binary((g, a, b) => g.node("Sqrt", [g.node("Add", [g.node("Mul", [a, a]), g.node("Mul", [b, b])])])),
  xlogy: binary((g, a, b) =>
    choose(
      g,
      g.node("Equal", [a, g.scalar(0, a.dtype)], {}, "bool"),
      g.node("Where", [isNan(g, b), b, g.scalar(0, a.dtype)], {}, a.dtype),
      g.node("Mul", [a, g.node("Log", [b])]),
    ),
  ),
  eq: comparison("Equal"),
  ne: comparison("Equal", true),
  lt: comparison("Less"),
  le: comparison("LessOrEqual"),
  gt: comparison("Greater"),
  ge: comparison("GreaterOrEqual"),
  logicalAnd: logical("And"),
  logicalOr: logical("Or"),
  logicalXor: logical("Xor"),
  bitwiseAnd: bitwise("BitwiseAnd", "And"),
  bitwiseOr: bitwise("BitwiseOr", "Or"),
  bitwiseXor: bitwise("BitwiseXor", "Xor"),

  where: (g, call) => {
    const dtype = dtypeOf(call);
    const [a, b] = [1, 2].map((i) => operand(g, call, call.args[i], dtype)) as [Ref, Ref];
    return choose(g, g.cast(first(g, call), "bool"), a, b);
  },
  lerp: ternary((g, x, a, w) => g.node("Add", [x, g.node("Mul", [w, g.node("Sub", [a, x])])])),
  addcmul: ternary((g, x, a, b, call) => g.node("Add", [x, scaledBy(g, g.node("Mul", [a, b]), call)])),
  addcdiv: ternary((g, x, a, b, call) => g.node("Add", [x, scaledBy(g, g.node("Div", [a, b]), call)])),

  toCopy: (g, call) => g.cast(g.ref(tensorAt(call, 0)), dtypeOf(call)),
  clone: first,
  contiguous: first,
};
