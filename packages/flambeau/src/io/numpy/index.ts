// `torch.numpy`: arrays of NumPy as files, under NumPy's names, here asynchronous. What they do is loaded on first use.
// Floor L5 (io). Source: https://numpy.org/doc/stable/reference/routines.io.html

import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";
import type { FileTarget } from "../sink.ts";
import type { FileLike } from "../source.ts";
import { watch } from "../watch.ts";

/** Tensors with the names that they go by in an archive. */
export type Arrays = readonly (readonly [name: string, tensor: AnyTensor])[];

/** Tensors for an archive: by name, or in a list, whose names are `arr_0`, `arr_1`, ... */
export type ArraysInit =
  | Readonly<Record<string, AnyTensor>>
  | ReadonlyMap<string, AnyTensor>
  | readonly AnyTensor[];

/** Options of {@link loadz}. */
export interface LoadzOptions {
  /** Which arrays to read. Default all. */
  readonly names?: readonly string[];
}

const arraysOf = (arrays: ArraysInit): Arrays =>
  Array.isArray(arrays)
    ? (arrays as readonly AnyTensor[]).map((x, i) => [`arr_${i}`, x])
    : arrays instanceof Map
      ? [...(arrays as ReadonlyMap<string, AnyTensor>)]
      : Object.entries(arrays as Readonly<Record<string, AnyTensor>>);

/**
 * Reads an array from a .npy file (versions 1 to 3), or all arrays of an .npz archive, see {@link loadz}.
 *
 * Arrays keep their order: one in Fortran's has the strides of a transposed tensor. Dtypes that do not exist here are widened
 * without loss: float16 to float32, int8, int16 and uint16 to int32, uint32 and uint64 to int64; either byte order is read.
 *
 * @param file a path, bytes, a Blob, a stream, a Response, a FileHandle
 * @throws FileError for what is no such file, and for arrays of anything but booleans and real numbers; pickled objects are
 * never read
 * @see https://numpy.org/doc/stable/reference/generated/numpy.load.html
 * @example
 * const x = await torch.numpy.load("x.npy");
 */
export function load(file: `${string}.npz`): Promise<Record<string, AnyTensor>>;
export function load(file: FileLike): Promise<AnyTensor>;
export async function load(file: FileLike): Promise<AnyTensor | Record<string, AnyTensor>> {
  if (typeof file === "string" && file.endsWith(".npz")) return loadz(file);
  return (await import("./read.ts")).load(file);
}

/**
 * Reads the arrays of an .npz archive, compressed or not.
 *
 * @param options.names which to read; default all
 * @throws FileError for what is no such file, see {@link load}; IndexError for names that are not there
 * @example
 * const { x, y } = await torch.numpy.loadz(await fetch("data.npz"));
 */
export async function loadz(file: FileLike, options: LoadzOptions = {}): Promise<Record<string, AnyTensor>> {
  return (await import("./read.ts")).loadz(file, options);
}

/**
 * Writes a tensor as a .npy file, or gives its bytes.
 *
 * @param target a path (`.npy` is appended where it lacks), a WritableStream, a FileSystemFileHandle; left out for bytes
 * @param x any tensor; views are written as what they look at
 * @see https://numpy.org/doc/stable/reference/generated/numpy.save.html
 * @example
 * await torch.numpy.save("x.npy", x);
 */
export function save(x: AnyTensor): Promise<Uint8Array>;
export function save(target: FileTarget, x: AnyTensor): Promise<void>;
export async function save(first: FileTarget | AnyTensor, second?: AnyTensor): Promise<unknown> {
  const bare = isTensor(first) && second === undefined;
  const x = (bare ? first : second) as AnyTensor;
  const unchanged = watch([["x", x]]);
  const { save: write, toBytes } = await import("./write.ts");
  return bare ? toBytes(x, unchanged) : write(first as FileTarget, x, unchanged);
}

async function savezAs(
  args: readonly [ArraysInit] | readonly [FileTarget, ArraysInit],
  compress: boolean,
): Promise<unknown> {
  const arrays = arraysOf(args.at(-1) as ArraysInit);
  const unchanged = watch(arrays);
  const { savez: write, toBytesz } = await import("./write.ts");
  return args.length === 1
    ? toBytesz(arrays, compress, unchanged)
    : write(args[0] as FileTarget, arrays, compress, unchanged);
}

interface Savez {
  (arrays: ArraysInit): Promise<Uint8Array>;
  (target: FileTarget, arrays: ArraysInit): Promise<void>;
}

/**
 * Writes tensors as an .npz archive, or gives its bytes.
 *
 * @param target a path (`.npz` is appended where it lacks), a WritableStream, a FileSystemFileHandle; left out for bytes
 * @param arrays by name, or a list, whose names are `arr_0`, `arr_1`, ...
 * @see https://numpy.org/doc/stable/reference/generated/numpy.savez.html
 * @example
 * await torch.numpy.savez("data.npz", { x, y });
 */
export const savez: Savez = ((...args: [ArraysInit]) => savezAs(args, false)) as Savez;

/**
 * {@link savez} with deflated arrays.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.savez_compressed.html
 */
export const savezCompressed: Savez = ((...args: [ArraysInit]) => savezAs(args, true)) as Savez;
