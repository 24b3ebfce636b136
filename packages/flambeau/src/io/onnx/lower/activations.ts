// Activation functions and softmax in ONNX. Floor L5 (io). Source: https://onnx.ai/onnx/operators/

import type { Graph, Ref } from "../graph.ts";
import { float } from "../graph.ts";
import type { Lowering, Lowerings } from "./common.ts";
import { choose, dimAt, first, maybe, optionsAt, tensorAt } from "./common.ts";
import { log1p } from "./elementwise.ts";

interface Options {
  readonly minVal: number;
  readonly maxVal: number;
  readonly threshold: number;
  readonly value: number;
  readonly negativeSlope: number;
  readonly lambd: number;
  readonly alpha: number;
  readonly beta: number;
  readonly approximate: string;
}

const activation =
  (f: (g: Graph, x: Ref, options: Options) => Ref): Lowering =>
  (g, call) =>
    f(g, first(g, call), optionsAt<Options>(call, 1) as Options);

const of = (g: Graph, op: string, x: Ref, value: number): Ref => g.node(op, [x, g.scalar(value, x.dtype)]);
const isAbove = (g: Graph, x: Ref, value: number): Ref =>
  g.node("Greater", [x, g.scalar(value, x.dtype)], {}, "bool");

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|). */
const softplus = (g: Graph, x: Ref): Ref =>
  g.node("Add", [g.node("Relu", [x]), log1p(g, g.node("Exp", [g.node("Neg", [g.node("Abs", [x])])]))]);

function gelu(g: Graph, x: Ref, { approximate = "none" }: Options): Ref {
  if (g.opset >= 20) return g.node("Gelu", [x], { approximate });
  const half = of(g, "Mul", x, 0.5);
  if (approximate === "none") {
    const erf = g.node("Erf", [of(g, "Mul", x, Math.SQRT1_2)]);
    return g.node("Mul", [half, of(g, "Add", erf, 1)]);
  }
  const cube = g.node("Mul", [g.node("Mul", [x, x]), x]);
  const inner = g.node("Add", [x, of(g, "Mul", cube, 0.044715)]);
  const tanh = g.node("Tanh", [of(g, "Mul", inner, Math.sqrt(2 / Math.PI))]);
  return g.node("Mul", [half, of(g, "Add", tanh, 1)]);
}

const along =
  (op: string): Lowering =>
  (g, call) => {
    const { shape } = tensorAt(call, 0);
    const x = first(g, call);
    if (shape.length > 0) return g.node(op, [x], { axis: dimAt(call, 1, shape.length) });
    const y = g.node(op, [g.node("Reshape", [x, g.ints([1])])], { axis: 0 });
    return g.node("Reshape", [y, g.ints([])]);
  };

export const activations: Lowerings = {
  hardtanh: activation((g, x, { minVal, maxVal }) => of(g, "Min", of(g, "Max", x, minVal), maxVal)),
  threshold: activation((g, x, { threshold, value }) =>
    choose(g, isAbove(g, x, threshold), x, g.scalar(value, x.dtype)),
  ),
  leakyRelu: activation((g, x, { negativeSlope }) =>
    g.node("LeakyRelu", [x], { alpha: float(negativeSlope) }),
  ),
  prelu: (g, call) => g.node("PRelu", [first(g, call), maybe(g, call.args[1])]),
  hardshrink: activation((g, x, { lambd }) =>
    choose(g, isAbove(g, g.node("Abs", [x]), lambd), x, g.scalar(0, x.dtype)),
  ),
  softshrink: activation((g, x, { lambd }) =>
    g.node("Shrink", [x], { lambd: float(lambd), bias: float(lambd) }),
  ),
  hardsigmoid: activation((g, x) => g.node("HardSigmoid", [x], { alpha: float(1 / 6), beta: float(0.5) })),
  hardswish: activation((g, x) => g.node("HardSwish", [x])),
  elu: activation((g, x, { alpha }) => g.node("Elu", [x], { alpha: float(alpha) })),
  celu: activation((g, x, { alpha }) => g.node("Celu", [x], { alpha: float(alpha) })),
  selu: activation((g, x) => g.node("Selu", [x])),
  silu: activation((g, x) => g.node("Mul", [x, g.node("Sigmoid", [x])])),
  mish: activation((g, x) => g.node("Mul", [x, g.node("Tanh", [softplus(g, x)])])),
  softplus: activation((g, x, { beta, threshold }) => {
    const z = of(g, "Mul", x, beta);
    return choose(g, isAbove(g, z, threshold), x, of(g, "Div", softplus(g, z), beta));
  }),
  logsigmoid: activation((g, x) => g.node("Neg", [softplus(g, g.node("Neg", [x]))])),
  "nn.functional.gelu()": activation(gelu),
  softmax: along("Softmax"),
  logSoftmax: along("LogSoftmax"),
};
