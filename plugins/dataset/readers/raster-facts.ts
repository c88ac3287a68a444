/** What a raster file says of itself, wherever the place lies: format, CRS, size, datum. */
import type { Vertical } from "../../earth/api";
import { type Bounds, badInput } from "./bad-input";
import { geoTiffFacts } from "./geotiff";
import { readHgt } from "./hgt";
import { readTerrarium } from "./terrarium";

export interface RasterFacts {
  format: string;
  /** As people name it. */
  crs: string;
  width: number;
  height: number;
  bands: number;
  /** Edge of a pixel on the ground, about, in metres. */
  pixel_m: number;
  /** Metres a unit of height. */
  unit_m: number;
  /** Of the whole file. */
  bounds: Bounds;
  /** The vertical datum that the file, or its format, names. */
  vertical?: Vertical;
  /** What its tags say of its owner. */
  copyright?: string;
}

const WGS84 = "EPSG:4326 WGS 84";
const WEB_MERCATOR = "EPSG:3857 Web Mercator";

/** @throws UserError (exit 65) when there is no such file or it is not what its name says */
export async function rasterFacts(file: string): Promise<RasterFacts> {
  if (!(await Bun.file(file).exists())) throw badInput(file, "there is no such file");
  const name = file.toLowerCase();
  if (/\.tiff?$/.test(name)) return geoTiffFacts(file);
  const one = { bands: 1, unit_m: 1 };
  if (/\.hgt(\.zip)?$/.test(name)) {
    const { width, height, pixel_m, bounds } = await readHgt(file);
    return { ...one, format: "SRTM tile", crs: WGS84, width, height, pixel_m, bounds, vertical: "egm96" };
  }
  if (name.endsWith(".png")) {
    const { width, height, pixel_m, bounds } = await readTerrarium(file);
    // Mercator's scale grows away from the equator: what a pixel shows on the ground shrinks.
    const ground = Math.cos((((bounds.south + bounds.north) / 2) * Math.PI) / 180);
    return { ...one, format: "terrarium tile", crs: WEB_MERCATOR, width, height, pixel_m: pixel_m * ground, bounds, vertical: "egm96" };
  }
  throw badInput(file, "this raster format is not known", "use GeoTIFF (.tif), SRTM (.hgt, .hgt.zip) or terrarium tiles (z/x/y.png)");
}
