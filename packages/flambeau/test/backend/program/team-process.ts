// A process whose threads have run a program and now spin or sleep: it ends by itself.

import { Gang } from "./team.ts";

const gang = new Gang();
const program = gang.program();
gang.team.threads = 3;
const settled = gang.team.settle(program);
gang.fill();
gang.run(program, "mix");
process.stdout.write(`${settled} ${program.ready}\n`);
// Longer than threads spin.
if (process.argv[2] === "sleeping") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
if (process.argv[2] === "exit") process.exit(7);
