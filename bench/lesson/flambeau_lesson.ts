// The lesson's four training runs here. Reads a seed a line, answers with one line of JSON: seconds and norms.

import { createInterface } from "node:readline";
import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { weightDecay } from "../../lessons/weight-decay/lesson.ts";

function run(seed: number): number[] {
  torch.manualSeed(seed);
  const lesson = weightDecay({
    nTrain: 20,
    nTest: 100,
    numInputs: 200,
    batchSize: 5,
    numEpochs: 100,
    lr: 0.003,
  });
  const norms: number[] = [];
  for (const way of [lesson.train, lesson.trainConcise])
    for (const lambda of [0, 3]) norms.push(way(lambda, new d2l.Animator({ display: "none" })));
  return norms;
}

console.log(JSON.stringify({ node: process.version }));
for await (const line of createInterface({ input: process.stdin })) {
  const start = performance.now();
  const norms = run(Number(line));
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, norms }));
}
