// Small grey pictures in rows, each over its caption.

import type { Size } from "./axes.ts";
import { label } from "./axes.ts";
import { ramp } from "./colors.ts";
import type { Of } from "./types.ts";

type Images = Of<"images">;

const gap = 10;
const captionHeight = 20;

function plan({ width, captions }: Images, room: number): { across: number; scale: number; rows: number } {
  // Whole pixels of the screen for each of the picture keep it sharp.
  const scale = Math.max(1, Math.round(58 / width));
  const across = Math.max(1, Math.min(captions.length, Math.floor((room + gap) / (width * scale + gap))));
  return { across, scale, rows: Math.ceil(captions.length / across) };
}

export function imagesHeight(picture: Images, room: number): number {
  const { scale, rows } = plan(picture, room);
  return rows * (picture.height * scale + captionHeight + gap);
}

export function drawImages(
  context: CanvasRenderingContext2D,
  { width: room, colors }: Size,
  picture: Images,
): void {
  const { height, width, values, captions, wrong } = picture;
  const { across, scale } = plan(picture, room);
  const color = ramp([colors.ground, colors.ink]);
  const tile = new OffscreenCanvas(width, height);
  const pixels = new ImageData(width, height);
  context.imageSmoothingEnabled = false;
  for (const [i, caption] of captions.entries()) {
    const x = (i % across) * (width * scale + gap);
    const y = Math.floor(i / across) * (height * scale + captionHeight + gap);
    for (let p = 0; p < width * height; p++) {
      pixels.data.set(color(values[i * width * height + p] ?? 0), 4 * p);
      pixels.data[4 * p + 3] = 255;
    }
    tile.getContext("2d")?.putImageData(pixels, 0, 0);
    context.drawImage(tile, x, y, width * scale, height * scale);
    context.strokeStyle = wrong?.[i] ? colors.error : colors.line;
    context.lineWidth = wrong?.[i] ? 2 : 1;
    context.strokeRect(x + 0.5, y + 0.5, width * scale - 1, height * scale - 1);
    label(context, wrong?.[i] ? `✗ ${caption}` : caption, x + (width * scale) / 2, y + height * scale + 11, {
      color: wrong?.[i] ? colors.error : colors.ink,
      align: "center",
      room: width * scale + gap - 2,
    });
  }
}
