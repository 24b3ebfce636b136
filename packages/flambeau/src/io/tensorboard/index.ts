// `torch.utils.tensorboard`: curves, histograms, pictures and texts that TensorBoard shows. Floor L5 (io).
// Source: https://pytorch.org/docs/stable/tensorboard.html

import { ArgumentError, RuntimeError } from "../../base/errors.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";
import { EventFile, hostname } from "./events.ts";
import { pixelsOf, pngOf } from "./png.ts";
import type { Message } from "./proto.ts";
import { histogram, image, scalar, textSummary } from "./summary.ts";

/** Options of {@link SummaryWriter}. */
export interface SummaryWriterOptions {
  /** Appended to the default folder's name. */
  readonly comment?: string;
  /** Appended to the file's name. */
  readonly filenameSuffix?: string;
  /** Longest time in seconds that values wait before they are written. Default 120. */
  readonly flushSecs?: number;
}

/** When a value was met. */
export interface StepOptions {
  /** In seconds since 1970. Default now. */
  readonly walltime?: number;
}

/** `runs/Nov26_17-03-35_host`, as PyTorch names it. */
function defaultFolder(comment: string): string {
  const now = new Date();
  const two = (n: number): string => String(n).padStart(2, "0");
  const month = now.toLocaleString("en", { month: "short" });
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join("-");
  return `runs/${month}${two(now.getDate())}_${time}_${hostname()}${comment}`;
}

const numberOf = (x: number | AnyTensor): number => (isTensor(x) ? Number(x.detach().item()) : x);

/**
 * Writes event files that TensorBoard shows: `tensorboard --logdir runs`.
 *
 * Values are written at once, without promises, so that they can be watched while a loop runs; they wait for each other for up to
 * `flushSecs`. Where there are no folders, as in a browser, give null as the folder and save what {@link bytes} returns.
 *
 * @param logDir the folder; default `runs/` with time and host; null for memory
 * @param options `comment`, `filenameSuffix`, `flushSecs` 120
 * @throws FileError if the folder cannot be written to
 * @see https://pytorch.org/docs/stable/tensorboard.html#torch.utils.tensorboard.writer.SummaryWriter
 * @example
 * const writer = new torch.utils.tensorboard.SummaryWriter("runs/1");
 * for (let i = 0; i < 100; i++) writer.addScalar("loss/train", step(x, y), i);
 * writer.close();
 */
export class SummaryWriter {
  readonly logDir: string | null;
  readonly #options: Required<Omit<SummaryWriterOptions, "comment">>;
  readonly #files = new Map<string, EventFile>();
  #closed = false;

  constructor(logDir?: string | null, options: SummaryWriterOptions = {}) {
    this.logDir = logDir === undefined ? defaultFolder(options.comment ?? "") : logDir;
    this.#options = { filenameSuffix: options.filenameSuffix ?? "", flushSecs: options.flushSecs ?? 120 };
    this.#file("");
  }

  /** The file of the folder, or of one below it. */
  #file(below: string): EventFile {
    if (this.#closed) throw new RuntimeError("SummaryWriter: it was closed; make another one");
    let file = this.#files.get(below);
    if (!file) {
      const folder = this.logDir === null ? null : `${this.logDir}${below}`;
      const { filenameSuffix, flushSecs } = this.#options;
      file = new EventFile(folder, filenameSuffix, flushSecs, Date.now() / 1000);
      this.#files.set(below, file);
    }
    return file;
  }

  #add(value: Message, step: number, { walltime = Date.now() / 1000 }: StepOptions, below = ""): void {
    this.#file(below).add(value, step, walltime);
  }

  /** A point of a curve. @param value a number, or a tensor of one element @param globalStep where it belongs; default 0 */
  addScalar(tag: string, value: number | AnyTensor, globalStep = 0, options: StepOptions = {}): void {
    this.#add(scalar(tag, numberOf(value)), globalStep, options);
  }

  /** Points of several curves in one picture: each has a folder of its own, `logDir/mainTag_name`. */
  addScalars(
    mainTag: string,
    values: Readonly<Record<string, number | AnyTensor>>,
    globalStep = 0,
    options: StepOptions = {},
  ): void {
    for (const [name, value] of Object.entries(values)) {
      const below = this.logDir === null ? "" : `/${mainTag.replaceAll("/", "_")}_${name}`;
      const tag = this.logDir === null ? `${mainTag}/${name}` : mainTag;
      this.#add(scalar(tag, numberOf(value)), globalStep, options, below);
    }
  }

  /**
   * How values are distributed.
   *
   * @param values a tensor, or numbers
   * @param options `bins`: "tensorflow" (default), TensorBoard's own limits, or the number of bins of one width
   * @throws ValueError for no values
   */
  addHistogram(
    tag: string,
    values: AnyTensor | ArrayLike<number>,
    globalStep = 0,
    options: StepOptions & { readonly bins?: "tensorflow" | number } = {},
  ): void {
    const { bins = "tensorflow" } = options;
    if (bins !== "tensorflow" && !(Number.isSafeInteger(bins) && bins > 0))
      throw new ArgumentError(`addHistogram: bins must be "tensorflow" or a positive number, got ${bins}`);
    const list = isTensor(values) ? (values.detach().toTypedArray() as ArrayLike<number>) : values;
    this.#add(histogram(tag, Float64Array.from(list, Number), bins), globalStep, options);
  }

  /**
   * A picture.
   *
   * @param img bytes (uint8), or other numbers from 0 to 1
   * @param options `dataformats`: what its dimensions are; default "CHW"
   */
  addImage(
    tag: string,
    img: AnyTensor,
    globalStep = 0,
    options: StepOptions & { readonly dataformats?: string } = {},
  ): void {
    const pixels = pixelsOf(img, options.dataformats ?? "CHW");
    const { width, height, channels } = pixels;
    this.#add(image(tag, width, height, channels, pngOf(pixels)), globalStep, options);
  }

  /** Several pictures in rows of eight. @param options `dataformats`: default "NCHW" */
  addImages(
    tag: string,
    imgs: AnyTensor,
    globalStep = 0,
    options: StepOptions & { readonly dataformats?: string } = {},
  ): void {
    this.addImage(tag, imgs, globalStep, { dataformats: "NCHW", ...options });
  }

  /** A text, in Markdown. */
  addText(tag: string, textString: string, globalStep = 0, options: StepOptions = {}): void {
    this.#add(textSummary(tag, textString), globalStep, options);
  }

  /** Writes what waits. */
  flush(): void {
    for (const file of this.#files.values()) file.flush();
  }

  /** The file's bytes, of a writer without a folder. */
  bytes(): Uint8Array<ArrayBuffer> {
    if (this.logDir !== null)
      throw new RuntimeError(`SummaryWriter: the bytes are in the folder ${this.logDir}`);
    return this.#files.get("")!.bytes();
  }

  /** Writes what waits and closes the files. */
  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#closed = true;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}
