import type { ViteUserConfig } from "vitest/config";
import { defineConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "lessons/**/*.test.ts",
      "conformance/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
    ],
    // Fuzzers and conformance take their time on slow machines; a hang is found all the same.
    testTimeout: 120_000,
    setupFiles: ["packages/flambeau/test/setup.ts"],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      reporter: ["text-summary", "html", "json-summary"],
    },
  },
});

export default config;
