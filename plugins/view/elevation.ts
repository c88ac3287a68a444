/** The upper surface of voxels as an elevation GeoTIFF in UTM, in the vertical datum of what it was made from. */
import proj4 from "proj4";
import { EnuFrame, type Georeference, northUp, type PixelToModel, separation, type Vec3, writeGeoTiff } from "../earth/api";
import { extentOf, type Voxels } from "./voxels";

export interface HeightMap {
  width: number;
  height: number;
  /** Row-major, row 0 in the north: metres of the ENU frame, NaN where no voxel stands. */
  values: Float32Array;
  /** ENU of the outer corner of the north-western pixel, and the size of a pixel. */
  west_m: number;
  north_m: number;
  pixel_m: number;
}

/** One pixel a column of cells: the upper face of its highest voxel. */
export function heightMap(voxels: Voxels): HeightMap {
  const { coords, voxel_m, corner_m } = voxels;
  const { min, max } = extentOf(voxels);
  const [width, height] = [max[0] - min[0], max[1] - min[1]];
  const values = new Float32Array(width * height).fill(Number.NaN);
  for (let i = 0; i < coords.length; i += 3) {
    const at = (max[1] - 1 - coords[i + 1]!) * width + coords[i]! - min[0];
    const top = corner_m[2] + (coords[i + 2]! + 1) * voxel_m;
    if (!(values[at]! >= top)) values[at] = top;
  }
  return { width, height, values, west_m: corner_m[0] + min[0] * voxel_m, north_m: corner_m[1] + max[1] * voxel_m, pixel_m: voxel_m };
}

/** EPSG codes of height systems; an ellipsoidal height, or one with metres of the user's own added, has none. */
const VERTICAL_EPSG: Record<string, number> = { egm96: 5773, egm2008: 3855, egm84: 5798, navd88: 5703 };

function utmOf({ lat, lon }: { lat: number; lon: number }): { epsg: number; definition: string; name: string } {
  const zone = Math.min(60, Math.floor(((((lon + 180) % 360) + 360) % 360) / 6) + 1);
  const south = lat < 0;
  return {
    epsg: (south ? 32700 : 32600) + zone,
    definition: `+proj=utm +zone=${zone} ${south ? "+south " : ""}+datum=WGS84 +units=m +no_defs`,
    name: `WGS 84 / UTM zone ${zone}${south ? "S" : "N"}`,
  };
}

/**
 * The raster keeps its pixels: the grid of UTM is turned a degree or two from the local east and north, and the file says so instead of
 * the heights being resampled. Without a georeference the file has metres of the local frame and no CRS.
 */
export function encodeElevation(voxels: Voxels, georeference?: Georeference): Uint8Array {
  const map = heightMap(voxels);
  const { width, height, west_m, north_m, pixel_m } = map;
  if (!georeference)
    return writeGeoTiff({ ...map, pixelToModel: northUp(west_m, north_m, pixel_m), citation: "local east and north in metres, no place on Earth" });

  const { origin, vertical } = georeference;
  const frame = new EnuFrame(origin);
  const { epsg, definition, name } = utmOf(origin);
  const project = proj4("+proj=longlat +datum=WGS84 +no_defs", definition);
  const enu = (column: number, row: number, up = 0): Vec3 => [west_m + column * pixel_m, north_m - row * pixel_m, up];
  const corner = (column: number, row: number) => {
    const { lat, lon } = frame.toGeodetic(enu(column, row));
    return project.forward([lon, lat]) as [number, number];
  };
  const [x0, y0] = corner(0, 0);
  const [xe, ye] = corner(width, 0);
  const [xs, ys] = corner(0, height);
  const pixelToModel: PixelToModel = [(xe - x0) / width, (xs - x0) / height, x0, (ye - y0) / width, (ys - y0) / height, y0];
  const values = map.values.map((up, i) => {
    if (Number.isNaN(up)) return up;
    const { lat, lon, h } = frame.toGeodetic(enu((i % width) + 0.5, Math.floor(i / width) + 0.5, up));
    return h - separation(vertical, lat, lon);
  });
  const verticalEpsg = typeof vertical === "string" ? VERTICAL_EPSG[vertical] : undefined;
  const datum = typeof vertical === "string" ? vertical : `ellipsoid less ${vertical} m`;
  return writeGeoTiff({
    width,
    height,
    values,
    pixelToModel,
    epsg,
    ...(verticalEpsg === undefined ? {} : { verticalEpsg }),
    citation: `${name}, heights: ${datum}`,
  });
}
