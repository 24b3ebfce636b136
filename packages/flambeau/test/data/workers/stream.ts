// A stream for workers, each of which takes its share.

import * as torch from "../../../src/index.ts";

export class Count extends torch.data.IterableDataset<number> {
  override length = 10;
  override *[Symbol.iterator](): Iterator<number> {
    const { id, numWorkers } = torch.data.getWorkerInfo() ?? { id: 0, numWorkers: 1 };
    for (let i = id; i < 10; i += numWorkers) yield i;
  }
}

export const dataset: Count = new Count();
