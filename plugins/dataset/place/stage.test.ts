/** The first thing that a run does with a place: look at it. */
import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReportSection, StageTask } from "../../../cli/plugin";
import { makeSamplePlace } from "../sample-place/make";
import { sites } from "./stage";

const folder = mkdtempSync(join(tmpdir(), "earthcraft-sites-stage-"));
let file: string;
beforeAll(() => {
  file = makeSamplePlace(7, folder);
}, 240_000);

async function run(place: string, out: string, siteCount = 0) {
  mkdirSync(out);
  const told = { sections: [] as ReportSection[], warnings: [] as string[] };
  const task = {
    options: { site_count: siteCount },
    seed: 7,
    place,
    out,
    section: (section: ReportSection) => told.sections.push(section),
    warn: (text: string) => told.warnings.push(text),
  } as unknown as StageTask<Record<string, unknown>>;
  return { ...told, result: await sites.run(task) };
}

describe("the stage `sites`", () => {
  test("lists the sites and shows what a check found: a picture and tables", async () => {
    const out = join(folder, "all");
    const { result, sections, warnings } = await run(file, out);
    expect(result.items).toHaveLength(9);
    expect(warnings).toEqual([]);
    const [section] = sections;
    expect(section!.tables!.map(({ title }) => title)).toEqual(["Sources", "What the sources give each site", "Sites", "Attribution"]);
    for (const { columns, rows } of section!.tables!) expect(rows.filter((row) => row.length !== columns.length)).toEqual([]);
    expect(existsSync(join(out, section!.figures![0]!.file))).toBe(true);
    const listed = JSON.parse(readFileSync(join(out, "sites.json"), "utf8")) as { sites: { name: string; origin: object }[] };
    expect(listed.sites.map(({ name }) => name)).toEqual([...result.items!]);
    expect(Object.keys(listed.sites[0]!)).toEqual(["name", "origin"]);
  });

  test("of the first sites only, it judges those", async () => {
    const { result, sections, warnings } = await run(file, join(folder, "three"), 3);
    expect(result.items).toEqual(["x0y0", "x1y0", "x2y0"]);
    expect(warnings.join()).toContain("3 sites are too few to hold one out");
    expect(sections[0]!.sentence).toContain("Too small to hold a site out");
  });

  test("a place that cannot be built ends the run with exit code 65, and leaves no sites.json", async () => {
    const broken = join(folder, "broken.yaml");
    writeFileSync(broken, readFileSync(file, "utf8").replace("map.osm.pbf", "none.osm.pbf"));
    const out = join(folder, "none");
    await expect(run(broken, out)).rejects.toMatchObject({ exit: 65, where: join(folder, "none.osm.pbf") });
    expect(existsSync(join(out, "sites.json"))).toBe(false);
  });
});
