// What the samples of ops are made with: see index.ts.

import * as torch from "../../../src/index.ts";

export type Tensor = torch.AnyTensor;
// biome-ignore lint/suspicious/noExplicitAny: ops are called by name.
export type Fn = (...args: any[]) => any;

/** Where the inputs' values lie: away from kinks and poles. */
export interface Domain {
  readonly low: number;
  readonly high: number;
}
export const unit: Domain = { low: -0.9, high: 0.9 };
export const positive: Domain = { low: 0.3, high: 2 };
export const above1: Domain = { low: 1.2, high: 3 };

export interface Sample {
  /** What is called with the inputs, in words. */
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly fn: Fn;
  readonly domain?: Domain;
  /** In-place ops change a copy: broadcasting must not enlarge the first input. */
  readonly inplace?: Fn;
}

export const int = (values: unknown): Tensor => torch.tensor(values as number[], { dtype: "int32" });
export const mask: Tensor = torch.tensor([
  [true, false, true],
  [false, false, true],
]);

export const unary =
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
export const binary =
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
/** {@link binary} of an op that takes tensors only, in place where there is such a form. */
export const tensors = (op: string): Sample[] =>
  binary(positive)(op)
    .filter((s) => s.name !== "number")
    .map(({ inplace, ...s }) => (inplace && `${op}_` in torch.Tensor.prototype ? { ...s, inplace } : s));
export const along = (op: string): Sample[] => [
  { name: "all", shapes: [[2, 3]], fn: (x) => x[op]() },
  { name: "dim 0", shapes: [[2, 3]], fn: (x) => x[op](0) },
  { name: "dim -1, keepdim", shapes: [[2, 2, 3]], fn: (x) => x[op](-1, { keepdim: true }) },
];
export const alongs = (op: string): Sample[] => [
  ...along(op),
  { name: "dims [0, 2]", shapes: [[2, 2, 3]], fn: (x) => x[op]([0, 2]) },
];
export const one = (shapes: readonly (readonly number[])[], fn: Fn, more: Partial<Sample> = {}): Sample => ({
  name: "",
  shapes,
  fn,
  ...more,
});

/** Samples by the name of the op (`add`, `linalg.inv`): a list, or how to make one from the name. */
export type Samples = Record<string, Sample[] | ((op: string) => Sample[])>;
