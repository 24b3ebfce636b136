// `npm start`: reads the command line, then runs the lesson.

import { enableCompileCache } from "node:module";
import { readOptions } from "./options.ts";

const options = readOptions(process.argv.slice(2), process.env);
if (typeof options === "number") process.exitCode = options;
else {
  // Node keeps the stripped and compiled sources: later starts take a fraction of the first one's time.
  enableCompileCache?.();
  try {
    const { run } = await import("./run.ts");
    await run(options);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
