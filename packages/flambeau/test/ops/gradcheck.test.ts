// First and second derivatives of every op against finite differences, whatever the strides of its inputs.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import type { OpEntry } from "../../src/ops/define.ts";
import { table } from "../../src/ops/table.ts";

type Tensor = torch.AnyTensor;
// biome-ignore lint/suspicious/noExplicitAny: ops are called by name.
type Fn = (...args: any[]) => any;
const { gradcheck, gradgradcheck } = torch.autograd;

/** Where the inputs' values lie: away from kinks and poles. */
interface Domain {
  readonly low: number;
  readonly high: number;
}
const unit: Domain = { low: -0.9, high: 0.9 };
const positive: Domain = { low: 0.3, high: 2 };
const above1: Domain = { low: 1.2, high: 3 };

interface Sample {
  /** What is called with the inputs, in words. */
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly fn: Fn;
  readonly domain?: Domain;
  /** In-place ops change a copy: broadcasting must not enlarge the first input. */
  readonly inplace?: Fn;
}

const int = (values: unknown): Tensor => torch.tensor(values as number[], { dtype: "int32" });
const mask = torch.tensor([
  [true, false, true],
  [false, false, true],
]);

const unary =
  (domain?: Domain): ((op: string) => Sample[]) =>
  (op) => [
    {
      name: "matrix",
      shapes: [[2, 3]],
      ...(domain && { domain }),
      fn: (x) => x[op](),
      inplace: (x) => x[`${op}_`](),
    },
    { name: "0-d", shapes: [[]], ...(domain && { domain }), fn: (x) => x[op]() },
  ];
const binary =
  (domain?: Domain): ((op: string) => Sample[]) =>
  (op) => {
    const f: Fn = (x, y) => x[op](y);
    const more = domain && { domain };
    return [
      {
        name: "same shape",
        shapes: [
          [2, 3],
          [2, 3],
        ],
        fn: f,
        inplace: (x, y) => x[`${op}_`](y),
        ...more,
      },
      { name: "broadcast", shapes: [[2, 3], [3]], fn: f, inplace: (x, y) => x[`${op}_`](y), ...more },
      {
        name: "both broadcast",
        shapes: [
          [2, 1],
          [1, 3],
        ],
        fn: f,
        ...more,
      },
      { name: "0-d operand", shapes: [[2, 3], []], fn: f, ...more },
      { name: "number", shapes: [[2, 3]], fn: (x) => x[op](1.7), inplace: (x) => x[`${op}_`](1.7), ...more },
    ];
  };
const along = (op: string): Sample[] => [
  { name: "all", shapes: [[2, 3]], fn: (x) => x[op]() },
  { name: "dim 0", shapes: [[2, 3]], fn: (x) => x[op](0) },
  { name: "dim -1, keepdim", shapes: [[2, 2, 3]], fn: (x) => x[op](-1, { keepdim: true }) },
];
const alongs = (op: string): Sample[] => [
  ...along(op),
  { name: "dims [0, 2]", shapes: [[2, 2, 3]], fn: (x) => x[op]([0, 2]) },
];
const one = (shapes: readonly (readonly number[])[], fn: Fn, more: Partial<Sample> = {}): Sample => ({
  name: "",
  shapes,
  fn,
  ...more,
});

const samples: Record<string, Sample[] | ((op: string) => Sample[])> = {
  abs: unary(),
  acos: unary(unit),
  acosh: unary(above1),
  asin: unary(unit),
  asinh: unary(),
  atan: unary(),
  atanh: unary(unit),
  ceil: unary(),
  cos: unary(),
  cosh: unary(),
  erf: unary(),
  exp: unary(),
  exp2: unary(),
  expm1: unary(),
  floor: unary(),
  frac: unary(),
  log: unary(positive),
  log10: unary(positive),
  log2: unary(positive),
  neg: unary(),
  reciprocal: unary(positive),
  relu: unary(),
  round: unary(),
  rsqrt: unary(positive),
  sigmoid: unary(),
  sign: unary(),
  sin: unary(),
  sinh: unary(),
  sqrt: unary(positive),
  square: unary(),
  tan: unary(),
  tanh: unary(),
  trunc: unary(),
  erfc: unary(),
  sinc: unary(positive),
  logit: unary({ low: 0.1, high: 0.9 }),
  lgamma: unary(positive),
  digamma: unary(positive),
  erfinv: unary(unit),
  positive: unary(),
  deg2rad: unary(),
  rad2deg: unary(),
  silu: unary(),
  hardtanh: unary(),

  add: (op) => [
    ...binary()(op),
    one(
      [
        [2, 3],
        [2, 3],
      ],
      (x, y) => x.add(y, { alpha: -2.5 }),
      { inplace: (x, y) => x.add_(y, { alpha: -2.5 }) },
    ),
  ],
  sub: (op) => [
    ...binary()(op),
    one([[2, 3], [3]], (x, y) => x.sub(y, { alpha: 3 }), { inplace: (x, y) => x.sub_(y, { alpha: 3 }) }),
  ],
  rsub: [one([[2, 3], [3]], (x, y) => x.rsub(y, { alpha: 3 })), one([[2, 3]], (x) => x.rsub(2))],
  mul: binary(),
  div: binary(positive),
  trueDivide: binary(positive),
  atan2: binary(positive),
  maximum: binary(),
  minimum: binary(),
  fmod: binary(positive),
  remainder: binary(positive),
  clampMin: binary(),
  clampMax: binary(),
  pow: (op) => [
    ...binary(positive)(op),
    ...[0, 0.5, 1, 2, 3, -0.5, -1, -2, 1.3].map((p) =>
      one([[2, 3]], (x) => x.pow(p), { name: `exponent ${p}`, domain: positive, inplace: (x) => x.pow_(p) }),
    ),
    one([[2, 3]], (x) => torch.pow(2, x), { name: "base 2" }),
    one([[2, 3]], (x) => x.pow(3), { name: "negative base" }),
  ],
  addcmul: [
    one([[2, 3], [3], [2, 1]], (x, a, b) => x.addcmul(a, b, { value: 0.7 }), {
      inplace: (x, a, b) => x.addcmul_(a, b),
    }),
  ],
  addcdiv: [
    one([[2, 3], [3], [2, 1]], (x, a, b) => x.addcdiv(a, b, { value: 0.7 }), {
      domain: positive,
      inplace: (x, a, b) => x.addcdiv_(a, b),
    }),
  ],
  lerp: [
    one([[2, 3], [3], [2, 1]], (x, a, w) => x.lerp(a, w), { inplace: (x, a, w) => x.lerp_(a, w) }),
    one([[2, 3], [3]], (x, a) => x.lerp(a, 0.8), { name: "number", inplace: (x, a) => x.lerp_(a, 0.8) }),
  ],
  clamp: [
    one([[2, 3]], (x) => x.clamp(-0.4, 0.4), { inplace: (x) => x.clamp_(-0.4, 0.4) }),
    one([[2, 3], [3], [1]], (x, a, b) => x.clamp(a, b), { name: "tensors" }),
    one([[2, 3]], (x) => x.clamp(null, 0.2), { name: "one bound" }),
  ],
  where: [
    one([[2, 3], [3]], (x, y) => torch.where(mask, x, y)),
    one([[2, 3]], (x) => torch.where(mask, x, 2), { name: "number" }),
    one([[1, 3], []], (x, y) => torch.where(mask, x, y), { name: "broadcast" }),
  ],

  sum: alongs,
  mean: alongs,
  amax: alongs,
  amin: alongs,
  prod: along,
  var: alongs,
  // Not along a dimension that is expanded: where the deviation is 0, the second derivative is undefined.
  std: (op) => alongs(op).filter((s) => s.name !== "dim 0"),
  logsumexp: (op) => along(op).slice(1),
  norm: ["fro", 1, 2, 3, 0.5, Infinity, -Infinity].map((p) =>
    one([[2, 3]], (x) => x.norm(p, 1), { name: `${p}`, domain: positive }),
  ),
  softmax: [0, -1].map((d) => one([[2, 3]], (x) => x.softmax(d), { name: `dim ${d}` })),
  logSoftmax: [0, -1].map((d) => one([[2, 3]], (x) => x.logSoftmax(d), { name: `dim ${d}` })),
  cumsum: [one([[2, 3]], (x) => x.cumsum(1))],

  matmul: (
    [
      [[3], [3]],
      [[2, 3], [3]],
      [[3], [3, 2]],
      [
        [2, 3],
        [3, 4],
      ],
      [
        [2, 2, 3],
        [3, 2],
      ],
      [
        [2, 3],
        [2, 3, 2],
      ],
      [[3], [2, 3, 2]],
      [[2, 2, 3], [3]],
      [
        [2, 1, 2, 3],
        [3, 3, 2],
      ],
    ] as number[][][]
  ).map((shapes) => one(shapes, (x, y) => x.matmul(y), { name: JSON.stringify(shapes) })),
  mm: [
    one(
      [
        [2, 3],
        [3, 2],
      ],
      (x, y) => x.mm(y),
    ),
  ],
  bmm: [
    one(
      [
        [2, 2, 3],
        [2, 3, 2],
      ],
      (x, y) => x.bmm(y),
    ),
  ],
  mv: [one([[2, 3], [3]], (x, y) => x.mv(y))],
  dot: [one([[3], [3]], (x, y) => x.dot(y))],
  outer: [one([[2], [3]], (x, y) => x.outer(y))],
  addmm: [one([[2], [3, 2], [2, 2]], (x, a, b) => torch.addmm(x, a, b))],
  linear: [
    one([[2, 3], [4, 3], [4]], (x, w, b) => torch.linear(x, w, b)),
    one(
      [
        [2, 2, 3],
        [4, 3],
      ],
      (x, w) => torch.linear(x, w),
      { name: "no bias" },
    ),
    one([[3], [4, 3], [4]], (x, w, b) => torch.linear(x, w, b), { name: "vector" }),
    one([[0, 3], [4, 3], [4]], (x, w, b) => torch.linear(x, w, b), { name: "no rows" }),
  ],

  reshape: [one([[2, 3]], (x) => x.reshape(3, -1))],
  view: [one([[2, 3]], (x) => x.contiguous().view(3, 2))],
  flatten: [one([[2, 2, 3]], (x) => x.flatten(1))],
  unflatten: [one([[2, 6]], (x) => x.unflatten(1, [2, 3]))],
  permute: [one([[2, 2, 3]], (x) => x.permute(2, 0, 1))],
  transpose: [one([[2, 2, 3]], (x) => x.transpose(0, -1))],
  t: [one([[2, 3]], (x) => x.t())],
  squeeze: [one([[1, 3, 1]], (x) => x.squeeze()), one([[1, 3, 1]], (x) => x.squeeze(-1), { name: "dim" })],
  unsqueeze: [one([[2, 3]], (x) => x.unsqueeze(-1))],
  expand: [one([[2, 1]], (x) => x.expand(3, 2, 4)), one([[2, 1]], (x) => x.expand(-1, 3), { name: "-1" })],
  broadcastTo: [one([[2, 1]], (x) => x.broadcastTo([2, 3]))],
  expandAs: [one([[2, 1]], (x) => x.expandAs(torch.zeros(2, 3)))],
  sumToSize: [
    one([[2, 3]], (x) => x.sumToSize([2, 1])),
    one([[2, 3]], (x) => x.sumToSize([3]), { name: "rank" }),
  ],
  narrow: [one([[2, 4]], (x) => x.narrow(1, 1, 2))],
  sliceDim: [
    one([[2, 5]], (x) => x.sliceDim(1, 0, null, 2)),
    one([[2, 5]], (x) => x.sliceDim(-1, -4, -1, 2), { name: "negative" }),
    one([[2, 5]], (x) => x.sliceDim(1, 3, 2), { name: "empty" }),
  ],
  select: [one([[2, 3]], (x) => x.select(1, -2))],
  unbind: [one([[2, 3]], (x) => x.unbind(1))],
  split: [one([[5, 2]], (x) => x.split(2)), one([[5, 2]], (x) => x.split([1, 4]), { name: "sizes" })],
  chunk: [one([[5, 2]], (x) => x.chunk(2))],
  cat: [
    one(
      [
        [2, 3],
        [1, 3],
      ],
      (x, y) => torch.cat([x, y, x]),
    ),
    one(
      [
        [2, 1],
        [2, 3],
      ],
      (x, y) => torch.cat([x, y], -1),
      { name: "dim -1" },
    ),
  ],
  stack: [
    one(
      [
        [2, 3],
        [2, 3],
      ],
      (x, y) => torch.stack([x, y], 1),
    ),
    one([[], []], (x, y) => torch.stack([x, y]), { name: "0-d" }),
  ],
  clone: [one([[2, 3]], (x) => x.clone())],
  contiguous: [one([[2, 3]], (x) => x.contiguous())],
  to: [one([[2, 3]], (x) => x.to("float64").mul(1))],
  asStrided: [
    one([[6]], (x) => x.contiguous().asStrided([2, 2], [3, 1], 1)),
    one([[6]], (x) => x.contiguous().asStrided([3, 3], [1, 1], 0), { name: "overlapping" }),
  ],
  asStridedScatterAdd: [one([[2, 2]], (x) => x.asStridedScatterAdd([2, 3], [3, 1], [1, 1], 1))],
  at: [
    one([[3, 4]], (x) => x.at("1:, ::2")),
    one([[3, 4]], (x) => x.at(-1), { name: "integer" }),
    one([[3, 4]], (x) => x.at([int([2, 0, 2]), int([1, 1, 1])]), { name: "index tensors" }),
    one([[2, 3]], (x) => x.at([mask]), { name: "mask" }),
    one([[3, 4]], (x) => x.at("..., None, 1"), { name: "None" }),
  ],
  set: [
    one([[2, 3], [2]], (x, y) => x.mul(1).set(":, 1", y)),
    one([[2, 3], [3]], (x, y) => x.mul(1).set([mask], y), { name: "mask" }),
  ],

  indexSelect: [
    one([[3, 2]], (x) => x.indexSelect(0, int([2, 0, 2]))),
    one([[2, 3]], (x) => x.indexSelect(-1, int([1])), { name: "dim -1" }),
  ],
  takeRows: [
    one([[3, 2]], (x) =>
      torch.takeRows(
        x,
        int([
          [2, 0],
          [2, 1],
        ]),
      ),
    ),
  ],
  indexTensors: [
    one([[3, 4]], (x) => x.indexTensors([int([2, 0, 2]), int([1, 1, 1])])),
    one(
      [[3, 4]],
      (x) =>
        x.indexTensors([
          null,
          int([
            [1, 0],
            [3, 3],
          ]),
        ]),
      { name: "null" },
    ),
  ],
  indexPut: [
    one([[3, 4], [2]], (x, v) => x.indexPut([int([2, 0]), int([1, 1])], v), {
      inplace: (x, v) => x.indexPut_([int([2, 0]), int([1, 1])], v),
    }),
    one([[3, 4], [1]], (x, v) => x.indexPut([int([2, 2])], v, true), { name: "accumulate" }),
  ],
  indexAdd: [
    one(
      [
        [3, 2],
        [2, 2],
      ],
      (x, y) => x.indexAdd(0, int([2, 2]), y, { alpha: 3 }),
      { inplace: (x, y) => x.indexAdd_(0, int([2, 0]), y) },
    ),
  ],
  gather: [
    one([[3, 2]], (x) =>
      x.gather(
        0,
        int([
          [2, 0],
          [2, 1],
        ]),
      ),
    ),
  ],
  scatter: [
    one(
      [
        [3, 2],
        [2, 2],
      ],
      (x, y) =>
        x.scatter(
          0,
          int([
            [2, 0],
            [1, 1],
          ]),
          y,
        ),
      {
        inplace: (x, y) =>
          x.scatter_(
            0,
            int([
              [2, 0],
              [1, 1],
            ]),
            y,
          ),
      },
    ),
    one([[3, 2]], (x) => x.scatter(1, int([[1], [0]]), 7), { name: "number" }),
    one(
      [
        [3, 2],
        [4, 3],
      ],
      (x, y) => x.scatter(0, int([[2, 0]]), y),
      { name: "larger source" },
    ),
  ],
  scatterAdd: [
    one(
      [
        [3, 2],
        [2, 2],
      ],
      (x, y) =>
        x.scatterAdd(
          0,
          int([
            [2, 0],
            [2, 2],
          ]),
          y,
        ),
      {
        inplace: (x, y) =>
          x.scatterAdd_(
            0,
            int([
              [2, 0],
              [2, 2],
            ]),
            y,
          ),
      },
    ),
  ],
  maskedFill: [
    one([[2, 3], []], (x, v) => x.maskedFill(mask, v), { inplace: (x, v) => x.maskedFill_(mask, v) }),
    one([[2, 3]], (x) => x.maskedFill(mask, 2), { name: "number" }),
  ],
  maskedSelect: [one([[2, 3]], (x) => x.maskedSelect(mask))],
  copy_: [one([[2, 3], [3]], (x, y) => x.mul(2).copy_(y).mul(x))],
  fill_: [
    one([[2, 3], []], (x, y) => x.mul(2).fill_(y).mul(x)),
    one([[2, 3]], (x) => x.mul(2).fill_(3).mul(x), { name: "number" }),
  ],
  zero_: [one([[2, 3]], (x) => x.mul(2).zero_().mul(x))],
};

/** Ops that have no derivative to check, and why. */
const without: Record<string, readonly string[]> = {
  "random numbers": [
    "bernoulli",
    "bernoulli_",
    "cauchy_",
    "exponential_",
    "geometric_",
    "logNormal_",
    "normal_",
    "normalAround",
    "poisson",
    "uniform_",
  ],
  "results that hold none of the input's values": [
    "countNonzero",
    "emptyLike",
    "fullLike",
    "isclose",
    "newEmptyStrided",
    "newFull",
    "newOnes",
    "newZeros",
    "onesLike",
    "zerosLike",
  ],
  "conversions to other dtypes, which are `to`": ["bool", "double", "float", "int", "long"],
};

/** Samples of an op: the listed ones, else, for an elementwise op of one or two operands, numbers from 0.1 to 0.9. */
function samplesOf(entry: OpEntry): Sample[] | null {
  const found = samples[entry.name];
  if (found) return typeof found === "function" ? found(entry.name) : found;
  if (!entry.differentiable || entry.kind !== "elementwise") return null;
  const general = { low: 0.1, high: 0.9 };
  // The function takes the operands, then options.
  const operands = entry.definition.length - 1;
  return operands === 1 ? unary(general)(entry.name) : operands === 2 ? binary(general)(entry.name) : null;
}

test("every differentiable op has a sample", () => {
  const excused = new Set(Object.values(without).flat());
  const missing = [...table.values()]
    .filter((e) => e.differentiable && !samplesOf(e) && !excused.has(e.name))
    .map((e) => e.name);
  expect(missing).toEqual([]);
});

// Numbers of this file's own, so that they stay the same whatever runs before.
const generator = new torch.Generator();
function random(shape: readonly number[], { low, high }: Domain): Tensor {
  const t: Tensor = torch
    .rand([...shape], { dtype: "float64", generator })
    .mul(high - low)
    .add(low);
  return t.requiresGrad_();
}

/** Ways to lay out an input of a shape: the leaf's shape, and the view of the leaf that the op is given. */
const layouts: Record<string, (shape: readonly number[]) => [readonly number[], (leaf: Tensor) => Tensor]> = {
  contiguous: (shape) => [shape, (x) => x],
  transposed: (shape) => [[...shape].reverse(), (x) => x.permute(shape.map((_, i) => shape.length - 1 - i))],
  sliced: (shape) =>
    shape.length === 0
      ? [[2], (x) => x.select(0, 1)]
      : [[...shape.slice(0, -1), 2 * shape.at(-1)! + 1], (x) => x.sliceDim(-1, 1, 2 * shape.at(-1)! + 1, 2)],
  expanded: (shape) =>
    shape.length === 0 ? [[1], (x) => x.reshape([])] : [[1, ...shape.slice(1)], (x) => x.expand([...shape])],
};

const tensors = (result: unknown): Tensor[] => [result].flat() as Tensor[];

describe.each(Object.keys(layouts))("%s inputs", (layout) => {
  const cases = [...table.values()].flatMap((entry) =>
    (samplesOf(entry) ?? []).map((s): [string, Sample] => [`${entry.name} ${s.name}`.trim(), s]),
  );
  test.each(cases)("%s", (_, { shapes, fn, inplace, domain = { low: -2, high: 2 } }) => {
    generator.manualSeed(7);
    const laid = shapes.map((shape) => layouts[layout]!(shape));
    const leaves = laid.map(([shape]) => random(shape, domain));
    const inputs = (xs: readonly Tensor[]): Tensor[] => xs.map((x, i) => laid[i]![1](x));
    const run = (...xs: Tensor[]): Tensor[] => tensors(fn(...inputs(xs))).filter((y) => y.isFloatingPoint());
    gradcheck(run, leaves);
    gradgradcheck(run, leaves, { atol: 1e-4 });
    if (!inplace) return;
    // In place on a copy of the same layout, which is not a leaf.
    const change = (...xs: Tensor[]): Tensor[] => {
      const [first, ...rest] = inputs(xs) as [Tensor, ...Tensor[]];
      const copy = layout === "transposed" ? first.t().clone().t() : first.mul(1);
      const result = inplace(copy, ...rest);
      expect(result === copy).toBe(true);
      return [copy];
    };
    gradcheck(change, leaves);
    gradgradcheck(change, leaves, { atol: 1e-4 });
  });
});
