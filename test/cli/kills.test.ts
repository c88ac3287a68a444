/**
 * A training, and the whole chain, under `kill -9`: every start goes on, and what comes out is what an undisturbed run makes, to the bit.
 *
 * Few kills in a short training here; `make test-faults` (EARTHCRAFT_FAULTS=full) is the same with 20 kills in a minute's training and one in every stage.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunRecord, StageRecord } from "../../cli/plugin";
import { nativePath } from "../../cli/setup/native-path";
import { skipUnless } from "../skip";
import { runUnderKills, trainUnderKills } from "./kills";
import { Program } from "./program";
import { tinyQuickstart } from "./tiny-quickstart";
import { trainingRecipe } from "./training-recipe";

const full = process.env.EARTHCRAFT_FAULTS === "full";
setDefaultTimeout(full ? 3_600_000 : 300_000);
const say = (line: string) => console.log(line);
const SEED = Number(process.env.EARTHCRAFT_SEED ?? 7);
const needsNative = skipUnless(nativePath(), "the native library is not built: earthcraft setup");

let program: Program;
beforeAll(() => {
  program = new Program();
  program.env.OMP_NUM_THREADS = "1"; // two threads on a busy machine wait for each other
});
afterAll(() => program[Symbol.dispose]());

const bytes = (name: string) => readFileSync(join(program.dir, name));

describe("a training that is killed again and again", () => {
  const checkpointEvery = full ? 25 : 5;
  for (const ranks of [1, 2])
    needsNative(
      `on ${ranks} rank${ranks > 1 ? "s" : ""}: every start goes on from the last checkpoint, and the weights are those of an undisturbed one`,
      async () => {
        const steps = full ? 2000 : 60;
        const kills = full ? 20 : 4;
        program.write(`t${ranks}.yaml`, trainingRecipe({ steps, checkpointEvery, ranks }));
        const args = (out: string) => ["run", `t${ranks}.yaml`, "--out", out, "-v"];
        const [through, under] = [`through-${ranks}`, `under-${ranks}`];
        const undisturbed = await program.run(...args(through));
        expect(undisturbed.code).toBe(0);
        const { seconds } = program.json<StageRecord>(`${through}/train-structvae/stage.json`);
        say(`${steps} steps on ${ranks} rank(s), undisturbed: ${seconds.toFixed(1)} s`);

        const result = await trainUnderKills(program, {
          ...{ args: args(under), stage: "train-structvae", out: under, steps, checkpointEvery, ranks, kills },
          seed: SEED + ranks,
          say,
        });
        expect(result.kills).toHaveLength(kills);
        expect(result.last.code).toBe(0);
        for (const { victim, reached, resumedAt, code } of result.kills) {
          // Saved after each fifth step, before the next one is logged: nothing older may be gone on from.
          expect(resumedAt).toBeWithin(Math.floor((reached - 1) / checkpointEvery) * checkpointEvery, reached + 1);
          expect(resumedAt % checkpointEvery).toBe(0);
          if (victim !== "program") expect(code).toBe(1);
        }
        for (const file of ["model.safetensors", "metrics.jsonl"])
          expect(bytes(`${under}/train-structvae/${file}`).equals(bytes(`${through}/train-structvae/${file}`))).toBe(true);
        expect((await program.run("runs", "verify", under)).stdout).toContain(" 0 wrong");
        expect(program.has(`${under}/.scratch`)).toBe(false);
      },
    );
});

describe("the quickstart's chain, tiny", () => {
  needsNative(`killed in ${full ? "every stage" : "some stages"} it ends with the files of an undisturbed run, all of them`, async () => {
    const undisturbed = await program.run(...tinyQuickstart("calm"));
    expect(undisturbed.code).toBe(0);
    const { stages } = program.json<RunRecord>("calm/run.json");
    const record = (out: string, dir: string) => program.json<StageRecord>(`${out}/${dir}/stage.json`);
    const seconds = Object.fromEntries(stages.map(({ id, dir }) => [id, record("calm", dir).seconds]));
    const saving = ["structvae", "texvae", "classsfm", "latentsfm", "texfm"].flatMap((model) => ["--set", `train-${model}.checkpointEvery=1`]);
    const chosen = full ? stages.map(({ id }) => id) : ["capture", "train-structvae", "encode-latents", "evaluate"];
    const args = [...tinyQuickstart("wild"), ...saving, "--json"];
    const last = await runUnderKills(program, { args, out: "wild", seconds, stages: chosen, seed: SEED, say });
    expect(last.code).toBe(0);
    for (const { id, dir } of stages) expect({ id, outputs: record("wild", dir).outputs }).toEqual({ id, outputs: record("calm", dir).outputs });
    expect((await program.run("runs", "verify", "wild")).stdout).toContain(" 0 wrong");
  });
});
