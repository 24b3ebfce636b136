// One step of a program as a kernel by itself, over arrays of eager code: for what has one implementation, the programs'.
// Floor L2 (backend/wasm).

import { dtypes } from "../../base/dtype.ts";
import type { Buffer, KernelStep } from "../../ir/program.ts";
import type { PlacedArray, StepKernel } from "../backend.ts";
import { importHost, requireSimd } from "./codegen.ts";
import { call, instantiate, ModuleBuilder } from "./encoder.ts";
import { hostFunctions } from "./math.ts";
import type { LinearMemory } from "./memory.ts";
import { bodiesOf } from "./program/assemble.ts";
import type { StepCode } from "./program/context.ts";
import { codeOf } from "./program/emitters.ts";
import { placeBytes } from "./program/resident.ts";
import { functionOf, parametersOf } from "./program/step-context.ts";
import { threadCode } from "./program/threads-code.ts";

type Kernel = (thread: number, threads: number, shared: number, own: number, ...at: number[]) => void;

let kernels = 0;

function compile(memory: LinearMemory, step: KernelStep, code: StepCode): Kernel {
  requireSimd();
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { minPages: 1 });
  const parts = {
    module: m,
    memory,
    host: importHost(m, bodiesOf(step)),
    functions: new Map(),
    step: m.global("i32", true, 0),
    threads: threadCode(m, { control: 0, shared: false, callerSleeps: false }),
  };
  const inner = functionOf(parts, code, false);
  // V8 hands out the code of an earlier module with equal bytes, revectorised or not: so each has a name of its own.
  const name = `step${kernels++}`;
  m.func(name, parametersOf(code), [], (f, locals) => f.do(call(inner, ...Object.values(locals))), {
    export: true,
  });
  return instantiate<Record<string, Kernel>>(m.finish(), {
    env: { memory: memory.wasm },
    host: hostFunctions,
  })[name]!;
}

/**
 * A step that takes no numbers of the host and cannot fail. Its arrays are taken where they are, if they are places of results,
 * else by a copy.
 */
export function createStepKernel(
  memory: LinearMemory,
  step: KernelStep,
  buffers: readonly Buffer[],
): StepKernel {
  memory.ready();
  const code = codeOf(step, buffers);
  const kernel = compile(memory, step, code);
  const bytes = buffers.map(({ dtype, length }) => length * dtypes[dtype].bytes);
  const own = placeBytes(code.sharedBytes);
  const copies = own + placeBytes(code.ownBytes);
  const isOutput = buffers.map(({ kind }) => kind === "output");

  const run = (arrays: readonly PlacedArray[]): void => {
    // A result may be written past its end: it must be the whole array, which has a guard behind it.
    const held = arrays.map(
      ({ data, offset }, i) =>
        memory.holds(data) && (!isOutput[i] || (offset === 0 && data.length === buffers[i]!.length)),
    );
    let end = copies;
    const at = arrays.map(({ data, offset }, i) => {
      if (held[i]) return data.byteOffset + offset * data.BYTES_PER_ELEMENT;
      const start = end;
      end += placeBytes(bytes[i]!);
      return start;
    });
    const base = memory.scratch(end, step.name);
    const view = (i: number): Uint8Array => memory.u8.subarray(base + at[i]!, base + at[i]! + bytes[i]!);
    const bytesOf = ({ data, offset }: PlacedArray, i: number): Uint8Array =>
      new Uint8Array(data.buffer, data.byteOffset + offset * data.BYTES_PER_ELEMENT, bytes[i]!);
    arrays.forEach((array, i) => {
      if (!held[i] && !isOutput[i]) view(i).set(bytesOf(array, i));
    });
    const addresses = code.addresses.map((source) => {
      if ("scalar" in source) throw new RangeError(`${step.name}: numbers of the host have no place here`);
      const { buffer, offset } = source;
      return at[buffer]! + (held[buffer] ? 0 : base) + offset * dtypes[buffers[buffer]!.dtype].bytes;
    });
    kernel(0, 1, base, base + own, ...addresses);
    arrays.forEach((array, i) => {
      if (!held[i] && isOutput[i]) bytesOf(array, i).set(view(i));
    });
  };
  return { run };
}
