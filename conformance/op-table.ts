// npm run docs:ops: writes docs/ops.md. With --check, says whether it is up to date instead (exit status 1 if not).

import { readFileSync, writeFileSync } from "node:fs";
import { opTable } from "./src/op-table.ts";

const file = new URL("../docs/ops.md", import.meta.url);
const { text, undocumented, unexplained } = opTable();
if (undocumented.length > 0) console.error(`without a doc comment: ${undocumented.join(", ")}`);
if (unexplained.length > 0)
  console.error(
    `not here, or not whole, and not explained in left-out.json or exceptions.json: ${unexplained.join(", ")}`,
  );
if (process.argv.includes("--check")) {
  const current = readFileSync(file, "utf8") === text;
  if (!current) console.error("docs/ops.md is out of date: run npm run docs:ops");
  process.exitCode = current && undocumented.length + unexplained.length === 0 ? 0 : 1;
} else writeFileSync(file, text);
