// Pooling in captured programs: one step each, for windows of one size.
// Floor L4 (ops).

import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import type { PoolStep } from "../../ir/program.ts";
import type { Recorder } from "../../tensor/capturing.ts";
import { allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import type { Windows } from "./pool-windows.ts";

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

/** Records a step from packed x to a result of `shape`; null if there is no step for the windows. */
function averageStep(
  recorder: Recorder,
  mode: "average" | "averageBackward",
  x: AnyTensor,
  windows: Windows,
  divisor: number,
  shape: Shape,
): AnyTensor | null {
  const geometry = x.dtype === "float32" ? geometryOf(windows, counts(windows)) : null;
  if (!geometry) return null;
  const out: AnyTensor = fresh(allocateUnset("float32", numel(shape)), shape, "float32");
  // The shape of the smaller side ends in the numbers of windows.
  const planes = numel(mode === "average" ? shape : x.shape) / numel(windows.sizes);
  recorder.step((read, write) => ({
    kind: "pool",
    name: mode === "average" ? "avgPool" : "avgPoolBackward",
    mode,
    planes,
    ...geometry,
    divisor,
    from: read(x),
    index: null,
    to: write(out),
  }));
  return out;
}

/** Means of windows of packed x; null if there is no step for them. */
export function meansStep(
  recorder: Recorder,
  x: AnyTensor,
  windows: Windows,
  divisor: number,
  shape: Shape,
): AnyTensor | null {
  // One window of everything is a mean, which can be fused with what comes before it.
  if (isWhole(windows, divisor)) return x.mean(spatialDims(x, windows), { keepdim: true });
  return averageStep(recorder, "average", x, windows, divisor, shape);
}

/** Their adjoint, from packed g. */
export function meansBackStep(
  recorder: Recorder,
  g: AnyTensor,
  windows: Windows,
  divisor: number,
  shape: Shape,
): AnyTensor | null {
  if (isWhole(windows, divisor)) return g.div(numel(shape.slice(-windows.rank))).expand(shape);
  return averageStep(recorder, "averageBackward", g, windows, divisor, shape);
}

/** Whether no window lies in the border alone. */
const hasElements = ({ axes }: Windows): boolean =>
  axes.every(({ starts, ends }) => starts.every((start, i) => start < ends[i]!));

/** Maxima of windows of packed x and their places; false if there is no step for them. */
export function maximaStep(
  recorder: Recorder,
  x: AnyTensor,
  windows: Windows,
  values: AnyTensor,
  indices: AnyTensor,
): boolean {
  const geometry = x.dtype === "float32" && hasElements(windows) ? geometryOf(windows, true) : null;
  if (!geometry) return false;
  recorder.step((read, write) => ({
    kind: "pool",
    name: "maxPool",
    mode: "max",
    planes: numel(values.shape) / numel(windows.sizes),
    ...geometry,
    divisor: 0,
    from: read(x),
    index: write(indices),
    to: write(values),
  }));
  return true;
}
