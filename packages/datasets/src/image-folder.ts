// Pictures in folders named after their classes: root/cat/1.png, root/dog/2.jpg.
// Source: https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html

import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as torch from "flambeau";
import { decodeImage, imageToTensor } from "./image.ts";

type Image = torch.Tensor<[number, number, number]>;

/** Options of {@link ImageFolder}. */
export interface ImageFolderOptions<T> {
  /** "RGB" (default) or "L", grey. */
  readonly mode?: "RGB" | "L";
  /** Size [height, width] that every picture is brought to (bilinear, antialiased); default: as they are. */
  readonly size?: readonly [number, number];
  /** What is made of each picture, after `size`. */
  readonly transform?: (image: Image) => T;
}

const extensions = new Set([".png", ".jpg", ".jpeg"]);
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** All pictures below a folder, sorted. */
function picturesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => byName(a.name, b.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return picturesIn(path);
      return extensions.has(extname(entry.name).toLowerCase()) ? [path] : [];
    });
}

/**
 * Examples [picture, class]: a float32 tensor [channels, height, width] from 0 to 1, and the position of its folder's name
 * among {@link ImageFolder.classes}. Pictures (PNG, JPEG) are read when they are asked for.
 *
 * @param root a path or file URL; every folder in it is a class
 * @param options `mode` "RGB", `size`, `transform`
 * @throws ValueError for a folder that cannot be read, has no classes, or a class without pictures
 * @example
 * const dataset = new ImageFolder("pets", { size: [64, 64] });
 * const loader = new data.DataLoader(dataset, { batchSize: 32, shuffle: true });
 */
export class ImageFolder<T = Image> extends torch.data.Dataset<[image: T, label: number]> {
  /** Names of the classes, sorted. */
  readonly classes: readonly string[];
  /** Positions by name. */
  readonly classToIdx: Readonly<Record<string, number>>;
  /** Every picture's path and class, in order. */
  readonly samples: readonly (readonly [path: string, label: number])[];
  readonly #options: ImageFolderOptions<T>;

  constructor(root: string | URL, options: ImageFolderOptions<T> = {}) {
    super();
    this.#options = options;
    const folder = root instanceof URL ? fileURLToPath(root) : root;
    try {
      this.classes = readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort(byName);
    } catch (error) {
      throw new torch.ValueError(`ImageFolder: cannot read ${folder}: ${(error as Error).message}`);
    }
    if (this.classes.length === 0) throw new torch.ValueError(`Couldn't find any class folder in ${folder}.`);
    this.classToIdx = Object.fromEntries(this.classes.map((name, i) => [name, i]));
    this.samples = this.classes.flatMap((name, label) => {
      const pictures = picturesIn(join(folder, name));
      if (pictures.length === 0)
        throw new torch.ValueError(
          `Found no valid file for the class ${name}. Supported extensions are: ${[...extensions].join(", ")}`,
        );
      return pictures.map((path) => [path, label] as const);
    });
  }

  override get length(): number {
    return this.samples.length;
  }
  /** The classes of all pictures. */
  get targets(): number[] {
    return this.samples.map(([, label]) => label);
  }

  override at(index: number): [image: T, label: number] {
    const sample = this.samples.at(index);
    if (!sample)
      throw new torch.IndexError(`index ${index} is out of range for a dataset of ${this.samples.length}`);
    const [path, label] = sample;
    const { mode, size, transform } = this.#options;
    let image = imageToTensor(decodeImage(readFileSync(path), path), mode);
    if (size)
      image = torch.nn.functional
        .interpolate(image.unsqueeze(0), { size: [...size], mode: "bilinear", antialias: true })
        .squeeze(0) as unknown as Image;
    return [transform ? transform(image) : (image as T), label];
  }
}
