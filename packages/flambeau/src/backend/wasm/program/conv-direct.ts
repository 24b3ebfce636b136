// Convolutions without a transform, forward and towards the input: for each position of the target the products of the
// weights with the stretch of the source that it looks at, whatever the geometry. Floor L2 (backend/wasm/program).
//
// Channels lie side by side in a copy of each image with its padding around it, so that a row of the kernel meets one stretch of
// memory: a tile has some positions as rows, which read single source elements, by target channels as columns.

import type { ConvStep } from "../../../ir/program.ts";
import type { Func, Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countUp, i32s } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import type { Axis, Gather } from "./conv-geometry.ts";
import { roundUp, tileRows } from "./conv-geometry.ts";
import { gatherFunction, unpackFunction, wholePlanes } from "./conv-layout.ts";
import type { Panel } from "./conv-panels.ts";
import { eachFour, packImage, panelRuns, panelsOf } from "./conv-panels.ts";
import { emitResults } from "./conv-results.ts";
import type { TileLoop } from "./conv-tile.ts";
import { tileFunction } from "./conv-tile.ts";
import { repeat } from "./repeat.ts";

/** Rows of a tile of so many vectors: about as many accumulators as there are registers, and pointers if each row has one. */
const rowsFor = (vectors: number, most: number): number => (vectors === most ? 6 : 8);
/** Rows of a tile of half as many vectors, whose rows share a pointer. */
const narrowRows = 12;
const fewRows = 5;

/** A class of target positions: those that look at the source in the same way. */
interface Class {
  readonly y: Axis;
  readonly x: Axis;
  readonly loops: readonly TileLoop[];
  readonly depth: number;
  /** Bytes from the start of the packed image to what target (0, 0) looks at first. */
  readonly start: number;
  /** Where its weights begin, in elements per channel of the target. */
  readonly weights: number;
}

export interface DirectPlan {
  readonly g: Gather;
  /** Vectors of a full panel. */
  readonly width: number;
  readonly panels: readonly Panel[];
  /** Target channels with those that fill the last panel. */
  readonly channels: number;
  readonly classes: readonly Class[];
  readonly sharedBytes: number;
  readonly ownBytes: number;
  readonly imageAt: number;
  readonly imageBytes: number;
  readonly targetAt: number;
  readonly planesAt: number;
  readonly tablesAt: number;
}

export function planDirect(g: Gather, width: number, plain: boolean): DirectPlan {
  const panels = panelsOf(g.targetChannels, width);
  const last = panels.at(-1)!;
  const channels = last.channel + 4 * last.vectors;
  const pixel = 4 * g.sourceChannels;
  const perTap = g.depthwise ? 1 : g.sourceChannels;
  let weights = 0;
  const classes: Class[] = [];
  for (const y of g.y.axes)
    for (const x of g.x.axes) {
      const step = (taps: Axis["taps"]): number => (taps.length > 1 ? taps[1]!.offset - taps[0]!.offset : 1);
      const [ny, nx] = [y.taps.length, x.taps.length];
      const row = step(y.taps) * g.x.extent * pixel;
      const joined = step(x.taps) === 1;
      const depth = ny * nx * perTap;
      classes.push({
        y,
        x,
        loops: g.depthwise
          ? [
              { count: ny, a: row, b: 0 },
              { count: 1, a: 0, b: 0 },
              { count: nx, a: step(x.taps) * pixel, b: 0 },
            ]
          : [
              { count: ny, a: row, b: 0 },
              { count: joined ? 1 : nx, a: step(x.taps) * pixel, b: 0 },
              { count: joined ? nx * perTap : perTap, a: 4, b: 0 },
            ],
        depth,
        start:
          depth === 0
            ? 0
            : ((y.taps[0]!.offset - g.y.low) * g.x.extent + (x.taps[0]!.offset - g.x.low)) * pixel,
        weights,
      });
      weights += depth;
    }
  const positions = g.y.target * g.x.target;
  const imageBytes = roundUp(g.y.extent * g.x.extent * pixel, 64) + 64;
  const targetBytes = roundUp(positions * channels * 4, 64) + 64;
  const planesBytes = plain ? 0 : roundUp(positions * g.targetChannels * 4, 64) + 64;
  return {
    g,
    width,
    panels,
    channels,
    classes,
    sharedBytes: g.groups * weights * channels * 4,
    imageAt: 0,
    imageBytes,
    targetAt: imageBytes,
    planesAt: imageBytes + targetBytes,
    tablesAt: imageBytes + targetBytes + planesBytes,
    ownBytes: roundUp(imageBytes + targetBytes + planesBytes + 8 * positions + 64, 64),
  };
}

export function emitDirect(c: Context, e: Element, step: ConvStep, p: DirectPlan, plain: boolean): void {
  const { f } = c;
  const { g } = p;
  const [source, weights, ...rest] = c.addresses as [Local, Local, ...Local[]];
  emitWeights(c, p, weights);
  c.barrier();
  const at = (offset: number): Local => f.let("i32", i32.add(c.own, offset));
  const image = at(p.imageAt);
  const target = at(p.targetAt);
  const planes = at(p.planesAt);
  const tables = at(p.tablesAt);
  f.memoryFill(image, 0, p.imageBytes);
  emitTables(c, p, tables);
  const pack = packImage(c, e, g);
  const products = productsFunction(c, e, p);
  const size = g.y.target * g.x.target;
  const unpack = unpackFunction(
    c.module,
    e,
    { channels: g.targetChannels, plane: 4 * size, pitch: 4 * p.channels },
    wholePlanes(size),
  );
  const inner = [g.targetChannels, g.y.target, g.x.target] as const;
  const results = plain ? null : emitResults(c, step, inner, rest, at(p.ownBytes));
  const { start, end } = c.share(g.batch * g.groups, 1);
  const number = f.let("i32", start);
  countUp(f, number, end, 1, () => {
    pack(i32.add(source, i32.mul(number, g.sourceChannels * g.y.source * g.x.source * 4)), image);
    const group = i32.rem_u(number, g.groups);
    const packed = i32.add(c.shared, i32.mul(group, p.sharedBytes / g.groups));
    f.do(call(products, image, packed, target, tables));
    if (results) {
      f.do(call(unpack, target, planes));
      results(planes, i32.div_u(number, g.groups), i32.mul(group, g.targetChannels));
    } else f.do(call(unpack, target, i32.add(rest[0]!, i32.mul(number, g.targetChannels * size * 4))));
  });
}

/** Weights as the tiles read them: for each group, class and panel the columns of each element of the sums' depth. */
function emitWeights(c: Context, p: DirectPlan, weights: Local): void {
  const { f } = c;
  const { g, channels, width } = p;
  const gather = gatherFunction(c.module);
  const perTap = g.depthwise ? 1 : g.sourceChannels;
  const fill = c.module.func("convWeights", i32s("from", "to", "panel", "row", "valid"), [], (w, x) => {
    const to = w.local("i32");
    for (const { y, x: xs, weights: first, depth } of p.classes) {
      w.set(to, i32.add(x.to, i32.add(i32.mul(x.panel, 4 * depth), 4 * first * channels)));
      for (const ty of y.taps)
        for (const tx of xs.taps) {
          const from = i32.add(x.from, 4 * (ty.k * g.kernelWidth + tx.k));
          const [step, lane] = [i32.const(4 * g.weightSource), i32.const(4 * g.weightTarget)];
          w.do(call(gather, from, to, i32.const(perTap), step, x.row, lane, x.valid));
          bump(w, to, i32.mul(x.row, perTap));
        }
    }
  });
  const body = (from: Local, to: Local, panel: Local, row: Local, valid: Local): void =>
    f.do(call(fill, i32.add(weights, from), i32.add(c.shared, to), panel, row, valid));
  eachFour(c, g, p.panels, width, body, p.sharedBytes / g.groups);
}

/** For each target position, class by class, where in the image it looks first and where in the target it is. */
function emitTables(c: Context, p: DirectPlan, tables: Local): void {
  const { f } = c;
  const { g } = p;
  const pixel = 4 * g.sourceChannels;
  const far = 4 * g.y.target * g.x.target;
  const at = f.let("i32", tables);
  const rowA = f.local("i32");
  const rowC = f.local("i32");
  const a = f.local("i32");
  const t = f.local("i32");
  for (const { y, x, start } of p.classes) {
    if (y.count * x.count === 0) continue;
    f.set(rowA, start);
    f.set(rowC, (y.first * g.x.target + x.first) * p.channels * 4);
    repeat(f, y.count, () => {
      f.set(a, rowA);
      f.set(t, rowC);
      repeat(f, x.count, () => {
        f.do(i32.store(at, a));
        f.do(i32.store(at, t, far));
        bump(f, at, 4);
        bump(f, a, x.sourceStep * pixel);
        bump(f, t, 4 * x.step * p.channels);
      });
      bump(f, rowA, y.sourceStep * g.x.extent * pixel);
      bump(f, rowC, 4 * y.step * g.x.target * p.channels);
    });
  }
}

/** products(image, weights, target, tables): all target positions of a group of an image. */
function productsFunction(c: Context, e: Element, p: DirectPlan): Func {
  const { module } = c;
  const { g } = p;
  const far = 4 * g.y.target * g.x.target;
  return module.func("convProducts", i32s("image", "weights", "target", "tables"), [], (f, x) => {
    const table = f.local("i32");
    let position = 0;
    for (const one of p.classes) {
      const count = one.y.count * one.x.count;
      if (count === 0) continue;
      f.set(table, i32.add(x.tables, 4 * position));
      position += count;
      for (const { channel, vectors, times } of panelRuns(p.panels)) {
        const panel = panelFunction(c, e, p, one, vectors, far);
        const b = f.let("i32", i32.add(x.weights, 4 * (one.weights * p.channels + one.depth * channel)));
        const to = f.let("i32", i32.add(x.target, 4 * channel));
        const image = f.let("i32", g.depthwise ? i32.add(x.image, 4 * channel) : x.image);
        repeat(f, times, () => {
          f.do(call(panel, image, b, to, table));
          bump(f, b, 16 * one.depth * vectors);
          bump(f, to, 16 * vectors);
          if (g.depthwise) bump(f, image, 16 * vectors);
        });
      }
    }
  });
}

/** panel(image, weights, target, table): a panel's channels of all positions of a class. */
function panelFunction(
  c: Context,
  e: Element,
  p: DirectPlan,
  one: Class,
  vectors: number,
  far: number,
): Func {
  const [, along, run] = one.loops as [TileLoop, TileLoop, TileLoop];
  const b = 16 * vectors;
  const loops = one.loops.map((loop, i) => ({
    ...loop,
    b: i === 2 ? b : b * run.count * (i === 0 ? along.count : 1),
  }));
  const split = tileRows(one.x.count, narrowRows);
  if (vectors < p.width && !p.g.depthwise && Math.min(...split) >= fewRows)
    return lineFunction(c, e, p, one, vectors, loops, split);
  const count = one.y.count * one.x.count;
  const rows = Math.min(rowsFor(vectors, p.width), count);
  const elementwise = p.g.depthwise;
  const shape = { rows, vectors, aRow: "table", cRow: "table" } as const;
  const tile = tileFunction(c.module, e, { ...shape, loops, add: false, elementwise });
  return c.module.func("convPanel", i32s("image", "weights", "target", "table"), [], (f, x) => {
    // The last tile may compute some positions again: they come out the same.
    const last = f.let("i32", i32.add(x.table, 4 * (count - rows)));
    f.loop((again) => {
      f.do(call(tile, x.image, x.weights, x.target, x.table, i32.add(x.table, far), 0));
      const end = f.let("i32", i32.eq(x.table, last));
      bump(f, x.table, 4 * rows);
      f.if(i32.gt_u(x.table, last), () => f.set(x.table, last));
      f.brIf(again, i32.eqz(end));
    });
  });
}

/**
 * The same by rows of the target, in tiles of so many neighbours: for narrow panels, whose tiles need many rows. Rows of the
 * kernel that meet nothing but padding are left out.
 */
function lineFunction(
  c: Context,
  e: Element,
  { g, channels }: DirectPlan,
  { x: xs, y: ys, start }: Class,
  vectors: number,
  loops: readonly TileLoop[],
  split: readonly number[],
): Func {
  const pixel = 4 * g.sourceChannels;
  const [aRow, cRow] = [xs.sourceStep * pixel, 4 * xs.step * channels];
  const tile = (rows: number): Func =>
    tileFunction(c.module, e, { rows, vectors, aRow, cRow, loops, add: false, given: true });
  const [down] = loops as [TileLoop];
  return c.module.func("convLines", i32s("image", "weights", "target", "table"), [], (f, x) => {
    bump(f, x.image, start);
    bump(f, x.target, 4 * channels * (ys.first * g.x.target + xs.first));
    for (const { first, taps, lines } of lineRuns(ys, g.y)) {
      const [a, b] = [f.local("i32"), f.let("i32", i32.add(x.weights, first * down.b))];
      repeat(f, lines, () => {
        f.set(a, i32.add(x.image, first * down.a));
        for (const rows of split) {
          f.do(call(tile(rows), a, b, x.target, 0, 0, taps));
          bump(f, a, rows * aRow);
          bump(f, x.target, rows * cRow);
        }
        bump(f, x.image, ys.sourceStep * g.x.extent * pixel);
        bump(f, x.target, 4 * channels * ys.step * g.x.target - xs.count * cRow);
      });
    }
  });
}

/** Rows of the target that follow each other and meet the same rows of the kernel, `taps` of them from `first` on. */
function lineRuns(
  { count, taps, sourceStep }: Axis,
  { source, every }: Gather["y"],
): { first: number; taps: number; lines: number }[] {
  const runs: { first: number; taps: number; lines: number }[] = [];
  for (let j = 0; j < count; j++) {
    const inside = taps.map(({ offset }) => {
      const at = j * sourceStep * every + offset;
      return at >= 0 && at < source;
    });
    const first = Math.max(0, inside.indexOf(true));
    const met = inside.filter(Boolean).length;
    const last = runs.at(-1);
    if (last?.first === first && last.taps === met) last.lines++;
    else runs.push({ first, taps: met, lines: 1 });
  }
  return runs;
}
