// What becomes of a convolution's sums: written as they are, or put through the step's maps, which is a loop of its own.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import type { Access, Buffer, ConvStep, LoopOperand, LoopStep } from "../../../ir/program.ts";
import type { Arg, Code, Func, Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import { Emitter } from "../lanes.ts";
import { i32s } from "../matmul/elements.ts";
import type { Context, StepCode } from "./context.ts";
import { loopCode } from "./loop.ts";

type Source = StepCode["addresses"][number];

/** The sums of a step as it gives them: an array of this shape. */
export type Sizes = readonly [number, number, number, number];

/** Writes sums [d1, d2, d3] that lie packed in memory for each index of the first dimension (a group's channels at a time). */
export interface Results {
  /** Where the sums themselves go, if that is all that is asked for: packed, to be written in place. */
  readonly plain: boolean;
  /** For the step's key. */
  readonly key: string;
  /** What the step's function takes besides a and b. */
  readonly addresses: readonly Source[];
  /** Memory of a thread that writing them takes. */
  readonly ownBytes: number;
}

const isPacked = (to: Access, sizes: Sizes): boolean => {
  let stride = 1;
  for (let d = 3; d >= 0; d--) {
    if (sizes[d]! > 1 && to.strides[d] !== stride) return false;
    stride *= sizes[d]!;
  }
  return true;
};

export function resultsOf(step: ConvStep, sizes: Sizes): Results {
  const { maps, operands } = step;
  const only = maps.length === 1 ? maps[0]! : null;
  const plain =
    only?.body.op === "input" &&
    only.body.value === 0 &&
    only.body.dtype === "float32" &&
    isPacked(only.to, sizes);
  if (plain) return { plain, key: "plain", addresses: [only!.to], ownBytes: 0 };
  const { code } = loopOf(step, [sizes[1], sizes[2], sizes[3]]);
  const first = [...operands.map((o) => o.source), ...maps.map((m) => m.to)].map((s) =>
    "scalar" in s ? null : [s.strides[0], s.strides[1]],
  );
  return {
    plain,
    key: `${code.key} ${JSON.stringify(first)}`,
    addresses: [...operands.map(sourceOf), ...maps.map((m) => m.to)],
    ownBytes: code.ownBytes,
  };
}

const sourceOf = ({ source }: LoopOperand): Source => source;

/** The maps as a loop over [d1, d2, d3]. Every access has a buffer of its own: operand 0 is the sums. */
function loopOf(
  step: ConvStep,
  inner: readonly [number, number, number],
): { code: StepCode; loop: LoopStep } {
  const buffers: Buffer[] = [];
  const access = (dtype: Buffer["dtype"], strides: readonly number[]): Access => {
    const buffer = buffers.push({ dtype, length: 0, kind: "temp", name: step.name }) - 1;
    return { buffer, offset: 0, strides };
  };
  const sums: LoopOperand = {
    dtype: "float32",
    source: access("float32", [inner[1] * inner[2], inner[2], 1]),
  };
  const operands = step.operands.map(
    ({ dtype, source }): LoopOperand => ({
      dtype,
      source: "scalar" in source ? source : access(dtype, source.strides.slice(1)),
    }),
  );
  const maps = step.maps.map(({ body, to }) => ({ body, to: access(body.dtype, to.strides.slice(1)) }));
  const loop: LoopStep = {
    kind: "loop",
    name: step.name,
    outer: [],
    inner,
    operands: [sums, ...operands],
    stages: [],
    maps,
    values: [],
  };
  return { code: loopCode(loop, buffers), loop };
}

/**
 * A function that writes the results of the channels from `channel` on at index n of the first dimension. `addresses` are the step's own
 * for the operands and maps, `own` is memory of this thread.
 */
export function emitResults(
  c: Context,
  step: ConvStep,
  inner: readonly [number, number, number],
  addresses: readonly Local[],
  own: Local,
): (sums: Arg, n: Arg, channel: Arg) => void {
  const { code, loop } = loopOf(step, inner);
  const sources = [...step.operands.map(sourceOf), ...step.maps.map((m) => m.to)];
  const sizes = [
    ...step.operands.map((o) => dtypes[o.dtype].bytes),
    ...step.maps.map((m) => dtypes[m.body.dtype].bytes),
  ];
  const given = [...loop.operands.slice(1).map(sourceOf), ...loop.maps.map((m) => m.to)];
  const names = addresses.map((_, i) => `address${i}`);
  const func: Func = c.module.func(
    "convResults",
    { ...i32s("sums", "own"), ...i32s(...names) },
    [],
    (f, x) => {
      const params = x as unknown as Readonly<Record<string, Local>>;
      const find = (source: Source): Local => {
        if ("buffer" in source && source.buffer === 0) return x.sums;
        const i = given.findIndex((o) =>
          "scalar" in source
            ? "scalar" in o && o.scalar === source.scalar
            : "buffer" in o && o.buffer === source.buffer,
        );
        return params[names[i]!]!;
      };
      const e = new Emitter(f, c.module, c.e.memory, c.e.features, c.e.host);
      code.emit({
        e,
        f,
        module: c.module,
        thread: x.sums,
        threads: x.sums,
        addresses: code.addresses.map(find),
        shared: x.sums,
        own: x.own,
        share: (total) => ({ start: f.let("i32", 0), end: f.let("i32", total) }),
        barrier: () => undefined,
        parallel: false,
        nested: (inner, parallel) => c.nested(inner, parallel),
        fail: (reason) => c.fail(reason),
      });
    },
  );
  return (sums, n, channel) => {
    const places = addresses.map((address, i): Arg => {
      const s = sources[i]!;
      if ("scalar" in s) return address;
      const move = (index: Arg, stride: number): Code => i32.mul(index, stride * sizes[i]!);
      return i32.add(address, i32.add(move(n, s.strides[0]!), move(channel, s.strides[1]!)));
    });
    c.f.do(call(func, sums, own, ...places));
  };
}
