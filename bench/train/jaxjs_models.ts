// The training rows written with jax-js: loss functions of a dictionary of parameters under PyTorch's names.
//
// jax-js counts references by hand: a function consumes its arguments, `x.ref` keeps one for later. Here the parameters
// stay with the caller (`p("name")` takes a reference), and inputs are consumed.

import { lax, nn, numpy as np } from "@jax-js/jax";

type A = np.Array;
export type Values = Record<string, A>;
/** A reference to the parameter of this name. */
type Parameters = (name: string) => A;
/** The loss; what a batch norm learns about its input goes into `running`. */
export type Loss = (p: Parameters, running: Values, X: A, y: A) => A;

const linear = (p: Parameters, name: string, x: A): A =>
  np.matmul(x, p(`${name}.weight`).transpose()).add(p(`${name}.bias`));

/** Mean of -log softmax at the labels. */
function crossEntropy(x: A, y: A): A {
  const [n, classes] = x.shape as [number, number];
  return nn
    .logSoftmax(x, -1)
    .mul(nn.oneHot(y, classes))
    .sum()
    .mul(-1 / n);
}

const mlp: Loss = (p, _, X, y) => crossEntropy(linear(p, "2", nn.relu(linear(p, "0", X))), y);

const conv = (x: A, w: A, padding: number, stride = 1): A =>
  lax.convGeneralDilated(
    x,
    w,
    [stride, stride],
    [
      [padding, padding],
      [padding, padding],
    ],
  );

function avgPool2(x: A): A {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return x.reshape([n, c, h / 2, 2, w / 2, 2]).mean([3, 5]);
}

const lenet: Loss = (p, _, X, y) => {
  const layer = (name: string, x: A, padding: number): A =>
    avgPool2(nn.sigmoid(conv(x, p(`${name}.weight`), padding).add(p(`${name}.bias`).reshape([-1, 1, 1]))));
  const x = layer("3", layer("0", X, 2), 0).reshape([-1, 400]);
  return crossEntropy(linear(p, "11", nn.sigmoid(linear(p, "9", nn.sigmoid(linear(p, "7", x))))), y);
};

/** Normalises by the batch; the running statistics move by a tenth, the variance by the unbiased one. */
function batchNorm(p: Parameters, running: Values, name: string, x: A): A {
  const n = x.size / x.shape[1]!;
  const column = (v: A): A => v.reshape([-1, 1, 1]);
  const mean = x.ref.mean([0, 2, 3]);
  const centred = x.sub(column(mean.ref));
  const variance = np.square(centred.ref).mean([0, 2, 3]);
  const move = (key: string, to: A): void => {
    running[key] = running[key]!.mul(0.9).add(lax.stopGradient(to).mul(0.1));
  };
  move(`${name}.running_mean`, mean);
  move(`${name}.running_var`, variance.ref.mul(n / (n - 1)));
  const scale = p(`${name}.weight`).div(np.sqrt(variance.add(1e-5)));
  return centred.mul(column(scale)).add(column(p(`${name}.bias`)));
}

const resnet: Loss = (p, running, X, y) => {
  const block = (name: string, x: A, stride: number): A => {
    const shortcut = stride === 1 ? x.ref : conv(x.ref, p(`${name}.d.weight`), 0, stride);
    const h = nn.relu(batchNorm(p, running, `${name}.b1`, conv(x, p(`${name}.c1.weight`), 1, stride)));
    return nn.relu(batchNorm(p, running, `${name}.b2`, conv(h, p(`${name}.c2.weight`), 1)).add(shortcut));
  };
  let x = nn.relu(batchNorm(p, running, "1", conv(X, p("0.weight"), 1)));
  for (const [name, stride] of [
    ["3", 1],
    ["4", 2],
    ["5", 2],
  ] as const)
    x = block(name, x, stride);
  return crossEntropy(linear(p, "8", x.mean([2, 3])), y);
};

const gru: Loss = (p, _, X, y) => {
  const H = 128;
  const [length, batch] = X.shape as [number, number];
  const inputs = np.matmul(X, p("g.weight_ih_l0").transpose()).add(p("g.bias_ih_l0"));
  const gates = (x: A): [A, A, A] => np.split(x, 3, -1) as [A, A, A];
  let h = np.zeros([batch, H]);
  const outputs: A[] = [];
  for (const x of np.unstack(inputs)) {
    const [xr, xz, xn] = gates(x);
    const [hr, hz, hn] = gates(np.matmul(h.ref, p("g.weight_hh_l0").transpose()).add(p("g.bias_hh_l0")));
    const r = nn.sigmoid(xr.add(hr));
    const z = nn.sigmoid(xz.add(hz));
    const n = np.tanh(xn.add(r.mul(hn)));
    // (1 - z) n + z h
    h = n.ref.add(z.mul(h.sub(n)));
    outputs.push(h.ref);
  }
  h.dispose();
  return crossEntropy(linear(p, "o", np.stack(outputs).reshape([length * batch, H])), y);
};

function layerNorm(p: Parameters, name: string, x: A): A {
  const centred = x.ref.sub(x.mean(-1, { keepdims: true }));
  const variance = np.square(centred.ref).mean(-1, { keepdims: true });
  return centred
    .div(np.sqrt(variance.add(1e-5)))
    .mul(p(`${name}.weight`))
    .add(p(`${name}.bias`));
}

const transformer: Loss = (p, _, X, y) => {
  const [N, L] = X.shape as [number, number];
  const [E, heads] = [128, 4];
  const attention = (name: string, x: A): A => {
    const qkv = np.matmul(x, p(`${name}.in_proj_weight`).transpose()).add(p(`${name}.in_proj_bias`));
    const [q, k, v] = np.split(qkv, 3, -1).map((t) => t.reshape([N, L, heads, E / heads])) as [A, A, A];
    return linear(p, `${name}.out_proj`, nn.dotProductAttention(q, k, v).reshape([N * L, E]));
  };
  let x = np.take(p("e.weight"), X.reshape([N * L]), 0);
  for (const name of ["t.layers.0", "t.layers.1"]) {
    x = layerNorm(p, `${name}.norm1`, attention(`${name}.self_attn`, x.ref).add(x));
    const hidden = nn.relu(linear(p, `${name}.linear1`, x.ref));
    x = layerNorm(p, `${name}.norm2`, linear(p, `${name}.linear2`, hidden).add(x));
  }
  return crossEntropy(linear(p, "o", x), y);
};

const lesson: Loss = (p, _, X, y) => {
  const errors = np.matmul(X, p("w")).add(p("b")).sub(y);
  const penalty = np
    .square(p("w"))
    .sum()
    .mul(3 / 2);
  return np
    .square(errors)
    .mul(1 / 2)
    .add(penalty)
    .sum();
};

export const losses: Readonly<Record<string, Loss>> = {
  lesson,
  "mlp-sgd": mlp,
  "mlp-adam": mlp,
  lenet,
  resnet,
  gru,
  transformer,
};
