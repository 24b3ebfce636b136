// Runs the cases of conformance/fixtures/optim/<Optimizer>.json; see the oracle's README for the format.

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import * as torch from "../../src/index.ts";
import type * as optim from "../../src/optim/index.ts";
import { camelCase } from "../../src/optim/state-dict.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface TensorJson {
  shape: number[];
  dtype: torch.DType;
  data: (number | string)[];
}
export interface Case {
  id: number;
  problem: "given_gradients" | "least_squares";
  kwargs: Record<string, Json>;
  param_groups: ({ params: string[] } & Record<string, Json>)[];
  init: Record<string, TensorJson>;
  grads: Record<string, TensorJson | null>[];
  X: TensorJson;
  Y: TensorJson;
  losses: number[];
  params: Record<string, TensorJson>[];
  params_maxerr: number;
  state_dict: { state: Record<string, Record<string, Json>>; param_groups: Record<string, Json>[] };
}

export function casesOf(optimizer: string): Case[] {
  const file = new URL(`../../../../conformance/fixtures/optim/${optimizer}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] }).cases;
}

/** Name of a test that runs a case. */
export const titleOf = (c: Case): string =>
  `${c.id} ${c.problem} ${JSON.stringify(c.kwargs)} ${JSON.stringify(c.param_groups)}`;

const number = (v: number | string): number =>
  Number(v === "inf" ? "Infinity" : v === "-inf" ? "-Infinity" : v);

/** A recorded value as a JavaScript one. */
function decode(v: Json): unknown {
  if (v === null || typeof v !== "object") return v;
  if (Array.isArray(v)) return v.map(decode);
  if ("$float" in v) return number(v["$float"] as number | string);
  if ("$int" in v) return BigInt(v["$int"] as string);
  if ("$tuple" in v) return decode(v["$tuple"]!);
  if (isTensorJson(v)) return tensorOf(v);
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, decode(x)]));
}
const isTensorJson = (v: unknown): v is TensorJson =>
  typeof v === "object" && v !== null && "shape" in v && "data" in v;

function tensorOf({ shape, dtype, data }: TensorJson): torch.AnyTensor {
  return torch.tensor(data.map(number), { dtype }).reshape(shape);
}

const options = (json: Record<string, Json>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(json).map(([k, v]) => [camelCase(k), decode(v)]));

function expectClose(actual: torch.AnyTensor, wanted: TensorJson, maxerr: number, what: string): void {
  expect(actual.shape, what).toEqual(wanted.shape);
  expect(actual.dtype, what).toBe(wanted.dtype);
  const got = actual.toTypedArray();
  wanted.data.forEach((v, i) => {
    const ref = number(v);
    const error = Math.abs(Number(got[i]) - ref);
    const tolerance = 1e-6 + 2e-5 * Math.abs(ref) + 4 * maxerr;
    if (!Object.is(Number(got[i]), ref) && !(error <= tolerance))
      expect(Number(got[i]), `${what}[${i}]`).toBe(ref);
  });
}

/** Compares state dicts: tensors by value, all else exactly. */
function expectState(actual: unknown, wanted: Json, maxerr: number, what: string): void {
  if (isTensorJson(wanted)) expectClose(actual as torch.AnyTensor, wanted, maxerr, what);
  else if (typeof wanted === "object" && wanted !== null) {
    const entries = actual as Record<string, unknown>;
    expect(Object.keys(entries), what).toEqual(Object.keys(wanted));
    for (const [k, v] of Object.entries(wanted)) expectState(entries[k], v as Json, maxerr, `${what}.${k}`);
  } else if (typeof wanted === "number" && !Number.isInteger(wanted))
    expect(actual, what).toBeCloseTo(wanted, 6);
  else expect(actual, what).toEqual(wanted);
}

export type Make = (params: optim.GroupInit<object>[], options: object) => optim.Optimizer;

/** Runs a case: ten steps, the parameters after each, and the state at the end. */
export function runCase(c: Case, make: Make): void {
  const params = Object.fromEntries(
    Object.entries(c.init).map(([name, t]) => [name, tensorOf(t).requiresGrad_()] as const),
  );
  const groups = c.param_groups.map(({ params: names, ...own }) => ({
    params: names.map((name) => params[name]!),
    ...options(own),
  }));
  const optimizer = make(groups, options(c.kwargs));
  const { weight, bias, extra } = params as Record<"weight" | "bias" | "extra", torch.AnyTensor>;
  const closure = (): torch.AnyTensor => {
    optimizer.zeroGrad();
    const out = tensorOf(c.X).matmul(weight.t()).add(bias).add(extra.tanh());
    const loss = out.sub(tensorOf(c.Y)).square().mean();
    loss.backward();
    return loss;
  };
  c.params.forEach((after, i) => {
    if (c.problem === "given_gradients") {
      for (const [name, g] of Object.entries(c.grads[i]!)) params[name]!.grad = g ? tensorOf(g) : null;
      expect(optimizer.step()).toBeNull();
    } else {
      const loss = optimizer.step(closure).item() as number;
      const ref = c.losses[i]!;
      expect(Math.abs(loss - ref), `loss ${i}: ${loss} and ${ref}`).toBeLessThanOrEqual(
        1e-6 + 2e-5 * Math.abs(ref) + 4 * c.params_maxerr,
      );
    }
    for (const [name, t] of Object.entries(after))
      expectClose(params[name]!, t, c.params_maxerr, `step ${i}: ${name}`);
  });
  expectState(optimizer.stateDict(), c.state_dict as Json, 4 * c.params_maxerr, "state_dict");
  // PyTorch's state dict loads by its names, and is given back as it was.
  const again = make(groups, options(c.kwargs));
  again.loadStateDict(decode(c.state_dict as Json) as optim.OptimizerStateDict);
  expectState(again.stateDict(), c.state_dict as Json, 0, "state_dict of PyTorch");
}
