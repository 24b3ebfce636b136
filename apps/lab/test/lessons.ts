// The lessons there are, by their folders.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../../lessons");

/** Names of those with a live part. */
export const liveLessons: readonly string[] = readdirSync(folder).filter((name) =>
  existsSync(join(folder, name, "live.ts")),
);
