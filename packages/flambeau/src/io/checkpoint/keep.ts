// The checkpoints in a store: numbered files, the newest good one of which counts. Loaded on first use. Floor L5 (io).

import { FileError } from "../../base/errors.ts";
import { defaultGenerator } from "../../base/generator.ts";
import { restoreRuns } from "../../compile/warm.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { writeFile } from "../sink.ts";
import type { ByteSource } from "../source.ts";
import { openSource } from "../source.ts";
import type { FileStore } from "../stores/index.ts";
import { readCheckpoint, writeCheckpoint } from "./file.ts";
import type { CheckpointPlace } from "./index.ts";
import { decode, restore, State } from "./tree.ts";

const ending = ".safetensors";
const pattern = /^checkpoint-(\d{6,15})\.safetensors$/;
const nameOf = (number: number): string => `checkpoint-${String(number).padStart(6, "0")}${ending}`;

/** Numbers of the checkpoints in a store, the newest first. */
async function numbersIn(store: FileStore): Promise<number[]> {
  const numbers = (await store.list()).flatMap((name) => {
    const found = pattern.exec(name);
    return found ? [Number(found[1])] : [];
  });
  return numbers.sort((a, b) => b - a);
}

/** A state that was collected. */
export interface Collected {
  readonly tree: unknown;
  readonly tensors: ReadonlyMap<string, AnyTensor>;
  /** Throws if a tensor was changed since. */
  readonly unchanged: () => void;
}

export async function save(place: CheckpointPlace, state: Collected, keepLast: number): Promise<string> {
  const body = async (sink: Parameters<typeof writeCheckpoint>[0]): Promise<void> => {
    await writeCheckpoint(sink, state.tree, state.tensors);
    state.unchanged();
  };
  if ("file" in place) {
    await writeFile(place.file, body);
    return String(place.file);
  }
  const { store } = place;
  const before = await numbersIn(store);
  const number = (before[0] ?? 0) + 1;
  await store.write(nameOf(number), body);
  // Only now, with the new one on the disk, do old ones go.
  for (const old of before.slice(Math.max(0, keepLast - 1))) await store.remove(nameOf(old));
  return nameOf(number);
}

interface Read {
  readonly name: string;
  readonly value: unknown;
}

async function readFrom(source: ByteSource): Promise<Read> {
  try {
    const { tree, tensors } = await readCheckpoint(source);
    return { name: source.name, value: decode(tree, tensors, source.name) };
  } finally {
    await source.close();
  }
}

/** The newest checkpoint that is whole; null if there is none at all. @throws FileError if all are damaged */
async function newest(store: FileStore): Promise<Read | null> {
  const damaged: FileError[] = [];
  for (const number of await numbersIn(store)) {
    try {
      const read = await readFrom(await store.open(nameOf(number)));
      for (const { message } of damaged)
        console.warn(`loadCheckpoint: ${message}; an older checkpoint is taken`);
      return read;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      damaged.push(error);
    }
  }
  if (damaged.length === 0) return null;
  throw new FileError(
    store.name,
    `has no checkpoint that can be read: ${damaged.map(({ message }) => message).join("; ")}`,
  );
}

/** Reads a single file; null if it is not there. */
async function single(file: Extract<CheckpointPlace, { file: unknown }>["file"]): Promise<Read | null> {
  try {
    return await readFrom(await openSource(file));
  } catch (error) {
    if ((error as { cause?: { code?: string } }).cause?.code === "ENOENT") return null;
    throw error;
  }
}

export async function load(
  place: CheckpointPlace,
  given: Readonly<Record<string, unknown>>,
  rng: boolean,
): Promise<Record<string, unknown> | null> {
  const read = await ("file" in place ? single(place.file) : newest(place.store));
  if (read === null) return null;
  const { state, generator, runs } = read.value as Record<string, unknown>;
  const bytes = generator instanceof State ? generator.value : null;
  if (typeof state !== "object" || state === null || !(bytes instanceof Uint8Array) || !Array.isArray(runs))
    throw new FileError(
      read.name,
      "is no valid checkpoint: it lacks the state, or that of the default generator",
    );
  const values = restore(state, given, "") as Record<string, unknown>;
  if (rng) defaultGenerator.setState(bytes);
  restoreRuns(runs.map(Boolean));
  return values;
}
