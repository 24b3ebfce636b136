// The rows of the table computed here: the protocol is in main.ts. Every turn is a plain synchronous loop.

import { createInterface } from "node:readline";
import * as torch from "flambeau";
import { nn } from "flambeau";

const F = nn.functional;

type T = torch.AnyTensor;
/** Makes the operands, gives the call that is timed; the result of a call goes into the check. */
type Make = (n: number) => () => T | readonly T[];

const one =
  (f: (x: T) => T): Make =>
  (n) => {
    const x = torch.randn(n) as T;
    return () => f(x);
  };
/** Of positive numbers. */
const positive =
  (f: (x: T) => T): Make =>
  (n) => {
    const x = torch.rand(n).add(0.1) as T;
    return () => f(x);
  };
const two =
  (f: (x: T, y: T) => T): Make =>
  (n) => {
    const x = torch.randn(n) as T;
    const y = torch.randn(n) as T;
    return () => f(x, y);
  };
const square =
  (f: (x: T) => T): Make =>
  (n) => {
    const side = Math.sqrt(n);
    const x = torch.randn([side, side]) as T;
    return () => f(x);
  };
const made =
  <A extends readonly T[]>(make: () => A, f: (...args: A) => T): Make =>
  () => {
    const args = make();
    return () => f(...args);
  };
/** Forward and backward: all operands but the last `fixed` ones require a gradient; random numbers as gradient. */
const trained =
  <A extends readonly T[]>(make: () => A, f: (...args: A) => T, fixed = 0): Make =>
  () => {
    const args = make();
    const leaves = args.slice(0, args.length - fixed);
    for (const x of leaves) x.requiresGrad = true;
    const g = torch.randn(f(...args).shape as number[]) as T;
    return () => {
      for (const x of leaves) x.grad = null;
      f(...args).backward(g);
      return leaves.map((x) => x.grad as T);
    };
  };

const matrices = (n: number) => () => [torch.randn([n, n]) as T, torch.randn([n, n]) as T] as const;
const images = () =>
  [torch.randn([8, 16, 32, 32]) as T, torch.randn([32, 16, 3, 3]) as T, torch.randn(32) as T] as const;
const batch = () => [torch.randn([256, 1024]) as T] as const;
const normed = () => [torch.randn([256, 1024]) as T, torch.randn(1024) as T, torch.randn(1024) as T] as const;
const labelled = () => [torch.randn([256, 1024]) as T, torch.randint(0, 1024, [256]) as T] as const;
const looked = () => [torch.randn([10000, 64]) as T, torch.randint(0, 10000, [4096]) as T] as const;
const large = () => [torch.randn([1024, 1024]) as T, torch.randn([1024, 1024]) as T] as const;

const matmul = (a: T, b: T): T => a.matmul(b);
const conv2d = (x: T, w: T, b: T): T => F.conv2d(x, w, b, { padding: 1 });
const softmax = (x: T): T => x.softmax(-1);
const layerNorm = (x: T, weight: T, bias: T): T => F.layerNorm(x, [1024], { weight, bias });
const crossEntropy = (x: T, y: T): T => F.crossEntropy(x, y);
const embedding = (w: T, i: T): T => F.embedding(i, w);

const ops: Readonly<Record<string, Make>> = {
  add: two((x, y) => x.add(y)),
  mul: two((x, y) => x.mul(y)),
  sub: two((x, y) => x.sub(y)),
  div: two((x, y) => x.div(y)),
  relu: one((x) => x.relu()),
  maximum: two((x, y) => x.maximum(y)),
  neg: one((x) => x.neg()),
  abs: one((x) => x.abs()),
  sqrt: positive((x) => x.sqrt()),
  add_scalar: one((x) => x.add(1.5)),
  add_row: (n) => {
    const x = torch.randn([n / 100, 100]) as T;
    const row = torch.randn(100) as T;
    return () => x.add(row);
  },
  exp: one((x) => x.exp()),
  log: positive((x) => x.log()),
  tanh: one((x) => x.tanh()),
  sigmoid: one((x) => x.sigmoid()),
  gelu: one((x) => F.gelu(x)),
  sin: one((x) => x.sin()),
  "pow_1.5": positive((x) => x.pow(1.5)),
  erf: one((x) => x.erf()),
  sum: one((x) => x.sum()),
  sum_dim0: square((x) => x.sum(0)),
  sum_dim1: square((x) => x.sum(1)),
  mean: one((x) => x.mean()),
  amax: one((x) => x.amax()),
  argmax: one((x) => x.argmax()),
  var: one((x) => x.var()),
  matmul_256: made(matrices(256), matmul),
  matmul_1024: made(matrices(1024), matmul),
  conv2d: made(images, conv2d),
  softmax: made(batch, softmax),
  log_softmax: made(batch, (x) => x.logSoftmax(-1)),
  layer_norm: made(normed, layerNorm),
  cross_entropy: made(labelled, crossEntropy),
  embedding: made(looked, embedding),
  cat: made(large, (x, y) => torch.cat([x, y])),
  transpose_contiguous: made(large, (x) => x.t().contiguous()),
  matmul_256_train: trained(matrices(256), matmul),
  conv2d_train: trained(images, conv2d),
  softmax_train: trained(batch, softmax),
  layer_norm_train: trained(normed, layerNorm),
  cross_entropy_train: trained(labelled, crossEntropy, 1),
  embedding_train: trained(looked, embedding, 1),
};

/** A number that both sides must agree on, about: the mean magnitude of the result. */
function check(result: T | readonly T[]): number {
  const list = (Array.isArray(result) ? result : [result]) as readonly T[];
  return list.reduce((sum, x) => sum + (x.to("float64").abs().mean().item() as number), 0);
}

const timed = (f: () => unknown, times: number): number => {
  const start = performance.now();
  for (let i = 0; i < times; i++) f();
  return (performance.now() - start) / times;
};

let call: () => unknown = () => undefined;
let perCall = 1;

function prepare(op: string, n: number, warmMs: number): number {
  torch.manualSeed(42);
  const make = ops[op];
  if (!make) throw new Error(`no row '${op}'`);
  const f = make(n);
  call = f;
  const value = check(f());
  const end = performance.now() + warmMs;
  perCall = timed(f, 2);
  while (performance.now() < end)
    perCall = timed(f, Math.ceil(Math.min(end - performance.now(), 10) / perCall) || 1);
  return value;
}

console.log(JSON.stringify({ node: process.version }));
for await (const line of createInterface({ input: process.stdin })) {
  const { op, n, ms } = JSON.parse(line) as { op?: string; n: number; ms: number };
  const answer =
    op === undefined
      ? { us: timed(call, Math.max(1, Math.round(ms / perCall))) * 1000 }
      : { check: prepare(op, n, ms) };
  console.log(JSON.stringify(answer));
}
