// A program for teams of threads, written by hand: for the tests, and for the process that one of them starts.

import { call, f32, i32, ModuleBuilder } from "../../../src/backend/wasm/encoder.ts";
import type { TeamProgram } from "../../../src/backend/wasm/program/threads.ts";
import { Team } from "../../../src/backend/wasm/program/threads.ts";
import { abort } from "../../../src/backend/wasm/program/threads-cells.ts";
import { threadCode } from "../../../src/backend/wasm/program/threads-code.ts";

export const count = 1000;
const [x, y] = [65536, 2 * 65536];

/** The functions of the program. */
export const entries = { mix: 0, leave: 1, trap: 2 } as const;
export const failure: number = abort.failure + 5;

/** A team with a memory of its own. */
export class Gang {
  readonly memory: WebAssembly.Memory;
  readonly team: Team;
  readonly values: Float32Array;

  readonly #callerSleeps: boolean;

  /** `callerSleeps`: false is what a browser's page has. */
  constructor(shared = true, callerSleeps = true) {
    this.#callerSleeps = callerSleeps;
    this.memory = new WebAssembly.Memory(shared ? { initial: 3, maximum: 65536, shared } : { initial: 3 });
    this.team = new Team(this.memory, 0);
    this.values = new Float32Array(this.memory.buffer as ArrayBuffer, x, count);
  }

  program(rounds = 20, most = 8, woken: number = most): TeamProgram {
    const module = new WebAssembly.Module(
      code(rounds, this.memory.buffer instanceof SharedArrayBuffer, this.#callerSleeps),
    );
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    return this.team.add(module, exports, Object.keys(entries), most, woken);
  }

  run(program: TeamProgram, entry: keyof typeof entries, argument = 0): void {
    const { team } = this;
    team.run(program, entries[entry], team.available(program), argument);
  }

  fill(): void {
    for (let i = 0; i < count; i++) this.values[i] = Math.fround(Math.sin(i));
  }
}

/**
 * `mix`: `rounds` times, elements of x from those of y at the other end and back, which fails without barriers.
 * `leave` and `trap`: the thread whose number is the argument reports a failure, or traps.
 */
function code(rounds: number, shared: boolean, callerSleeps: boolean): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", shared ? { minPages: 1, maxPages: 65536, shared } : { minPages: 1 });
  const threads = threadCode(m, { control: 0, shared, callerSleeps });
  const params = { thread: "i32", threads: "i32", argument: "i32" } as const;
  const half = m.func(
    "half",
    { from: "i32", to: "i32", thread: "i32", threads: "i32" },
    [],
    (f, { from, to, thread, threads: n }) => {
      const share = (t: readonly number[]): readonly number[] => i32.div_u(i32.mul(t, count), n);
      const i = f.let("i32", share(i32.mul(thread, 1)));
      const end = f.let("i32", share(i32.add(thread, 1)));
      f.block((done) => {
        f.loop((again) => {
          f.brIf(done, i32.ge_u(i, end));
          const at = i32.mul(i, 4);
          const mirrored = f32.load(i32.add(from, i32.mul(i32.sub(count - 1, i), 4)));
          const old = f32.load(i32.add(from, at));
          f.do(f32.store(i32.add(to, at), f32.sqrt(f32.abs(f32.add(f32.mul(mirrored, 1.5), old)))));
          f.set(i, i32.add(i, 1));
          f.br(again);
        });
      });
    },
  );
  m.func(
    "mix",
    params,
    [],
    (f, { thread, threads: n }) => {
      for (let i = 0; i < rounds; i++) {
        f.do(call(half, x, y, thread, n));
        f.do(call(threads.barrier(), thread, n));
        f.do(call(half, y, x, thread, n));
        f.do(call(threads.barrier(), thread, n));
      }
    },
    { export: true },
  );
  const failing = (name: string, how: Parameters<typeof m.func>[3]): void => {
    m.func(
      name,
      params,
      [],
      (f, p) => {
        f.do(call(threads.barrier(), p.thread, p.threads));
        f.if(i32.eq(p.thread, p.argument), () => how(f, p));
        f.do(call(threads.barrier(), p.thread, p.threads));
      },
      { export: true },
    );
  };
  failing("leave", (f) => f.do(call(threads.abort(), failure)));
  failing("trap", (f) => f.unreachable());
  return m.finish();
}
