// npm run interop: files go to PyTorch and back, and every bit is compared. Needs a python3 with torch and numpy.
// Exit status 0 if nothing differs, 1 if something does, 2 where there is no PyTorch.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as torch from "flambeau";
import type { Description } from "./describe.ts";
import { describe, differences } from "./describe.ts";
import type { Numbers, Saved } from "./networks.ts";
import { distance, modules, optimizers, resumed, trained } from "./networks.ts";

const script = fileURLToPath(new URL("interop.py", import.meta.url));
/** How far training on two machines may differ after three steps: sums are rounded in another order. */
const closeness = 1e-6;

/** What PyTorch says of a file. */
interface About {
  readonly value: Description;
  /** Instructions and names that `weights_only=True` would refuse. */
  readonly strict?: readonly string[];
  /** Whether 1.13's own `weights_only=True` reads the same; else what it said. */
  readonly weightsOnly?: boolean | string;
  /** Parameters after three more steps. */
  readonly resumed?: Numbers;
}

/** Runs interop.py with the first python3 that has torch. */
function python(): ((...args: string[]) => string) | null {
  for (const name of [process.env["PYTHON"], "/usr/bin/python3", "python3"]) {
    if (!name || spawnSync(name, ["-c", "import torch, numpy"]).status !== 0) continue;
    return (...args) => {
      const { status, stdout, stderr } = spawnSync(name, [script, ...args], {
        encoding: "utf8",
        maxBuffer: 1 << 28,
      });
      if (status !== 0) throw new Error(`interop.py ${args.join(" ")}: ${stderr}`);
      return stdout;
    };
  }
  return null;
}

/** Rows of the table, and what differed. */
class Table {
  readonly #rows: string[][] = [];
  readonly problems: string[] = [];

  /** A comparison: how many lines there are, and which differ. */
  add(what: string, way: string, count: number, problems: readonly string[], note = ""): void {
    this.#rows.push([what, way, String(count), String(problems.length), note]);
    this.problems.push(...problems.map((p) => `${what}, ${way}: ${p}`));
  }
  compare(what: string, way: string, ours: Description, theirs: Description): void {
    this.add(what, way, Object.keys(theirs).length, differences(ours, theirs));
  }
  /** Training on both sides: exact where the same side went on, close where not. */
  train(what: string, way: string, far: number, most: number): void {
    const problems = far <= most ? [] : [`parameters differ by ${far} after three steps`];
    this.add(what, way, 1, problems, `largest difference ${far.toExponential(1)}`);
  }
  print(): void {
    const head = ["case", "way", "compared", "differences", ""];
    const rows = [head, ...this.#rows];
    const widths = head.map((_, i) => Math.max(...rows.map((r) => r[i]!.length)));
    for (const row of rows)
      console.log(
        row
          .map((cell, i) => (i === 2 || i === 3 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
          .join("  ")
          .trimEnd(),
      );
  }
}

/** Other formats know no strides, no sharing and no order: names, dtypes, shapes and bits count. */
const plain = (lines: Description): Description =>
  Object.fromEntries(
    Object.entries(lines).map(([path, line]) => [
      path,
      line.replace(/^tensor \d+/, "tensor").replace(/ (?:strides .* of storage \d+|empty) /, " "),
    ]),
  );

/** Files of PyTorch are read, compared, and written again. */
async function fromTorch(table: Table, from: string, to: string): Promise<Map<string, About>> {
  const cases = new Map<string, About>();
  for (const file of readdirSync(from).filter((f) => f.endsWith(".json"))) {
    const name = file.slice(0, -".json".length);
    const about = JSON.parse(readFileSync(join(from, file), "utf8")) as About;
    cases.set(name, about);
    for (const [format, path] of [
      [".pt", `${name}.pt`],
      ["before 1.6", `${name}.legacy.pt`],
    ] as const)
      table.compare(
        `${name}, ${format}`,
        "PyTorch → here",
        describe(await torch.load(join(from, path))),
        about.value,
      );
    const value = await torch.load(join(from, `${name}.pt`));
    if (name === "modules")
      for (const [key, make] of Object.entries(modules)) {
        const module = make();
        module.loadStateDict(value[key]);
        value[key] = module.stateDict();
      }
    if (name in optimizers)
      table.train(
        `${name}, 3 more steps`,
        "PyTorch → here",
        distance(resumed(name, value), about.resumed!),
        closeness,
      );
    await torch.save(value, join(to, `${name}.pt`));
  }
  return cases;
}

async function otherFormats(table: Table, from: string, to: string, expected: Description): Promise<void> {
  const lines = plain(expected);
  const arrayLines = numpyLines(lines);
  const tensors = await torch.safetensors.loadFile(join(from, "dtypes.safetensors"));
  table.compare("dtypes, safetensors", "PyTorch → here", plain(describe(tensors)), lines);
  await torch.safetensors.saveFile(tensors, join(to, "dtypes.safetensors"));
  for (const file of ["dtypes.npz", "packed.npz"]) {
    const arrays = await torch.numpy.loadz(join(from, file));
    table.compare(`dtypes, ${file}`, "NumPy → here", numpyLines(plain(describe(arrays))), arrayLines);
    await (file === "dtypes.npz" ? torch.numpy.savez : torch.numpy.savezCompressed)(join(to, file), arrays);
  }
}

/** NumPy has no bfloat16. */
const numpyLines = (lines: Description): Description =>
  Object.fromEntries(
    Object.entries(lines).filter(([path]) => !path.includes("bfloat16") && path !== "value"),
  );

/** Checks what PyTorch says of the files that were written here. */
function toTorch(
  table: Table,
  read: Readonly<Record<string, About>>,
  cases: ReadonlyMap<string, About>,
): void {
  for (const [name, about] of cases) {
    const { value, strict, weightsOnly, resumed: went } = read[`${name}.pt`]!;
    table.compare(`${name}, .pt`, "here → PyTorch", value, about.value);
    const refused = [...strict!, ...(typeof weightsOnly === "string" ? [weightsOnly] : [])];
    table.add(
      `${name}, weights_only`,
      "here → PyTorch",
      1,
      weightsOnly === false ? ["reads otherwise"] : refused,
    );
    if (went && about.resumed)
      table.add(
        `${name}, 3 more steps`,
        "there and back",
        1,
        JSON.stringify(went) === JSON.stringify(about.resumed) ? [] : ["training goes on otherwise"],
      );
  }
  const lines = plain(cases.get("dtypes")!.value);
  table.compare("dtypes, safetensors", "here → PyTorch", plain(read["dtypes.safetensors"]!.value), lines);
  for (const file of ["dtypes.npz", "packed.npz"])
    table.compare(`dtypes, ${file}`, "here → NumPy", numpyLines(plain(read[file]!.value)), numpyLines(lines));
}

/** Checkpoints that begin here, and go on in PyTorch. */
async function bornHere(table: Table, run: (...args: string[]) => string, folder: string): Promise<void> {
  torch.manualSeed(0);
  const saved = new Map<string, Saved>();
  for (const name of Object.keys(optimizers)) {
    saved.set(name, trained(name));
    await torch.save(saved.get(name), join(folder, `${name}.pt`));
  }
  const read = JSON.parse(run("read", folder)) as Record<string, About>;
  for (const [name, value] of saved) {
    const about = read[`${name}.pt`]!;
    table.compare(`${name} of here, .pt`, "here → PyTorch", about.value, describe(value));
    table.train(
      `${name} of here, 3 more steps`,
      "here → PyTorch",
      distance(resumed(name, value), about.resumed!),
      closeness,
    );
  }
}

async function main(): Promise<number> {
  const run = python();
  if (!run) {
    console.error("interop: no python3 with torch and numpy found (Debian: apt-get install python3-torch)");
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "flambeau-interop-"));
  try {
    const [theirs, ours, born] = ["theirs", "ours", "born"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [ours, born]) mkdirSync(path);
    run("write", theirs);
    const table = new Table();
    const cases = await fromTorch(table, theirs, ours);
    await otherFormats(table, theirs, ours, cases.get("dtypes")!.value);
    toTorch(table, JSON.parse(run("read", ours)) as Record<string, About>, cases);
    await bornHere(table, run, born);
    table.print();
    for (const problem of table.problems) console.log(`\n${problem}`);
    console.log(`\n${table.problems.length} differences`);
    return table.problems.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = await main();
