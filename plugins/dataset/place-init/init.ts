/** From a point and some files to a `place.yaml` that says what is in them. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { EXIT, UserError } from "../../../cli/plugin";
import { type Place, placeSchema } from "../place/place-file";
import { SITE_M, sitesOn } from "../place/sites";
import { misplacedElevation } from "../place-check/check";
import { type OpenedPlace, openPlace, type SourceFacts } from "../place-check/sources";
import { attributionOf } from "./attribution";
import { composePlace, type HeightDraft, type PlaceDraft } from "./compose";
import type { LatLon } from "./coordinates";
import { findHeightKey } from "./height-key";

export interface InitRequest {
  center: LatLon;
  /** Absolute paths. */
  elevation: readonly string[];
  surface?: string;
  osm?: string;
  buildings?: string;
  imagery?: string;
  extent_m?: number;
  /** The file to write, or a folder to write `place.yaml` into. */
  out: string;
}

/** Three cells a side: nine sites, two of which can be held out. */
const USUAL_EXTENT_M = 3 * SITE_M;

/**
 * @returns the path of the file
 * @throws UserError where a source cannot be read or does not reach the point, and where another file is there already
 */
export async function initPlace(request: InitRequest, warn: (text: string) => void): Promise<string> {
  const { center, elevation, extent_m = USUAL_EXTENT_M } = request;
  if (!(extent_m >= SITE_M && extent_m <= 100_000))
    throw new UserError({ what: `${extent_m} m: a place is ${SITE_M} to 100,000 m wide`, where: "--extent", exit: EXIT.usage });
  const out = statSync(request.out, { throwIfNoEntry: false })?.isDirectory() ? join(request.out, "place.yaml") : request.out;
  const name = nameOf(out);
  const place = provisional(request, name, extent_m);
  const opened = await openPlace(place);
  const errors = opened.errors.filter(({ where }) => where !== NO_ELEVATION);
  const error = errors[0] ?? (elevation.length > 0 && opened.elevation.length === 0 ? misplacedElevation(place, opened) : undefined);
  if (error !== undefined) throw error;
  for (const text of opened.warnings) warn(text);

  const written = (file: string) => pathFrom(dirname(out), file);
  const heights = (key: SourceFacts["key"]) => opened.sources.filter((s) => s.key === key).map((s) => heightDraft(s, written));
  const [surface] = heights("surface");
  const draft: PlaceDraft = {
    name,
    center,
    sites: request.extent_m !== undefined || elevation.length === 0 || coveredCells(place, opened) > 1 ? "grid" : "center",
    extent_m,
    elevation: heights("elevation"),
    ...(surface === undefined ? {} : { surface }),
    ...(request.osm === undefined ? {} : { osm: written(request.osm) }),
    ...(request.buildings === undefined ? {} : { buildings: await buildingsDraft(request.buildings, written) }),
    ...(request.imagery === undefined ? {} : { imagery: written(request.imagery) }),
    attribution: attributionOf(opened.sources),
  };
  keep(out, composePlace(draft));
  return out;
}

/** Stands in where no elevation was named. */
const NO_ELEVATION = "/nowhere.tif";

function provisional({ center, elevation, surface, osm, buildings, imagery }: InitRequest, name: string, extent_m: number): Place {
  return placeSchema.parse({
    name,
    center,
    sites: "grid",
    extent_m,
    elevation: (elevation.length === 0 ? [NO_ELEVATION] : elevation).map((file) => ({ file })),
    ...(surface === undefined ? {} : { surface: { file: surface } }),
    ...(osm === undefined ? {} : { osm }),
    ...(buildings === undefined ? {} : { buildings: { file: buildings } }),
    ...(imagery === undefined ? {} : { imagery }),
  });
}

function coveredCells(place: Place, { elevation, map }: OpenedPlace): number {
  try {
    return sitesOn(elevation, place, map, () => {}).length;
  } catch (error) {
    if (error instanceof UserError) return 0;
    throw error;
  }
}

function heightDraft({ file, format, vertical, unit }: SourceFacts, written: (file: string) => string): HeightDraft {
  const namedBy = /GeoTIFF/.test(format) ? "the file" : "the format";
  const datum = vertical!.from === "the file" ? { vertical: vertical!.datum } : {};
  return { file: written(file), ...datum, namedBy, unit: unit ?? "m" };
}

async function buildingsDraft(file: string, written: (file: string) => string): Promise<NonNullable<PlaceDraft["buildings"]>> {
  const height = await findHeightKey(file);
  return { file: written(file), ...(height === undefined ? {} : { height }) };
}

/** After the folder that it lies in. */
function nameOf(out: string): string {
  const name = basename(dirname(out))
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "");
  return name === "" ? "place" : name;
}

/** Relative where it lies beside or below, or near above. */
function pathFrom(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith("../../..") ? file : path;
}

function keep(out: string, text: string): void {
  if (existsSync(out)) {
    if (readFileSync(out, "utf8") === text) return;
    throw new UserError({
      what: "there is a file already, and it says something else",
      where: out,
      fix: "name another with --out, or remove it first",
      exit: EXIT.usage,
    });
  }
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, text);
}
