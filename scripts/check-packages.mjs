// `npm run check:packages`: packs each package as `npm publish` would and lints what is inside the tarballs.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const folder = mkdtempSync(join(tmpdir(), "flambeau-"));
try {
  const packages = ["-w", "flambeau", "-w", "@flambeau/d2l", "-w", "@flambeau/datasets"];
  execFileSync("npm", ["pack", ...packages, "--pack-destination", folder], {
    stdio: ["ignore", "ignore", 2],
  });
  for (const name of readdirSync(folder)) {
    const tarball = Uint8Array.from(readFileSync(join(folder, name))).buffer;
    const { messages, pkg } = await publint({ strict: true, pack: { tarball } });
    for (const message of messages) console.log(`${name}: ${formatMessage(message, pkg)}`);
    if (messages.length === 0) console.log(`${name}: well formed`);
    else process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
