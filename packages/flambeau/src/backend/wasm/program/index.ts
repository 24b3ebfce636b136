// Compiled programs of the WebAssembly backend: memory for state, and programs as modules over it.
// Floor L2 (backend/wasm/program).

import type { DType, TypedArray } from "../../../base/dtype.ts";
import { RuntimeError } from "../../../base/errors.ts";
import type { BufferId, HostStep, Program } from "../../../ir/program.ts";
import type { CompiledProgram, Lender, ProgramReport, Programs, Region } from "../../backend.ts";
import { hostFunctions } from "../math.ts";
import { largeRun, revectorize } from "../revectorize.ts";
import type { Kernel, Place } from "./assemble.ts";
import { assemble, kernelsOf } from "./assemble.ts";
import type { Sharing } from "./durations.ts";
import { neverShared, usualSharing } from "./durations.ts";
import { LendableOutputs, Loans } from "./loans.ts";
import { planTemps } from "./plan.ts";
import { controlAddress, placeBytes, ResidentMemory } from "./resident.ts";
import { failureOf } from "./step-context.ts";
import type { TeamProgram } from "./threads.ts";
import { defaultThreads, ProgramFailure, Team } from "./threads.ts";

/** Programs of a backend. Nothing is reserved before the first allocation or compilation. */
export function createPrograms(sharing: Sharing = usualSharing): WasmPrograms {
  return new WasmPrograms(sharing);
}

class WasmPrograms implements Programs {
  #memory: ResidentMemory | null = null;
  #loans: Loans | null = null;
  #team: Team | null = null;
  #threads: number = defaultThreads();
  readonly #sharing: Sharing;

  constructor(sharing: Sharing) {
    this.#sharing = sharing;
  }

  get #resident(): ResidentMemory {
    return (this.#memory ??= new ResidentMemory());
  }

  get #lending(): Loans {
    return (this.#loans ??= new Loans(this.#resident));
  }

  get results(): Lender {
    return this.#lending;
  }

  get threads(): number {
    return this.#threads;
  }

  setThreads(n: number): void {
    if (!Number.isInteger(n) || n < 1)
      throw new RuntimeError(`setThreads: expected a positive integer, got ${n}`);
    this.#threads = n;
    if (this.#team) this.#team.threads = n;
  }

  allocate(dtype: DType, length: number, purpose: string): Region {
    return this.#resident.allocate(dtype, length, purpose);
  }

  release(region: Region): void {
    this.#resident.give(region.address);
  }

  compile(program: Program, states: ReadonlyMap<BufferId, Region>): WasmProgram {
    const memory = this.#resident;
    if (!this.#team) {
      this.#team = new Team(memory.wasm, controlAddress);
      this.#team.threads = this.#threads;
    }
    const sharing = memory.shared ? this.#sharing : neverShared;
    return new WasmProgram(memory, this.#lending, this.#team, sharing, program, states);
  }

  /** Ends the worker threads. For tests. */
  close(): void {
    this.#team?.close();
  }
}

class WasmProgram implements CompiledProgram {
  readonly scalars: Float64Array;
  readonly report: ProgramReport;
  readonly #memory: ResidentMemory;
  readonly #team: Team;
  readonly #code: TeamProgram;
  readonly #program: Program;
  readonly #kernels: readonly (Kernel | null)[];
  readonly #regions = new Map<BufferId, Region>();
  readonly #outputs: LendableOutputs;
  readonly #scalarRegion: Region;
  /** Bytes of the arena: what all threads share, and for each of them. */
  readonly #arenaBytes: number;
  readonly #threadBytes: number;
  /** Numbers of the code's entries, and whether threads run them; the host's steps between them. */
  readonly #segments: readonly ({ readonly entry: number; readonly parallel: boolean } | HostStep)[];
  readonly #places = new Map<BufferId, Place>();

  constructor(
    memory: ResidentMemory,
    loans: Loans,
    team: Team,
    sharing: Sharing,
    program: Program,
    states: ReadonlyMap<BufferId, Region>,
  ) {
    this.#memory = memory;
    this.#team = team;
    this.#program = program;
    const { kernels, threads, woken } = kernelsOf(program, sharing);
    this.#kernels = kernels;
    if (kernels.some((kernel) => kernel && kernel.code.bytes > 8 * largeRun)) revectorize();
    const plan = planTemps(program);
    this.#scalarRegion = memory.allocate("float64", program.scalars.length, "numbers of a compiled program");
    this.scalars = this.#scalarRegion.array as Float64Array;
    this.#outputs = new LendableOutputs(memory, loans, program);
    program.buffers.forEach((buffer, id) => {
      if (buffer.kind === "temp") {
        this.#places.set(id, { at: plan.offsets.get(id) ?? 0, inArena: true });
        return;
      }
      const region = buffer.kind === "state" ? states.get(id) : this.#allocate(id);
      if (!region) throw new RuntimeError(`programs: no region given for the state ${buffer.name}`);
      const cell = this.#outputs.cellOf(id);
      if (cell !== null) this.#outputs.place(id, region.address);
      this.#places.set(id, { at: region.address, inArena: false, cell });
    });
    const most = (of: (kernel: Kernel) => number): number =>
      kernels.reduce((max, kernel) => Math.max(max, kernel ? of(kernel) : 0), 0);
    const sharedBytes = placeBytes(most(({ code }) => code.sharedBytes));
    const ownStride = placeBytes(most(({ code }) => code.ownBytes));
    const own = plan.bytes + sharedBytes;
    this.#arenaBytes = own;
    this.#threadBytes = ownStride;
    memory.arena(own + ownStride, `temporary results of a compiled program (${program.steps.length} steps)`);
    const { bytes, segments } = assemble(
      program,
      kernels,
      { places: this.#places, scalars: this.#scalarRegion.address, shared: plan.bytes, own, ownStride },
      memory,
    );
    const module = new WebAssembly.Module(bytes);
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory: memory.wasm },
      host: hostFunctions,
    } as unknown as WebAssembly.Imports);
    const names: string[] = [];
    this.#segments = segments.map((s) =>
      "kind" in s ? s : { entry: names.push(s.name) - 1, parallel: s.parallel },
    );
    const code = team.add(module, exports, names, threads, woken);
    this.#code = code;
    this.report = {
      kernels: listed(kernels),
      plannedBytes: plan.bytes,
      allBytes: plan.allBytes,
      workBytes: sharedBytes,
      threadBytes: ownStride,
      moduleBytes: bytes.length,
      get threads() {
        return team.available(code);
      },
      get threadsNote() {
        return team.whyOne(code);
      },
    };
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

  lend(buffer: BufferId): TypedArray | null {
    const { array } = this.#regions.get(buffer)!;
    const next = this.#outputs.replace(buffer);
    if (!next) return null;
    this.#regions.set(buffer, next);
    this.#places.set(buffer, { ...this.#places.get(buffer)!, at: next.address });
    return array;
  }

  run(): void {
    const threads = this.#team.now(this.#code);
    const arena = this.#memory.arena(this.#arenaBytes + threads * this.#threadBytes, "threads of a program");
    try {
      for (let i = 0; i < this.#segments.length; i++) {
        const s = this.#segments[i]!;
        if ("entry" in s) this.#team.run(this.#code, s.entry, s.parallel ? threads : 1, arena);
        else {
          const array = (id: BufferId): TypedArray => this.#array(id, arena);
          s.run(s.reads.map(array), s.writes.map(array));
        }
      }
    } catch (error) {
      throw error instanceof ProgramFailure ? this.#failure(error.number) : error;
    }
  }

  #array(id: BufferId, arena: number): TypedArray {
    const { dtype, length } = this.#program.buffers[id]!;
    const { at, inArena } = this.#places.get(id)!;
    return this.#memory.view(dtype, inArena ? arena + at : at, length);
  }

  #failure(number: number): Error {
    const { step, reason } = failureOf(number);
    const failure = this.#kernels[step]?.code.failures?.[reason];
    return failure?.() ?? new RuntimeError(`${this.#program.steps[step]?.name}: failed`);
  }

  /** Waits until the threads that are wanted have the program: for measurements and tests. */
  settle(): boolean {
    return this.#team.settle(this.#code);
  }

  release(): void {
    this.#team.remove(this.#code);
    for (const { address } of this.#regions.values()) this.#memory.give(address);
    this.#regions.clear();
    this.#memory.give(this.#outputs.cells.address);
    this.#memory.give(this.#scalarRegion.address);
  }
}

/** What explain() prints of each kernel; equal code has one number. */
function listed(kernels: readonly (Kernel | null)[]): ProgramReport["kernels"] {
  const numbers = new Map<string, number>();
  return kernels.flatMap((kernel) => {
    if (!kernel) return [];
    const { key, name, flops, bytes, note } = kernel.code;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    const kind = key.slice(0, key.indexOf(" "));
    return [{ name, kind, code: numbers.get(key)!, flops, bytes, ...(note !== undefined && { note }) }];
  });
}
