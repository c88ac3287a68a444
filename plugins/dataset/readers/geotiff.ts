/** Heights and pictures from GeoTIFF and COG files in any CRS that the GeoKeys name (geotiff, geotiff-geokeys-to-proj4, proj4). */
import type { GeoTIFF, GeoTIFFImage } from "geotiff";
import type { GeoKeys } from "geotiff-geokeys-to-proj4";
import { UserError } from "../../../cli/errors";
import type { Vertical } from "../../earth/api";
import { type Bounds, badInput } from "./bad-input";
import { crsName, crsOf } from "./crs";
import { checkPixelCount, type HeightRaster } from "./height-raster";
import type { RasterFacts } from "./raster-facts";
import { imagesOf, openTiff } from "./tiff-file";

/** EPSG codes of vertical CRSs, and of 3D geographic CRSs, whose heights are above the ellipsoid. */
const VERTICAL: Record<number, Vertical> = {
  5773: "egm96",
  5171: "egm96",
  3855: "egm2008",
  1027: "egm2008",
  5798: "egm84",
  5203: "egm84",
  5703: "navd88",
  5103: "navd88",
  6360: "navd88",
  8228: "navd88",
  4979: "ellipsoid",
  5030: "ellipsoid",
  4326: "ellipsoid",
};
const FEET: Record<number, number> = { 9002: 0.3048, 9003: 1200 / 3937 };

/**
 * Reads the part of band 1 that lies in `bounds` with a margin of a few pixels.
 * @returns undefined when nothing of it does
 */
export async function readGeoTiff(file: string, bounds: Bounds): Promise<HeightRaster | undefined> {
  const window = await readWindow(file, bounds, [0]);
  if (window === undefined) return undefined;
  const { bands, nodata, vertical, unit_m, ...raster } = window;
  // |z| > 70 km, whatever the unit, is no height on Earth: files without a nodata tag hold −999999, −3.4e38 and the like.
  const values = Float32Array.from(bands[0]!, (v) => (v === nodata || !(Math.abs(v) < 70_000) ? Number.NaN : v));
  return { file, values, ...raster, unit_m, ...(vertical === undefined ? {} : { vertical }) };
}

/** Pixels of a GeoTIFF and where they lie. */
export interface RasterWindow {
  width: number;
  height: number;
  /** As stored, one array a band. */
  bands: ArrayLike<number>[];
  bitsPerSample: number;
  nodata: number | null;
  pixelOf(lon: number, lat: number): readonly [number, number];
  pixel_m: number;
  unit_m: number;
  vertical?: Vertical;
}

/**
 * @param samples bands to read, from 0; those that the file does not have are left out
 * @param finest_m a coarser overview is taken where the file has one and this is enough
 */
export async function readWindow(file: string, bounds: Bounds, samples: readonly number[], finest_m = 0): Promise<RasterWindow | undefined> {
  const { tiff, images } = await openGeoTiff(file);
  try {
    const [image, ...overviews] = images;
    const place = georeferencing(file, image);
    const full = [image.getWidth(), image.getHeight()] as const;
    let [factor, level] = [1, image];
    for (const overview of overviews) {
      const f = full[0] / overview.getWidth();
      if (f > factor && f * place.pixel_m <= finest_m && Math.abs(full[1] / overview.getHeight() - f) < 0.05 * f) [factor, level] = [f, overview];
    }
    const pixelOf = (lon: number, lat: number): [number, number] => {
      const [column, row] = place.pixelOf(lon, lat);
      return [column / factor, row / factor];
    };
    const window = pixelWindow(pixelOf, bounds, level.getWidth(), level.getHeight());
    if (window === undefined) return undefined;
    const [left, top, right, bottom] = window;
    checkPixelCount(file, right - left, bottom - top);
    const present = samples.filter((k) => k < level.getSamplesPerPixel());
    const bands = (await level.readRasters({ window, samples: [...present] })) as unknown as ArrayLike<number>[];
    return {
      width: right - left,
      height: bottom - top,
      bands: present.map((_, k) => bands[k]!),
      bitsPerSample: image.getBitsPerSample(),
      nodata: image.getGDALNoData(),
      pixelOf: (lon, lat) => {
        const [column, row] = pixelOf(lon, lat);
        return [column - left, row - top];
      },
      pixel_m: place.pixel_m * factor,
      unit_m: place.unit_m,
      ...(place.vertical === undefined ? {} : { vertical: place.vertical }),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw badInput(file, `its pixels cannot be read: ${message(error)}`);
  } finally {
    await tiff.close();
  }
}

/** The file, to be closed by who asked, and all its images, the full one first. */
async function openGeoTiff(file: string): Promise<{ tiff: GeoTIFF; images: Awaited<ReturnType<typeof imagesOf>> }> {
  let tiff: GeoTIFF | undefined;
  try {
    tiff = await openTiff(file);
    return { tiff, images: await imagesOf(file, tiff) };
  } catch (error) {
    await tiff?.close();
    if (error instanceof UserError) throw error;
    throw badInput(file, `not a readable TIFF: ${message(error)}`);
  }
}

/** What the file's tags say, no pixel read. */
export async function geoTiffFacts(file: string): Promise<RasterFacts> {
  const { tiff, images } = await openGeoTiff(file);
  try {
    const [image, ...overviews] = images;
    const { lonLatOf, pixel_m, unit_m, vertical, crs } = georeferencing(file, image);
    const [width, height] = [image.getWidth(), image.getHeight()];
    const copyright = image.fileDirectory.hasTag("Copyright") ? String(await image.fileDirectory.loadValue("Copyright")) : "";
    return {
      format: image.isTiled && overviews.length > 0 ? "cloud-optimised GeoTIFF" : "GeoTIFF",
      crs,
      width,
      height,
      bands: image.getSamplesPerPixel(),
      pixel_m,
      unit_m,
      bounds: boundsOf(lonLatOf, width, height),
      ...(vertical === undefined ? {} : { vertical }),
      ...(/\w/.test(copyright) ? { copyright: copyright.split("\0")[0]!.trim() } : {}),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw badInput(file, `its tags cannot be read: ${message(error)}`);
  } finally {
    await tiff.close();
  }
}

/** Of the whole grid, from points along its rim: a side may bend on the globe. */
function boundsOf(lonLatOf: Georeferencing["lonLatOf"], width: number, height: number): Bounds {
  const steps = Array.from({ length: 9 }, (_, i) => i / 8);
  const rim = steps.flatMap((t): [number, number][] => [
    [t * width, 0],
    [t * width, height],
    [0, t * height],
    [width, t * height],
  ]);
  const points = rim.map(([column, row]) => lonLatOf(column, row)).filter(([lon, lat]) => Number.isFinite(lon) && Number.isFinite(lat));
  const [lons, lats] = [points.map((p) => p[0]), points.map((p) => p[1])];
  return { west: Math.min(...lons), south: Math.min(...lats), east: Math.max(...lons), north: Math.max(...lats) };
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

interface Georeferencing {
  /** As people name it: `EPSG:26918 NAD83 / UTM zone 18N`. */
  crs: string;
  pixelOf(lon: number, lat: number): readonly [number, number];
  lonLatOf(column: number, row: number): readonly [number, number];
  pixel_m: number;
  /** Metres a unit of height. */
  unit_m: number;
  vertical?: Vertical;
}

function georeferencing(file: string, image: GeoTIFFImage): Georeferencing {
  const keys = image.getGeoKeys() as (GeoKeys & Record<string, number>) | null;
  if (keys === null)
    throw badInput(file, "has no GeoKeys, so where it lies is unknown", "write it again with its CRS: gdal_translate -a_srs EPSG:… -a_ullr …");
  const crs = crsOf(file, keys);
  const [a, b, c, d, e, f] = pixelToModel(file, image);
  const determinant = a * e - b * d;
  if (!(Math.abs(determinant) > 0 && Number.isFinite(determinant + c + f))) throw badInput(file, "its pixels have no size");
  const half = image.pixelIsArea() ? 0 : 0.5; // PixelIsPoint: the tie point is the centre of a pixel
  const vertical = VERTICAL[keys.VerticalGeoKey ?? keys.VerticalCSTypeGeoKey ?? (keys.GeographicTypeGeoKey === 4979 ? 4979 : -1)];
  return {
    crs: crsName(keys),
    pixelOf: (lon, lat) => {
      const [x, y] = crs.forward(lon, lat);
      return [(e * (x - c) - b * (y - f)) / determinant + half, (a * (y - f) - d * (x - c)) / determinant + half];
    },
    lonLatOf: (column, row) => {
      const [u, v] = [column - half, row - half];
      return crs.inverse(a * u + b * v + c, d * u + e * v + f);
    },
    pixel_m: Math.sqrt(Math.abs(determinant)) * crs.unit_m,
    unit_m: FEET[keys.VerticalUnitsGeoKey ?? -1] ?? 1,
    ...(vertical === undefined ? {} : { vertical }),
  };
}

/** x = a · column + b · row + c, y = d · column + e · row + f, from a transformation matrix or from a tie point and the pixel's size. */
function pixelToModel(file: string, image: GeoTIFFImage): [number, number, number, number, number, number] {
  const matrix = image.fileDirectory.hasTag("ModelTransformation")
    ? (image.fileDirectory.getValue("ModelTransformation") as ArrayLike<number>)
    : undefined;
  if (matrix && matrix.length >= 8) return [matrix[0]!, matrix[1]!, matrix[3]!, matrix[4]!, matrix[5]!, matrix[7]!];
  try {
    const [x, y] = image.getOrigin();
    const [dx, dy] = image.getResolution();
    return [dx!, 0, x!, 0, dy!, y!];
  } catch (error) {
    throw badInput(file, `has no usable position or pixel size: ${message(error)}`);
  }
}

/** [left, top, right, bottom] of the pixels within bounds, from points along its sides, since a side may bend in the raster's CRS. */
function pixelWindow(
  pixelOf: Georeferencing["pixelOf"],
  bounds: Bounds,
  width: number,
  height: number,
): [number, number, number, number] | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const steps = 8;
  for (let i = 0; i <= steps; i++)
    for (let j = 0; j <= steps; j++) {
      const [c, r] = pixelOf(bounds.west + ((bounds.east - bounds.west) * i) / steps, bounds.south + ((bounds.north - bounds.south) * j) / steps);
      if (!Number.isFinite(c) || !Number.isFinite(r)) continue;
      [left, right, top, bottom] = [Math.min(left, c), Math.max(right, c), Math.min(top, r), Math.max(bottom, r)];
    }
  const margin = 4;
  const window: [number, number, number, number] = [
    Math.max(0, Math.floor(left) - margin),
    Math.max(0, Math.floor(top) - margin),
    Math.min(width, Math.ceil(right) + margin),
    Math.min(height, Math.ceil(bottom) + margin),
  ];
  return window[0] < window[2] && window[1] < window[3] ? window : undefined;
}
