// The format of PyTorch 1.6 and later: a zip archive of one pickle and one file a storage. Floor L5 (io).
// Source: torch/serialization.py; caffe2/serialize/inline_container.h

import { FileError } from "../../base/errors.ts";
import { bytesOf } from "../elements.ts";
import { unpickle } from "../pickle/unpickle.ts";
import type { ByteSource } from "../source.ts";
import { BytesSource } from "../source.ts";
import type { ZipEntry } from "../zip/directory.ts";
import { ZipReader } from "../zip/read.ts";
import type { LoadOptions } from "./index.ts";
import { mostPickleBytes, rulesOf } from "./rules.ts";
import type { FileStorage } from "./storages.ts";
import { StorageTable } from "./storages.ts";

/** PyTorch compresses nothing. Archives that were packed anew may, but not a thousand times as a bomb does. */
const mostUnpacked = (fileBytes: number): number => 2 ** 26 + 32 * fileBytes;
/** The last version of the format that is known. */
const newestVersion = 10;
/** Storages that are read at a time. */
const lanes = 4;

class Archive {
  readonly #zip: ZipReader;
  readonly #root: string;

  constructor(zip: ZipReader) {
    this.#zip = zip;
    const roots = [...zip.entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    if (roots.length !== 1)
      throw this.error(
        [...zip.entries.keys()].some((name) => name.endsWith(".npy"))
          ? "is an archive of NumPy arrays; torch.numpy.load reads those"
          : `is a zip archive with ${roots.length === 0 ? "no" : "more than one"} data.pkl, which torch.save has not written`,
      );
    const unpacked = [...zip.entries.values()].reduce((sum, e) => sum + (e.method === 8 ? e.size : 0), 0);
    if (unpacked > mostUnpacked(zip.source.size))
      throw this.error(
        `would unpack to ${unpacked} bytes from ${zip.source.size}: a bomb, or not written by torch.save`,
      );
    this.#root = roots[0]!.slice(0, -"data.pkl".length);
  }

  error(problem: string): FileError {
    return new FileError(this.#zip.source.name, problem);
  }
  find(name: string): ZipEntry | undefined {
    return this.#zip.entries.get(this.#root + name);
  }
  /** A short text, or undefined if it is not there. */
  async text(name: string): Promise<string | undefined> {
    const entry = this.find(name);
    if (!entry) return undefined;
    if (entry.size > 100) throw this.error(`has ${entry.size} bytes of ${name}, where a word is expected`);
    return new TextDecoder().decode(await this.#zip.read(entry)).trim();
  }
  async pickle(): Promise<Uint8Array> {
    const entry = this.find("data.pkl")!;
    if (entry.size > mostPickleBytes)
      throw this.error(`has a pickle of ${entry.size} bytes; at most ${mostPickleBytes} are read`);
    return await this.#zip.read(entry);
  }
  /** Reads the elements of a storage. */
  async fill(storage: FileStorage, big: boolean): Promise<void> {
    const entry = this.find(`data/${storage.key}`)!;
    const { data } = storage.memory;
    if (!storage.format!.decode && !big) return this.#zip.readInto(entry, bytesOf(data));
    return storage.fill(new BytesSource(await this.#zip.read(entry), this.#zip.source.name), 0, big);
  }
}

export async function loadZip(source: ByteSource, options: LoadOptions): Promise<unknown> {
  const archive = new Archive(await ZipReader.open(source, options));
  if (archive.find("constants.pkl"))
    throw archive.error(
      "is a TorchScript archive (torch.jit.save), which is a program; in Python, save the state dict: torch.save(torch.jit.load(...).state_dict(), ...)",
    );
  const version = await archive.text("version");
  if (version !== undefined && !(/^\d+$/.test(version) && Number(version) <= newestVersion))
    throw archive.error(
      `has version ${JSON.stringify(version)} of the format; versions up to ${newestVersion} are read`,
    );
  const byteOrder = (await archive.text("byteorder")) ?? "little";
  if (byteOrder !== "little" && byteOrder !== "big")
    throw archive.error(`has the unknown byte order ${JSON.stringify(byteOrder)}`);
  const storages = new StorageTable((m, key, bytes) => {
    const entry = archive.find(`data/${key}`);
    if (!entry) throw m.rules.bad(`lacks the storage ${JSON.stringify(key)} that its pickle names`);
    if (entry.size !== bytes)
      throw m.rules.bad(
        `has ${entry.size} bytes of the storage ${JSON.stringify(key)}, where its pickle has ${bytes}`,
      );
  });
  const { value } = unpickle(await archive.pickle(), rulesOf(source.name, storages));
  const waiting = storages.byKey.values();
  const next = async (): Promise<void> => {
    for (const storage of waiting) await archive.fill(storage, byteOrder === "big");
  };
  await Promise.all(Array.from({ length: lanes }, next));
  return value;
}
