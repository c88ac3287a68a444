/** The colours of a site's ground plan: from an orthophoto where the place has one, else drawn. No light is added: the sun is the capture's. */
import type { Geodetic } from "../../earth/api";
import type { Orthophoto } from "../readers/orthophoto";
import type { Canvas, XY } from "./canvas";
import { colorAt } from "./look";
import type { RGB } from "./mesh";
import { forEachNode } from "./warp";

export interface ColorPlan {
  /** sRGB, 3 bytes a square of the canvas. */
  picture: Uint8Array;
  /** 1 where the colour is the photograph's. */
  photographed: Uint8Array;
}

export function colorPlan(canvas: Canvas, origin: Geodetic, photo: Orthophoto | undefined): ColorPlan {
  const size = canvas.n * canvas.n;
  const plan = { picture: new Uint8Array(3 * size), photographed: new Uint8Array(size) };
  if (photo) photograph(canvas, origin, photo, plan);
  for (let i = 0; i < size; i++) {
    if (plan.photographed[i]) continue;
    const rgb = colorAt(
      canvas.styles[canvas.style[i]!]!,
      canvas.centre(i % canvas.n) + canvas.anchor[0],
      canvas.centre(Math.floor(i / canvas.n)) + canvas.anchor[1],
    );
    for (let k = 0; k < 3; k++) plan.picture[3 * i + k] = Math.max(0, Math.min(255, Math.round(rgb[k]! * 255)));
  }
  return plan;
}

/** Bilinear between the photograph's pixels; where one of the four is missing, the square stays as drawn. */
function photograph(canvas: Canvas, origin: Geodetic, photo: Orthophoto, { picture, photographed }: ColorPlan): void {
  const { width, height, rgb, valid } = photo;
  const first = canvas.centre(0);
  forEachNode(photo.pixelOf, origin, { x0: first, y0: first, step_m: canvas.step_m, columns: canvas.n, rows: canvas.n }, (i, column, row) => {
    const [u, v] = [column - 0.5, row - 0.5];
    const [c, r] = [Math.floor(u), Math.floor(v)];
    if (c < 0 || r < 0 || c + 1 >= width || r + 1 >= height) return;
    const at = r * width + c;
    if (!(valid[at] && valid[at + 1] && valid[at + width] && valid[at + width + 1])) return;
    const [fu, fv] = [u - c, v - r];
    for (let k = 0; k < 3; k++) {
      const top = rgb[3 * at + k]! * (1 - fu) + rgb[3 * (at + 1) + k]! * fu;
      const bottom = rgb[3 * (at + width) + k]! * (1 - fu) + rgb[3 * (at + width + 1) + k]! * fu;
      picture[3 * i + k] = Math.round(top * (1 - fv) + bottom * fv);
    }
    photographed[i] = 1;
  });
}

/** Mean colour (0–1) of the photograph over a footprint; undefined where it shows less than half of it. */
export function meanColor(canvas: Canvas, picture: Uint8Array, photographed: Uint8Array, rings: readonly XY[][]): RGB | undefined {
  const sum = [0, 0, 0];
  let [seen, all] = [0, 0];
  canvas.polygon(rings, (i) => {
    all++;
    if (!photographed[i]) return;
    seen++;
    for (let k = 0; k < 3; k++) sum[k]! += picture[3 * i + k]! / 255;
  });
  return seen * 2 > all ? [sum[0]! / seen, sum[1]! / seen, sum[2]! / seen] : undefined;
}
