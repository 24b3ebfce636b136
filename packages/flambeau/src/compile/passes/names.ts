// Names of steps that were made from several. Floor L4 (compile).

/** Both names, each op once in a row. */
export function joinNames(first: string, second: string): string {
  const parts = [...first.split("+"), ...second.split("+")];
  return parts.filter((name, i) => name !== parts[i - 1]).join("+");
}
