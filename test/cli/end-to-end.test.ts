/** The whole main job through the program, at the smallest size: from a place to a report, with few sites, few steps and short sampling. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { programRoot } from "../../cli/io";
import { type Finished, Program } from "./program";
import { tinyQuickstart } from "./tiny-quickstart";

const CANOPY = "earthcraft-plugin-canopy";
const RUN = [...tinyQuickstart("run"), "--set", "evaluate.metrics=[height_error_m, green_share]"];

let program: Program;
let first: Finished;
beforeAll(async () => {
  program = new Program([CANOPY]);
  cpSync(join(programRoot, "test", "third-party", CANOPY), join(program.dir, "node_modules", CANOPY), { recursive: true });
  first = await program.run(...RUN);
}, 240_000);
afterAll(() => program[Symbol.dispose]());

describe("the quickstart, tiny", () => {
  test("goes through", () => {
    expect(first.stderr).toContain("done: 20 stages");
    expect(first.code).toBe(0);
  });

  test("names its report at once and leaves it with every stage's section", () => {
    expect(first.stderr.indexOf("report/index.html")).toBeLessThan(first.stderr.indexOf("[3/20]"));
    const page = program.read("run/report/index.html");
    const titles = ["Voxel samples", "StructVAE", "TexVAE", "ClassSFM", "LatentSFM", "TexFM", "Extended scene", "Evaluation"];
    expect(titles.filter((title) => !page.includes(`<h2>${title}`))).toEqual([]);
    expect(/(src|href)="https?:/.test(page)).toBe(false);
  });

  test("leaves scenes that other programs open", () => {
    for (const scene of ["sample-semantic", "sample-image", "sample-none-seed-0", "sample-none-seed-1", "extend"])
      for (const file of ["splats.ply", "voxels.glb", "elevation.tif"]) expect(program.has(`run/view/${scene}/${file}`)).toBe(true);
    // What was drawn from nothing lies nowhere.
    expect(program.has("run/view/sample-semantic/georeference.json")).toBe(true);
    expect(program.has("run/view/sample-none-seed-0/georeference.json")).toBe(false);
  });

  test("measures held-out crops beside what needs no model", () => {
    const text = program.read("run/report/summary.json");
    const measures = [
      "iou3_refined_own_map",
      "iou3_refined_other_map",
      "iou0_nearest_map",
      "keep_all_iou",
      "majority_accuracy",
      "psnr_class_mean",
      "psnr_voxel_colour",
      "iou_two_seeds",
    ];
    expect(measures.filter((measure) => !text.includes(`"${measure}"`))).toEqual([]);
  });

  test("asks a metric of somebody else's plugin about every crop, and shows it beside ours", () => {
    const { metrics } = program.json<{ metrics: Record<string, number | null> }>("run/report/summary.json");
    for (const condition of ["own_map", "other_map", "own_view", "nothing"]) {
      const green = metrics[`evaluate.green_share_${condition}`];
      if (green !== undefined) expect(green).toBeWithin(0, 1.0001); // a scene without voxels has none
    }
    expect(Object.keys(metrics).filter((name) => /^evaluate\.(height_error_m|green_share)_/.test(name)).length).toBeGreaterThan(2);
    const page = program.read("run/report/index.html");
    expect(page).toContain("Further measures");
    for (const title of ["tops off by (m)", "green voxels"]) expect(page).toContain(title);
  });

  test("does nothing the second time", async () => {
    const second = await program.run(...RUN);
    expect(second.code).toBe(0);
    expect(second.stderr).toContain("everything is done already");
    expect(second.cpu_ms).toBeLessThan(2000);
  });

  test("textures a given geometry", async () => {
    const given = join(program.dir, "run/sample-image/scene.safetensors");
    const again = await program.run(...RUN, "--only", "sample-semantic", "--set", `sample-semantic.voxels=${given}`);
    expect(again.stderr).toContain("sample-semantic: done");
    const voxels = (stage: string) => program.json<{ metrics: { voxels: number } }>(`run/${stage}/stage.json`).metrics.voxels;
    expect(voxels("sample-semantic")).toBe(voxels("sample-image"));
  });

  test("lends its models to the commands", async () => {
    const sampled = await program.run("sample", "run", "--condition", "none", "--seed", "5", "--out", "more", "--json");
    expect(JSON.parse(sampled.stdout)).toMatchObject({ metrics: { scenes: 1 } });
    expect(program.has("more/scene.safetensors")).toBe(true);
    const grown = await program.run("extend", "run", "--condition", "none", "--columns", "2", "--rows", "1", "--out", "grown", "--json");
    expect(JSON.parse(grown.stdout)).toMatchObject({ metrics: { windows: 2 } });
    const measured = await program.run("eval", "run", "--crops", "1", "--out", "measured", "--json");
    expect(JSON.parse(measured.stdout)).toHaveProperty("metrics.iou3_refined_own_map");
  });
});
