// The lessons with a live part.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { catalog } from "../../../lessons/catalog.ts";

const folder = join(import.meta.dirname, "../../../lessons");

export const liveLessons: readonly string[] = catalog
  .map(({ name }) => name)
  .filter((name) => existsSync(join(folder, name, "live.ts")));
