// `npm start`: the book's page.

import { start } from "../shared/start.ts";
import { readOptions } from "./options.ts";

await start(
  { readOptions: (args, call) => readOptions(args, call, "page"), load: () => import("./run.ts") },
  "npm start --",
  process.argv.slice(2),
);
