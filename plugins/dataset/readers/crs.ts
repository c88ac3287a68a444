/**
 * From a GeoTIFF's keys to its CRS coordinates. geotiff-geokeys-to-proj4 knows projections and ellipsoids but drops datum shifts, which are 100 m and more for the national datums of the last century: they are added here.
 */
import { type GeoKeys, toProj4 } from "geotiff-geokeys-to-proj4";
import proj4 from "proj4";
import { badInput } from "./bad-input";

export interface Crs {
  /** CRS coordinates, in the units of the file, of a point on WGS 84 (degrees). */
  forward(lon: number, lat: number): readonly [number, number];
  /** Longitude and latitude of CRS coordinates. */
  inverse(x: number, y: number): readonly [number, number];
  /** Metres on the ground a unit, about. */
  unit_m: number;
}

/** Position-vector Helmert parameters to WGS 84 (EPSG's national transformations): metres for national mapping, within 1 to 3 m. Matched against the datum's name and the codes of common CRSs. */
const DATUMS: readonly { name: RegExp; codes: readonly number[]; towgs84: string }[] = [
  { name: /^CH1903/i, codes: [2056, 21781, 4149, 4150], towgs84: "674.374,15.056,405.346,0,0,0,0" },
  { name: /OSGB ?(19)?36/i, codes: [27700, 4277], towgs84: "446.448,-125.157,542.06,0.15,0.247,0.842,-20.489" },
  { name: /Amersfoort/i, codes: [28991, 28992, 7415, 4289], towgs84: "565.4171,50.3319,465.5524,-0.398957,0.343988,-1.87740,4.0725" },
  { name: /DHDN/i, codes: [31466, 31467, 31468, 31469, 4314], towgs84: "598.1,73.7,418.2,0.202,0.045,-2.455,6.7" },
  { name: /^MGI/i, codes: [31254, 31255, 31256, 31257, 31258, 31259, 31287, 4312], towgs84: "577.326,90.129,463.919,5.137,1.474,5.297,2.4232" },
  { name: /ED50|European Datum 1950/i, codes: [23028, 23029, 23030, 23031, 23032, 23033, 4230], towgs84: "-87,-98,-121,0,0,0,0" },
  { name: /Belge( 19)?72|BD72/i, codes: [31370, 4313], towgs84: "-106.8686,52.2978,-103.7239,0.3366,-0.457,1.8422,-1.2747" },
  { name: /^Tokyo/i, codes: [4301], towgs84: "-146.414,507.337,680.507,0,0,0,0" },
];

export function crsOf(file: string, keys: Partial<GeoKeys> & Record<string, unknown>): Crs {
  const parameters = toProj4(keys as GeoKeys);
  const { CRSNotSupported, conversionNotSupported, coordinateTransformationNotSupported } = parameters.errors ?? {};
  const code = Number(keys.ProjectedCSTypeGeoKey ?? keys.GeographicTypeGeoKey ?? 0);
  if (!parameters.proj4 || CRSNotSupported || conversionNotSupported || coordinateTransformationNotSupported)
    throw badInput(file, `its CRS (code ${CRSNotSupported ?? (code || "none")}) is not supported`, "reproject it: gdalwarp -t_srs EPSG:4326 …");
  const shift = datumShift(file, keys, code, parameters.proj4);
  // GeoTIFF stores easting before northing whatever the CRS's own axis order is.
  const definition = parameters.proj4.replace(/\+axis=\w+/, "").replace("+no_defs", `${shift}+no_defs`);
  const inString = /\+to_meter=([\d.eE+-]+)/.exec(definition);
  const unit = inString ? { x: 1, y: 1 } : (parameters.coordinatesConversionParameters ?? { x: 1, y: 1 });
  const converter = proj4(definition);
  return {
    forward: (lon, lat) => {
      const [x, y] = converter.forward([lon, lat]) as [number, number];
      return [x / unit.x, y / unit.y];
    },
    inverse: (x, y) => converter.inverse([x * unit.x, y * unit.y]) as [number, number],
    unit_m: parameters.isGCS ? 111_320 * unit.y : inString ? Number(inString[1]) : unit.y,
  };
}

/** What people call it: the EPSG code and the name that the file gives it. */
export function crsName(keys: Record<string, unknown>): string {
  const code = Number(keys.ProjectedCSTypeGeoKey ?? keys.GeographicTypeGeoKey ?? 0);
  const named = [keys.PCSCitationGeoKey, keys.GTCitationGeoKey, keys.GeogCitationGeoKey].find((name): name is string => typeof name === "string");
  const name = (named ?? "").split(/[|\n]/)[0]!.trim().slice(0, 60);
  return [code > 0 && code !== USER_DEFINED ? `EPSG:${code}` : "", name].filter(Boolean).join(" ") || "of its own";
}

const USER_DEFINED = 32767;

/** `+towgs84=… ` where the ellipsoid is not that of WGS 84 or of the datums that agree with it within metres (NAD83, ETRS89, …: GRS80). */
function datumShift(file: string, keys: Record<string, unknown>, code: number, definition: string): string {
  if (/\+towgs84=/.test(definition)) return "";
  const a = Number(/\+a=([\d.]+)/.exec(definition)?.[1]);
  const ellipsoid = /\+ellps=(\w+)/.exec(definition)?.[1];
  if (ellipsoid === "WGS84" || ellipsoid === "GRS80" || (ellipsoid === undefined && a === 6378137)) return "";
  const names = [keys.GeogCitationGeoKey, keys.GTCitationGeoKey, keys.PCSCitationGeoKey].filter((n): n is string => typeof n === "string");
  const datum = DATUMS.find((d) => d.codes.includes(code) || names.some((name) => d.name.test(name)));
  if (datum) return `+towgs84=${datum.towgs84} `;
  throw badInput(
    file,
    `how its datum (${names[0] ?? `code ${code}`}, ellipsoid ${ellipsoid ?? a}) lies to WGS 84 is not known here`,
    "reproject it with a tool that knows: gdalwarp -t_srs EPSG:4326 …",
  );
}
