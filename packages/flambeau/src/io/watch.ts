// Writing takes several turns of the event loop; whether tensors stayed the same all the while. Floor L5 (io).

import { ArgumentError, RuntimeError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/**
 * Remembers the tensors as they are now.
 *
 * @throws ArgumentError for what is no tensor
 * @returns throws a RuntimeError if one was changed since: what was written would be of no one moment
 */
export function watch(tensors: Iterable<readonly [string, AnyTensor]>): () => void {
  const seen = Array.from(tensors, ([name, x]) => {
    if (!isTensor(x))
      throw new ArgumentError(`expected a tensor for "${name}", but got ${x === null ? "null" : typeof x}`);
    return { name, storage: x.storage, version: x.storage.version };
  });
  return () => {
    for (const { name, storage, version } of seen)
      if (storage.version !== version)
        throw new RuntimeError(
          `tensor "${name}" was changed while it was written, and nothing was kept: \`await\` the writing before training goes on, or write a clone()`,
        );
  };
}
