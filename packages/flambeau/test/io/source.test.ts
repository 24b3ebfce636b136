// Where bytes come from and go to: every kind of file reads alike, and a file that is written is whole or untouched.

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { ArgumentError, FileError } from "../../src/base/errors.ts";
import { writeBytes, writeFile } from "../../src/io/sink.ts";
import type { FileLike } from "../../src/io/source.ts";
import { openSource, withSource } from "../../src/io/source.ts";

const folder = mkdtempSync(join(tmpdir(), "flambeau-io-"));
afterAll(() => rmSync(folder, { recursive: true }));
const content = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 256);
const path = join(folder, "some file.bin");
writeFileSync(path, content);

describe("sources", () => {
  const kinds: Record<string, () => FileLike> = {
    path: () => path,
    url: () => pathToFileURL(path),
    bytes: () => content,
    buffer: () => content.buffer,
    blob: () => new Blob([content]),
    stream: () => new Blob([content]).stream(),
    response: () => new Response(content),
  };
  for (const [kind, make] of Object.entries(kinds))
    test(kind, async () => {
      const source = await openSource(make());
      expect(source.size).toBe(1000);
      expect(await source.read(0, 1000)).toEqual(content);
      expect(Uint8Array.from(await source.read(990, 10))).toEqual(content.slice(990));
      expect(await source.read(1000, 0)).toHaveLength(0);
      const target = new Uint8Array(100);
      await source.readInto(target, 17);
      expect(target).toEqual(content.slice(17, 117));
      for (const [start, length] of [
        [991, 10],
        [-1, 2],
        [2 ** 60, 1],
        [0, 2 ** 60],
        [0.5, 1],
        [Number.NaN, 1],
        [0, Number.NaN],
      ] as const)
        await expect(source.read(start, length)).rejects.toThrow(FileError);
      await expect(source.readInto(new Uint8Array(11), 990)).rejects.toThrow(/11 bytes at 990 .* 1000 bytes/);
      await source.close();
    });

  test("a handle that was handed in stays open", async () => {
    const handle = await open(path);
    expect(await withSource(handle, (s) => s.read(1, 2))).toEqual(content.slice(1, 3));
    expect((await handle.stat()).size).toBe(1000);
    await handle.close();
  });

  test("errors name the file", async () => {
    await expect(openSource(join(folder, "missing"))).rejects.toThrow(
      `${join(folder, "missing")}: cannot be opened: no such file or folder`,
    );
    await expect(openSource(folder)).rejects.toThrow(/is a folder, where a file is expected/);
    await expect(openSource("https://example.org/x.pt")).rejects.toThrow(/await fetch\(url\)/);
    await expect(openSource(new Response("", { status: 404, statusText: "Not Found" }))).rejects.toThrow(
      "(response): the server answered 404 Not Found",
    );
    await expect(openSource(7 as never)).rejects.toThrow(ArgumentError);
    const error = await openSource(join(folder, "missing")).catch((e: unknown) => e as FileError);
    expect(error).toMatchObject({
      name: "FileError",
      file: join(folder, "missing"),
      cause: { code: "ENOENT" },
    });
  });

  test("a file that shrinks while it is read", async () => {
    const shrinking = join(folder, "shrinking");
    writeFileSync(shrinking, content);
    await withSource(shrinking, async (source) => {
      writeFileSync(shrinking, content.slice(0, 500));
      await expect(source.read(0, 1000)).rejects.toThrow(/ended at 500 bytes while it was read/);
    });
  });
});

describe("sinks", () => {
  const pieces = [1, 300_000, 0, 250_000, 20_000, 5].map((n, i) => new Uint8Array(n).fill(i + 1));
  const whole = new Uint8Array(pieces.flatMap((p) => [...p]));
  const writeAll = async (sink: { write(b: Uint8Array): Promise<void> }): Promise<void> => {
    for (const p of pieces) {
      const reused = p.slice();
      await sink.write(reused);
      reused.fill(99);
    }
  };

  test("memory, path and stream get the same bytes", async () => {
    expect(await writeBytes(writeAll)).toEqual(whole);
    const out = join(folder, "out.bin");
    await writeFile(out, writeAll);
    expect(new Uint8Array(readFileSync(out))).toEqual(whole);
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
    const [bytes] = await Promise.all([new Response(readable).bytes(), writeFile(writable, writeAll)]);
    expect(bytes).toEqual(whole);
  });

  test("a write that fails leaves the old file and nothing else", async () => {
    const inner = mkdtempSync(join(folder, "atomic-"));
    const out = join(inner, "x");
    writeFileSync(out, "old");
    await expect(
      writeFile(out, async (sink) => {
        await sink.write(new Uint8Array(1_000_000));
        throw new RangeError("no more");
      }),
    ).rejects.toThrow(new RangeError("no more"));
    expect(readFileSync(out, "utf8")).toBe("old");
    expect(readdirSync(inner)).toEqual(["x"]);
    await expect(writeFile(join(inner, "no", "x"), writeAll)).rejects.toThrow(
      /cannot be written: no such file/,
    );
  });

  test("links stay links, and the mode stays", async () => {
    const inner = mkdtempSync(join(folder, "link-"));
    writeFileSync(join(inner, "real"), "old");
    chmodSync(join(inner, "real"), 0o600);
    symlinkSync("real", join(inner, "link"));
    await writeFile(join(inner, "link"), (sink) => sink.write(new Uint8Array([110, 101, 119])));
    expect(readFileSync(join(inner, "real"), "utf8")).toBe("new");
    expect(statSync(join(inner, "real")).mode & 0o777).toBe(0o600);
    expect(existsSync(join(inner, "link"))).toBe(true);
    expect(readdirSync(inner).sort()).toEqual(["link", "real"]);
  });
});
