/** Reads `place.yaml`: what a place is made of. The format is described in docs; every error names file, line and key. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LineCounter, parseDocument, visit } from "yaml";
import { z } from "zod";
import { EXIT, UserError } from "../../../cli/errors";
import { verticalSchema } from "../../earth/api";

const latitude = z.number().min(-90).max(90);
const longitude = z.number().min(-180).max(180);
const units = z.enum(["m", "ft", "us-ft"]);

const heights = z.strictObject({
  /** GeoTIFF or COG (`.tif`), SRTM (`.hgt`, `.hgt.zip`), terrarium PNG (`z/x/y.png`). */
  file: z.string().min(1),
  /** What its heights are measured from; else what the file says, else EGM96 with a warning. */
  vertical: verticalSchema.optional(),
  /** Else what the file says, else metres. */
  units: units.optional(),
});

export const siteNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]*$/, "a letter or digit, then letters, digits, '.', '_' and '-' only: it names folders");

export const placeSchema = z.strictObject({
  name: siteNameSchema,
  center: z.strictObject({ lat: latitude, lon: longitude }),
  /** The centre alone; every 600 m cell of `extent_m` that the elevation covers fully; or a list. */
  sites: z
    .union([z.enum(["center", "grid"]), z.array(z.strictObject({ lat: latitude, lon: longitude, name: siteNameSchema })).min(1)])
    .default("center"),
  /** Edge of the square that `grid` divides into sites. */
  extent_m: z.number().min(600).max(100_000).default(1800),
  /** In order of priority: where one has a void, the next is asked. */
  elevation: z.array(heights).min(1),
  /** A surface model, with trees and roofs. */
  surface: heights.optional(),
  /** `.osm.pbf`, `.osm` or `.osm.gz`. */
  osm: z.string().min(1).optional(),
  /** Footprints that replace OpenStreetMap's buildings: GeoJSON, GeoJSON lines, CityJSON. */
  buildings: z.strictObject({ file: z.string().min(1), height: z.string().min(1).default("height"), units: units.default("m") }).optional(),
  /** An orthophoto (GeoTIFF). */
  imagery: z.string().min(1).optional(),
  attribution: z.array(z.string()).default([]),
});

/** A place with the paths of its files made absolute. */
export type Place = z.infer<typeof placeSchema>;
export type HeightFile = Place["elevation"][number];

/** @throws UserError (exit 65) naming file, line, column and key of what is wrong */
export function readPlace(file: string): Place {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UserError({
      what: "there is no such place file",
      where: file,
      fix: "`earthcraft dataset place make --out DIR` makes the sample place",
      exit: EXIT.missing,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number | undefined, key = "") => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${line}:${col}${key ? ` ${key}` : ""}`;
  };
  const syntax = document.errors[0] ?? document.warnings[0];
  if (syntax) throw new UserError({ what: syntax.message.split("\n")[0]!.replace(/ at line.*$/, ""), where: at(syntax.pos[0]), exit: EXIT.badInput });

  visit(document, {
    Alias: (_, { source, range }) => {
      throw new UserError({
        what: `alias *${source}: a place file has no aliases`,
        where: at(range?.[0]),
        fix: "write the value out",
        exit: EXIT.badInput,
      });
    },
  });
  const raw: unknown = document.toJS();
  const where = (path: readonly PropertyKey[]) => {
    for (let n = path.length; n >= 0; n--) {
      const node = n === 0 ? document.contents : document.getIn(path.slice(0, n) as (string | number)[], true);
      const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
      if (range) return at(range[0], path.map(String).join("."));
    }
    return at(0, path.map(String).join("."));
  };
  refuseSwapped(raw, where);
  const parsed = placeSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError({ what: issue.message, where: where(issue.path), exit: EXIT.badInput });
  }
  const folder = dirname(resolve(file));
  const place = parsed.data;
  const absolute = (h: HeightFile): HeightFile => ({ ...h, file: resolve(folder, h.file) });
  return {
    ...place,
    elevation: place.elevation.map(absolute),
    ...(place.surface ? { surface: absolute(place.surface) } : {}),
    ...(place.osm ? { osm: resolve(folder, place.osm) } : {}),
    ...(place.buildings ? { buildings: { ...place.buildings, file: resolve(folder, place.buildings.file) } } : {}),
    ...(place.imagery ? { imagery: resolve(folder, place.imagery) } : {}),
  };
}

/** A latitude beyond ±90 beside a longitude within it can only be the two swapped. */
function refuseSwapped(raw: unknown, where: (path: readonly PropertyKey[]) => string): void {
  const check = (point: unknown, path: PropertyKey[]) => {
    const { lat, lon } = (point ?? {}) as { lat?: unknown; lon?: unknown };
    if (typeof lat === "number" && typeof lon === "number" && Math.abs(lat) > 90 && Math.abs(lon) <= 90)
      throw new UserError({
        what: `lat ${lat} and lon ${lon} are swapped`,
        where: where([...path, "lat"]),
        fix: `lat: ${lon}, lon: ${lat}`,
        exit: EXIT.badInput,
      });
  };
  const { center, sites } = (raw ?? {}) as { center?: unknown; sites?: unknown };
  check(center, ["center"]);
  if (Array.isArray(sites)) for (const [i, site] of sites.entries()) check(site, ["sites", i]);
}
