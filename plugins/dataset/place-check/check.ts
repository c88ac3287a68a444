/** Looks at a place before anything is built from it: what its sources are, what they give each site, what will hurt. */
import { UserError } from "../../../cli/plugin";
import { CLASSES } from "../../earth/api";
import { type Place, readPlace } from "../place/place-file";
import { type Site, sitesOn } from "../place/sites";
import { badInput } from "../readers/bad-input";
import { readLandCover } from "../scene/landcover";
import type { SceneSource } from "../scene/scene";
import { expectedSplit } from "../split/assign";
import { type Likeness, likenessOf } from "../split/likeness";
import { contains, remarksOn, whereabouts } from "./remarks";
import { type OpenedPlace, openPlace, type SourceFacts } from "./sources";
import { type SiteFacts, surveySite } from "./survey";

/** Sites that are looked at closely; of a place with more, so many spread evenly. */
const SURVEYED = 36;

/** What a data set of the place would keep from training, before its data filter. */
export interface HoldOut {
  policy: "sites" | "crop";
  /** Names; none for a crop. */
  sites: string[];
  /** Sites that neither train nor measure: numbers are chosen on them. */
  tuning: string[];
  /** How much like the others they are; undefined where nothing can be compared. */
  likeness?: Likeness;
}

export interface PlaceCheck {
  place: Place;
  file: string;
  sources: SourceFacts[];
  /** All sites, and what was found in those that were looked at. */
  sites: Site[];
  facts: SiteFacts[];
  holdOut: HoldOut;
  warnings: string[];
  /** Why it cannot be built; empty when it can. */
  errors: UserError[];
  /** For the picture: what was read, where it could be. */
  opened: SceneSource;
}

export interface CheckRules {
  /** Of the recipe: it decides which sites are held out. */
  seed: number;
  /** Take only the first so many sites; 0 = all. */
  siteCount: number;
}

/** @throws UserError where `place.yaml` itself cannot be read */
export async function checkPlace(file: string, { seed, siteCount }: CheckRules): Promise<PlaceCheck> {
  const place = readPlace(file);
  const opened = await openPlace(place);
  const { sources, errors, warnings } = opened;
  const source: SceneSource = { place, map: opened.map, elevation: opened.elevation, surface: opened.surface, rules: readLandCover() };
  const misplaced = opened.elevation.length === 0 ? misplacedElevation(place, opened) : undefined;
  let sites: Site[] = [];
  if (misplaced !== undefined) errors.push(misplaced);
  else if (opened.elevation.length > 0) {
    try {
      const all = sitesOn(opened.elevation, place, opened.map, (text) => warnings.push(text));
      sites = siteCount > 0 ? all.slice(0, siteCount) : all;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      errors.push(error);
    }
  }
  const facts = spread(sites, SURVEYED).map((site) => surveySite(source, site));
  const holdOut = holdOutOf(sites, facts, seed);
  if (sites.length > 0) warnings.push(...remarksOn(place, sources, facts, holdOut));
  return { place, file, sources, sites, facts, holdOut, warnings, errors, opened: source };
}

/** Every elevation file can be read and none reaches the place: says where they lie. */
export function misplacedElevation({ center }: Place, { sources, errors }: OpenedPlace): UserError | undefined {
  if (errors.length > 0) return undefined; // the elevation that cannot be read might be the one
  const files = sources.flatMap(({ key, file, bounds }) => (key === "elevation" && bounds !== undefined ? [{ file, bounds }] : []));
  const swapped = files.find(({ bounds }) => contains(bounds, { lat: center.lon, lon: center.lat }));
  if (swapped)
    return badInput(
      swapped.file,
      `it does not reach lat ${center.lat}, lon ${center.lon}, but does the other way round: latitude and longitude of \`center\` are swapped`,
      `center: { lat: ${center.lon}, lon: ${center.lat} }`,
    );
  const [first] = files;
  return (
    first &&
    badInput(first.file, `it does not reach the place: it lies ${whereabouts(center, first.bounds)}`, "correct `center`, or name another file")
  );
}

/** At most `most` of them, at even distances. */
function spread<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / most)]!);
}

function holdOutOf(sites: readonly Site[], facts: readonly SiteFacts[], seed: number): HoldOut {
  const { heldOut, tuning } = expectedSplit(
    sites.map(({ name }) => name),
    seed,
  );
  if (heldOut.length === 0) return { policy: "crop", sites: [], tuning: [] };
  const trains = (name: string) => !heldOut.includes(name) && !tuning.includes(name);
  const complete = facts.length === sites.length;
  const likeness = complete ? likenessOf(facts.map(({ name, classes }) => ({ id: name, training: trains(name), mix: classes }))) : undefined;
  return { policy: "sites", sites: heldOut, tuning, ...(likeness === undefined ? {} : { likeness }) };
}

/** The class that covers most of a site. */
export function mostlyOf({ classes }: SiteFacts): string {
  const best = classes.reduce((top, share, id) => (share > classes[top]! ? id : top), 0);
  return classes[best]! > 0 ? `${CLASSES[best]!.name} ${Math.round(100 * classes[best]!)} %` : "";
}
