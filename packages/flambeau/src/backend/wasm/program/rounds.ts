// Repeats in programs: a loop around the steps of a body, whose bound buffers move on with each round.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import type { Access, Buffer, BufferId, KernelStep, RepeatStep } from "../../../ir/program.ts";
import type { Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import type { Context, StepCode } from "./context.ts";
import { durationOf, usualSharing } from "./durations.ts";
import { barriersBefore, spansOf } from "./phases.ts";
import { planTemps } from "./plan.ts";
import { repeat } from "./repeat.ts";
import { placeBytes } from "./resident.ts";

/** Distance of the ranges that stand for bound buffers where steps are compared: none of them meet in a round. */
const apart = 2 ** 40;

/** `codeOf` gives the code of the body's steps. */
export function repeatCode(
  step: RepeatStep,
  codeOf: (step: KernelStep, buffers: readonly Buffer[]) => StepCode,
): StepCode {
  const { body, count, bindings } = step;
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
  const advances = bindings.map(({ inner, access }) => access.strides[0]! * bytesOf(inner));

  /** Whether threads wait before each step of the body. */
  const barriers = (parallel: readonly boolean[]): boolean[] =>
    barriersBefore(
      codes.map(({ code }, i) => {
        const { reads, writes } = spansOf(body.steps[i]!, body, (b) => {
          const binding = bindingOf.get(b);
          return binding === undefined ? (plan.offsets.get(b) ?? 0) : (binding + 1) * apart;
        });
        if (code.sharedBytes > 0) writes.push({ from: plan.bytes, to: plan.bytes + code.sharedBytes });
        return { parallel: parallel[i]!, reads, writes };
      }),
    );

  const emit = (c: Context): void => {
    const { f } = c;
    const parallel = codes.map(({ duration }) => c.parallel && duration >= usualSharing.step);
    const functions = codes.map(({ code }, i) => c.nested(code, parallel[i]!));
    const waits = barriers(parallel);
    const addressOf = ({ buffer, offset }: Access): readonly number[] => {
      const binding = bindingOf.get(buffer);
      const [base, at] =
        binding === undefined ? [c.shared, plan.offsets.get(buffer) ?? 0] : [c.addresses[binding]!, 0];
      return i32.add(base, at + offset * bytesOf(buffer));
    };
    const shared = f.let("i32", i32.add(c.shared, plan.bytes));
    repeat(f, count, () => {
      codes.forEach(({ code }, i) => {
        if (waits[i]) c.barrier();
        const run = (thread: Local | number, threads: Local | number): void => {
          const addresses = code.addresses.map((source) => {
            if ("scalar" in source) throw new Error(`${step.name}: a body has no numbers of the host`);
            return addressOf(source);
          });
          f.do(call(functions[i]!, thread, threads, shared, c.own, ...addresses));
        };
        if (parallel[i]) run(c.thread, c.threads);
        else if (c.parallel) f.if(i32.eqz(c.thread), () => run(0, 1));
        else run(0, 1);
      });
      advances.forEach((bytes, i) => {
        if (bytes !== 0) f.set(c.addresses[i]!, i32.add(c.addresses[i]!, bytes));
      });
      c.barrier();
    });
  };

  return {
    key: `repeat ${count} ${plan.bytes} ${advances.join()} ${codes
      .map(
        ({ code }) =>
          `${code.key} @ ${code.addresses.map((a) => placeKey(a, plan.offsets, bindingOf)).join()}`,
      )
      .join("; ")}`,
    name: step.name,
    addresses: bindings.map(({ access }) => access),
    sharedBytes: plan.bytes + placeBytes(sharedBytes),
    ownBytes: most((c) => c.ownBytes),
    flops: count * sum((c) => c.flops),
    bytes: count * sum((c) => c.bytes),
    duration: {
      total: count * codes.reduce((n, { duration }) => n + duration, 0),
      longest: Math.max(0, ...codes.map(({ duration }) => duration)),
    },
    emit,
  };
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
