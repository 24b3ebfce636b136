// Where checkpoints are kept: a folder, or what browsers have instead. Floor L5 (io).

import type { ByteSink } from "../sink.ts";
import type { ByteSource } from "../source.ts";

/** A place for files, by name. A file is written at once or not at all. */
export interface FileStore {
  /** What messages call it. */
  readonly name: string;
  /** Names of the files that are there. */
  list(): Promise<string[]>;
  /** Opens a file for reading. @throws FileError if it is not there */
  open(file: string): Promise<ByteSource>;
  /** Writes a file anew; until all of it is there, the old one stays. */
  write(file: string, body: (sink: ByteSink) => Promise<void>): Promise<void>;
  /** Removes a file, if it is there. */
  remove(file: string): Promise<void>;
}
