// Saving: a file, a file of a module with tied weights, shards with their index. Loaded on first use. Floor L5 (io).
// Sources: safetensors/torch.py; huggingface_hub/serialization

import { ArgumentError, RuntimeError } from "../../base/errors.ts";
import type { LoadReport, Module } from "../../nn/module.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { onNode, pathOf } from "../host.ts";
import type { ByteSink, FileTarget } from "../sink.ts";
import { writeBytes, writeFile } from "../sink.ts";
import type { FileLike } from "../source.ts";
import type { SaveOptions, ShardOptions, TensorDict } from "./index.ts";
import { loadFile } from "./open.ts";
import { itemsOf, refuseShared, sharedNames, writeItems } from "./write.ts";

const mapOf = (tensors: TensorDict): ReadonlyMap<string, AnyTensor> =>
  tensors instanceof Map ? tensors : new Map(Object.entries(tensors));

type Body = (sink: ByteSink) => Promise<void>;

/** Writes the tensors, and makes sure at the end that they were those of one moment. */
function writing(tensors: TensorDict, options: SaveOptions, unchanged: () => void): Body {
  const map = mapOf(tensors);
  const items = itemsOf(map, options);
  refuseShared(map);
  return async (sink) => {
    await writeItems(sink, items, options.metadata);
    unchanged();
  };
}

export const save = (tensors: TensorDict, options: SaveOptions, unchanged: () => void): Promise<Uint8Array> =>
  writeBytes(writing(tensors, options, unchanged));

export const saveFile = (
  tensors: TensorDict,
  target: FileTarget,
  options: SaveOptions,
  unchanged: () => void,
): Promise<void> => writeFile(target, writing(tensors, options, unchanged));

/** The state dict without second names of tied weights, and which name stands for each of those. */
function untied(model: Module): { state: Map<string, AnyTensor>; removed: Map<string, string> } {
  const state = new Map(Object.entries(model.stateDict()));
  const removed = new Map<string, string>();
  for (const names of sharedNames(state)) {
    // One of them must have all that the others look at.
    const spans = names.map((name) => ({ name, n: state.get(name)!.numel() })).sort((a, b) => b.n - a.n);
    const kept = spans[0]!;
    const { storage } = state.get(kept.name)!;
    for (const { name, n } of spans.slice(1)) {
      const x = state.get(name)!;
      if (x.storage !== storage || n !== kept.n || x.offset !== state.get(kept.name)!.offset)
        throw new RuntimeError(
          `saveModel: "${name}" and "${kept.name}" look at different parts of the same memory, which a safetensors file cannot say`,
        );
    }
    const [first, ...others] = names.sort();
    for (const name of others) {
      state.delete(name);
      removed.set(name, first!);
    }
  }
  return { state, removed };
}

export function saveModel(
  model: Module,
  target: FileTarget,
  options: SaveOptions,
  unchanged: () => void,
): Promise<void> {
  const { state, removed } = untied(model);
  // As in Python: the metadata say which names were left out.
  const metadata = { ...options.metadata };
  for (const [name, kept] of removed) metadata[name] ??= kept;
  return saveFile(state, target, { ...options, metadata }, unchanged);
}

export async function loadModel(model: Module, file: FileLike, strict: boolean): Promise<LoadReport> {
  const given = await loadFile(file, {});
  const { removed } = untied(model);
  const groups = new Map<string, string[]>();
  for (const [name, first] of removed) groups.set(first, [...(groups.get(first) ?? [first]), name]);
  const known = Object.keys(model.stateDict());
  // A tied weight is there if one of its names is.
  const tied = (key: string): boolean =>
    [...groups.values()].some((names) => names.includes(key) && names.some((n) => Object.hasOwn(given, n)));
  const missingKeys = known.filter((key) => !Object.hasOwn(given, key) && !tied(key));
  const unexpectedKeys = Object.keys(given).filter((key) => !known.includes(key));
  if (strict && missingKeys.length + unexpectedKeys.length > 0) {
    const list = (keys: readonly string[]): string => keys.map((k) => `"${k}"`).join(", ");
    const problems = [
      ...(missingKeys.length > 0 ? [`Missing key(s) in state_dict: ${list(missingKeys)}`] : []),
      ...(unexpectedKeys.length > 0 ? [`Unexpected key(s) in state_dict: ${list(unexpectedKeys)}`] : []),
    ];
    throw new RuntimeError(
      `Error(s) in loading state_dict for ${model.constructor.name}:\n\t${problems.join("\n\t")}`,
    );
  }
  model.loadStateDict(given, { strict: false });
  return { missingKeys, unexpectedKeys };
}

/** Shards of at most so many bytes each, unless a single tensor has more. */
export async function saveSharded(
  tensors: TensorDict,
  folder: string | URL,
  options: ShardOptions,
  unchanged: () => void,
): Promise<string[]> {
  const { maxShardBytes = 5e9, name = "model" } = options;
  if (!(maxShardBytes > 0))
    throw new ArgumentError(`saveSharded: maxShardBytes must be positive, got ${maxShardBytes}`);
  const map = mapOf(tensors);
  refuseShared(map);
  const { path, fs } = await onNode(folder);
  const shards: Map<string, AnyTensor>[] = [];
  let room = 0;
  let total = 0;
  for (const [key, tensor] of map) {
    const [item] = itemsOf(new Map([[key, tensor]]), options);
    if (shards.length === 0 || (item!.bytes > room && shards.at(-1)!.size > 0)) {
      shards.push(new Map());
      room = maxShardBytes;
    }
    shards.at(-1)!.set(key, tensor);
    room -= item!.bytes;
    total += item!.bytes;
  }
  const at = pathOf(folder);
  await fs.mkdir(at, { recursive: true });
  const number = (i: number): string => String(i).padStart(5, "0");
  const fileOf = (i: number): string =>
    shards.length === 1
      ? `${name}.safetensors`
      : `${name}-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
  const files: string[] = [];
  const weightMap: [string, string][] = [];
  for (const [i, shard] of shards.entries()) {
    files.push(path.join(at, fileOf(i)));
    await saveFile(shard, files[i]!, options, unchanged);
    for (const key of shard.keys()) weightMap.push([key, fileOf(i)]);
  }
  if (shards.length > 1) {
    const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) };
    files.push(path.join(at, `${name}.safetensors.index.json`));
    await writeFile(files.at(-1)!, (sink) =>
      sink.write(new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`)),
    );
  }
  return files;
}
