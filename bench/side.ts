// One side of a comparison: a process that answers a line of input with a line of JSON, so that sides can take turns.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A running side. */
export class Side {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #stderr = "";

  constructor(name: string, command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.name = name;
    this.#process = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process.on("error", (error) => {
      this.#stderr += error.message;
    });
    this.#process.stderr?.on("data", (text) => {
      this.#stderr += text;
    });
    if (!this.#process.stdout) throw new Error(`${name}: no output`);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that the side prints. @throws Error with what it wrote to stderr, if it ended instead. */
  async read(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended: ${this.#stderr.trim() || "without a word"}`);
    return JSON.parse(value);
  }

  /** Sends a line and waits for the answer. */
  ask(line: string): Promise<unknown> {
    this.#process.stdin?.write(`${line}\n`);
    return this.read();
  }

  close(): void {
    this.#process.stdin?.end();
    this.#process.kill();
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

// More threads only cost time at most sizes; OpenBLAS reads the variable when the process starts.
const oneThread = { OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };

/** Runs `script` with the first python3 that has torch; null if there is none. It says its version first. */
export async function startTorch(
  script: string,
): Promise<{ side: Side; version: string; blas: string } | null> {
  for (const python of [process.env["PYTHON"], "/usr/bin/python3", "python3"]) {
    if (!python) continue;
    const side = new Side("PyTorch", python, [script], oneThread);
    try {
      const hello = (await side.read()) as { torch: string; blas?: string };
      return { side, version: hello.torch, blas: hello.blas ?? "unknown" };
    } catch {
      side.close();
    }
  }
  return null;
}
