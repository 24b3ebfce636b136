// Starts a lesson: reads its command line, then loads and runs what trains.

import { enableCompileCache } from "node:module";
import type { Call } from "./options.ts";

/** What a lesson's `options.ts` and `run.ts` export. */
export interface Parts<O> {
  readOptions(args: readonly string[], call: Call): O | number;
  load(): Promise<{ run(options: O): Promise<void> }>;
}

/** Runs a lesson; the exit status is 2 for a bad command line or unusable data, 1 for another error. */
export async function start<O>(parts: Parts<O>, program: string, args: readonly string[]): Promise<void> {
  const options = parts.readOptions(args, { program, env: process.env });
  if (typeof options === "number") {
    process.exitCode = options;
    return;
  }
  // Node keeps the stripped and compiled sources: later starts take a fraction of the first one's time.
  enableCompileCache?.();
  try {
    const { run } = await parts.load();
    await run(options);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = error instanceof Error && error.name === "ValueError" ? 2 : 1;
  }
}
