// Going on with optimizers that PyTorch saved (fixtures/resume.json, written by fixtures/resume.py): their state dicts
// load, the next steps are PyTorch's, and what is saved again has PyTorch's structure.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import * as optim from "../../src/optim/index.ts";
import { camelCase } from "../../src/optim/state-dict.ts";

interface TensorData {
  readonly shape: number[];
  readonly dtype: torch.DType;
  readonly data: number[];
}
type Options = Record<string, unknown>;
interface Case {
  readonly optimizer: string;
  readonly kwargs: Options;
  readonly groups: Options[];
  readonly params: TensorData[];
  readonly state_dict: unknown;
  readonly grads: TensorData[][];
  readonly after: TensorData[][];
  readonly end: unknown;
}
const cases = JSON.parse(readFileSync(new URL("./fixtures/resume.json", import.meta.url), "utf8")) as Case[];

const isTensorData = (x: unknown): x is TensorData => typeof x === "object" && x !== null && "dtype" in x;
const tensorOf = ({ shape, dtype, data }: TensorData): torch.AnyTensor =>
  torch.tensor(data, { dtype }).reshape(shape);

/** Recorded values as JavaScript ones. */
function decoded(x: unknown): unknown {
  if (isTensorData(x)) return tensorOf(x);
  if (Array.isArray(x)) return x.map(decoded);
  if (typeof x !== "object" || x === null) return x;
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, decoded(v)]));
}

/** Same keys, same kinds of values; floats and tensors up to rounding. */
function expectSame(actual: unknown, wanted: unknown, what: string): void {
  if (isTensorData(wanted)) {
    const t = actual as torch.AnyTensor;
    expect([t.shape, t.dtype], what).toEqual([wanted.shape, wanted.dtype]);
    const got = t.toTypedArray();
    wanted.data.forEach((v, i) => {
      expectSame(Number(got[i]), v, `${what}[${i}]`);
    });
  } else if (typeof wanted === "object" && wanted !== null) {
    expect(Array.isArray(actual), what).toBe(Array.isArray(wanted));
    expect(Object.keys(actual as object).sort(), what).toEqual(Object.keys(wanted).sort());
    for (const [k, v] of Object.entries(wanted)) expectSame((actual as Options)[k], v, `${what}.${k}`);
  } else if (typeof wanted === "number" && !Number.isInteger(wanted))
    expect(Math.abs((actual as number) - wanted), `${what}: ${actual} and ${wanted}`).toBeLessThanOrEqual(
      1e-7 + 1e-5 * Math.abs(wanted),
    );
  else expect(actual, what).toBe(wanted);
}

const options = (recorded: Options): Options =>
  Object.fromEntries(Object.entries(recorded).map(([k, v]) => [camelCase(k), v]));
type Make = new (params: unknown, options: Options) => torch.optim.Optimizer;
const load = (c: Case): { params: torch.AnyTensor[]; optimizer: torch.optim.Optimizer } => {
  const params = c.params.map((p) => tensorOf(p).requiresGrad_());
  const Optimizer = (optim as unknown as Record<string, Make>)[c.optimizer]!;
  // Made without PyTorch's options: these come with the state dict.
  const optimizer = new Optimizer(
    params.map((p) => ({ params: [p] })),
    { lr: 1 },
  );
  optimizer.loadStateDict(decoded(c.state_dict) as torch.optim.OptimizerStateDict);
  return { params, optimizer };
};

describe.each(cases.map((c, i) => [`${i} ${c.optimizer} ${JSON.stringify(c.kwargs)}`, c] as const))(
  "%s",
  (_, c) => {
    test("is saved as it was loaded", () => {
      expectSame(load(c).optimizer.stateDict(), c.state_dict, "state_dict");
    });

    test("goes on as PyTorch does", () => {
      const { params, optimizer } = load(c);
      c.grads.forEach((grads, i) => {
        params.forEach((p, j) => {
          p.grad = tensorOf(grads[j]!);
        });
        optimizer.step();
        params.forEach((p, j) => {
          expectSame(p, c.after[i]![j], `parameter ${j} after step ${i}`);
        });
      });
      expectSame(optimizer.stateDict(), c.end, "state_dict");
    });

    test("saves the structure that PyTorch saves, in its order", () => {
      const params = c.params.map((p) => tensorOf(p).requiresGrad_());
      const Optimizer = (optim as unknown as Record<string, Make>)[c.optimizer]!;
      const optimizer = new Optimizer(
        params.map((p, i) => ({ params: [p], ...options(c.groups[i]!) })),
        options(c.kwargs),
      );
      params.forEach((p, j) => {
        p.grad = tensorOf(c.grads[0]![j]!);
      });
      optimizer.step();
      const structure = (x: unknown): unknown =>
        isTensorData(x) || torch.isTensor(x)
          ? `${x.dtype} [${x.shape}]`
          : Array.isArray(x)
            ? x.map(structure)
            : typeof x === "object" && x !== null
              ? Object.entries(x).map(([k, v]) => [k, structure(v)])
              : x === null
                ? null
                : typeof x;
      expect(structure(optimizer.stateDict())).toEqual(structure(c.state_dict));
    });
  },
);
