/** The elevation of a place: its height files opened, brought to one vertical datum (the ellipsoid) and laid over each other by priority. */
import { separation, type Vertical } from "../../earth/api";
import { type Bounds, badInput } from "../readers/bad-input";
import { LENGTH_UNITS } from "../readers/building-file";
import { readGeoTiff } from "../readers/geotiff";
import { type HeightRaster, sampleHeight } from "../readers/height-raster";
import { readHgt } from "../readers/hgt";
import { readTerrarium } from "../readers/terrarium";
import type { HeightFile } from "./place-file";

export interface Layer {
  raster: HeightRaster;
  vertical: Vertical;
  /** Metres a unit. */
  unit_m: number;
}

/** Opens what lies within bounds; a file that does not is left out with a warning. */
export async function openLayers(files: readonly HeightFile[], bounds: Bounds, warn: (text: string) => void): Promise<Layer[]> {
  const layers: Layer[] = [];
  for (const { file, vertical, units } of files) {
    const raster = await open(file, bounds);
    if (raster === undefined) {
      warn(`${file} does not reach the place`);
      continue;
    }
    const datum = vertical ?? raster.vertical;
    if (datum === undefined) warn(`${file} names no vertical datum; taken as EGM96 (say \`vertical:\` in place.yaml)`);
    layers.push({ raster, vertical: datum ?? "egm96", unit_m: units === undefined ? (raster.unit_m ?? 1) : LENGTH_UNITS[units] });
  }
  return layers;
}

async function open(file: string, bounds: Bounds): Promise<HeightRaster | undefined> {
  if (!(await Bun.file(file).exists())) throw badInput(file, "there is no such elevation file");
  const name = file.toLowerCase();
  if (/\.tiff?$/.test(name)) return readGeoTiff(file, bounds);
  if (/\.hgt(\.zip)?$/.test(name)) return readHgt(file);
  if (name.endsWith(".png")) return readTerrarium(file);
  throw badInput(file, "this elevation format is not known", "use GeoTIFF (.tif), SRTM (.hgt, .hgt.zip) or terrarium tiles (z/x/y.png)");
}

/** Ellipsoidal height of the uppermost layer that has one at this point; NaN where none has. */
export function ellipsoidalHeight(layers: readonly Layer[], lon: number, lat: number): number {
  for (const { raster, vertical, unit_m } of layers) {
    const height = sampleHeight(raster, ...raster.pixelOf(lon, lat)) * unit_m;
    if (!Number.isNaN(height)) return height + separation(vertical, lat, lon);
  }
  return Number.NaN;
}

/** Does any layer reach this point, void or not? */
export function reaches(layers: readonly Layer[], lon: number, lat: number): boolean {
  return layers.some(({ raster }) => {
    const [column, row] = raster.pixelOf(lon, lat);
    return column >= 0 && row >= 0 && column <= raster.width && row <= raster.height;
  });
}
