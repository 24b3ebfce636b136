// Functions of one number: signs, exponentials and logarithms, trigonometry, activations of one formula.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#pointwise-ops

import type { Expr, ExprBuilder } from "../ir/scalar.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { elementwise } from "./define.ts";
import type { Binary, BinaryFloatTensors, Unary, UnaryFloat } from "./signatures.ts";

// ---- signs ----------------------------------------------------------------------------------------------------

/** -x */
export const neg: Unary = elementwise({
  operands: 1,
  saves: "shapes",
  refuses: ["bool"],
  lower: (k, x) => k.neg(x!),
  vjp: [(g) => g.neg()],
});

/** |x|; the gradient at 0 is 0. */
export const abs: Unary = elementwise({
  operands: 1,
  refuses: ["bool"],
  lower: (k, x) => k.abs(x!),
  vjp: [(g, s) => g.mul(s.x.sign())],
});

/** -1, 0 or 1; 0 of NaN. */
export const sign: Unary = elementwise({
  operands: 1,
  saves: "shapes",
  lower: (k, x) => {
    if (x!.dtype === "bool") return x!;
    const number = (v: number): Expr => k.const(v, x!.dtype);
    return k.select(k.gt(x!, 0), number(1), k.select(k.lt(x!, 0), number(-1), number(0)));
  },
  vjp: [(g) => g.zerosLike()],
});

// ---- exponentials and logarithms -------------------------------------------------------------------------------

/** e^x */
export const exp: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.exp(x!),
  saves: "output",
  vjp: [(g, s) => g.mul(s.y)],
});

/** e^x - 1, exact near 0. */
export const expm1: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.expm1(x!),
  saves: "output",
  vjp: [(g, s) => g.mul(s.y.add(1))],
});

/** 2^x */
export const exp2: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.pow(2, x!),
  saves: "output",
  vjp: [(g, s) => g.mul(s.y).mul(Math.LN2)],
});

/** Natural logarithm: -inf at 0, NaN below. */
export const log: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.log(x!),
  vjp: [(g, s) => g.div(s.x)],
});

/** log(1 + x), exact near 0: -inf at -1, NaN below. */
export const log1p: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.log1p(x!),
  vjp: [(g, s) => g.div(s.x.add(1))],
});

/** Logarithm to base 2. */
export const log2: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.mul(k.log(x!), Math.LOG2E),
  vjp: [(g, s) => g.div(s.x.mul(Math.LN2))],
});

/** Logarithm to base 10. */
export const log10: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.mul(k.log(x!), Math.LOG10E),
  vjp: [(g, s) => g.div(s.x.mul(Math.LN10))],
});

// ---- trigonometry (radians) ------------------------------------------------------------------------------------

/** Sine. */
export const sin: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.sin(x!),
  vjp: [(g, s) => g.mul(s.x.cos())],
});

/** Cosine. */
export const cos: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.cos(x!),
  vjp: [(g, s) => g.neg().mul(s.x.sin())],
});

/** Tangent. */
export const tan: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.div(k.sin(x!), k.cos(x!)),
  saves: "output",
  vjp: [(g, s) => g.mul(s.y.square().add(1))],
});

/** Inverse sine, -pi/2..pi/2; NaN outside of -1..1. */
export const asin: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.atan2(x!, complement(k, x!)),
  vjp: [(g, s) => g.mul(s.x.square().neg().add(1).rsqrt())],
});

/** Inverse cosine, 0..pi; NaN outside of -1..1. */
export const acos: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.atan2(complement(k, x!), x!),
  vjp: [(g, s) => g.neg().mul(s.x.square().neg().add(1).rsqrt())],
});

/** sqrt(1 - x^2), as a product, which stays exact near +-1. */
const complement = (k: ExprBuilder, x: Expr): Expr => k.sqrt(k.mul(k.sub(1, x), k.add(1, x)));

/** Inverse tangent, -pi/2..pi/2. */
export const atan: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.atan(x!),
  vjp: [(g, s) => g.div(s.x.square().add(1))],
});

/** The angle of the point (b, a), -pi..pi. */
export const atan2: BinaryFloatTensors<"atan2"> = elementwise({
  operands: 2,
  tensors: 2,
  result: "float",
  lower: (k, a, b) => k.atan2(a!, b!),
  vjp: [
    (g, s) => g.mul(s.b).div(s.a.square().add(s.b.square())),
    (g, s) => g.neg().mul(s.a).div(s.a.square().add(s.b.square())),
  ],
});

// ---- hyperbolic functions --------------------------------------------------------------------------------------

/** (e^x - e^-x) / 2 */
export const sinh: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  // With m = e^x - 1: (m + m / (m + 1)) / 2 loses nothing near 0. Where m overflows, e^(x/2) / 2 * e^(x/2) does not.
  lower: (k, x) => {
    const ax = k.abs(x!);
    const m = k.expm1(ax);
    const small = k.mul(k.add(m, k.div(m, k.add(m, 1))), 0.5);
    const half = k.exp(k.mul(ax, 0.5));
    const size = k.select(k.gt(ax, 80), k.mul(k.mul(half, 0.5), half), small);
    return k.select(k.lt(x!, 0), k.neg(size), k.select(k.eq(x!, 0), x!, size));
  },
  vjp: [(g, s) => g.mul(s.x.cosh())],
});

/** (e^x + e^-x) / 2 */
export const cosh: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => {
    const half = k.exp(k.mul(k.abs(x!), 0.5));
    const e = k.mul(half, half);
    return k.select(k.gt(k.abs(x!), 80), k.mul(k.mul(half, 0.5), half), k.mul(k.add(e, k.div(1, e)), 0.5));
  },
  vjp: [(g, s) => g.mul(s.x.sinh())],
});

/** (e^x - e^-x) / (e^x + e^-x) */
export const tanh: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.tanh(x!),
  few: Math.tanh,
  saves: "output",
  vjp: [(g, s) => tanhGradient(g, s.y)],
});

/** g (1 - y^2), with the square subtracted before it is rounded, as PyTorch's kernel has it. */
const tanhGradient: Binary = elementwise({
  name: "tanhBackward",
  operands: 2,
  lower: (k, g, y) => k.mul(g!, k.fma(k.neg(y!), y!, 1)),
  vjp: [(up, s) => tanhGradient(up, s.b), (up, s) => up.mul(s.a).mul(s.b).mul(-2)],
});

/** log(x + sqrt(x^2 + 1)) */
export const asinh: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => {
    const ax = k.abs(x!);
    const x2 = k.mul(ax, ax);
    const near = k.log1p(k.add(ax, k.div(x2, k.add(1, k.sqrt(k.add(x2, 1))))));
    const size = k.select(k.gt(ax, 1e9), k.add(k.log(ax), Math.LN2), near);
    return k.select(k.lt(x!, 0), k.neg(size), k.select(k.eq(x!, 0), x!, size));
  },
  vjp: [(g, s) => g.mul(s.x.square().add(1).rsqrt())],
});

/** log(x + sqrt(x^2 - 1)); NaN below 1. */
export const acosh: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => {
    const t = k.sub(x!, 1);
    const near = k.log1p(k.add(t, k.mul(k.sqrt(t), k.sqrt(k.add(x!, 1)))));
    return k.select(k.gt(x!, 1e9), k.add(k.log(x!), Math.LN2), near);
  },
  vjp: [(g, s) => g.mul(s.x.square().sub(1).rsqrt())],
});

/** log((1 + x) / (1 - x)) / 2; NaN outside of -1..1. */
export const atanh: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.mul(k.log1p(k.div(k.mul(x!, 2), k.sub(1, x!))), 0.5),
  vjp: [(g, s) => g.div(s.x.square().neg().add(1))],
});

// ---- others ----------------------------------------------------------------------------------------------------

/** 1 / (1 + e^-x) */
export const sigmoid: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.div(1, k.add(1, k.exp(k.neg(x!)))),
  saves: "output",
  vjp: [(g, s) => g.mul(s.y.mul(s.y.neg().add(1)))],
});

/** max(x, 0); the gradient at 0 is 0. */
export const relu: Unary = elementwise({
  operands: 1,
  refuses: ["bool"],
  lower: (k, x) => k.max(x!, 0),
  saves: "output",
  vjp: [(g, s) => passPositive(g, s.y)],
});

/** g where y > 0 (or NaN), else 0. */
const passPositive: (g: AnyTensor, y: AnyTensor) => AnyTensor = elementwise({
  name: "reluBackward",
  operands: 2,
  lower: (k, g, y) => k.select(k.le(y!, 0), 0, g!),
  vjp: [(gg, s) => passPositive(gg, s.b), (gg) => gg.zerosLike()],
});
