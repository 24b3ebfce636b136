// Gradients of the weights of small kernels over few channels, without a transform: elements of the kernel, whichever they are,
// as rows of a tile, and the output's channels as columns. Floor L2 (backend/wasm/program).

import type { ConvStep } from "../../../ir/program.ts";
import type { Func, Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countUp, i32s } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import type { Gather } from "./conv-geometry.ts";
import { roundUp, tileRows } from "./conv-geometry.ts";
import { packFunction, unpackFunction, wholePlanes } from "./conv-layout.ts";
import type { Panel } from "./conv-panels.ts";
import { packImage, panelsOf } from "./conv-panels.ts";
import { emitResults } from "./conv-results.ts";
import { tileFunction } from "./conv-tile.ts";

/** Some elements of the kernel by a panel of channels of the output. */
interface Job {
  readonly row: number;
  readonly rows: number;
  readonly panel: Panel;
}

export interface TurnedPlan {
  /** Of the forward direction. */
  readonly g: Gather;
  readonly kernel: readonly [number, number];
  readonly width: number;
  /** Where the source's element is that each element of the kernel, in the order of the weights, meets at the first position. */
  readonly offsets: readonly number[];
  readonly jobs: readonly Job[];
  /** Floats in a row of the sums. */
  readonly pitch: number;
  readonly chunk: number;
  readonly imageBytes: number;
  readonly gradientBytes: number;
  readonly sumsAt: number;
  readonly sharedBytes: number;
  readonly ownBytes: number;
}

/** Elements of the kernel that a plan has code for. */
const mostElements = 128;
const chunkBytes = 2 ** 19;
const mostImages = 8;

/** The plan, or null where the kernel is too large for it. `otherwise` is the columns times rows that the other way computes. */
export function planTurned(
  g: Gather,
  kernel: readonly [number, number],
  width: number,
  otherwise: number,
): TurnedPlan | null {
  const perTap = g.depthwise ? 1 : g.sourceChannels;
  const elements = perTap * kernel[0] * kernel[1];
  const panels = panelsOf(g.targetChannels, width);
  const last = panels.at(-1)!;
  const pitch = last.channel + 4 * last.vectors;
  const worth = g.groups === 1 && elements <= mostElements && elements * pitch < otherwise;
  if (!worth && !g.depthwise) return null;
  const pixel = 4 * g.sourceChannels;
  const offsets: number[] = [];
  for (let channel = 0; channel < perTap; channel++)
    for (const y of g.y.axes[0]!.taps)
      for (const x of g.x.axes[0]!.taps)
        offsets.push(((y.offset - g.y.low) * g.x.extent + (x.offset - g.x.low)) * pixel + 4 * channel);
  const jobs = panels.flatMap((panel) => {
    let row = 0;
    // Where a has vectors too, fewer rows fit the registers.
    const most = (g.depthwise ? 4 : 6) * (panel.vectors === width ? 1 : 2);
    return tileRows(elements, most).map((rows): Job => {
      row += rows;
      return { row: row - rows, rows, panel };
    });
  });
  const imageBytes = roundUp(g.y.extent * g.x.extent * pixel, 64) + 64;
  // Panels read past the end of the last position.
  const gradientBytes = roundUp(4 * g.y.target * g.x.target * g.targetChannels, 64) + 64;
  const chunk = Math.min(
    g.batch,
    mostImages,
    Math.max(1, Math.floor(chunkBytes / (imageBytes + gradientBytes))),
  );
  const sumsAt = chunk * (imageBytes + gradientBytes);
  return {
    g,
    kernel,
    width,
    offsets,
    jobs,
    pitch,
    chunk,
    imageBytes,
    gradientBytes,
    sumsAt,
    sharedBytes: roundUp(sumsAt + 4 * elements * pitch, 64),
    ownBytes: roundUp(4 * elements * g.targetChannels, 64),
  };
}

export function emitTurned(c: Context, e: Element, step: ConvStep, p: TurnedPlan, plain: boolean): void {
  const { f, module } = c;
  const { g, chunk } = p;
  const [input, gradient, ...rest] = c.addresses as [Local, Local, ...Local[]];
  const size = g.y.target * g.x.target;
  const at = (offset: number): Local => f.let("i32", i32.add(c.shared, offset));
  const [images, gradients, sums] = [at(0), at(chunk * p.imageBytes), at(p.sumsAt)];
  f.if(i32.eqz(c.thread), () => f.memoryFill(c.shared, 0, p.sharedBytes));
  c.barrier();
  const packInput = packImage(c, e, g);
  const planes = { channels: g.targetChannels, plane: 4 * size, pitch: 4 * g.targetChannels };
  const packGradient = packFunction(module, e, planes, wholePlanes(size));
  const products = p.jobs.map((job) => jobFunction(c, e, p, job));
  const n = f.let("i32", 0);
  const [laid, last, number] = [f.local("i32"), f.local("i32"), f.local("i32")];
  countUp(f, n, g.batch, chunk, () => {
    const layout = c.share(chunk, 1);
    f.set(laid, layout.start);
    f.set(last, i32.sub(g.batch, n));
    countUp(f, laid, layout.end, 1, () =>
      f.if(i32.lt_s(laid, last), () => {
        f.set(number, i32.add(n, laid));
        packInput(
          i32.add(input, i32.mul(number, 4 * g.sourceChannels * g.y.source * g.x.source)),
          f.let("i32", i32.add(images, i32.mul(laid, p.imageBytes))),
        );
        const from = i32.add(gradient, i32.mul(number, 4 * g.targetChannels * size));
        f.do(call(packGradient, from, i32.add(gradients, i32.mul(laid, p.gradientBytes))));
      }),
    );
    c.barrier();
    const { start, end } = c.share(products.length, 1);
    products.forEach((product, job) =>
      f.if(i32.and(i32.le_s(start, job), i32.gt_s(end, job)), () =>
        f.do(call(product, images, gradients, sums, last)),
      ),
    );
    c.barrier();
  });
  emitOutput(c, e, step, p, plain, sums, rest);
}

/** job(images, gradients, sums, count): adds what the images of a chunk give. */
function jobFunction(c: Context, e: Element, p: TurnedPlan, { row, rows, panel }: Job): Func {
  const { g } = p;
  const pixel = 4 * g.sourceChannels;
  const out = 4 * g.targetChannels;
  const [y, x] = [g.y.axes[0]!, g.x.axes[0]!];
  const tile = tileFunction(c.module, e, {
    rows,
    vectors: panel.vectors,
    aRow: p.offsets.slice(row, row + rows),
    cRow: 4 * p.pitch,
    loops: [
      { count: y.count, a: y.sourceStep * g.x.extent * pixel, b: x.count * out },
      { count: x.count, a: x.sourceStep * pixel, b: out },
    ],
    add: true,
    elementwise: g.depthwise,
  });
  return c.module.func("convTurnedJob", i32s("images", "gradients", "sums", "count"), [], (f, v) => {
    const to = f.let("i32", i32.add(v.sums, 4 * (row * p.pitch + panel.channel)));
    f.if(i32.gt_s(v.count, p.chunk), () => f.set(v.count, p.chunk));
    const laid = f.let("i32", 0);
    countUp(f, laid, v.count, 1, () => {
      const from = g.depthwise ? i32.add(v.images, 4 * panel.channel) : v.images;
      f.do(call(tile, from, i32.add(v.gradients, 4 * panel.channel), to, 0, 0, 0));
      bump(f, v.images, p.imageBytes);
      bump(f, v.gradients, p.gradientBytes);
    });
  });
}

/** Turns the sums into the order of the weights, and puts their results where they belong. */
function emitOutput(
  c: Context,
  e: Element,
  step: ConvStep,
  p: TurnedPlan,
  plain: boolean,
  sums: Local,
  rest: readonly Local[],
): void {
  const { f } = c;
  const { g } = p;
  const elements = p.offsets.length;
  const planes = { channels: g.targetChannels, plane: 4 * elements, pitch: 4 * p.pitch };
  const turn = unpackFunction(c.module, e, planes, wholePlanes(elements));
  const scratch = f.let("i32", i32.add(c.own, p.ownBytes));
  const inner = [g.depthwise ? 1 : g.sourceChannels, ...p.kernel] as const;
  const results = plain ? null : emitResults(c, step, inner, rest, scratch);
  // Little work: one thread does it.
  f.if(i32.eqz(c.thread), () => {
    f.do(call(turn, sums, results ? c.own : rest[0]!));
    if (!results) return;
    const o = f.let("i32", 0);
    countUp(f, o, g.targetChannels, 1, () =>
      results(i32.add(c.own, i32.mul(o, 4 * elements)), o, i32.const(0)),
    );
  });
}
