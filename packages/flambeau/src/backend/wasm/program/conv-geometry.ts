// Which elements of a convolution meet: forward and towards the input alike, a target position gathers source positions.
// Floor L2 (backend/wasm/program).

import type { ConvGeometry, ConvStep } from "../../../ir/program.ts";

/** Element `k` of the kernel looks at the source `offset` places after the one that the target's number, scaled, gives. */
export interface Tap {
  readonly k: number;
  readonly offset: number;
}

/**
 * Targets first, first + step, … (count of them) along one dimension. The one with number j looks at the sources
 * j * sourceStep + offset of its taps, which ascend and are equally far apart. Towards the input a stride of s has s such classes.
 */
export interface Axis {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  readonly sourceStep: number;
  readonly taps: readonly Tap[];
}

/** One dimension of what is gathered: the classes, and the stretch of the source, padding and all, that they look at. */
export interface Dimension {
  readonly axes: readonly Axis[];
  readonly low: number;
  readonly extent: number;
  /** Of the source only every so many-th is looked at: others are in none of these numbers. */
  readonly every: number;
  readonly source: number;
  readonly target: number;
}

export interface Gather {
  readonly batch: number;
  readonly groups: number;
  /** Channels of a group. */
  readonly sourceChannels: number;
  readonly targetChannels: number;
  readonly y: Dimension;
  readonly x: Dimension;
  /** Elements from one weight to the next along the source's channels, the target's channels, and from group to group. */
  readonly weightSource: number;
  readonly weightTarget: number;
  readonly weightGroup: number;
  readonly kernelWidth: number;
  /** Whether each channel is a group by itself: they are taken as one group here, whose channels do not meet. */
  readonly depthwise: boolean;
}

function axesOf(g: ConvGeometry, d: 0 | 1, towardsInput: boolean): Axis[] {
  const [kernel, stride, padding, dilation] = [g.kernel[d], g.stride[d], g.padding[d], g.dilation[d]];
  const taps = Array.from({ length: kernel }, (_, k) => k);
  if (!towardsInput)
    return [
      {
        first: 0,
        step: 1,
        count: g.output[d],
        sourceStep: stride,
        taps: taps.map((k) => ({ k, offset: k * dilation - padding })),
      },
    ];
  const axes: Axis[] = [];
  for (let first = 0; first < Math.min(stride, g.input[d]); first++)
    axes.push({
      first,
      step: stride,
      count: Math.ceil((g.input[d] - first) / stride),
      sourceStep: 1,
      taps: taps
        .filter((k) => (first + padding - k * dilation) % stride === 0)
        .map((k) => ({ k, offset: (first + padding - k * dilation) / stride }))
        .reverse(),
    });
  return axes;
}

function dimension(g: ConvGeometry, d: 0 | 1, towardsInput: boolean): Dimension {
  const axes = axesOf(g, d, towardsInput);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { taps, count, sourceStep } of axes)
    for (const { offset } of taps) {
      low = Math.min(low, offset);
      high = Math.max(high, offset + (count - 1) * sourceStep);
    }
  const [source, target] = towardsInput ? [g.output[d], g.input[d]] : [g.input[d], g.output[d]];
  if (low > high) [low, high] = [0, 0];
  const only = d === 0 && axes.length === 1 && axes[0]!.taps.length === 1 ? axes[0]! : null;
  if (only)
    return {
      axes: [{ ...only, sourceStep: 1 }],
      low,
      extent: only.count,
      every: only.sourceStep,
      source,
      target,
    };
  return { axes, low, extent: high - low + 1, every: 1, source, target };
}

/** What is gathered for y from x (forward) or for dx from dy (input). */
export function gatherOf(g: ConvGeometry, direction: Exclude<ConvStep["direction"], "weight">): Gather {
  const towardsInput = direction === "input";
  const inner = g.inChannels / g.groups;
  const outer = g.outChannels / g.groups;
  const taps = g.kernel[0] * g.kernel[1];
  const common = {
    batch: g.batch,
    y: dimension(g, 0, towardsInput),
    x: dimension(g, 1, towardsInput),
    kernelWidth: g.kernel[1],
  };
  if (g.groups > 1 && inner === 1 && outer === 1)
    return {
      ...common,
      groups: 1,
      sourceChannels: g.groups,
      targetChannels: g.groups,
      weightSource: 0,
      weightTarget: taps,
      weightGroup: 0,
      depthwise: true,
    };
  return {
    ...common,
    groups: g.groups,
    sourceChannels: towardsInput ? outer : inner,
    targetChannels: towardsInput ? inner : outer,
    weightSource: towardsInput ? inner * taps : taps,
    weightTarget: towardsInput ? taps : inner * taps,
    weightGroup: outer * inner * taps,
    depthwise: false,
  };
}

export const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;

/** How n rows are cut into tiles of at most `most`, none of them much smaller than the others. */
export function tileRows(n: number, most: number): number[] {
  const tiles = Math.ceil(n / most);
  return Array.from(
    { length: tiles },
    (_, i) => Math.floor((n * (i + 1)) / tiles) - Math.floor((n * i) / tiles),
  );
}
