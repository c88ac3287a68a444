/** Cameras over the map: land cover with hill shading, north up, a dot a camera with a stroke along its line of sight. */
import sharp from "sharp";
import { CLASSES } from "../../earth/api";
import type { ClearViewpoint } from "./clearance";
import type { Pattern } from "./patterns";
import type { SurfaceGrid } from "./surface-grid";

const COLOURS: Record<Pattern, string> = { "top-outer": "#ffffff", "top-inner": "#ffe119", building: "#ff00ff", adalevel: "#00e5ff" };

/**
 * @param extent_m edge of the square about the origin that is drawn
 * @returns a PNG of `pixels` × `pixels`
 */
export async function mapPicture(surface: SurfaceGrid, views: readonly ClearViewpoint[], extent_m: number, pixels = 720): Promise<Buffer> {
  const metre = pixels / extent_m;
  const left = (x: number): string => ((x + extent_m / 2) * metre).toFixed(1);
  const top = (y: number): string => ((extent_m / 2 - y) * metre).toFixed(1);
  const marks = views.map(({ position, target, pattern, moved }) => {
    const [dx, dy] = [target[0] - position[0], target[1] - position[1]];
    const far = Math.hypot(dx, dy) || 1;
    const stroke = Math.min(40, far);
    const end = [position[0] + (dx / far) * stroke, position[1] + (dy / far) * stroke] as const;
    const colour = COLOURS[pattern];
    return `<line x1="${left(position[0])}" y1="${top(position[1])}" x2="${left(end[0])}" y2="${top(end[1])}" stroke="${colour}" stroke-width="2"/>
<circle cx="${left(position[0])}" cy="${top(position[1])}" r="${moved === "no" ? 4 : 6}" fill="${colour}" stroke="${moved === "no" ? "#000" : "#f00"}" stroke-width="${moved === "no" ? 1 : 3}"/>`;
  });
  const centre = `<rect x="${left(-250)}" y="${top(250)}" width="${500 * metre}" height="${500 * metre}" fill="none" stroke="#fff" stroke-dasharray="8 6"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels}" height="${pixels}">${centre}${marks.join("")}</svg>`;
  return sharp(shadedMap(surface, extent_m, pixels), { raw: { width: pixels, height: pixels, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}

function shadedMap(surface: SurfaceGrid, extent_m: number, pixels: number): Uint8Array {
  const rgb = new Uint8Array(3 * pixels * pixels);
  const step = extent_m / pixels;
  for (let r = 0; r < pixels; r++)
    for (let c = 0; c < pixels; c++) {
      const [x, y] = [(c + 0.5) * step - extent_m / 2, extent_m / 2 - (r + 0.5) * step];
      const here = surface.topAt(x, y);
      if (Number.isNaN(here)) continue;
      const slope = (surface.topAt(x + surface.cell_m, y - surface.cell_m) - surface.topAt(x - surface.cell_m, y + surface.cell_m)) / surface.cell_m;
      const light = Math.min(1.2, Math.max(0.4, 0.85 - 0.15 * (slope || 0))); // lit from the north-west
      const colour = CLASSES[surface.classAt(x, y)]!.rgb;
      for (let k = 0; k < 3; k++) rgb[3 * (r * pixels + c) + k] = Math.min(255, (0.7 * colour[k]! + 40) * light);
    }
  return rgb;
}
