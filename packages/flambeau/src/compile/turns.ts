// Leaving the thread to others between runs: a page has to be drawn, and events want to be heard.
// Floor L4 (compile).

/** So long a run of steps may keep the thread, in ms: a frame has 16. */
const longest = 8;

let since = 0;
const waiting: (() => void)[] = [];

function goOn(): void {
  since = performance.now();
  waiting.shift()?.();
}

/** Starts a task that calls {@link goOn}. Timers of browsers would wait for 4 ms or more. */
const start: () => void = (() => {
  const { setImmediate } = globalThis as { setImmediate?: (f: () => void) => void };
  if (setImmediate) return () => setImmediate(goOn);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = goOn;
  return () => port2.postMessage(null);
})();

/** Resolves at once, or in a new task if there has been none for a while. */
export async function turn(): Promise<void> {
  if (waiting.length === 0 && performance.now() - since <= longest) return;
  await new Promise<void>((resolve) => {
    waiting.push(resolve);
    start();
  });
}
