import { defineCommand } from "../../../cli/plugin";

export const placeInit = defineCommand({
  name: "dataset place init",
  summary: "write a commented place.yaml for a point and the files that cover it",
  args: { coordinates: { summary: "LAT,LON in degrees: 43.7384,7.4246 or -33.86,151.21" } },
  flags: {
    elevation: { kind: "list", value: "FILE", summary: "heights of the ground (.tif, .hgt, .hgt.zip, .png); several in order of priority" },
    surface: { kind: "path", value: "FILE", summary: "heights with trees and roofs" },
    osm: { kind: "path", value: "FILE", summary: "OpenStreetMap data (.osm.pbf, .osm, .osm.gz)" },
    buildings: { kind: "path", value: "FILE", summary: "footprints with heights (GeoJSON, GeoJSON lines, CityJSON)" },
    imagery: { kind: "path", value: "FILE", summary: "orthophoto (GeoTIFF)" },
    extent: { kind: "number", value: "M", summary: "edge of the square in metres (1800, as far as the elevation reaches)" },
  },
  accepts: ["out"],
  examples: [
    "earthcraft dataset place init 43.7384,7.4246 --elevation N43E007.hgt.zip --osm monaco.osm.pbf",
    "earthcraft dataset place init -33.86,151.21 --elevation dem.tif --out sydney/place.yaml",
  ],
  run: async ({ args, flags, common, io, ui, result }) => {
    const [{ relative, resolve }, { parseLatLon }, { initPlace }] = await Promise.all([
      import("node:path"),
      import("./coordinates"),
      import("./init"),
    ]);
    const { elevation, surface, osm, buildings, imagery, extent } = flags;
    const file = await initPlace(
      {
        center: parseLatLon(args.coordinates),
        elevation: elevation.map((path) => resolve(io.cwd, path)),
        ...(surface === undefined ? {} : { surface }),
        ...(osm === undefined ? {} : { osm }),
        ...(buildings === undefined ? {} : { buildings }),
        ...(imagery === undefined ? {} : { imagery }),
        ...(extent === undefined ? {} : { extent_m: extent }),
        out: common.out ?? resolve(io.cwd, "place.yaml"),
      },
      (text) => ui.warn(text),
    );
    ui.info(`next: earthcraft dataset place check ${relative(io.cwd, file) || file}`);
    result({ place: file }, file);
  },
});
