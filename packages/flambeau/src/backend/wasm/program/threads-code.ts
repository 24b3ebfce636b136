// WebAssembly of threads: waiting that spins for a while and then sleeps, barriers, and the way out when something fails.
// Floor L2 (backend/wasm/program).

import type { Func, FunctionBuilder, Global, Local } from "../encoder.ts";
import { atomic, call, globalGet, i32, i64, ModuleBuilder } from "../encoder.ts";
import { abort, cell } from "./threads-cells.ts";

/**
 * Looks at a cell before a thread sleeps: some 50 us. To sleep and to be woken costs 5 to 20 us, so short waits spin through, and
 * long ones cost next to nothing. Where threads share a core, who spins delays whom it waits for (a barrier took 40 us instead
 * of 4): so after a wait that ended in sleep a thread looks less often, and after one that did not, more often. By little each time:
 * a system that has woken a thread on the core of another moves it only if both want to run for some milliseconds.
 */
const looks = 160_000;
const fewestLooks = 4000;
const looksMoreOrLess = 500;
/** The fewest looks of a worker that has nothing to do, some 10 us: short runs that follow one another find it awake. */
const fewestIdleLooks = 32_000;

/** How long the caller waits for a worker before it gives up; a caller that may not sleep counts its looks. */
const patienceNs = 20e9;
const patientLooks = 20e9;

/** What the functions of a program call; each is added to the module when it is first asked for. */
export interface ThreadCode {
  /** `barrier(thread, threads)`: returns when all threads are there. Traps when one has aborted. */
  barrier(): Func;
  /** `abort(reason)`: makes all threads leave the program, and traps. The first reason counts. */
  abort(): Func;
}

export interface ThreadCodeOptions {
  /** Where the cells of the team are. */
  readonly control: number;
  /** Whether the memory is shared; else there is one thread. */
  readonly shared: boolean;
  /** Whether the calling thread may sleep: not that of a browser's page. */
  readonly callerSleeps: boolean;
}

/** Looks at the cell at `at`, `patience` times if it keeps holding `seen`; when it does not, runs `whenChanged`, which leaves. */
function look(
  f: FunctionBuilder,
  at: number,
  seen: Local,
  patience: Global,
  fewest: number,
  whenChanged: () => void,
): void {
  const left = f.let("i32", globalGet(patience));
  f.loop((again) => {
    f.if(i32.ne(atomic.load(at), seen), () => {
      f.if(i32.lt_s(globalGet(patience), looks), () =>
        f.globalSet(patience, i32.add(globalGet(patience), looksMoreOrLess)),
      );
      whenChanged();
    });
    f.set(left, i32.sub(left, 1));
    f.brIf(again, left);
  });
  f.if(i32.gt_s(globalGet(patience), fewest), () =>
    f.globalSet(patience, i32.sub(globalGet(patience), looksMoreOrLess)),
  );
}

/** Sleeps until the cell at `at` does not hold `seen`; the cell behind it counts sleepers. `late` runs after `timeoutNs`. */
function sleep(f: FunctionBuilder, at: number, seen: Local, timeoutNs = -1, late?: () => void): void {
  f.drop(atomic.add(at + 4, 1));
  f.block((awake) => {
    f.loop((again) => {
      f.brIf(awake, i32.ne(atomic.load(at), seen));
      const how = atomic.wait(at, seen, timeoutNs);
      if (late) f.if(i32.eq(how, 2), late);
      else f.drop(how);
      f.br(again);
    });
  });
  f.drop(atomic.sub(at + 4, 1));
}

/** Changes a cell that others wait for. */
function change(f: FunctionBuilder, at: number): void {
  f.drop(atomic.add(at, 1));
  f.if(atomic.load(at + 4), () => f.drop(atomic.notify(at, -1)));
}

/** The functions for a module whose memory is imported. */
export function threadCode(m: ModuleBuilder, options: ThreadCodeOptions): ThreadCode {
  const { control, shared, callerSleeps } = options;
  const generation = control + cell.generation;
  const arrived = control + cell.arrived;
  const reason = control + cell.abort;
  const defineAbort = (): Func =>
    m.func("abort", { why: "i32" }, [], (f, { why }) => {
      if (shared) {
        f.drop(atomic.compareExchange(reason, 0, why));
        change(f, generation);
      } else f.do(i32.store(reason, why));
      f.unreachable();
    });
  const abortFunc = (): Func => m.helper("abort", defineAbort);
  const giveUp = (f: FunctionBuilder): void => f.do(call(abortFunc(), abort.stalled));
  const waitForOthers = (f: FunctionBuilder, thread: Local, seen: Local, patience: Global): void =>
    f.block((passed) => {
      look(f, generation, seen, patience, fewestLooks, () => f.br(passed));
      f.if(thread, () => {
        sleep(f, generation, seen);
        f.br(passed);
      });
      if (callerSleeps) {
        sleep(f, generation, seen, patienceNs, () => giveUp(f));
      } else {
        const left = f.let("i64", patientLooks);
        f.loop((again) => {
          f.brIf(passed, i32.ne(atomic.load(generation), seen));
          f.set(left, i64.sub(left, 1));
          f.brIf(again, i64.ne(left, 0));
        });
        giveUp(f);
      }
    });
  const defineBarrier = (): Func =>
    m.func("barrier", { thread: "i32", threads: "i32" }, [], (f, { thread, threads }) => {
      if (!shared) return;
      const leaveIfAborted = (): void => f.if(atomic.load(reason), () => f.unreachable());
      f.if(i32.le_s(threads, 1), () => f.return());
      const seen = f.let("i32", atomic.load(generation));
      // After the generation was read: an abort changes both, the reason first, so that one of the two is noticed.
      leaveIfAborted();
      f.if(i32.eq(atomic.add(arrived, 1), i32.sub(threads, 1)), () => {
        f.do(atomic.store(arrived, 0));
        change(f, generation);
        f.return();
      });
      waitForOthers(f, thread, seen, m.global("i32", true, looks));
      leaveIfAborted();
    });
  return { barrier: () => m.helper("barrier", defineBarrier), abort: abortFunc };
}

/** A module that exports `wait(seen)`: returns when `turn` has changed. For workers that have nothing to do. */
export function waiterModule(control: number): WebAssembly.Module {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { minPages: 1, maxPages: 65536, shared: true });
  const patience = m.global("i32", true, looks);
  m.func(
    "wait",
    { seen: "i32" },
    [],
    (f, { seen }) => {
      look(f, control + cell.turn, seen, patience, fewestIdleLooks, () => f.return());
      sleep(f, control + cell.turn, seen);
    },
    { export: true },
  );
  return new WebAssembly.Module(m.finish());
}
