// Files: what of them is public. What reads and writes formats is loaded on first use. Floor L5 (io).

export {
  type LoadCheckpointOptions,
  loadCheckpoint,
  type SaveCheckpointOptions,
  saveCheckpoint,
} from "./checkpoint/index.ts";
export * as numpy from "./numpy/index.ts";
export { type LoadOptions, load, save } from "./pt/index.ts";
export * as safetensors from "./safetensors/index.ts";
export type { ByteSink, FileTarget } from "./sink.ts";
export type { ByteSource, FileLike } from "./source.ts";
export * as files from "./stores/index.ts";
