// Teams of threads: the same results as one thread, errors that arrive, and processes that end.

import { resolveObjectURL } from "node:buffer";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { WorkerOptions } from "node:worker_threads";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hostFunctions } from "../../../src/backend/wasm/math.ts";
import { ProgramFailure } from "../../../src/backend/wasm/program/threads.ts";
import { cell } from "../../../src/backend/wasm/program/threads-cells.ts";
import { workerHas } from "../../../src/backend/wasm/program/threads-worker.ts";
import { failure, Gang } from "./team.ts";

// A busy machine may take its time to start threads.
vi.setConfig({ testTimeout: 300_000 });

const gangs: Gang[] = [];
const makeGang = (...options: ConstructorParameters<typeof Gang>): Gang => {
  const gang = new Gang(...options);
  gangs.push(gang);
  return gang;
};

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  for (const { team } of gangs.splice(0)) team.close();
});

/** What `mix` gives on one thread. */
function alone(rounds?: number): Float32Array {
  const gang = makeGang();
  const program = gang.program(rounds);
  gang.fill();
  gang.run(program, "mix");
  return gang.values.slice();
}

/** The workers that are started from here on, whose text `edit` may change. */
function watchWorkers(edit: (text: string) => string = (text) => text): Worker[] {
  const started: Worker[] = [];
  class Watched extends Worker {
    constructor(text: string | URL, options?: WorkerOptions) {
      super(edit(String(text)), options);
      started.push(this);
    }
  }
  const find = process.getBuiltinModule;
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { Worker: Watched } : find(name)) as typeof find);
  return started;
}

/** What a browser's Worker is, made of one of Node's: the program comes from a Blob, and finds `self` and no `require`. */
class PageWorker {
  readonly #worker: Promise<Worker>;

  constructor(url: string) {
    const blob = resolveObjectURL(url);
    if (!blob) throw new Error(`${url} is no Blob`);
    this.#worker = blob.text().then((text) => {
      const self = 'require("node:worker_threads").parentPort';
      const worker = new Worker(`((require, self) => {${text}})(undefined, ${self})`, { eval: true });
      worker.unref();
      return worker;
    });
  }
  postMessage(message: unknown): void {
    void this.#worker.then((worker) => worker.postMessage(message));
  }
  terminate(): void {
    void this.#worker.then((worker) => worker.terminate());
  }
}

test("a short program wakes workers when runs follow one another", async () => {
  const gang = makeGang();
  gang.team.threads = 2;
  const short = gang.program(1, 2, 1);
  const long = gang.program(1, 2);
  for (const program of [short, long]) expect(gang.team.settle(program)).toBe(true);
  const cells = new Int32Array(gang.memory.buffer);
  while (Atomics.load(cells, cell.turnSleepers / 4) === 0) await new Promise(setImmediate);

  expect(gang.team.now(long)).toBe(2);
  expect([0, 1, 2, 2.05].map((ms) => gang.team.now(short, ms))).toEqual([1, 1, 1, 2]);
  gang.run(short, "mix");
  expect(gang.team.available(short)).toBe(2);
});

describe("results are those of one thread", () => {
  test.each([2, 3, 5])("%i threads, 1000 runs", (threads) => {
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = threads;
    expect(gang.team.settle(program)).toBe(true);
    expect(program.ready).toBe(threads);
    const expected = alone();
    for (let run = 0; run < 1000; run++) {
      gang.fill();
      gang.run(program, "mix");
      if (run % 100 === 99) expect(gang.values).toEqual(expected);
    }
  });
  test("where the calling thread may not sleep", () => {
    const gang = makeGang(true, false);
    const program = gang.program();
    gang.team.threads = 3;
    expect(gang.team.settle(program)).toBe(true);
    const expected = alone();
    for (let run = 0; run < 100; run++) {
      gang.fill();
      gang.run(program, "mix");
      expect(gang.values).toEqual(expected);
    }
    expect(() => gang.run(program, "trap", 1)).toThrow(/worker thread failed/);
  });
  test("while threads start", () => {
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = 3;
    const expected = alone();
    for (let run = 0; run < 100; run++) {
      gang.fill();
      gang.run(program, "mix");
      expect(gang.values).toEqual(expected);
    }
  });
  test("of several programs, and of other numbers of threads between runs", () => {
    const gang = makeGang();
    const { team } = gang;
    const programs = [1, 7, 20].map((rounds) => ({ program: gang.program(rounds), expected: alone(rounds) }));
    for (const threads of [2, 4, 1, 3, 4, 2]) {
      team.threads = threads;
      for (const { program, expected } of programs) {
        expect(team.settle(program)).toBe(true);
        gang.fill();
        gang.run(program, "mix");
        expect(gang.values).toEqual(expected);
      }
    }
    team.remove(programs[0]!.program);
    for (const { program, expected } of programs.slice(1)) {
      gang.fill();
      gang.run(program, "mix");
      expect(gang.values).toEqual(expected);
    }
  });
  test("of a program that has work for fewer threads", () => {
    const gang = makeGang();
    const [two, one] = [gang.program(20, 2), gang.program(20, 1)];
    gang.team.threads = 4;
    const expected = alone();
    for (const program of [two, one]) {
      expect(gang.team.settle(program)).toBe(true);
      gang.fill();
      gang.run(program, "mix");
      expect(gang.values).toEqual(expected);
    }
    expect([two.ready, one.ready]).toEqual([2, 1]);
  });
});

test("workers of a page", async () => {
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  vi.stubGlobal("Worker", PageWorker);
  const gang = makeGang(true, false);
  const program = gang.program();
  gang.team.threads = 3;
  // A page's workers start when its thread has nothing to do.
  while (gang.team.available(program) < 3) await new Promise((resolve) => setImmediate(resolve));
  gang.fill();
  gang.run(program, "mix");
  expect(gang.values).toEqual(alone());
});

describe("without threads", () => {
  test("memory that is not shared has one", () => {
    const gang = makeGang(false);
    const program = gang.program();
    gang.team.threads = 4;
    expect(gang.team.whyOne(program)).toMatch("no shared memory");
    gang.fill();
    gang.run(program, "mix");
    expect(gang.values).toEqual(alone());
    expect(() => gang.run(program, "leave", 0)).toThrow(ProgramFailure);
  });
  test("nor has a place without workers", () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = 2;
    expect(gang.team.settle(program)).toBe(false);
    expect(gang.team.whyOne(program)).toMatch("no worker can be started");
    gang.fill();
    gang.run(program, "mix");
    expect(gang.values).toEqual(alone());
  });
  test("nothing is started for one thread or small programs", () => {
    const started = vi.spyOn(process, "getBuiltinModule");
    const gang = makeGang();
    const program = gang.program();
    gang.run(program, "mix");
    gang.team.threads = 2;
    gang.run(gang.program(1, 1), "mix");
    expect(started).not.toHaveBeenCalled();
  });
});

describe("errors", () => {
  test.each([0, 1, 2])("a failure that thread %i reports", (thread) => {
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = 3;
    gang.team.settle(program);
    for (let i = 0; i < 20; i++) {
      let error: unknown = null;
      try {
        gang.run(program, "leave", thread);
      } catch (e) {
        error = e;
      }
      expect(error).toBeInstanceOf(ProgramFailure);
      expect((error as ProgramFailure).number).toBe(failure);
      gang.fill();
      gang.run(program, "mix");
      expect(gang.values).toEqual(alone());
    }
  });
  test("a worker that crashes", () => {
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = 3;
    for (let i = 0; i < 3; i++) {
      expect(gang.team.settle(program)).toBe(true);
      expect(() => gang.run(program, "trap", 2)).toThrow(/worker thread failed: RuntimeError: unreachable/);
      // It goes on, with new workers when they are there.
      gang.fill();
      gang.run(program, "mix");
      expect(gang.values).toEqual(alone());
    }
  });
  test("an exception on the calling thread", () => {
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = 3;
    for (let i = 0; i < 20; i++) {
      gang.team.settle(program);
      expect(() => gang.run(program, "trap", 0)).toThrow(WebAssembly.RuntimeError);
    }
  });
  test("a worker that was ended", async () => {
    const workers = watchWorkers();
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = 3;
    gang.team.settle(program);
    await workers[1]!.terminate();
    expect(() => gang.run(program, "mix")).toThrow(/worker thread failed/);
    gang.fill();
    gang.run(program, "mix");
    expect(gang.values).toEqual(alone());
  });
  test("a worker that ends in the middle of a run", () => {
    watchWorkers((text) => text.replace("run();", "process.exit(3);"));
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = 3;
    gang.team.settle(program);
    expect(() => gang.run(program, "mix")).toThrow(/it ended with code 3/);
  });
  test("a worker that cannot start", async () => {
    const workers = watchWorkers(() => "throw new Error('no')");
    const gang = makeGang();
    const program = gang.program();
    gang.team.threads = 2;
    gang.run(program, "mix");
    await new Promise((resolve) => workers[0]!.on("exit", resolve));
    expect(gang.team.whyOne(program)).toMatch("workers do not start");
    gang.fill();
    gang.run(program, "mix");
    expect(gang.values).toEqual(alone());
  });
});

test("workers have the host functions of kernels, error function and normal distribution excepted", () => {
  expect(Object.keys(hostFunctions).filter((name) => !workerHas(name))).toEqual(["erf", "cdf"]);
});

describe("a process ends by itself", () => {
  const script = fileURLToPath(new URL("team-process.ts", import.meta.url));
  test.each([
    ["spinning", 0, "true 3\n"],
    ["sleeping", 0, "true 3\nasleep true\n"],
    ["exit", 7, "true 3\n"],
  ])("%s", async (how, code, text) => {
    const [status, output] = await new Promise<[unknown, string]>((resolve) => {
      execFile(process.execPath, [script, how], (error, stdout) => resolve([error?.code ?? 0, stdout]));
    });
    expect([status, output]).toEqual([code, text]);
  });
});
