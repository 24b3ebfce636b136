// The packages of other projects that `bench -- train` compares with: installed into bench/node_modules on first use.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { owned } from "../side.ts";

const bench = fileURLToPath(new URL("..", import.meta.url));
const packages = ["@jax-js/jax", "@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"];

/** Installs what bench/package-lock.json names; gives why that failed, or null. Runs no scripts of packages. */
export async function installPeers(): Promise<string | null> {
  if (packages.every((name) => existsSync(`${bench}/node_modules/${name}/package.json`))) return null;
  process.stderr.write("installing the peers into bench/node_modules\n");
  const npm = process.env["npm_execpath"];
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const options = { cwd: bench, stdio: ["ignore", "ignore", "pipe"] as ["ignore", "ignore", "pipe"] };
  const child = owned(npm ? spawn(process.execPath, [npm, ...args], options) : spawn("npm", args, options));
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", (error) => {
      said += error.message;
      resolve(null);
    });
    child.on("close", resolve);
  });
  return code === 0
    ? null
    : `not installed: npm ci in bench: ${said.trim().split("\n")[0] || `exit code ${code}`}`;
}
