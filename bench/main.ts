// `npm run bench -- NAME [--json]`: performance beside other libraries. Never part of the tests.

import { parseArgs } from "node:util";
import { benchCold } from "./cold.ts";
import { benchFiles } from "./files/main.ts";
import { benchLesson } from "./lesson/main.ts";
import { benchMemory } from "./memory.ts";
import { benchOps } from "./ops/main.ts";
import { benchTrain } from "./train/main.ts";

interface Options {
  json?: boolean | undefined;
  only?: string | undefined;
  write?: boolean | undefined;
  check?: boolean | undefined;
  seconds?: string | undefined;
  compiled?: boolean | undefined;
}

const benches: Record<string, (json: boolean, options: Options) => Promise<void> | void> = {
  lesson: (json) => benchLesson(json),
  ops: (json, { only, write }) => benchOps({ json, only: only?.split(",") ?? [], write: write ?? false }),
  train: (json, { only, write, check, seconds }) =>
    benchTrain({ json, only: only?.split(",") ?? [], write: write ?? false, check: check ?? false, seconds }),
  files: (json, { write }) => benchFiles(json, write ?? false),
  cold: benchCold,
  memory: (json, { compiled }) => benchMemory(json, compiled ?? false),
};
const usage = `usage: npm run bench -- NAME [--json]; NAME is one of ${Object.keys(benches).join(", ")}; ops takes --only a,b and --write; files takes --write; train takes those, --check and --seconds s; memory takes --compiled`;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

let parsed: { values: Options; positionals: string[] };
try {
  parsed = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      only: { type: "string" },
      write: { type: "boolean" },
      check: { type: "boolean" },
      seconds: { type: "string" },
      compiled: { type: "boolean" },
    },
  });
} catch (error) {
  fail(`${error instanceof Error ? error.message : error}; ${usage}`);
}
const [name, ...rest] = parsed.positionals;
const bench = name === undefined ? undefined : benches[name];
if (!bench || rest.length > 0)
  fail(name === undefined ? usage : `unknown benchmark '${parsed.positionals.join(" ")}'; ${usage}`);
try {
  await bench(parsed.values.json ?? false, parsed.values);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
