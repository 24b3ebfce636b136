// Files of the Python package, read and written to the bit; parts of tensors; shards; tied weights; what is no file.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { AnyTensor } from "../../src/index.ts";
import * as torch from "../../src/index.ts";
import { nn, safetensors } from "../../src/index.ts";
import { BytesSource } from "../../src/io/source.ts";
import { makeFile } from "./safetensors-file.ts";

const folder = mkdtempSync(join(tmpdir(), "flambeau-st-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const bits = (x: AnyTensor): unknown[] => {
  const data = x.toTypedArray();
  return Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
};
const same = (a: AnyTensor, b: AnyTensor): void => {
  expect([a.shape, a.dtype, bits(a)]).toEqual([b.shape, b.dtype, bits(b)]);
};

describe("reading", () => {
  test("every dtype, to the bit", async () => {
    const x = await safetensors.loadFile(fixture("all.safetensors"));
    const f = [0, -0, 1, -2.5, 65504, 1e-7, Infinity, -Infinity, NaN, 3.14159];
    same(x["f32"]!, torch.tensor(f, { dtype: "float32" }).reshape(2, 5));
    same(x["f64"]!, torch.tensor(f, { dtype: "float32" }).to("float64").mul(1.1));
    expect(x["i64"]!.tolist()).toEqual([[-(2n ** 63n)], [2n ** 63n - 1n], [0]]);
    expect(x["i32"]!.tolist()).toEqual([-(2 ** 31), 2 ** 31 - 1]);
    expect([x["i16"]!.dtype, x["i16"]!.tolist()]).toEqual(["int32", [-32768, 32767]]);
    expect([x["i8"]!.dtype, x["i8"]!.tolist()]).toEqual(["int32", [-128, 127, 3]]);
    expect([x["u8"]!.dtype, x["u8"]!.tolist()]).toEqual(["uint8", [0, 255, 7]]);
    expect([x["bool"]!.dtype, x["bool"]!.tolist()]).toEqual(["bool", [true, false, true]]);
    expect([x["scalar"]!.shape, x["scalar"]!.item()]).toEqual([[], 7.25]);
    expect(x["empty"]!.shape).toEqual([0, 3]);
    expect(x["größe"]!.shape).toEqual([1, 2, 3]);
    // Halves are widened, and go back to the same bits.
    const half = JSON.parse(readFileSync(fixture("half-bits.json"), "utf8")) as Record<
      "f16" | "bf16",
      number[]
    >;
    expect(x["f16"]!.dtype).toBe("float32");
    expect(x["f16"]!.tolist()).toEqual([0, -0, 1, -2.5, 65504, 2 ** -23, Infinity, -Infinity, NaN, 3.140625]);
    for (const [name, dtype] of [
      ["f16", "F16"],
      ["bf16", "BF16"],
    ] as const) {
      const bytes = await safetensors.save({ x: x[name]! }, { dtype });
      expect(Array.from(new Int16Array(bytes.slice(-20).buffer))).toEqual(half[name]);
    }
  });

  test("from bytes, a blob, a stream and a response", async () => {
    const bytes = readFileSync(fixture("plain.safetensors"));
    const first = await safetensors.load(bytes);
    for (const file of [new Blob([bytes]), new Blob([bytes]).stream(), new Response(bytes)]) {
      const again = await safetensors.load(file);
      expect(Object.keys(again)).toEqual(Object.keys(first));
      for (const [name, x] of Object.entries(again)) same(x, first[name]!);
    }
  });

  test("the formats that have no dtype here", async () => {
    const view = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, 0, array.byteLength);
    const file = makeFile([
      ["u64", "U64", [2], view(new BigUint64Array([7n, 2n ** 63n - 1n]))],
      ["u32", "U32", [2], view(new Uint32Array([0, 2 ** 32 - 1]))],
      ["u16", "U16", [2], view(new Uint16Array([0, 65535]))],
      ["e4m3", "F8_E4M3", [6], new Uint8Array([0x38, 0x7e, 0x01, 0x80, 0x7f, 0x78])],
      ["e5m2", "F8_E5M2", [6], new Uint8Array([0x3c, 0x7b, 0x01, 0xfc, 0x7d, 0xbe])],
      ["bool", "BOOL", [3], new Uint8Array([0, 2, 255])],
    ]);
    const x = await safetensors.load(file);
    expect([x["u64"]!.dtype, x["u64"]!.tolist()]).toEqual(["int64", [7, 2n ** 63n - 1n]]);
    expect([x["u32"]!.dtype, x["u32"]!.tolist()]).toEqual(["int64", [0, 2 ** 32 - 1]]);
    expect([x["u16"]!.dtype, x["u16"]!.tolist()]).toEqual(["int32", [0, 65535]]);
    expect(x["e4m3"]!.tolist()).toEqual([1, 448, 2 ** -9, -0, NaN, 256]);
    expect(x["e5m2"]!.tolist()).toEqual([1, 57344, 2 ** -16, -Infinity, NaN, -1.5]);
    expect(x["bool"]!.toTypedArray()).toEqual(new Uint8Array([0, 1, 1]));
    await expect(
      safetensors.load(makeFile([["big", "U64", [1], view(new BigUint64Array([2n ** 63n]))]])),
    ).rejects.toThrow('(bytes): tensor "big": the value 9223372036854775808 of u64 does not fit int64');
    await expect(safetensors.load(makeFile([["c", "C64", [1], new Uint8Array(8)]]))).rejects.toThrow(
      /tensor "c" has the dtype C64, which is not read/,
    );
  });

  test("tensors and parts of them, one by one", async () => {
    const x = torch.arange(4 * 50 * 600).reshape(4, 50, 600);
    const path = join(folder, "parts.safetensors");
    const flags = torch.tensor([true, false, true]);
    await safetensors.saveFile({ x, half: x.to("float32"), flags }, path, {
      metadata: { epoch: "3" },
      dtype: (name) => (name === "half" ? "BF16" : undefined),
    });
    await using f = await safetensors.safeOpen(path);
    expect(f.keys()).toEqual(["x", "half", "flags"]);
    expect(f.metadata()).toEqual({ epoch: "3" });
    same(await f.getTensor("x"), x);
    const slice = await f.getSlice("x");
    expect([slice.getShape(), slice.getDtype()]).toEqual([[4, 50, 600], "I32"]);
    for (const index of [
      ["1:3"],
      [2],
      [-1, "5:10"],
      [":, 3:40:5, 7"],
      ["..., 599"],
      ["..., 10:20"],
      [":, :, 595:"],
      ["0, None, 1:2, ..."],
      [[[0, 2]], "4"],
      ["3:1"],
      ["-2:, -3:, -4:"],
    ] as const)
      same(await slice.at(...(index as unknown as never[])), x.at(...(index as unknown as never[])));
    same(
      await (await f.getSlice("half")).at("2, 7, 100:103"),
      (await f.getTensor("half")).at("2, 7, 100:103"),
    );
    expect((await (await f.getSlice("flags")).at(0)).item()).toBe(true);
    await expect(f.getTensor("y")).rejects.toThrow(/has no tensor "y"/);
    await expect(slice.at(4)).rejects.toThrow("index 4 is out of bounds for dimension 0 with size 4");
    await expect(slice.at(0, 0, 0, 0)).rejects.toThrow(/too many indices/);
  });

  test("a part of a tensor reads little more than it has", async () => {
    const bytes = await safetensors.save({ x: torch.zeros(1000, 1000) });
    let read = 0;
    const inner = new BytesSource(bytes, "counted");
    const source = {
      name: inner.name,
      size: inner.size,
      close: () => inner.close(),
      read: (start: number, length: number) => inner.read(start, length),
      readInto(target: Uint8Array, start: number) {
        read += target.length;
        return inner.readInto(target, start);
      },
    };
    const f = await safetensors.safeOpen(source);
    const slice = await f.getSlice("x");
    expect((await slice.at("500:502")).shape).toEqual([2, 1000]);
    expect(read).toBe(8000);
    read = 0;
    await slice.at("10:20, 500:502");
    expect(read).toBe(80);
  });

  test("random boxes of random tensors are what indexing gives", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(fc.nat(6), { minLength: 1, maxLength: 4 })
          .chain((shape) =>
            fc.tuple(
              fc.constant(shape),
              fc.tuple(
                ...shape.map((n) =>
                  fc.tuple(
                    fc.integer({ min: -n - 1, max: n + 1 }),
                    fc.integer({ min: -n - 1, max: n + 1 }),
                    fc.integer({ min: 1, max: 3 }),
                  ),
                ),
              ),
            ),
          ),
        async ([shape, slices]) => {
          const x = torch.arange(shape.reduce((p, n) => p * n, 1)).reshape(shape);
          const f = await safetensors.safeOpen(await safetensors.save({ x }));
          const index = slices.map(([start, end, step]) => ({ start, end, step }));
          same(await (await f.getSlice("x")).at(...index), x.at(...index));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("writing", () => {
  test("the very bytes of the Python package", async () => {
    const bytes = readFileSync(fixture("plain.safetensors"));
    const tensors = await safetensors.load(bytes);
    expect(await safetensors.save(tensors, { metadata: { format: "pt" } })).toEqual(new Uint8Array(bytes));
  });

  test("views are written as what they look at", async () => {
    const x = torch.arange(12).reshape(3, 4);
    for (const view of [x.T, x.at("::2, 1:3"), x.at(1), torch.ones(1).expand(5)])
      same((await safetensors.load(await safetensors.save({ view })))["view"]!, view.contiguous());
  });

  test("dtypes in the file", async () => {
    const x = torch.tensor([1, 65519, 65520, 1e-8, 2 ** -25, 2049, -0.1], { dtype: "float64" });
    const f16 = (await safetensors.load(await safetensors.save({ x }, { dtype: "F16" })))["x"]!;
    expect(f16.tolist()).toEqual([1, 65504, Infinity, 0, 0, 2048, -0.0999755859375]);
    const i = torch.tensor([1, 300]);
    same((await safetensors.load(await safetensors.save({ i }, { dtype: () => "I16" })))["i"]!, i);
    await expect(safetensors.save({ i }, { dtype: () => "U8" })).rejects.toThrow(
      /values of tensor "i" do not fit U8/,
    );
    await expect(safetensors.save({ i }, { dtype: () => "I8" })).rejects.toThrow(
      /300 does not fit the range -128 to 127/,
    );
    await expect(safetensors.save({ i }, { dtype: () => "F32" })).rejects.toThrow(
      /int32 cannot be written as F32/,
    );
    // One dtype for all leaves integers as they are.
    same((await safetensors.load(await safetensors.save({ i }, { dtype: "F16" })))["i"]!, i);
  });

  test("every float16 and bfloat16 comes back, and values between go to the nearest", async () => {
    for (const dtype of ["F16", "BF16"] as const) {
      const codes = new Uint16Array(65536).map((_, i) => i);
      const file = makeFile([["x", dtype, [65536], new Uint8Array(codes.buffer)]]);
      const x = await safetensors.load(file);
      expect(await safetensors.save(x, { dtype })).toEqual(file);
      // Between two neighbours: the even one of them, or the nearer.
      const values = x["x"]!.toTypedArray() as Float32Array;
      const largest = dtype === "F16" ? 0x7bff : 0x7f7f;
      const inputs: number[] = [];
      const nearest: number[] = [];
      for (let code = 0; code < largest; code += 97) {
        const [low, high] = [values[code]!, values[code + 1]!];
        const middle = (low + high) / 2;
        inputs.push(middle, middle + (high - low) / 8, middle - (high - low) / 8);
        nearest.push(code % 2 === 0 ? low : high, high, low);
      }
      const rounded = await safetensors.load(
        await safetensors.save({ y: torch.tensor(inputs, { dtype: "float32" }) }, { dtype }),
      );
      expect(rounded["y"]!.tolist()).toEqual(nearest);
    }
  });

  test("shared memory is refused, neighbours in one buffer are not", async () => {
    const x = torch.arange(6);
    await expect(safetensors.save({ a: x, b: x.at("2:") })).rejects.toThrow(
      /share memory: \["a", "b"\]\. Use saveModel/,
    );
    await expect(safetensors.save({ a: x.at(":3"), b: x.at("3:") })).resolves.toBeDefined();
  });

  test("a tensor that changes while it is written is no file", async () => {
    const path = join(folder, "torn.safetensors");
    const x = torch.zeros(100);
    await safetensors.saveFile({ x }, path);
    const writing = safetensors.saveFile({ x }, path);
    x.add_(1);
    await expect(writing).rejects.toThrow(/tensor "x" was changed while it was written/);
    same((await safetensors.loadFile(path))["x"]!, torch.zeros(100));
  });

  test("what compiled programs hold", async () => {
    const net = new nn.Linear(20, 10);
    const trainer = new torch.optim.SGD(net.parameters(), { lr: 0.1 });
    const step = torch.compile((x: torch.Tensor) => {
      trainer.zeroGrad();
      net(x).square().sum().backward();
      trainer.step();
    });
    for (let i = 0; i < 4; i++) step(torch.ones(3, 20));
    const path = join(folder, "compiled.safetensors");
    await safetensors.saveFile(net.stateDict(), path);
    same((await safetensors.loadFile(path))["weight"]!, net.weight.detach());
    await safetensors.save(net.stateDict());
  });

  test("what cannot be written", async () => {
    const bad = (tensors: unknown, options = {}): Promise<unknown> =>
      safetensors.save(tensors as never, options);
    await expect(bad({ a: torch.zeros(1), __metadata__: torch.zeros(1) })).rejects.toThrow(
      /may be called "__metadata__"/,
    );
    await expect(bad({ a: torch.zeros(1) }, { metadata: { n: 3 } })).rejects.toThrow(
      /metadata\["n"\] must be a string/,
    );
    await expect(bad({ a: torch.zeros(1) }, { dtype: "F8_E4M3" })).rejects.toThrow(
      /cannot be written as F8_E4M3/,
    );
    await expect(safetensors.saveFile({ a: 3 as never }, "x")).rejects.toThrow(/expected a tensor for "a"/);
    const odd = Object.fromEntries([["__proto__", torch.ones(2)]]) as Record<string, AnyTensor>;
    const back = await safetensors.load(await safetensors.save(odd));
    expect(Object.keys(back)).toEqual(["__proto__"]);
  });
});

class Tied extends nn.Module {
  embedding = new nn.Embedding(5, 3);
  out = new nn.Linear(3, 5);
  constructor() {
    super();
    this.out.weight = this.embedding.weight as never;
  }
  override forward(x: torch.Tensor<[number], "int32">): AnyTensor {
    return this.out(this.embedding(x));
  }
}

describe("modules", () => {
  test("tied weights are written once, as Python does", async () => {
    const net = new Tied();
    await expect(safetensors.save(net.stateDict())).rejects.toThrow(/share memory/);
    const report = await safetensors.loadModel(net, fixture("tied.safetensors"));
    expect(report).toEqual({ missingKeys: [], unexpectedKeys: [] });
    const path = join(folder, "tied.safetensors");
    await safetensors.saveModel(net, path);
    expect(readFileSync(path)).toEqual(readFileSync(fixture("tied.safetensors")));
    const other = new Tied();
    await safetensors.loadModel(other, path);
    same(other.out.weight.detach(), net.embedding.weight.detach());
  });

  test("keys that do not fit", async () => {
    const path = join(folder, "linear.safetensors");
    await safetensors.saveModel(new nn.Linear(3, 5, { bias: false }), path);
    await expect(safetensors.loadModel(new nn.Linear(3, 5), path)).rejects.toThrow(
      'Error(s) in loading state_dict for Linear:\n\tMissing key(s) in state_dict: "bias"',
    );
    expect(await safetensors.loadModel(new nn.Linear(3, 5), path, { strict: false })).toEqual({
      missingKeys: ["bias"],
      unexpectedKeys: [],
    });
    await expect(safetensors.loadModel(new Tied(), path)).rejects.toThrow(
      /Unexpected key\(s\) in state_dict: "weight"/,
    );
  });
});

describe("shards", () => {
  const tensors = { a: torch.ones(100), b: torch.zeros(300), c: torch.arange(5), d: torch.ones(50) };
  test("written and read as one", async () => {
    const to = join(folder, "shards");
    const files = await safetensors.saveSharded(tensors, to, {
      maxShardBytes: 500,
      metadata: { format: "pt" },
    });
    expect(readdirSync(to).sort()).toEqual([
      "model-00001-of-00003.safetensors",
      "model-00002-of-00003.safetensors",
      "model-00003-of-00003.safetensors",
      "model.safetensors.index.json",
    ]);
    const index = files.at(-1)!;
    expect(JSON.parse(readFileSync(index, "utf8"))).toMatchObject({ metadata: { total_size: 1820 } });
    const read = await safetensors.loadFile(index);
    for (const [name, x] of Object.entries(tensors)) same(read[name]!, x);
    await using f = await safetensors.safeOpen(index);
    expect(f.keys()).toEqual(["a", "b", "c", "d"]);
    expect(await (await f.getSlice("c")).at("1:3").then((x) => x.tolist())).toEqual([1, 2]);
    // Where there is no folder, the caller finds the files.
    const shard = (name: string): Uint8Array => readFileSync(join(to, name));
    same((await safetensors.loadFile(readFileSync(index), { shard }))["b"]!, tensors.b);
    await expect(safetensors.loadFile(readFileSync(index))).rejects.toThrow(/give the option shard/);
  });
  test("a single file where that is enough", async () => {
    const to = join(folder, "single");
    await safetensors.saveSharded(tensors, to);
    expect(readdirSync(to)).toEqual(["model.safetensors"]);
  });
  test("an index that leaves its folder, or lies", async () => {
    const at = join(folder, "lies.json");
    for (const name of ["../x.safetensors", "/etc/passwd", "a/b", "..", "", "a\0b", "C:x", "a\\b"]) {
      writeFileSync(at, JSON.stringify({ weight_map: { w: name } }));
      await expect(safetensors.loadFile(at)).rejects.toThrow(/which is no name of a file beside it/);
    }
    const path = join(folder, "real.safetensors");
    await safetensors.saveFile({ a: torch.zeros(1) }, path);
    writeFileSync(at, JSON.stringify({ weight_map: { w: "real.safetensors" } }));
    await expect(safetensors.loadFile(at)).rejects.toThrow(/has no tensor "w", which .* says is there/);
  });
});
