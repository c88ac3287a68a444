/** The whole main job through the program, at the smallest size: from a place to a report, with few sites, few steps and short sampling. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { programRoot } from "../../cli/io";
import { documentedResults, misfits } from "./documented";
import { type Finished, Program, until } from "./program";
import { TINY_SET, TINY_STEPS, tinyQuickstart } from "./tiny-quickstart";

const CANOPY = "earthcraft-plugin-canopy";
const RUN = [...tinyQuickstart("run"), "--set", "evaluate.metrics=[height_error_m, green_share]"];

let program: Program;
let first: Finished;
beforeAll(async () => {
  program = new Program([CANOPY]);
  cpSync(join(programRoot, "test", "third-party", CANOPY), join(program.dir, "node_modules", CANOPY), { recursive: true });
  first = await program.run(...RUN);
}, 480_000);
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

  test("says beside every model's measures how little so few sites hold out", () => {
    const { cautions } = program.json<{ cautions: string[] }>("run/report/summary.json");
    expect(cautions[0]).toMatch(/hold a site out|held out/);
    const sections = program.read("run/report/index.html").split('<section class="stage" id="');
    const warned = sections.filter((section) => section.includes(cautions[0]!)).map((section) => section.split('"')[0]!);
    expect(warned).toEqual(expect.arrayContaining(["split", ...Object.keys(TINY_STEPS).map((model) => `train-${model}`), "evaluate"]));
    expect(warned).not.toContain("scene");
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
  }, 480_000);
});

describe("a finished run", () => {
  const result = async (documented: string, ...command: string[]) => {
    const { stdout, stderr, code } = await program.run(...command, "--json");
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const value = JSON.parse(stdout);
    expect(misfits(value, documentedResults.get(documented))).toEqual([]);
    return value;
  };

  test("answers in the documented shapes", async () => {
    const rows = await result("dataset ls RUN", "dataset", "ls", "run");
    await result("dataset show RUN SAMPLE", "dataset", "show", "run", rows[0].id);
    await result("dataset reindex RUN", "dataset", "reindex", "run");
    await result("view PATH", "view", "run/sample-none", "--only", "ply", "--out", "viewed");
    await result("run RECIPE", ...RUN);
    await result("recipe check RECIPE", "recipe", "check", join(programRoot, "recipes/quickstart.yaml"));
  });

  test("shows the curve of every training", async () => {
    const { stdout } = await program.run("runs", "show", "run");
    for (const model of Object.keys(TINY_STEPS))
      expect(stdout).toMatch(new RegExp(`^train-${model}: loss [\\d.e-]+ to [\\d.e-]+ at step \\d+\n`, "m"));
    expect((await program.run("runs", "ls", ".")).stdout).toMatch(/ train-texfm [▁-█]{12} [\d.]+ /);
  });

  test("takes keys of the stage in the commands that use its models", async () => {
    const wrong = await program.run("sample", "run", "--set", "structure.flow.stepz=1");
    expect(wrong.stderr).toContain('did you mean "steps"?');
    expect(wrong.code).toBe(2);
    const drawn = await result("sample RUN", "sample", "run", "--condition", "none", "--set", "structure.flow.steps=1", "--out", "quick");
    expect(drawn.metrics.scenes).toBe(1);
    expect(program.json("quick/stage.json")).toMatchObject({ options: { condition: "none", structure: { flow: { steps: 1 } } } });
    await result("extend RUN", "extend", "run", "--columns", "1", "--rows", "1", "--set", "structure.flow.steps=1", "--out", "alone");
  });

  test("is swept over guidance and steps by a Makefile, each pair once", () => {
    const sweep = (guidance: string) => {
      const file = join(programRoot, "recipes/sweeps/guidance.mk");
      const { stdout, stderr, exitCode } = Bun.spawnSync(["make", "-f", file, "RUN=run", "CROPS=1", "STEPS=1", `GUIDANCE=${guidance}`], {
        cwd: program.dir,
        env: { ...program.env, EARTHCRAFT_BUN: process.execPath },
      });
      expect([stderr.toString(), exitCode]).toEqual([expect.any(String), 0]);
      const lines = stdout.toString().trimEnd().split("\n");
      return {
        measured: lines.filter((line) => line.includes(" eval run ")).length,
        table: lines.slice(lines.findIndex((line) => line.startsWith("guidance\t"))),
      };
    };
    const first = sweep("0");
    expect(first.measured).toBe(1);
    const second = sweep("0 2");
    expect(second.measured).toBe(1);
    expect(second.table.map((line) => line.split("\t").length)).toEqual([5, 5, 5]);
    expect(second.table[1]).toBe(first.table[1]!);
    expect(second.table[2]).toMatch(/^2\t1\t\d/);
    const { metrics } = program.json<{ metrics: Record<string, number> }>("run/by-hand/guidance/w2-steps1/stage.json");
    // What a run could not measure is an empty column.
    expect(second.table[2]!.split("\t").slice(2)).toEqual(
      second.table[0]!.split("\t")
        .slice(2)
        .map((name) => String(metrics[name] ?? "")),
    );
    expect(sweep("0 2")).toEqual({ measured: 0, table: second.table });
  }, 480_000);
});

test("a shell script sweeps the seeds of a training over one data set, each seed once", () => {
  const sweep = (seeds: string) =>
    Bun.spawnSync([join(programRoot, "recipes/sweeps/seeds.sh"), ...TINY_SET, "--set", "train-structvae.training.steps=2"], {
      cwd: program.dir,
      env: { ...program.env, EARTHCRAFT_BUN: process.execPath, SEEDS: seeds },
    });
  const first = sweep("1 2");
  expect([first.stderr.toString(), first.exitCode]).toEqual([expect.stringContaining("train-structvae@seed-2: done"), 0]);
  const table = first.stdout.toString();
  expect(table).toMatch(/^seed\tiou\n1\t[\d.]+\n2\t[\d.]+\nmean\t[\d.]+\ndeviation\t[\d.e-]+\n$/);
  const value = (row: string) => Number(new RegExp(`^${row}\t(.*)$`, "m").exec(table)![1]);
  expect(value("mean")).toBeCloseTo((value("1") + value("2")) / 2, 3);
  expect(value("deviation")).toBeCloseTo(Math.abs(value("1") - value("2")) / Math.SQRT2, 3);
  expect(value("1")).not.toBe(value("2"));
  const second = sweep("1 2");
  expect(second.stderr.toString()).toContain("everything is done already");
  expect(second.stdout.toString()).toBe(table);
  const third = sweep("1 2 3");
  expect(third.stderr.toString()).toMatch(/\d+ stages, \d+ done already/);
  expect(third.stderr.toString().match(/train-structvae@seed-\d: done/g)).toEqual(["train-structvae@seed-3: done"]);
  expect(sweep("1").exitCode).toBe(2); // no deviation of one
}, 480_000);
