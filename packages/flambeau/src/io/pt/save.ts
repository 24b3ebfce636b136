// Writes the format of PyTorch 1.6 and later: a zip archive of one pickle and one file a storage. Loaded on first use.
// Floor L5 (io). Source: torch/serialization.py

import type { DType, TypedArray } from "../../base/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";
import { bytesOf } from "../elements.ts";
import { Pickler } from "../pickle/pickler.ts";
import type { ByteSink } from "../sink.ts";
import { watch } from "../watch.ts";
import { ZipWriter } from "../zip/write.ts";
import { parameters } from "./parameters.ts";

const storageClasses: { readonly [D in DType]: string } = {
  float32: "FloatStorage",
  float64: "DoubleStorage",
  int32: "IntStorage",
  int64: "LongStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
};

/** Bytes of storages begin at multiples of it, so that they can be mapped into memory. */
const alignment = 64;
const root = "archive";

interface Pickled {
  readonly pickle: Uint8Array;
  /** What it names by "0", "1", ... */
  readonly storages: readonly TypedArray[];
  /** The tensors, and where they are in the value. */
  readonly tensors: readonly (readonly [path: string, tensor: AnyTensor])[];
}

/** @throws ArgumentError for what Python has no counterpart of */
function pickled(value: unknown): Pickled {
  const tensors: [string, AnyTensor][] = [];
  // By their arrays: `x` and `x.data` look at one.
  const keys = new Map<TypedArray, number>();

  const storage = (p: Pickler, x: AnyTensor): void => {
    const { data } = x.storage;
    let key = keys.get(data);
    if (key === undefined) {
      key = keys.size;
      keys.set(data, key);
    }
    const dtype: DType = x.dtype;
    p.tuple(5, () => {
      p.text("storage");
      p.global("torch", storageClasses[dtype]);
      p.text(String(key));
      p.text("cpu");
      p.number(data.length);
    });
    p.raw(0x51);
  };
  const sizes = (p: Pickler, values: readonly number[]): void =>
    p.tuple(values.length, () => {
      for (const v of values) p.number(v);
    });
  const noHooks = (p: Pickler): void => p.call("collections", "OrderedDict", 0, () => undefined);
  const tensor = (p: Pickler, x: AnyTensor, requiresGrad: boolean): void =>
    p.call("torch._utils", "_rebuild_tensor_v2", 6, () => {
      storage(p, x);
      p.number(x.offset);
      sizes(p, x.shape);
      sizes(p, x.strides);
      p.write(requiresGrad);
      noHooks(p);
    });

  const pickler = new Pickler((p, x) => {
    if (isTensor(x)) {
      tensors.push([p.path, x]);
      if (parameters.has(x))
        p.call("torch._utils", "_rebuild_parameter", 3, () => {
          tensor(p, x, false);
          p.write(x.requiresGrad);
          noHooks(p);
        });
      else tensor(p, x, x.requiresGrad);
      p.remember(x);
      return true;
    }
    if (typeof (x as { stateDict?: unknown }).stateDict === "function")
      throw p.bad(`a ${x.constructor.name} is code as well as values; save its stateDict()`);
    if (x instanceof Storage || ArrayBuffer.isView(x))
      throw p.bad(`a ${x.constructor.name} is no value of Python; save torch.fromTypedArray(...) of it`);
    return false;
  });
  return { pickle: pickler.dump(value), storages: [...keys.keys()], tensors };
}

/** What writes a value to a sink. The value is looked through at once, its elements when they are written. */
export function writerOf(value: unknown): (sink: ByteSink) => Promise<void> {
  const { pickle, storages, tensors } = pickled(value);
  const check = watch(tensors);
  return async (sink) => {
    const zip = new ZipWriter(sink, alignment);
    await zip.add(`${root}/data.pkl`, pickle);
    await zip.add(`${root}/byteorder`, new TextEncoder().encode("little"));
    for (const [key, data] of storages.entries()) await zip.add(`${root}/data/${key}`, bytesOf(data));
    await zip.add(`${root}/version`, new TextEncoder().encode("3\n"));
    await zip.finish();
    check();
  };
}
