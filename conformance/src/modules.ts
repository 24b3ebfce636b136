// Cases of modules/<Module>.json: construction, printing, names, loading a state dict, and steps of forward and backward.

import * as torch from "flambeau";
import { callForwardOf, callFunction } from "./call.ts";
import type { Difference, Tolerance } from "./compare.ts";
import { compareTensor, compareValue, field } from "./compare.ts";
import { execute, isCompiling } from "./compiling.ts";
import { checkGradients, runBackward } from "./gradients.ts";
import { outputsOf } from "./opinfo.ts";
import type { Outcome, Problem } from "./outcome.ts";
import { judged, raised } from "./outcome.ts";
import type { Decoding, RecordedTensor } from "./values.ts";
import {
  decode,
  decodeRecord,
  decodeTensor,
  inputsOf,
  packedFrom,
  tensorsIn,
  Unsupported,
} from "./values.ts";

type Keywords = Readonly<Record<string, unknown>>;
type Tensors = Readonly<Record<string, RecordedTensor>>;

export interface ModuleStep {
  readonly mode: "train" | "eval";
  readonly seed?: number;
  readonly args: readonly unknown[];
  readonly kwargs: Keywords;
  readonly out_type: string;
  readonly out: readonly unknown[];
  readonly out_maxerr?: number;
  readonly grad_out?: readonly (RecordedTensor | null)[];
  readonly input_grads?: readonly (RecordedTensor | null)[];
  readonly param_grads?: Readonly<Record<string, RecordedTensor | null>>;
  readonly grad_maxerr?: number;
  readonly unstable?: boolean;
  readonly state_after?: Tensors;
}

export interface ModuleCase {
  readonly id: number;
  readonly module: string;
  readonly init: { readonly args: readonly unknown[]; readonly kwargs: Keywords };
  readonly repr: string;
  readonly parameters: readonly string[];
  readonly buffers: readonly string[];
  readonly state_dict: Tensors;
  readonly steps: readonly ModuleStep[];
}

/** What the runner uses of a module. */
interface Module {
  (...args: unknown[]): unknown;
  train(): unknown;
  eval(): unknown;
  namedParameters(): Iterable<[string, torch.AnyTensor]>;
  namedBuffers(): Iterable<[string, torch.AnyTensor]>;
  stateDict(): unknown;
  loadStateDict(dict: Record<string, torch.AnyTensor>): unknown;
}

/** Makes the objects that stand in arguments: modules, packed sequences. */
function make(tag: string, content: unknown): unknown {
  const c = content as Record<string, unknown>;
  if (tag === "$module")
    return construct(
      String(c["name"]),
      (c["args"] as unknown[] | undefined) ?? [],
      (c["kwargs"] as Keywords | undefined) ?? {},
    );
  if (tag === "$pack_padded_sequence") {
    const { input, lengths, ...options } = decodeRecord(c, decoding);
    const packed = callFunction("nn.utils.rnn.pack_padded_sequence", [input, lengths], options);
    if (typeof packed === "object" && packed !== null && torch.isTensor(input)) packedFrom.set(packed, input);
    return packed;
  }
  throw new Unsupported(`value ${tag}`);
}

const decoding: Decoding = { int64: false, make };

/** `new nn[name](...args, kwargs)` with recorded arguments. */
export const construct = (name: string, args: readonly unknown[], kwargs: Keywords): unknown =>
  callFunction(
    `nn.${name}`,
    args.map((v) => decode(v, decoding)),
    decodeRecord(kwargs, decoding),
  );

/** 2.0 and 2 are one number here, so a printed number counts by its value. */
const withoutPointZero = (repr: string): string => repr.replace(/(?<![\w.])(\d+)\.0(?![\w.])/g, "$1");

const text = (where: string, ours: string, expected: string): Difference | null =>
  ours === expected
    ? null
    : { where, at: "", ours: JSON.stringify(ours), expected: JSON.stringify(expected), tolerance: 0 };

const keysOf = (dict: unknown): string[] =>
  dict instanceof Map ? [...dict.keys()].map(String) : Object.keys(dict as object);

function checkNames(m: Module, c: ModuleCase): Problem | null {
  const names = (entries: Iterable<[string, torch.AnyTensor]>): string =>
    [...entries].map(([name]) => name).join(", ");
  return (
    text("repr", withoutPointZero(String(m)), withoutPointZero(c.repr)) ??
    text("parameters", names(m.namedParameters()), c.parameters.join(", ")) ??
    text("buffers", names(m.namedBuffers()), c.buffers.join(", ")) ??
    text("keys of state_dict", keysOf(m.stateDict()).join(", "), Object.keys(c.state_dict).join(", "))
  );
}

function runStep(m: Module, s: ModuleStep, where: string): Problem | null {
  if (s.mode === "train") m.train();
  else m.eval();
  for (const [, p] of m.namedParameters()) p.grad = null;
  const args = s.args.map((v) => decode(v, decoding));
  const kwargs = decodeRecord(s.kwargs, decoding);
  const inputs = inputsOf(args, kwargs);
  if (s.seed !== undefined) torch.manualSeed(s.seed);
  const differentiated = s.grad_out !== undefined && !s.unstable;
  const whole = isCompiling() && differentiated;
  const outputs = execute(() => {
    const made = outputsOf(callForward(m, args, kwargs), s.out_type);
    if (whole) runBackward(tensorsIn(made), s.grad_out!);
    return made;
  });
  const t: Tolerance = { maxerr: s.out_maxerr ?? 0 };
  const d =
    compareValue(outputs, s.out, `${where} output`, t) ??
    checkState(m, s.state_after ?? {}, `${where} state_after`, t);
  if (d || !differentiated) return d;
  const leaves = inputs.filter((x) => x.requiresGrad && x.isLeaf);
  if (!whole) runBackward(tensorsIn(outputs), s.grad_out!);
  const names = Object.keys(s.param_grads ?? {});
  const parameters = new Map(m.namedParameters());
  const gradient: Tolerance = { maxerr: s.grad_maxerr ?? 0 };
  const problem =
    checkGradients(leaves, s.input_grads ?? [], gradient) ??
    checkGradients(
      names.map((n) => parameters.get(n)!),
      Object.values(s.param_grads ?? {}),
      gradient,
      names,
    );
  return problem && { ...problem, where: `${where} ${problem.where}` };
}

/** Keywords of a forward call follow the same rules as those of functions; there are few. */
function callForward(m: Module, args: readonly unknown[], kwargs: Keywords): unknown {
  if (Object.keys(kwargs).length === 0) return m(...args);
  return callForwardOf(m, args, kwargs);
}

function checkState(m: Module, expected: Tensors, where: string, t: Tolerance): Difference | null {
  const dict = Object.keys(expected).length > 0 ? m.stateDict() : {};
  for (const [name, value] of Object.entries(expected)) {
    const d = compareTensor(field(dict, name), value, `${where}.${name}`, t);
    if (d) return d;
  }
  return null;
}

/** Runs one case; all of it counts as one. */
export function runModuleCase(c: ModuleCase): Outcome[] {
  try {
    const m = construct(c.module, c.init.args, c.init.kwargs) as Module;
    let problem = checkNames(m, c);
    if (!problem) {
      m.loadStateDict(Object.fromEntries(Object.entries(c.state_dict).map(([k, v]) => [k, decodeTensor(v)])));
      for (const [i, step] of c.steps.entries()) {
        problem = runStep(m, step, `step ${i}`);
        if (problem) break;
      }
    }
    return [judged("forward", problem)];
  } catch (error) {
    return [raised("forward", error)];
  }
}
