// Convolutions in captured programs: one step each.
// Floor L4 (ops).

import type { Shape } from "../../base/shape.ts";
import { contiguousStrides, numel } from "../../base/shape.ts";
import type { Access, ConvStep, ConvGeometry as Geometry } from "../../ir/program.ts";
import { ExprBuilder } from "../../ir/scalar.ts";
import type { Recorder } from "../../tensor/capturing.ts";
import { allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import type { ConvGeometry } from "./conv-plan.ts";

/** Whether there are steps for such convolutions: float32, of images and signals. */
export const hasConvSteps = (x: AnyTensor, { kernel }: ConvGeometry): boolean =>
  x.dtype === "float32" && kernel.length <= 2;

/** A signal is an image of height 1. */
const pair = (sizes: Shape, missing: number): [number, number] =>
  sizes.length === 1 ? [missing, sizes[0]!] : [sizes[0]!, sizes[1]!];

function geometryOf(g: ConvGeometry, batch: number, inChannels: number, outChannels: number): Geometry {
  return {
    batch,
    groups: g.groups,
    inChannels,
    outChannels,
    input: pair(g.input, 1),
    output: pair(g.output, 1),
    kernel: pair(g.kernel, 1),
    stride: pair(g.stride, 1),
    padding: pair(g.padding, 0),
    dilation: pair(g.dilation, 1),
  };
}

/** An access to packed [a, b, ...spatial] by four strides. */
function packed4({ buffer, offset }: Access, shape: Shape): Access {
  const [a = 1, b = 1, ...spatial] = shape;
  return { buffer, offset, strides: contiguousStrides([a, b, ...pair(spatial, 1)]) };
}

function record(
  recorder: Recorder,
  direction: ConvStep["direction"],
  geometry: Geometry,
  a: AnyTensor,
  b: AnyTensor,
  bias: AnyTensor | null,
  shape: Shape,
): AnyTensor {
  const out: AnyTensor = fresh(allocateUnset("float32", numel(shape)), shape, "float32");
  recorder.step((read, write) => {
    const k = new ExprBuilder();
    const product = k.input(0, "float32");
    const [first, second] = [packed4(read(a), a.shape), packed4(read(b), b.shape)];
    const added = bias && read(bias);
    return {
      kind: "conv",
      name: `convolution ${direction}`,
      direction,
      geometry,
      a: first,
      b: second,
      operands: added
        ? [{ dtype: "float32", source: { ...added, strides: [0, bias.strides[0] ?? 0, 0, 0] } }]
        : [],
      maps: [
        {
          body: added ? k.add(product, k.input(1, "float32")) : product,
          to: packed4(write(out), shape),
        },
      ],
    };
  });
  return out;
}

/** The convolution of packed x [N, C, ...] with a packed weight [O, C / groups, ...]. */
export function convStep(
  recorder: Recorder,
  x: AnyTensor,
  weight: AnyTensor,
  bias: AnyTensor | null,
  g: ConvGeometry,
): AnyTensor {
  const [batch, channels] = x.shape as [number, number];
  const [maps] = weight.shape as [number];
  const geometry = geometryOf(g, batch, channels, maps);
  return record(recorder, "forward", geometry, x, weight, bias, [batch, maps, ...g.output]);
}

/** The gradient of the input, from packed y [N, O, ...] and the weight. */
export function convBackStep(
  recorder: Recorder,
  y: AnyTensor,
  weight: AnyTensor,
  g: ConvGeometry,
): AnyTensor {
  const [batch, maps] = y.shape as [number, number];
  const channels = (weight.shape[1] as number) * g.groups;
  const geometry = geometryOf(g, batch, channels, maps);
  return record(recorder, "input", geometry, y, weight, null, [batch, channels, ...g.input]);
}

/** The gradient of the weight, from packed x [N, C, ...] and y [N, O, ...]. */
export function convWeightStep(recorder: Recorder, x: AnyTensor, y: AnyTensor, g: ConvGeometry): AnyTensor {
  const [batch, channels] = x.shape as [number, number];
  const maps = y.shape[1] as number;
  const geometry = geometryOf(g, batch, channels, maps);
  return record(recorder, "weight", geometry, x, y, null, [maps, channels / g.groups, ...g.kernel]);
}
