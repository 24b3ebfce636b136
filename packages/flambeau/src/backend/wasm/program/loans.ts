// Outputs of programs that callers keep where they are, instead of copying them: the next run writes elsewhere.
// Floor L2 (backend/wasm/program).

import type { DType } from "../../../base/dtype.ts";
import { dtypes } from "../../../base/dtype.ts";
import type { BufferId, Program } from "../../../ir/program.ts";
import type { Lender, Region } from "../../backend.ts";
import { leastLent } from "../../backend.ts";
import type { ResidentMemory } from "./resident.ts";

/** Bytes lent at most, so that there is room for programs whatever is kept. */
const mostBytes = 2 ** 30;

/** What is lent of a memory, by all programs. */
export class Loans implements Lender {
  spoils = false;
  readonly #memory: ResidentMemory;
  #bytes = 0;

  constructor(memory: ResidentMemory) {
    this.#memory = memory;
  }

  /** Memory in place of as much that is lent from now on; null where there is no room. */
  replace(dtype: DType, length: number): Region | null {
    const bytes = length * dtypes[dtype].bytes;
    if (this.#bytes + bytes > mostBytes) return null;
    try {
      const region = this.#memory.allocate(dtype, length, "an output");
      this.#bytes += bytes;
      return region;
    } catch {
      return null;
    }
  }

  give(at: number, bytes: number): void {
    if (this.spoils) (this.#memory.view("uint8", at, bytes) as Uint8Array).fill(255);
    this.#memory.give(at);
    this.#bytes -= bytes;
  }
}

/** The outputs of a program that can be lent. The code finds their addresses in memory. */
export class LendableOutputs {
  readonly #loans: Loans;
  readonly #program: Program;
  readonly cells: Region;
  readonly #numbers: ReadonlyMap<BufferId, number>;

  constructor(memory: ResidentMemory, loans: Loans, program: Program) {
    this.#loans = loans;
    this.#program = program;
    const lendable: BufferId[] = [];
    program.buffers.forEach(({ kind, dtype, length }, id) => {
      // Others may have elements that no run writes.
      if (kind === "output" && length * dtypes[dtype].bytes >= leastLent) lendable.push(id);
    });
    this.#numbers = new Map(lendable.map((id, i) => [id, i]));
    this.cells = memory.allocate("int32", lendable.length, "addresses of outputs");
  }

  /** The address of the cell that has the address of an output; null for those that stay. */
  cellOf(buffer: BufferId): number | null {
    const i = this.#numbers.get(buffer);
    return i === undefined ? null : this.cells.address + 4 * i;
  }

  /** The output is at `address` from now on. */
  place(buffer: BufferId, address: number): void {
    (this.cells.array as Int32Array)[this.#numbers.get(buffer)!] = address;
  }

  /** Where the output is from now on, since where it was is lent; null if it stays. */
  replace(buffer: BufferId): Region | null {
    if (!this.#numbers.has(buffer)) return null;
    const { dtype, length } = this.#program.buffers[buffer]!;
    const next = this.#loans.replace(dtype, length);
    if (next) this.place(buffer, next.address);
    return next;
  }
}
