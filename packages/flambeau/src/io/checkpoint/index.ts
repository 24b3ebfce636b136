// `torch.saveCheckpoint` and `torch.loadCheckpoint`: going on with a training run as if it had never stopped. Floor L5 (io).

import { ValueError } from "../../base/errors.ts";
import { defaultGenerator } from "../../base/generator.ts";
import { runs } from "../../compile/warm.ts";
import type { FileStore } from "../stores/index.ts";
import { directory } from "../stores/index.ts";
import { watch } from "../watch.ts";
import { Collector } from "./tree.ts";

/** Where checkpoints are: a single file, or a store of several. */
export type CheckpointPlace = { readonly file: string | URL } | { readonly store: FileStore };

/** Options of {@link saveCheckpoint}. */
export interface SaveCheckpointOptions {
  /** How many checkpoints stay in the folder; older ones are removed once the new one is on the disk. Default all. */
  readonly keepLast?: number;
}

/** Options of {@link loadCheckpoint}. */
export interface LoadCheckpointOptions {
  /** Whether the default generator goes on from where it was. Default true. */
  readonly rng?: boolean;
}

const placeOf = (target: string | URL | FileStore): CheckpointPlace =>
  typeof target === "string" || target instanceof URL
    ? String(target).endsWith(".safetensors")
      ? { file: target }
      : { store: directory(target) }
    : { store: target };

/** Saves into one place happen one after the other. */
const queues = new Map<unknown, Promise<unknown>>();

async function queued<T>(target: string | URL | FileStore, work: () => Promise<T>): Promise<T> {
  const key = typeof target === "object" && !(target instanceof URL) ? target : String(target);
  const before = queues.get(key) ?? Promise.resolve();
  const now = before.catch(() => undefined).then(work);
  queues.set(key, now);
  try {
    return await now;
  } finally {
    if (queues.get(key) === now) queues.delete(key);
  }
}

/**
 * Saves all that a training run needs to go on from here to the same bits: whatever is given, and the state of the default
 * generator (dropout, shuffling, `torch.rand`).
 *
 * Modules, optimizers, schedules, DataLoaders and all else that has `stateDict` and `loadStateDict` are saved by their state, generators by
 * theirs; tensors, numbers, texts, lists, objects, Maps and typed arrays as they are. A loader in the middle of a pass goes on
 * with the next batch. Gradients are not saved: save between `step()` and the next `backward()`.
 *
 * The file is a safetensors file with a checksum. It is written beside the others and takes its name when all of it is on the disk:
 * whatever happens, the last good checkpoint stays.
 *
 * @param target a folder, in which checkpoints are numbered; a path that ends with ".safetensors", which is written over; or a
 * store of `torch.files`, as browsers have them
 * @param state names and what goes by them
 * @param options `keepLast`: how many stay in the folder; default all
 * @returns the name of the new file
 * @throws ArgumentError for what cannot be saved; it says where that is
 * @throws RuntimeError if a tensor changes before the promise is fulfilled
 * @example
 * for (const [X, y] of loader) {
 *   step(X, y);
 *   if (++done % 100 === 0)
 *     await torch.saveCheckpoint("runs/1", { net, trainer, scheduler, loader, epoch, done }, { keepLast: 3 });
 * }
 */
export async function saveCheckpoint(
  target: string | URL | FileStore,
  state: Readonly<Record<string, unknown>>,
  options: SaveCheckpointOptions = {},
): Promise<string> {
  const { keepLast = Number.POSITIVE_INFINITY } = options;
  if (!(keepLast >= 1)) throw new ValueError(`saveCheckpoint: keepLast must be at least 1, got ${keepLast}`);
  const collector = new Collector();
  const tree = {
    state: collector.encode({ ...state }, ""),
    generator: collector.encode(defaultGenerator, "generator"),
    runs: runs(),
  };
  const collected = { tree, tensors: collector.tensors, unchanged: watch(collector.tensors) };
  return await queued(target, async () =>
    (await import("./keep.ts")).save(placeOf(target), collected, keepLast),
  );
}

/**
 * Goes on from the newest checkpoint that is whole: puts states into the given objects and elements into the given tensors.
 *
 * A checkpoint that is damaged is passed over with a warning. Functions of `torch.compile` go on as programs where they
 * were programs; make them in the same order as in the program that saved.
 *
 * @param target as in {@link saveCheckpoint}
 * @param state what to put states into, and values for names that the checkpoint lacks; names that are left out are read as they were
 * saved, states as dictionaries
 * @param options `rng`: whether the default generator goes on from where it was; default true
 * @returns the values by name, or null if there is no checkpoint
 * @throws FileError if there are checkpoints, and all are damaged
 * @throws RuntimeError if the checkpoint does not go with the given objects
 * @example
 * const start = { net, trainer, scheduler, loader, epoch: 0, done: 0 };
 * let { epoch, done } = (await torch.loadCheckpoint("runs/1", start)) ?? start;
 */
export async function loadCheckpoint<T extends Readonly<Record<string, unknown>> = Record<string, unknown>>(
  target: string | URL | FileStore,
  state?: T,
  options: LoadCheckpointOptions = {},
): Promise<T | null> {
  const { load } = await import("./keep.ts");
  const values = await queued(target, () => load(placeOf(target), state ?? {}, options.rng ?? true));
  return values as T | null;
}
