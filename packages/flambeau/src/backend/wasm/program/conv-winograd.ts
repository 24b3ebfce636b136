// Convolutions by kernels of 3 x 3, forward and towards the input, by Winograd's algorithm: for tiles of 4 by 4 results 36
// products of matrices in place of 144, or 81 with a stride of 2.
// Floor L2 (backend/wasm/program).

import type { ConvStep } from "../../../ir/program.ts";
import type { Func, Local } from "../encoder.ts";
import { call, i32, v128 } from "../encoder.ts";
import { Emitter } from "../lanes.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countUp, i32s } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import type { Gather } from "./conv-geometry.ts";
import { roundUp, tileRows } from "./conv-geometry.ts";
import { unpackFunction, wholePlanes } from "./conv-layout.ts";
import type { Panel } from "./conv-panels.ts";
import { eachFour, packImage, panelRuns, panelsOf } from "./conv-panels.ts";
import { emitResults } from "./conv-results.ts";
import type { Strip, TileGrid } from "./conv-strips.ts";
import { spread, stripBytes, stripFunction, strips } from "./conv-strips.ts";
import { tileFunction } from "./conv-tile.ts";
import type { Scheme } from "./conv-transforms.ts";
import { kernelPoints, schemeOf } from "./conv-transforms.ts";
import { repeat } from "./repeat.ts";

export interface WinogradPlan {
  readonly g: Gather;
  readonly scheme: Scheme;
  readonly width: number;
  readonly panels: readonly Panel[];
  /** Target channels with those that fill the last panel. */
  readonly channels: number;
  readonly grid: TileGrid;
  /** Tiles of an image that are rows of one product: all, or some lines of them; and images whose tiles are. */
  readonly band: TileGrid;
  readonly chunk: number;
  /** Bytes from one point's weights, source values, and products to the next point's. */
  readonly weightStride: number;
  readonly sourceStride: number;
  readonly productStride: number;
  readonly sourceStrip: Strip;
  readonly resultStrip: Strip;
  readonly imageBytes: number;
  readonly sharedBytes: number;
  /** Where in the memory of a thread what begins. */
  readonly valuesAt: number;
  readonly productsAt: number;
  readonly targetAt: number;
  readonly planesAt: number;
  readonly tmpAt: number;
  readonly ownBytes: number;
}

/** Rows that a product should have at least, for what is read of the weights to pay. */
const enoughTiles = 32;
/** Rows from which a product is cut, so that what lies between the transforms stays in the cache. */
const manyTiles = 96;

/** Part of the direct way's products that is worth a transform. */
const worth = 0.6;

/** The tiles of an image, or null where the direct way is better. */
export function gridOf(
  { points, result }: Scheme,
  step: ConvStep,
  { sourceChannels, targetChannels, y, x }: Gather,
): TileGrid | null {
  if (sourceChannels % 4 !== 0 || Math.min(sourceChannels, targetChannels) < 12) return null;
  const grid = { rows: Math.ceil(y.target / result), columns: Math.ceil(x.target / result) };
  const { output } = step.geometry;
  // Tiles that stick out waste what the others gain.
  return grid.rows * grid.columns * points ** 2 > worth * 9 * output[0] * output[1] ? null : grid;
}

/** The gather with its source padded up to whole tiles. */
export function paddedToTiles(g: Gather, { source: { side, step } }: Scheme, grid: TileGrid): Gather {
  const extent = (tiles: number): number => step * (tiles - 1) + side;
  return { ...g, y: { ...g.y, extent: extent(grid.rows) }, x: { ...g.x, extent: extent(grid.columns) } };
}

/** How the tiles of the source go to their values at the points, `stride` bytes apart. */
export function sourceStripOf(g: Gather, scheme: Scheme, grid: TileGrid, stride: number): Strip {
  const pixel = 4 * g.sourceChannels;
  return {
    tiles: grid.columns,
    from: scheme.source.side,
    to: scheme.points,
    row: g.x.extent * pixel,
    column: pixel,
    step: scheme.source.step * pixel,
    toRow: scheme.points * stride,
    toColumn: stride,
    toStep: pixel,
    channels: g.sourceChannels,
  };
}

export function planWinograd(
  step: ConvStep,
  gather: Gather,
  width: number,
  plain: boolean,
): WinogradPlan | null {
  const { sourceChannels, targetChannels, y, x } = gather;
  const scheme = schemeOf(step);
  const grid = scheme && gridOf(scheme, step, gather);
  if (!grid) return null;
  const g = paddedToTiles(gather, scheme, grid);
  const points = scheme.points ** 2;
  const panels = panelsOf(targetChannels, width);
  const last = panels.at(-1)!;
  const channels = last.channel + 4 * last.vectors;
  const perImage = grid.rows * grid.columns;
  const chunks = Math.ceil(g.batch / Math.max(1, Math.ceil(enoughTiles / perImage)));
  const chunk = Math.ceil(g.batch / Math.max(1, chunks));
  const lines = perImage > manyTiles ? Math.ceil((2 * enoughTiles) / grid.columns) : grid.rows;
  const band = { rows: Math.min(lines, grid.rows), columns: grid.columns };
  const tiles = band.rows * band.columns * chunk;
  const pixel = 4 * sourceChannels;
  const out = 4 * channels;
  const sourceStride = spread(tiles * pixel);
  const productStride = spread(tiles * out);
  const weightStride = spread(sourceChannels * out);
  const line = scheme.result * grid.columns;
  const sourceStrip = sourceStripOf(g, scheme, grid, sourceStride);
  const resultStrip: Strip = {
    tiles: grid.columns,
    from: scheme.points,
    to: scheme.result,
    row: scheme.points * productStride,
    column: productStride,
    step: out,
    toRow: line * out,
    toColumn: out,
    toStep: scheme.result * out,
    channels,
  };
  const imageBytes = roundUp(g.y.extent * g.x.extent * pixel, 64) + 64;
  const valuesAt = imageBytes;
  const productsAt = valuesAt + points * sourceStride;
  const targetAt = productsAt + points * productStride;
  const planesAt = targetAt + roundUp(scheme.result * grid.rows * line * out, 64) + 64;
  const tmpAt = planesAt + (plain ? 0 : roundUp(4 * targetChannels * y.target * x.target, 64) + 64);
  return {
    g,
    scheme,
    width,
    panels,
    channels,
    grid,
    band,
    chunk,
    weightStride,
    sourceStride,
    productStride,
    sourceStrip,
    resultStrip,
    imageBytes,
    sharedBytes: kernelPoints ** 2 * weightStride,
    valuesAt,
    productsAt,
    targetAt,
    planesAt,
    tmpAt,
    ownBytes: roundUp(tmpAt + Math.max(stripBytes(sourceStrip), stripBytes(resultStrip)), 64),
  };
}

export function emitWinograd(c: Context, e: Element, step: ConvStep, p: WinogradPlan, plain: boolean): void {
  const { f } = c;
  const { g, scheme, grid, band, chunk } = p;
  const [source, weights, ...rest] = c.addresses as [Local, Local, ...Local[]];
  emitWeights(c, step, p, weights);
  c.barrier();
  const at = (offset: number): Local => f.let("i32", i32.add(c.own, offset));
  const [image, values, products] = [f.let("i32", c.own), at(p.valuesAt), at(p.productsAt)];
  const [target, planes, tmp] = [at(p.targetAt), at(p.planesAt), at(p.tmpAt)];
  f.memoryFill(image, 0, p.imageBytes);
  const pack = packImage(c, e, g);
  const perImage = grid.rows * grid.columns;
  const sourceStrip = stripFunction(c, scheme.toSource, p.sourceStrip);
  const resultStrip = stripFunction(c, scheme.toResult, p.resultStrip);
  const toValues = c.module.func("convValues", i32s("image", "values", "tmp"), [], (b, x) =>
    strips(
      b,
      band,
      sourceStrip,
      [x.image, scheme.source.step * p.sourceStrip.row],
      [x.values, grid.columns * p.sourceStrip.toStep],
      x.tmp,
    ),
  );
  const toTarget = c.module.func("convTarget", i32s("products", "target", "tmp"), [], (b, x) =>
    strips(
      b,
      band,
      resultStrip,
      [x.products, grid.columns * p.resultStrip.step],
      [x.target, scheme.result * p.resultStrip.toRow],
      x.tmp,
    ),
  );
  const multiply = productsFunction(c, e, p);
  const size = g.y.target * g.x.target;
  const line = p.resultStrip.toRow / p.resultStrip.toColumn;
  const unpack = unpackFunction(
    c.module,
    e,
    { channels: g.targetChannels, plane: 4 * size, pitch: 4 * p.channels },
    line === g.x.target
      ? wholePlanes(size)
      : { rows: g.y.target, columns: g.x.target, planeRow: 4 * g.x.target, sideRow: p.resultStrip.toRow },
  );
  const inner = [g.targetChannels, g.y.target, g.x.target] as const;
  const results = plain ? null : emitResults(c, step, inner, rest, at(p.ownBytes));
  const load = (n: Local): void =>
    pack(i32.add(source, i32.mul(n, g.sourceChannels * g.y.source * g.x.source * 4)), image);
  const finish = (n: Local): void => {
    if (results) {
      f.do(call(unpack, target, planes));
      results(planes, n, i32.const(0));
    } else f.do(call(unpack, target, i32.add(rest[0]!, i32.mul(n, g.targetChannels * size * 4))));
  };
  const { start, end } = c.share(Math.ceil(g.batch / chunk), 1);
  const job = f.let("i32", start);
  if (band.rows < grid.rows) {
    const row = f.local("i32");
    countUp(f, job, end, 1, () => {
      load(job);
      f.set(row, 0);
      countUp(f, row, grid.rows, band.rows, () => {
        // The last band may compute some lines again: they come out the same.
        f.if(i32.gt_s(row, grid.rows - band.rows), () => f.set(row, grid.rows - band.rows));
        const from = i32.mul(row, scheme.source.step * p.sourceStrip.row);
        f.do(call(toValues, i32.add(image, from), values, tmp));
        f.do(call(multiply, values, c.shared, products));
        const to = i32.mul(row, scheme.result * p.resultStrip.toRow);
        f.do(call(toTarget, products, i32.add(target, to), tmp));
      });
      finish(job);
    });
    return;
  }
  const [first, last, n, tile] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  countUp(f, job, end, 1, () => {
    f.set(first, i32.mul(job, chunk));
    f.set(last, i32.add(first, chunk));
    if (g.batch % chunk > 0) f.if(i32.gt_s(last, g.batch), () => f.set(last, g.batch));
    f.set(n, first);
    f.set(tile, values);
    countUp(f, n, last, 1, () => {
      load(n);
      f.do(call(toValues, image, tile, tmp));
      bump(f, tile, perImage * p.sourceStrip.toStep);
    });
    f.do(call(multiply, values, c.shared, products));
    f.set(n, first);
    f.set(tile, products);
    countUp(f, n, last, 1, () => {
      f.do(call(toTarget, tile, target, tmp));
      bump(f, tile, perImage * p.resultStrip.step);
      finish(n);
    });
  });
}

/** products(values, weights, products): at each point the tiles' values times the weights. */
function productsFunction(c: Context, e: Element, p: WinogradPlan): Func {
  const { g, scheme, band, chunk } = p;
  const out = 4 * p.channels;
  const pixel = 4 * g.sourceChannels;
  const tiles = tileRows(band.rows * band.columns * chunk, 6);
  const panelFunction = (vectors: number): Func => {
    const loops = [{ count: g.sourceChannels, a: 4, b: 16 * vectors }];
    return c.module.func("convPoint", i32s("a", "b", "c"), [], (f, x) => {
      for (const rows of new Set(tiles)) {
        const tile = tileFunction(c.module, e, { rows, vectors, aRow: pixel, cRow: out, loops, add: false });
        repeat(f, tiles.filter((n) => n === rows).length, () => {
          f.do(call(tile, x.a, x.b, x.c, 0, 0, 0));
          bump(f, x.a, rows * pixel);
          bump(f, x.c, rows * out);
        });
      }
    });
  };
  const runs = panelRuns(p.panels).map((run) => ({ ...run, func: panelFunction(run.vectors) }));
  const point = c.module.func("convPanels", i32s("values", "weights", "products"), [], (f, x) => {
    for (const { channel, vectors, times, func } of runs) {
      const b = f.let("i32", i32.add(x.weights, channel * pixel));
      const to = f.let("i32", i32.add(x.products, 4 * channel));
      repeat(f, times, () => {
        f.do(call(func, x.values, b, to));
        bump(f, b, 4 * vectors * pixel);
        bump(f, to, 16 * vectors);
      });
    }
  });
  return c.module.func("convPoints", i32s("values", "weights", "products"), [], (f, x) => {
    const [i, j, row, weights] = [f.let("i32", 0), f.local("i32"), f.local("i32"), f.local("i32")];
    f.set(row, x.weights);
    // The last points share the weights of one.
    const next = (number: Local, at: Local, bytes: number): void =>
      f.if(i32.lt_s(number, kernelPoints - 1), () => bump(f, at, bytes));
    countUp(f, i, scheme.points, 1, () => {
      f.set(j, 0);
      f.set(weights, row);
      countUp(f, j, scheme.points, 1, () => {
        f.do(call(point, x.values, weights, x.products));
        bump(f, x.values, p.sourceStride);
        bump(f, x.products, p.productStride);
        next(j, weights, p.weightStride);
      });
      next(i, row, kernelPoints * p.weightStride);
    });
  });
}

/** The kernels' values at the points, each point's in panels of target channels. */
function emitWeights(c: Context, step: ConvStep, p: WinogradPlan, weights: Local): void {
  const { f } = c;
  const { g } = p;
  // In the order in which they meet the source.
  const order = step.direction === "input" ? [2, 1, 0] : [0, 1, 2];
  const taps = order.map((y) => order.map((x) => 4 * (3 * y + x)));
  const toKernel = p.scheme.toKernel;
  const transform = c.module.func("convKernels", i32s("from", "to", "row", "valid"), [], (w, x) => {
    const e = new Emitter(w, c.module, c.e.memory, c.e.features, c.e.host);
    const lanes = [x.from];
    for (let l = 1; l < 4; l++)
      lanes.push(w.let("i32", i32.add(lanes[l - 1]!, i32.mul(i32.gt_s(x.valid, l), 4 * g.weightTarget))));
    const load = (offset: number): Local[] => {
      const v = e.v(v128.load32_zero(lanes[0]!, offset));
      for (let l = 1; l < 4; l++) w.set(v, v128.load32_lane(lanes[l]!, v, l, offset));
      return [v];
    };
    repeat(w, g.sourceChannels, () => {
      const columns = [0, 1, 2].map((j) =>
        toKernel(
          e,
          taps.map((row) => load(row[j]!)),
        ),
      );
      for (let i = 0; i < kernelPoints; i++)
        toKernel(
          e,
          columns.map((column) => column[i]!),
        ).forEach(([v], j) => w.do(v128.store(x.to, v!, (i * kernelPoints + j) * p.weightStride)));
      for (const lane of lanes) bump(w, lane, 4 * g.weightSource);
      bump(w, x.to, x.row);
    });
  });
  eachFour(c, g, p.panels, p.width, (from, to, panel, row, valid) => {
    const at = i32.add(c.shared, i32.add(i32.mul(panel, 4 * g.sourceChannels), to));
    f.do(call(transform, i32.add(weights, from), at, row, valid));
  });
}
