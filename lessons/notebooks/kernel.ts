// Deno's Jupyter kernel from the npm registry, and running a notebook with it.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pieces } from "../shared/page.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Installs Deno beside this file if it is not there, and returns a folder that tells Jupyter of the kernel. */
export function installKernel(): string {
  const deno = join(here, "node_modules", "deno", "bin.cjs");
  if (!existsSync(deno)) {
    console.log("installing Deno (npm package deno) for the notebooks ...");
    execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: here,
      stdio: "inherit",
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "kernel-"));
  mkdirSync(join(folder, "kernels", "deno"), { recursive: true });
  const spec = {
    argv: [process.execPath, deno, "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
  };
  writeFileSync(join(folder, "kernels", "deno", "kernel.json"), JSON.stringify(spec));
  return folder;
}

/** Executes a notebook; returns what went wrong, or "". */
export function execute(kernels: string, notebook: string, target: string): Promise<string> {
  return new Promise((done) => {
    // Debian's interpreter: others have no nbconvert.
    const python = spawn("/usr/bin/python3", [join(here, "execute.py"), notebook, target], {
      env: { ...process.env, JUPYTER_PATH: kernels, PYDEVD_DISABLE_FILE_VALIDATION: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    python.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    python.on("error", (error) => done(error.message));
    python.on("close", (status) => done(status === 0 ? "" : errors || `ended with status ${status}`));
  });
}

interface Executed {
  cells: { source: string | string[]; outputs?: { data?: Record<string, unknown> }[] }[];
}

/** The sources of the cells that should have shown a picture, and did not. */
export function missingPictures(markdown: string, executed: string): string[] {
  const { cells } = JSON.parse(readFileSync(executed, "utf8")) as Executed;
  return pieces(markdown)
    .filter(({ figure }, i) => figure && !cells[i]?.outputs?.some((output) => output.data?.["image/svg+xml"]))
    .map(({ source }) => source);
}
