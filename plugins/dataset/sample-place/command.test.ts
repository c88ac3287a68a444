import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRoot } from "../../../cli/io";

test("`dataset place make --seed 7 --out DIR` writes the place and names it on stdout", () => {
  const out = join(mkdtempSync(join(tmpdir(), "earthcraft-command-")), "town");
  const ran = Bun.spawnSync([process.execPath, join(programRoot, "cli/main.ts"), "dataset", "place", "make", "--seed", "7", "--out", out, "--json"]);
  expect(ran.stderr.toString()).toBe("");
  expect(JSON.parse(ran.stdout.toString())).toEqual({ place: join(out, "place.yaml") });
  expect(readdirSync(out).sort()).toEqual(["buildings.geojsonl", "dsm.tif", "dtm.tif", "map.osm.pbf", "place.yaml"]);
}, 60_000);
