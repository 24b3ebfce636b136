// Cases of optim/<Optimizer>.json: parameters after each of ten steps, losses, and the state dict at the end.

import * as torch from "flambeau";
import { callFunction } from "./call.ts";
import type { Difference, Tolerance } from "./compare.ts";
import { camelCase, close, compareTensor, compareValue, field } from "./compare.ts";
import { repeatable } from "./compiling.ts";
import type { Outcome, Problem } from "./outcome.ts";
import { judged, raised } from "./outcome.ts";
import type { RecordedTensor } from "./values.ts";
import { decode, decodeRecord, decodeTensor, isRecordedTensor, toNumber } from "./values.ts";

type Keywords = Readonly<Record<string, unknown>>;
type Tensors = Readonly<Record<string, RecordedTensor | null>>;

export interface OptimCase {
  readonly id: number;
  readonly optimizer: string;
  readonly problem: "given_gradients" | "least_squares";
  readonly kwargs: Keywords;
  readonly param_groups: readonly (Keywords & { readonly params: readonly string[] })[];
  readonly init: Readonly<Record<string, RecordedTensor>>;
  readonly grads?: readonly Tensors[];
  readonly X?: RecordedTensor;
  readonly Y?: RecordedTensor;
  readonly losses?: readonly (number | string)[];
  readonly params: readonly Tensors[];
  readonly params_maxerr: number;
  readonly state_dict: Keywords;
}

/** What the runner uses of an optimizer. */
export interface Optimizer {
  step(closure?: () => torch.AnyTensor): unknown;
  zeroGrad(): void;
  stateDict(): unknown;
  readonly paramGroups: readonly Record<string, unknown>[];
}

/** A parameter group as our optimizers take it: option names in camelCase. */
export const groupOf = (params: readonly torch.AnyTensor[], options: Keywords): Record<string, unknown> => ({
  params,
  ...Object.fromEntries(Object.entries(options).map(([k, v]) => [camelCase(k), decode(v)])),
});

/** `new optim[name](groups, options)` with recorded keywords. */
export const makeOptimizer = (name: string, groups: readonly object[], kwargs: Keywords): Optimizer =>
  callFunction(`optim.${name}`, [groups], decodeRecord(kwargs)) as Optimizer;

type Parameters = Readonly<Record<string, torch.AnyTensor>>;

// mse_loss(X @ weight.T + bias + tanh(extra), Y)
function leastSquares(p: Parameters, x: torch.AnyTensor, y: torch.AnyTensor): torch.AnyTensor {
  const error: torch.AnyTensor = x.matmul(p["weight"]!.t()).add(p["bias"]!).add(p["extra"]!.tanh()).sub(y);
  return error.mul(error).mean();
}

function run(c: OptimCase): Problem | null {
  const p: Parameters = Object.fromEntries(
    Object.entries(c.init).map(([name, value]) => [name, decodeTensor({ ...value, requires_grad: true })]),
  );
  const groups = c.param_groups.map(({ params, ...options }) =>
    groupOf(
      params.map((name) => p[name]!),
      options,
    ),
  );
  const optimizer = makeOptimizer(c.optimizer, groups, c.kwargs);
  const t: Tolerance = { maxerr: c.params_maxerr };
  const x = c.X && decodeTensor(c.X);
  const y = c.Y && decodeTensor(c.Y);
  const step = repeatable((): unknown => {
    if (!x || !y) return optimizer.step();
    return optimizer.step(() => {
      optimizer.zeroGrad();
      const l = leastSquares(p, x, y);
      l.backward();
      return l;
    });
  });
  for (const [i, expected] of c.params.entries()) {
    if (c.grads) for (const [name, g] of Object.entries(c.grads[i]!)) p[name]!.grad = g && decodeTensor(g);
    const loss = step();
    const d = checkStep(i, p, expected, loss, c.losses?.[i], t);
    if (d) return d;
  }
  return compareState(optimizer.stateDict(), c.state_dict, "state_dict", t);
}

function checkStep(
  i: number,
  p: Parameters,
  expected: Tensors,
  loss: unknown,
  recorded: number | string | undefined,
  t: Tolerance,
): Difference | null {
  if (recorded !== undefined) {
    const value = torch.isTensor(loss) ? loss.item() : loss;
    const d = compareValue(value, { $float: recorded }, `loss of step ${i}`, t);
    if (d) return d;
  }
  for (const [name, value] of Object.entries(expected)) {
    const d = value && compareTensor(p[name], value, `${name} after step ${i}`, t);
    if (d) return d;
  }
  return null;
}

/**
 * Compares a recorded state dict with ours, by PyTorch's names. A 0-d tensor may be a number; what is null or false in
 * PyTorch (`foreach`, `capturable`: ways of computing it) may be missing.
 */
export function compareState(
  ours: unknown,
  expected: unknown,
  where: string,
  t: Tolerance = {},
): Difference | null {
  if (ours === undefined && (expected === null || expected === false)) return null;
  if (isRecordedTensor(expected)) {
    if (expected.shape.length > 0 || torch.isTensor(ours) || !expected.data)
      return compareTensor(ours, expected, where, t);
    const value = toNumber(expected.data[0]!);
    const equal = typeof ours === "number" && close(ours, value, t);
    return equal ? null : { where, at: "", ours: String(ours), expected: String(value), tolerance: 0 };
  }
  if (
    typeof expected !== "object" ||
    expected === null ||
    (Array.isArray(expected) && expected.some((v) => typeof v !== "object"))
  )
    return compareValue(
      torch.isTensor(ours) && ours.ndim === 0 ? ours.item() : ours,
      expected,
      where,
      t,
      true,
    );
  for (const [name, value] of Object.entries(expected)) {
    if (name === "$unencodable") return null;
    const d = compareState(field(ours, name), value, `${where}.${name}`, t);
    if (d) return d;
  }
  return null;
}

/** Runs one case; all of it counts as one. */
export function runOptimCase(c: OptimCase): Outcome[] {
  try {
    return [judged("forward", run(c))];
  } catch (error) {
    return [raised("forward", error)];
  }
}
