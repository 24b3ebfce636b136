// The built site on a free port: as `npm run lab` serves it, or as any static host would, without headers and in a folder.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { preview } from "vite";

const root = join(import.meta.dirname, "..");

export interface Site {
  /** Ends with a slash. */
  readonly url: string;
  close(): Promise<void>;
}

function checkBuilt(): void {
  if (!existsSync(join(root, "dist/index.html")))
    throw new Error("apps/lab/dist is missing: run `npm run build -w apps/lab` first");
}

/** With the headers of an isolated page. */
export async function servedSite(): Promise<Site> {
  checkBuilt();
  const server = await preview({
    configFile: join(root, "vite.config.ts"),
    logLevel: "warn",
    preview: { port: 0, host: "localhost" },
  });
  const { port } = server.httpServer.address() as AddressInfo;
  return { url: `http://localhost:${port}/`, close: () => server.close() };
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Without headers, below `/some/folder/`. */
export async function plainSite(): Promise<Site> {
  checkBuilt();
  const folder = "/some/folder/";
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = pathname.startsWith(folder) ? pathname.slice(folder.length) || "index.html" : "missing";
    readFile(join(root, "dist", normalize(path))).then(
      (body) => {
        response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" });
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => {
    server.listen(0, "localhost", listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}${folder}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
