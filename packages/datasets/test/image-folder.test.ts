// Pictures against what PIL reads of the same files (fixtures/pets.json, written by fixtures/pets.py).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as torch from "flambeau";
import { afterAll, describe, expect, test } from "vitest";
import { decodeImage, ImageFolder, imageToTensor } from "../src/index.ts";

const root = new URL("./fixtures/pets", import.meta.url);
const recorded = JSON.parse(readFileSync(new URL("./fixtures/pets.json", import.meta.url), "utf8")) as Record<
  string,
  { size: [number, number]; rgb: number[][]; grey: number[] }
>;
const scratch = mkdtempSync(join(tmpdir(), "flambeau-datasets-"));
afterAll(() => rmSync(scratch, { recursive: true }));

describe("pictures", () => {
  test.each(Object.keys(recorded))("%s", (name) => {
    const bytes = readFileSync(new URL(`./fixtures/pets/${name}`, import.meta.url));
    const { size, rgb, grey } = recorded[name]!;
    const x = imageToTensor(decodeImage(bytes, name));
    expect(x.shape).toEqual([3, ...size]);
    // JPEG decoders may differ by a step; PIL rounds grey to whole steps.
    const steps = /jpe?g$/.test(name) ? 2.5 : 0.01;
    const close = (a: number[], b: number[], slack: number): void =>
      a.forEach((v, i) => {
        expect(Math.abs(v - b[i]!)).toBeLessThanOrEqual(slack / 255);
      });
    rgb.forEach((plane, c) => close(x.select(0, c).flatten().tolist() as number[], plane, steps));
    close(imageToTensor(decodeImage(bytes), "L").flatten().tolist() as number[], grey, steps + 1);
  });
  test("damaged and foreign files are named", () => {
    const png = readFileSync(new URL("./fixtures/pets/cat/rgb.png", import.meta.url));
    expect(() => decodeImage(png.subarray(0, 40), "half.png")).toThrow(/half\.png cannot be decoded/);
    expect(() => decodeImage(Uint8Array.of(0xff, 0xd8, 1, 2), "x.jpg")).toThrow(/x\.jpg cannot be decoded/);
    expect(() => decodeImage(new TextEncoder().encode("GIF89a"), "x.gif")).toThrow(
      "x.gif is neither PNG nor JPEG",
    );
  });
});

describe("ImageFolder", () => {
  test("classes are folders, pictures are sorted", () => {
    const pets = new ImageFolder(root);
    expect(pets.classes).toEqual(["cat", "dog"]);
    expect(pets.classToIdx).toEqual({ cat: 0, dog: 1 });
    const start = fileURLToPath(root).length + 1;
    expect(pets.samples.map(([path, label]) => [path.slice(start), label])).toEqual([
      ["cat/alpha.png", 0],
      ["cat/grey.png", 0],
      ["cat/palette.png", 0],
      ["cat/rgb.png", 0],
      ["dog/bits.png", 1],
      ["dog/deep/sixteen.png", 1],
      ["dog/grey.jpeg", 1],
      ["dog/photo.jpg", 1],
    ]);
    expect(pets.targets).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(pets.at(3)[0].shape).toEqual([3, 3, 5]);
    expect(() => pets.at(8)).toThrow(torch.IndexError);
  });
  test("of one size, in batches", () => {
    const pets = new ImageFolder(root, { size: [4, 6], mode: "L" });
    const batches = [...new torch.data.DataLoader(pets, { batchSize: 5 })];
    expect(batches.map(([x, y]) => [x.shape, y.tolist()])).toEqual([
      [
        [5, 1, 4, 6],
        [0, 0, 0, 0, 1],
      ],
      [
        [3, 1, 4, 6],
        [1, 1, 1],
      ],
    ]);
  });
  test("transform", () => {
    const means = new ImageFolder(root, { transform: (x) => x.mean().item() });
    expect(means.at(5)[1]).toBe(1);
    expect(typeof means.at(5)[0]).toBe("number");
  });
  test("what is refused", async () => {
    expect(() => new ImageFolder(join(scratch, "nowhere"))).toThrow(/cannot read .*nowhere/);
    expect(() => new ImageFolder(scratch)).toThrow("Couldn't find any class folder");
    await mkdir(join(scratch, "empty"));
    writeFileSync(join(scratch, "empty", "notes.txt"), "");
    expect(() => new ImageFolder(scratch)).toThrow("Found no valid file for the class empty");
  });
});
