import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { makeRun } from "./run.fixture";
import type { Summary } from "./summary";
import { writeReport } from "./write";

test("what the split warns of stands beside the measures that come after it, and in summary.json", async () => {
  const dir = mkdtempSync(join(tmpdir(), "earthcraft-caution-"));
  await makeRun(dir);
  const caution = "Too small to hold a site out (one site): measures are taken on one crop of 200 m";
  const edit = (path: string, change: (record: Record<string, unknown>) => void) => {
    const record = JSON.parse(readFileSync(path, "utf8"));
    change(record);
    writeFileSync(path, JSON.stringify(record));
  };
  mkdirSync(join(dir, "split"));
  writeFileSync(join(dir, "split", "stage.json"), readFileSync(join(dir, "train-structvae", "stage.json")));
  edit(join(dir, "split", "stage.json"), (record) => {
    Object.assign(record, {
      id: "split",
      stage: "split",
      title: "Training and validation",
      warnings: [caution],
      sections: [],
      outputs: {},
      metrics: { nothing: null },
    });
  });
  edit(join(dir, "train-structvae", "stage.json"), (record) => Object.assign(record, { stage: "train-structvae" }));
  edit(join(dir, "run.json"), (record) => {
    const stages = record.stages as { id: string; stage: string }[];
    stages.splice(1, 0, { ...stages[0]!, id: "split", stage: "split", dir: "split" } as never);
    for (const stage of stages) if (stage.id.startsWith("train-")) stage.stage = stage.id;
  });
  await writeReport(dir);
  const page = readFileSync(join(dir, "report", "index.html"), "utf8");
  const section = (id: string) => page.slice(page.indexOf(`<section class="stage" id="${id}"`)).split("</section>")[0]!;
  expect(section("split")).toContain(caution);
  expect(section("split")).toContain("<dd>–</dd>"); // NaN is null in JSON: not measured
  expect(section("train-structvae")).toContain(caution);
  expect(section("scene")).not.toContain(caution);
  const summary = JSON.parse(readFileSync(join(dir, "report", "summary.json"), "utf8")) as Summary;
  expect(summary.cautions).toEqual([caution]);
  rmSync(dir, { recursive: true });
});

describe("the report", () => {
  const dir = mkdtempSync(join(tmpdir(), "earthcraft-report-"));
  const report = join(dir, "report");
  let page = "";
  beforeAll(async () => {
    await makeRun(dir);
    await writeReport(dir);
    page = readFileSync(join(report, "index.html"), "utf8");
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test("every picture and link it names lies in its own folder, and none is fetched from anywhere", () => {
    const named = [...page.matchAll(/(?:src|href)="([^"#][^"]*)"/g)].map((match) => decodeURIComponent(match[1]!));
    expect(named.length).toBeGreaterThan(6);
    for (const url of named) {
      expect(url).not.toMatch(/^(?:[a-z]+:|\/|\.\.)/);
      expect(existsSync(join(report, url))).toBe(true);
    }
    expect(page).not.toMatch(/@import|url\(|<link/);
  });

  test("every link inside the page has its heading", () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]!);
    expect(targets.filter((target) => !ids.has(target))).toEqual([]);
  });

  test("pictures are the stages' own, pixel by pixel", async () => {
    const shown = page.match(/src="(pictures\/train-structvae[^"]*classes[^"]*)" alt="[^"]*" width="96" height="96" class="pixels"/)![1]!;
    const pixels = async (path: string) => (await sharp(path).raw().toBuffer()).toString("hex");
    expect(await pixels(join(report, shown))).toBe(await pixels(join(dir, "train-structvae", "classes.png")));
  });

  test("it says every stage's sentence, the recipe, the times, the failure with what to do, and whose data it is", () => {
    for (const text of [
      "11 points above keep-all",
      "Site b has a lake.",
      "streets are blurred",
      "width: 0.25",
      "3.9 min",
      "no window overlaps",
      "lower extend.overlap",
      "Not begun yet.",
      "3 ways cross the border",
      "© OpenStreetMap contributors (ODbL)",
      "Made by earthcraft",
    ])
      expect(page).toContain(text);
  });

  test("a picture outside its stage's folder is left out", () => {
    expect(page).not.toContain("escape");
    expect([...new Bun.Glob("pictures/**/*escape*").scanSync({ cwd: report })]).toEqual([]);
  });

  test("what data say is text, never markup", () => {
    expect(page).toContain("Water &lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toContain("<script>alert");
  });

  test("summary.json has every metric of every stage, section and item", () => {
    const summary = JSON.parse(readFileSync(join(report, "summary.json"), "utf8")) as Summary;
    expect(summary.status).toBe("failed");
    expect(summary.metrics).toEqual({
      "scene.buildings": 180.5,
      "train-structvae.accuracy": 0.941,
      "train-structvae.miou3": 0.8123,
      "train-structvae.loss": 0.0412,
      "train-structvae.parameters": 1_234_567,
    });
    expect(summary.stages.map(({ id, status }) => [id, status])).toEqual([
      ["scene", "done"],
      ["train-structvae", "done"],
      ["sample", "done"],
      ["extend", "failed"],
      ["eval", "waiting"],
    ]);
    expect(summary.stages[0]!.items!.a!.metrics).toEqual({ buildings: 212 });
    expect(summary.attribution).toEqual(["Made by earthcraft", "© OpenStreetMap contributors (ODbL)"]);
  });

  test("written again, pictures that did not change are left alone", async () => {
    const picture = join(report, "pictures", "sample", "render.png");
    const before = statSync(picture).ino;
    await writeReport(dir);
    expect(statSync(picture).ino).toBe(before);
  });
});
