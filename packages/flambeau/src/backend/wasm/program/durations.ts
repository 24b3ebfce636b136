// How long steps take, about, and from when on threads share them.
// Floor L2 (backend/wasm/program).

import type { Step } from "../../../ir/program.ts";
import type { StepCode } from "./context.ts";

/** When several threads share work, in ns of one thread: a barrier costs up to 0.5 us, waking a thread 5 to 20 us. */
export interface Sharing {
  /** Steps with less run on one thread. */
  readonly step: number;
  /** Each thread has at least this much of a program. */
  readonly thread: number;
  /** The same where threads sleep. */
  readonly asleep: number;
}

export const usualSharing: Sharing = { step: 5000, thread: 8000, asleep: 25_000 };
export const neverShared: Sharing = { step: Number.POSITIVE_INFINITY, thread: 1, asleep: 1 };

/** Time of an operation and of a byte, about: 130 GFLOP/s in tiles, 30 in loops, and what is in cache. */
export const durationOf = ({ kind }: Step, { flops, bytes, duration }: StepCode): number =>
  duration?.total ?? flops * (kind === "matmul" || kind === "conv" ? 0.008 : 0.03) + bytes * 0.01;
