// Reads what torch.save wrote, in whichever format. Loaded on first use. Floor L5 (io). Source: torch/serialization.py

import { ArgumentError, FileError } from "../../base/errors.ts";
import type { ByteSource } from "../source.ts";
import { looksLikeZip } from "../zip/read.ts";
import type { LoadOptions } from "./index.ts";
import { loadLegacy } from "./legacy.ts";
import { loadZip } from "./zip-format.ts";

const headBytes = 512;

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean => {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
};

/** What a file is that is none of PyTorch's, as far as its first bytes tell. */
function stranger(head: Uint8Array): string {
  if (head.length === 0) return "is empty";
  if (startsWith(head, "version https://git-lfs"))
    return "is a pointer of Git LFS, not the file itself; `git lfs pull` brings that";
  if (startsWith(head, "ustar", 257))
    return "has the tar format of PyTorch before 0.1.10, which is not read; save it anew with PyTorch";
  if (head[8] === 0x7b && head[9] === 0x22)
    return "looks like a safetensors file; torch.safetensors.loadFile reads those";
  if (startsWith(head, "\x93NUMPY")) return "is a NumPy array; torch.numpy.load reads those";
  if (startsWith(head, "\x89HDF")) return "is an HDF5 file, where a PyTorch file is expected";
  if (startsWith(head, "<!DOCTYPE") || startsWith(head, "<html"))
    return "is a web page, where a PyTorch file is expected";
  return "is no PyTorch file: it begins neither as a zip archive nor as a pickle";
}

/** Reads one value from a file. */
export async function loadFrom(source: ByteSource, options: LoadOptions): Promise<unknown> {
  checkOptions(options);
  const head = await source.read(0, Math.min(headBytes, source.size));
  if (looksLikeZip(head)) return loadZip(source, options);
  // Pickles of protocol 2 and later begin with it; earlier ones with the magic number in digits.
  if (head[0] === 0x80 || startsWith(head, "L1195470370")) return loadLegacy(source);
  throw new FileError(source.name, stranger(head));
}

const isCpu = (x: unknown): boolean =>
  x === "cpu" || (typeof x === "object" && x !== null && (x as { type?: unknown }).type === "cpu");

function checkOptions({ mapLocation, weightsOnly }: LoadOptions): void {
  if ((weightsOnly as boolean | undefined) === false)
    throw new ArgumentError(
      "torch.load: weightsOnly: false would run code from the file, which is never done; leave it out, and save a state dict where " +
        "the file holds more than that",
    );
  const places = mapLocation ?? "cpu";
  if (!isCpu(places) && !(typeof places === "object" && Object.values(places).every(isCpu)))
    throw new ArgumentError(
      `torch.load: mapLocation can only be "cpu", where all tensors are, but got ${String(places)}`,
    );
}
