// The content policy of the built page: everything from its own origin, WebAssembly, no eval. A host that cannot set headers
// serves it all the same, because it stands in the page.

import type { Plugin } from "vite";

const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval' blob:",
  // Threads of the framework and programs of the reader start from blobs.
  "worker-src 'self' blob:",
  // Formulas and the editor place their parts by style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Writes the policy into index.html. In development, Vite injects what it forbids. */
export function contentPolicy(): Plugin {
  return {
    name: "content-policy",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: () => [
        {
          tag: "meta",
          attrs: { "http-equiv": "Content-Security-Policy", content: policy },
          injectTo: "head-prepend",
        },
      ],
    },
  };
}
