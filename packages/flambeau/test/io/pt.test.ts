// torch.save and torch.load: PyTorch's files, what is written and read again, and files that lie.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { AnyTensor } from "../../src/index.ts";
import * as torch from "../../src/index.ts";
import { ArgumentError, nn, optim } from "../../src/index.ts";
import { writeBytes } from "../../src/io/sink.ts";
import { BytesSource } from "../../src/io/source.ts";
import { ZipReader } from "../../src/io/zip/read.ts";
import { ZipWriter } from "../../src/io/zip/write.ts";
import { fuzz, joined } from "./mutate.ts";

const folder = mkdtempSync(join(tmpdir(), "flambeau-pt-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const text = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));

/** Saved and loaded. */
// biome-ignore lint/suspicious/noExplicitAny: what a file holds.
const again = async (value: unknown): Promise<any> => torch.load(await torch.save(value));

describe("files of PyTorch", () => {
  test.each(["values.pt", "legacy.pt"])("%s", async (name) => {
    const x = await torch.load(fixture(name));
    const base = Array.from({ length: 24 }, (_, i) => i);
    expect(x.base.tolist()).toEqual(base);
    expect(x.matrix.tolist()[1]).toEqual([6, 7, 8, 9, 10, 11]);
    expect([x.transposed.shape, x.transposed.strides, x.transposed.isContiguous()]).toEqual([
      [6, 4],
      [1, 6],
      false,
    ]);
    expect([x.column.tolist(), x.column.strides, x.column.storageOffset()]).toEqual([[8, 14, 20], [6], 8]);
    expect([x.expanded.tolist(), x.expanded.dtype, x.expanded.strides]).toEqual([
      [
        [7, 7, 7],
        [-7, -7, -7],
      ],
      "int64",
      [1, 0],
    ]);
    expect([x.empty.shape, x.empty.dtype]).toEqual([[0, 3], "int32"]);
    expect([x.scalar.shape, x.scalar.item(), x.scalar.dtype]).toEqual([[], true, "bool"]);
    expect([x.half.dtype, x.half.tolist()]).toEqual(["float32", [1.5, -0, Infinity, 2 ** -24]]);
    expect(x.bfloat16.tolist()).toEqual([1.5, 2 ** 127 * 1.765625]);
    expect([x.int8.dtype, x.int8.tolist()]).toEqual(["int32", [-128, 127]]);
    expect([x.int16.dtype, x.int16.tolist()]).toEqual(["int32", [-32768, 32767]]);
    expect([x.uint8.dtype, x.uint8.tolist()]).toEqual(["uint8", [0, 255]]);
    // Memory is shared as it was.
    x.base.fill_(-1);
    expect([x.matrix.at(3, 3).item(), x.column.tolist()]).toEqual([-1, [-1, -1, -1]]);
    expect([x.leaf.requiresGrad, x.base.requiresGrad]).toEqual([true, false]);
    expect(x.weight).toBeInstanceOf(nn.Parameter);
    expect([x.weight === x.tied, x.weight.dtype, x.weight.requiresGrad]).toEqual([true, "float64", true]);
    expect(x.weight.tolist()).toEqual([
      [0, 0.125, 0.25],
      [0.375, 0.5, 0.625],
    ]);
    expect(x.plain).toEqual([
      1,
      -2.5,
      null,
      true,
      "größe",
      Uint8Array.of(0, 255),
      [1, [2]],
      2n ** 70n,
      new Set([1, 2]),
      new Set([3]),
    ]);
    expect(x.plain.map((v: unknown) => Object.isFrozen(v)).slice(6)).toEqual([true, true, false, true]);
    expect([x.size, x.dtype, x.device]).toEqual([[2, 3], "bfloat16", "cuda:1"]);
    expect([x.counter, x.ordered, Object.keys(x.ordered)]).toEqual([
      { 5: 2, 7: 1 },
      { b: 1, a: 2 },
      ["b", "a"],
    ]);
    expect([x.numpy.tolist(), x.number]).toEqual([
      [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
      0.25,
    ]);
    expect(x.self).toBe(x);
  });

  test.each([
    ["module.pt", /asks for "torch\.nn\.modules\.linear\.Linear", which is refused: .*state_dict/],
    ["complex.pt", /it holds a complex tensor: save torch\.view_as_real/],
    ["script.pt", /is a TorchScript archive/],
    ["all.safetensors", /looks like a safetensors file; torch\.safetensors\.loadFile/],
    ["make_pt.py", /is no PyTorch file/],
    ["missing.pt", /no such file/],
  ])("%s is refused", async (name, message) => {
    const error = await torch.load(fixture(name)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(torch.FileError);
    expect((error as torch.FileError).file).toBe(fixture(name));
    expect((error as Error).message).toMatch(message);
  });

  test("from bytes, a blob, a stream and a response", async () => {
    const bytes = await torch.save({ x: torch.ones(3), n: 5 });
    for (const file of [bytes.buffer, new Blob([bytes]), new Blob([bytes]).stream(), new Response(bytes)])
      expect((await torch.load(file)).x.tolist()).toEqual([1, 1, 1]);
  });

  test("to the CPU, and nothing run", async () => {
    const bytes = await torch.save(1);
    for (const mapLocation of ["cpu", { type: "cpu" }, { "cuda:0": "cpu" }] as const)
      expect(await torch.load(bytes, { mapLocation, weightsOnly: true })).toBe(1);
    await expect(torch.load(bytes, { mapLocation: "cuda" as "cpu" })).rejects.toThrow(
      /mapLocation can only be "cpu"/,
    );
    await expect(torch.load(bytes, { weightsOnly: false as true })).rejects.toThrow(ArgumentError);
  });
});

describe("written and read again", () => {
  test("tensors of every dtype, to the bit", async () => {
    const f = [0, -0, 1, Number.NaN, Infinity, -Infinity, 1e-40, 3.4e38, 0.1];
    const tensors = {
      float32: torch.tensor(f, { dtype: "float32" }),
      float64: torch.tensor(f, { dtype: "float64" }),
      int32: torch.tensor([-(2 ** 31), 2 ** 31 - 1], { dtype: "int32" }),
      int64: torch.tensor([-(2n ** 63n), 2n ** 63n - 1n]),
      uint8: torch.tensor([0, 255], { dtype: "uint8" }),
      bool: torch.tensor([true, false]),
      scalar: torch.tensor(2.5),
      empty: torch.zeros(2, 0, 3),
    };
    const read = (await again(tensors)) as Record<string, AnyTensor>;
    for (const [name, x] of Object.entries<AnyTensor>(tensors)) {
      const y = read[name]!;
      expect([y.dtype, y.shape, y.strides]).toEqual([x.dtype, x.shape, x.strides]);
      expect(y.toTypedArray()).toEqual(x.toTypedArray());
    }
  });

  test("views, tied and required to have gradients", async () => {
    const base = torch.arange(12, { dtype: "float32" }).reshape(3, 4);
    const p = new nn.Parameter(torch.zeros(2), false);
    const x = await again({
      base,
      t: base.T,
      row: base.select(0, 1),
      data: base.data,
      p,
      list: [p, p],
      leaf: torch.ones(1, { requiresGrad: true }),
    });
    x.base.fill_(9);
    expect([x.t.tolist()[3], x.row.tolist(), x.data.tolist()[0]]).toEqual([
      [9, 9, 9],
      [9, 9, 9, 9],
      [9, 9, 9, 9],
    ]);
    expect([x.t.strides, x.row.storageOffset()]).toEqual([[1, 4], 4]);
    expect(x.p).toBeInstanceOf(nn.Parameter);
    expect([x.p === x.list[0], x.list[0] === x.list[1], x.p.requiresGrad, x.leaf.requiresGrad]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  test("plain values", async () => {
    const value = {
      numbers: [
        0,
        1,
        -1,
        255,
        256,
        65535,
        65536,
        -70000,
        2 ** 31,
        -(2 ** 31),
        2 ** 40,
        -(2 ** 53) + 1,
        0.5,
        -0,
        1e300,
        NaN,
        Infinity,
      ],
      bigints: [2n ** 70n, -(2n ** 63n), 2n ** 2100n, -(2n ** 64n) - 1n],
      texts: ["", "größe", "😀", "a".repeat(100_000)],
      bytes: [new Uint8Array(0), Uint8Array.from({ length: 10_000 }, (_, i) => i % 256)],
      tuples: Object.freeze([1, Object.freeze([]), Object.freeze([1, 2]), Object.freeze([1, 2, 3, 4, 5])]),
      sets: [new Set<unknown>([1, "a", Object.freeze(new Set([3]))]), Object.freeze(new Set([2]))],
      maps: [
        new Map([["7", 1]]),
        new Map<unknown, unknown>([
          [1, 2],
          [null, 3],
          [Object.freeze([1]), 4],
        ]),
        new Map([[3, torch.ones(1)]]),
      ],
      objects: [{}, { 7: 1, 8: [] }, { "0": torch.ones(1) }, { __proto__: null, a: 1 }],
      nothing: null,
      yes: true,
    };
    const read = await again(value);
    const plain = { ...value, maps: value.maps.slice(0, 2), objects: value.objects.slice(0, 2) };
    expect({ ...read, maps: read.maps.slice(0, 2), objects: read.objects.slice(0, 2) }).toEqual(plain);
    expect(read.maps[2].get(3).item()).toBe(1);
    expect([read.objects[2]["0"].item(), read.objects[3]]).toEqual([1, { a: 1 }]);
    expect(read.tuples.map((x: unknown) => Object.isFrozen(x)).slice(1)).toEqual([true, true, true]);
    expect(read.sets.map((x: unknown) => Object.isFrozen(x))).toEqual([false, true]);
  });

  test("any plain value", async () => {
    const key = fc.string().filter((k) => !/^\d+$|^__proto__$/.test(k));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom(null, true, false),
        fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()),
        fc.bigInt().filter((n) => !Number.isSafeInteger(Number(n))),
        fc.string({ unit: "grapheme" }),
        fc.uint8Array(),
        fc.array(tie("value")),
        fc.array(tie("value")).map((items) => Object.freeze(items)),
        fc.dictionary(key, tie("value")),
        fc.dictionary(fc.nat().map(String), tie("value")),
        fc
          .array(fc.tuple(fc.oneof(fc.double(), fc.boolean(), fc.constant("a")), tie("value")), {
            minLength: 1,
          })
          .map((entries) => new Map<unknown, unknown>([[null, 0], ...entries])),
        fc.array(fc.oneof(fc.integer(), fc.string())).map((items) => new Set(items)),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(value, async (x) => {
        expect(await again(x)).toEqual(x);
      }),
      { numRuns: 500 },
    );
  });

  test("cycles, and what is shared", async () => {
    const list: unknown[] = [1];
    const tuple = Object.freeze([list, 2, 3, 4]);
    list.push(list, tuple, tuple);
    const object = { list, again: list };
    const read = await again(object);
    expect(read.list).toBe(read.again);
    expect(read.list[1]).toBe(read.list);
    expect(read.list[2]).toBe(read.list[3]);
    expect(read.list[2][0]).toBe(read.list);
  });

  test("more than 256 values that are remembered", async () => {
    const value = Array.from({ length: 70_000 }, (_, i) => `text ${i % 40_000}`);
    expect(await again(value)).toEqual(value);
  });

  test("a state dict, into a module of the same shape", async () => {
    const make = (): nn.Sequential =>
      new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
    const [a, b] = [make(), make()];
    a(torch.randn(8, 3));
    await torch.save(a.stateDict(), join(folder, "a.pt"));
    b.loadStateDict(await torch.load(join(folder, "a.pt")));
    a.eval();
    b.eval();
    const x = torch.randn(5, 3);
    expect(b(x).tolist()).toEqual(a(x).tolist());
  });

  test.each<[string, (p: nn.Parameter[]) => optim.Optimizer]>([
    ["SGD", (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true })],
    ["Adam", (p) => new optim.Adam(p, { lr: 0.1, amsgrad: true })],
    ["AdamW", (p) => new optim.AdamW(p)],
    ["RMSprop", (p) => new optim.RMSprop(p, { momentum: 0.5, centered: true })],
    ["LBFGS", (p) => new optim.LBFGS(p, { maxIter: 3 })],
  ])("%s goes on as if nothing had happened", async (_, make) => {
    const net = new nn.Linear(3, 2);
    const optimizer = make([...net.parameters()]);
    const scheduler = new optim.lrScheduler.MultiStepLR(optimizer, [2, 4], { gamma: 0.5 });
    const [x, y] = [torch.randn(8, 3), torch.randn(8, 2)];
    const train = (n: nn.Linear, o: optim.Optimizer, s: optim.lrScheduler.LRScheduler): void => {
      for (let i = 0; i < 3; i++) {
        o.step(() => {
          o.zeroGrad();
          const loss = n(x).sub(y).square().mean();
          loss.backward();
          return loss;
        });
        s.step();
      }
    };
    train(net, optimizer, scheduler);
    const saved = {
      net: net.stateDict(),
      optimizer: optimizer.stateDict(),
      scheduler: scheduler.stateDict(),
    };
    const bytes = await torch.save(saved);
    const other = new nn.Linear(3, 2);
    const second = make([...other.parameters()]);
    const schedule = new optim.lrScheduler.MultiStepLR(second, [1], { gamma: 0.1 });
    const read = await torch.load(bytes);
    other.loadStateDict(read.net);
    second.loadStateDict(read.optimizer);
    schedule.loadStateDict(read.scheduler);
    train(net, optimizer, scheduler);
    train(other, second, schedule);
    expect(other.weight.tolist()).toEqual(net.weight.tolist());
    expect(schedule.getLastLr()).toEqual(scheduler.getLastLr());
    expect((await again(second.stateDict())).param_groups).toEqual(second.stateDict().param_groups);
  });

  test("memory that threads share, of compiled steps", async () => {
    const net = new nn.Linear(300, 300);
    const optimizer = new optim.Adam(net.parameters());
    const step = torch.compile((x: torch.Tensor<[number, 300]>) => {
      optimizer.zeroGrad();
      const loss = net(x).square().mean();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const x = torch.randn(16, 300);
    for (let i = 0; i < 3; i++) step(x);
    await torch.save({ net: net.stateDict(), optimizer: optimizer.stateDict() }, join(folder, "compiled.pt"));
    const read = await torch.load(join(folder, "compiled.pt"));
    expect(read.net.weight.tolist()).toEqual(net.weight.tolist());
    expect(read.optimizer.state[0].exp_avg.shape).toEqual([300, 300]);
  });

  test("the layout of a file", async () => {
    const bytes = await torch.save({ x: torch.arange(3), y: torch.ones(5) });
    const zip = await ZipReader.open(new BytesSource(bytes));
    expect([...zip.entries.keys()]).toEqual([
      "archive/data.pkl",
      "archive/byteorder",
      "archive/data/0",
      "archive/data/1",
      "archive/version",
    ]);
    const ones = new Uint8Array(Float32Array.of(1, 1, 1, 1, 1).buffer);
    expect(Buffer.from(bytes).indexOf(ones) % 64).toBe(0);
  });

  test.each<[unknown, RegExp]>([
    [{ a: [1, { "b c": () => 1 }] }, /cannot write \.a\[1\]\["b c"\]: a function/],
    [{ a: undefined }, /\.a: undefined has no counterpart/],
    [new nn.Linear(1, 1), /the value: a Linear is code as well as values; save its stateDict\(\)/],
    [{ o: new optim.SGD([torch.ones(1, { requiresGrad: true })], { lr: 1 }) }, /\.o: a SGD is code/],
    [[new Date(0)], /\[0\]: an object of class Date/],
    [[new Float32Array(2)], /\[0\]: a Float32Array .* torch\.fromTypedArray/],
    [["\ud800"], /\[0\]: a text with half a surrogate pair/],
    [new Map([[{}, 1]]), /key is no text, number, frozen array or frozen Set/],
    [new Set([[]]), /\[0\]: its key is no text/],
    [Symbol("x"), /the value: a symbol/],
    [Array.from({ length: 3000 }).reduce<unknown>((x) => [x], 1), /nested more than 500 levels/],
  ])("what Python has no counterpart of: %#", async (value, message) => {
    await expect(torch.save(value)).rejects.toThrow(message);
    await expect(torch.save(value)).rejects.toBeInstanceOf(ArgumentError);
  });

  test("a tensor that changes while it is written", async () => {
    const x = torch.ones(3);
    const target = join(folder, "torn.pt");
    await torch.save({ x: 1 }, target);
    const writing = torch.save({ x }, target);
    await Promise.resolve();
    x.add_(1);
    await writing.then(
      async () => expect((await torch.load(target)).x.tolist()).toEqual([2, 2, 2]),
      async (error: Error) => {
        expect(error.message).toMatch(/was changed while it was written/);
        expect(await torch.load(target)).toEqual({ x: 1 });
      },
    );
  });
});

describe("files that lie", () => {
  const archive = (
    files: Record<string, Uint8Array | string>,
    compress = false,
  ): Promise<Uint8Array<ArrayBuffer>> =>
    writeBytes(async (sink) => {
      const zip = new ZipWriter(sink);
      for (const [name, content] of Object.entries(files))
        await zip.add(name, typeof content === "string" ? text(content) : content, { compress });
      await zip.finish();
    });
  const refused = async (
    bytes: Uint8Array,
    message: RegExp,
    options: torch.LoadOptions = {},
  ): Promise<void> => {
    const error = await torch
      .load(new File([bytes as Uint8Array<ArrayBuffer>], "x.pt"), options)
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(torch.FileError);
    expect((error as Error).message).toMatch(/^x\.pt: /);
    expect((error as Error).message).toMatch(message);
  };

  const storage = (type: string, key: string, count: string): string =>
    `(U\x07storagectorch\n${type}Storage\nU${String.fromCharCode(key.length)}${key}U\x03cpu${count}tQ`;
  const tensor = (
    offset: string,
    size: string,
    stride: string,
    of = storage("Float", "0", "K\x04"),
  ): string =>
    `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(${of}${offset}${size}${stride}\x89ccollections\nOrderedDict\n)RtR.`;
  const withData = (
    pickle: string,
    data: Record<string, Uint8Array | string> = { "0": new Uint8Array(16) },
  ) =>
    archive({
      "x/data.pkl": pickle,
      ...Object.fromEntries(Object.entries(data).map(([key, bytes]) => [`x/data/${key}`, bytes])),
      "x/version": "3",
    });

  test("a tensor as it should be", async () => {
    const x = await torch.load(await withData(tensor("K\x01", "K\x03\x85", "K\x01\x85")));
    expect([x.tolist(), x.storageOffset()]).toEqual([[0, 0, 0], 1]);
  });

  test.each<[string, string, RegExp]>([
    ["offset", tensor("K\x02", "K\x03\x85", "K\x01\x85"), /needs 5 elements, but storage "0" has 4/],
    ["size", tensor("K\x00", "K\x05\x85", "K\x01\x85"), /needs 5 elements/],
    ["stride", tensor("K\x00", "K\x02K\x02\x86", "K\x03K\x01\x86"), /needs 5 elements/],
    [
      "gigantic size",
      tensor("K\x00", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87", "K\x00K\x00K\x00\x87"),
      /arguments/,
    ],
    [
      "gigantic stride",
      tensor("K\x00", "K\x02\x85", "\x8a\x07\xff\xff\xff\xff\xff\xff\x0f\x85"),
      /needs \d+ elements/,
    ],
    ["negative offset", tensor("J\xff\xff\xff\xff", "K\x01\x85", "K\x01\x85"), /arguments/],
    ["negative size", tensor("K\x00", "J\xff\xff\xff\xff\x85", "K\x01\x85"), /arguments/],
    ["negative stride", tensor("K\x00", "K\x02\x85", "J\xff\xff\xff\xff\x85"), /arguments/],
    ["ranks that differ", tensor("K\x00", "K\x02\x85", "K\x01K\x01\x86"), /arguments/],
    ["65 dimensions", tensor("K\x00", `(${"K\x01".repeat(65)}t`, `(${"K\x01".repeat(65)}t`), /arguments/],
    ["a fraction", tensor("K\x00", "G\x3f\xf8\x00\x00\x00\x00\x00\x00\x85", "K\x01\x85"), /arguments/],
    ["no storage", tensor("K\x00", "K\x02\x85", "K\x01\x85", "N"), /arguments/],
    [
      "a storage that is not there",
      tensor("K\x00", "K\x01\x85", "K\x01\x85", storage("Float", "9", "K\x04")),
      /lacks the storage "9"/,
    ],
    [
      "a storage elsewhere",
      tensor("K\x00", "K\x01\x85", "K\x01\x85", storage("Float", "../version", "K\x04")),
      /lacks the storage "\.\.\/version"/,
    ],
    [
      "a storage of another size",
      tensor("K\x00", "K\x01\x85", "K\x01\x85", storage("Double", "0", "K\x04")),
      /has 16 bytes of the storage "0", where its pickle has 32/,
    ],
    [
      "a storage of 2^40 elements",
      tensor("K\x00", "K\x01\x85", "K\x01\x85", storage("Float", "0", "\x8a\x06\x00\x00\x00\x00\x00\x01")),
      /has 16 bytes/,
    ],
    [
      "a storage of a negative number",
      tensor("K\x00", "K\x01\x85", "K\x01\x85", storage("Float", "0", "J\xff\xff\xff\xff")),
      /arguments/,
    ],
    [
      "an integer with a gradient",
      tensor("K\x00", "K\x01\x85", "K\x01\x85", storage("Int", "0", "K\x04")).replace("\x89", "\x88"),
      /requires grad/,
    ],
    ["another kind of id", "\x80\x02(U\x06modulecos\nsystem\nU\x01aU\x01btQ.", /"os\.system"/],
  ])("a tensor that lies: %s", async (_, pickle, message) => {
    await refused(await withData(pickle), message);
  });

  test("one storage as two types", async () => {
    const one = tensor("K\x00", "K\x01\x85", "K\x01\x85").slice(2, -1);
    const two = one.replace("FloatStorage", "IntStorage");
    await refused(await withData(`\x80\x02${one}${two}\x86.`), /storage "0" comes with two types or sizes/);
  });

  const floats = storage("Float", "0", "K\x04");
  const dict = "ccollections\nOrderedDict\n)R";
  const values = (...xs: number[]): Uint8Array => new Uint8Array(Float32Array.of(...xs).buffer);
  const cpuTensor = `ctorch._utils\n_rebuild_tensor_v2\n(${floats}K\x00K\x02\x85K\x02\x85\x89${dict}tR`;

  test.each<[string, string, unknown]>([
    ["_rebuild_tensor", `ctorch._utils\n_rebuild_tensor\n(${floats}K\x01K\x02\x85K\x01\x85tR`, [2, 3]],
    [
      "_rebuild_from_type_v2",
      `ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n(${floats}K\x00K\x02\x85K\x01\x85\x89${dict}t}U\x01aK\x01stR`,
      [1, 2],
    ],
    [
      "_rebuild_parameter_with_state",
      `ctorch._utils\n_rebuild_parameter_with_state\n(${cpuTensor}\x88${dict}}tR`,
      [1, 3],
    ],
    ["Parameter", `ctorch.nn.parameter\nParameter\n${cpuTensor}\x85\x81`, [1, 3]],
    [
      "_rebuild_device_tensor_from_cpu_tensor",
      `ctorch._utils\n_rebuild_device_tensor_from_cpu_tensor\n(${cpuTensor}ctorch\nfloat32\nU\x03xla\x89tR`,
      [1, 3],
    ],
    [
      "_rebuild_device_tensor_from_numpy",
      "ctorch._utils\n_rebuild_device_tensor_from_numpy\n(cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4\x89\x88\x87R(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89C\x08\x3f\x80\0\0\x40\0\0\0tbctorch\nfloat32\nU\x03xla\x89tR",
      [1, 2],
    ],
    [
      "_rebuild_tensor_v3",
      `ctorch._utils\n_rebuild_tensor_v3\n(${storage("Untyped", "0", "K\x10").replace("torch\n", "torch.storage\n")}K\x01K\x03\x85K\x02\x85\x89${dict}ctorch\nuint16\ntR`,
      [0x3f80, 0x4000, 0x4040],
    ],
    [
      "storage of CUDA",
      `ctorch._utils\n_rebuild_tensor_v2\n(${floats.replace("ctorch\n", "ctorch.cuda\n").replace("\x03cpu", "\x06cuda:0")}K\x00K\x04\x85K\x01\x85\x89${dict}tR`,
      [1, 2, 3, 4],
    ],
    [
      "an untyped storage",
      storage("Untyped", "0", "K\x10"),
      [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40],
    ],
  ])("other ways of writing a tensor: %s", async (name, pickle, expected) => {
    const x = await torch.load(await withData(`\x80\x02${pickle}.`, { "0": values(1, 2, 3, 4) }));
    expect(x.tolist()).toEqual(expected);
    expect(x instanceof nn.Parameter).toBe(name.toLowerCase().includes("parameter"));
  });

  test.each<[string, string, RegExp]>([
    [
      "an unknown dtype",
      `ctorch._utils\n_rebuild_tensor_v3\n(${storage("Untyped", "0", "K\x10")}K\x00K\x01\x85K\x01\x85\x89${dict}ctorch\ncomplex64\ntR`,
      /dtype complex64, which is not read/,
    ],
    [
      "a lazy negation",
      `ctorch._utils\n_rebuild_tensor_v2\n(${floats}K\x00K\x02\x85K\x01\x85\x89${dict}}U\x03neg\x88stR`,
      /resolve_neg/,
    ],
    [
      "a subclass",
      "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\ncmine\nTensor\n",
      /"mine\.Tensor", which is refused/,
    ],
  ])("other ways that are refused: %s", async (_, pickle, message) => {
    await refused(await withData(`\x80\x02${pickle}.`, { "0": values(1, 2, 3, 4) }), message);
  });

  test("parts of storages in old files share the whole", async () => {
    const head = Buffer.from(readFileSync(fixture("legacy.pt")));
    const begin = head.subarray(0, head.indexOf("}q", 20));
    const part = (view: string): string =>
      `ctorch._utils\n_rebuild_tensor\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04${view}tQK\x00K\x02\x85K\x01\x85tR`;
    const file = (view: string): Uint8Array =>
      joined(
        begin,
        text(`}.\x80\x02${part("N")}${part(view)}\x86.\x80\x02]U\x010a.\x04\0\0\0\0\0\0\0`),
        values(1, 2, 3, 4),
      );
    const [whole, end] = await torch.load(file("(U\x01vK\x02K\x02t"));
    expect([whole.tolist(), end.tolist(), end.storageOffset()]).toEqual([[1, 2], [3, 4], 2]);
    await refused(file("(U\x01vK\x03K\x02t"), /arguments/);
  });

  test("storages that nobody looks at are read all the same", async () => {
    const value = await torch.load(
      await withData(`\x80\x02${storage("Int", "0", "K\x04")}.`, {
        "0": new Uint8Array(Int32Array.of(1, 2, 3, 4).buffer),
      }),
    );
    expect([value.dtype, value.tolist()]).toEqual(["int32", [1, 2, 3, 4]]);
  });

  test("a file of a machine with the most significant byte first", async () => {
    const pickle = tensor("K\x00", "K\x02\x85", "K\x01\x85", storage("Float", "0", "K\x02"));
    const files = {
      "a b/data.pkl": pickle,
      "a b/data/0": "\x3f\x80\x00\x00\x40\x00\x00\x00",
      "a b/byteorder": "big",
    };
    expect((await torch.load(await archive(files))).tolist()).toEqual([1, 2]);
    expect((await torch.load(await archive(files, true))).tolist()).toEqual([1, 2]);
    await refused(await archive({ ...files, "a b/byteorder": "middle" }), /unknown byte order "middle"/);
  });

  test("archives of other kinds", async () => {
    await refused(await archive({ "x.npy": "" }), /archive of NumPy arrays; torch\.numpy\.load/);
    await refused(await archive({ "x/data": "" }), /no data\.pkl/);
    await refused(await archive({ "x/data.pkl": "N.", "y/data.pkl": "N." }), /more than one data\.pkl/);
    await refused(await archive({ "x/data.pkl": "N.", "x/version": "11" }), /version "11" of the format/);
    await refused(await archive({ "x/data.pkl": "N.", "../x": "" }), /unsafe name "\.\.\/x"/);
  });

  test("bombs", async () => {
    const zeros = new Uint8Array(80_000_000);
    await refused(
      await archive({ "x/data.pkl": "N.", "x/data/0": zeros }, true),
      /would unpack to 80000002 bytes from \d+/,
    );
  });

  test("a bit that was turned in the elements", async () => {
    const bytes = await torch.save(torch.full([100], 1.5));
    const at = Buffer.from(bytes).indexOf(new Uint8Array(Float32Array.of(1.5, 1.5).buffer));
    bytes[at]! ^= 1;
    await refused(bytes, /checksum/);
    const read = await torch.load(bytes, { checkCrc32: false });
    expect(read.at(1).item()).toBe(1.5);
  });

  test("files of other formats, and none", async () => {
    await refused(text("version https://git-lfs.github.com/spec/v1\noid sha256:1"), /pointer of Git LFS/);
    await refused(text("\x93NUMPY\x01\x00"), /torch\.numpy\.load/);
    await refused(text("<!DOCTYPE html>"), /web page/);
    await refused(text("\x80\x02N."), /magic number is missing/);
    await refused(new Uint8Array(0), /is empty/);
    const tar = new Uint8Array(1024);
    tar.set(text("ustar"), 257);
    await refused(tar, /tar format of PyTorch before 0\.1\.10/);
  });

  test.each(["values.pt", "legacy.pt"])("%s truncated at every byte", async (name) => {
    const bytes = readFileSync(fixture(name));
    for (let n = 0; n < bytes.length; n++)
      await expect(torch.load(new Uint8Array(bytes.subarray(0, n)))).rejects.toBeInstanceOf(torch.FileError);
  });

  test.each(["values.pt", "legacy.pt"])("%s with each bit turned", async (name) => {
    const bytes = new Uint8Array(readFileSync(fixture(name)));
    let accepted = 0;
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const copy = bytes.slice();
      copy[bit >> 3]! ^= 1 << (bit & 7);
      await torch.load(copy).then(
        () => accepted++,
        (error: unknown) => expect(error).toBeInstanceOf(torch.FileError),
      );
    }
    // Only padding, dates and the like go unnoticed where there are checksums.
    if (name === "values.pt") expect(accepted / (8 * bytes.length)).toBeLessThan(0.4);
  });

  test.each<[string, torch.LoadOptions]>([
    ["values.pt", {}],
    ["values.pt", { checkCrc32: false }],
    ["legacy.pt", {}],
  ])("100,000 damaged copies of %s, %o", async (name, options) => {
    const whole = new Uint8Array(readFileSync(fixture(name)));
    // Small ones too: damage at a place that matters is likelier.
    const pickle = tensor("K\x01", "K\x03\x85", "K\x01\x85");
    const seeds =
      name === "values.pt"
        ? [whole, await withData(pickle), await withData(`\x80\x02${pickle.slice(2, -1)}q\x00h\x00\x86.`)]
        : [
            whole,
            joined(
              whole.subarray(0, Buffer.from(whole).indexOf("}q", 20)),
              text(`}.${pickle.replace(/tQ/, "NtQ")}\x80\x02]U\x010a.\x04\0\0\0\0\0\0\0${"\0".repeat(16)}`),
            ),
          ];
    for (const seed of seeds) await torch.load(seed, options);
    const { accepted, problems } = await fuzz(seeds, 100_000, (bytes) => torch.load(bytes, options));
    expect(accepted).toBeGreaterThan(500);
    expect(problems.size).toBeGreaterThan(30);
  });
});
