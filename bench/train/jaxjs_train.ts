// The rows in jax-js, each step one jit-compiled function of parameters and state.

import { readFileSync } from "node:fs";
import { init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import type { Values } from "./jaxjs_models.ts";
import { losses } from "./jaxjs_models.ts";
import type { Runner } from "./serve.ts";
import { serve } from "./serve.ts";
import type { Start } from "./start.ts";
import { readStart } from "./start.ts";

type A = np.Array;
/** What is carried from step to step: parameters, moments or velocities, running statistics. */
type State = { p: Values; m: Values; v: Values; running: Values };
/** New parameters and moments of one parameter, from its gradient; all arguments are consumed. */
type Rule = (p: A, g: A, m: A | undefined, v: A | undefined, at: A[]) => { p: A; m?: A; v?: A };

const array = ({ values, shape }: Start["data"][number]): A => np.array(values).reshape([...shape]);

const sgd =
  (lr: number, momentum = 0): Rule =>
  (p, g, m) => {
    if (!m) return { p: p.sub(g.mul(lr)) };
    const velocity = m.mul(momentum).add(g);
    return { p: p.sub(velocity.ref.mul(lr)), m: velocity };
  };

const [beta1, beta2] = [0.9, 0.999];
/** `at`: the step's size lr / (1 - beta1^t) and the second bias correction's root, which change with t. */
const adam =
  (lr: number, decay = 0): Rule =>
  (p, g, m, v, [stepSize, root]) => {
    const first = m!.mul(beta1).add(g.ref.mul(1 - beta1));
    const second = v!.mul(beta2).add(np.square(g).mul(1 - beta2));
    const update = first.ref.div(np.sqrt(second.ref).div(root!).add(1e-8)).mul(stepSize!);
    return { p: (decay ? p.mul(1 - lr * decay) : p).sub(update), m: first, v: second };
  };
const adamAt =
  (lr: number) =>
  (t: number): number[] => [lr / (1 - beta1 ** t), Math.sqrt(1 - beta2 ** t)];

const none = (): number[] => [];
interface Optimizer {
  readonly rule: Rule;
  readonly moments: readonly ("m" | "v")[];
  /** Numbers that depend on the step's count. */
  readonly at: (t: number) => number[];
}
const optimizers: Readonly<Record<string, Optimizer>> = {
  // d2l.sgd divides by the batch size, 5.
  lesson: { rule: sgd(0.003 / 5), moments: [], at: none },
  "mlp-sgd": { rule: sgd(0.01), moments: [], at: none },
  "mlp-adam": { rule: adam(0.001), moments: ["m", "v"], at: adamAt(0.001) },
  lenet: { rule: sgd(0.1), moments: [], at: none },
  resnet: { rule: sgd(0.05, 0.9), moments: ["m"], at: none },
  gru: { rule: adam(0.001), moments: ["m", "v"], at: adamAt(0.001) },
  transformer: { rule: adam(0.001, 0.01), moments: ["m", "v"], at: adamAt(0.001) },
};

/** Zeros, and ones for variances, for each batch norm: the names are told by the parameters of one dimension. */
function runningStatistics(row: string, start: Start): Values {
  if (row !== "resnet") return {};
  const norms = start.parameters.filter(
    ({ name, shape }) => shape.length === 1 && /^1|b[12]\.bias$/.test(name),
  );
  return Object.fromEntries(
    norms
      .filter(({ name }) => name.endsWith(".bias"))
      .flatMap(({ name, shape }) => {
        const norm = name.slice(0, -".bias".length);
        return [
          [`${norm}.running_mean`, np.zeros([...shape])],
          [`${norm}.running_var`, np.ones([...shape])],
        ];
      }),
  );
}

function training(row: string, start: Start): Runner {
  const loss = losses[row]!;
  const { rule, moments, at } = optimizers[row]!;
  const zeros = (): Values =>
    Object.fromEntries(start.parameters.map(({ name, shape }) => [name, np.zeros([...shape])]));
  let state: State = {
    p: Object.fromEntries(start.parameters.map((e) => [e.name, array(e)])),
    m: moments.includes("m") ? zeros() : {},
    v: moments.includes("v") ? zeros() : {},
    running: runningStatistics(row, start),
  };
  const [X, y] = start.data.map(array) as [A, A];
  const compute = (p: Values, running: Values, input: A, target: A): [A, Values] => {
    const l = loss((name) => p[name]!.ref, running, input, target);
    tree.dispose(p);
    return [l, running];
  };
  const run = jit(({ p, m, v, running }: State, input: A, target: A, numbers: A[]): [State, A] => {
    const [[l, moved], grads] = valueAndGrad(compute, { hasAux: true })(tree.ref(p), running, input, target);
    const next: State = { p: {}, m: {}, v: {}, running: moved };
    for (const name of Object.keys(p)) {
      const done = rule(
        p[name]!,
        grads[name]!,
        m[name],
        v[name],
        numbers.map((x) => x.ref),
      );
      next.p[name] = done.p;
      if (done.m) next.m[name] = done.m;
      if (done.v) next.v[name] = done.v;
    }
    for (const x of numbers) x.dispose();
    return [next, l];
  });
  let t = 0;
  let last: A | null = null;
  const step = (): A => {
    t++;
    let l: A;
    [state, l] = run(
      state,
      X.ref,
      y.ref,
      at(t).map((x) => np.array(x)),
    );
    last?.dispose();
    last = l;
    // What is pending runs when a value is asked for.
    l.ref.dataSync();
    return l;
  };
  return {
    step,
    read: (l) => (l as A).ref.dataSync(),
    close: () => {
      last?.dispose();
      tree.dispose(state);
      X.dispose();
      y.dispose();
      run.dispose();
    },
  };
}

const normalised = (x: A, weight: A, bias: A): A => {
  const centred = x.ref.sub(x.mean(-1, { keepdims: true }));
  const variance = np.square(centred.ref).mean(-1, { keepdims: true });
  return centred
    .div(np.sqrt(variance.add(1e-5)))
    .mul(weight)
    .add(bias);
};

function forward(row: string, start: Start): Runner {
  const f = row === "softmax" ? (x: A) => nn.softmax(x, -1) : row === "layer_norm" ? normalised : np.matmul;
  const run = jit(f as (...args: A[]) => A);
  const args = [...start.data, ...start.parameters].map(array);
  let last: A | null = null;
  return {
    step: () => {
      last?.dispose();
      last = run(...args.map((x) => x.ref));
      return last.blockUntilReady();
    },
    read: (x) => (x as A).ref.dataSync(),
    close: () => {
      last?.dispose();
      for (const x of args) x.dispose();
      run.dispose();
    },
  };
}

await init("wasm");
const manifest = readFileSync(new URL("../package.json", import.meta.resolve("@jax-js/jax")), "utf8");
const { version } = JSON.parse(manifest) as { version: string };
await serve({ jaxjs: version }, (row, folder) => {
  const start = readStart(folder, row);
  return row in losses ? training(row, start) : forward(row, start);
});
