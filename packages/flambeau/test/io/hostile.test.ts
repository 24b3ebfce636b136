// Hostile safetensors and NumPy files end in a FileError that names the file, whatever is done to them.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { numpy, safetensors } from "../../src/index.ts";
import { flipped, fuzz, outcome, truncated } from "./hostile.ts";
import { makeFile, withHeader } from "./safetensors-file.ts";

/** Inputs a reader. */
const count = Number(process.env["FLAMBEAU_HOSTILE"] ?? 100_000);
const fixture = (name: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const arrays = JSON.parse(readFileSync(new URL("fixtures/numpy.json", import.meta.url), "utf8")) as {
  files: Record<string, { bytes: string }>;
  archives: Record<string, string>;
};
const decode = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, "base64"));

describe("safetensors", () => {
  const read = (file: Uint8Array): ReturnType<typeof safetensors.load> => safetensors.load(file);
  const all = fixture("all.safetensors");
  const index = new TextEncoder().encode(
    JSON.stringify({ metadata: { total_size: 12 }, weight_map: { a: "x.safetensors", b: "y.safetensors" } }),
  );

  test("truncated at every byte, every bit flipped", async () => {
    await truncated(read, all);
    await flipped(read, all);
    await flipped(read, index);
  });

  test(`${count} changed files`, async () => {
    const small = makeFile([
      ["a", "F32", [2, 2], new Uint8Array(16)],
      ["b", "I64", [1], new Uint8Array(8)],
    ]);
    const reasons = await fuzz(read, [all, fixture("tied.safetensors"), small, index], count);
    expect(reasons.size).toBeGreaterThan(30);
  });

  const header = (fields: object): string =>
    JSON.stringify({ dtype: "F32", shape: [1], data_offsets: [0, 4], ...fields });
  const four = [new Uint8Array(4)];
  const bad: [what: string, file: Uint8Array<ArrayBuffer>, message: RegExp][] = [
    ["an empty file", new Uint8Array(0), /it has 0 bytes/],
    [
      "a header of 2^63 bytes",
      Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 128, 1]),
      /header would have 9223372036854775808 bytes/,
    ],
    [
      "a header past the end",
      Uint8Array.from([9, 0, 0, 0, 0, 0, 0, 0, 0x7b]),
      /header would have 9 bytes, but the file ends after 1/,
    ],
    ["no header", withHeader(""), /the end/],
    ["a list", withHeader("[]"), /where \{ of the header is expected/],
    [
      "a key twice",
      withHeader(`{"a":${header({})},"a":${header({})}}`, four),
      /the key "a" of the header comes twice/,
    ],
    [
      "a field twice",
      withHeader('{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}', four),
      /comes twice/,
    ],
    ["deep nesting", withHeader(`{"a":${'{"x":'.repeat(100_000)}`), /nested more than 100 deep/],
    ["deep lists", withHeader(`{"a":{"x":${"[".repeat(1_000_000)}`), /nested more than 100 deep/],
    [
      "many dimensions",
      withHeader(`{"a":${header({ shape: new Array(100_000).fill(1) })}}`, four),
      /more than 64 numbers/,
    ],
    [
      "a size beyond all numbers",
      withHeader(`{"a":${header({ shape: [2 ** 40, 2 ** 40] })}}`, four),
      /beyond all numbers/,
    ],
    [
      "a number beyond 2^53",
      withHeader('{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}', four),
      /beyond 2\^53/,
    ],
    ["a negative size", withHeader(`{"a":${header({ shape: [-1] })}}`, four), /where a whole number/],
    ["a fraction", withHeader(`{"a":${header({ shape: [1.5] })}}`, four), /JSON is "\."/],
    [
      "offsets that lie",
      withHeader(`{"a":${header({ data_offsets: [0, 8] })}}`, four),
      /takes 4 bytes, but its data_offsets span 8/,
    ],
    [
      "offsets backwards",
      withHeader(`{"a":${header({ shape: [0], data_offsets: [4, 4] })}}`, four),
      /4 bytes before tensor "a"/,
    ],
    [
      "offsets past the end",
      withHeader(`{"a":${header({ shape: [2], data_offsets: [0, 8] })}}`, four),
      /ends at byte .* truncated/,
    ],
    [
      "overlap",
      withHeader(`{"a":${header({})},"b":${header({})}}`, four),
      /tensor "b" overlaps the one before it/,
    ],
    [
      "a hole",
      withHeader(`{"a":${header({})},"b":${header({ data_offsets: [8, 12] })}}`, [new Uint8Array(12)]),
      /4 bytes before tensor "b"/,
    ],
    [
      "bytes at the end",
      withHeader(`{"a":${header({})}}`, [new Uint8Array(5)]),
      /1 bytes after the last tensor/,
    ],
    ["an unknown dtype", withHeader(`{"a":${header({ dtype: "F128" })}}`, four), /unknown dtype "F128"/],
    [
      "a dtype of Object",
      withHeader(`{"a":${header({ dtype: "constructor" })}}`, four),
      /unknown dtype "constructor"/,
    ],
    ["text after the header", withHeader(`{"a":${header({})}} x`, four), /where the end is expected/],
    ["metadata of numbers", withHeader('{"__metadata__":{"a":1}}'), /a string for __metadata__\["a"\]/],
    ["a name that is no UTF-8", withHeader('{"\\ud800x\u0001":1}'), /malformed/],
  ];
  test.each(bad)("%s", async (_, file, message) => {
    await expect(read(file)).rejects.toThrow(message);
    await expect(read(file)).rejects.toThrow(torch.FileError);
  });
});

describe("NumPy", () => {
  const seeds = Object.values(arrays.files).map(({ bytes }) => decode(bytes));
  const archives = Object.values(arrays.archives).map(decode);
  const read = (file: Uint8Array): ReturnType<typeof numpy.load> => numpy.load(file);
  const readz = (file: Uint8Array): ReturnType<typeof numpy.loadz> => numpy.loadz(file);

  test("truncated at every byte, every bit flipped", async () => {
    for (const name of ["<f4", "fortran", "v3", "python 2"]) {
      const file = decode(arrays.files[name]!.bytes);
      await truncated(read, file);
      await flipped(read, file);
    }
    for (const file of archives) await truncated(readz, file);
    await flipped(readz, archives[1]!);
  });

  test(`${count} changed arrays`, async () => {
    const reasons = await fuzz(read, seeds, count);
    expect(reasons.size).toBeGreaterThan(20);
  });

  test(`${count} changed archives`, async () => {
    const reasons = await fuzz(readz, archives, count);
    expect(reasons.size).toBeGreaterThan(15);
  });

  const file = (header: string, version = 1): Uint8Array<ArrayBuffer> => {
    const text = new TextEncoder().encode(header);
    return Uint8Array.from([
      0x93,
      ...new TextEncoder().encode("NUMPY"),
      version,
      0,
      text.length & 255,
      text.length >> 8,
      ...text,
      ...new Uint8Array(16),
    ]);
  };
  const bad: [what: string, file: Uint8Array<ArrayBuffer>, message: RegExp][] = [
    ["another format", new TextEncoder().encode("hello, world"), /does not begin with/],
    ["another version", file("{}", 9), /version 9\.0/],
    ["no keys", file("{}"), /lacks descr, fortran_order or shape/],
    ["code", file("{'descr': __import__('os').system('id')}"), /where a dtype is expected/],
    [
      "a gigantic shape",
      file("{'descr': '<f8', 'fortran_order': False, 'shape': (9007199254740991, 1000)}"),
      /needs more bytes/,
    ],
    [
      "a negative size",
      file("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"),
      /a size is expected/,
    ],
    [
      "many dimensions",
      file(`{'descr': '<f8', 'fortran_order': False, 'shape': (${"1,".repeat(70)})}`),
      /more than 64 dimensions/,
    ],
    ["a key twice", file("{'descr': '<f8', 'descr': '<f8'}"), /has the key "descr" twice/],
  ];
  test.each(bad)("%s", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
    expect(await outcome(read, bytes)).not.toBe(null);
  });
});
