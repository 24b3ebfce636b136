// What went wrong, in the words and the lines of the program: stacks without blob URLs and framework frames.

import { LinkError } from "./link.ts";
import type { Names } from "./load.ts";

/** A place in a file of the program. */
export interface Place {
  readonly path: string;
  readonly line?: number | undefined;
  /** The function it is in. */
  readonly name?: string | undefined;
}

export type FailureKind = "syntax" | "exception" | "memory" | "worker";

/** What ended a run. */
export interface Failure {
  readonly kind: FailureKind;
  /** `RangeError: …`, with its causes. */
  readonly message: string;
  /** From the innermost call of the program outwards. */
  readonly stack: readonly Place[];
}

/** Describes what a program threw. */
export function failureOf(thrown: unknown, names: Names): Failure {
  if (thrown instanceof LinkError) {
    const { path, line } = thrown;
    return { kind: "syntax", message: thrown.message, stack: [{ path, line }] };
  }
  const message = withNames(describe(thrown), names);
  const stack = thrown instanceof Error ? placesOf(thrown.stack ?? "", names) : [];
  // An engine says of a syntax error neither the file nor the line.
  if (thrown instanceof SyntaxError && stack.length === 0) return { kind: "syntax", message, stack };
  return { kind: isMemory(thrown) ? "memory" : "exception", message, stack };
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `the program threw ${String(thrown)}`;
  const cause = thrown.cause === undefined ? "" : `\ncaused by ${describe(thrown.cause)}`;
  return `${thrown.name}: ${thrown.message}${cause}`;
}

/** Engines word it differently; a length that no array can have is the same mistake. */
const MEMORY =
  /out of memory|allocation (?:failed|too large|size overflow)|invalid (?:typed )?array (?:buffer )?length|cannot (?:grow|allocate)|could not allocate|memory\.grow/i;

function isMemory(thrown: unknown): boolean {
  for (let each = thrown; each instanceof Error; each = each.cause)
    if (each instanceof RangeError && MEMORY.test(each.message)) return true;
  return false;
}

/** The frames of a stack that lie in the program's files. */
export function placesOf(stack: string, names: Names): Place[] {
  return stack.split("\n").flatMap((frame): Place[] => {
    const found = /(blob:[^\s()]+?):(\d+):\d+/.exec(frame);
    const path = found && names.get(found[1] ?? "");
    if (!found || path === undefined || path === null || !isFile(path)) return [];
    // Chromium: "    at name (url", Firefox and Safari: "name@url".
    const name = /^\s*at (?:async )?(.+?) \(/.exec(frame)?.[1] ?? /^([^@\s]+)@/.exec(frame)?.[1];
    return [{ path, line: Number(found[2]), name }];
  });
}

/** Packages have stubs of their own, which no frame of interest lies in. */
function isFile(path: string): boolean {
  return /\.(?:ts|js|json)$/.test(path);
}

function withNames(text: string, names: Names): string {
  return text.replace(/blob:[\w:/.-]+/g, (url) => names.get(url) ?? url);
}
