import { describe, expect, test } from "vitest";
import { crc32 } from "../../src/io/crc.ts";
import { writeBytes } from "../../src/io/sink.ts";
import { BytesSource } from "../../src/io/source.ts";
import type { ZipOptions } from "../../src/io/zip/read.ts";
import { ZipReader } from "../../src/io/zip/read.ts";
import { ZipWriter } from "../../src/io/zip/write.ts";
import { fuzz, joined } from "./mutate.ts";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const long = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 7);

function archive(
  files: Record<string, Uint8Array>,
  options: { compress?: boolean; alignment?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return writeBytes(async (sink) => {
    const zip = new ZipWriter(sink, options.alignment);
    for (const [name, bytes] of Object.entries(files)) await zip.add(name, bytes, options);
    await zip.finish();
  });
}

async function readAll(bytes: Uint8Array, options: ZipOptions = {}): Promise<Record<string, Uint8Array>> {
  const zip = await ZipReader.open(new BytesSource(bytes, "x.zip"), options);
  const files: Record<string, Uint8Array> = {};
  for (const [name, entry] of zip.entries) files[name] = await zip.read(entry);
  return files;
}

const files = {
  "a/one": text("1\n"),
  "a/zwei/é": text("hello hello hello hello"),
  empty: new Uint8Array(0),
  long,
};

describe("zip archives", () => {
  test.each([{}, { compress: true }, { alignment: 64 }, { alignment: 64, compress: true }])(
    "what is written is read: %o",
    async (options) => {
      const bytes = await archive(files, options);
      expect(await readAll(bytes)).toEqual(files);
      if (options.compress) expect(bytes.length).toBeLessThan(10_000);
    },
  );

  test("bytes of files are aligned", async () => {
    const bytes = await archive(
      { x: text("XXXXXXXX"), "y/z": text("YYYYYYYY"), w: text("WWWWWWWW") },
      { alignment: 64 },
    );
    const where = (s: string): number => Buffer.from(bytes).indexOf(s);
    expect(["XXXXXXXX", "YYYYYYYY", "WWWWWWWW"].map((s) => where(s) % 64)).toEqual([0, 0, 0]);
  });

  test("the checksum", () => {
    expect(crc32(text("123456789"))).toBe(0xcbf43926);
    expect(crc32(text("456789"), crc32(text("123")))).toBe(0xcbf43926);
  });

  test("offsets beyond 4 GiB stand in zip64 fields", async () => {
    // Five gigabytes between two files, which are not there: the sink counts them, the source has zeros.
    const gap = 5 * 2 ** 30;
    let before = 0;
    const all = await writeBytes(async (sink) => {
      let skipped = 0;
      const zip = new ZipWriter({
        name: "large.zip",
        get size() {
          return sink.size + skipped;
        },
        write: (bytes) => sink.write(bytes),
      });
      await zip.add("near", text("near"));
      before = sink.size;
      skipped = gap;
      await zip.add("far", text("after five gigabytes"));
      await zip.finish();
    });
    const size = all.length + gap;
    const byteAt = (i: number): number => (i < before ? all[i]! : i < before + gap ? 0 : all[i - gap]!);
    const read = (start: number, length: number): Promise<Uint8Array> =>
      Promise.resolve(Uint8Array.from({ length }, (_, i) => byteAt(start + i)));
    const reader = await ZipReader.open({
      name: "large.zip",
      size,
      read,
      readInto: async (target, start) => target.set(await read(start, target.length)),
      close: () => Promise.resolve(),
    });
    const contents = [...reader.entries.values()].map((entry) => reader.read(entry));
    expect((await Promise.all(contents)).map((bytes) => new TextDecoder().decode(bytes))).toEqual([
      "near",
      "after five gigabytes",
    ]);
    expect(reader.entries.get("far")!.header).toBe(before + gap);
  });
});

describe("archives that lie", () => {
  const refused = async (bytes: Uint8Array, message: RegExp): Promise<void> => {
    await expect(readAll(bytes)).rejects.toThrow(message);
    await expect(readAll(bytes)).rejects.toMatchObject({ name: "FileError", file: "x.zip" });
  };
  /** The archive with bytes of the directory entry of its first file replaced. */
  const changed = (bytes: Uint8Array, at: number, ...values: number[]): Uint8Array => {
    const copy = bytes.slice();
    copy.set(values, Buffer.from(copy).indexOf("PK\x01\x02", 0, "latin1") + at);
    return copy;
  };

  test("truncated at every byte", async () => {
    const bytes = await archive({ "a/b": text("hello"), "a/c": text("world") });
    for (let n = 0; n < bytes.length; n++) await refused(bytes.subarray(0, n), /^x\.zip: /);
  });

  test("names that lead elsewhere, or come twice", async () => {
    for (const name of ["../x", "a/../../x", "/etc/passwd", "C:/x", "a\\b", "a\0b", ""])
      await refused(await archive({ [name]: text("x") }), /unsafe name/);
    const twice = await archive({ aaaa: text("x"), bbbb: text("y") });
    await refused(
      Buffer.from(Buffer.from(twice).toString("latin1").replaceAll("bbbb", "aaaa"), "latin1"),
      /"aaaa" twice/,
    );
  });

  test("a name that differs between header and directory", async () => {
    const bytes = await archive({ aaaa: text("x") });
    bytes[30] = 0x62;
    await refused(bytes, /at "aaaa": its header differs/);
  });

  test("bytes that do not fit their checksum", async () => {
    const bytes = await archive({ a: text("hello") });
    bytes[31]! ^= 1;
    await refused(bytes, /checksum/);
    const zip = await ZipReader.open(new BytesSource(bytes), { checkCrc32: false });
    expect((await zip.read(zip.entries.get("a")!)).length).toBe(5);
  });

  test("sizes that the file cannot hold", async () => {
    const bytes = await archive({ a: text("hello") });
    await refused(
      changed(bytes, 24, 255, 255, 255, 0),
      /declares 16777215 bytes for "a", which 5 in the file/,
    );
    await refused(
      changed(bytes, 20, 255, 255, 255, 0, 255, 255, 255, 0),
      /overlaps another file, or reaches outside/,
    );
    const deflated = await archive({ a: long }, { compress: true });
    await refused(changed(deflated, 24, 255, 255, 255, 127), /declares 2147483647 bytes/);
  });

  test("a bomb that holds more than it declares", async () => {
    const bytes = await archive({ a: new Uint8Array(10_000_000) }, { compress: true });
    await refused(changed(bytes, 24, 100, 0, 0, 0), /more than the 100 bytes that it declares/);
    await refused(changed(bytes, 24, 0x81, 0x96, 0x98, 0), /it ends after 10000000 of 10000001 bytes/);
  });

  test("entries that lie in each other", async () => {
    // Both entries of the directory name the first file: the trick of quadratic bombs.
    const bytes = Buffer.from(await archive({ aaaa: text("x"), bbbb: text("y") }));
    const second = bytes.lastIndexOf(Buffer.from("PK\x01\x02"));
    bytes.writeUInt32LE(0, second + 42);
    await refused(bytes, /overlaps another file/);
  });

  test("a directory elsewhere, or of another size", async () => {
    const bytes = Buffer.from(await archive({ a: text("hello") }));
    const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06"));
    const at = (offset: number, value: number, size: 2 | 4): Buffer => {
      const copy = Buffer.from(bytes);
      copy.writeUIntLE(value, end + offset, size);
      return copy;
    };
    await refused(at(16, 0xfffffff0, 4), /directory at bytes .* outside of the file/);
    await refused(at(10, 50000, 2), /lists 50000 files in a directory of \d+ bytes/);
    await refused(at(10, 2, 2), /where they cannot be|damaged directory/);
    await refused(at(16, 0xffffffff, 4), /zip64/);
    await refused(text("PK\x03\x04 and nothing more"), /has no end/);
    await refused(joined(bytes, text("rest")), /has no end/);
  });

  test("encrypted and oddly compressed files", async () => {
    const bytes = await archive({ a: text("hello") });
    await refused(changed(bytes, 8, 1), /encrypted/);
    await refused(changed(bytes, 10, 12), /method 12/);
  });

  test.each([true, false])("100,000 damaged archives, checksums compared: %s", async (checkCrc32) => {
    const seeds = [
      await archive({ "a/b": text("hello"), "a/c": text("world") }),
      await archive(
        { "a/b": text("hello hello hello"), c: new Uint8Array(2000) },
        { compress: true, alignment: 64 },
      ),
    ];
    const { accepted, problems } = await fuzz(seeds, 100_000, async (bytes) => {
      const files = await readAll(bytes, { checkCrc32 });
      const total = Object.values(files).reduce((sum, file) => sum + file.length, 0);
      expect(total).toBeLessThanOrEqual(bytes.length * 1032);
    });
    expect(accepted).toBeGreaterThan(500);
    expect(problems.size).toBeGreaterThan(15);
  });
});
