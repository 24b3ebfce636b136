// The theme's colours for what is drawn on canvases.

/** Colours as the style sheet has them now. */
export interface Colors {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly raised: string;
  readonly accent: string;
  /** Of curves and bars, in turn. */
  readonly series: readonly string[];
}

export function colors(): Colors {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"),
    soft: of("soft"),
    line: of("line"),
    raised: of("raised"),
    accent: of("accent"),
    series: [0, 1, 2, 3, 4, 5].map((i) => of(`c${i}`)),
  };
}

/** The font of labels on canvases. */
export const labelFont = '12px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif';
