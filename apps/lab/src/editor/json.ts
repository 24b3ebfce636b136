// The type of a JSON file, as a declaration: the language service reads none itself.

/** The text of `NAME.d.json.ts` for `NAME.json`. */
export function declarationOf(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Half-written; running it says what is wrong.
  }
  return `declare const value: ${value === undefined ? "unknown" : typeOf(value)};\nexport default value;\n`;
}

/** Rows of a table are mostly alike: more kinds than these are not told apart. */
const MOST_KINDS = 12;

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) {
    const kinds = new Set(value.map(typeOf));
    if (kinds.size > MOST_KINDS) return "unknown[]";
    return kinds.size === 0 ? "never[]" : `(${[...kinds].join(" | ")})[]`;
  }
  if (typeof value !== "object") return typeof value;
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${typeOf(each)}`)
    .join("; ")} }`;
}
