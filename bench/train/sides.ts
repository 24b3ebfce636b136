// The sides of `bench -- train`: how each is started, and started again after it ended.

import { fileURLToPath } from "node:url";
import { Side, startTorch } from "../side.ts";
import { installPeers } from "./peers.ts";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Names of the sides in the order of the table. The digit is the number of threads; the last two have one. */
export const names = ["compiled1", "compiled2", "eager1", "torch1", "torch2", "jaxjs", "tfjs"] as const;
export type Name = (typeof names)[number];

/** What is put in relation to what: the first one's time by the second one's. */
export const ratios: readonly (readonly [Name, Name])[] = [
  ["torch1", "compiled1"],
  ["torch2", "compiled2"],
  ["jaxjs", "compiled1"],
  ["tfjs", "compiled1"],
];

/** Versions and libraries that the sides have named. */
export interface Versions {
  node?: string;
  torch?: string;
  blas?: string;
  cpu?: string;
  jaxjs?: string;
  tfjs?: string;
}

type Hello = Versions & { readonly skip?: string };

const noTorch = "no python3 with torch found (Debian: apt-get install python3-torch)";

/** One more process that compiles, beside those of `Sides`. */
export async function startCompiled(): Promise<Side> {
  const side = new Side("compiled1", process.execPath, [here("flambeau_train.ts"), "compiled", "1"]);
  await side.read();
  return side;
}

/** All sides: those that run, and why the others do not. */
export class Sides {
  readonly running: Map<Name, Side> = new Map();
  readonly skipped: Map<Name, string> = new Map();
  readonly versions: Versions = {};
  #peers: Promise<string | null> | null = null;

  /** Starts those that are not running and may be there. */
  async start(): Promise<void> {
    for (const name of names) {
      if (this.running.has(name) || this.skipped.has(name)) continue;
      try {
        const reason = await this.#start(name);
        if (reason) this.skipped.set(name, reason);
      } catch (error) {
        this.skipped.set(name, error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Ends a side; `start` starts it anew. */
  end(name: Name): void {
    this.running.get(name)?.close();
    this.running.delete(name);
  }

  close(): void {
    for (const name of [...this.running.keys()]) this.end(name);
  }

  async #start(name: Name): Promise<string | null> {
    switch (name) {
      case "compiled1":
      case "compiled2":
        return this.#node(name, "flambeau_train.ts", "compiled", name.slice(-1));
      case "eager1":
        return this.#node(name, "flambeau_train.ts", "eager");
      case "torch1":
      case "torch2":
        return this.#torch(name, Number(name.slice(-1)));
      default:
        this.#peers ??= installPeers();
        return (await this.#peers) ?? this.#node(name, `${name}_train.ts`);
    }
  }

  async #node(name: Name, file: string, ...args: string[]): Promise<string | null> {
    const side = new Side(name, process.execPath, [here(file), ...args]);
    try {
      const { skip, ...versions } = (await side.read()) as Hello;
      Object.assign(this.versions, versions);
      if (skip === undefined) this.running.set(name, side);
      else side.close();
      return skip ?? null;
    } catch (error) {
      side.close();
      throw error;
    }
  }

  async #torch(name: Name, threads: number): Promise<string | null> {
    const torch = await startTorch(here("torch_train.py"), threads, name);
    if (!torch) return noTorch;
    this.running.set(name, torch.side);
    Object.assign(this.versions, { torch: torch.version, blas: torch.blas, cpu: torch.cpu });
    return null;
  }
}
