// Convolutions as steps of programs: in those that are captured, and by themselves where they are worth a kernel of their own.
// Floor L4 (ops).

import type { Shape } from "../../base/shape.ts";
import { contiguousStrides, numel } from "../../base/shape.ts";
import type { Access, ConvStep, ConvGeometry as Geometry } from "../../ir/program.ts";
import { ExprBuilder } from "../../ir/scalar.ts";
import { recorder } from "../../tensor/capturing.ts";
import { allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import type { ConvGeometry } from "./conv-plan.ts";
import { buffer, runStep } from "./step-kernels.ts";

/** Operations from which an eager convolution gets a kernel for its geometry: compiling takes some milliseconds. */
const largeWork = 2 ** 22;

/** Whether there are steps for such convolutions: float32, of images and signals. */
function hasSteps(
  x: AnyTensor,
  weight: Shape,
  outputs: Shape,
  batch: number,
  { kernel }: ConvGeometry,
): boolean {
  if (x.dtype !== "float32" || kernel.length > 2) return false;
  return recorder !== null || 2 * batch * numel(weight) * numel(outputs) >= largeWork;
}

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

/** The step of a product of a and b, with the first elements of all. */
function stepOf(
  direction: ConvStep["direction"],
  geometry: Geometry,
  [a, b, out, bias]: readonly [Access, Access, Access, Access | null],
  [aShape, bShape, shape]: readonly [Shape, Shape, Shape],
): ConvStep {
  const k = new ExprBuilder();
  const product = k.input(0, "float32");
  return {
    kind: "conv",
    name: `convolution ${direction}`,
    direction,
    geometry,
    a: packed4(a, aShape),
    b: packed4(b, bShape),
    operands: bias ? [{ dtype: "float32", source: bias }] : [],
    maps: [{ body: bias ? k.add(product, k.input(1, "float32")) : product, to: packed4(out, shape) }],
  };
}

/** A product of packed tensors; null where there is no step for it, or where it makes something that is not finite. */
function product(
  direction: ConvStep["direction"],
  geometry: Geometry,
  a: AnyTensor,
  b: AnyTensor,
  bias: AnyTensor | null,
  shape: Shape,
): AnyTensor | null {
  const out: AnyTensor = fresh(allocateUnset("float32", numel(shape)), shape, "float32");
  const shapes = [a.shape as Shape, b.shape as Shape, shape] as const;
  if (recorder !== null) {
    recorder.step((read, write) => {
      const added = bias && { ...read(bias), strides: [0, bias.strides[0] ?? 0, 0, 0] };
      return stepOf(direction, geometry, [read(a), read(b), write(out), added], shapes);
    });
    return out;
  }
  const packed = bias?.contiguous();
  const first = (of: number): Access => ({ buffer: of, offset: 0, strides: [] });
  const key = `conv ${direction} ${packed !== undefined} ${Object.values(geometry).join()}`;
  const ran = runStep(
    key,
    () => ({
      step: stepOf(
        direction,
        geometry,
        [first(0), first(1), first(2), packed ? { ...first(3), strides: [0, 1, 0, 0] } : null],
        shapes,
      ),
      buffers: [
        ...[a, b].map((x) => buffer("input", x.numel())),
        buffer("output", out.numel()),
        ...(packed ? [buffer("input", packed.numel())] : []),
      ],
    }),
    [a, b, out, ...(packed ? [packed] : [])],
  );
  if (!ran) return null;
  // Sums of several elements stand in for one (Winograd): they spread what is not finite.
  return Number.isFinite(out.sum().item()) ? out : null;
}

/** The convolution of packed x [N, C, ...] with a packed weight [O, C / groups, ...]; null where it takes another way. */
export function convStep(
  x: AnyTensor,
  weight: AnyTensor,
  bias: AnyTensor | null,
  g: ConvGeometry,
): AnyTensor | null {
  const [batch, channels] = x.shape as [number, number];
  const [maps] = weight.shape as [number];
  if (!hasSteps(x, weight.shape as Shape, g.output, batch, g)) return null;
  const geometry = geometryOf(g, batch, channels, maps);
  return product("forward", geometry, x, weight, bias, [batch, maps, ...g.output]);
}

/** The gradient of the input, from packed y [N, O, ...] and the weight; null as for {@link convStep}. */
export function convBackStep(y: AnyTensor, weight: AnyTensor, g: ConvGeometry): AnyTensor | null {
  const [batch, maps] = y.shape as [number, number];
  if (!hasSteps(y, weight.shape as Shape, g.output, batch, g)) return null;
  const channels = (weight.shape[1] as number) * g.groups;
  const geometry = geometryOf(g, batch, channels, maps);
  return product("input", geometry, y, weight, null, [batch, channels, ...g.input]);
}

/** The gradient of the weight, from packed x [N, C, ...] and y [N, O, ...]; null as for {@link convStep}. */
export function convWeightStep(x: AnyTensor, y: AnyTensor, g: ConvGeometry): AnyTensor | null {
  const [batch, channels] = x.shape as [number, number];
  const maps = y.shape[1] as number;
  const shape = [maps, channels / g.groups, ...g.kernel];
  if (!hasSteps(x, shape, g.output, batch, g)) return null;
  return product("weight", geometryOf(g, batch, channels, maps), x, y, null, shape);
}
