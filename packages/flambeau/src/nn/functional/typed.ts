// Functions with a signature that knows shapes, which TypeScript does not derive from a body.
// Floor L5 (nn).

/** The function itself, under the type `F`. */
// biome-ignore lint/suspicious/noExplicitAny: parameters differ by function; `F` is what users see.
export const typed = <F>(f: (...args: any[]) => unknown): F => f as F;
