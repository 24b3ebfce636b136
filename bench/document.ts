// docs/performance.md: each benchmark writes its own section and leaves the others.

import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../docs/performance.md", import.meta.url));

/** The processor, the number of cores, the system. */
export const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${availableParallelism()} cores, ${process.platform} ${process.arch}`;

/** Microseconds with three digits or so. */
export const digits = (x: number): string => (x < 10 ? x.toFixed(2) : x < 100 ? x.toFixed(1) : x.toFixed(0));

/** Puts `lines` under `## heading`, in the place of what stood there or at the end; gives the path of the file. */
export function writeSection(heading: string, lines: readonly string[]): string {
  const sections = readFileSync(file, "utf8")
    .trimEnd()
    .split(/\n(?=## )/);
  const section = `## ${heading}\n\n${lines.join("\n")}\n`;
  const at = sections.findIndex((text) => text.startsWith(`## ${heading}\n`));
  if (at < 0) sections.push(section);
  else sections[at] = section;
  writeFileSync(file, `${sections.map((text) => text.trimEnd()).join("\n\n")}\n`);
  return file;
}
