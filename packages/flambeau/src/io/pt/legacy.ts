// The format of PyTorch before 1.6: five pickles, and the storages after them. Floor L5 (io). Source: torch/serialization.py

import { FileError } from "../../base/errors.ts";
import { unpickle } from "../pickle/unpickle.ts";
import type { ByteSource } from "../source.ts";
import { mostPickleBytes, rulesOf } from "./rules.ts";
import { StorageTable } from "./storages.ts";

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
const firstBytes = 1 << 16;

interface Head {
  readonly value: unknown;
  /** Keys of the storages in the order of their bytes, which begin at `end`. */
  readonly keys: readonly unknown[];
  readonly storages: StorageTable;
  readonly end: number;
}

/** The pickles, or null if the bytes end before them. */
function readHead(source: ByteSource, bytes: Uint8Array): Head | null {
  const bad = (problem: string): FileError => new FileError(source.name, problem);
  let sum = 0;
  const storages = new StorageTable((m, key, size) => {
    sum += size;
    if (sum > source.size)
      throw m.rules.bad(
        `has ${source.size} bytes, which cannot hold the ${size} of the storage ${JSON.stringify(key)}`,
      );
  });
  let end = 0;
  let ended = false;
  const next = (table: StorageTable | null): unknown => {
    const read = unpickle(bytes, rulesOf(source.name, table), end, () => {
      ended = true;
    });
    end = read.end;
    return read.value;
  };
  try {
    if (next(null) !== magicNumber)
      throw bad("is a pickle, but not one of torch.save: PyTorch's magic number is missing");
    const version = next(null);
    if (version !== protocolVersion) throw bad(`has the unknown protocol version ${String(version)}`);
    // Sizes of types on the machine that wrote it. Storages are little-endian whatever that was.
    next(null);
    const value = next(storages);
    const keys = next(null);
    if (!Array.isArray(keys) || new Set(keys.map(String)).size !== keys.length)
      throw bad("is damaged: the list of its storages is none");
    return { value, keys, storages, end };
  } catch (error) {
    if (ended && bytes.length < Math.min(source.size, mostPickleBytes)) return null;
    throw error;
  }
}

export async function loadLegacy(source: ByteSource): Promise<unknown> {
  let head: Head | null = null;
  for (let size = firstBytes; head === null; size *= 4)
    head = readHead(source, await source.read(0, Math.min(size, source.size, mostPickleBytes)));
  const { value, keys, storages } = head;
  let at = head.end;
  for (const key of keys.map(String)) {
    const storage = storages.byKey.get(key);
    if (!storage)
      throw new FileError(
        source.name,
        `is damaged: it lists the storage ${JSON.stringify(key)}, which nothing uses`,
      );
    storages.byKey.delete(key);
    const count = await source.read(at, 8);
    const n = new DataView(count.buffer, count.byteOffset, 8).getBigInt64(0, true);
    const expected = storage.memory.data.length;
    if (n !== BigInt(expected))
      throw new FileError(
        source.name,
        `has ${n} elements of the storage ${JSON.stringify(key)}, where its pickle has ${expected}`,
      );
    await storage.fill(source, at + 8, false);
    at += 8 + storage.bytes;
  }
  for (const key of storages.byKey.keys())
    throw new FileError(source.name, `lacks the storage ${JSON.stringify(key)} that its pickle names`);
  return value;
}
