// Draws figures as SVG, away from the page: Vega is heavy, and a page that trains and draws must stay quick.

import type { FigureSpec, Theme } from "@flambeau/d2l";
import { Figure, plot } from "@flambeau/d2l";

export interface DrawRequest {
  readonly id: number;
  readonly spec: FigureSpec;
  readonly theme: Theme;
}

export type DrawAnswer = { readonly id: number } & ({ readonly svg: string } | { readonly error: string });

addEventListener("message", async ({ data: { id, spec, theme } }: MessageEvent<DrawRequest>) => {
  const answer = await new Figure(spec)
    .withTheme(theme)
    .toSvg()
    .then(
      (svg): DrawAnswer => ({ id, svg }),
      (thrown: unknown): DrawAnswer => ({ id, error: String(thrown) }),
    );
  postMessage(answer);
});

// Loads Vega, which the first figure need not wait for then.
plot([0])
  .toSvg()
  .catch(() => undefined);
