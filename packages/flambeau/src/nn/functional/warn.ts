// Warnings that are given once.
// Floor L5 (nn).

const given = new Set<string>();

/** Writes a warning to the console unless it was written before. */
export function warnOnce(message: string): void {
  if (given.has(message)) return;
  given.add(message);
  console.warn(message);
}
