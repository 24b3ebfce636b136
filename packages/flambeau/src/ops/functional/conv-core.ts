// Convolution, its adjoint and the gradient of its weight, each differentiable through the others.
// Floor L4 (ops). Source: ATen/native/Convolution.cpp

import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import { convolved, convolvedBack, convolvedWeight } from "./conv-kernels.ts";
import type { ConvGeometry } from "./conv-plan.ts";

type Bias = AnyTensor | null;
/** Every output is a sum over a kernel: `y` has the outputs' shape [N, O, ...], `weight` is [O, C / groups, ...]. */
const flops = (y: AnyTensor, weight: AnyTensor): number =>
  weight.shape[0] === 0 ? 0 : (2 * numel(y.shape) * numel(weight.shape)) / weight.shape[0];
// Adjacent dimensions first: that is several times faster than all at once.
const ofChannels = (g: AnyTensor): AnyTensor => g.flatten(2).sum(-1).sum(0);

/** The convolution of [N, C, ...] with [O, C / groups, ...]. */
export const convolution: (x: AnyTensor, weight: AnyTensor, bias: Bias, g: ConvGeometry) => AnyTensor = op({
  name: "convolution",
  saves: "inputs",
  flops: (out, _x, weight) => flops(out, weight!),
  forward: (x: AnyTensor, weight: AnyTensor, bias: Bias, g: ConvGeometry) =>
    convolved(x.contiguous(), weight.contiguous(), bias, g),
  vjp: (g, s) => [
    s.edges[0] ? convolutionBack(g, s.at(1), null, s.meta(3)) : null,
    s.edges[1] ? convolutionWeight(s.at(0), g, s.meta(3)) : null,
    s.edges[2] ? ofChannels(g) : null,
  ],
});

/** Its adjoint: from outputs [N, O, ...] to inputs [N, C, ...]; `bias` [C] is added. */
export const convolutionBack: (y: AnyTensor, weight: AnyTensor, bias: Bias, g: ConvGeometry) => AnyTensor =
  op({
    name: "convolution",
    saves: "inputs",
    flops: (_out, y, weight) => flops(y!, weight!),
    forward: (y: AnyTensor, weight: AnyTensor, bias: Bias, g: ConvGeometry) => {
      const x = convolvedBack(y.contiguous(), weight.contiguous(), g);
      return bias ? x.add_(bias.reshape([-1, ...g.kernel.map(() => 1)])) : x;
    },
    vjp: (g, s) => [
      s.edges[0] ? convolution(g, s.at(1), null, s.meta(3)) : null,
      s.edges[1] ? convolutionWeight(g, s.at(0), s.meta(3)) : null,
      s.edges[2] ? ofChannels(g) : null,
    ],
  });

/** The gradient of the weight, [O, C / groups, ...], from inputs and outputs. */
export const convolutionWeight: (x: AnyTensor, y: AnyTensor, g: ConvGeometry) => AnyTensor = op({
  name: "convolutionBackward",
  saves: "inputs",
  flops: (out, _x, y) => flops(y!, out),
  forward: (x: AnyTensor, y: AnyTensor, g: ConvGeometry) =>
    convolvedWeight(x.contiguous(), y.contiguous(), g),
  vjp: (g, s) => [
    s.edges[0] ? convolutionBack(s.at(1), g, null, s.meta(2)) : null,
    s.edges[1] ? convolution(s.at(0), g, null, s.meta(2)) : null,
  ],
});
