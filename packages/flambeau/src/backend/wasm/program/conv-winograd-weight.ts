// Gradients of the weights of kernels of 3 x 3 by Winograd's algorithm: the output's gradient is the kernel that slides over the
// input, tile by tile. Floor L2 (backend/wasm/program).
//
// Tiles are summed in their order, whatever the number of threads: threads share points, not tiles.

import type { ConvStep } from "../../../ir/program.ts";
import type { Func, Local } from "../encoder.ts";
import { call, i32, v128 } from "../encoder.ts";
import { Emitter } from "../lanes.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countUp, i32s } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import type { Gather } from "./conv-geometry.ts";
import { roundUp, tileRows } from "./conv-geometry.ts";
import { packFunction } from "./conv-layout.ts";
import type { Panel } from "./conv-panels.ts";
import { packImage, panelsOf } from "./conv-panels.ts";
import { emitResults } from "./conv-results.ts";
import type { Strip, TileGrid } from "./conv-strips.ts";
import { spread, stripBytes, stripFunction, strips } from "./conv-strips.ts";
import { tileFunction } from "./conv-tile.ts";
import type { Scheme } from "./conv-transforms.ts";
import { kernelPoints, schemeOf } from "./conv-transforms.ts";
import { gridOf, paddedToTiles, sourceStripOf } from "./conv-winograd.ts";
import { repeat } from "./repeat.ts";

export interface WinogradWeightPlan {
  readonly g: Gather;
  readonly scheme: Scheme;
  readonly width: number;
  readonly grid: TileGrid;
  /** Images whose tiles are summed at a time. */
  readonly chunk: number;
  readonly panels: readonly Panel[];
  /** Source channels with those that fill the last panel. */
  readonly channels: number;
  /** Bytes from point to point of the input's values, the gradient's, and the sums. */
  readonly sourceStride: number;
  readonly gradientStride: number;
  readonly sumsStride: number;
  readonly sourceStrip: Strip;
  readonly gradientStrip: Strip;
  readonly gradientsAt: number;
  readonly sumsAt: number;
  readonly sharedBytes: number;
  readonly imageBytes: number;
  readonly gradientAt: number;
  readonly gradientBytes: number;
  readonly tmpAt: number;
  readonly ownBytes: number;
}

/** Tiles of a chunk, about: long sums, of values that stay in the cache. */
const enoughTiles = 64;
/** Bytes of an image's values from which the direct way is better: they leave the cache before they are used. */
const manyBytes = 2 ** 24;

export function planWinogradWeight(step: ConvStep, gather: Gather, width: number): WinogradWeightPlan | null {
  const { sourceChannels, targetChannels } = gather;
  const scheme = schemeOf(step);
  const grid = scheme && gridOf(scheme, step, gather);
  if (!grid || targetChannels % 4 !== 0) return null;
  const g = paddedToTiles(gather, scheme, grid);
  const points = scheme.points ** 2;
  const perImage = grid.rows * grid.columns;
  if (4 * points * perImage * (sourceChannels + targetChannels) > manyBytes) return null;
  const chunks = Math.ceil(g.batch / Math.max(1, Math.round(enoughTiles / perImage)));
  const chunk = Math.ceil(g.batch / Math.max(1, chunks));
  const tiles = perImage * chunk;
  const panels = panelsOf(sourceChannels, width);
  const last = panels.at(-1)!;
  const channels = last.channel + 4 * last.vectors;
  const out = 4 * targetChannels;
  const sourceStride = spread(4 * sourceChannels * tiles);
  const gradientStride = spread(out * tiles);
  const sumsStride = spread(4 * targetChannels * channels);
  const line = scheme.result * grid.columns;
  const sourceStrip = sourceStripOf(g, scheme, grid, sourceStride);
  const gradientStrip: Strip = {
    tiles: grid.columns,
    from: scheme.result,
    to: scheme.points,
    row: line * out,
    column: out,
    step: scheme.result * out,
    toRow: scheme.points * gradientStride,
    toColumn: gradientStride,
    toStep: out,
    channels: targetChannels,
  };
  const gradientsAt = points * sourceStride + 64;
  const sumsAt = gradientsAt + points * gradientStride;
  const imageBytes = roundUp(4 * g.y.extent * g.x.extent * sourceChannels, 64) + 64;
  const gradientBytes = roundUp(scheme.result * grid.rows * line * out, 64) + 64;
  const tmpAt = imageBytes + gradientBytes;
  return {
    g,
    scheme,
    width,
    grid,
    chunk,
    panels,
    channels,
    sourceStride,
    gradientStride,
    sumsStride,
    sourceStrip,
    gradientStrip,
    gradientsAt,
    sumsAt,
    sharedBytes: sumsAt + kernelPoints ** 2 * sumsStride,
    imageBytes,
    gradientAt: imageBytes,
    gradientBytes,
    tmpAt,
    // The strips' own memory serves for a channel's results as well.
    ownBytes: roundUp(
      tmpAt + Math.max(stripBytes(sourceStrip), stripBytes(gradientStrip), 36 * sourceChannels),
      64,
    ),
  };
}

export function emitWinogradWeight(
  c: Context,
  e: Element,
  step: ConvStep,
  p: WinogradWeightPlan,
  plain: boolean,
): void {
  const { f } = c;
  const { g, scheme, chunk, grid } = p;
  const [input, gradient, ...rest] = c.addresses as [Local, Local, ...Local[]];
  const own = (offset: number): Local => f.let("i32", i32.add(c.own, offset));
  const shared = (offset: number): Local => f.let("i32", i32.add(c.shared, offset));
  const [image, gradientImage, tmp] = [own(0), own(p.imageBytes), own(p.tmpAt)];
  const [values, gradients, sums] = [shared(0), shared(p.gradientsAt), shared(p.sumsAt)];
  f.memoryFill(image, 0, p.tmpAt);
  const perImage = grid.rows * grid.columns;
  const size = g.y.target * g.x.target;
  const packInput = packImage(c, e, g);
  const packGradient = packFunction(
    c.module,
    e,
    { channels: g.targetChannels, plane: 4 * size, pitch: 4 * g.targetChannels },
    { rows: g.y.target, columns: g.x.target, planeRow: 4 * g.x.target, sideRow: p.gradientStrip.row },
  );
  const transform = (name: string, func: Func, strip: Strip, step: number): Func =>
    c.module.func(name, i32s("from", "to", "tmp"), [], (b, x) =>
      strips(b, grid, func, [x.from, step * strip.row], [x.to, grid.columns * strip.toStep], x.tmp),
    );
  const toValues = transform(
    "convValues",
    stripFunction(c, scheme.toSource, p.sourceStrip),
    p.sourceStrip,
    scheme.source.step,
  );
  const toGradients = transform(
    "convGradients",
    stripFunction(c, scheme.toGradient, p.gradientStrip),
    p.gradientStrip,
    scheme.result,
  );
  const chunks = Math.ceil(g.batch / chunk);
  const jobs = kernelPoints ** 2 * p.panels.length;
  const share = (total: number): { start: Local; end: Local } => c.share(total, 1);
  const n = f.local("i32");
  const laid = f.local("i32");
  const job = f.local("i32");
  /** One chunk of so many images: the first one sets the sums, others add to them. */
  const sumChunk = (images: number, add: boolean): void => {
    const layout = share(images);
    f.set(laid, layout.start);
    countUp(f, laid, layout.end, 1, () => {
      const number = f.let("i32", i32.add(n, laid));
      const tile = f.let("i32", i32.mul(laid, perImage));
      packInput(i32.add(input, i32.mul(number, 4 * g.sourceChannels * g.y.source * g.x.source)), image);
      f.do(call(toValues, image, i32.add(values, i32.mul(tile, p.sourceStrip.toStep)), tmp));
      f.do(
        call(packGradient, i32.add(gradient, i32.mul(number, 4 * g.targetChannels * size)), gradientImage),
      );
      f.do(call(toGradients, gradientImage, i32.add(gradients, i32.mul(tile, p.gradientStrip.toStep)), tmp));
    });
    c.barrier();
    const product = productFunction(c, e, p, images * perImage, add);
    // In turns, for some jobs take longer than others.
    f.set(job, c.thread);
    countUp(f, job, jobs, c.threads, () => f.do(call(product, values, gradients, sums, job)));
    c.barrier();
  };
  const left = g.batch % chunk;
  const whole = left > 0 ? chunks - 1 : chunks;
  f.set(n, 0);
  sumChunk(chunk, false);
  f.set(n, chunk);
  if (whole > 1) countUp(f, n, whole * chunk, chunk, () => sumChunk(chunk, true));
  if (left > 0) sumChunk(left, true);
  emitOutput(c, step, p, plain, sums, tmp, rest);
}

/** product(values, gradients, sums, job): one panel of source channels of one element of the sums, for all target channels. */
function productFunction(c: Context, e: Element, p: WinogradWeightPlan, tiles: number, add: boolean): Func {
  const { g, scheme } = p;
  const cRow = 4 * p.channels;
  const panel = (vectors: number, adds: boolean): Func => {
    const tile = (rows: number): Func =>
      tileFunction(c.module, e, {
        rows,
        vectors,
        aRow: 4,
        cRow,
        loops: [{ count: tiles, a: 4 * g.targetChannels, b: 4 * g.sourceChannels }],
        add: adds,
      });
    return c.module.func("convPoint", i32s("b", "a", "c"), [], (f, x) => {
      for (const rows of tileRows(g.targetChannels, vectors === p.width ? 6 : 12)) {
        f.do(call(tile(rows), x.a, x.b, x.c, 0, 0, 0));
        bump(f, x.a, 4 * rows);
        bump(f, x.c, cRow * rows);
      }
    });
  };
  const shared = scheme.points > kernelPoints;
  const widths = [...new Set(p.panels.map(({ vectors }) => vectors))].map((vectors) => ({
    first: panel(vectors, add),
    others: shared && !add ? panel(vectors, true) : null,
  }));
  return c.module.func("convPointJob", i32s("values", "gradients", "sums", "job"), [], (f, x) => {
    const count = p.panels.length;
    const sum = f.let("i32", i32.div_u(x.job, count));
    const number = f.let("i32", i32.rem_u(x.job, count));
    const channel = f.let("i32", i32.mul(number, 16 * p.width));
    const to = f.let("i32", i32.add(i32.add(x.sums, channel), i32.mul(sum, p.sumsStride)));
    const [point, b, a] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const run = (others: boolean): void => {
      f.set(b, i32.add(i32.add(x.values, channel), i32.mul(point, p.sourceStride)));
      f.set(a, i32.add(x.gradients, i32.mul(point, p.gradientStride)));
      const func = (w: (typeof widths)[number]): Func => (others && w.others) || w.first;
      const [wide, narrow] = widths;
      if (!narrow) f.do(call(func(wide!), b, a, to));
      else
        f.if(
          i32.lt_u(number, count - 1),
          () => f.do(call(func(wide!), b, a, to)),
          () => f.do(call(func(narrow), b, a, to)),
        );
    };
    const i = f.let("i32", i32.div_u(sum, kernelPoints));
    const first = f.let("i32", i32.rem_u(sum, kernelPoints));
    f.set(point, i32.add(i32.mul(i, scheme.points), first));
    run(false);
    if (!shared) return;
    // The last element of a row or column sums several points.
    const [row, column] = [f.let("i32", i), f.local("i32")];
    const end = (number: Local): Local => {
      const last = f.let("i32", i32.add(number, 1));
      f.if(i32.eq(number, kernelPoints - 1), () => f.set(last, scheme.points));
      return last;
    };
    const [rows, columns] = [end(i), end(first)];
    f.set(column, i32.add(first, 1));
    countUp(f, row, rows, 1, () => {
      countUp(f, column, columns, 1, () => {
        f.set(point, i32.add(i32.mul(row, scheme.points), column));
        run(true);
      });
      f.set(column, first);
    });
  });
}

/** From the sums at the points to the weights, and their results. */
function emitOutput(
  c: Context,
  step: ConvStep,
  p: WinogradWeightPlan,
  plain: boolean,
  sums: Local,
  tmp: Local,
  rest: readonly Local[],
): void {
  const { f } = c;
  const { g } = p;
  // Weights of four source channels, whose sums lie side by side.
  const four = c.module.func("convKernel", i32s("from", "to"), [], (w, x) => {
    const e = new Emitter(w, c.module, c.e.memory, c.e.features, c.e.host);
    const numbers = Array.from({ length: kernelPoints }, (_, i) => i);
    const columns = numbers.map((j) =>
      p.scheme.toWeight(
        e,
        numbers.map((i) => [e.v(v128.load(x.from, (i * kernelPoints + j) * p.sumsStride))]),
      ),
    );
    for (let i = 0; i < 3; i++)
      p.scheme
        .toWeight(
          e,
          columns.map((column) => column[i]!),
        )
        .forEach(([v], j) => {
          for (let l = 0; l < 4; l++) w.do(v128.store32_lane(x.to, v!, l, 4 * (9 * l + 3 * i + j)));
        });
  });
  const row = c.module.func("convKernels", i32s("from", "to"), [], (w, x) =>
    repeat(w, g.sourceChannels / 4, () => {
      w.do(call(four, x.from, x.to));
      bump(w, x.from, 16);
      bump(w, x.to, 4 * 36);
    }),
  );
  const inner = [g.sourceChannels, 3, 3] as const;
  const scratch = f.let("i32", i32.add(c.own, p.ownBytes));
  const results = plain ? null : emitResults(c, step, inner, rest, scratch);
  const { start, end } = c.share(g.targetChannels, 1);
  const o = f.let("i32", start);
  countUp(f, o, end, 1, () => {
    const from = i32.add(sums, i32.mul(o, 4 * p.channels));
    if (results) {
      f.do(call(row, from, tmp));
      results(tmp, o, i32.const(0));
    } else f.do(call(row, from, i32.add(rest[0]!, i32.mul(o, 36 * g.sourceChannels))));
  });
}
