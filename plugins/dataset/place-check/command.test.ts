import { beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { programRoot } from "../../../cli/io";
import { makeSamplePlace } from "../sample-place/make";

const folder = mkdtempSync(join(tmpdir(), "earthcraft-check-command-"));
const place = (...args: string[]) => {
  const ran = Bun.spawnSync([process.execPath, join(programRoot, "cli/main.ts"), "dataset", "place", ...args], {
    env: { ...process.env, XDG_CACHE_HOME: join(folder, "cache") },
    cwd: folder,
  });
  return { code: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() };
};
beforeAll(() => {
  makeSamplePlace(7, folder);
});

test("`place check` prints tables and a picture's path; without --out that lies in the cache folder", async () => {
  const { code, stdout, stderr } = place("check", "place.yaml");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^x1y1 +100 %/m);
  const [, picture] = /^picture: (.*)$/m.exec(stdout)!;
  expect(picture).toStartWith(join(folder, "cache"));
  expect((await sharp(picture!).metadata()).width).toBe(960);
}, 240_000);

test("a place that cannot be built: exit code 65, and JSON says why", () => {
  writeFileSync(join(folder, "bad.yaml"), readFileSync(join(folder, "place.yaml"), "utf8").replace("dtm.tif", "none.tif"));
  const { code, stdout } = place("check", "bad.yaml", "--json", "--out", "pictures");
  expect(code).toBe(65);
  const told = JSON.parse(stdout) as { ok: boolean; errors: { where: string; exit: number }[]; picture?: string };
  expect(told.ok).toBe(false);
  expect(told.errors).toEqual([expect.objectContaining({ where: join(folder, "none.tif"), exit: 65 })]);
  expect(told.picture).toBeUndefined();
  expect(existsSync(join(folder, "pictures"))).toBe(false);
}, 240_000);

test("`place init` takes a southern latitude as an argument, and what it wrote goes through `place check`", () => {
  const made = place("init", "47.2,9.62", "--elevation", "dtm.tif", "--osm", "map.osm.pbf", "--buildings", "buildings.geojsonl", "--out", "own.yaml");
  expect(made.code).toBe(0);
  expect(made.stdout).toBe(`${join(folder, "own.yaml")}\n`);
  expect(made.stderr).toContain("next: earthcraft dataset place check own.yaml");
  expect(place("check", "own.yaml").code).toBe(0);
  const southern = place("init", "-33.86,151.2", "--out", "south/place.yaml");
  expect(southern.stderr).not.toContain("error");
  expect(readFileSync(join(folder, "south/place.yaml"), "utf8")).toContain("center: { lat: -33.86, lon: 151.2 }");
  const swapped = place("init", "151.2,-33.86", "--out", "swapped.yaml");
  expect(swapped.stderr).toContain("they are swapped");
  expect(swapped.code).toBe(2);
  expect(existsSync(join(folder, "swapped.yaml"))).toBe(false);
}, 240_000);
