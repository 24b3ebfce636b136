// What a side of `bench -- train` in JavaScript does: it answers a line of JSON with a line of JSON. main.ts asks.
//
//   { row, folder, ms }     makes the row and warms up for about so long   { us, calls }: a step; the first two, in ms
//   { ms }                  steps for about so long                        { us }: a step
//   { row, folder, check }  makes the row anew and takes so many steps     { values }: losses, or elements of the result
//   with ms                 fewer steps when they take longer than that    of the last forward pass
//
// A row that a side cannot compute is answered with { skip: why }.

import { createInterface } from "node:readline";

/** A row, ready to run. */
export interface Runner {
  /** Trains once and gives the loss, or computes a forward pass; a promise is awaited. */
  step(): unknown;
  /** Elements of what `step` gave. */
  read(result: unknown): ArrayLike<number>;
  /** Gives memory back, where the library wants that done by hand. */
  close?(): void;
}

/** Thrown for a row that the side cannot compute. */
export class Skip extends Error {}

interface Question {
  readonly row?: string;
  readonly folder: string;
  readonly ms: number;
  readonly check?: number;
}

const batchMs = 20;

async function timed(runner: Runner, times: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < times; i++) {
    const result = runner.step();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / times;
}

/** The value of a loss; of anything larger ten elements, evenly spread. */
function sample(values: ArrayLike<number>): number[] {
  const count = Math.min(values.length, 10);
  return Array.from({ length: count }, (_, i) =>
    Number(values[count === 1 ? 0 : Math.floor((i * (values.length - 1)) / (count - 1))]),
  );
}

/** Answers until the input ends. `make` builds a row from what write.ts wrote into the folder. */
export async function serve(
  hello: Readonly<Record<string, unknown>>,
  make: (row: string, folder: string) => Runner | Promise<Runner>,
): Promise<void> {
  let runner: Runner | null = null;
  let perCall = 1;
  const answer = async ({ row, folder, ms, check }: Question): Promise<object> => {
    if (row !== undefined) {
      runner?.close?.();
      runner = await make(row, folder);
    }
    if (!runner) throw new Error("no row was named yet");
    if (check !== undefined) {
      let values: number[] = [];
      const end = performance.now() + ms;
      for (let i = 0; i < check && (i < 2 || performance.now() < end); i++) {
        const result = sample(runner.read(await runner.step()));
        values = result.length > 1 ? result : [...values, ...result];
      }
      return { values };
    }
    if (row === undefined) {
      perCall = await timed(runner, Math.max(1, Math.round(ms / perCall)));
      return { us: perCall * 1000 };
    }
    const calls = [await timed(runner, 1), await timed(runner, 1)];
    const end = performance.now() + ms;
    perCall = calls[1]!;
    while (performance.now() < end)
      perCall = await timed(runner, Math.ceil(Math.min(end - performance.now(), batchMs) / perCall) || 1);
    return { us: perCall * 1000, calls };
  };
  console.log(JSON.stringify(hello));
  for await (const line of createInterface({ input: process.stdin })) {
    let reply: object;
    try {
      reply = await answer(JSON.parse(line) as Question);
    } catch (error) {
      if (!(error instanceof Skip)) throw error;
      runner = null;
      reply = { skip: error.message };
    }
    console.log(JSON.stringify(reply));
  }
}
