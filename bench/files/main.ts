// `npm run bench -- files [--write]`: reading 1 GB of tensors beside reading the file alone, in time and in memory.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as torch from "flambeau";
import { machine, writeSection } from "../document.ts";
import { median } from "../side.ts";

const ROUNDS = 5;
const reader = fileURLToPath(new URL("read.ts", import.meta.url));

interface Reading {
  readonly ms: number;
  /** Time of the processor, of all threads: what a busy machine does not change. */
  readonly cpuMs: number;
  readonly bytes: number;
  readonly peak: number;
}

const read = (kind: string, file: string): Reading =>
  JSON.parse(execFileSync(process.execPath, [reader, kind, file], { encoding: "utf8" })) as Reading;

/** 1 GB as a language model has it: 24 layers of large matrices with small vectors between them. */
function tensors(): Record<string, torch.AnyTensor> {
  const all: Record<string, torch.AnyTensor> = { "embedding.weight": torch.ones(20_000, 1024) };
  for (let i = 0; i < 19; i++) {
    all[`layers.${i}.attention.weight`] = torch.ones(3072, 1024);
    all[`layers.${i}.attention.out.weight`] = torch.ones(1024, 1024);
    all[`layers.${i}.hidden.weight`] = torch.ones(4096, 1024);
    all[`layers.${i}.out.weight`] = torch.ones(1024, 4096);
    for (const name of ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "out.bias"])
      all[`layers.${i}.${name}`] = torch.ones(1024);
  }
  return all;
}

/** Files are in the system's cache: what is measured is what reading costs beside the copy out of it. */
export async function benchFiles(json: boolean, write: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "flambeau-files-"));
  try {
    const file = join(folder, "model.safetensors");
    await torch.safetensors.saveFile(tensors(), file);
    const raw: Reading[] = [];
    const loaded: Reading[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      raw.push(read("raw", file));
      loaded.push(read("safetensors", file));
    }
    const ms = { raw: median(raw.map((r) => r.ms)), safetensors: median(loaded.map((r) => r.ms)) };
    const cpuMs = { raw: median(raw.map((r) => r.cpuMs)), safetensors: median(loaded.map((r) => r.cpuMs)) };
    const { bytes } = loaded[0]!;
    const result = {
      bench: "files",
      bytes,
      ms,
      cpuMs,
      times: ms.safetensors / ms.raw,
      cpuTimes: cpuMs.safetensors / cpuMs.raw,
      peak: Math.max(...loaded.map((r) => r.peak)) / bytes,
      rounds: ROUNDS,
    };
    if (json) console.log(JSON.stringify(result));
    else
      console.log(
        `${(bytes / 1e9).toFixed(2)} GB of tensors in ${ms.safetensors.toFixed(0)} ms; the bare file in ${ms.raw.toFixed(0)} ms ` +
          `(${result.times.toFixed(2)} times as long, ${result.cpuTimes.toFixed(2)} times the processor's time); peak memory ${result.peak.toFixed(2)} times the tensors`,
      );
    if (write)
      writeSection("Files", [
        `Reading a safetensors file of ${(bytes / 1e9).toFixed(2)} GB that is in the system's cache, beside Node's \`readFile\` of the same file, on`,
        `${machine()}; median of ${ROUNDS} processes each. \`npm run bench -- files --write\` measures anew.`,
        "",
        "| | ms | ms of the processor | peak memory / tensors |",
        "|---|---|---|---|",
        `| \`readFile\` | ${ms.raw.toFixed(0)} | ${cpuMs.raw.toFixed(0)} | ${(Math.max(...raw.map((r) => r.peak)) / bytes).toFixed(2)} |`,
        `| \`torch.safetensors.loadFile\` | ${ms.safetensors.toFixed(0)} | ${cpuMs.safetensors.toFixed(0)} | ${result.peak.toFixed(2)} |`,
      ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
