// Whether the page ended under a program: a browser that has no memory left ends both, and tells nobody.

const key = "flambeau.running";

/** Says that a program runs, or no longer does. A page that is left or reloaded ends its programs properly. */
export function setRunning(running: boolean): void {
  try {
    if (running) sessionStorage.setItem(key, "yes");
    else sessionStorage.removeItem(key);
  } catch {
    // Without storage nobody will know.
  }
}

/** Whether a program was running when this tab's page ended; asked once. */
export function tookPageDown(): boolean {
  try {
    const running = sessionStorage.getItem(key) !== null;
    setRunning(false);
    return running;
  } catch {
    return false;
  }
}
