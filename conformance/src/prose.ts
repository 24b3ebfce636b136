// Some cases of random/ say in words what was done. The words are a small language, clause by clause; a clause that is
// not in it makes the case unsupported.

import * as torch from "flambeau";
import { callFunction, find } from "./call.ts";
import type { Names } from "./evaluate.ts";
import { evaluatePython } from "./evaluate.ts";
import { parsePython } from "./python.ts";
import { signaturesOf } from "./signatures.ts";
import { Unsupported } from "./values.ts";

/** Networks that are named instead of written out. */
const networks: Readonly<Record<string, string>> = {
  "LeNet-5 as in d2l":
    "Sequential(Conv2d(1, 6, kernel_size=5, padding=2), Sigmoid(), AvgPool2d(kernel_size=2, stride=2), " +
    "Conv2d(6, 16, kernel_size=5), Sigmoid(), AvgPool2d(kernel_size=2, stride=2), Flatten(), " +
    "Linear(400, 120), Sigmoid(), Linear(120, 84), Sigmoid(), Linear(84, 10))",
};

interface Network {
  apply(f: (m: object) => void): unknown;
}

/** `<network>` or `<network>, then net.apply(<function> on every <A> and <B> weight)`. */
export function networkOf(note: string): unknown {
  const [text = "", clause] = note.split(", then ");
  const net = evaluatePython(networks[text] ?? text, {});
  if (clause === undefined) return net;
  const match = /^net\.apply\((\w+) on every (\w+(?: and \w+)*) (\w+)\)$/.exec(clause);
  if (!match) throw new Unsupported(`the words "${clause}"`);
  const [, name = "", kinds = "", member = ""] = match;
  const classes = kinds.split(" and ").map((kind) => find(`nn.${kind}`));
  (net as Network).apply((m) => {
    if (classes.some((c) => c && m instanceof c))
      callFunction(`nn.init.${name}`, [(m as Record<string, unknown>)[member]]);
  });
  return net;
}

/** The source of the class or function that is to be called, and what `with` adds to its arguments. */
function withKeywords(what: string): string {
  const [call = "", extra] = what.split(" with ");
  if (extra === undefined) return call;
  return call.endsWith(")") ? `${call.slice(0, -1)}, ${extra})` : `${call}(${extra})`;
}

/** `DataLoader`, `RandomSampler(num_samples=4)`, `DataLoader with generator=...`, `random_split(range(10), [7, 3])`. */
export function constructorCall(
  what: string,
  n: number | undefined,
  options: Readonly<Record<string, unknown>>,
  names: Names,
): unknown {
  // What follows a colon explains.
  const source = withKeywords(what.replace(/(?<=\w):.*$/s, ""));
  const e = parsePython(source.includes("(") ? source : `${source}()`);
  if (e.kind !== "call" || e.callee.kind !== "name") throw new Unsupported(`the words "${what}"`);
  const { name } = e.callee;
  const data =
    n !== undefined &&
    ["data_source", "dataset"].includes(signaturesOf(`utils.data.${name}`)[0]?.[0]?.name ?? "");
  const given = source.includes("(") ? source.slice(source.indexOf("(") + 1, -1) : "";
  const parts = [data ? "range(n)" : "", given, "**options"].filter((part) => part !== "");
  return evaluatePython(`${name}(${parts.join(", ")})`, { ...names, n, options });
}

/** Runs the clauses of a description of generators, and returns what they say is recorded. */
export function runGeneratorSteps(what: string, calls: readonly string[], seed: number | bigint): unknown[] {
  const out: unknown[] = [];
  let state: torch.Tensor<[number], "uint8"> | null = null;
  let latest: string | null = null;
  const names: Record<string, unknown> = { seed };
  const record = (expressions: string): void => {
    latest = expressions;
    const value = evaluatePython(expressions, names);
    out.push(...(Array.isArray(value) ? value : [value]));
  };
  const clause = (text: string): void => {
    const draw = /^(?:afterwards )?(\w+\([^()]*\))$/.exec(text);
    const forked = /^fork_rng: (.*)$/.exec(text);
    if (text === "manual_seed(seed)") torch.manualSeed(seed);
    else if (text === "get_rng_state") state = torch.getRngState();
    else if (text === "set_rng_state" && state) torch.setRngState(state);
    else if (text === "the same again" && latest) record(latest);
    else if (text.startsWith("[")) record(text);
    else if (forked) torch.forkRng(() => record(forked[1]!));
    else if (draw && text.startsWith("afterwards")) record(draw[1]!);
    else if (draw) evaluatePython(text, names);
    else if (text.startsWith("explicit ")) names["g"] = evaluatePython(text.slice("explicit ".length), names);
    else if (/^the default generator \(seed \d+\) is untouched$/.test(text))
      torch.manualSeed(Number(/\d+/.exec(text)![0]));
    else if (text.startsWith("re-seeding resets everything: ")) {
      // An odd number of normals leaves one behind for the next call, unless the seed forgets it.
      torch.randn([1]);
      torch.manualSeed(seed);
      record(text.slice(text.indexOf(": ") + 2));
    } else throw new Unsupported(`the words "${text}"`);
  };
  for (const text of what.split("; ")) clause(text);
  for (const expression of calls) record(expression);
  return out;
}
