// One side of a comparison: a process that answers a line of input with a line of JSON, so that sides can take turns.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const signals = [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGTERM", 15],
] as const;
const running = new Set<ChildProcess>();
let watching = false;
const killAll = (): void => {
  for (const child of running) child.kill("SIGKILL");
};

/** Sees to it that a process ends no later than this one, however this one ends. */
export function owned<P extends ChildProcess>(child: P): P {
  if (!watching) {
    watching = true;
    process.on("exit", killAll);
    for (const [signal, number] of signals) process.on(signal, () => process.exit(128 + number));
  }
  running.add(child);
  child.on("close", () => running.delete(child));
  return child;
}

/** A running side. */
export class Side {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #stderr = "";
  #end = "";

  constructor(name: string, command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.name = name;
    this.#process = owned(
      spawn(command, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] }),
    );
    this.#process.on("error", (error) => {
      this.#stderr += error.message;
    });
    // What the side no longer takes shows in `read`.
    this.#process.stdin?.on("error", () => undefined);
    this.#process.stderr?.on("data", (text) => {
      this.#stderr = (this.#stderr + text).slice(-10_000);
    });
    if (!this.#process.stdout) throw new Error(`${name}: no output`);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that the side prints. @throws Error with what it wrote to stderr, if it ended instead. */
  async read(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended: ${this.#end || (await this.#lastWords())}`);
    return JSON.parse(value);
  }

  async #lastWords(): Promise<string> {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      await new Promise((resolve) => child.once("close", resolve));
    const how = child.signalCode ?? (child.exitCode ? `exit code ${child.exitCode}` : "without a word");
    return this.#stderr.trim() || how;
  }

  /** Sends a line and waits for the answer; a side that takes longer than `limitMs` is ended, and throws. */
  async ask(line: string, limitMs?: number): Promise<unknown> {
    this.#process.stdin?.write(`${line}\n`);
    const limit = limitMs && setTimeout(() => this.#kill(`no answer for ${limitMs / 1000} s`), limitMs);
    try {
      return await this.read();
    } finally {
      clearTimeout(limit);
    }
  }

  #kill(why: string): void {
    this.#end = why;
    this.#process.kill("SIGKILL");
  }

  close(): void {
    this.#process.stdin?.end();
    this.#kill("closed");
  }
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((p, q) => p - q);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/**
 * The environment of PyTorch with `n` threads. OpenBLAS reads its variable when the process starts. Threads of OpenMP
 * that wait in a spin for more than one thread's work would take the core that the other one needs.
 */
export const threadsOfTorch = (n: number): Record<string, string> => ({
  OPENBLAS_NUM_THREADS: String(n),
  OMP_NUM_THREADS: String(n),
  MKL_NUM_THREADS: String(n),
  ...(n > 1 && { OMP_WAIT_POLICY: "PASSIVE" }),
});

/** A side that runs PyTorch, and what it said about itself. */
export interface TorchSide {
  readonly side: Side;
  readonly version: string;
  readonly blas: string;
  readonly cpu: string;
}

/** Runs `script` with the first python3 that has torch; null if there is none. It says its version first. */
export async function startTorch(script: string, threads = 1, name = "PyTorch"): Promise<TorchSide | null> {
  for (const python of [process.env["PYTHON"], "/usr/bin/python3", "python3"]) {
    if (!python) continue;
    const side = new Side(name, python, [script], threadsOfTorch(threads));
    try {
      const hello = (await side.read()) as { torch: string; blas?: string; cpu?: string };
      return { side, version: hello.torch, blas: hello.blas ?? "unknown", cpu: hello.cpu ?? "unknown" };
    } catch {
      side.close();
    }
  }
  return null;
}
