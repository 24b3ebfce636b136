// The rows here: `flambeau_train.ts eager`, or `flambeau_train.ts compiled THREADS` through torch.compile.

import * as torch from "flambeau";
import { make } from "./models.ts";
import type { Runner } from "./serve.ts";
import { serve } from "./serve.ts";

type T = torch.AnyTensor;
type Step = (...data: T[]) => T;

/** What torch.compile and torch.setNumThreads are; absent from versions that only run eagerly. */
const { compile, setNumThreads } = torch as {
  compile?: (step: Step) => Step;
  setNumThreads?: (n: number) => void;
};
const [how, threads] = process.argv.slice(2);
const compiled = how === "compiled";

const wrap = (step: Step): Step => {
  if (!compiled) return step;
  if (!compile) throw new Error("torch.compile is missing");
  return compile(step);
};

const count = Number(threads ?? 1);
const missing =
  compiled && (!compile ? "torch.compile" : count > 1 && !setNumThreads ? "torch.setNumThreads" : "");
if (compiled && !missing) setNumThreads?.(count);
await serve(
  { node: process.version, ...(missing && { skip: `flambeau has no ${missing} yet` }) },
  (row): Runner => {
    const { data, step } = make(row);
    const run = wrap(step);
    return { step: () => run(...data), read: (result) => (result as T).toTypedArray() as Float32Array };
  },
);
