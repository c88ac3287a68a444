/** A place from above, before anything is built: shaded heights, land cover where the map names it, water, roads, footprints, the squares of the sites. North is up. */
import { EnuFrame, type Geodetic } from "../../earth/api";
import type { Layer } from "../place/elevation";
import { SITE_M, type Site } from "../place/sites";
import { Canvas } from "../scene/canvas";
import { sampleField } from "../scene/ground";
import { paintPlan } from "../scene/plan";
import { isDriven } from "../scene/roads";
import type { SceneSource } from "../scene/scene";
import { siteFeatures } from "../scene/site-features";
import { drawText, LETTER_ROWS } from "./pixel-font";

type RGB = readonly [number, number, number];

export interface PlacePicture {
  /** Pixels along an edge. */
  size: number;
  /** [size, size, 3], row 0 in the north. */
  rgb: Uint8Array;
  /** Metres a pixel. */
  pixel_m: number;
}

/** Ground shown beyond the outermost squares. */
const MARGIN_M = 150;
/** A flat map of the globe's surface holds so far. */
const WIDEST_M = 60_000;

const NO_HEIGHT: RGB = [232, 196, 220];
const ROAD: RGB = [58, 54, 60];
const PATH: RGB = [128, 112, 96];
const FOOTPRINT: RGB = [186, 74, 52];
/** What the named ground is tinted with, by Table 13's id; other classes are a town's grey. */
const TINTS: Record<number, RGB> = {
  1: [226, 205, 120],
  2: [70, 128, 74],
  3: [158, 196, 110],
  6: [190, 160, 120],
  7: [206, 184, 150],
  8: [92, 150, 196],
};
const TOWN: RGB = [190, 178, 178];
const WATER = 8;

/**
 * @param pixels along an edge
 * @returns undefined where there is no site to draw
 */
export function drawPlace(source: SceneSource, sites: readonly Site[], pixels = 960): PlacePicture | undefined {
  const view = viewOf(sites);
  if (view === undefined) return undefined;
  const { origin, half_m, shown } = view;
  const canvas = new Canvas(half_m, (2 * half_m) / pixels);
  const features = siteFeatures(source.map, origin, half_m);
  const plan = paintPlan(features, source.rules, canvas);
  const light = hillshade(source.elevation, origin, half_m, pixels);

  // On the canvas rows run from the south; the picture's run from the north.
  const rgb = new Uint8Array(3 * pixels * pixels);
  const at = (i: number) => 3 * ((pixels - 1 - Math.floor(i / pixels)) * pixels + (i % pixels));
  for (let i = 0; i < light.length; i++) {
    const shade = light[i]!;
    const landClass = canvas.classes[i]!;
    const tint = plan.byDefault[i] ? undefined : (TINTS[landClass] ?? TOWN);
    const weight = landClass === WATER ? 0.85 : 0.5;
    for (let k = 0; k < 3; k++) {
      const ground = Number.isNaN(shade) ? NO_HEIGHT[k]! : 225 * shade;
      rgb[at(i) + k] = tint === undefined ? ground : (1 - weight) * ground + weight * tint[k]! * (Number.isNaN(shade) ? 1 : 0.55 + 0.45 * shade);
    }
  }
  const paint = (colour: RGB) => (i: number) => rgb.set(colour, at(i));
  // A line narrower than a pixel would fall between the centres of two.
  const least_m = 0.71 * canvas.step_m;
  const byWidth = [...plan.roads].sort((a, b) => Number(isDriven(a.tags.highway!)) - Number(isDriven(b.tags.highway!)) || a.width_m - b.width_m);
  for (const { points, width_m, tags } of byWidth) {
    const driven = isDriven(tags.highway!);
    canvas.stroke(points, Math.max(driven ? width_m / 2 : 0, least_m), paint(driven ? ROAD : PATH));
  }
  for (const { rings } of features.buildings) canvas.polygon(rings, paint(FOOTPRINT));

  const picture = { size: pixels, rgb, pixel_m: canvas.step_m };
  const frame = new EnuFrame(origin);
  for (const site of shown) {
    const [x, y] = frame.fromGeodetic({ ...site.origin, h: 0 });
    drawSquare(picture, (x - SITE_M / 2 + half_m) / canvas.step_m, (half_m - y - SITE_M / 2) / canvas.step_m, SITE_M / canvas.step_m, site.name);
  }
  drawScale(picture);
  return picture;
}

/** The square that all sites lie in; of sites too far apart for one map, those round the first. */
function viewOf(sites: readonly Site[]): { origin: Geodetic; half_m: number; shown: readonly Site[] } | undefined {
  const [first] = sites;
  if (first === undefined) return undefined;
  const frame = new EnuFrame({ ...first.origin, h: 0 });
  const at = sites.map((site) => ({ site, xy: frame.fromGeodetic({ ...site.origin, h: 0 }) }));
  const near = at.filter(({ xy }) => Math.max(Math.abs(xy[0]), Math.abs(xy[1]), Math.abs(xy[2])) < WIDEST_M);
  const range = (k: 0 | 1) => [Math.min(...near.map(({ xy }) => xy[k])), Math.max(...near.map(({ xy }) => xy[k]))] as const;
  const [[west, east], [south, north]] = [range(0), range(1)];
  const middle = frame.toGeodetic([(west + east) / 2, (south + north) / 2, 0]);
  return {
    origin: { lat: middle.lat, lon: middle.lon, h: 0 },
    half_m: Math.max(east - west, north - south) / 2 + SITE_M / 2 + MARGIN_M,
    shown: near.map(({ site }) => site),
  };
}

/** Light on the ground at the canvas's squares, 0–1, the sun in the north-west; NaN where there is no height. Flat land is exaggerated. */
function hillshade(layers: readonly Layer[], origin: Geodetic, half_m: number, pixels: number): Float32Array {
  const { z, cell_m, n } = sampleField(layers, origin, half_m, pixels);
  const side = n + 1;
  const slopes = new Float32Array(2 * pixels * pixels);
  const steepness: number[] = [];
  for (let r = 0; r < pixels; r++)
    for (let c = 0; c < pixels; c++) {
      const [sw, se, nw, ne] = [z[r * side + c]!, z[r * side + c + 1]!, z[(r + 1) * side + c]!, z[(r + 1) * side + c + 1]!];
      const i = r * pixels + c;
      slopes[2 * i] = (se + ne - sw - nw) / (2 * cell_m); // eastwards
      slopes[2 * i + 1] = (nw + ne - sw - se) / (2 * cell_m); // northwards
      const steep = Math.hypot(slopes[2 * i]!, slopes[2 * i + 1]!);
      if (i % 37 === 0 && !Number.isNaN(steep)) steepness.push(steep);
    }
  steepness.sort((a, b) => a - b);
  const usual = steepness[Math.floor(0.9 * steepness.length)] ?? 1;
  const exaggeration = Math.min(6, Math.max(1, 0.35 / Math.max(1e-6, usual)));
  const light = new Float32Array(pixels * pixels);
  for (let i = 0; i < light.length; i++) {
    const [east, north] = [exaggeration * slopes[2 * i]!, exaggeration * slopes[2 * i + 1]!];
    // The sun stands at (−½, ½, √½): what rises towards the south-east is lit.
    light[i] = Math.max(0, (0.5 * east - 0.5 * north + Math.SQRT1_2) / Math.hypot(east, north, 1));
  }
  return light;
}

function drawSquare(picture: PlacePicture, left: number, top: number, edge: number, name: string): void {
  const { size } = picture;
  const [l, t, e] = [Math.round(left), Math.round(top), Math.round(edge)];
  for (let k = 0; k <= e; k++)
    for (const [x, y] of [
      [l + k, t],
      [l + k, t + e],
      [l, t + k],
      [l + e, t + k],
    ] as const)
      dot(picture, x, y, [255, 255, 255]);
  const scale = edge > 8 * 4 * name.length ? 2 : 1;
  if (edge < 16) return; // no room for a name
  label(picture, name, Math.min(size - 1, l + 5), t + 5, scale);
}

/** White letters on a dark box. */
function label(picture: PlacePicture, text: string, left: number, top: number, scale: number): number {
  const width = drawText(text, scale, () => {});
  for (let y = -scale - 1; y < LETTER_ROWS * scale + scale + 1; y++)
    for (let x = -scale - 1; x < width + scale + 1; x++) dot(picture, left + x, top + y, [40, 40, 44]);
  return drawText(text, scale, (x, y) => dot(picture, left + x, top + y, [255, 255, 255]));
}

/** A bar of a round number of metres, and which way north lies. */
function drawScale(picture: PlacePicture): void {
  const { size, pixel_m } = picture;
  const wanted_m = 0.25 * size * pixel_m;
  const power = 10 ** Math.floor(Math.log10(wanted_m));
  const length_m = [5, 2, 1].map((k) => k * power).find((m) => m <= wanted_m)!;
  const length = Math.round(length_m / pixel_m);
  const [left, bottom] = [24, size - 24];
  for (let x = -3; x <= length + 3; x++) for (let y = -5; y <= 5; y++) dot(picture, left + x, bottom + y, [40, 40, 44]);
  for (let x = 0; x <= length; x++) for (let y = -2; y <= 2; y++) dot(picture, left + x, bottom + y, [255, 255, 255]);
  label(picture, length_m >= 1000 ? `${length_m / 1000} km` : `${length_m} m`, left, bottom - 24, 2);
  for (let y = 0; y < 22; y++)
    for (let x = -Math.floor(y / 3); x <= Math.floor(y / 3); x++)
      dot(picture, size - 34 + x, size - 70 + y, y > 17 && x === 0 ? [40, 40, 44] : [255, 255, 255]);
  label(picture, "N", size - 37, size - 40, 2);
}

function dot({ size, rgb }: PlacePicture, x: number, y: number, colour: RGB): void {
  if (x >= 0 && y >= 0 && x < size && y < size) rgb.set(colour, 3 * (y * size + x));
}
