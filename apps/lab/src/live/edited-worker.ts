// Trains a lesson as the reader has changed it: its files become modules first.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import type { AnyLive } from "../../../../lessons/live.ts";
import { failureOf } from "../runner/failure.ts";
import { load } from "../runner/load.ts";
import { serve } from "./trainer.ts";

const top = "../../../../";
/** Files that lessons fetch. */
const addresses = import.meta.glob<string>("../../../../lessons/*/*.bin", {
  query: "?url",
  import: "default",
  eager: true,
});
const assets = Object.fromEntries(
  Object.entries(addresses).map(([path, url]) => [path.slice(top.length), new URL(url, location.href).href]),
);
const packages = { flambeau: torch, "@flambeau/d2l": d2l };
const names = new Map<string, string>();
Error.stackTraceLimit = 100;

serve(
  async ({ lesson, files = {} }) => {
    const entry = `lessons/${lesson}/live.ts`;
    const { lesson: found } = await load(files, entry, packages, names, assets);
    if (typeof (found as Partial<AnyLive> | undefined)?.run === "function") return found as AnyLive;
    throw new TypeError(`${entry} must export "lesson", made by live({ controls, texts, run })`);
  },
  (error) => failureOf(error, names),
);
