// A training run that is killed (kill -9) again and again, and goes on each time from its newest checkpoint, ends with the bits of
// one that was left alone: parameters, optimizer, schedule, random numbers.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Generator } from "../../../src/index.ts";

// Sixty processes start, one after the other.
vi.setConfig({ testTimeout: 600_000 });

const steps = 260;
const kills = 30;
const folder = mkdtempSync(join(tmpdir(), "flambeau-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

let program = "";
beforeAll(async () => {
  // One file: a process starts in a fraction of the time that the sources take.
  await build({
    config: false,
    entry: fileURLToPath(new URL("train.ts", import.meta.url)),
    outDir: join(folder, "program"),
    format: "esm",
    platform: "node",
    dts: false,
    logLevel: "error",
    deps: { alwaysBundle: [/.*/] },
  });
  const file = readdirSync(join(folder, "program")).find((name) => name.startsWith("train."));
  program = join(folder, "program", file!);
}, 120_000);

/** Runs the program; kills it when it has said `lines` lines, after so many more turns. @returns its last line */
function run(args: readonly string[], lines = Number.POSITIVE_INFINITY, delayMs = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let said = 0;
    let last = "";
    let errors = "";
    child.stderr.on("data", (text) => {
      errors += text;
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      last = line;
      if (++said === lines) setTimeout(() => child.kill("SIGKILL"), delayMs);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL" || code === 0) resolve(last);
      else reject(new Error(`ended with ${code ?? signal}: ${errors}`));
    });
  });
}

test.each(["eager", "compiled"])("%s, killed at random", async (mode) => {
  const whole = await run([join(folder, `whole-${mode}`), String(steps), mode, "1000000"]);
  expect(whole).toMatch(/^end 260 \d+ [0-9a-f]{64}$/);
  const random = new Generator().manualSeed(mode === "eager" ? 1 : 2);
  const at = join(folder, mode);
  const args = [at, String(steps), mode, "2"];
  let killed = 0;
  let last = "";
  while (killed < kills) {
    last = await run(args, 1 + (random.random32() % 9), random.random32() % 4);
    if (last.startsWith("end")) break;
    killed++;
  }
  expect(killed).toBe(kills);
  last = await run(args);
  expect(last).toBe(whole);
  // What was left of writes that were killed is gone.
  expect(readdirSync(at).every((name) => /^checkpoint-\d+\.safetensors$/.test(name))).toBe(true);
  expect(readdirSync(at)).toHaveLength(2);
});
