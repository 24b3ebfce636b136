// Writing a file whole or not at all: into a temporary neighbour first, then renamed over the target.

/**
 * @throws Error when the file cannot be written; nothing is left behind, `cause` is the file system's error
 */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  const { rename, rm, writeFile } = await import("node:fs/promises");
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await writeFile(temporary, contents, { flag: "wx" });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`save: cannot write ${path}: ${reason}`, { cause });
  }
}
