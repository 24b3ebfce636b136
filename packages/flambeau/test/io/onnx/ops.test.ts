// Every op that has a form in ONNX, run in onnxruntime: exported by an example of one size, compared on others.

import { describe, expect, it } from "vitest";
import type { AnyTensor } from "../../../src/index.ts";
import * as torch from "../../../src/index.ts";
import { lowerings } from "../../../src/io/onnx/lower/index.ts";
import type { Case } from "./cases/common.ts";
import { activations, elementwise, reductions } from "./cases/elementwise.ts";
import { composed, functions } from "./cases/functions.ts";
import { linears, pools, recurrents } from "./cases/layers.ts";
import { indexing, movements } from "./cases/movement.ts";
import { compare, tensorsIn } from "./runtime.ts";

/** The newest set of operators; the others lie between. */
const newest = 23;

const table: Record<string, Case[]> = {
  ...elementwise,
  ...activations,
  ...reductions,
  ...linears,
  ...pools,
  ...movements,
  ...indexing,
  ...recurrents,
  ...functions,
};

describe("ops in onnxruntime", () => {
  it("every op with a form in ONNX has a case", () => {
    expect([...lowerings.keys()].filter((op) => !table[op])).toEqual([]);
    expect(Object.keys(table).filter((op) => !lowerings.has(op))).toEqual([]);
  });

  for (const [op, cases] of Object.entries({ ...table, ...composed }))
    it(op, async () => {
      for (const { f, make, opset } of cases) {
        torch.manualSeed(0);
        // What differs between examples of two sizes is dynamic.
        const [two, three] = [make(2), make(3)].map(tensorsIn) as [AnyTensor[], AnyTensor[]];
        const dynamicShapes = two.map((t, i) => (t.shape[0] === three[i]!.shape[0] ? null : { 0: "batch" }));
        await compare(f, make, { dynamicShapes, opsetVersion: opset });
        await compare(f, make, { dynamicShapes, opsetVersion: newest }, [3]);
      }
    });
});
