// A team: the calling thread and workers that run programs together over one shared memory.
// Floor L2 (backend/wasm/program).
//
// Workers start with the first program that is worth it. Until they have it, and where they cannot be had, it runs on the calling
// thread alone, with the same results. A run is an order in shared memory: it takes no message and no turn of the event loop.

import { RuntimeError } from "../../../base/errors.ts";
import { abort, cell, maxText, maxWorkers, state, textAt, workerCell, workerLine } from "./threads-cells.ts";
import { waiterModule } from "./threads-code.ts";
import type { Message, Seat } from "./threads-worker.ts";
import { startWorker, workerHas } from "./threads-worker.ts";

/** A function that a program's module exports. */
export type Entry = (thread: number, threads: number, argument: number) => void;

/** A failure that the program's own code reported: `number` is what it gave to `abort`. */
export class ProgramFailure extends Error {
  override name = "ProgramFailure";
  readonly number: number;

  constructor(number: number) {
    super(`a program left with failure ${number}`);
    this.number = number;
  }
}

/** A program that a team runs. */
export interface TeamProgram {
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly names: readonly string[];
  readonly entries: readonly Entry[];
  /** Most threads that it has work for, and that are worth waking for a single run. */
  readonly most: number;
  readonly woken: number;
  /** How many threads have it. */
  ready: number;
}

interface Member {
  readonly seat: Seat;
  /** Whose cells it has. */
  readonly worker: number;
  /** Messages sent to it, and how many there were when it had been sent each program. */
  posted: number;
  readonly programs: Map<number, number>;
}

const at = (bytes: number): number => bytes / 4;
const cellOf = ({ worker }: Pick<Member, "worker">, of: keyof typeof workerCell): number =>
  at(workerLine(worker) + workerCell[of]);

/** From run to run, in ms: if the next one starts so soon, workers that are woken will still be awake for it. */
const soon = 0.1;

/** How long the workers may take to leave a program that has failed, in ms. */
const patience = 20_000;

export class Team {
  readonly #memory: WebAssembly.Memory;
  readonly #control: number;
  readonly #cells: Int32Array;
  readonly #programs = new Map<number, TeamProgram>();
  /** Thread 1, 2, … */
  #members: Member[] = [];
  #workers = 0;
  #threads = 1;
  #made = 0;
  #orders = 0;
  /** When the last run started for which workers slept that it would not wake. */
  #lastAsleep: number = Number.NEGATIVE_INFINITY;
  #waiter: WebAssembly.Module | null = null;
  #alone: string | null = null;

  /** `control` is the address of `controlBytes` of zeros, a multiple of 64. */
  constructor(memory: WebAssembly.Memory, control: number) {
    this.#memory = memory;
    this.#control = control;
    this.#cells = new Int32Array(memory.buffer, control, at(textAt));
    if (typeof SharedArrayBuffer === "undefined" || !(memory.buffer instanceof SharedArrayBuffer))
      this.#alone = "there is no shared memory here";
  }

  /** Threads that programs may run on, the caller's included. */
  get threads(): number {
    return this.#threads;
  }

  set threads(n: number) {
    this.#threads = Math.min(n, maxWorkers + 1);
  }

  /** Takes in a program that has work for `most` threads, and would wake `woken`. `run` counts the exports in `names`. */
  add(
    module: WebAssembly.Module,
    exports: WebAssembly.Exports,
    names: readonly string[],
    most: number,
    woken: number,
  ): TeamProgram {
    const portable = WebAssembly.Module.imports(module).every(
      (i) => i.module !== "host" || workerHas(i.name),
    );
    const program: TeamProgram = {
      id: ++this.#made,
      module,
      names,
      entries: names.map((name) => exports[name] as Entry),
      most: portable ? most : 1,
      woken,
      ready: 1,
    };
    if (program.most > 1) this.#programs.set(program.id, program);
    this.#prepare(program);
    return program;
  }

  remove(program: TeamProgram): void {
    if (!this.#programs.delete(program.id)) return;
    program.ready = 1;
    for (const member of this.#members)
      if (member.programs.delete(program.id)) this.#post(member, { kind: "drop", program: program.id });
    this.#wake();
  }

  /** On how many threads a run is that starts at `time`, in ms: `available`, unless workers would have to be woken for too little. */
  now(program: TeamProgram, time?: number): number {
    const n = this.available(program);
    if (n <= program.woken || Atomics.load(this.#cells, at(cell.turnSleepers)) === 0) return n;
    const before = this.#lastAsleep;
    this.#lastAsleep = time ?? performance.now();
    return this.#lastAsleep - before < soon ? n : program.woken;
  }

  /** On how many threads a run of the program can be. */
  available(program: TeamProgram): number {
    const n = this.#threads < program.most ? this.#threads : program.most;
    return program.ready >= n ? n : this.#prepare(program);
  }

  /** Why the next run will be on one thread although more are wanted; null where it will not. */
  whyOne(program: TeamProgram): string | null {
    if (this.#threads === 1 || this.available(program) > 1) return null;
    if (this.#alone !== null) return this.#alone;
    return program.most > 1
      ? "the workers are starting"
      : "there is too little work to share, or it takes error functions of float64";
  }

  /**
   * Runs an entry of the program on that many threads: as `now` says, or 1.
   * @throws ProgramFailure, RuntimeError when a worker has crashed, and what the calling thread's part throws
   */
  run(program: TeamProgram, entry: number, threads: number, argument: number): void {
    try {
      if (threads > 1) this.#order(program.id, entry, threads, argument);
      program.entries[entry]!(0, threads, argument);
    } catch (error) {
      this.#leave(error, threads);
    }
  }

  /** Waits until all threads that there should be have the program: for measurements and tests. */
  settle(program: TeamProgram): boolean {
    const n = Math.min(this.#threads, program.most);
    if (this.available(program) === n) return true;
    for (const member of this.#members.slice(0, n - 1)) {
      const number = member.programs.get(program.id) ?? 0;
      if (!this.#waitFor(member, "handled", (handled) => handled >= number)) return false;
    }
    return this.available(program) === n;
  }

  /** Ends the workers. Programs run on the calling thread from now on. */
  close(): void {
    this.#alone ??= "the team is closed";
    this.#dismiss();
  }

  #order(program: number, entry: number, threads: number, argument: number): void {
    const cells = this.#cells;
    if (Atomics.load(cells, at(cell.abort)) !== 0) this.#leave(null, 1);
    cells[at(cell.program)] = program;
    cells[at(cell.entry)] = entry;
    cells[at(cell.threads)] = threads;
    cells[at(cell.argument)] = argument;
    this.#orders = (this.#orders + 1) | 0;
    for (let t = 1; t < threads; t++)
      Atomics.store(cells, cellOf(this.#members[t - 1]!, "order"), this.#orders);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#cells, at(cell.turn), 1);
    if (Atomics.load(this.#cells, at(cell.turnSleepers)) !== 0) Atomics.notify(this.#cells, at(cell.turn));
  }

  /** Sees to it that workers get the program; says on how many threads it can run now. */
  #prepare(program: TeamProgram): number {
    const n = Math.min(this.#threads, program.most);
    if (n === 1 || !this.#programs.has(program.id)) return 1;
    while (this.#alone === null && this.#members.length < n - 1) this.#hire();
    if (this.#alone !== null) return 1;
    const { id, module, names } = program;
    const members = this.#members.slice(0, n - 1);
    const without = members.filter(({ programs }) => !programs.has(id));
    for (const member of without) {
      this.#post(member, { kind: "load", program: id, module, entries: names });
      member.programs.set(id, member.posted);
    }
    if (without.length > 0) this.#wake();
    if (members.some((m) => Atomics.load(this.#cells, cellOf(m, "handled")) < m.programs.get(id)!)) return 1;
    program.ready = n;
    return n;
  }

  #hire(): void {
    if (this.#workers === maxWorkers) {
      this.#alone = "workers have ended too often";
      return;
    }
    try {
      this.#waiter ??= waiterModule(this.#control);
      const worker = this.#workers++;
      const member: Member = {
        seat: startWorker(() => this.#lose(member)),
        worker,
        posted: 0,
        programs: new Map(),
      };
      const thread = this.#members.push(member);
      this.#post(member, {
        kind: "start",
        memory: this.#memory,
        control: this.#control,
        worker,
        thread,
        waiter: this.#waiter,
      });
    } catch (error) {
      this.#alone = `no worker can be started: ${String(error)}`;
    }
  }

  #post(member: Member, message: Message): void {
    member.seat.post(message);
    Atomics.store(this.#cells, cellOf(member, "posted"), ++member.posted);
  }

  /** A worker that nobody told to has ended, or could not start. */
  #lose(member: Member): void {
    if (!this.#members.includes(member)) return;
    if (Atomics.load(this.#cells, cellOf(member, "state")) === state.none) {
      this.#alone = "workers do not start here";
      this.#dismiss();
    } else this.#abort(abort.worker);
  }

  #dismiss(): void {
    for (const member of this.#members) {
      Atomics.store(this.#cells, cellOf(member, "state"), state.ended);
      member.seat.end();
    }
    this.#members = [];
    for (const program of this.#programs.values()) program.ready = 1;
  }

  /** Makes all threads leave; gives the reason why they do already, or 0. */
  #abort(reason: number): number {
    const cells = this.#cells;
    const before = Atomics.compareExchange(cells, at(cell.abort), 0, reason);
    Atomics.add(cells, at(cell.generation), 1);
    Atomics.notify(cells, at(cell.generation));
    return before;
  }

  /** After an error: waits until all threads have left the program, clears up, and throws what is to be thrown. */
  #leave(error: unknown, threads: number): never {
    const cells = this.#cells;
    const reason = this.#abort(abort.caller);
    const slow = this.#members
      .slice(0, threads - 1)
      .filter((m) => !this.#waitFor(m, "left", (left) => left === this.#orders));
    if (slow.length > 0) this.#alone = "a worker did not answer";
    const text = this.#text();
    if (reason === abort.worker || reason === abort.stalled || slow.length > 0) this.#dismiss();
    Atomics.store(cells, at(cell.arrived), 0);
    Atomics.store(cells, at(cell.textLength), 0);
    Atomics.store(cells, at(cell.abort), 0);
    if (reason >= abort.failure) throw new ProgramFailure(reason);
    if (reason === abort.caller || reason === 0) throw error;
    throw new RuntimeError(
      `a compiled program was stopped: ${reason === abort.stalled ? "a worker thread did not answer" : `a worker thread failed${text && `: ${text}`}`}`,
    );
  }

  /** Waits for one of a worker's cells; false when the worker has ended or takes too long. */
  #waitFor(member: Member, of: "left" | "handled", enough: (value: number) => boolean): boolean {
    const cells = this.#cells;
    const end = performance.now() + patience;
    for (;;) {
      const value = Atomics.load(cells, cellOf(member, of));
      if (enough(value)) return true;
      if (Atomics.load(cells, cellOf(member, "state")) === state.ended) return of === "left";
      if (performance.now() > end) return false;
      if (mayBlock()) Atomics.wait(cells, cellOf(member, of), value, patience);
    }
  }

  #text(): string {
    const length = Math.max(0, Math.min(Atomics.load(this.#cells, at(cell.textLength)), maxText));
    return String.fromCharCode(...new Uint16Array(this.#memory.buffer, this.#control + textAt, length));
  }
}

let blocks: boolean | null = null;

/** Whether this thread may sleep until another wakes it; that of a browser's page may not. */
export function mayBlock(): boolean {
  if (blocks === null) {
    try {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
      blocks = true;
    } catch {
      blocks = false;
    }
  }
  return blocks;
}

/** Threads on which all wait for the slowest at every barrier: more than these gain little. */
const usualMost = 8;

/** As many threads as PyTorch would take: OMP_NUM_THREADS, or one for each core, though not more than 8. */
export function defaultThreads(): number {
  const { process, navigator } = globalThis as {
    process?: {
      env?: Readonly<Record<string, string | undefined>>;
      getBuiltinModule?(name: "node:os"): unknown;
    };
    navigator?: { readonly hardwareConcurrency?: number };
  };
  const wanted = Number.parseInt(process?.env?.["OMP_NUM_THREADS"] ?? "", 10);
  if (wanted > 0) return wanted;
  const os = process?.getBuiltinModule?.("node:os") as { availableParallelism?(): number } | undefined;
  return Math.min(os?.availableParallelism?.() ?? navigator?.hardwareConcurrency ?? 1, usualMost);
}
