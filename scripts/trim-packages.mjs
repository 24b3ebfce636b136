// Runs after `npm install`: removes what packages bring for other uses than ours: the C++ headers of the `node` package
// (67 MB of its 210 MB), which only native addons would need, and onnxruntime for other systems (240 MB of 290 MB).
import { readdirSync, rmSync } from "node:fs";

const modules = new URL("../node_modules/", import.meta.url);

/** Removes `path` in each folder of `parent` that `chosen` says. */
function trim(parent, chosen, path = "") {
  const folder = new URL(parent, modules);
  try {
    for (const name of readdirSync(folder))
      if (chosen(name)) rmSync(new URL(`${name}/${path}`, folder), { recursive: true, force: true });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

trim("node/node_modules/", (name) => name.startsWith("node-"), "include");
const runtimes = "onnxruntime-node/bin/napi-v6/";
trim(runtimes, (name) => name !== process.platform);
trim(`${runtimes}${process.platform}/`, (name) => name !== process.arch);
