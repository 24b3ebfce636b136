// `npm start`: this lesson.

import { start } from "../shared/start.ts";
import { readOptions } from "./options.ts";

await start({ readOptions, load: () => import("./run.ts") }, "npm start --", process.argv.slice(2));
