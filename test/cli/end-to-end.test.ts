/** The whole main job through the program, at the smallest size: from a place to a report, with few sites, few steps and short sampling. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { programRoot } from "../../cli/io";
import { type Finished, Program, until } from "./program";

const STEPS = { structvae: 60, texvae: 10, classsfm: 3, latentsfm: 3, texfm: 3 };
const short = "structure.flow.steps=2";
const SET = [
  "sites.site_count=4", // the least of which one is held out whole: nine crops to measure
  "split.tuning_sites=1",
  "viewpoints.top.per_square=2",
  "viewpoints.adalevel.levels=2",
  "encode-latents.symmetries=1",
  ...Object.entries(STEPS).map(([model, steps]) => `train-${model}.training.steps=${steps}`),
  ...Object.keys(STEPS).map((model) => `train-${model}.validationCrops=1`),
  ...["classsfm", "latentsfm", "texfm"].map((model) => `train-${model}.flow.steps=2`),
  ...["sample", "extend", "evaluate"].flatMap((stage) => [`${stage}.${short}`, `${stage}.texture.flow.steps=2`]),
  `tune-refinement.${short}`,
  "evaluate.crops=2",
].flatMap((text) => ["--set", text]);
const RUN = ["run", join(programRoot, "recipes", "quickstart.yaml"), "--out", "run", ...SET];

let program: Program;
let first: Finished;
beforeAll(async () => {
  program = new Program([]);
  first = await program.run(...RUN);
}, 240_000);
afterAll(() => program[Symbol.dispose]());

describe("the quickstart, tiny", () => {
  test("goes through", () => {
    expect(first.stderr).toContain("done: 21 stages");
    expect(first.code).toBe(0);
  });

  test("names its report at once and leaves it with every stage's section", () => {
    expect(first.stderr.indexOf("report/index.html")).toBeLessThan(first.stderr.indexOf("[3/21]"));
    const page = program.read("run/report/index.html");
    const titles = ["Voxel samples", "StructVAE", "TexVAE", "ClassSFM", "LatentSFM", "TexFM", "Refinement limit", "Extended scene", "Evaluation"];
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
      "structvae_iou",
      "texvae_psnr_class_mean",
      "texfm_class_colour_error_pooled",
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
    const tuned = program.json<{ from: string; tau: number; crops: number }>("run/tune-refinement/refinement.json");
    expect(tuned).toMatchObject({ from: "tuning", crops: 9 });
    expect(program.json<{ metrics: Record<string, number> }>("run/evaluate/stage.json").metrics.tau).toBe(tuned.tau);
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
    const measured = await program.run("eval", "run", "--crops", "1", "--only", "structvae,classsfm", "--out", "measured", "--json");
    const { metrics } = JSON.parse(measured.stdout);
    expect(metrics).toHaveProperty("iou3_coarse_own_map");
    expect(metrics).toHaveProperty("structvae_iou");
    expect(metrics).not.toHaveProperty("texvae_psnr");
    const refused = await program.run("eval", "run", "--crops", "some");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--crops wants a number above 0 or `all`")]);
  });

  test("goes on measuring where it was killed, ends with the same numbers, and tells of them in the run's report", async () => {
    const command = ["eval", "run", "--crops", "3", "--seeds", "2", "--seed", "4"];
    const whole = await program.run(...command, "--out", "whole", "--json");
    const killed = program.start(...command);
    const ledger = "run/by-hand/evaluate.work/.scratch/evaluate";
    const written = () => (program.has(ledger) ? [...new Bun.Glob("*.json").scanSync({ cwd: join(program.dir, ledger) })] : []);
    await until(() => written().length > 0, 60_000);
    process.kill(killed.pid, "SIGKILL");
    await killed.finished();
    const stored = program.read(`${ledger}/${written()[0]}`);
    expect(Object.keys(JSON.parse(stored).values)).toContain("structvae_iou");
    const resumed = await program.run(...command, "-v");
    expect(resumed.stderr).toMatch(/[12] of 3 crops are measured already/);
    const { metrics } = program.json<{ metrics: Record<string, number> }>("run/by-hand/evaluate/stage.json");
    expect(metrics).toEqual(JSON.parse(whole.stdout).metrics);
    expect(program.read("run/report/index.html")).toContain("Evaluation by hand");
    expect(program.json<{ metrics: Record<string, number> }>("run/report/summary.json").metrics).toHaveProperty([
      "by-hand-evaluate.iou0_own_map_low",
    ]);
  });
});
