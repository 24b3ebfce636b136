// The verifier of programs: what it lets pass, and the message for each rule that a program can break.

import { describe, expect, test } from "vitest";
import type { DType } from "../../src/base/dtype.ts";
import type {
  Access,
  Buffer,
  BufferKind,
  ConvStep,
  ElementsStep,
  HostStep,
  LoopStep,
  MatmulStep,
  PoolStep,
  Program,
  RepeatStep,
  RowsStep,
  Step,
} from "../../src/ir/program.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import { verifyProgram } from "../../src/ir/verify-program.ts";

const k = new ExprBuilder();
const x = k.input(0, "float32");
const buffer = (kind: BufferKind, length: number, dtype: DType = "float32"): Buffer => ({
  kind,
  length,
  dtype,
  name: `${kind}${length}`,
});
const at = (id: number, strides: readonly number[], offset = 0): Access => ({ buffer: id, offset, strides });
const operand = (source: Access, dtype: DType = "float32"): LoopStep["operands"][number] => ({
  dtype,
  source,
});
const program = (buffers: readonly Buffer[], ...steps: readonly Step[]): Program => ({
  buffers,
  steps,
  scalars: ["lr"],
});

/** Buffer 0: state of 12; 1: input of 12; 2: const of 3; 3: temp of 12; 4: int64 input of 4; 5: temp of 4. */
const buffers: readonly Buffer[] = [
  buffer("state", 12),
  buffer("input", 12),
  { ...buffer("const", 3), data: new Float32Array(3) },
  buffer("temp", 12),
  buffer("input", 4, "int64"),
  buffer("temp", 4),
];

const map: LoopStep = {
  kind: "loop",
  name: "neg",
  outer: [],
  inner: [4, 3],
  operands: [operand(at(1, [3, 1]))],
  stages: [],
  maps: [{ body: k.neg(x), to: at(3, [3, 1]) }],
  values: [],
};
const softmax: LoopStep = {
  kind: "loop",
  name: "softmax",
  outer: [4],
  inner: [3],
  operands: [operand(at(0, [3, 1]))],
  stages: [
    { combine: "max", body: x },
    { combine: "sum", body: k.exp(k.sub(x, k.input(1, "float32"))) },
  ],
  maps: [{ body: k.sub(x, k.input(2, "float32")), to: at(0, [3, 1]) }],
  values: [{ body: k.log(k.input(2, "float32")), to: at(5, [1]) }],
};
const matmul: MatmulStep = {
  kind: "matmul",
  name: "linear",
  dtype: "float32",
  batch: 1,
  m: 4,
  n: 1,
  k: 3,
  a: at(1, [0, 3, 1]),
  b: at(2, [0, 1, 0]),
  operands: [{ dtype: "float32", source: { scalar: 0 } }],
  maps: [{ body: k.add(x, k.input(1, "float32")), to: at(5, [0, 1, 0]) }],
};
const conv: ConvStep = {
  kind: "conv",
  name: "conv",
  direction: "forward",
  geometry: {
    batch: 1,
    groups: 1,
    inChannels: 1,
    outChannels: 1,
    input: [3, 4],
    output: [3, 2],
    kernel: [1, 3],
    stride: [1, 1],
    padding: [0, 0],
    dilation: [1, 1],
  },
  a: at(1, []),
  b: at(2, []),
  operands: [],
  maps: [{ body: x, to: at(3, [0, 0, 2, 1]) }],
};
const rows: RowsStep = {
  kind: "rows",
  name: "embedding",
  mode: "gather",
  dtype: "float32",
  rows: 4,
  width: 3,
  limit: 4,
  index: at(4, [1]),
  from: at(0, [3]),
  to: at(3, [3]),
};
const elements: ElementsStep = {
  kind: "elements",
  name: "gather",
  mode: "gather",
  dtype: "float32",
  shape: [4],
  limit: 3,
  step: 1,
  index: at(4, [1]),
  from: at(0, [3]),
  to: at(5, [1]),
};
const pool: PoolStep = {
  kind: "pool",
  name: "pool",
  mode: "average",
  planes: 1,
  input: [3, 4],
  output: [2, 2],
  kernel: [2, 2],
  stride: [2, 2],
  padding: [1, 0],
  dilation: [1, 1],
  countPadding: true,
  divisor: 0,
  from: at(0, []),
  index: null,
  to: at(5, []),
};
const host: HostStep = {
  kind: "host",
  name: "bernoulli",
  reads: [0],
  writes: [3],
  run: ([from], [to]) => (to as Float32Array).set(from as Float32Array),
};

/** Four rounds over buffer 0, three elements each, into buffer 3. */
const repeat: RepeatStep = {
  kind: "repeat",
  name: "recurrence",
  counts: [4],
  apart: 0,
  body: {
    buffers: [buffer("input", 3), buffer("output", 3)],
    scalars: [],
    steps: [
      { ...map, inner: [3], operands: [operand(at(0, [1]))], maps: [{ body: k.neg(x), to: at(1, [1]) }] },
    ],
  },
  bindings: [
    { inner: 0, access: at(0, [3]) },
    { inner: 1, access: at(3, [3]) },
  ],
};
const bound = (i: number, access: Access): RepeatStep => ({
  ...repeat,
  bindings: repeat.bindings.map((b, j) => (i === j ? { ...b, access } : b)),
});

/** Two groups of two rounds, which write rows of buffer 3 and each change a third of buffer 0. */
const apart: RepeatStep = {
  ...repeat,
  counts: [2, 2],
  apart: 1,
  body: {
    buffers: [buffer("input", 3), buffer("output", 3), buffer("state", 4)],
    scalars: [],
    steps: [
      ...repeat.body.steps,
      { ...map, inner: [4], operands: [operand(at(2, [1]))], maps: [{ body: k.neg(x), to: at(2, [1]) }] },
    ],
  },
  bindings: [
    { inner: 0, access: at(1, [6, 3]) },
    { inner: 1, access: at(3, [6, 3]) },
    { inner: 2, access: at(0, [4, 0]) },
  ],
};
const elsewhere = (i: number, access: Access): RepeatStep => ({
  ...apart,
  bindings: apart.bindings.map((b, j) => (i === j ? { ...b, access } : b)),
});

const run = (...steps: readonly Step[]): void => verifyProgram(program(buffers, ...steps));

describe("legal programs", () => {
  test.each(
    [map, softmax, matmul, conv, rows, elements, pool, repeat, apart, host].map((s) => [s.kind, s] as const),
  )("a %s step", (_, step) => run(step));

  test("what is written may lie between what is read", () => {
    const even = at(0, [2]);
    run({ ...map, inner: [6], operands: [operand(at(0, [2], 1))], maps: [{ body: x, to: even }] });
  });

  test("a scatter over what is defined, and a read of the part that is", () => {
    run(
      { ...map, inner: [3], operands: [], maps: [{ body: k.const(0, "float32"), to: at(3, [1]) }] },
      { ...rows, mode: "scatterAdd", width: 1, limit: 3, from: at(0, [1]), to: at(3, [1]) },
      { ...map, inner: [3], operands: [operand(at(3, [1]))], maps: [{ body: x, to: at(0, [1]) }] },
    );
  });

  test("loops and products over nothing", () => {
    run({ ...map, inner: [0, 9] });
    run({ ...softmax, inner: [0] });
    run({ ...matmul, k: 0 });
  });
});

describe("buffers", () => {
  const cases: readonly (readonly [string, Partial<Buffer>, string])[] = [
    ["the dtype", { dtype: "half" as DType }, 'buffer 0 ("state12"): unknown dtype half'],
    ["the length", { length: -1 }, "the length must be a count, got -1"],
    ["the kind", { kind: "local" as BufferKind }, "unknown kind local"],
    ["data of a temp", { kind: "temp", data: new Float32Array(12) }, "only a const has data"],
    ["a const without data", { kind: "const" }, "needs data of 12 float32, got none"],
    ["a const of another dtype", { kind: "const", data: new Int32Array(12) }, "got 12 in a Int32Array"],
  ];
  test.each(cases)("%s", (_, change, message) => {
    expect(() => verifyProgram(program([{ ...buffers[0]!, ...change }]))).toThrow(message);
  });

  test("rounds that read what earlier ones have written", () => {
    const first = {
      ...map,
      inner: [3],
      operands: [operand(at(1, [1]))],
      maps: [{ body: x, to: at(3, [1]) }],
    };
    const chain = bound(0, at(3, [3]));
    const on: RepeatStep = {
      ...chain,
      counts: [3],
      bindings: [chain.bindings[0]!, { inner: 1, access: at(3, [3], 3) }],
    };
    run(first, on);
    expect(() => run(on)).toThrow("bindings[0]: reads element 0");
  });

  test("an output that is not written as a whole", () => {
    const out = [buffer("input", 12), buffer("output", 6)];
    const step = { ...map, inner: [5], operands: [operand(at(0, [1]))], maps: [{ body: x, to: at(1, [1]) }] };
    expect(() => verifyProgram(program(out, step))).toThrow('output 1 ("output6"): no step writes element 5');
  });
});

describe("steps", () => {
  const to = (access: Access): LoopStep["maps"] => [{ body: x, to: access }];
  const cases: readonly (readonly [string, Step, string])[] = [
    ["the kind", { ...map, kind: "sort" as "loop" }, "unknown kind sort"],
    ["an unknown buffer", { ...map, maps: to(at(9, [3, 1])) }, "maps[0].to: there is no buffer 9"],
    ["the number of strides", { ...map, maps: to(at(3, [1])) }, "maps[0].to: expected 2 strides, got [1]"],
    ["a stride", { ...map, maps: to(at(3, [3, 0.5])) }, "strides must be integers"],
    ["an offset", { ...map, maps: to(at(3, [3, 1], -1)) }, "maps[0].to.offset: must be an integer from 0"],
    ["a size", { ...map, inner: [4, -3] }, "inner[1]: must be an integer from 0, got -3"],
    [
      "bounds",
      { ...map, operands: [operand(at(1, [3, 1], 1))] },
      'operands[0]: places 1 to 12 of buffer 1 ("input12"), which has 12',
    ],
    ["bounds below", { ...map, operands: [operand(at(1, [3, -1]))] }, "places -2 to 9"],
    [
      "the dtype of an operand",
      {
        ...map,
        operands: [operand(at(1, [3, 1]), "float64")],
        maps: [{ body: k.const(1, "float32"), to: at(3, [3, 1]) }],
      },
      'buffer 1 ("input12") is float32, expected float64',
    ],
    ["the dtype of a result", { ...map, maps: [{ body: k.gt(x, 0), to: at(3, [3, 1]) }] }, "expected bool"],
    [
      "a number of the host",
      { ...map, operands: [{ dtype: "float32", source: { scalar: 1 } }] },
      "there is no number 1 of the host: the program has 1",
    ],
    ["an input", { ...map, maps: to(at(1, [3, 1])) }, "of kind input, which steps only read"],
    [
      "a const",
      { ...map, inner: [3], operands: [operand(at(1, [1]))], maps: to(at(2, [1])) },
      "of kind const",
    ],
    ["a result over itself", { ...map, maps: to(at(3, [1, 1])) }, "writes an element more than once"],
    ["a repeated result", { ...map, maps: to(at(3, [3, 0])) }, "writes an element more than once"],
    [
      "two results",
      {
        ...map,
        inner: [6],
        operands: [operand(at(1, [1]))],
        maps: [...to(at(3, [2])), ...to(at(3, [1], 6))],
      },
      "maps[0].to: overlaps maps[1].to, which is written too",
    ],
    [
      "a shifted operand",
      { ...map, inner: [6], operands: [operand(at(0, [1], 1))], maps: to(at(0, [1])) },
      "maps[0].to: overlaps operands[0], which is read",
    ],
    ["no result", { ...map, maps: [] }, "there must be a result"],
    ["maps with outer dimensions", { ...map, outer: [4], inner: [3] }, "maps alone have no outer dimensions"],
    [
      "an expression",
      { ...map, maps: [{ body: k.input(1, "float32"), to: at(3, [3, 1]) }] },
      "input 1 is out of range",
    ],
    [
      "a stage that looks at itself",
      { ...softmax, stages: [{ combine: "sum", body: k.input(1, "float32") }] },
      "stages[0].body (input: float32): input 1 is out of range",
    ],
    [
      "a combination",
      { ...softmax, stages: [{ combine: "or", body: x }, softmax.stages[1]!] },
      "or does not take float32",
    ],
    [
      "a value that looks at a moving operand",
      { ...softmax, values: [{ body: x, to: at(5, [1]) }] },
      "values[0].body (input: float32): input 0 is out of range",
    ],
    [
      "a value that looks at what a map overwrites",
      {
        ...softmax,
        inner: [1],
        operands: [operand(at(0, [1, 0]))],
        maps: to(at(0, [1, 0])),
        values: [{ body: x, to: at(5, [1]) }],
      },
      "values[0].body: looks at operand 0, which maps[0] is stored over",
    ],
    [
      "a temp before it is written",
      { ...map, operands: [operand(at(3, [3, 1]))], maps: to(at(0, [3, 1])) },
      'reads element 0 of "temp12", which is not written yet',
    ],
    ["a product of integers", { ...matmul, dtype: "int64" }, "products are of float32 or float64, got int64"],
    ["a product over its operand", { ...matmul, maps: to(at(1, [0, 1, 0])) }, "of kind input"],
    [
      "a product over what it reads",
      { ...matmul, a: at(0, [0, 3, 1]), maps: to(at(0, [0, 1, 0])) },
      "overlaps a, which is read",
    ],
    [
      "an epilogue's inputs",
      { ...matmul, maps: [{ body: k.input(2, "float32"), to: at(5, [0, 1, 0]) }] },
      "input 2 is out of range",
    ],
    ["groups", { ...conv, geometry: { ...conv.geometry, groups: 2 } }, "do not divide into 2 groups"],
    [
      "windows",
      { ...conv, geometry: { ...conv.geometry, output: [3, 5] } },
      "the last of 5 windows begins outside of 4 places",
    ],
    ["an image", { ...conv, a: at(1, [], 1) }, "a: places 1 to 12"],
    ["a float index", { ...rows, index: at(1, [1]) }, "numbers are int32 or int64, got float32"],
    ["rows that can be asked for", { ...rows, limit: 5 }, "from: places 0 to 14"],
    ["rows over each other", { ...rows, to: at(3, [2]) }, "to: writes an element more than once"],
    ["rows onto themselves", { ...rows, to: at(0, [3]) }, "to: overlaps from, which is read"],
    ["elements that can be asked for", { ...elements, step: 2 }, "from: places 0 to 13"],
    [
      "a sum of undefined elements",
      { ...elements, mode: "scatterAdd", from: at(0, [1]), to: at(3, [3]) },
      "to: reads element 0",
    ],
    ["a sum of bools", { ...elements, mode: "scatterAdd", dtype: "bool" }, "bool cannot be added"],
    ["a maximum without places", { ...pool, mode: "max" }, "maxima need the places"],
    ["a mean with places", { ...pool, index: at(4, []) }, "averages have no places"],
    ["a large border", { ...pool, padding: [2, 0] }, "2 is more than half of the kernel's 2"],
    [
      "a window of nothing",
      { ...pool, mode: "max", index: at(4, []), kernel: [2, 2], padding: [1, 0], dilation: [4, 1] },
      "window 0 lies in the border alone",
    ],
    ["windows of pooling", { ...pool, output: [4, 2] }, "the last of 4 windows"],
    ["rounds that reach too far", bound(0, at(0, [4])), "bindings[0]: places 0 to 14"],
    ["rounds over each other", bound(1, at(3, [2])), "bindings[1]: rounds write over each other"],
    [
      "a round that reads what it writes",
      bound(0, at(3, [3])),
      "bindings[1]: overlaps bindings[0] in a round",
    ],
    ["too many dimensions apart", { ...apart, apart: 3 }, "apart: there are 2 dimensions, got 3"],
    ["strides of rounds", elsewhere(0, at(1, [3])), "bindings[0]: expected 2 strides, got [3]"],
    [
      "a state that all rounds change",
      elsewhere(2, at(0, [0, 0])),
      "bindings[2]: rounds write over each other",
    ],
    [
      "rounds at once that read what others write",
      elsewhere(0, at(0, [0, 0], 4)),
      "bindings[2]: overlaps bindings[0], and rounds may run at once",
    ],
    [
      "a bound temp",
      { ...repeat, body: { ...repeat.body, buffers: [buffer("temp", 3), buffer("output", 3)] } },
      "not a temp",
    ],
    ["a buffer of a body", { ...repeat, bindings: repeat.bindings.slice(1) }, "of kind input, is not bound"],
    [
      "a step of a body",
      { ...repeat, body: { ...repeat.body, steps: [{ ...host, reads: [0], writes: [1] }] } },
      'body.steps[0]: "bernoulli" is of kind host',
    ],
    [
      "a number in a body",
      { ...repeat, body: { ...repeat.body, scalars: ["lr"] } },
      "no numbers of the host",
    ],
    ["a buffer of a host step", { ...host, writes: [7] }, "writes[0]: there is no buffer 7"],
    ["a host step that writes an argument", { ...host, writes: [1] }, "which steps only read"],
    ["what a host step reads", { ...host, reads: [5] }, "reads[0]: reads element 0"],
  ];
  test.each(cases)("%s", (_, step, message) => {
    expect(() => run(step)).toThrow(message);
    expect(() => run(step)).toThrow(/^program: step 0 \(/);
  });
});
