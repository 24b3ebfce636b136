// A program as text: what torch.compile made of a function.
// Floor L4 (compile).

import type { ProgramReport } from "../backend/backend.ts";
import type { Access, Buffer, LoopOperand, LoopResult, Program, Step } from "../ir/program.ts";
import type { Expr } from "../ir/scalar.ts";
import type { Optimised } from "./passes/index.ts";
import { apart } from "./passes/reasons.ts";

/** Expressions are cut off here. */
const longest = 160;

const signs: Readonly<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};

function textOf(root: Expr, inputs: readonly string[]): string {
  const visit = (e: Expr): string => {
    const args = (): string[] => e.args.map(visit);
    if (e.op === "input") return inputs[e.value] ?? `input ${e.value}`;
    if (e.op === "const") return String(Number(e.value.toPrecision(6)));
    if (e.op === "cast") return `${e.dtype}(${args()})`;
    const sign = signs[e.op];
    return sign ? `(${args().join(` ${sign} `)})` : `${e.op}(${args().join(", ")})`;
  };
  // Shared parts stand in full wherever they are used: deep expressions would take forever.
  if (sizeOf(root) > 2000) return "a long expression";
  const text = visit(root).replace(/^\((.*)\)$/, (whole, inside: string) =>
    isBalanced(inside) ? inside : whole,
  );
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function sizeOf(root: Expr): number {
  const sizes = new Map<Expr, number>();
  const visit = (e: Expr): number => {
    let size = sizes.get(e);
    if (size === undefined) {
      size = e.args.reduce((sum, arg) => sum + visit(arg), 1);
      sizes.set(e, size);
    }
    return size;
  };
  return visit(root);
}

/** Whether no parenthesis closes before it opens. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (const c of text) {
    if (c === "(") depth++;
    if (c === ")" && --depth < 0) return false;
  }
  return true;
}

const scaled = (x: number, units: readonly string[], step: number): string => {
  let unit = 0;
  let value = x;
  while (value >= step && unit + 1 < units.length) {
    value /= step;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
};
const bytes = (n: number): string => scaled(n, ["bytes", "KiB", "MiB", "GiB"], 1024);
const flops = (n: number): string => scaled(n, ["FLOP", "kFLOP", "MFLOP", "GFLOP"], 1000);

class Writer {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  #buffer({ buffer, offset, strides }: Access): string {
    const { name } = this.#program.buffers[buffer] as Buffer;
    return `${name}#${buffer}${offset > 0 ? ` + ${offset}` : ""}[${strides.join(", ")}]`;
  }

  #operand({ source }: LoopOperand): string {
    if ("buffer" in source) return this.#buffer(source);
    return `number ${source.scalar} (${this.#program.scalars[source.scalar] ?? "of the host"})`;
  }

  #results(results: readonly LoopResult[], inputs: readonly string[]): string[] {
    return results.map(({ to, body }) => `${this.#buffer(to)} = ${textOf(body, inputs)}`);
  }

  /** The sizes of a step. */
  shape(step: Step): string {
    switch (step.kind) {
      case "loop":
        return `[${[step.outer.join(", "), step.inner.join(", ")].filter((s, i) => s || i > 0).join(" | ")}]`;
      case "matmul":
        return `${step.batch > 1 ? `${step.batch} times ` : ""}[${step.m}, ${step.k}] @ [${step.k}, ${step.n}]`;
      case "conv": {
        const { batch, inChannels, outChannels, kernel, output } = step.geometry;
        return `[${batch}, ${inChannels}] to [${outChannels}, ${output.join(", ")}], kernel [${kernel.join(", ")}]`;
      }
      case "rows":
        return `[${step.rows}, ${step.width}]`;
      case "elements":
        return `[${step.shape.join(", ")}]`;
      case "pool":
        return `[${step.planes}, ${step.input.join(", ")}] to [${step.output.join(", ")}]`;
      case "repeat":
        return `${step.counts.join(" x ")} times ${step.body.steps.length} steps`;
      case "host":
        return "";
    }
  }

  /** What it computes, a line each. */
  details(step: Step): string[] {
    if (step.kind === "loop") {
      const operands = step.operands.map((_, i) => `x${i}`);
      const inputs = [...operands, ...step.stages.map((_, i) => `r${i}`)];
      return [
        ...step.operands.map((o, i) => `x${i}: ${this.#operand(o)}`),
        ...step.stages.map(({ combine, body }, i) => `r${i}: ${combine} of ${textOf(body, inputs)}`),
        ...this.#results([...step.maps, ...step.values], inputs),
      ];
    }
    if (step.kind === "repeat") {
      const round = new Writer(step.body);
      return step.body.steps.flatMap((s) => [
        `${s.kind} ${s.name} ${round.shape(s)}`,
        ...round.details(s).map((line) => `    ${line}`),
      ]);
    }
    if (step.kind !== "matmul" && step.kind !== "conv") return [];
    const inputs = ["p", ...step.operands.map((_, i) => `x${i}`)];
    return [
      `p: product of ${this.#buffer(step.a)} and ${this.#buffer(step.b)}`,
      ...step.operands.map((o, i) => `x${i}: ${this.#operand(o)}`),
      ...this.#results(step.maps, inputs),
    ];
  }
}

/** Counts of steps by kind, most first. */
function kinds(steps: readonly Step[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of steps) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([kind, n]) => `${n} ${kind}`)
    .join(", ");
}

/** The steps with what was fused into them (names joined by +) and what they compute; why others are apart; memory and arithmetic. */
export function explain({ program, log }: Optimised, report: ProgramReport): string {
  const { kernels, plannedBytes, allBytes, workBytes, threadBytes, moduleBytes, threads, threadsNote } =
    report;
  const writer = new Writer(program);
  const total = kernels.reduce((sum, k) => sum + k.flops, 0);
  const codes = new Set(kernels.map(({ code }) => code)).size;
  const lines = [
    `${program.steps.length} steps: ${kinds(program.steps)}`,
    `${flops(total)} a run; ${codes} kernels, ${bytes(moduleBytes)} of code`,
    `${bytes(plannedBytes)} for what is computed in between, which side by side would take ${bytes(allBytes)}`,
    `${bytes(workBytes)} that steps work in, and ${bytes(threadBytes)} on each thread`,
    `${threads} ${threads === 1 ? "thread" : "threads"}${threadsNote ? `: ${threadsNote}` : ""}`,
    "",
    ...log,
    "",
  ];
  // Steps of the host have no kernels.
  let next = 0;
  program.steps.forEach((step, i) => {
    const kernel = step.kind === "host" ? undefined : kernels[next++];
    const costs = kernel
      ? ` ${flops(kernel.flops)}, ${bytes(kernel.bytes)}${kernel.note ? `; ${kernel.note}` : ""}`
      : "";
    lines.push(`${i} ${step.kind} ${step.name} ${writer.shape(step)}${costs}`.replace(/ +/g, " "));
    for (const line of writer.details(step)) lines.push(`    ${line}`);
  });
  const pairs = apart(program);
  if (pairs.length > 0) lines.push("", "not fused:");
  for (const { from, to, reason } of pairs) lines.push(`${from} and ${to}: ${reason}`);
  return lines.join("\n");
}
