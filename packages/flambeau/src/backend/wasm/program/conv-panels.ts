// What ways to compute convolutions share: channels in panels as wide as their tiles, and images with their padding.
// Floor L2 (backend/wasm/program).

import type { Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { countUp } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import type { Gather } from "./conv-geometry.ts";
import { packFunction } from "./conv-layout.ts";

/** Target channels of a tile: a stretch of so many vectors. */
export interface Panel {
  readonly channel: number;
  readonly vectors: number;
}

/** Channels in panels of `most` vectors, the last one narrower if that is enough. */
export function panelsOf(channels: number, most: number): Panel[] {
  const panels: Panel[] = [];
  for (let channel = 0; channel < channels; channel += 4 * most)
    panels.push({ channel, vectors: channels - channel <= 2 * most ? most / 2 : most });
  return panels;
}

/** Panels of equal width next to each other. */
export function panelRuns(panels: readonly Panel[]): (Panel & { times: number })[] {
  const runs: (Panel & { times: number })[] = [];
  for (const panel of panels) {
    const last = runs.at(-1);
    if (last?.vectors === panel.vectors) last.times++;
    else runs.push({ ...panel, times: 1 });
  }
  return runs;
}

/**
 * Weights of four target channels at a time, of all groups, shared among the threads: body(from, to, panel, row, valid) gets the bytes
 * from the weights to the first of them and from a group's packed weights to theirs in a row, the first channel of their panel,
 * the bytes of its rows, and how many of the four channels there are (none or less where they only fill the panel).
 */
export function eachFour(
  c: Context,
  { groups, targetChannels, weightTarget, weightGroup }: Gather,
  panels: readonly Panel[],
  width: number,
  body: (from: Local, to: Local, panel: Local, row: Local, valid: Local) => void,
  groupBytes = 0,
): void {
  const { f } = c;
  const last = panels.at(-1)!;
  const fours = (last.channel + 4 * last.vectors) / 4;
  const { start, end } = c.share(groups * fours, 1);
  const number = f.let("i32", start);
  const [group, four, panel, row] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const [from, to, valid] = [f.local("i32"), f.local("i32"), f.local("i32")];
  countUp(f, number, end, 1, () => {
    f.set(group, i32.div_u(number, fours));
    f.set(four, i32.rem_u(number, fours));
    f.set(panel, i32.mul(i32.div_u(four, width), 4 * width));
    f.set(row, 16 * width);
    f.if(i32.eq(panel, last.channel), () => f.set(row, 16 * last.vectors));
    f.set(to, i32.add(i32.mul(group, groupBytes), i32.mul(i32.rem_u(four, width), 16)));
    f.set(from, i32.mul(four, 4));
    f.set(valid, i32.sub(targetChannels, from));
    f.if(i32.le_s(valid, 0), () => f.set(from, 0));
    f.set(from, i32.add(i32.mul(from, 4 * weightTarget), i32.mul(group, 4 * weightGroup)));
    body(from, to, panel, row, valid);
  });
}

/** pack(from, image): an image, or a group's channels of it, into its padding, which is zero already. */
export function packImage(
  c: Context,
  e: Element,
  g: Pick<Gather, "x" | "y" | "sourceChannels">,
): (from: readonly number[], image: Local) => void {
  const span = ({
    low,
    extent,
    every,
    source,
  }: Gather["x"]): { first: number; count: number; at: number } => {
    const first = Math.max(0, Math.ceil(-low / every));
    const end = Math.min(extent, Math.floor((source - 1 - low) / every) + 1);
    return { first, count: Math.max(0, end - first), at: low + every * first };
  };
  const y = span(g.y);
  const x = span(g.x);
  if (y.count === 0 || x.count === 0) return () => undefined;
  const pixel = 4 * g.sourceChannels;
  const row = g.x.extent * pixel;
  const pack = packFunction(
    c.module,
    e,
    { channels: g.sourceChannels, plane: 4 * g.y.source * g.x.source, pitch: pixel },
    { rows: y.count, columns: x.count, planeRow: 4 * g.y.every * g.x.source, sideRow: row },
  );
  const skip = 4 * (y.at * g.x.source + x.at);
  const inset = y.first * row + x.first * pixel;
  return (from, image) => c.f.do(call(pack, i32.add(from, skip), i32.add(image, inset)));
}
