// `npm run notebooks`: writes every lesson's notebooks from its articles. `npm run notebooks -- run [NAME...]` executes them
// under Deno's Jupyter kernel, which it installs on first use; it needs Debian's jupyter-nbconvert.

import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalog } from "../catalog.ts";
import { articles, notebookText } from "./articles.ts";
import { execute, installKernel, missingPictures } from "./kernel.ts";

function write(): void {
  for (const { page, notebook } of articles(catalog.map((lesson) => lesson.name))) {
    const text = notebookText(readFileSync(page, "utf8"));
    if (existsSync(notebook) && readFileSync(notebook, "utf8") === text) continue;
    writeFileSync(notebook, text);
    console.log(`written: ${notebook}`);
  }
}

async function run(names: readonly string[]): Promise<void> {
  const kernels = installKernel();
  const folder = mkdtempSync(join(tmpdir(), "notebooks-"));
  let failures = 0;
  const waiting = articles(names.length > 0 ? names : catalog.map((lesson) => lesson.name));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const begin = performance.now();
      const target = join(folder, next.label);
      const error = await execute(kernels, next.notebook, target);
      const missing = error ? [] : missingPictures(readFileSync(next.page, "utf8"), target);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      const complaint = error || missing.map((cell) => `no picture from the cell\n${cell}`).join("\n");
      if (complaint) failures++;
      console.log(`${complaint ? "failed" : "ran"} in ${seconds} s: ${next.label}`);
      if (complaint) console.log(complaint);
    }
  };
  await Promise.all([work(), work()]);
  console.log(`with outputs: ${folder}`);
  if (failures > 0) process.exitCode = 1;
}

const [command, ...names] = process.argv.slice(2);
const unknown = names.find((name) => !catalog.some((lesson) => lesson.name === name));
if (command === undefined) write();
else if (command !== "run" || unknown !== undefined) {
  process.stderr.write(
    command === "run"
      ? `error: there is no lesson '${unknown}'; there are ${catalog.map((lesson) => lesson.name).join(", ")}\n`
      : "usage: npm run notebooks [-- run [NAME...]]\n",
  );
  process.exitCode = 2;
} else await run(names);
