// Images between their planes (NCHW) and channels side by side (NHWC), which tiles of convolutions want: blocks of four
// channels by four positions, transposed in registers.
// Floor L2 (backend/wasm/program).

import type { Arg, Func, FunctionBuilder, Local, ModuleBuilder } from "../encoder.ts";
import { call, i32, v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown, i32s, transposed } from "../matmul/elements.ts";
import { repeat } from "./repeat.ts";

/** Stores the first `lanes` elements of a vector. */
function storeFirst(f: FunctionBuilder, to: Arg, x: Local, lanes: number): void {
  if (lanes >= 4) f.do(v128.store(to, x));
  else if (lanes === 1) f.do(v128.store32_lane(to, x, 0));
  else {
    f.do(v128.store64_lane(to, x, 0));
    if (lanes === 3) f.do(v128.store32_lane(to, x, 2, 8));
  }
}

/**
 * Transposes a block: `rows` vectors of 4 elements at `from`, `fromRow` bytes apart, become `columns` of `rows` elements at `to`,
 * `toRow` bytes apart. Steps are locals, so that V8 does not see neighbours and pair the vectors, which makes shuffles slower.
 */
function transposeBlock(
  f: FunctionBuilder,
  e: Element,
  [from, fromRow, rows]: readonly [Local, Local, number],
  [to, toRow, columns]: readonly [Local, Local, number],
): void {
  const at = (first: Local, step: Local, count: number): Local[] => {
    const list = [first];
    while (list.length < count) list.push(f.let("i32", i32.add(list.at(-1)!, step)));
    return list;
  };
  const loaded = at(from, fromRow, rows).map((p) => f.let("v128", v128.load(p)));
  while (loaded.length < 4) loaded.push(loaded[0]!);
  const out = transposed(f, e, loaded);
  at(to, toRow, columns).forEach((p, i) => storeFirst(f, p, out[i]!, rows));
}

/** body(4) floor(n / 4) times, then body(n % 4). */
function fours(f: FunctionBuilder, n: number, body: (count: number) => void): void {
  repeat(f, Math.floor(n / 4), () => body(4));
  if (n % 4 > 0) body(n % 4);
}

export interface Planes {
  readonly channels: number;
  /** Bytes from plane to plane. */
  readonly plane: number;
  /** Bytes from position to position where channels are side by side. */
  readonly pitch: number;
}

/** A rectangle of positions: rows of columns; bytes from row to row in the planes and where channels are side by side. */
export interface Rectangle {
  readonly rows: number;
  readonly columns: number;
  readonly planeRow: number;
  readonly sideRow: number;
}

/** All positions of planes of this size, where they are packed. */
export const wholePlanes = (positions: number): Rectangle => ({
  rows: 1,
  columns: positions,
  planeRow: 0,
  sideRow: 0,
});

/** Bytes of a block of positions, which stay in the first-level cache while each plane gets as long a stretch as may be. */
const blockBytes = 2 ** 13;

/**
 * pack(from, to): the rectangle that begins at `from` in the first plane, channels side by side at `to`. Reads up to three
 * elements past the ends of rows; writes nothing but the elements.
 */
export function packFunction(module: ModuleBuilder, e: Element, planes: Planes, area: Rectangle): Func {
  return module.helper(`convPack ${JSON.stringify([planes, area])}`, () => {
    const { pitch, plane } = planes;
    const width = area.rows === 1 ? blockOf(blockBytes, pitch) : area.columns;
    const columns = Math.min(width, area.columns);
    const lines = area.rows > 1 ? Math.max(1, Math.floor(blockBytes / (columns * pitch))) : 1;
    const block = packBlock(module, e, planes, area, columns);
    const blocks = Math.floor(area.columns / columns);
    const rest = area.columns % columns;
    const last = rest > 0 ? packBlock(module, e, planes, area, rest) : null;
    return module.func("convPack", i32s("from", "to"), [], (f, x) => {
      const run = (func: Func, rows: number): void =>
        f.do(call(func, x.from, x.to, i32.const(plane), i32.const(pitch), rows));
      repeat(f, blocks, () =>
        repeat(f, Math.floor(area.rows / lines), () => {
          run(block, lines);
          bump(f, x.from, area.rows > 1 ? lines * area.planeRow : 4 * columns);
          bump(f, x.to, area.rows > 1 ? lines * area.sideRow : pitch * columns);
        }),
      );
      if (area.rows % lines > 0) run(block, area.rows % lines);
      if (last) run(last, 1);
    });
  });
}

/** Positions of a block of so many bytes: whole lines of the cache in each plane. */
const blockOf = (bytes: number, pitch: number): number => Math.max(16, 16 * Math.floor(bytes / pitch / 16));

/** block(from, to, plane, pitch, rows): some rows of columns. */
function packBlock(
  module: ModuleBuilder,
  e: Element,
  { channels, plane, pitch }: Planes,
  { planeRow, sideRow }: Rectangle,
  columns: number,
): Func {
  return module.func("convPackBlock", i32s("from", "to", "plane", "pitch", "rows"), [], (f, x) => {
    const [from, to, left] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const rows = (body: () => void): void => {
      f.set(from, x.from);
      f.set(to, x.to);
      f.set(left, x.rows);
      countDown(f, left, body);
    };
    if (channels === 1 && pitch === 4) {
      rows(() => {
        fours(f, columns, (count) => {
          storeFirst(f, to, f.let("v128", v128.load(from)), count);
          bump(f, from, 4 * count);
          bump(f, to, 4 * count);
        });
        bump(f, from, planeRow - 4 * columns);
        bump(f, to, sideRow - 4 * columns);
      });
      return;
    }
    fours(f, channels, (some) => {
      rows(() => {
        fours(f, columns, (count) => {
          transposeBlock(f, e, [from, x.plane, some], [to, x.pitch, count]);
          bump(f, from, 4 * count);
          bump(f, to, count * pitch);
        });
        bump(f, from, planeRow - 4 * columns);
        bump(f, to, sideRow - columns * pitch);
      });
      bump(f, x.from, some * plane);
      bump(f, x.to, 16);
    });
  });
}

/** unpack(from, to): a rectangle of positions with their channels side by side to planes. Writes nothing but the elements. */
export function unpackFunction(module: ModuleBuilder, e: Element, planes: Planes, area: Rectangle): Func {
  const positions = area.columns;
  const block = blockOf(blockBytes, planes.pitch);
  return module.helper(`convUnpack ${JSON.stringify([planes, area])}`, () => {
    const define = (count: number): Func =>
      module.func("convUnpackBlock", i32s("from", "to", "plane", "pitch"), [], (f, x) => {
        const from = f.local("i32");
        const to = f.local("i32");
        fours(f, planes.channels, (channels) => {
          f.set(from, x.from);
          f.set(to, x.to);
          fours(f, count, (columns) => {
            transposeBlock(f, e, [from, x.pitch, columns], [to, x.plane, channels]);
            bump(f, from, 4 * planes.pitch);
            bump(f, to, 16);
          });
          bump(f, x.from, 16);
          bump(f, x.to, channels * planes.plane);
        });
      });
    const whole = positions >= block ? define(block) : null;
    const rest = positions % block > 0 ? define(positions % block) : null;
    return module.func("convUnpack", i32s("from", "to"), [], (f, x) => {
      const run = (body: Func): void => {
        f.do(call(body, x.from, x.to, i32.const(planes.plane), i32.const(planes.pitch)));
        bump(f, x.from, block * planes.pitch);
        bump(f, x.to, 4 * block);
      };
      const blocks = Math.ceil(positions / block);
      repeat(f, area.rows, () => {
        if (whole) repeat(f, Math.floor(positions / block), () => run(whole));
        if (rest) run(rest);
        bump(f, x.from, area.sideRow - blocks * block * planes.pitch);
        bump(f, x.to, area.planeRow - blocks * 4 * block);
      });
    });
  });
}

/** gather(from, to, count, fromStep, toStep, laneStep, valid): 4 elements `laneStep` apart side by side, `count` times; lanes from `valid` on repeat the last. */
export function gatherFunction(module: ModuleBuilder): Func {
  return module.helper("convGather", () =>
    module.func(
      "convGather",
      i32s("from", "to", "count", "fromStep", "toStep", "laneStep", "valid"),
      [],
      (f, x) => {
        const lanes = [x.from];
        for (let l = 1; l < 4; l++)
          lanes.push(f.let("i32", i32.add(lanes[l - 1]!, i32.mul(x.laneStep, i32.gt_s(x.valid, l)))));
        const v = f.local("v128");
        f.loop((again) => {
          lanes.forEach((p, l) => f.set(v, l === 0 ? v128.load32_zero(p) : v128.load32_lane(p, v, l)));
          f.do(v128.store(x.to, v));
          for (const p of lanes) bump(f, p, x.fromStep);
          bump(f, x.to, x.toStep);
          f.set(x.count, i32.sub(x.count, 1));
          f.brIf(again, x.count);
        });
      },
    ),
  );
}
