// Files of NumPy: every dtype in both byte orders, read to the bit; written as NumPy writes them; what is refused.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { numpy } from "../../src/index.ts";
import { BytesSource } from "../../src/io/source.ts";

interface Fixture {
  readonly bytes: string;
  readonly shape: number[];
  readonly values: (string | boolean)[];
}
const fixtures = JSON.parse(readFileSync(new URL("fixtures/numpy.json", import.meta.url), "utf8")) as {
  files: Record<string, Fixture>;
  refused: Record<string, string>;
  archives: Record<string, string>;
  written: Record<"x" | "y" | "int64", string>;
};
const decode = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, "base64"));
const folder = mkdtempSync(join(tmpdir(), "flambeau-np-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dtypes: Record<string, torch.DType> = {
  i1: "int32",
  i2: "int32",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "int32",
  u4: "int64",
  u8: "int64",
  f2: "float32",
  f4: "float32",
  f8: "float64",
};
const python: Record<string, number> = { inf: Infinity, "-inf": -Infinity, nan: NaN };

describe("reading", () => {
  test.each(Object.entries(fixtures.files))("%s", async (name, { bytes, shape, values }) => {
    const x = await numpy.load(decode(bytes));
    expect(x.shape).toEqual(shape);
    expect(x.dtype).toBe(dtypes[name.slice(1)] ?? x.dtype);
    const expected = values.map((v) =>
      typeof v === "boolean" ? v : x.dtype === "int64" ? BigInt(v) : (python[v] ?? Number(v)),
    );
    const got = Array.from(x.toTypedArray() as Iterable<number | bigint>, (v) =>
      x.dtype === "bool" ? v === 1 : v,
    );
    // float32 here, where Python printed the same number as a double.
    expect(got).toEqual(expected);
  });

  test("arrays in Fortran's order have the strides of a transposed tensor", async () => {
    const x = await numpy.load(decode(fixtures.files["fortran"]!.bytes));
    expect([x.shape, x.strides, x.isContiguous()]).toEqual([[2, 3, 4], [1, 2, 6], false]);
    expect(x.add(1).sum().item()).toBe(300);
  });

  test.each(Object.entries(fixtures.refused))("%s are refused", async (_, base64) => {
    await expect(numpy.load(new BytesSource(decode(base64), "a.npy"))).rejects.toThrow(
      /^a\.npy: is no \.npy file that can be read: its dtype .* only booleans and real numbers are read$/,
    );
  });

  test("archives", async () => {
    for (const name of ["savez", "savez_compressed"] as const) {
      const { x, y } = await numpy.loadz(decode(fixtures.archives[name]!));
      expect([x!.tolist(), y!.tolist()]).toEqual([
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
        [true, false],
      ]);
    }
    expect(Object.keys(await numpy.loadz(decode(fixtures.archives["positional"]!)))).toEqual([
      "arr_0",
      "arr_1",
    ]);
    expect(Object.keys(await numpy.loadz(decode(fixtures.archives["savez"]!), { names: ["y"] }))).toEqual([
      "y",
    ]);
    await expect(numpy.loadz(decode(fixtures.archives["savez"]!), { names: ["z"] })).rejects.toThrow(
      /no array "z"/,
    );
    await expect(numpy.load(decode(fixtures.archives["savez"]!))).rejects.toThrow(/read it with loadz/);
  });
});

describe("writing", () => {
  const x = torch.arange(6).reshape(2, 3).to("float32");
  const y = torch.tensor([true, false]);

  test("the very bytes of NumPy", async () => {
    expect(await numpy.save(x)).toEqual(decode(fixtures.written.x));
    expect(await numpy.save(y)).toEqual(decode(fixtures.written.y));
    expect(await numpy.save(torch.tensor(7n))).toEqual(decode(fixtures.written.int64));
    expect(await numpy.save(torch.arange(6).reshape(3, 2).to("float32").T)).not.toEqual(
      decode(fixtures.written.x),
    );
  });

  test("files, with the endings that NumPy gives them", async () => {
    await numpy.save(join(folder, "x"), x.T);
    await numpy.savez(join(folder, "z"), { x, y });
    await numpy.savezCompressed(join(folder, "c.npz"), [x, y]);
    expect(readdirSync(folder).sort()).toEqual(["c.npz", "x.npy", "z.npz"]);
    expect((await numpy.load(join(folder, "x.npy"))).tolist()).toEqual(x.T.tolist());
    const z = await numpy.load(`${join(folder, "z")}.npz`);
    expect([z["x"]!.tolist(), z["y"]!.tolist()]).toEqual([x.tolist(), y.tolist()]);
    const c = await numpy.loadz(join(folder, "c.npz"));
    expect([c["arr_0"]!.tolist(), c["arr_1"]!.tolist()]).toEqual([x.tolist(), y.tolist()]);
    expect(await numpy.loadz(await numpy.savezCompressed(new Map([["große/x", x]])))).toHaveProperty([
      "große/x",
    ]);
  });

  test("every dtype and kind of shape comes back", async () => {
    for (const dtype of ["float32", "float64", "int32", "int64", "uint8", "bool"] as const)
      for (const shape of [[], [0], [5], [2, 0, 3], [2, 3, 4]]) {
        const t = torch
          .arange(shape.reduce((p, n) => p * n, 1))
          .reshape(shape)
          .to(dtype);
        const back = await numpy.load(await numpy.save(t));
        expect([back.shape, back.dtype, back.tolist()]).toEqual([t.shape, t.dtype, t.tolist()]);
      }
  });

  test("a tensor that changes while it is written is no file", async () => {
    const t = torch.zeros(10);
    const writing = numpy.save(join(folder, "torn.npy"), t);
    t.add_(1);
    await expect(writing).rejects.toThrow(/was changed while it was written/);
    expect(readdirSync(folder)).not.toContain("torn.npy");
    await expect(numpy.save("x.npy", 3 as never)).rejects.toThrow(/expected a tensor/);
  });
});
