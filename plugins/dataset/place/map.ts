/** The map of a place: OpenStreetMap's features and, where the place has them, building footprints of their own. */
import { badInput } from "../readers/bad-input";
import { type Footprint, readFootprints } from "../readers/building-file";
import { emptyFeatures, type MapFeatures, type OsmData, toFeatures } from "../readers/osm-data";
import { readOsmPbf } from "../readers/osm-pbf";
import { readOsmXml } from "../readers/osm-xml";
import type { Place } from "./place-file";

export interface PlaceMap {
  features: MapFeatures;
  /** They replace the map's buildings. */
  footprints?: Footprint[];
}

export async function readPlaceMap(place: Place): Promise<PlaceMap> {
  const features = place.osm === undefined ? emptyFeatures() : toFeatures(await readOsm(place.osm));
  if (place.buildings === undefined) return { features };
  const { file, height, units } = place.buildings;
  if (!(await Bun.file(file).exists())) throw badInput(file, "there is no such buildings file");
  return { features, footprints: await readFootprints(file, height, units) };
}

async function readOsm(file: string): Promise<OsmData> {
  if (!(await Bun.file(file).exists())) throw badInput(file, "there is no such OpenStreetMap file");
  if (/\.pbf$/i.test(file)) return readOsmPbf(file);
  if (/\.osm(\.gz)?$|\.xml$/i.test(file)) return readOsmXml(file);
  throw badInput(file, "this map format is not known", "use OpenStreetMap data: .osm.pbf, .osm or .osm.gz");
}
