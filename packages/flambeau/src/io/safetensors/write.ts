// Writes safetensors files. Loaded on first use. Floor L5 (io). Source: https://huggingface.co/docs/safetensors

import type { DType, TypedArray } from "../../base/dtype.ts";
import { dtypes, isFloat } from "../../base/dtype.ts";
import { ArgumentError, RuntimeError } from "../../base/errors.ts";
import { mayOverlap } from "../../tensor/overlap.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import type { ByteSink } from "../sink.ts";
import { elementsIn, writeData } from "../tensor-bytes.ts";
import type { SafetensorsDType } from "./header.ts";
import { formats, metadataKey, mostHeaderBytes } from "./header.ts";
import type { SaveOptions } from "./index.ts";

/** The dtypes in the order in which the reference implementation lays tensors out: wide ones first. */
const order = [
  ...["U64", "I64", "F64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16"],
  ...["F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"],
];
const plain: Readonly<Record<DType, SafetensorsDType>> = {
  bool: "BOOL",
  uint8: "U8",
  int32: "I32",
  int64: "I64",
  float32: "F32",
  float64: "F64",
};

/** A tensor to be written. */
export interface Item {
  readonly name: string;
  readonly tensor: AnyTensor;
  readonly dtype: SafetensorsDType;
  readonly bytes: number;
}

/** The dtype that a tensor is written as. @throws ArgumentError for one that does not go with the tensor's */
function writtenAs(name: string, tensor: AnyTensor, options: SaveOptions): SafetensorsDType {
  const { dtype } = options;
  const wanted = typeof dtype === "function" ? dtype(name, tensor) : undefined;
  const own = plain[tensor.dtype as DType];
  // One dtype for all is one for those that have fractions.
  const chosen = wanted ?? (typeof dtype === "string" && isFloat(tensor.dtype) ? dtype : own);
  if (!Object.hasOwn(formats, chosen) || chosen.startsWith("F8"))
    throw new ArgumentError(`safetensors: tensor "${name}" cannot be written as ${chosen}`);
  const kind = (d: DType): string => dtypes[d].kind;
  if (kind(formats[chosen]!.dtype) !== kind(tensor.dtype))
    throw new ArgumentError(
      `safetensors: tensor "${name}" of dtype ${tensor.dtype} cannot be written as ${chosen}`,
    );
  return chosen;
}

/** Checked tensors in the order of the file. */
export function itemsOf(tensors: ReadonlyMap<string, AnyTensor>, options: SaveOptions): Item[] {
  const items: Item[] = [];
  for (const [name, tensor] of tensors) {
    if (name === metadataKey)
      throw new ArgumentError(`safetensors: no tensor may be called "${metadataKey}"`);
    const dtype = writtenAs(name, tensor, options);
    items.push({ name, tensor, dtype, bytes: tensor.numel() * formats[dtype]!.bytes });
  }
  return items.sort(
    (a, b) =>
      order.indexOf(a.dtype) - order.indexOf(b.dtype) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}

/** Lists of names whose tensors have memory in common. */
export function sharedNames(tensors: ReadonlyMap<string, AnyTensor>): string[][] {
  const byBuffer = new Map<unknown, [string, AnyTensor][]>();
  for (const entry of tensors) {
    const { storage } = entry[1];
    const list = byBuffer.get(storage.data.buffer);
    if (list) list.push(entry);
    else byBuffer.set(storage.data.buffer, [entry]);
  }
  const groups: string[][] = [];
  for (const list of byBuffer.values()) {
    if (list.length < 2) continue;
    // Small tensors that have nothing to do with each other lie in one buffer too: only neighbours can overlap.
    const placed = list
      .map(([name, x]) => ({ name, x, at: x.storage.data.byteOffset + x.offset * x.elementSize() }))
      .sort((a, b) => a.at - b.at);
    let group: typeof placed = [];
    for (const item of placed) {
      if (group.some(({ x }) => mayOverlap(x, item.x))) group.push(item);
      else {
        if (group.length > 1) groups.push(group.map((g) => g.name));
        group = [item];
      }
    }
    if (group.length > 1) groups.push(group.map((g) => g.name));
  }
  return groups;
}

/** @throws RuntimeError if tensors have memory in common: the file would hold it twice, and forget that they do */
export function refuseShared(tensors: ReadonlyMap<string, AnyTensor>): void {
  const groups = sharedNames(tensors);
  if (groups.length === 0) return;
  const names = groups.map((g) => `[${g.map((n) => `"${n}"`).join(", ")}]`).join(", ");
  throw new RuntimeError(
    `safetensors: some tensors share memory: ${names}. Use saveModel for a module with tied weights, or clone() what shall be written twice`,
  );
}

/** The elements as they are written. */
export function encoded({ name, tensor, dtype }: Item): ArrayBufferView {
  const format = formats[dtype]!;
  const data = elementsIn(tensor);
  const same = format.dtype === tensor.dtype;
  if (same && (format.encode === null || dtype === "BOOL")) return data;
  const { array } = dtypes[format.dtype];
  let values: TypedArray = data;
  if (!same) {
    values = new array(data.length);
    if (values instanceof BigInt64Array) for (let i = 0; i < data.length; i++) values[i] = BigInt(data[i]!);
    else for (let i = 0; i < data.length; i++) values[i] = Number(data[i]);
    const lossy = !isFloat(format.dtype) && data.some((v, i) => Number(v) !== Number(values[i]));
    if (lossy) throw new RuntimeError(`safetensors: values of tensor "${name}" do not fit ${dtype}`);
  }
  try {
    return format.encode ? format.encode(values) : values;
  } catch (error) {
    throw new RuntimeError(`safetensors: tensor "${name}": ${(error as Error).message}`);
  }
}

/** The header of a file of these items: its length and its JSON, padded to a multiple of 8 bytes. */
export function headerOf(
  items: readonly Item[],
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  let at = 0;
  const fields: string[] = [];
  if (metadata && Object.keys(metadata).length > 0) {
    for (const [key, value] of Object.entries(metadata))
      if (typeof value !== "string")
        throw new ArgumentError(`safetensors: metadata["${key}"] must be a string, but is ${typeof value}`);
    fields.push(`"${metadataKey}":${JSON.stringify(metadata)}`);
  }
  for (const { name, tensor, dtype, bytes } of items) {
    const offsets = [at, at + bytes];
    at += bytes;
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":${JSON.stringify(tensor.shape)},"data_offsets":${JSON.stringify(offsets)}}`,
    );
  }
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > mostHeaderBytes)
    throw new RuntimeError(
      `safetensors: the header would have ${length} bytes; at most ${mostHeaderBytes} are allowed`,
    );
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return header;
}

/** Writes a file of these items. */
export async function writeItems(
  sink: ByteSink,
  items: readonly Item[],
  metadata: Readonly<Record<string, string>> | undefined,
): Promise<void> {
  await sink.write(headerOf(items, metadata));
  for (const item of items) await writeData(sink, encoded(item));
}
