// Reads PyTorch's recorded cases (conformance/fixtures) and runs them through modules. Format: /conformance/README.md.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as torch from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";

const root = new URL("../../../../conformance/fixtures/", import.meta.url);

export interface TensorData {
  readonly shape: number[];
  readonly dtype: torch.DType;
  readonly data: (number | string | boolean)[];
  readonly requires_grad?: boolean;
}
export interface Step {
  readonly mode: "train" | "eval";
  readonly seed?: number;
  readonly args: unknown[];
  readonly kwargs: Record<string, unknown>;
  readonly out: unknown[];
  readonly out_maxerr: number;
  readonly grad_out?: (TensorData | null)[];
  readonly input_grads?: (TensorData | null)[];
  readonly param_grads?: Record<string, TensorData | null>;
  readonly grad_maxerr?: number;
  readonly unstable?: boolean;
  readonly out_unstable?: boolean;
  readonly state_after?: Record<string, TensorData>;
}
export interface ModuleCase {
  readonly id: number;
  readonly desc: string;
  readonly module: string;
  readonly init: { readonly args: unknown[]; readonly kwargs: Record<string, unknown> };
  readonly repr: string;
  readonly parameters: string[];
  readonly buffers: string[];
  readonly state_dict: Record<string, TensorData>;
  readonly steps: Step[];
}

/** The cases of one file below conformance/fixtures. */
export function casesOf<T>(path: string): T[] {
  return (JSON.parse(readFileSync(new URL(path, root), "utf8")) as { cases: T[] }).cases;
}
export const moduleNames = (): string[] =>
  existsSync(new URL("modules/", root))
    ? readdirSync(new URL("modules/", root)).map((f) => f.replace(".json", ""))
    : [];

export const camel = (name: string): string =>
  name.replace(/(?<=[^_])_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const isTensorData = (v: object): v is TensorData => "shape" in v && "dtype" in v;

export function tensorOf(v: TensorData): torch.AnyTensor {
  const values = v.data.map((x) =>
    v.dtype === "int64" ? BigInt(x) : typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x,
  );
  return torch.tensor(values, { dtype: v.dtype }).reshape(v.shape);
}

/** A recorded value as ours; tensors that want gradients are collected on the way. */
export function valueFrom(v: unknown, wanting: torch.AnyTensor[] = []): unknown {
  if (Array.isArray(v)) return v.map((x) => valueFrom(x, wanting));
  if (typeof v !== "object" || v === null) return v;
  if (isTensorData(v)) {
    const t = tensorOf(v);
    if (v.requires_grad) {
      t.requiresGrad_();
      wanting.push(t);
    }
    return t;
  }
  if ("$float" in v) return Number(String(v.$float).replace("inf", "Infinity"));
  if ("$int" in v) return BigInt(v.$int as string);
  if ("$tuple" in v) return valueFrom(v.$tuple, wanting);
  if ("$dtype" in v) return v.$dtype;
  if ("$dict" in v) return optionsOf(v.$dict as Record<string, unknown>, wanting);
  if ("$module" in v) {
    const m = v.$module as { name: string; args: unknown[]; kwargs: Record<string, unknown> };
    return construct(m.name, m.args, m.kwargs);
  }
  if ("$pack_padded_sequence" in v) {
    const p = v.$pack_padded_sequence as Record<string, unknown> & { input: TensorData; lengths: number[] };
    const input = valueFrom(p.input, wanting) as torch.AnyTensor;
    const options = {
      batchFirst: p["batch_first"] as boolean,
      enforceSorted: p["enforce_sorted"] as boolean,
    };
    return nn.utils.rnn.packPaddedSequence(input, p.lengths, options);
  }
  throw new Error(`cannot read ${JSON.stringify(v).slice(0, 80)}`);
}
export const optionsOf = (
  v: Record<string, unknown>,
  wanting: torch.AnyTensor[] = [],
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(v).map(([k, x]) => [camel(k), valueFrom(x, wanting)]));

export function construct(name: string, args: unknown[], kwargs: Record<string, unknown>): nn.Module {
  const Class = (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>)[name];
  if (!Class) throw new Error(`no nn.${name}`);
  const list = args.map((x) => valueFrom(x));
  return Object.keys(kwargs).length > 0 ? new Class(...list, optionsOf(kwargs)) : new Class(...list);
}

/** Why two tensors differ, or null. `maxerr` is PyTorch's own error. */
export function difference(got: unknown, want: TensorData, maxerr = 0): string | null {
  if (!torch.isTensor(got)) return `expected a tensor, got ${String(got)}`;
  if (JSON.stringify(got.shape) !== JSON.stringify(want.shape))
    return `shape ${got.shape} instead of ${want.shape}`;
  const values = Array.from(got.toTypedArray(), Number);
  const wanted = Array.from(tensorOf(want).toTypedArray(), Number);
  for (let i = 0; i < wanted.length; i++) {
    const [x, y] = [values[i]!, wanted[i]!];
    if (Object.is(x, y) || x === y) continue;
    if (!(Math.abs(x - y) <= 1e-6 + 2e-5 * Math.abs(y) + 4 * maxerr)) return `[${i}]: ${x} instead of ${y}`;
  }
  return null;
}

const isPlain = (x: unknown): x is object =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;
/** Depth first; a result with names is a named tuple. */
const flat = (x: unknown): unknown[] =>
  x instanceof nn.utils.rnn.PackedSequence
    ? [x.data]
    : Array.isArray(x)
      ? x.flatMap(flat)
      : isPlain(x) && !("dtype" in x)
        ? Object.values(x).flatMap(flat)
        : [x];

/** Runs a case; returns what went wrong. */
export function problemsOf(c: ModuleCase): string[] {
  const problems: string[] = [];
  const check = (what: string, problem: string | null): void => {
    if (problem !== null) problems.push(`${what}: ${problem}`);
  };
  const same = (what: string, got: unknown, want: unknown): void =>
    check(
      what,
      JSON.stringify(got) === JSON.stringify(want)
        ? null
        : `${JSON.stringify(got)} instead of ${JSON.stringify(want)}`,
    );
  const m = construct(c.module, c.init.args, c.init.kwargs);
  same("repr", m.toString(), c.repr);
  same(
    "parameters",
    [...m.namedParameters()].map(([n]) => n),
    c.parameters,
  );
  same(
    "buffers",
    [...m.namedBuffers()].map(([n]) => n),
    c.buffers,
  );
  same("keys", Object.keys(m.stateDict()), Object.keys(c.state_dict));
  m.loadStateDict(Object.fromEntries(Object.entries(c.state_dict).map(([k, v]) => [k, tensorOf(v)])));
  c.steps.forEach((step, i) => {
    m.train(step.mode === "train");
    m.zeroGrad();
    if (step.seed !== undefined) torch.manualSeed(step.seed);
    const wanting: torch.AnyTensor[] = [];
    const args = step.args.map((x) => valueFrom(x, wanting));
    const options = optionsOf(step.kwargs, wanting);
    const call = m as unknown as (...args: unknown[]) => unknown;
    const out = flat(Object.keys(options).length > 0 ? call(...args, options) : call(...args));
    const want = flat(valueless(step.out));
    if (out.length !== want.length)
      return check(`step ${i}`, `${out.length} outputs instead of ${want.length}`);
    want.forEach((w, k) => {
      if (w === null || typeof w !== "object") same(`step ${i} out ${k}`, out[k] ?? null, w);
      else if (!step.out_unstable)
        check(`step ${i} out ${k}`, difference(out[k], w as TensorData, step.out_maxerr));
    });
    if (step.grad_out && !step.unstable) {
      const used = step.grad_out.map((g, k) => [out[k], g] as const).filter(([, g]) => g !== null);
      let total: torch.AnyTensor | null = null;
      for (const [y, g] of used) {
        const part: torch.AnyTensor = (y as torch.AnyTensor).mul(tensorOf(g!)).sum();
        total = total ? total.add(part) : part;
      }
      total?.backward();
      step.input_grads?.forEach((g, k) => {
        if (g) check(`step ${i} input grad ${k}`, difference(wanting[k]!.grad, g, step.grad_maxerr));
      });
      const params = new Map(m.namedParameters());
      for (const [name, g] of Object.entries(step.param_grads ?? {}))
        if (g) check(`step ${i} grad of ${name}`, difference(params.get(name)?.grad, g, step.grad_maxerr));
    }
    const state = m.stateDict();
    for (const [name, v] of Object.entries(step.state_after ?? {}))
      check(`step ${i} ${name} after`, difference(state[name], v));
  });
  return problems;
}

/** Tuples as lists; of packed sequences the data. */
const valueless = (v: unknown): unknown =>
  Array.isArray(v)
    ? v.map(valueless)
    : typeof v === "object" && v !== null && "$tuple" in v
      ? valueless(v.$tuple)
      : typeof v === "object" && v !== null && "$packed_sequence" in v
        ? (v.$packed_sequence as { data: unknown }).data
        : v;
