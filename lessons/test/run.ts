// Runs a lesson as a user does, in a folder of its own.

import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a program left behind. */
export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A folder for one run. */
export const newFolder = (): string => mkdtempSync(join(tmpdir(), "lesson-"));

/** Runs a file of the lessons, in English and without colours. */
export function runFile(file: string, args: readonly string[], folder: string = newFolder()): Outcome {
  const program = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const env = { ...process.env, LANG: "C", LC_ALL: "C", NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** `npm run lesson -- ...args`. */
export const lesson = (args: readonly string[], folder?: string): Outcome => runFile("main.ts", args, folder);
