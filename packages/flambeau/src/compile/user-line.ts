// The line of the user's code that an error came from.
// Floor L4 (compile).

/** Where this library's files are: frames in there are not the user's. */
const home = import.meta.url.replace(/compile\/[^/]*$/, "");

/** The first line of a stack that is not in this library, as ` at file:line`; empty if there is none. */
export function userLine(error: Error): string {
  for (const line of (error.stack ?? "").split("\n").slice(1)) {
    const place = /\(?((?:file|https?|node|webpack|blob):[^)\s]+|\/[^)\s]+|[A-Z]:\\[^)\s]+):\d+\)?$/.exec(
      line.trim(),
    );
    if (!place?.[1]) continue;
    const path = place[1];
    if (path.startsWith("node:")) continue;
    const url = path.startsWith("/") ? `file://${path}` : path;
    if (url.startsWith(home)) continue;
    return ` at ${path.replace(/^file:\/\//, "")}`;
  }
  return "";
}
