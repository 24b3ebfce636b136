import type { UserConfig } from "tsdown";
import { defineConfig } from "tsdown";

// One output file per source file: readable stack traces, and bundlers of users shake what they do not need.
const config: UserConfig = defineConfig({
  workspace: "packages/*",
  entry: "src/index.ts",
  outDir: "dist",
  format: "esm",
  platform: "neutral",
  deps: { neverBundle: [/^node:/] },
  target: "node20",
  unbundle: true,
  dts: true,
  tsconfig: "../../tsconfig.json",
  fixedExtension: false,
});

export default config;
