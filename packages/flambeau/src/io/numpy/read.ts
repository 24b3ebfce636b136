// Reads arrays of NumPy. Loaded on first use. Floor L5 (io).
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { FileError, IndexError, RuntimeError } from "../../base/errors.ts";
import { contiguousStrides, isContiguous, numel } from "../../base/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { arrayFor, readElements } from "../elements.ts";
import type { ByteSource, FileLike } from "../source.ts";
import { BytesSource, withSource } from "../source.ts";
import { looksLikeZip, ZipReader } from "../zip/read.ts";
import { readNpyHeader } from "./header.ts";
import type { LoadzOptions } from "./index.ts";

/** The array of a .npy file, with the strides that it has there. */
async function readNpy(source: ByteSource): Promise<AnyTensor> {
  const { format, big, fortran, shape, start } = await readNpyHeader(source);
  const data = arrayFor(format, numel(shape));
  try {
    await readElements(source, format, start, data, big);
  } catch (error) {
    if (error instanceof FileError || !(error instanceof RuntimeError)) throw error;
    throw new FileError(source.name, error.message, { cause: error });
  }
  const strides = fortran ? contiguousStrides([...shape].reverse()).reverse() : contiguousStrides(shape);
  return new Tensor(new Storage(data), shape, format.dtype, strides, 0, isContiguous(shape, strides), null);
}

const isZip = async (source: ByteSource): Promise<boolean> =>
  source.size >= 4 && looksLikeZip(await source.read(0, 4));

export const load = (file: FileLike): Promise<AnyTensor> =>
  withSource(file, async (source) => {
    if (await isZip(source))
      throw new FileError(source.name, "is an archive of arrays (.npz); read it with loadz");
    return readNpy(source);
  });

/** Ends the names of arrays in an archive. */
export const ending = ".npy";

export const loadz = (file: FileLike, options: LoadzOptions): Promise<Record<string, AnyTensor>> =>
  withSource(file, async (source) => {
    const zip = await ZipReader.open(source);
    const arrays: [string, AnyTensor][] = [];
    const { names } = options;
    for (const name of names ?? [])
      if (!zip.entries.has(`${name}${ending}`)) throw new IndexError(`${source.name} has no array "${name}"`);
    for (const entry of zip.entries.values()) {
      if (!entry.name.endsWith(ending)) {
        if (names) continue;
        throw new FileError(
          source.name,
          `holds ${JSON.stringify(entry.name)}, which is no array; say which to read: { names: [...] }`,
        );
      }
      const name = entry.name.slice(0, -ending.length);
      if (names && !names.includes(name)) continue;
      const bytes = await zip.read(entry);
      arrays.push([name, await readNpy(new BytesSource(bytes, `${source.name}/${entry.name}`))]);
    }
    return Object.fromEntries(arrays);
  });
