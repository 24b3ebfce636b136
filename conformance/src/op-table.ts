// The table of ops in docs/ops.md, made from the ops themselves, their sources and the recorded cases.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as torch from "flambeau";
import { entryOf } from "../../packages/flambeau/src/ops/define.ts";
import { table } from "../../packages/flambeau/src/ops/table.ts";
import { find } from "./call.ts";
import { camelCase } from "./compare.ts";
import { exceptions } from "./exceptions.ts";
import type { FixtureFile } from "./fixtures.ts";
import { listFixtures, runFile } from "./fixtures.ts";

const path = (relativePath: string): string => fileURLToPath(new URL(relativePath, import.meta.url));
const sources = path("../../packages/flambeau/src");

/** What the source says of an export: the file, and the first sentence of its doc comment. */
interface Described {
  readonly file: string;
  readonly text: string;
}

const filesIn = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((f) =>
    f.isDirectory() ? filesIn(join(dir, f.name)) : f.name.endsWith(".ts") ? [join(dir, f.name)] : [],
  );

/** The first sentence of a doc comment, with links as plain names. */
function firstSentence(comment: string): string {
  const text = comment
    .replace(/^\s*\*+ ?/gm, "")
    .replace("@internal", "")
    .split(/\n\s*\n|(?<=^|\s)@[a-z]/)[0]!
    .replace(/\{@link (\S+?)\}/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
  return /^.*?\.(?= [A-Z`*]|$)/.exec(text)?.[0] ?? text;
}

/** Doc comments of the exports below a folder, by `folder of the namespace/name`. */
function describe(dir: string): Map<string, Described> {
  const found = new Map<string, Described>();
  for (const file of filesIn(dir)) {
    const source = readFileSync(file, "utf8");
    const space = relative(dir, file)
      .replaceAll("\\", "/")
      .replace(/[^/]+$/, "");
    for (const m of source.matchAll(
      /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export (?:const|function) ([A-Za-z_$][\w$]*)/g,
    )) {
      const key = space + m[2]!;
      if (!found.get(key)?.text) found.set(key, { file, text: firstSentence(m[1] ?? "") });
    }
    // Names that cannot be declared: `export { variance as var }`.
    for (const m of source.matchAll(/(?<![\w$])([A-Za-z_$][\w$]*) as ([A-Za-z_$][\w$]*)/g)) {
      const declared = new RegExp(
        `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*const ${m[1]!.replaceAll("$", "\\$")}\\b`,
      ).exec(source);
      if (declared) found.set(space + m[2]!, { file, text: firstSentence(declared[1]!) });
    }
  }
  return found;
}

const spaces: readonly (readonly [title: string, prefix: string, folder: string])[] = [
  ["torch", "", ""],
  ["torch.linalg", "linalg.", "linalg/"],
  ["torch.special", "special.", "special/"],
  ["torch.fft", "fft.", "fft/"],
  ["torch.masked", "masked.", "masked/"],
];

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** How the recorded cases of an op come out. */
interface Standing {
  readonly total: number;
  readonly passed: number;
  readonly unsupported: number;
}

/** Reasons for PyTorch's ops that are not here, and for cases that do not pass. */
export type Reasons = Readonly<Record<string, string>>;

export interface OpTable {
  /** The text of docs/ops.md. */
  readonly text: string;
  /** Names of ops without a doc comment. */
  readonly undocumented: readonly string[];
  /** PyTorch's names that are neither here nor explained. */
  readonly unexplained: readonly string[];
}

function standings(files: readonly FixtureFile[]): Map<string, Standing> {
  const { warn } = console;
  console.warn = () => undefined;
  const found = new Map<string, Standing>();
  for (const f of files) {
    const outcomes = runFile(f).flatMap((c) => c.outcomes);
    found.set(f.name, {
      total: outcomes.length,
      passed: outcomes.filter((o) => o.status === "passed").length,
      unsupported: outcomes.filter((o) => o.status === "unsupported").length,
    });
  }
  console.warn = warn;
  return found;
}

/** The reason for a name: its own, or that of its group (`fft.*`). */
const reasonOf = (name: string, reasons: Reasons): string | undefined =>
  reasons[name] ??
  Object.entries(reasons).find(([k]) => k.endsWith("*") && name.startsWith(k.slice(0, -1)))?.[1];

/** Makes the table. Runs all recorded cases of ops, a few seconds. */
export function opTable(): OpTable {
  const index = JSON.parse(readFileSync(path("../fixtures/index.json"), "utf8")) as {
    opinfo: { ops: { op: string }[]; skipped_ops: Record<string, string> };
  };
  const reasons = JSON.parse(readFileSync(path("../left-out.json"), "utf8")) as Reasons;
  const states = standings(listFixtures(path("../fixtures"), { sections: ["opinfo"] }));
  const byOwnName = new Map([...states].map(([name, s]) => [camelCase(name), s]));
  const cases = (name: string): string => {
    const s = byOwnName.get(name);
    return !s ? "" : s.passed === s.total ? `${s.total}` : `${s.passed} of ${s.total}`;
  };
  const undocumented: string[] = [];
  const lines: string[] = [
    "# Ops",
    "",
    "Made by `npm run docs:ops` from the ops themselves; do not edit. A method is called on a tensor (`x.exp()`), everything",
    "is a function of its namespace as well (`torch.exp(x)`). *In place*: there is `x.name_()`. *Gradient*: of any order",
    "unless the op's documentation says otherwise. *Cases*: how many of PyTorch's recorded cases (results, gradients,",
    "errors) pass; the conformance suite holds them.",
    "",
  ];
  const described = describe(join(sources, "ops"));
  for (const [title, prefix, folder] of spaces) {
    const entries = [...table.values()].filter((e) =>
      prefix === ""
        ? !/^(?:linalg|special|fft|masked|nn\.functional)\./.test(e.name)
        : e.name.startsWith(prefix),
    );
    if (entries.length === 0) continue;
    lines.push(
      `## ${title}`,
      "",
      "| op | method | in place | gradient | cases | |",
      "|---|---|---|---|---|---|",
    );
    for (const e of entries.sort((p, q) => (p.name < q.name ? -1 : 1))) {
      const name = e.name.slice(prefix.length);
      const text = described.get(folder + name)?.text ?? "";
      if (text === "") undocumented.push(e.name);
      const yes = (b: boolean): string => (b ? "✓" : "");
      const ownInplace = e.name.endsWith("_");
      lines.push(
        `| \`${name}\` | ${yes(e.method && prefix === "")} | ${yes(e.inplace !== null || ownInplace)} | ${yes(e.differentiable)} | ${cases(e.name)} | ${cell(text)} |`,
      );
    }
    lines.push("");
  }
  const functional = new Map([
    ...describe(join(sources, "nn/functional")),
    ...describe(join(sources, "ops/functional")),
  ]);
  lines.push("## torch.nn.functional", "", "| function | cases | |", "|---|---|---|");
  const functions = torch.nn.functional as unknown as Record<string, unknown>;
  for (const name of Object.keys(functions).sort()) {
    if (typeof functions[name] !== "function") continue;
    const own = entryOf(functions[name]);
    const text = functional.get(name)?.text || (own && described.get(own.name)?.text) || "";
    if (text === "") undocumented.push(`nn.functional.${name}`);
    lines.push(`| \`${name}\` | ${cases(`nn.functional.${name}`)} | ${cell(text)} |`);
  }
  lines.push("");

  const names = [
    ...new Set([...index.opinfo.ops.map((o) => o.op), ...Object.keys(index.opinfo.skipped_ops)]),
  ].sort();
  const unexplained: string[] = [];
  const left: string[] = [];
  const partly: string[] = [];
  for (const name of names) {
    const s = states.get(name);
    const here = s ? s.passed > 0 : find(name) !== undefined || camelCase(name) in torch.Tensor.prototype;
    const open = !here || (s !== undefined && s.passed < s.total);
    if (!open) continue;
    const reason = here ? exceptions[`opinfo/${name}`]?.why : reasonOf(name, reasons);
    if (reason === undefined) {
      unexplained.push(name);
      continue;
    }
    (here ? partly : left).push(
      `| \`${name}\` | ${here && s ? `${s.passed} of ${s.total} | ` : ""}${cell(reason)} |`,
    );
  }
  lines.push(
    "## Cases that do not pass",
    "",
    "| PyTorch's name | cases | why |",
    "|---|---|---|",
    ...partly,
    "",
    "## Left out",
    "",
    "Names of PyTorch's test database that are not here.",
    "",
    "| PyTorch's name | why |",
    "|---|---|",
    ...left,
    "",
  );
  return { text: lines.join("\n"), undocumented, unexplained };
}
