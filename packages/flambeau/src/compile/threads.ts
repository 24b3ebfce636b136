// How many threads compiled programs run on.
// Floor L4 (compile).

import { getBackend } from "../backend/backend.ts";
import { ValueError } from "../base/errors.ts";

/**
 * Sets how many threads compiled programs run on, the calling one included; from the next call of any of them on. Their results are the
 * same to the last bit for any number. Worker threads start with the first program that has work for them, and sleep between calls.
 * Where there are none, or no shared memory (a page that is not cross-origin isolated), programs run on one thread.
 *
 * Differs from PyTorch: eager ops run on one thread.
 *
 * @param n at least 1. By default OMP_NUM_THREADS, or the number of cores, at most 8
 * @throws ValueError unless n is a positive integer
 * @see https://pytorch.org/docs/stable/generated/torch.set_num_threads.html
 */
export function setNumThreads(n: number): void {
  if (!Number.isInteger(n) || n < 1)
    throw new ValueError(`setNumThreads: expected a positive integer, got ${n}`);
  getBackend().programs?.setThreads(n);
}

/**
 * How many threads compiled programs may run on; see {@link setNumThreads}.
 * @see https://pytorch.org/docs/stable/generated/torch.get_num_threads.html
 */
export const getNumThreads = (): number => getBackend().programs?.threads ?? 1;
