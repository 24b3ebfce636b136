// How the lab is built: static files that work under any path, and the headers that threads need.

import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { UserConfig } from "vite";
import { defineConfig } from "vite";
import { articles } from "./build/articles.ts";
import { contentPolicy } from "./build/content-policy.ts";
import { digits } from "./build/digits.ts";
import { formulaFonts } from "./build/formula-fonts.ts";
import { frameworkTypes } from "./build/framework-types.ts";

/** Memory shared between threads needs a page that is isolated from other origins. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Parts of packages that only Node runs, such as writing files: they are never loaded here. */
const rolldownOptions = {
  external: [/^node:/],
  checks: { pluginTimings: false, ineffectiveDynamicImport: false },
};

const config: UserConfig = defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [articles(), digits(), formulaFonts(), frameworkTypes(), svelte(), contentPolicy()],
  // A font that a page does not use is not fetched, if it stands in no style sheet.
  // The editor is large, and comes when it is asked for.
  build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 4000, rolldownOptions },
  worker: { format: "es", rolldownOptions },
  server: { headers, fs: { allow: ["../.."] } },
  preview: { headers },
});

export default config;
