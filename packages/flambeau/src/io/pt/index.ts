// torch.save and torch.load: PyTorch's own files. What reads and writes them is loaded on first use. Floor L5 (io).
// Source: https://pytorch.org/docs/stable/generated/torch.load.html

import type { FileTarget } from "../sink.ts";
import { writeBytes, writeFile } from "../sink.ts";
import type { FileLike } from "../source.ts";
import { withSource } from "../source.ts";

/** Options of {@link load}. */
export interface LoadOptions {
  /** Where tensors go: all are on the CPU, whatever the file says. Accepted for the sake of translated code. */
  readonly mapLocation?: "cpu" | { readonly type: "cpu" } | Readonly<Record<string, "cpu">>;
  /** Always so. Accepted for the sake of translated code. */
  readonly weightsOnly?: true;
  /** Whether checksums are compared. Files written under `set_crc32_options(False)` have wrong ones. Default true. */
  readonly checkCrc32?: boolean;
}

/**
 * Reads a file of `torch.save`, from here or from Python: state dicts, checkpoints of several of them, tensors, plain values.
 * Tensors that shared memory share it again. Nothing in a file is ever run.
 *
 * Dicts become objects (Maps if a key is no string, or the object would not be written as the same dict again), tuples frozen arrays,
 * sets Sets, ints beyond 2^53 bigints, bytes Uint8Arrays, dtypes and devices their names.
 *
 * Differs from PyTorch: always as with `weights_only=True`, and always to the CPU; float16 and bfloat16 become float32, int8, int16 and
 * uint16 int32, which hold the same values; attributes of tensors and of state dicts are left out.
 *
 * @param file a path, bytes, a Blob, a stream, the answer of `fetch`
 * @throws FileError for a file that is damaged, of another format, or asks for more than tensors and plain values: it says for what
 * @see https://pytorch.org/docs/stable/generated/torch.load.html
 * @example
 * const bytes = await torch.save({ weight: torch.ones(2, 3), epoch: 4 });
 * (await torch.load(bytes)).epoch; // 4
 */
// biome-ignore lint/suspicious/noExplicitAny: what a file holds is not known to the compiler, as with JSON.parse.
export function load<T = any>(file: FileLike, options: LoadOptions = {}): Promise<T> {
  return withSource(file, async (source) => {
    const { loadFrom } = await import("./load.ts");
    return (await loadFrom(source, options)) as T;
  });
}

/**
 * Writes a value as PyTorch does; Python's `torch.load` reads it, also with `weights_only=True`. A file is replaced at once: until all is
 * written, the old one stays.
 *
 * Objects and Maps become dicts, arrays lists, frozen arrays tuples, Sets sets, Uint8Arrays bytes, whole numbers ints, other numbers floats.
 * An object whose keys are all whole numbers, and whose values are no tensors, becomes a dict with ints as keys, as in state dicts of
 * optimizers; a Map's keys stay what they are. The values must not change until the promise is fulfilled.
 *
 * @param value tensors, `net.stateDict()`, `optimizer.stateDict()`, numbers, texts, and arrays, objects and Maps of these
 * @param file a path, a WritableStream or a FileSystemFileHandle; left out, the bytes are returned
 * @throws ArgumentError for what Python has no counterpart of: it says where in the value
 * @throws FileError if the file cannot be written
 * @see https://pytorch.org/docs/stable/generated/torch.save.html
 * @example
 * await torch.save({ model: net.stateDict(), optimizer: optimizer.stateDict(), epoch }, "checkpoint.pt");
 */
export function save(value: unknown): Promise<Uint8Array<ArrayBuffer>>;
export function save(value: unknown, file: FileTarget): Promise<void>;
export async function save(value: unknown, file?: FileTarget): Promise<unknown> {
  const { writerOf } = await import("./save.ts");
  const write = writerOf(value);
  if (file === undefined) return writeBytes(write);
  await writeFile(file, write);
  return undefined;
}
