// Pooling as steps of programs, for windows of one size: in those that are captured, and by themselves where there is much to do.
// Floor L4 (ops).

import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import type { Access, PoolStep } from "../../ir/program.ts";
import { recorder } from "../../tensor/capturing.ts";
import { allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import type { Windows } from "./pool-windows.ts";
import { buffer, runStep } from "./step-kernels.ts";

/** Elements from which eager pooling gets a kernel for its sizes. */
const largeWork = 2 ** 14;

type Geometry = Omit<PoolStep, "kind" | "name" | "mode" | "planes" | "from" | "index" | "to" | "divisor">;

/** The windows as a step describes them; null if they are of several sizes, or of three dimensions. */
function geometryOf({ rank, sizes, axes }: Windows, countPadding: boolean): Geometry | null {
  const regular = axes.slice(3 - rank).map((axis) => axis.sliding);
  if (rank > 2 || regular.includes(null)) return null;
  const pair = (
    of: (w: NonNullable<(typeof regular)[number]>) => number,
    missing: number,
  ): [number, number] => {
    const values = regular.map((w) => of(w!));
    return rank === 1 ? [missing, values[0]!] : [values[0]!, values[1]!];
  };
  const lengths = axes.slice(1).map((a) => a.length) as [number, number];
  return {
    input: lengths,
    output: rank === 1 ? [1, sizes[0]!] : [sizes[0]!, sizes[1]!],
    kernel: pair((w) => w.kernel, 1),
    stride: pair((w) => w.stride, 1),
    padding: pair((w) => w.padding, 0),
    dilation: pair((w) => w.dilation, 1),
    countPadding,
  };
}

/** Whether padding counts in means. */
const counts = ({ axes }: Windows): boolean => axes.every((a) => a.sliding?.clipped !== true);

const isWhole = ({ axes }: Windows, divisor: number): boolean =>
  divisor === 0 &&
  axes.every(
    (a) => a.starts.length === 1 && a.starts[0] === 0 && a.ends[0] === a.length && a.counts[0] === a.length,
  );

const spatialDims = (x: AnyTensor, { rank }: Windows): number[] =>
  Array.from({ length: rank }, (_, i) => x.ndim - rank + i);

type Shaped = Omit<PoolStep, "from" | "index" | "to">;

/** Does a step from packed x to `to`, and `index` if there is one; says whether it did. */
function poolStep(shaped: Shaped, x: AnyTensor, to: AnyTensor, index: AnyTensor | null): boolean {
  if (recorder !== null) {
    recorder.step((read, write) => ({
      ...shaped,
      from: read(x),
      index: index && write(index),
      to: write(to),
    }));
    return true;
  }
  const { mode, planes, input, output, kernel, stride, padding, dilation, countPadding, divisor } = shaped;
  const key = `pool ${mode} ${[planes, input, output, kernel, stride, padding, dilation, countPadding, divisor].join()}`;
  const first = (of: number): Access => ({ buffer: of, offset: 0, strides: [] });
  return runStep(
    key,
    () => ({
      step: { ...shaped, from: first(0), to: first(1), index: index && first(2) },
      buffers: [
        buffer("input", x.numel()),
        buffer("output", to.numel()),
        ...(index ? [buffer("output", index.numel(), "int32")] : []),
      ],
    }),
    [x, to, ...(index ? [index] : [])],
  );
}

/** Whether the dtype has steps, and there is enough to do for one. */
const hasSteps = (x: AnyTensor, elements: number): boolean =>
  x.dtype === "float32" && (recorder !== null || elements >= largeWork);

/** A step from packed x to a result of `shape`; null if there is none for the windows. */
function averageStep(
  mode: "average" | "averageBackward",
  x: AnyTensor,
  windows: Windows,
  divisor: number,
  shape: Shape,
): AnyTensor | null {
  const geometry = hasSteps(x, Math.max(x.numel(), numel(shape)))
    ? geometryOf(windows, counts(windows))
    : null;
  if (!geometry) return null;
  const out: AnyTensor = fresh(allocateUnset("float32", numel(shape)), shape, "float32");
  // The shape of the smaller side ends in the numbers of windows.
  const planes = numel(mode === "average" ? shape : x.shape) / numel(windows.sizes);
  const name = mode === "average" ? "avgPool" : "avgPoolBackward";
  return poolStep({ kind: "pool", name, mode, planes, ...geometry, divisor }, x, out, null) ? out : null;
}

/** Means of windows of packed x; null if there is no step for them. */
export function meansStep(x: AnyTensor, windows: Windows, divisor: number, shape: Shape): AnyTensor | null {
  // One window of everything is a mean, which can be fused with what comes before it.
  if (recorder !== null && isWhole(windows, divisor))
    return x.mean(spatialDims(x, windows), { keepdim: true });
  return averageStep("average", x, windows, divisor, shape);
}

/** Their adjoint, from packed g. */
export function meansBackStep(
  g: AnyTensor,
  windows: Windows,
  divisor: number,
  shape: Shape,
): AnyTensor | null {
  if (recorder !== null && isWhole(windows, divisor))
    return g.div(numel(shape.slice(-windows.rank))).expand(shape);
  return averageStep("averageBackward", g, windows, divisor, shape);
}

/** Whether no window lies in the border alone. */
const hasElements = ({ axes }: Windows): boolean =>
  axes.every(({ starts, ends }) => starts.every((start, i) => start < ends[i]!));

/** Maxima of windows of packed x and their places; false if there is no step for them. */
export function maximaStep(x: AnyTensor, windows: Windows, values: AnyTensor, indices: AnyTensor): boolean {
  const geometry = hasSteps(x, x.numel()) && hasElements(windows) ? geometryOf(windows, true) : null;
  if (!geometry) return false;
  const planes = numel(values.shape) / numel(windows.sizes);
  const shaped = { kind: "pool", name: "maxPool", mode: "max", planes, ...geometry, divisor: 0 } as const;
  return poolStep(shaped, x, values, indices);
}
