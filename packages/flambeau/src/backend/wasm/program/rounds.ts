// Repeats in programs: a loop around the steps of a body, whose bound buffers lie elsewhere in each round.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import { numel } from "../../../base/shape.ts";
import type { Access, Buffer, BufferId, KernelStep, RepeatStep } from "../../../ir/program.ts";
import type { FunctionBuilder, Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import { countUp } from "../matmul/elements.ts";
import type { Context, StepCode } from "./context.ts";
import { durationOf, usualSharing } from "./durations.ts";
import { barriersBefore, spansOf } from "./phases.ts";
import { planTemps } from "./plan.ts";
import { placeBytes } from "./resident.ts";

/** Distance of the ranges that stand for bound buffers where steps are compared: none of them meet in a round. */
const distant = 2 ** 40;
/** So many rounds that may run at once are shared by threads, each with temps of its own, instead of their steps. */
const manyRounds = 8;

/** `codeOf` gives the code of the body's steps. */
export function repeatCode(
  step: RepeatStep,
  codeOf: (step: KernelStep, buffers: readonly Buffer[]) => StepCode,
): StepCode {
  const { body, counts, bindings } = step;
  const plan = planTemps(body);
  const codes = body.steps.map((s) => {
    if (s.kind === "host") throw new Error(`${step.name}: a body has no steps of the host`);
    const code = codeOf(s, body.buffers);
    return { code, duration: durationOf(s, code) };
  });
  const most = (of: (code: StepCode) => number): number => Math.max(0, ...codes.map(({ code }) => of(code)));
  const sum = (of: (code: StepCode) => number): number => codes.reduce((n, { code }) => n + of(code), 0);
  const sharedBytes = most((c) => c.sharedBytes);
  const bindingOf = new Map(bindings.map(({ inner }, i) => [inner, i]));
  const bytesOf = (buffer: BufferId): number => dtypes[body.buffers[buffer]!.dtype].bytes;
  const advances = bindings.map(({ inner, access }) => access.strides.map((s) => s * bytesOf(inner)));
  const rounds = numel(counts);
  const items = numel(counts.slice(0, step.apart));
  /** Whether a thread runs its rounds alone. */
  const alone = step.apart > 0 && items >= manyRounds;
  const scratchBytes = plan.bytes + placeBytes(sharedBytes);
  const time = rounds * codes.reduce((n, { duration }) => n + duration, 0);

  /** Whether threads wait before each step of the body. */
  const barriers = (parallel: readonly boolean[]): boolean[] =>
    barriersBefore(
      codes.map(({ code }, i) => {
        const { reads, writes } = spansOf(body.steps[i]!, body, (b) => {
          const binding = bindingOf.get(b);
          return binding === undefined ? (plan.offsets.get(b) ?? 0) : (binding + 1) * distant;
        });
        if (code.sharedBytes > 0) writes.push({ from: plan.bytes, to: plan.bytes + code.sharedBytes });
        return { parallel: parallel[i]!, reads, writes };
      }),
    );

  const emit = (c: Context): void => {
    const { f } = c;
    const parallel = codes.map(({ duration }) => !alone && c.parallel && duration >= usualSharing.step);
    const functions = codes.map(({ code }, i) => c.nested(code, parallel[i]!));
    const waits = barriers(parallel);
    /** Where temps lie, then what steps share, then what is the thread's own. */
    const temps = alone ? c.own : c.shared;
    const shared = f.let("i32", i32.add(temps, plan.bytes));
    const own = alone ? f.let("i32", i32.add(c.own, scratchBytes)) : c.own;
    const body = (bound: readonly Local[]): void => {
      const addressOf = ({ buffer, offset }: Access): readonly number[] => {
        const binding = bindingOf.get(buffer);
        const [base, at] =
          binding === undefined ? [temps, plan.offsets.get(buffer) ?? 0] : [bound[binding]!, 0];
        return i32.add(base, at + offset * bytesOf(buffer));
      };
      codes.forEach(({ code }, i) => {
        if (waits[i]) c.barrier();
        const run = (thread: Local | number, threads: Local | number): void => {
          const addresses = code.addresses.map((source) => {
            if ("scalar" in source) throw new Error(`${step.name}: a body has no numbers of the host`);
            return addressOf(source);
          });
          f.do(call(functions[i]!, thread, threads, shared, own, ...addresses));
        };
        if (parallel[i]) run(c.thread, c.threads);
        else if (c.parallel && !alone) f.if(i32.eqz(c.thread), () => run(0, 1));
        else run(0, 1);
      });
    };
    const [first, end] = alone ? sharedRounds(c, items, rounds / items) : [0, rounds];
    const round = f.let("i32", first);
    countUp(f, round, end, 1, () => {
      const index = indexOf(f, round, counts);
      body(
        c.addresses.map((base, i) => {
          const at = f.let("i32", base);
          advances[i]!.forEach((bytes, d) => {
            if (bytes !== 0) f.set(at, i32.add(at, i32.mul(index[d]!, bytes)));
          });
          return at;
        }),
      );
      if (!alone) c.barrier();
    });
  };

  return {
    key: `repeat ${counts.join("x")} ${alone} ${plan.bytes} ${advances.join(" ")} ${codes
      .map(
        ({ code }) =>
          `${code.key} @ ${code.addresses.map((a) => placeKey(a, plan.offsets, bindingOf)).join()}`,
      )
      .join("; ")}`,
    name: step.name,
    addresses: bindings.map(({ access }) => access),
    sharedBytes: alone ? 0 : scratchBytes,
    ownBytes: (alone ? scratchBytes : 0) + most((c) => c.ownBytes),
    flops: rounds * sum((c) => c.flops),
    bytes: rounds * sum((c) => c.bytes),
    duration: { total: time, longest: alone ? time : Math.max(0, ...codes.map(({ duration }) => duration)) },
    emit,
  };
}

/** This thread's rounds, from the first to before the last: shares of `items`, each of so many rounds. */
function sharedRounds(c: Context, items: number, each: number): readonly [Local, Local] {
  const { start, end } = c.share(items, 1);
  return [c.f.let("i32", i32.mul(start, each)), c.f.let("i32", i32.mul(end, each))];
}

/** The index of a round. */
function indexOf(f: FunctionBuilder, round: Local, counts: readonly number[]): Local[] {
  const index = new Array<Local>(counts.length);
  let left = round;
  for (let d = counts.length - 1; d > 0; d--) {
    index[d] = f.let("i32", i32.rem_u(left, counts[d]!));
    left = f.let("i32", i32.div_u(left, counts[d]!));
  }
  index[0] = left;
  return index;
}

const placeKey = (
  source: StepCode["addresses"][number],
  offsets: ReadonlyMap<BufferId, number>,
  bindings: ReadonlyMap<BufferId, number>,
): string => {
  if ("scalar" in source) return "number";
  const binding = bindings.get(source.buffer);
  return `${binding === undefined ? `temp ${offsets.get(source.buffer) ?? 0}` : `bound ${binding}`} + ${source.offset}`;
};
