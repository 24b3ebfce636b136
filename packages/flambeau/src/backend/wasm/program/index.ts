// Compiled programs of the WebAssembly backend: memory for state, and programs as modules over it.
// Floor L2 (backend/wasm/program).

import type { TypedArray } from "../../../base/dtype.ts";
import { RuntimeError } from "../../../base/errors.ts";
import type { BufferId, HostStep, Program } from "../../../ir/program.ts";
import type { CompiledProgram, ProgramReport, Programs, Region } from "../../backend.ts";
import { hostFunctions } from "../math.ts";
import { largeRun, revectorize } from "../revectorize.ts";
import type { Kernel, Place } from "./assemble.ts";
import { assemble, kernelsOf } from "./assemble.ts";
import { planTemps } from "./plan.ts";
import { placeBytes, ResidentMemory } from "./resident.ts";
import { failureAddress } from "./step-context.ts";

type Segment = (thread: number, threads: number, arena: number) => void;

/** Programs of a backend. Nothing is reserved before the first allocation or compilation. */
export function createPrograms(): Programs {
  let memory: ResidentMemory | null = null;
  const resident = (): ResidentMemory => (memory ??= new ResidentMemory());
  return {
    threads: 1,
    setThreads(n) {
      if (n !== 1) throw new RuntimeError(`setThreads: programs run on 1 thread only, got ${n}`);
    },
    allocate: (dtype, length, purpose) => resident().allocate(dtype, length, purpose),
    release: (region) => resident().give(region.address),
    compile: (program, states) => new WasmProgram(resident(), program, states),
  };
}

/** Runs compiled code for all threads: what changes when there is more than one. */
class WasmProgram implements CompiledProgram {
  readonly scalars: Float64Array;
  readonly report: ProgramReport;
  readonly #memory: ResidentMemory;
  readonly #program: Program;
  readonly #kernels: readonly (Kernel | null)[];
  readonly #regions = new Map<BufferId, Region>();
  readonly #scalarRegion: Region;
  readonly #arenaBytes: number;
  readonly #segments: readonly (Segment | HostStep)[];
  /** The only segment, where there are no steps of the host. */
  readonly #only: Segment | null;
  readonly #places = new Map<BufferId, Place>();

  constructor(memory: ResidentMemory, program: Program, states: ReadonlyMap<BufferId, Region>) {
    this.#memory = memory;
    this.#program = program;
    const kernels = kernelsOf(program);
    this.#kernels = kernels;
    if (kernels.some((kernel) => kernel && kernel.code.bytes > 8 * largeRun)) revectorize();
    const plan = planTemps(program);
    this.#scalarRegion = memory.allocate("float64", program.scalars.length, "numbers of a compiled program");
    this.scalars = this.#scalarRegion.array as Float64Array;
    program.buffers.forEach((buffer, id) => {
      if (buffer.kind === "temp") {
        this.#places.set(id, { at: plan.offsets.get(id)!, inArena: true });
        return;
      }
      const region = buffer.kind === "state" ? states.get(id) : this.#allocate(id);
      if (!region) throw new RuntimeError(`programs: no region given for the state ${buffer.name}`);
      this.#places.set(id, { at: region.address, inArena: false });
    });
    const most = (of: (kernel: Kernel) => number): number =>
      kernels.reduce((max, kernel) => Math.max(max, kernel ? of(kernel) : 0), 0);
    const sharedBytes = placeBytes(most(({ code }) => code.sharedBytes));
    const ownStride = placeBytes(most(({ code }) => code.ownBytes));
    const own = plan.bytes + sharedBytes;
    this.#arenaBytes = own + ownStride;
    memory.arena(this.#arenaBytes, `temporary results of a compiled program (${program.steps.length} steps)`);
    const { bytes, segments } = assemble(
      program,
      kernels,
      { places: this.#places, scalars: this.#scalarRegion.address, shared: plan.bytes, own, ownStride },
      memory,
      null,
    );
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: memory.wasm },
      host: hostFunctions,
    } as unknown as WebAssembly.Imports);
    this.#segments = segments.map((s) => (typeof s === "string" ? (instance.exports[s] as Segment) : s));
    const first = this.#segments[0];
    this.#only = this.#segments.length === 1 && typeof first === "function" ? first : null;
    this.report = report(kernels, plan.bytes, plan.allBytes, bytes.length);
  }

  #allocate(id: BufferId): Region {
    const { dtype, length, name, kind, data } = this.#program.buffers[id]!;
    const region = this.#memory.allocate(dtype, length, `${kind} ${name} of a compiled program`);
    this.#regions.set(id, region);
    if (data) (region.array as Float64Array).set(data as Float64Array);
    return region;
  }

  view(buffer: BufferId): TypedArray {
    const region = this.#regions.get(buffer);
    if (!region)
      throw new RuntimeError(
        `programs: buffer ${this.#program.buffers[buffer]?.name ?? buffer} has no view: only inputs, constants and outputs have`,
      );
    return region.array;
  }

  run(): void {
    const arena = this.#memory.arena(this.#arenaBytes, "");
    try {
      if (this.#only) this.#only(0, 1, arena);
      else for (const s of this.#segments) this.#runSegment(s, arena);
    } catch (error) {
      throw this.#failure() ?? error;
    }
  }

  #runSegment(segment: Segment | HostStep, arena: number): void {
    if (typeof segment === "function") segment(0, 1, arena);
    else segment.run(segment.reads.map(this.#array), segment.writes.map(this.#array));
  }

  readonly #array = (id: BufferId): TypedArray => {
    const { dtype, length } = this.#program.buffers[id]!;
    const { at, inArena } = this.#places.get(id)!;
    const address = inArena ? this.#memory.arena(this.#arenaBytes, "") + at : at;
    return this.#memory.view(dtype, address, length);
  };

  /** What a step reported before it left the program. */
  #failure(): RuntimeError | null {
    const cells = this.#memory.view("int32", failureAddress, 2) as Int32Array;
    const [number, reason] = cells as unknown as [number, number];
    if (number === 0) return null;
    cells.fill(0);
    const step = this.#program.steps[number - 1]!;
    const message = this.#kernels[number - 1]?.code.failures?.[reason] ?? "failed";
    return new RuntimeError(`${step.name}: ${message}`);
  }

  release(): void {
    for (const { address } of this.#regions.values()) this.#memory.give(address);
    this.#regions.clear();
    this.#memory.give(this.#scalarRegion.address);
  }
}

function report(
  kernels: readonly (Kernel | null)[],
  plannedBytes: number,
  allBytes: number,
  moduleBytes: number,
): ProgramReport {
  const numbers = new Map<string, number>();
  return {
    kernels: kernels.flatMap((kernel) => {
      if (!kernel) return [];
      const { key, name, flops, bytes } = kernel.code;
      if (!numbers.has(key)) numbers.set(key, numbers.size);
      const kind = key.slice(0, key.indexOf(" "));
      return [{ name, kind, code: numbers.get(key)!, flops, bytes }];
    }),
    plannedBytes,
    allBytes,
    moduleBytes,
    threads: 1,
  };
}
