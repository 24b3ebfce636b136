// A process whose threads have run a program and now spin or sleep: it ends by itself.

import { cell } from "../../../src/backend/wasm/program/threads-cells.ts";
import { Gang } from "./team.ts";

const gang = new Gang();
const program = gang.program();
gang.team.threads = 3;
const settled = gang.team.settle(program);
gang.fill();
gang.run(program, "mix");
process.stdout.write(`${settled} ${program.ready}\n`);
if (process.argv[2] === "sleeping") {
  const cells = new Int32Array(gang.memory.buffer);
  const asleep = (): boolean => Atomics.load(cells, cell.turnSleepers / 4) === 2;
  for (let i = 0; i < 100_000 && !asleep(); i++) Atomics.wait(cells, cells.length - 1, 0, 1);
  process.stdout.write(`asleep ${asleep()}\n`);
}
if (process.argv[2] === "exit") process.exit(7);
