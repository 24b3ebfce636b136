// Tensors whose elements lie in the memory that programs work in: moved there when a program first needs them, for good.
// Floor L4 (compile).

import type { Region } from "../backend/backend.ts";
import { getBackend } from "../backend/backend.ts";
import type { DType } from "../base/dtype.ts";
import { CompileError } from "../base/errors.ts";
import type { Storage } from "../tensor/storage.ts";

const regions = new WeakMap<Storage, Region>();

/** Gives a region back when nobody can see its elements any more. */
const abandoned = new FinalizationRegistry<Region>((region) => getBackend().programs?.release(region));

/** Where the elements of a storage are, in the memory of programs. */
export function residence(storage: Storage, dtype: DType, purpose: string): Region {
  const known = regions.get(storage);
  if (known && known.array === storage.data) return known;
  const { programs } = getBackend();
  if (!programs) throw new CompileError("torch.compile: this backend runs no programs");
  const { data } = storage;
  const region = programs.allocate(dtype, data.length, purpose);
  (region.array as Float32Array).set(data as Float32Array);
  storage.move(region.array);
  regions.set(storage, region);
  // The array is what eager code may still hold when the storage is gone.
  abandoned.register(region.array, { address: region.address, array: region.array.subarray(0, 0) });
  return region;
}
