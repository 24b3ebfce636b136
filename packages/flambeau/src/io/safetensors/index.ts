// `torch.safetensors`: the functions of the Python package, here asynchronous. What they do is loaded on first use.
// Floor L5 (io). Source: https://huggingface.co/docs/safetensors/api/torch

import type { LoadReport, Module } from "../../nn/module.ts";
import type { Index } from "../../ops/at-index.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import type { FileTarget } from "../sink.ts";
import type { FileLike } from "../source.ts";
import { watch } from "../watch.ts";
import type { SafetensorsDType } from "./header.ts";

export type { SafetensorsDType };

/** Tensors by name. */
export type TensorDict = Readonly<Record<string, AnyTensor>> | ReadonlyMap<string, AnyTensor>;

const entriesOf = (tensors: TensorDict): Iterable<readonly [string, AnyTensor]> =>
  tensors instanceof Map ? (tensors as ReadonlyMap<string, AnyTensor>) : Object.entries(tensors);

/** Options of what writes. */
export interface SaveOptions {
  /** Free text that the file carries. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * What elements are written as, where not as they are: one dtype for all tensors that have fractions ("F16"), or a function
   * of name and tensor. Rounds to the nearest; integers must fit.
   */
  readonly dtype?: SafetensorsDType | ((name: string, tensor: AnyTensor) => SafetensorsDType | undefined);
}

/** Options of {@link saveSharded}. */
export interface ShardOptions extends SaveOptions {
  /** Most bytes of tensors in a file; a larger tensor has a file of its own. Default 5e9. */
  readonly maxShardBytes?: number;
  /** How the files' names begin. Default "model". */
  readonly name?: string;
}

/** Options of what reads. */
export interface OpenOptions {
  /** The file that an index calls by this name. Default: the one beside the index. */
  readonly shard?: (name: string) => FileLike | Promise<FileLike>;
}

/** A tensor in a file of which a part can be read. */
export interface SafeSlice {
  getShape(): number[];
  /** The dtype in the file, such as "BF16". */
  getDtype(): string;
  /** What `x.at(...index)` gives; of the file only what integers and slices leave is read. */
  at(...index: Index[]): Promise<AnyTensor>;
}

/** An open file, or several as one: tensors are read when they are asked for. */
export interface SafeOpen extends AsyncDisposable {
  /** Names of the tensors, in the order of their bytes. */
  keys(): string[];
  /** The free text in the file. */
  metadata(): Readonly<Record<string, string>>;
  /** Reads a tensor. @throws IndexError for a name that is not there */
  getTensor(name: string): Promise<AnyTensor>;
  /** A tensor of which a part shall be read. @throws IndexError for a name that is not there */
  getSlice(name: string): Promise<SafeSlice>;
  close(): Promise<void>;
}

/**
 * Reads all tensors of a file.
 *
 * Formats without a dtype of their own here are widened without loss: F16, BF16 and F8 to float32; I8, I16, U16 to int32; U32
 * and U64 to int64 (U64 beyond 2^63 is an error). An index of shards (`model.safetensors.index.json`) reads all of them.
 *
 * As in Python, tensors of a file share a block of memory: `clone()` the one that is kept if the others shall be freed.
 *
 * @param file a path, bytes, a Blob, a stream, a Response, a FileHandle
 * @param options `shard`: where an index finds its files, if not beside it
 * @throws FileError for what is no valid file: every byte must belong to exactly one tensor
 * @see https://huggingface.co/docs/safetensors/api/torch#safetensors.torch.load_file
 * @example
 * const state = await torch.safetensors.loadFile("model.safetensors");
 * net.loadStateDict(state);
 */
export async function loadFile(
  file: FileLike,
  options: OpenOptions = {},
): Promise<Record<string, AnyTensor>> {
  return (await import("./open.ts")).loadFile(file, options);
}

/** {@link loadFile} under the name that reading from bytes has in Python. */
export const load: typeof loadFile = loadFile;

/**
 * Opens a file to read single tensors, or parts of them; `await using` closes it.
 *
 * @param file see {@link loadFile}
 * @throws FileError for what is no valid file
 * @see https://huggingface.co/docs/safetensors/index#format
 * @example
 * await using f = await torch.safetensors.safeOpen("model.safetensors");
 * const weight = await f.getTensor("weight");
 * const rows = await (await f.getSlice("embedding")).at("1000:1016");
 */
export async function safeOpen(file: FileLike, options: OpenOptions = {}): Promise<SafeOpen> {
  return (await import("./open.ts")).safeOpen(file, options);
}

/**
 * The bytes of a file of these tensors.
 *
 * @param tensors by name; views are written as what they look at
 * @param options `metadata`, `dtype`
 * @throws RuntimeError if tensors share memory: then use {@link saveModel}, or `clone()`
 * @see https://huggingface.co/docs/safetensors/api/torch#safetensors.torch.save
 */
export async function save(tensors: TensorDict, options: SaveOptions = {}): Promise<Uint8Array> {
  const unchanged = watch(entriesOf(tensors));
  return (await import("./save.ts")).save(tensors, options, unchanged);
}

/**
 * Writes a file of these tensors, at once or not at all.
 *
 * @param tensors by name; views are written as what they look at
 * @param target a path, a WritableStream, or a FileSystemFileHandle
 * @param options `metadata`, `dtype`
 * @throws RuntimeError if tensors share memory (use {@link saveModel}, or `clone()`), or change before the promise is fulfilled
 * @see https://huggingface.co/docs/safetensors/api/torch#safetensors.torch.save_file
 * @example
 * await torch.safetensors.saveFile(net.stateDict(), "model.safetensors", { metadata: { format: "pt" } });
 */
export async function saveFile(
  tensors: TensorDict,
  target: FileTarget,
  options: SaveOptions = {},
): Promise<void> {
  const unchanged = watch(entriesOf(tensors));
  return (await import("./save.ts")).saveFile(tensors, target, options, unchanged);
}

/**
 * Writes the state of a module; tied weights are written once, and the metadata say which names they go by.
 *
 * @see https://huggingface.co/docs/safetensors/torch_shared_tensors
 */
export async function saveModel(model: Module, target: FileTarget, options: SaveOptions = {}): Promise<void> {
  const unchanged = watch(Object.entries(model.stateDict()));
  return (await import("./save.ts")).saveModel(model, target, options, unchanged);
}

/**
 * Loads a file into a module; of a tied weight one name is enough.
 *
 * @param options.strict whether missing and unexpected names are errors; default true
 * @returns the missing and the unexpected names
 * @throws RuntimeError as `loadStateDict`, FileError for what is no valid file
 * @see https://huggingface.co/docs/safetensors/torch_shared_tensors
 */
export async function loadModel(
  model: Module,
  file: FileLike,
  options: { readonly strict?: boolean } = {},
): Promise<LoadReport> {
  return (await import("./save.ts")).loadModel(model, file, options.strict ?? true);
}

/**
 * Writes tensors to several files with an index, as large models are published: `model-00001-of-00002.safetensors`, ...,
 * `model.safetensors.index.json`; a single `model.safetensors` where that is enough.
 *
 * @param folder where to; made if it is not there
 * @param options `maxShardBytes` 5e9, `name` "model", `metadata`, `dtype`
 * @returns the paths that were written, the index last
 */
export async function saveSharded(
  tensors: TensorDict,
  folder: string | URL,
  options: ShardOptions = {},
): Promise<string[]> {
  const unchanged = watch(entriesOf(tensors));
  return (await import("./save.ts")).saveSharded(tensors, folder, options, unchanged);
}
