// Runs after `npm install`: removes the C++ headers that come with the `node` package (67 MB of its 210 MB),
// which only native addons would need. The binary itself is untouched.
import { readdirSync, rmSync } from "node:fs";

const platforms = new URL("../node_modules/node/node_modules/", import.meta.url);
try {
  for (const name of readdirSync(platforms)) {
    if (name.startsWith("node-"))
      rmSync(new URL(`${name}/include`, platforms), { recursive: true, force: true });
  }
} catch (error) {
  if (error.code !== "ENOENT") throw error;
}
