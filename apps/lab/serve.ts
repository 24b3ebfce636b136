// `npm run lab`: builds the lab and serves it. `--dev` serves the sources instead, and follows changes.

import { parseArgs } from "node:util";
import { build, createServer, preview } from "vite";

const { values } = parseArgs({
  options: {
    dev: { type: "boolean", default: false },
    port: { type: "string", default: "4173" },
    host: { type: "string", default: "localhost" },
  },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  process.stderr.write(`--port: expected a number from 0 to 65535, got ${values.port}\n`);
  process.exit(2);
}

const configFile = new URL("./vite.config.ts", import.meta.url).pathname;
// Vite takes the next free port where this one is taken.
const address = { port, host: values.host };
if (values.dev) {
  const server = await createServer({ configFile, server: address });
  await server.listen();
  server.printUrls();
} else {
  await build({ configFile, logLevel: "warn" });
  const server = await preview({ configFile, preview: address });
  server.printUrls();
}
