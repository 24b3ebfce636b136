// Cases of opinfo/<op>.json: the call's results, changed inputs, gradients, and errors.

import * as torch from "flambeau";
import type { Difference, Tolerance } from "./compare.ts";
import { compareTensor, compareValue, field } from "./compare.ts";
import { execute, isCompiling } from "./compiling.ts";
import { raisedAsExpected } from "./errors.ts";
import { evaluatePython } from "./evaluate.ts";
import { checkGradients, runBackward } from "./gradients.ts";
import type { Freedom } from "./nonunique.ts";
import { acceptable } from "./nonunique.ts";
import type { Kind, Outcome } from "./outcome.ts";
import { failed, judged, raised, unsupported } from "./outcome.ts";
import type { RecordedTensor } from "./values.ts";
import { decode, decodeRecord, inputsOf, needsInt64, tensorsIn } from "./values.ts";

export interface OpCase {
  readonly id: number;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly seed?: number | string;
  readonly out_type: string;
  readonly out: readonly unknown[];
  readonly check?: string;
  readonly inputs_after?: Readonly<Record<string, RecordedTensor>>;
  readonly out_maxerr?: number;
  readonly out_unstable?: boolean;
  readonly grad_out?: readonly (RecordedTensor | null)[];
  readonly grads?: readonly (RecordedTensor | null)[];
  readonly grad_maxerr?: number;
  readonly unstable?: boolean;
  readonly grad_error?: string;
}

export interface OpErrorCase {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly error_type: string;
  readonly error_message: string;
}

export interface OpFile {
  readonly op: string;
  readonly call: string;
  readonly nonunique?: string | null;
  readonly cases: readonly OpCase[];
  readonly errors: readonly OpErrorCase[];
}

/** Results as the recorded list has them: the elements of a tuple, the fields of a namedtuple, or the one result. */
export function outputsOf(result: unknown, outType: string): unknown[] {
  const [kind, names] = outType.split(":");
  if (Array.isArray(result) && ["tuple", "list", "namedtuple"].includes(kind!)) return result;
  if (names !== undefined) return names.split(",").map((name) => field(result, name));
  if (
    (kind === "tuple" || kind === "list") &&
    typeof result === "object" &&
    result !== null &&
    !torch.isTensor(result)
  )
    return Object.values(result);
  return [result];
}

function compareOutputs(
  ours: readonly unknown[],
  expected: readonly unknown[],
  outType: string,
  t: Tolerance,
): Difference | null {
  if (ours.length !== expected.length)
    return {
      where: "outputs",
      at: "number",
      ours: String(ours.length),
      expected: String(expected.length),
      tolerance: 0,
    };
  for (let i = 0; i < expected.length; i++) {
    const e = outType === "dtype" && typeof expected[i] === "string" ? { $dtype: expected[i] } : expected[i];
    const d = compareValue(
      ours[i],
      e,
      expected.length > 1 ? `output ${i}` : "output",
      t,
      outType === "float",
    );
    if (d) return d;
  }
  return null;
}

function checkInputsAfter(c: OpCase, inputs: readonly torch.AnyTensor[], t: Tolerance): Difference | null {
  for (const [i, expected] of Object.entries(c.inputs_after ?? {})) {
    const d = compareTensor(inputs[Number(i)], expected, `input ${i} after the call`, t);
    if (d) return d;
  }
  return null;
}

const hasGradients = (c: OpCase): boolean =>
  c.grads !== undefined && !c.unstable && c.grad_error === undefined;

/** Runs one case. */
export function runOpCase(file: OpFile, c: OpCase): Outcome[] {
  const outcomes: Outcome[] = [];
  const kinds: Kind[] = hasGradients(c) ? ["forward", "grad"] : ["forward"];
  try {
    const decoding = { int64: needsInt64(c.out) || needsInt64(c.args) || needsInt64(c.kwargs) };
    const args = c.args.map((v) => decode(v, decoding));
    const kwargs = decodeRecord(c.kwargs, decoding);
    const inputs = inputsOf(args, kwargs);
    if (c.seed !== undefined) torch.manualSeed(typeof c.seed === "string" ? BigInt(c.seed) : c.seed);
    // A program is the whole of a case: what it computes, and its gradients.
    const whole = isCompiling() && hasGradients(c) && !file.nonunique;
    const outputs = execute(() => {
      const made = outputsOf(evaluatePython(file.call, { args, kwargs }), c.out_type);
      if (whole) runBackward(tensorsIn(made), c.grad_out ?? []);
      return made;
    });
    const t: Tolerance = {
      maxerr: c.out_maxerr ?? 0,
      shapeOnly: c.check === "shape",
      unstable: c.out_unstable ?? false,
    };
    let problem = compareOutputs(outputs, c.out, c.out_type, t);
    let freedom: Freedom | null = null;
    if (problem && file.nonunique) {
      freedom = acceptable(file.nonunique, outputs, c.out, inputs[0], t);
      if (freedom) problem = null;
    }
    outcomes.push(judged("forward", problem ?? checkInputsAfter(c, inputs, t)));
    if (hasGradients(c) && freedom?.gradients !== false && (whole || !isCompiling()))
      outcomes.push(gradientOutcome(c, whole ? null : outputs, inputs, freedom));
  } catch (error) {
    for (const kind of kinds.slice(outcomes.length)) outcomes.push(raised(kind, error));
  }
  return outcomes;
}

/** `outputs` is null where gradients are there already. */
function gradientOutcome(
  c: OpCase,
  outputs: readonly unknown[] | null,
  inputs: readonly torch.AnyTensor[],
  freedom: Freedom | null,
): Outcome {
  try {
    const leaves = inputs.filter((x) => x.requiresGrad && x.isLeaf);
    const wanted = recordedLeaves(c);
    if (wanted !== leaves.length)
      return failed("grad", `${leaves.length} inputs require grad after the call, expected ${wanted}`);
    if (outputs) runBackward(tensorsIn(outputs), c.grad_out ?? [], freedom?.signs ?? []);
    return judged("grad", checkGradients(leaves, c.grads!, { maxerr: c.grad_maxerr ?? 0 }));
  } catch (error) {
    return raised("grad", error);
  }
}

function recordedLeaves(v: unknown): number {
  if (typeof v !== "object" || v === null) return 0;
  if ("requires_grad" in v && v.requires_grad === true) return 1;
  if ("args" in v && "kwargs" in v) return recordedLeaves(v.args) + recordedLeaves(v.kwargs);
  return Object.values(v).reduce((n: number, x) => n + recordedLeaves(x), 0);
}

/** Runs one error case: an error of the right kind has to be raised. */
export function runOpError(file: OpFile, c: OpErrorCase): Outcome {
  let args: unknown[];
  let kwargs: Record<string, unknown>;
  try {
    args = c.args.map((v) => decode(v));
    kwargs = decodeRecord(c.kwargs);
  } catch (error) {
    return unsupported("error", String((error as Error).message));
  }
  try {
    evaluatePython(file.call, { args, kwargs });
  } catch (error) {
    return raisedAsExpected(error, c.error_type);
  }
  return failed("error", `no error; expected ${c.error_type}: ${c.error_message.split("\n", 1)[0]}`);
}
