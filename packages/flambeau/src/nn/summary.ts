// What a network is made of, as a table: modules, output shapes, parameters, operations.
// Floor L5 (nn).

import { showShape, ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import { meter } from "../ops/flops.ts";
import { zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** One module of a {@link Summary}. */
export interface SummaryRow {
  /** The path from the network, "" for the network itself. */
  readonly path: string;
  /** The class, such as `Linear`. */
  readonly type: string;
  /** How many modules it lies in. */
  readonly depth: number;
  /** Shapes of the result's tensors; empty if the module was not called. */
  readonly output: readonly Shape[];
  /** Elements of its own parameters, those of the modules inside not counted. */
  readonly parameters: number;
  /** Additions and multiplications of its matrix products and convolutions, with those of the modules inside. */
  readonly flops: number;
}

/** What {@link summary} returns; as text, a table. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  /** Elements of all parameters, each counted once. */
  readonly parameters: number;
  /** Of those, the elements that require grad. */
  readonly trainable: number;
  /** Size of parameters and buffers. */
  readonly bytes: number;
  readonly flops: number;
  toString(): string;
}

interface Visit {
  output: readonly Shape[];
  flops: number;
}

const shapesOf = (result: unknown): Shape[] =>
  isTensor(result) ? [result.shape] : Array.isArray(result) ? result.flatMap(shapesOf) : [];
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/**
 * Runs the network once, in eval mode and unrecorded, and tells of every module the output's shape, the number of
 * parameters, and the operations.
 *
 * @param net the network; its modes are as before afterwards
 * @param input what it is called with: a tensor, a shape (zeros are made), or the list of its arguments
 * @throws ValueError for an empty list; whatever `net` throws
 * @example
 * console.log(String(nn.summary(net, [1, 28 * 28])));
 */
export function summary(net: Module, input: AnyTensor | Shape | readonly unknown[]): Summary {
  const args = argumentsOf(input);
  const visits = new Map<Module, Visit>();
  const modules = [...net.namedModules()];
  const modes = modules.map(([, m]) => m.training);
  const undo: (() => void)[] = [];
  const started: number[] = [];
  const before = meter.add;
  let total = 0;
  meter.add = (n) => {
    total += n;
  };
  try {
    for (const [, m] of modules) {
      undo.push(
        m.registerForwardPreHook(() => {
          started.push(total);
        }),
        m.registerForwardHook((module, _args, result) => {
          const visit = visits.get(module) ?? { output: [], flops: 0 };
          visits.set(module, { output: shapesOf(result), flops: visit.flops + total - started.pop()! });
        }),
      );
    }
    net.eval();
    noGrad(() => (net as unknown as (...a: unknown[]) => unknown)(...args));
  } finally {
    meter.add = before;
    for (const remove of undo) remove();
    modules.forEach(([, m], i) => {
      m.training = modes[i]!;
    });
  }
  const rows = modules.map(
    ([path, m]): SummaryRow => ({
      path,
      type: m.constructor.name,
      depth: path === "" ? 0 : path.split(".").length,
      output: visits.get(m)?.output ?? [],
      parameters: sum([...m.parameters({ recurse: false })].map((p) => numel(p.shape))),
      flops: visits.get(m)?.flops ?? 0,
    }),
  );
  const parameters = [...net.parameters()];
  const counts = {
    rows,
    parameters: sum(parameters.map((p) => p.numel())),
    trainable: sum(parameters.filter((p) => p.requiresGrad).map((p) => p.numel())),
    bytes: sum([...parameters, ...net.buffers()].map((t) => t.numel() * t.elementSize())),
    flops: total,
  };
  return { ...counts, toString: () => asTable(counts) };
}

function argumentsOf(input: AnyTensor | Shape | readonly unknown[]): readonly unknown[] {
  if (isTensor(input)) return [input];
  if (!Array.isArray(input) || input.length === 0)
    throw new ValueError("summary: expected a tensor, a shape, or a list of the network's arguments");
  return input.every((n) => typeof n === "number") ? [zeros(input as number[])] : input;
}

const prefixes = ["", "K", "M", "G", "T"];
/** `1.23 M`, or with a unit `1.23 MB` */
function scaled(n: number, unit = ""): string {
  const power = n < 1000 ? 0 : Math.min(prefixes.length - 1, Math.floor(Math.log10(n) / 3));
  const digits = power === 0 ? String(n) : (n / 1000 ** power).toPrecision(3);
  return `${digits} ${prefixes[power]}${unit}`.trimEnd();
}

function asTable(s: Omit<Summary, "toString">): string {
  const cells = s.rows.map((r) => [
    `${"  ".repeat(r.depth)}${r.path === "" ? r.type : `${r.path.split(".").at(-1)} (${r.type})`}`,
    r.output.map(showShape).join(", ") || "not called",
    r.parameters === 0 ? "" : r.parameters.toLocaleString("en"),
    r.flops === 0 ? "" : scaled(r.flops),
  ]);
  const head = ["module", "output", "parameters", "FLOPs"];
  const widths = head.map((h, i) => Math.max(h.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((c, i) => (i < 2 ? c.padEnd(widths[i]!) : c.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  const rule = "-".repeat(sum(widths) + 2 * (widths.length - 1));
  const frozen = s.parameters - s.trainable;
  return [
    line(head),
    rule,
    ...cells.map(line),
    rule,
    `parameters: ${s.parameters.toLocaleString("en")}${frozen > 0 ? ` (${frozen.toLocaleString("en")} frozen)` : ""}, ${scaled(s.bytes, "B")} with buffers; FLOPs: ${scaled(s.flops)}`,
  ].join("\n");
}
