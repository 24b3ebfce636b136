// npm run conformance: runs PyTorch's recorded cases through our public interface, and reports what agrees.
// Exit status 0 when it ran, 1 with --strict if anything did not pass, 2 for a bad option or folder.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compiling } from "./src/compiling.ts";
import type { FixtureFile } from "./src/fixtures.ts";
import { listFixtures, NothingToRun, runFile } from "./src/fixtures.ts";
import { sections } from "./src/outcome.ts";
import { formatReport, Report } from "./src/report.ts";

const usage = `npm run conformance -- [options]

  --fixtures DIR      folder in the format of fixtures/README.md (default: conformance/fixtures)
  --section A,B       only these of ${sections.join(", ")}
  --op A,B            only the files of these names (add, nn.functional.relu, Linear, SGD, ...)
  --compiled          run them through torch.compile
  --json              print one JSON object and nothing else
  --verbose           list all failures and reasons
  --strict            exit with status 1 unless everything passed
  --help              print this`;

const options = {
  fixtures: { type: "string" },
  section: { type: "string", multiple: true },
  op: { type: "string", multiple: true },
  compiled: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  verbose: { type: "boolean", default: false },
  strict: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** A mistake of the caller: one line on stderr. */
class UsageError extends Error {}

const listOf = (values: readonly string[] | undefined): string[] =>
  (values ?? [])
    .flatMap((v) => v.split(","))
    .map((v) => v.trim())
    .filter((v) => v !== "");

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options }>>["values"] {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\.\s|\n/, 1)[0]);
  }
}

function runAll(files: readonly FixtureFile[], progress: boolean): Report {
  const report = new Report();
  const { warn } = console;
  // PyTorch warns in some of the recorded calls, and so do we.
  console.warn = () => undefined;
  for (const [i, file] of files.entries()) {
    if (progress) process.stderr.write(`\r\u001b[K${i + 1}/${files.length} ${file.section}/${file.name}`);
    report.add(runFile(file));
  }
  console.warn = warn;
  if (progress) process.stderr.write("\r\u001b[K");
  return report;
}

function main(argv: readonly string[]): number {
  const values = parse(argv);
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const dir = values.fixtures ?? fileURLToPath(new URL("fixtures", import.meta.url));
  const wanted = listOf(values.section);
  const unknown = wanted.find((s) => !(sections as readonly string[]).includes(s));
  if (unknown !== undefined)
    throw new UsageError(`unknown section "${unknown}": expected ${sections.join(", ")}`);
  const files = listFixtures(dir, { sections: wanted, names: listOf(values.op) });
  const report = compiling(values.compiled === true, () =>
    runAll(files, !values.json && process.stderr.isTTY === true),
  );
  console.log(values.json ? JSON.stringify(report) : formatReport(report, values.verbose));
  return values.strict && !report.perfect ? 1 : 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof NothingToRun)) throw error;
  console.error(`conformance: ${error.message}`);
  process.exitCode = 2;
}
