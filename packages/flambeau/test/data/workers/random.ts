// Random examples, and a module that ends its worker.

import * as torch from "../../../src/index.ts";

export class Noise extends torch.data.Dataset<torch.AnyTensor> {
  override length = 4;
  override at(i: number): torch.AnyTensor {
    if (i === 3 && torch.data.getWorkerInfo() && process.env["END_WORKER"] === "1") process.exit(3);
    return torch.rand(2);
  }
}

export const dataset: Noise = new Noise();
