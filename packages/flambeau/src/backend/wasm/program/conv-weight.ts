// Gradients of a convolution's weights without a transform: for each row of the kernel a product of the output's gradient, its
// channels as rows, with the stretch of the input that the row of the kernel meets, over all positions of all images.
// Floor L2 (backend/wasm/program).
//
// Images are added in their order, whatever the number of threads: threads share tiles of the result, not images.

import type { ConvStep } from "../../../ir/program.ts";
import type { Func, Local } from "../encoder.ts";
import { call, i32, v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countUp, i32s } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import type { Gather } from "./conv-geometry.ts";
import { roundUp, tileRows } from "./conv-geometry.ts";
import { packFunction, wholePlanes } from "./conv-layout.ts";
import type { Panel } from "./conv-panels.ts";
import { packImage, panelsOf } from "./conv-panels.ts";
import { emitResults } from "./conv-results.ts";
import { tileFunction } from "./conv-tile.ts";

export interface WeightPlan {
  /** Of the forward direction: the input is the source, the output's gradient has the target's channels. */
  readonly g: Gather;
  readonly kernel: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly width: number;
  /** Elements of the kernel that the sums of one stretch belong to: a row of it, or one element if they lie apart. */
  readonly joined: number;
  /** Stretches of the kernel, and floats in each: joined * channels, and with those that fill the last panel. */
  readonly stretches: number;
  readonly length: number;
  readonly panels: readonly Panel[];
  readonly pitch: number;
  /** Images that are laid out before threads go on to the products. */
  readonly chunk: number;
  readonly imageBytes: number;
  readonly gradientBytes: number;
  readonly sumsAt: number;
  readonly sharedBytes: number;
  readonly ownBytes: number;
}

/** Bytes of laid out images that stay in the second-level cache. */
const chunkBytes = 2 ** 19;
const mostImages = 8;

export function planWeight(
  g: Gather,
  kernel: readonly [number, number],
  dilation: readonly [number, number],
  width: number,
): WeightPlan {
  const joined = dilation[1] === 1 ? kernel[1] : 1;
  const length = joined * g.sourceChannels;
  const panels = panelsOf(length, width);
  const last = panels.at(-1)!;
  const pitch = last.channel + 4 * last.vectors;
  const stretches = (kernel[0] * kernel[1]) / joined;
  // Panels read past the end of the last position.
  const imageBytes = roundUp(4 * g.y.extent * g.x.extent * g.sourceChannels + 4 * pitch, 64);
  const gradientBytes = roundUp(4 * g.y.target * g.x.target * g.targetChannels, 64) + 64;
  const bytes = g.groups * (imageBytes + gradientBytes);
  const chunk = Math.min(g.batch, mostImages, Math.max(1, Math.floor(chunkBytes / bytes)));
  const sumsAt = chunk * bytes;
  return {
    g,
    kernel,
    dilation,
    width,
    joined,
    stretches,
    length,
    panels,
    pitch,
    chunk,
    imageBytes,
    gradientBytes,
    sumsAt,
    sharedBytes: roundUp(sumsAt + 4 * g.groups * stretches * g.targetChannels * pitch, 64),
    ownBytes: roundUp(4 * g.sourceChannels * kernel[0] * kernel[1], 64),
  };
}

export function emitWeight(c: Context, e: Element, step: ConvStep, p: WeightPlan, plain: boolean): void {
  const { f, module } = c;
  const { g, chunk } = p;
  const [input, gradient, ...rest] = c.addresses as [Local, Local, ...Local[]];
  const size = g.y.target * g.x.target;
  const images = f.let("i32", c.shared);
  const gradients = f.let("i32", i32.add(c.shared, chunk * g.groups * p.imageBytes));
  const sums = f.let("i32", i32.add(c.shared, p.sumsAt));
  const share = (total: number): { start: Local; end: Local } => c.share(total, 1);
  const cleared = share(p.sharedBytes / 64);
  const first = f.let("i32", i32.mul(cleared.start, 64));
  f.memoryFill(i32.add(c.shared, first), 0, i32.sub(i32.mul(cleared.end, 64), first));
  c.barrier();

  const packInput = packImage(c, e, g);
  const pitch = 4 * g.targetChannels;
  const packGradient = packFunction(
    module,
    e,
    { channels: g.targetChannels, plane: 4 * size, pitch },
    wholePlanes(size),
  );
  const products = productFunction(c, e, p);
  const jobs = g.groups * p.stretches * p.panels.length;
  const laid = f.local("i32");
  const number = f.local("i32");
  const at = f.local("i32");
  const n = f.let("i32", 0);
  const count = f.local("i32");
  countUp(f, n, g.batch, chunk, () => {
    f.set(count, i32.mul(g.groups, chunk));
    if (g.batch % chunk !== 0)
      f.if(i32.gt_s(i32.add(n, chunk), g.batch), () => f.set(count, i32.mul(g.groups, i32.sub(g.batch, n))));
    const layout = share(chunk * g.groups);
    f.set(laid, layout.start);
    countUp(f, laid, layout.end, 1, () =>
      f.if(i32.lt_s(laid, count), () => {
        f.set(number, i32.add(i32.mul(n, g.groups), laid));
        f.set(at, i32.add(images, i32.mul(laid, p.imageBytes)));
        packInput(i32.add(input, i32.mul(number, 4 * g.sourceChannels * g.y.source * g.x.source)), at);
        f.do(
          call(
            packGradient,
            i32.add(gradient, i32.mul(number, 4 * g.targetChannels * size)),
            i32.add(gradients, i32.mul(laid, p.gradientBytes)),
          ),
        );
      }),
    );
    c.barrier();
    const work = share(jobs);
    const job = f.let("i32", work.start);
    countUp(f, job, work.end, 1, () => f.do(call(products, images, gradients, sums, job, count)));
    c.barrier();
  });
  emitOutput(c, step, p, plain, sums, rest);
}

/** products(images, gradients, sums, job, count): one panel of a stretch of the kernel, over the images of a chunk. */
function productFunction(c: Context, e: Element, p: WeightPlan): Func {
  const { module } = c;
  const { g } = p;
  const pixel = 4 * g.sourceChannels;
  const widths = [...new Set(p.panels.map((panel) => panel.vectors))];
  const perImage = widths.map((vectors) => imageFunction(c, e, p, vectors));
  return module.func("convWeightJob", i32s("images", "gradients", "sums", "job", "count"), [], (f, x) => {
    const panels = p.panels.length;
    const panel = f.let("i32", i32.rem_u(x.job, panels));
    const stretch = f.let("i32", i32.rem_u(i32.div_u(x.job, panels), p.stretches));
    const group = f.let("i32", i32.div_u(x.job, panels * p.stretches));
    const across = p.kernel[1] / p.joined;
    const row = i32.mul(i32.div_u(stretch, across), p.dilation[0] * g.x.extent * pixel);
    const column = i32.mul(i32.rem_u(stretch, across), p.dilation[1] * pixel);
    const channel = f.let("i32", i32.mul(panel, 4 * p.width));
    const inImage = f.let("i32", i32.add(i32.add(row, column), i32.mul(channel, 4)));
    const stretchAt = i32.mul(i32.add(i32.mul(group, p.stretches), stretch), 4 * g.targetChannels * p.pitch);
    const to = f.let("i32", i32.add(x.sums, i32.add(stretchAt, i32.mul(channel, 4))));
    const laid = f.let("i32", group);
    countUp(f, laid, x.count, g.groups, () => {
      const args = [
        i32.add(i32.add(x.images, inImage), i32.mul(laid, p.imageBytes)),
        i32.add(x.gradients, i32.mul(laid, p.gradientBytes)),
        to,
      ];
      if (perImage.length === 1) f.do(call(perImage[0]!, ...args));
      else
        f.if(
          i32.lt_u(panel, panels - 1),
          () => f.do(call(perImage[0]!, ...args)),
          () => f.do(call(perImage[1]!, ...args)),
        );
    });
  });
}

/** image(input, gradient, sums): adds what one image gives to a panel of all the target's channels. */
function imageFunction(c: Context, e: Element, p: WeightPlan, vectors: number): Func {
  const { g } = p;
  const pixel = 4 * g.sourceChannels;
  const pitch = 4 * g.targetChannels;
  const [y, x] = [g.y.axes[0]!, g.x.axes[0]!];
  const tile = (rows: number): Func =>
    tileFunction(c.module, e, {
      rows,
      vectors,
      aRow: 4,
      cRow: 4 * p.pitch,
      loops: [
        { count: y.count, a: x.count * pitch, b: y.sourceStep * g.x.extent * pixel },
        { count: x.count, a: pitch, b: x.sourceStep * pixel },
      ],
      add: true,
    });
  const split = tileRows(g.targetChannels, vectors === p.width ? 6 : 12);
  return c.module.func("convWeightImage", i32s("input", "gradient", "sums"), [], (f, v) => {
    for (const rows of split) {
      f.do(call(tile(rows), v.gradient, v.input, v.sums, 0, 0, 0));
      bump(f, v.gradient, 4 * rows);
      bump(f, v.sums, 4 * p.pitch * rows);
    }
  });
}

/** Puts the sums into the order of the weights, and their results where they belong. */
function emitOutput(
  c: Context,
  step: ConvStep,
  p: WeightPlan,
  plain: boolean,
  sums: Local,
  rest: readonly Local[],
): void {
  const { f, module } = c;
  const { g } = p;
  const taps = p.kernel[0] * p.kernel[1];
  const rowBytes = 4 * g.sourceChannels * taps;
  const scatter = scatterFunction(c, taps);
  // Sums of a channel of the target: row of the kernel by row, or element by element.
  const order = module.func("convWeightOrder", i32s("from", "to"), [], (o, x) => {
    for (let tap = 0; tap < taps; tap++) {
      const stretch = Math.floor(tap / p.joined);
      const at = 4 * (stretch * g.targetChannels * p.pitch + (tap % p.joined) * g.sourceChannels);
      o.do(call(scatter, i32.add(x.from, at), i32.add(x.to, 4 * tap), i32.const(g.sourceChannels)));
    }
  });
  const inner = [g.sourceChannels, ...p.kernel] as const;
  const scratch = f.let("i32", i32.add(c.own, p.ownBytes));
  const results = plain ? null : emitResults(c, step, inner, rest, scratch);
  const { start, end } = c.share(g.groups * g.targetChannels, 1);
  const o = f.let("i32", start);
  const group = f.local("i32");
  const from = f.local("i32");
  countUp(f, o, end, 1, () => {
    f.set(group, i32.div_u(o, g.targetChannels));
    f.set(from, i32.mul(i32.rem_u(o, g.targetChannels), 4 * p.pitch));
    f.set(from, i32.add(from, i32.mul(group, 4 * p.stretches * g.targetChannels * p.pitch)));
    f.set(from, i32.add(from, sums));
    if (results) {
      f.do(call(order, from, c.own));
      results(c.own, o, i32.const(0));
    } else f.do(call(order, from, i32.add(rest[0]!, i32.mul(o, rowBytes))));
  });
}

/** scatter(from, to, count): adjacent elements to places `step` elements apart. */
function scatterFunction(c: Context, step: number): Func {
  return c.module.helper(`convScatter ${step}`, () =>
    c.module.func("convScatter", i32s("from", "to", "count"), [], (f, x) => {
      const v = f.local("v128");
      f.block((leave) =>
        f.loop((again) => {
          f.brIf(leave, i32.lt_s(x.count, 4));
          f.set(v, v128.load(x.from));
          for (let l = 0; l < 4; l++) f.do(v128.store32_lane(x.to, v, l, 4 * l * step));
          bump(f, x.from, 16);
          bump(f, x.to, 16 * step);
          bump(f, x.count, -4);
          f.br(again);
        }),
      );
      f.block((leave) =>
        f.loop((again) => {
          f.brIf(leave, i32.eqz(x.count));
          f.do(i32.store(x.to, i32.load(x.from)));
          bump(f, x.from, 4);
          bump(f, x.to, 4 * step);
          bump(f, x.count, -1);
          f.br(again);
        }),
      );
    }),
  );
}
