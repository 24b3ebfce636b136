// Datasets that can go to worker threads by themselves: those made of tensors, whose elements are put into shared memory.
// Floor L5 (data).

import type { DType } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh, isTensor } from "../../tensor/tensor.ts";
import { ConcatDataset, Subset, TensorDataset } from "../dataset.ts";
import type { MapStyle } from "../types.ts";

interface SharedTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly memory: SharedArrayBuffer;
}

/** A dataset in a form that can be sent. */
export type SharedDataset =
  | { readonly kind: "tensor"; readonly tensor: SharedTensor }
  | { readonly kind: "tensors"; readonly tensors: readonly SharedTensor[] }
  | { readonly kind: "subset"; readonly dataset: SharedDataset; readonly indices: readonly number[] }
  | { readonly kind: "concat"; readonly datasets: readonly SharedDataset[] };

const copies = new WeakMap<AnyTensor, { readonly version: number; readonly shared: SharedTensor }>();

/** The elements in shared memory; copied once, and again after the tensor has changed. */
function shareTensor(x: AnyTensor): SharedTensor {
  const known = copies.get(x);
  if (known && known.version === x.version) return known.shared;
  const data = x.detach().toTypedArray();
  const memory = new SharedArrayBuffer(data.byteLength);
  new Uint8Array(memory).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const shared: SharedTensor = { shape: x.shape, dtype: x.dtype, memory };
  copies.set(x, { version: x.version, shared });
  return shared;
}

/** The dataset for workers, or null for one that needs a module to be made from. */
export function share(dataset: unknown): SharedDataset | null {
  if (isTensor(dataset)) return { kind: "tensor", tensor: shareTensor(dataset) };
  // A class derived from one of these may do anything.
  const kind = Object.getPrototypeOf(dataset) as unknown;
  if (kind === TensorDataset.prototype) {
    const { tensors } = dataset as TensorDataset<readonly AnyTensor[]>;
    return { kind: "tensors", tensors: tensors.map(shareTensor) };
  }
  if (kind === Subset.prototype) {
    const { dataset: whole, indices } = dataset as Subset<unknown>;
    const shared = share(whole);
    return shared && { kind: "subset", dataset: shared, indices: [...indices] };
  }
  if (kind === ConcatDataset.prototype) {
    const parts = (dataset as ConcatDataset<unknown>).datasets.map(share);
    return parts.some((d) => d === null) ? null : { kind: "concat", datasets: parts as SharedDataset[] };
  }
  return null;
}

const tensorFrom = ({ shape, dtype, memory }: SharedTensor): AnyTensor => {
  const { array, bytes } = dtypes[dtype];
  return fresh(new array(memory as unknown as ArrayBuffer, 0, memory.byteLength / bytes), shape, dtype);
};

/** The dataset that was shared, over the same memory. */
export function unshare(shared: SharedDataset): MapStyle<unknown> {
  switch (shared.kind) {
    case "tensor":
      return tensorFrom(shared.tensor) as unknown as MapStyle<unknown>;
    case "tensors":
      return new TensorDataset(...shared.tensors.map(tensorFrom));
    case "subset":
      return new Subset(unshare(shared.dataset), shared.indices);
    case "concat":
      return new ConcatDataset(shared.datasets.map(unshare));
  }
}
