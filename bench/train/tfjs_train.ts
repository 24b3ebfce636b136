// The rows in TensorFlow.js on its wasm backend, with its own optimizers.

import { registerHooks } from "node:module";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Runner } from "./serve.ts";
import { Skip, serve } from "./serve.ts";
import type { Start } from "./start.ts";
import { readStart } from "./start.ts";
import { losses } from "./tfjs_models.ts";

const tensor = ({ values, shape, dtype }: Start["data"][number]): tf.Tensor =>
  tf.tensor(values, [...shape], dtype);

/** Matrices of linear layers are transposed, once; the embedding's is none. */
const variable = (entry: Start["parameters"][number]): tf.Variable => {
  const isLinear = entry.shape.length === 2 && /weight/.test(entry.name) && entry.name !== "e.weight";
  return tf.variable(isLinear ? tf.transpose(tensor(entry)) : tensor(entry));
};

const adam = (): tf.Optimizer => tf.train.adam(0.001, 0.9, 0.999, 1e-8);
const optimizers: Readonly<Record<string, () => tf.Optimizer>> = {
  // d2l.sgd divides by the batch size, 5.
  lesson: () => tf.train.sgd(0.003 / 5),
  "mlp-sgd": () => tf.train.sgd(0.01),
  "mlp-adam": adam,
  lenet: () => tf.train.sgd(0.1),
  gru: adam,
  transformer: adam,
};
/** TensorFlow.js has no AdamW: parameters shrink by this before Adam's step, which is the same. */
const decays: Readonly<Record<string, number>> = { transformer: 0.001 * 0.01 };

/** Turns "no such kernel" into a reason to skip. */
function orSkip<R>(compute: () => R): R {
  try {
    return compute();
  } catch (error) {
    const missing = /Kernel '(\w+)' not registered/.exec(String(error))?.[1];
    if (missing) throw new Skip(`the wasm backend has no kernel ${missing}`);
    throw error;
  }
}

function training(row: string, start: Start): Runner {
  const loss = losses[row]!;
  const variables = new Map(start.parameters.map((e) => [e.name, variable(e)]));
  const optimizer = optimizers[row]!();
  const keep = 1 - (decays[row] ?? 0);
  const [X, y] = start.data.map(tensor) as [tf.Tensor, tf.Tensor];
  const parameter = (name: string): tf.Tensor => variables.get(name)!;
  let last: tf.Scalar | null = null;
  return {
    step: () => {
      last?.dispose();
      last = orSkip(() =>
        tf.tidy(() => {
          const { value, grads } = tf.variableGrads(() => loss(parameter, X, y), [...variables.values()]);
          if (keep !== 1) for (const p of variables.values()) p.assign(tf.mul(p, keep));
          optimizer.applyGradients(grads);
          return value;
        }),
      );
      return last;
    },
    read: (l) => (l as tf.Scalar).dataSync() as Float32Array,
    close: () => {
      last?.dispose();
      optimizer.dispose();
      for (const x of [X, y, ...variables.values()]) x.dispose();
    },
  };
}

const normalised = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor => {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, 1e-5))), weight), bias);
};

function forward(row: string, start: Start): Runner {
  const f = row === "softmax" ? tf.softmax : row === "layer_norm" ? normalised : tf.matMul;
  const args = [...start.data, ...start.parameters].map(tensor);
  let last: tf.Tensor | null = null;
  return {
    step: () => {
      last?.dispose();
      last = tf.tidy(() => (f as (...args: tf.Tensor[]) => tf.Tensor)(...args));
      return last;
    },
    read: (x) => (x as tf.Tensor).dataSync() as Float32Array,
    close: () => {
      last?.dispose();
      for (const x of args) x.dispose();
    },
  };
}

// The gradients are registered by a file that the package's entry for Node leaves out. It imports others without ".js".
registerHooks({
  resolve: (specifier, context, next) => {
    const bare = context.parentURL?.includes("/tfjs-core/dist/") && /^\.[^.]*$|\/[^.]+$/.test(specifier);
    return next(bare && specifier.startsWith(".") ? `${specifier}.js` : specifier, context);
  },
});
await import(new URL("register_all_gradients.js", import.meta.resolve("@tensorflow/tfjs-core")).href);
setWasmPaths(new URL(".", import.meta.resolve("@tensorflow/tfjs-backend-wasm")).pathname);
await tf.setBackend("wasm");
await serve({ tfjs: tf.version_core }, (row, folder) => {
  // Its convolutions are those of lenet, which have no gradient.
  if (row === "resnet") throw new Skip("the wasm backend has no kernel Conv2DBackpropFilter");
  const start = readStart(folder, row);
  return row in losses ? training(row, start) : forward(row, start);
});
