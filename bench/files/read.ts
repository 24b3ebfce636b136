// One reading of a file in a process of its own, so that its memory can be seen: `node read.ts KIND FILE`; prints JSON.

import { readFile } from "node:fs/promises";
import * as torch from "flambeau";

const [kind, file] = process.argv.slice(2) as [string, string];
// What is loaded on first use is loaded before the clock starts.
await torch.safetensors.load(await torch.safetensors.save({ x: torch.zeros(1) }));
const before = process.memoryUsage().rss;
const start = performance.now();
const startCpu = process.cpuUsage();
let bytes = 0;
if (kind === "raw") bytes = (await readFile(file)).length;
else
  for (const x of Object.values(await torch.safetensors.loadFile(file))) bytes += x.numel() * x.elementSize();
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(startCpu);
const peak = process.resourceUsage().maxRSS * 1024 - before;
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000, bytes, peak }));
