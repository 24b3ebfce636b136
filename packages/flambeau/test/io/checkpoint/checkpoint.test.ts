// Checkpoints: what they hold comes back; damaged ones are passed over; nothing is lost on the way.

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { AnyTensor } from "../../../src/index.ts";
import * as torch from "../../../src/index.ts";
import { nn, optim } from "../../../src/index.ts";
import { crc32 } from "../../../src/io/crc.ts";
import { flipped, fuzz, truncated } from "../hostile.ts";

const root = mkdtempSync(join(tmpdir(), "flambeau-ckpt-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const folder = (): string => join(root, String(folders++));
const list = (x: unknown): unknown => (x as AnyTensor).tolist();

describe("values", () => {
  test("all kinds come back as they were", async () => {
    const values = {
      numbers: [1, -0, 0.1, 1e308, 5e-324, Number.NaN, Infinity, -Infinity],
      texts: ["", "ä\u0000\ud83d\ude00", "\ud800"],
      big: -(2n ** 80n),
      none: [null, undefined, true],
      map: new Map<unknown, unknown>([
        [1, "a"],
        ["b", new Set([2, "c"])],
      ]),
      arrays: [
        new Uint8Array([1, 2]),
        new Float64Array([0.1]),
        new BigInt64Array([-1n]),
        new Float32Array(0),
      ],
      odd: { $: "tensor", value: "x", __proto__: null },
      nested: { a: { b: [{ c: 1 }] } },
    };
    const at = folder();
    await torch.saveCheckpoint(at, values);
    const back = await torch.loadCheckpoint(at);
    expect(back).toStrictEqual({ ...values, odd: { $: "tensor", value: "x" } });
  });

  test("tensors, tied ones once, go into the given ones", async () => {
    const at = folder();
    const w = torch.randn(3, 2, { requiresGrad: true });
    const weights = {
      w,
      view: w.detach().T,
      counts: torch.tensor([1n, -5n]),
      flags: torch.tensor([true, false]),
    };
    await torch.saveCheckpoint(at, { weights, again: w, list: [w] });
    const bytes = readFileSync(join(at, "checkpoint-000001.safetensors"));
    const inside = await torch.safetensors.load(bytes);
    expect(Object.keys(inside).sort()).toEqual([
      "generator",
      "weights.counts",
      "weights.flags",
      "weights.view",
      "weights.w",
    ]);
    const given = torch.zeros(3, 2, { requiresGrad: true });
    const back = await torch.loadCheckpoint(at, { list: [given] });
    expect(back!.list[0]).toBe(given);
    expect(list(given)).toEqual(list(w));
    expect(list((back as unknown as typeof back & { weights: typeof weights })!.weights.view)).toEqual(
      list(w.T),
    );
    await expect(torch.loadCheckpoint(at, { again: torch.zeros(2, 3) })).rejects.toThrow(
      "loadCheckpoint: again was saved as float32 of shape [3, 2], but the given tensor is float32 of shape [2, 3]",
    );
    await expect(torch.loadCheckpoint(at, { other: torch.zeros(1) })).rejects.toThrow(
      /has nothing for other/,
    );
  });

  test("what cannot be saved is named", async () => {
    const save = (x: unknown): Promise<string> => torch.saveCheckpoint(folder(), { a: { b: [x] } });
    await expect(save(() => 1)).rejects.toThrow("saveCheckpoint: a.b.0 cannot be saved: it is a function");
    await expect(save(new Date())).rejects.toThrow(/a\.b\.0 cannot be saved: it is a Date/);
    const loop: unknown[] = [];
    loop.push(loop);
    await expect(save(loop)).rejects.toThrow(/nested more than 24 deep/);
    await expect(torch.saveCheckpoint(folder(), {}, { keepLast: 0 })).rejects.toThrow(
      /keepLast must be at least 1/,
    );
  });

  test("generators, the default one among them", async () => {
    const at = folder();
    const own = new torch.Generator().manualSeed(3);
    torch.manualSeed(5);
    torch.randn(7);
    await torch.saveCheckpoint(at, { own });
    const expected = [list(torch.randn(3)), list(torch.randn([3], { generator: own }))];
    torch.manualSeed(1);
    const other = new torch.Generator();
    await torch.loadCheckpoint(at, { other: 1, own: other });
    expect([list(torch.randn(3)), list(torch.randn([3], { generator: other }))]).toEqual(expected);
    torch.manualSeed(1);
    const first = torch.rand(1).item();
    torch.manualSeed(1);
    await torch.loadCheckpoint(at, { own: other }, { rng: false });
    expect(torch.rand(1).item()).toBe(first);
  });
});

describe("training", () => {
  const make = (): { net: nn.Module; trainer: optim.Optimizer; scheduler: optim.lrScheduler.LRScheduler } => {
    const net = new nn.Sequential(new nn.Linear(3, 4), new nn.Dropout(0.5), new nn.Linear(4, 1));
    const trainer = new optim.AdamW(net.parameters(), { lr: 0.1 }) as unknown as optim.Optimizer;
    return { net, trainer, scheduler: new optim.lrScheduler.StepLR(trainer, 2) };
  };
  const run = ({ net, trainer, scheduler }: ReturnType<typeof make>, steps: number): unknown => {
    const call = net as unknown as (x: torch.AnyTensor) => torch.AnyTensor;
    for (let i = 0; i < steps; i++) {
      trainer.zeroGrad();
      call(torch.randn(5, 3)).square().sum().backward();
      trainer.step();
      scheduler.step();
    }
    return Object.values(net.stateDict()).map(list);
  };

  test("goes on from a file that is written over, into new objects", async () => {
    const file = join(root, "single.safetensors");
    expect(await torch.loadCheckpoint(file)).toBe(null);
    const first = make();
    run(first, 3);
    await torch.saveCheckpoint(file, { ...first, epoch: 1 });
    await torch.saveCheckpoint(file, { ...first, epoch: 2 });
    const expected = run(first, 3);
    const second = make();
    const found = await torch.loadCheckpoint(file, { ...second, epoch: 0, best: 7 });
    expect([found!.epoch, found!.best, found!.net]).toEqual([2, 7, second.net]);
    expect(run(second, 3)).toEqual(expected);
    // A model alone, as for inference; and no objects at all.
    const third = make();
    await torch.loadCheckpoint(file, { net: third.net }, { rng: false });
    const bare = (await torch.loadCheckpoint(file)) as { net: Record<string, AnyTensor> };
    expect(Object.keys(bare.net)).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    await expect(torch.loadCheckpoint(file, { net: new nn.Linear(1, 1) })).rejects.toThrow(/Missing key/);
    await expect(torch.loadCheckpoint(file, { epoch: make().net })).rejects.toThrow(/has no state for epoch/);
    await expect(torch.loadCheckpoint(file, { net: 3 })).rejects.toThrow(
      /net was saved as an object with a state/,
    );
  });

  test("a change while it is saved is an error, and nothing is kept", async () => {
    const at = folder();
    const things = make();
    const saving = torch.saveCheckpoint(at, things);
    run(things, 1);
    await expect(saving).rejects.toThrow(/was changed while it was written/);
    expect(readdirSync(at)).toEqual([]);
  });
});

describe("a folder", () => {
  test("keeps the last ones, and saves that run at once follow each other", async () => {
    const at = folder();
    expect(await torch.loadCheckpoint(at)).toBe(null);
    const names = await Promise.all(
      [1, 2, 3, 4].map((n) => torch.saveCheckpoint(at, { n }, { keepLast: 2 })),
    );
    expect(names).toEqual([1, 2, 3, 4].map((n) => `checkpoint-00000${n}.safetensors`));
    expect(readdirSync(at).sort()).toEqual(names.slice(2));
    writeFileSync(join(at, ".checkpoint-000009.safetensors.abc.tmp"), "left by a kill");
    writeFileSync(join(at, "notes.txt"), "mine");
    await torch.saveCheckpoint(at, { n: 5 });
    expect(readdirSync(at).sort()).toEqual([...names.slice(2), "checkpoint-000005.safetensors", "notes.txt"]);
  });

  test("a damaged one is passed over; if all are, that is an error", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const at = folder();
    for (const n of [1, 2, 3]) await torch.saveCheckpoint(at, { n, x: torch.full([50], n) });
    const [one, two, three] = [1, 2, 3].map((n) => join(at, `checkpoint-00000${n}.safetensors`)) as [
      string,
      string,
      string,
    ];
    const bytes = readFileSync(three);
    bytes[bytes.length - 30]! ^= 1;
    writeFileSync(three, bytes);
    truncateSync(two, 300);
    expect((await torch.loadCheckpoint<{ n: number }>(at))!.n).toBe(1);
    expect(warn.mock.calls.map(([text]) => String(text).replace(at, ""))).toEqual([
      "loadCheckpoint: /checkpoint-000003.safetensors: is damaged: its bytes do not fit their checksum (CRC-32); an older checkpoint is taken",
      "loadCheckpoint: /checkpoint-000002.safetensors: is damaged: its bytes do not fit their checksum (CRC-32); an older checkpoint is taken",
    ]);
    writeFileSync(one, "");
    await expect(torch.loadCheckpoint(at)).rejects.toThrow(/has no checkpoint that can be read: .*3.*2.*1/);
    // A new one counts again.
    await torch.saveCheckpoint(at, { n: 4 }, { keepLast: 1 });
    expect((await torch.loadCheckpoint<{ n: number }>(at))!.n).toBe(4);
    expect(readdirSync(at)).toEqual(["checkpoint-000004.safetensors"]);
    warn.mockRestore();
  });

  test("any store, such as memory", async () => {
    const store = torch.files.memory();
    for (const n of [1, 2, 3]) await torch.saveCheckpoint(store, { n }, { keepLast: 2 });
    expect(await store.list()).toHaveLength(2);
    expect((await torch.loadCheckpoint<{ n: number }>(store))!.n).toBe(3);
    await expect(store.open("x")).rejects.toThrow("memory/x: cannot be opened: no such file");
    await expect(torch.loadCheckpoint(torch.files.opfs("runs"))).rejects.toThrow(
      /no origin private file system/,
    );
    await expect(torch.loadCheckpoint(torch.files.indexedDB("runs"))).rejects.toThrow(/no IndexedDB/);
  });
});

describe("hostile checkpoints", () => {
  const count = Number(process.env["FLAMBEAU_HOSTILE"] ?? 100_000);
  type Bytes = Uint8Array<ArrayBuffer>;
  const read = async (file: Bytes): Promise<Record<string, AnyTensor>> => {
    const store = torch.files.memory();
    await store.write("checkpoint-000001.safetensors", (sink) => sink.write(file));
    await torch.loadCheckpoint(store, {}, { rng: false });
    return {};
  };
  /** With a checksum that fits, so that the rest of it is looked at. */
  const signed = (file: Bytes): Bytes => {
    const at = 8 + '{"__metadata__":{"crc32":"'.length;
    if (file.length < at + 8) return file;
    file.fill(0x30, at, at + 8);
    file.set(new TextEncoder().encode(crc32(file).toString(16).padStart(8, "0")), at);
    return file;
  };
  const seed = async (): Promise<Bytes> => {
    const store = torch.files.memory();
    await torch.saveCheckpoint(store, {
      a: new Map([[1, 2n]]),
      b: [Number.NaN, new Set([true])],
      c: new Float64Array(2),
      d: torch.zeros(2),
    });
    const source = await store.open("checkpoint-000001.safetensors");
    return Uint8Array.from(await source.read(0, source.size));
  };

  test("truncated at every byte, flipped bits", async () => {
    const file = await seed();
    await truncated(read, file);
    // The state of the generator makes most of it.
    await flipped(read, file.slice(0, 200));
  });

  test(`${count} changed files, their checksums put right`, async () => {
    const reasons = await fuzz((file) => read(signed(file)), [await seed()], count);
    expect(reasons.size).toBeGreaterThan(30);
  });
});
