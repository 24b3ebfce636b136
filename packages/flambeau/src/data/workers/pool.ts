// The loader's side: worker threads that load batches ahead, and the batches in the order in which they were asked for.
// Floor L5 (data). Source: torch/utils/data/dataloader.py, _MultiProcessingDataLoaderIter

import type * as workerThreads from "node:worker_threads";
import { NotImplementedError, RuntimeError } from "../../base/errors.ts";
import type { Answer, Request, WorkerStart } from "./messages.ts";
import { unpack } from "./messages.ts";

type Threads = typeof workerThreads;

/** Node's worker threads. @throws NotImplementedError where there are none that can be waited for */
function threads(): Threads {
  const found = (
    globalThis as { process?: { getBuiltinModule?: (name: string) => Threads | undefined } }
  ).process?.getBuiltinModule?.("node:worker_threads");
  if (found) return found;
  throw new NotImplementedError(
    "DataLoader: numWorkers needs the worker threads of Node 20.16 or later; use numWorkers 0 here",
  );
}

let entry: string | null = null;

/** @internal Says where workers import the library from; called by index.ts. */
export function setWorkerEntry(url: string): void {
  entry = url;
}

/** What a worker runs: it takes the library from where this thread has it. */
const program = (url: string): string => `
const { workerData } = require("node:worker_threads");
const signals = new Int32Array(workerData.start.signals);
process.on("exit", () => {
  Atomics.store(signals, 1 + workerData.start.id, 1);
  Atomics.add(signals, 0, 1);
  Atomics.notify(signals, 0);
});
import(${JSON.stringify(url)}).then((torch) => torch.data.serve(workerData.start, workerData.port));
`;

interface Seat {
  readonly worker: workerThreads.Worker;
  readonly port: workerThreads.MessagePort;
}

/** What a pool is made from. */
export type PoolOptions = Omit<WorkerStart, "id" | "signals"> & {
  /** Longest wait for a batch in ms; 0 for any. */
  readonly timeout: number;
};

/** Workers that are asked for batches by number, and answer in any order. */
export class WorkerPool {
  readonly #signals: Int32Array;
  readonly #seats: readonly Seat[];
  readonly #receive: Threads["receiveMessageOnPort"];
  readonly #answers = new Map<number, Answer>();
  readonly #timeout: number;
  #closed = false;

  constructor({ timeout, ...start }: PoolOptions) {
    if (entry === null) throw new NotImplementedError('DataLoader: import from "flambeau" to use workers');
    const url = entry;
    const { Worker, MessageChannel, receiveMessageOnPort } = threads();
    const signals = new SharedArrayBuffer(4 * (1 + start.numWorkers));
    this.#signals = new Int32Array(signals);
    this.#receive = receiveMessageOnPort;
    this.#timeout = timeout;
    this.#seats = Array.from({ length: start.numWorkers }, (_, id) => {
      const { port1, port2 } = new MessageChannel();
      const worker = new Worker(program(url), {
        eval: true,
        workerData: { start: { ...start, id, signals } satisfies WorkerStart, port: port2 },
        transferList: [port2],
      });
      // An error that ends a worker is seen by whoever waits for it; idle workers do not keep the process alive.
      worker.on("error", () => undefined);
      worker.unref();
      port1.unref();
      return { worker, port: port1 };
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(worker: number, request: Request): void {
    this.#seats[worker]!.port.postMessage(request);
  }

  /** Waits for batch `number`, which `worker` was asked for; false if its stream has ended. @throws RuntimeError */
  receive(
    number: number,
    worker: number,
  ): { readonly batch: unknown; readonly state: Uint8Array | null } | false {
    const answer = this.#wait(number, worker);
    if (answer.kind === "end") return false;
    if (answer.kind === "batch") return { batch: unpack(answer.batch), state: answer.state };
    throw new RuntimeError(`Caught ${answer.name} in DataLoader worker ${worker}.\n${answer.text}`);
  }

  #wait(number: number, worker: number): Answer {
    for (;;) {
      const seen = Atomics.load(this.#signals, 0);
      this.#drain();
      const answer = this.#answers.get(number);
      if (answer) {
        this.#answers.delete(number);
        return answer;
      }
      if (Atomics.load(this.#signals, 1 + worker) === 1)
        throw new RuntimeError(`DataLoader worker ${worker} exited unexpectedly`);
      const limit = this.#timeout > 0 ? this.#timeout : Number.POSITIVE_INFINITY;
      if (Atomics.wait(this.#signals, 0, seen, limit) === "timed-out")
        throw new RuntimeError(
          `DataLoader timed out after ${this.#timeout} ms, waiting for worker ${worker}`,
        );
    }
  }

  #drain(): void {
    for (const { port } of this.#seats)
      for (let m = this.#receive(port); m; m = this.#receive(port)) {
        const answer = m.message as Answer;
        this.#answers.set(answer.number, answer);
      }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { worker, port } of this.#seats) {
      port.close();
      void worker.terminate();
    }
  }
}
