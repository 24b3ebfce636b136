// What an exported model says of itself, what the files are, and what cannot be exported.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, describe, expect, it } from "vitest";
import * as torch from "../../../src/index.ts";
import type { GraphProto, ModelProto, ValueInfoProto } from "../../../src/io/onnx/proto/onnx_pb.ts";
import { ModelProtoSchema } from "../../../src/io/onnx/proto/onnx_pb.ts";
import { compare, distance, runModel, tolerance } from "./runtime.ts";

const { nn } = torch;
const folder = mkdtempSync(join(tmpdir(), "flambeau-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);
const graphOf = (bytes: Uint8Array): GraphProto => read(bytes).graph!;
const batch = { dynamicAxes: { input: { 0: "batch" } } };

/** `[batch, 4]` */
function shown({ type }: ValueInfoProto): string {
  const tensor = type!.value.value!;
  return `[${tensor.shape!.dim.map((d) => String(d.value.value)).join(", ")}]`;
}

class Net extends nn.Module {
  readonly hidden = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU());
  readonly output = new nn.Linear(8, 2, { bias: false });
  readonly scale = this.registerBuffer("inputScale", torch.ones(4).mul(2));
  forward(x: torch.AnyTensor): torch.AnyTensor {
    return this.output(this.hidden(x.mul(this.scale)));
  }
  override stateKey(name: string): string {
    return name === "scale" ? "input_scale" : super.stateKey(name);
  }
}

describe("the model", () => {
  it("names inputs, outputs, dimensions, parameters and nodes", async () => {
    const bytes = await torch.onnx.export(new Net(), torch.ones(3, 4), null, {
      inputNames: ["x"],
      outputNames: ["y"],
      dynamicAxes: { x: { 0: "batch" }, y: { 0: "batch" } },
    });
    const model = read(bytes);
    expect(model).toMatchObject({ irVersion: 8n, producerName: "flambeau" });
    expect(model.opsetImport).toMatchObject([{ domain: "", version: 17n }]);
    expect(model.docString).toContain("(hidden): Sequential(");
    const graph = model.graph!;
    expect(graph.name).toBe("Net");
    expect(graph.input.map((v) => [v.name, shown(v)])).toEqual([["x", "[batch, 4]"]]);
    expect(graph.output.map((v) => [v.name, shown(v)])).toEqual([["y", "[batch, 2]"]]);
    expect(graph.initializer.map((t) => t.name).toSorted()).toEqual(
      Object.keys(new Net().stateDict())
        .filter((k) => graph.initializer.some((t) => t.name === k))
        .toSorted(),
    );
    expect(graph.initializer.map((t) => t.name)).toContain("hidden.0.weight");
    expect(graph.node.map((n) => [n.name, n.opType])).toEqual([
      ["/Mul", "Mul"],
      ["/hidden/0/Gemm", "Gemm"],
      ["/hidden/1/Relu", "Relu"],
      ["/output/Gemm", "Gemm"],
    ]);
    expect(graph.valueInfo.map((v) => [v.name, shown(v)])).toEqual([
      ["/Mul_output_0", "[batch, 4]"],
      ["/hidden/0/Gemm_output_0", "[batch, 8]"],
      ["/hidden/1/Relu_output_0", "[batch, 8]"],
    ]);
  });

  it("tells how dimensions follow from those of the inputs", async () => {
    const f = (x: torch.AnyTensor): unknown => [
      torch.cat([x, x.select(1, 0).unsqueeze(1)], 1),
      x.reshape(-1),
      x.repeat(3, 1),
    ];
    const bytes = await torch.onnx.export(f, torch.ones(3, 4), null, {
      dynamicAxes: { input: { 0: "a", 1: "b" } },
    });
    expect(graphOf(bytes).output.map(shown)).toEqual(["[a, b + 1]", "[a*b]", "[3*a, b]"]);
  });

  it("has dimensions of its example without dynamic axes", async () => {
    const bytes = await torch.onnx.export((x: torch.AnyTensor) => x.reshape(-1), torch.ones(3, 4));
    expect(graphOf(bytes).input.map(shown)).toEqual(["[3, 4]"]);
    expect(graphOf(bytes).output.map(shown)).toEqual(["[12]"]);
  });

  it("takes axes as lists, by name and by place, with names of their own", async () => {
    const f = (a: torch.AnyTensor, o: { b: torch.AnyTensor }): torch.AnyTensor => a.add(o.b.sum());
    const example = [torch.ones(2, 3), { b: torch.ones(4) }];
    const byName = await torch.onnx.export(f, example, null, { dynamicAxes: { input_0: [0], input_1: [0] } });
    const byPlace = await torch.onnx.export(f, example, null, { dynamicShapes: [[0], [-1]] });
    for (const bytes of [byName, byPlace])
      expect(graphOf(bytes).input.map(shown)).toEqual(["[input_0_dim_0, 3]", "[input_1_dim_0]"]);
  });

  it("has tied parameters once, and constants that are alike once", async () => {
    class Tied extends nn.Module {
      readonly embedding = new nn.Embedding(6, 4);
      readonly head = new nn.Linear(4, 6, { bias: false });
      constructor() {
        super();
        this.head.weight = this.embedding.weight as typeof this.head.weight;
      }
      forward(x: torch.AnyTensor): torch.AnyTensor {
        return this.head(this.embedding(x)).mul(0.5).add(0.5);
      }
    }
    const bytes = await compare(new Tied(), (n) => [torch.randint(0, 6, [n, 3])], batch);
    expect(graphOf(bytes).initializer.map((t) => t.name)).toEqual(["embedding.weight", "constant"]);
  });

  it("of a function has the names of the modules that it calls", async () => {
    const [first, second] = [new nn.Linear(4, 4), new nn.Linear(4, 4)];
    const f = (x: torch.AnyTensor): torch.AnyTensor => second(first(x)).softmax(-1);
    const bytes = await compare(f, (n) => [torch.randn(n, 4)], batch);
    expect(graphOf(bytes).initializer.map((t) => t.name)).toEqual([
      "linear.weight",
      "linear.bias",
      "linear_1.weight",
      "linear_1.bias",
    ]);
  });

  it("leaves out what the outputs do not need", async () => {
    const f = (x: torch.AnyTensor): torch.AnyTensor => {
      x.exp().lgamma();
      return x.add(torch.ones(4).mul(3).sum());
    };
    const graph = graphOf(await compare(f, (n) => [torch.randn(n, 4)], batch));
    expect(graph.node.map((n) => n.opType)).toEqual(["Add"]);
  });

  it("gives inputs, constants and one value twice as outputs", async () => {
    const f = (x: torch.AnyTensor): unknown => {
      const y = x.mul(2);
      return { y, again: y, x, constant: torch.ones(2), view: y.detach() };
    };
    await compare(f, (n) => [torch.randn(n, 4)], batch);
  });

  for (const opsetVersion of [18, 19, 20, 21, 22, 23])
    it(`runs with opset ${opsetVersion}`, async () => {
      torch.manualSeed(0);
      const net = new nn.Sequential(
        new nn.Conv2d(1, 4, 3),
        new nn.GroupNorm(2, 4),
        new nn.GELU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(2),
        new nn.LayerNorm(9),
        new nn.TransformerEncoderLayer(9, 3, { dimFeedforward: 8, batchFirst: true }),
        new nn.Flatten(),
        new nn.LogSoftmax(1),
      );
      const bytes = await compare(net, (n) => [torch.randn(n, 1, 8, 8)], { ...batch, opsetVersion });
      expect(read(bytes).opsetImport[0]!.version).toBe(BigInt(opsetVersion));
    });
});

describe("the exported module", () => {
  it("is as it was before: modes, buffers, recording of gradients", async () => {
    const net = new nn.Sequential(new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.Dropout(0.5));
    net[1].eval();
    const before = Object.entries(net.stateDict()).map(([k, v]) => [k, v.tolist()]);
    await torch.onnx.export(net, torch.randn(2, 4), null, batch);
    expect([...net.modules()].map((m) => m.training)).toEqual([true, true, false, true]);
    expect(Object.entries(net.stateDict()).map(([k, v]) => [k, v.tolist()])).toEqual(before);
    expect(net(torch.randn(2, 4)).requiresGrad).toBe(true);
  });

  it("can ask whether it is being exported", async () => {
    const f = (x: torch.AnyTensor): torch.AnyTensor =>
      torch.onnx.isInOnnxExport() ? x.exp() : x.mul(Number(x.sum()));
    expect(graphOf(await torch.onnx.export(f, torch.ones(2))).node.map((n) => n.opType)).toEqual(["Exp"]);
    expect(torch.onnx.isInOnnxExport()).toBe(false);
  });

  it("may keep a state in a buffer", async () => {
    class Counter extends nn.Module {
      readonly count = this.registerBuffer("count", torch.zeros(1));
      forward(x: torch.AnyTensor): torch.AnyTensor {
        this.count.add_(1);
        return x.add(this.count);
      }
    }
    const net = new Counter();
    const bytes = await torch.onnx.export(net, torch.zeros(2, 1), null, batch);
    expect(net.count.tolist()).toEqual([0]);
    const [y] = (await runModel(bytes, [torch.zeros(3, 1)])).values();
    expect([...(y!.data as Float32Array)]).toEqual([1, 1, 1]);
  });

  it("stays usable after an export that failed", async () => {
    const net = new nn.Sequential(new nn.Dropout(0.5), new nn.Linear(2, 2));
    const f = (x: torch.AnyTensor): torch.AnyTensor => net(x);
    await expect(torch.onnx.export(f, torch.ones(2, 2))).rejects.toThrow("random numbers are drawn");
    expect(net.training).toBe(true);
    expect(torch.rand(1).item()).toBeLessThan(1);
    await torch.onnx.export(net, torch.ones(2, 2));
  });
});

describe("files", () => {
  const net = new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 3));
  const x = torch.randn(5, 64);
  const check = async (path: string): Promise<void> => {
    const [y] = (await runModel(path, [x])).values();
    expect(
      distance(
        torch.noGrad(() => net(x)),
        y!,
      ),
    ).toBeLessThan(tolerance);
  };

  it("are the same bytes as without a path", async () => {
    const path = join(folder, "model.onnx");
    expect(await torch.onnx.export(net, torch.ones(2, 64), path, batch)).toBe(undefined);
    expect(
      Buffer.compare(readFileSync(path), await torch.onnx.export(net, torch.ones(2, 64), null, batch)),
    ).toBe(0);
    await check(path);
  });

  it("with parameters beside the model", async () => {
    const path = join(folder, "split.onnx");
    await torch.onnx.export(net, torch.ones(2, 64), path, { ...batch, externalData: true });
    expect(statSync(path).size).toBeLessThan(2000);
    expect(statSync(`${path}.data`).size).toBe(8192);
    const weight = graphOf(readFileSync(path)).initializer.find((t) => t.name === "0.weight")!;
    expect(Object.fromEntries(weight.externalData.map((e) => [e.key, e.value]))).toEqual({
      location: "split.onnx.data",
      offset: "0",
      length: "8192",
    });
    await check(path);
  });

  it("stay as they were when an export fails", async () => {
    const path = join(folder, "kept.onnx");
    writeFileSync(path, "before");
    const before = readdirSync(folder);
    await expect(torch.onnx.export((t: torch.AnyTensor) => t.lgamma(), x, path)).rejects.toThrow("lgamma");
    await expect(torch.onnx.export(net, x, join(folder, "nowhere", "a.onnx"))).rejects.toThrow(
      torch.FileError,
    );
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(folder)).toEqual(before);
  });

  it("beside the model need a path", async () => {
    await expect(torch.onnx.export(net, x, null, { externalData: true })).rejects.toThrow(
      "externalData needs a path",
    );
  });
});

describe("what cannot be exported", () => {
  const fails = async (
    f: unknown,
    x: unknown,
    options: torch.onnx.OnnxExportOptions = {},
  ): Promise<Error> => {
    const error: unknown = await torch.onnx
      .export(f as never, x as never, null, options)
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    return error as Error;
  };

  it("an op without a form, with the module that calls it", async () => {
    class Gamma extends nn.Module {
      forward(x: torch.AnyTensor): torch.AnyTensor {
        return x.lgamma();
      }
    }
    const error = await fails(
      new nn.Sequential(new nn.Linear(2, 2), new nn.Sequential(new Gamma())),
      torch.ones(1, 2),
    );
    expect(error).toBeInstanceOf(torch.onnx.UnsupportedOperatorError);
    expect(error).toMatchObject({ op: "lgamma", module: "1.0" });
    expect(error.message).toContain("ONNX export of 1.0: 'lgamma' has no form in ONNX");
  });

  it("an op of constants without a form is a constant", async () => {
    const table = torch.ones(4).lgamma().add(2);
    const diagonal = (x: torch.AnyTensor): torch.AnyTensor => {
      const y = torch.zeros(4, 4);
      y.diagonal().copy_(table.lgamma());
      return x.matmul(y);
    };
    await compare(diagonal, (n) => [torch.randn(n, 4)], batch);
    await compare(
      (x: torch.AnyTensor) => x.add(table.lgamma()),
      (n) => [torch.randn(n, 4)],
      batch,
    );
  });

  it("elements of tensors that depend on the inputs", async () => {
    const net = new nn.Linear(2, 2);
    for (const f of [
      (x: torch.AnyTensor) => x.mul(x.sum().item()),
      (x: torch.AnyTensor) => (Number(net(x).sum()) > 0 ? x : x.neg()),
      (x: torch.AnyTensor) => torch.tensor(x.tolist() as number[]),
      (x: torch.AnyTensor) => x.narrow(0, x.argmax().item() as number, 1),
    ]) {
      const error = await fails(f, torch.ones(2, 2));
      expect(error).toBeInstanceOf(torch.onnx.OnnxExporterError);
      expect(error.message).toContain("looks at elements of a tensor that depends on the inputs");
    }
    expect((await fails((x: torch.AnyTensor) => torch.linalg.inv(x), torch.eye(2))).message).toContain(
      "'linalg.inv' looks at",
    );
  });

  it("a mask that chooses elements", async () => {
    expect((await fails((x: torch.AnyTensor) => x.at(x.gt(0)), torch.ones(2))).message).toContain(
      "a shape that depends on values",
    );
  });

  it("loops and branches over a dynamic dimension", async () => {
    const loop = (x: torch.AnyTensor): torch.AnyTensor => {
      let sum: torch.AnyTensor = x.select(0, 0);
      for (const row of x) sum = sum.mul(2).add(row);
      return sum;
    };
    const branch = (x: torch.AnyTensor): torch.AnyTensor => (x.shape[0]! > 3 ? x.exp() : x.sin());
    for (const f of [loop, branch]) {
      const error = await fails(f, torch.ones(2, 2), batch);
      expect(error.message).toContain("takes another path for inputs of other sizes");
      await torch.onnx.export(f, torch.ones(2, 2));
    }
  });

  it("numbers and constants that follow dynamic dimensions in other ways", async () => {
    const f = (x: torch.AnyTensor): torch.AnyTensor => x.narrow(0, 0, Math.ceil(Math.sqrt(x.shape[0]!)));
    expect((await fails(f, torch.ones(2, 2), batch)).message).toContain("follows no extent");
    const g = (x: torch.AnyTensor): torch.AnyTensor => x.add(torch.linspace(0, 1, x.shape[0]!).unsqueeze(1));
    expect((await fails(g, torch.ones(2, 2), batch)).message).toContain("a constant of shape [2], [4], [6]");
  });

  it("a dimension that is not free", async () => {
    const net = new nn.Linear(4, 2);
    const error = await fails(net, torch.ones(2, 4), { dynamicAxes: { input: { 1: "features" } } });
    expect(error.message).toContain("works for the example, but not with features = 8");
  });

  it("random numbers, also one that was drawn with another one before", async () => {
    torch.manualSeed(0);
    torch.randn([]);
    for (const f of [
      (x: torch.AnyTensor) => x.add(torch.randn([])),
      (x: torch.AnyTensor) => x.mul(torch.rand(3)),
      (x: torch.AnyTensor) => x.clone().uniform_(),
    ])
      expect((await fails(f, torch.ones(3))).message).toContain("random numbers are drawn");
  });

  it("training mode inside of a function, async functions, results without tensors", async () => {
    const norm = new nn.BatchNorm1d(2);
    expect((await fails((x: torch.AnyTensor) => norm(x), torch.randn(3, 2))).message).toContain(
      "call eval()",
    );
    expect((await fails(async (x: torch.AnyTensor) => x, torch.ones(2))).message).toContain("async function");
    expect((await fails(() => 3, torch.ones(2))).message).toContain("returned a number");
  });

  it("arguments that make no sense", async () => {
    const f = (x: torch.AnyTensor): torch.AnyTensor => x.mul(2);
    const x = torch.ones(2, 3);
    expect((await fails("net", x)).message).toContain("expected a module or a function, got string");
    expect((await fails(f, [])).message).toContain("hold no tensor");
    expect((await fails(f, x, { opsetVersion: 16 })).message).toContain("17 to 23");
    expect((await fails(f, x, { inputNames: ["a", "b"] })).message).toContain("there are 1 inputs");
    expect((await fails(f, x, { dynamicAxes: { z: [0] } })).message).toContain("'z', which is no input");
    expect((await fails(f, x, { dynamicAxes: { input: [2] } })).message).toContain("Dimension out of range");
    expect((await fails(f, x, { dynamicAxes: { input: { 0: "n", 1: "n" } } })).message).toContain(
      "is 2 and 3",
    );
  });
});
