// What pickles in PyTorch files may say: plain Python, NumPy's arrays, tensors, and storages of the file. Floor L5 (io).

import { FileError } from "../../base/errors.ts";
import type { PickleRules } from "../pickle/machine.ts";
import { numpyGlobals } from "../pickle/numpy.ts";
import { pythonGlobals } from "../pickle/python.ts";
import type { StorageTable } from "./storages.ts";
import { storageGlobals } from "./storages.ts";
import { refusalOf, torchGlobals } from "./tensors.ts";

/** Longest pickle: as long as a text of JavaScript may be. */
export const mostPickleBytes: number = 2 ** 29;

/** @param storages what persistent ids name; null where there are none */
export const rulesOf = (file: string, storages: StorageTable | null): PickleRules => {
  const bad = (problem: string): FileError => new FileError(file, problem);
  return {
    bad,
    global(name) {
      const reason = refusalOf(name);
      if (reason !== null) throw bad(`it holds ${reason} (${name})`);
      return (
        pythonGlobals.get(name) ??
        torchGlobals.get(name) ??
        storageGlobals.get(name) ??
        numpyGlobals.get(name)
      );
    },
    persistent(id, m) {
      if (storages) return storages.find(m, id);
      throw m.bad("it names something outside of it");
    },
  };
};
