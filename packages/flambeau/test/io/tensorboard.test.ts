// TensorBoard's event files: the very records that PyTorch's SummaryWriter writes (fixtures/make_tensorboard.py), but for how
// pictures are compressed.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, describe, expect, test, vi } from "vitest";
import * as torch from "../../src/index.ts";
import { crcOf } from "../../src/io/crc.ts";

const { SummaryWriter } = torch.utils.tensorboard;
const folder = mkdtempSync(join(tmpdir(), "flambeau-tb-"));
afterAll(() => rmSync(folder, { recursive: true }));

const crc32c = crcOf(0x82f63b78);
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** The events of a file, whose checksums must be right. */
function records(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const events: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(masked(file.subarray(at, at + 8)));
    const event = file.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(masked(event));
    events.push(event);
    at += 16 + length;
  }
  return events;
}

const fixture = JSON.parse(readFileSync(new URL("fixtures/tensorboard.json", import.meta.url), "utf8")) as {
  walltime: number;
  bytes: string;
};
const expected = records(Uint8Array.from(Buffer.from(fixture.bytes, "base64")));

/** An event around its picture, whose lengths are left out, and the pixels. */
function taken(event: Uint8Array): unknown {
  const start = Buffer.from(event).indexOf(Buffer.from([0x89, 0x50, 0x4e, 0x47]));
  if (start < 0) return Buffer.from(event).toString("hex");
  const { width, height, channels, data } = decode(event.subarray(start));
  const tag = Buffer.from(event)
    .toString("latin1")
    .match(/[a-z]{4,}/)![0];
  return { tag, width, height, channels, data: [...data], step: event[10] };
}

test("the checksum is the one of RFC 3720", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

describe("SummaryWriter", () => {
  test("writes what PyTorch's writes", () => {
    const writer = new SummaryWriter(join(folder, "same"));
    const { walltime } = fixture;
    writer.addScalar("loss/train", 0, 0, { walltime });
    writer.addScalar("loss/train", torch.tensor(0.1), 300, { walltime });
    writer.addScalar("größe", -1e30, 2 ** 40, { walltime });
    const values = [-3, -1e-13, 0, 1e-5, 0.25, 0.25, 0.5, 7, 1e25];
    writer.addHistogram("weights", values, 1, { walltime });
    writer.addHistogram("single", torch.tensor([0.5], { dtype: "float64" }), 2, { walltime });
    writer.addHistogram("even", values.slice(0, 8), 3, { bins: 4, walltime });
    writer.addText("notes", "# ä\n**b**", 4, { walltime });
    const chw = torch.arange(24, { dtype: "float32" }).reshape(3, 2, 4).div(23);
    writer.addImage("picture", chw, 5, { walltime });
    writer.addImage("grey", chw.at(":1"), 6, { walltime });
    const many = chw.expand(10, 3, 2, 4).mul(torch.linspace(0, 1, 10).reshape(10, 1, 1, 1));
    writer.addImages("many", many, 7, { walltime });
    writer.close();
    const [name, ...more] = readdirSync(join(folder, "same"));
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+$/);
    expect(more).toEqual([]);
    const [version, ...events] = records(new Uint8Array(readFileSync(join(folder, "same", name!))));
    // Past the time, which is now, and before the name of the writer.
    expect(version!.slice(9)).toEqual(expected[0]!.slice(9, 24));
    expect(events.map(taken)).toEqual(expected.slice(1).map(taken));
  });

  test("curves of one picture have folders of their own", () => {
    using writer = new SummaryWriter(join(folder, "curves"));
    writer.addScalars("loss", { train: 1, test: torch.tensor(2) }, 3);
    writer.flush();
    expect(readdirSync(join(folder, "curves")).sort().slice(1)).toEqual(["loss_test", "loss_train"]);
  });

  test("pictures: bytes as they are, clipped numbers, channels last, transparent ones", () => {
    const writer = new SummaryWriter(null);
    writer.addImage(
      "a",
      torch.tensor(
        [
          [
            [1, 2],
            [254, 255],
          ],
        ],
        { dtype: "uint8" },
      ),
    );
    writer.addImage(
      "b",
      torch.tensor([
        [-1, 0.5],
        [2, 1],
      ]),
      0,
      { dataformats: "HW" },
    );
    writer.addImage("c", torch.ones(1, 2, 4), 0, { dataformats: "HWC" });
    writer.close();
    const pictures = records(writer.bytes())
      .slice(1)
      .map((e) => decode(e.subarray(Buffer.from(e).indexOf("\x89PNG", 0, "latin1"))));
    expect(pictures.map((p) => [p.width, p.height, p.channels, [...p.data]])).toEqual([
      [2, 2, 3, [1, 1, 1, 2, 2, 2, 254, 254, 254, 255, 255, 255]],
      [2, 2, 3, [0, 0, 0, 127, 127, 127, 255, 255, 255, 255, 255, 255]],
      [2, 1, 4, new Array(8).fill(255)],
    ]);
  });

  test("a picture of a browser, which has no zlib", () => {
    const tall = torch.rand(3, 300, 120);
    const writer = new SummaryWriter(null);
    writer.addImage("x", tall);
    const spy = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    writer.addImage("x", tall);
    spy.mockRestore();
    const [zipped, stored] = records(writer.bytes())
      .slice(1)
      .map((e) => decode(e.subarray(Buffer.from(e).indexOf("\x89PNG", 0, "latin1"))));
    expect(stored!.data).toEqual(zipped!.data);
  });

  test("what goes wrong", () => {
    const writer = new SummaryWriter(null);
    expect(() => writer.addHistogram("x", [])).toThrow("The input has no element.");
    expect(() => writer.addHistogram("x", [Number.NaN, Infinity])).toThrow(/no value is finite/);
    expect(() => writer.addHistogram("x", [1], 0, { bins: 0 })).toThrow(/bins must be/);
    expect(() => writer.addImage("x", torch.ones(2, 2))).toThrow(
      /shape \[2, 2\], but dataformats "CHW" names 3/,
    );
    expect(() => writer.addImage("x", torch.ones(2, 2, 2))).toThrow(/1, 3 or 4 channels, not 2/);
    expect(() => writer.addImage("x", torch.ones(2), 0, { dataformats: "XY" })).toThrow(
      /dataformats must be/,
    );
    expect(() => writer.addScalar("x", torch.ones(2))).toThrow(/2 elements cannot be converted/);
    writer.close();
    expect(() => writer.addScalar("x", 1)).toThrow(/was closed/);
    expect(() => new SummaryWriter("/dev/null/x")).toThrow(torch.FileError);
    expect(() => new SummaryWriter(join(folder, "same")).bytes()).toThrow(/bytes are in the folder/);
  });
});
