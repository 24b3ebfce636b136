// Runs before every test file: from here on each nest is verified before the backend compiles it.

import type { Backend } from "../src/backend/backend.ts";
import { getBackend, setBackend } from "../src/backend/backend.ts";
import "../src/index.ts";
import { verifyNest, verifyRowNest } from "../src/ir/verify.ts";

const backend = getBackend();
const verifying: Backend = {
  name: backend.name,
  routines: backend.routines,
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
};
setBackend(verifying);
