// What the reader chose, kept for the next visit. Without storage (private windows) it lasts as long as the page.

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`flambeau.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`flambeau.${key}`);
    else localStorage.setItem(`flambeau.${key}`, value);
  } catch {
    // Nowhere to keep it.
  }
}
