// Runs before every test file: from here on each nest, and each program, is verified before the backend compiles it.

import type { Backend } from "../src/backend/backend.ts";
import { getBackend, setBackend } from "../src/backend/backend.ts";
import "../src/index.ts";
import { verifyNest, verifyRowNest } from "../src/ir/verify.ts";
import { verifyProgram } from "../src/ir/verify-program.ts";
import { stressMemory } from "../src/tensor/storage.ts";

const backend = getBackend();
const { programs, results } = backend as Required<Backend>;
const verifying: Backend = {
  name: backend.name,
  routines: backend.routines,
  results,
  map(nest) {
    verifyNest(nest);
    return backend.map(nest);
  },
  reduce(nest) {
    verifyNest(nest);
    return backend.reduce(nest);
  },
  row(nest) {
    verifyRowNest(nest);
    return backend.row(nest);
  },
  step(step, buffers) {
    verifyProgram({ buffers, steps: [step], scalars: [] });
    return backend.step!(step, buffers);
  },
  programs: {
    allocate: (dtype, length, purpose) => programs.allocate(dtype, length, purpose),
    release: (region) => programs.release(region),
    get results() {
      return programs.results;
    },
    compile(program, states) {
      verifyProgram(program);
      return programs.compile(program, states);
    },
    setThreads: (n) => programs.setThreads(n),
    get threads() {
      return programs.threads;
    },
  },
};
setBackend(verifying);

if (process.env["FLAMBEAU_STRESS_MEMORY"] === "1") stressMemory();
