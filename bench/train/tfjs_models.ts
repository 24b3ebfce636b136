// The training rows written with TensorFlow.js: losses of a dictionary of variables under PyTorch's names. Matrices of
// linear layers are [inputs, outputs] as TensorFlow has them: its fast product is the one without transposed operands.

import * as tf from "@tensorflow/tfjs-core";

type X = tf.Tensor;
/** The parameter of this name. */
type Parameters = (name: string) => X;
export type Loss = (p: Parameters, X: X, y: X) => tf.Scalar;

const linear = (p: Parameters, name: string, x: X): X =>
  tf.add(tf.matMul(x, p(`${name}.weight`)), p(`${name}.bias`));

/** Mean of -log softmax at the labels. */
const crossEntropy = (x: X, y: X): tf.Scalar =>
  tf.div(tf.sum(tf.mul(tf.logSoftmax(x), tf.oneHot(y, x.shape[1]!))), -x.shape[0]!);

const mlp: Loss = (p, X, y) => crossEntropy(linear(p, "2", tf.relu(linear(p, "0", X))), y);

/** TensorFlow keeps channels last. */
const channelsLast = (x: X): tf.Tensor4D => tf.transpose(x, [0, 2, 3, 1]) as tf.Tensor4D;
const conv = (x: tf.Tensor4D, w: X, padding: number, stride = 1): tf.Tensor4D =>
  tf.conv2d(x, tf.transpose(w, [2, 3, 1, 0]) as tf.Tensor4D, stride, padding);

const lenet: Loss = (p, X, y) => {
  const layer = (name: string, x: tf.Tensor4D, padding: number): tf.Tensor4D =>
    tf.avgPool(tf.sigmoid(tf.add(conv(x, p(`${name}.weight`), padding), p(`${name}.bias`))), 2, 2, 0);
  const images = tf.transpose(layer("3", layer("0", channelsLast(X), 2), 0), [0, 3, 1, 2]);
  const x = tf.reshape(images, [-1, 400]);
  return crossEntropy(linear(p, "11", tf.sigmoid(linear(p, "9", tf.sigmoid(linear(p, "7", x))))), y);
};

const gru: Loss = (p, X, y) => {
  const H = 128;
  const [length, batch, width] = X.shape as [number, number, number];
  const flat = tf.reshape(X, [length * batch, width]);
  const inputs = tf.add(tf.matMul(flat, p("g.weight_ih_l0")), p("g.bias_ih_l0"));
  let h: X = tf.zeros([batch, H]);
  const outputs: X[] = [];
  for (const x of tf.split(inputs, length)) {
    const hidden = tf.add(tf.matMul(h, p("g.weight_hh_l0")), p("g.bias_hh_l0"));
    const [xr, xz, xn] = tf.split(x, 3, 1) as [X, X, X];
    const [hr, hz, hn] = tf.split(hidden, 3, 1) as [X, X, X];
    const r = tf.sigmoid(tf.add(xr, hr));
    const z = tf.sigmoid(tf.add(xz, hz));
    const n = tf.tanh(tf.add(xn, tf.mul(r, hn)));
    // (1 - z) n + z h
    h = tf.add(n, tf.mul(z, tf.sub(h, n)));
    outputs.push(h);
  }
  return crossEntropy(linear(p, "o", tf.concat(outputs)), y);
};

function layerNorm(p: Parameters, name: string, x: X): X {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(
    tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, 1e-5))), p(`${name}.weight`)),
    p(`${name}.bias`),
  );
}

const transformer: Loss = (p, X, y) => {
  const [N, L] = X.shape as [number, number];
  const [E, heads, words] = [128, 4, 96];
  const D = E / heads;
  const attention = (name: string, x: X): X => {
    const qkv = tf.add(tf.matMul(x, p(`${name}.in_proj_weight`)), p(`${name}.in_proj_bias`));
    const [q, k, v] = tf
      .split(qkv, 3, 1)
      .map((t) => tf.transpose(tf.reshape(t, [N, L, heads, D]), [0, 2, 1, 3])) as [X, X, X];
    const weights = tf.softmax(tf.div(tf.matMul(q, k, false, true), Math.sqrt(D)));
    const mixed = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]);
    return linear(p, `${name}.out_proj`, tf.reshape(mixed, [N * L, E]));
  };
  // The gradient of tf.gather has no kernel in the wasm backend.
  let x: X = tf.matMul(tf.oneHot(tf.reshape(X, [N * L]), words), p("e.weight"));
  for (const name of ["t.layers.0", "t.layers.1"]) {
    x = layerNorm(p, `${name}.norm1`, tf.add(attention(`${name}.self_attn`, x), x));
    const hidden = tf.relu(linear(p, `${name}.linear1`, x));
    x = layerNorm(p, `${name}.norm2`, tf.add(linear(p, `${name}.linear2`, hidden), x));
  }
  return crossEntropy(linear(p, "o", x), y);
};

const lesson: Loss = (p, X, y) => {
  const errors = tf.sub(tf.add(tf.matMul(X, p("w")), p("b")), y);
  const penalty = tf.mul(tf.sum(tf.square(p("w"))), 3 / 2);
  return tf.sum(tf.add(tf.div(tf.square(errors), 2), penalty));
};

export const losses: Readonly<Record<string, Loss>> = {
  lesson,
  "mlp-sgd": mlp,
  "mlp-adam": mlp,
  lenet,
  gru,
  transformer,
};
