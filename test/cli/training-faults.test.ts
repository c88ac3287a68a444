/** What befalls a training besides kills: numbers that are none, checkpoints that rot, a disk that fills up. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { cpSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StageRecord } from "../../cli/plugin";
import { nativePath } from "../../cli/setup/native-path";
import { openSafetensors } from "../../ffi/safetensors";
import { skipUnless } from "../skip";
import { Program, programCommand, until } from "./program";
import { textureRecipe, trainingRecipe } from "./training-recipe";

setDefaultTimeout(240_000); // programs are started, and the machine may be busy
const needsNative = skipUnless(nativePath(), "the native library is not built: earthcraft setup");

let program: Program;
/** Weights of a training that nothing befell; those below have the same recipe. */
let calm: Promise<Buffer>;
beforeAll(() => {
  program = new Program();
  program.env.OMP_NUM_THREADS = "1"; // two threads on a busy machine wait for each other
  program.write("r.yaml", trainingRecipe({ steps: 12, checkpointEvery: 2 }));
  calm = program.run("run", "r.yaml", "--out", "calm").then(({ stderr, code }) => {
    if (code !== 0) throw new Error(stderr);
    return weights("calm");
  });
  calm.catch(() => {}); // told by the tests that wait for it
});
afterAll(() => program[Symbol.dispose]());

const weights = (out: string) => readFileSync(join(program.dir, out, "train-structvae/model.safetensors"));
const steps = (dir: string) =>
  readdirSync(join(program.dir, dir))
    .flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

describe("a loss that is not a number", () => {
  for (const ranks of [1, 2])
    needsNative(
      `on ${ranks} rank${ranks > 1 ? "s" : ""} stops before the update: 3, with the crop's name; the checkpoint of the step before is kept`,
      async () => {
        program.write(`nan-${ranks}.yaml`, textureRecipe({ steps: 40, checkpointEvery: 1, ranks, poisoned: "b" }));
        const { stdout, stderr, code } = await program.run("run", `nan-${ranks}.yaml`, "-v");
        expect(stdout).toBe("");
        const [, step, crops] =
          /error: step (\d+): the (?:loss|gradient's norm) is (?:nan|NaN).*; nothing was updated\n {2}where: crops (.*)\n/.exec(stderr) ?? [];
        expect(crops?.split(", ")).toContain("b.0"); // the one that the data set was poisoned with
        expect(stderr).toContain("fix: lower optimiser.lr.peak, or look at these crops");
        expect(code).toBe(3);
        expect(program.json<StageRecord>(`runs/nan-${ranks}/train-texvae/stage.json`)).toMatchObject({ status: "failed", error: { exit: 3 } });
        expect(program.has(`runs/nan-${ranks}/train-texvae/model.safetensors`)).toBe(false);

        const checkpoints = `runs/nan-${ranks}/.scratch/train-texvae/checkpoints`;
        if (Number(step) > 0) {
          expect(steps(checkpoints).at(-1)).toBe(Number(step));
          const weights = openSafetensors(join(program.dir, checkpoints, `step-${step}`, "model.safetensors"));
          for (const name of weights.entries.keys()) expect(weights.float32(name).every(Number.isFinite)).toBe(true);
        }
        const again = await program.run("run", `nan-${ranks}.yaml`, "-v");
        if (Number(step) > 0) expect(again.stderr).toContain(`going on from step ${step}`);
        expect(again.stderr).toContain(`error: step ${step}: `);
        expect(again.code).toBe(3);
      },
    );
});

describe("a checkpoint that is not what was written", () => {
  const CHECKPOINTS = ".scratch/train-structvae/checkpoints";
  /** The two steps whose checkpoints an interrupted training left in `interrupted`. */
  let kept: Promise<[number, number]>;
  beforeAll(() => {
    kept = interrupt();
    kept.catch(() => {});
  });

  async function interrupt(): Promise<[number, number]> {
    await calm;
    const running = program.start("run", "r.yaml", "--out", "interrupted");
    await until(() => running.ended || (program.has(`interrupted/${CHECKPOINTS}`) && steps(`interrupted/${CHECKPOINTS}`).length === 2), 200_000);
    process.kill(running.pid, "SIGINT");
    const { stderr, code } = await running.finished();
    if (code !== 130) throw new Error(stderr);
    return steps(`interrupted/${CHECKPOINTS}`) as [number, number];
  }

  /** Damages a copy of the interrupted run, and goes on with it. */
  async function goOn(out: string, damage: (file: (step: number, name: string) => string) => void) {
    cpSync(join(program.dir, "interrupted"), join(program.dir, out), { recursive: true });
    damage((step, name) => join(program.dir, out, CHECKPOINTS, `step-${step}`, name));
    const { stderr, code } = await program.run("run", "r.yaml", "--out", out, "-v");
    expect(code).toBe(0);
    expect(weights(out).equals(await calm)).toBe(true);
    return stderr;
  }

  needsNative("cut short: the one before is gone on from, with a warning, to the same weights", async () => {
    const [before, newest] = await kept;
    const stderr = await goOn("cut", (file) => truncateSync(file(newest, "model.safetensors"), 1000));
    expect(stderr).toMatch(
      new RegExp(`warning: train-structvae: checkpoint \\S+/step-${newest} is not used: model\\.safetensors has 1000 bytes, the manifest says \\d+`),
    );
    expect(stderr).toContain(`going on from step ${before}`);
    expect(program.json<StageRecord>("cut/train-structvae/stage.json").warnings).toHaveLength(1);
  });

  needsNative("one bit of a moment turned: the one before is gone on from", async () => {
    const [before, newest] = await kept;
    const stderr = await goOn("turned", (file) => {
      const path = file(newest, "optimiser.safetensors");
      const bytes = readFileSync(path);
      bytes[bytes.length - 100]! ^= 4;
      writeFileSync(path, bytes);
    });
    expect(stderr).toContain(`step-${newest} is not used: optimiser.safetensors is not what was written`);
    expect(stderr).toContain(`going on from step ${before}`);
  });

  needsNative("none left that is whole: training begins anew, says why, and ends the same", async () => {
    const both = await kept;
    const stderr = await goOn("anew", (file) => {
      for (const step of both) truncateSync(file(step, "manifest.json"), 5);
    });
    expect(stderr.match(/is not used: no readable manifest\.json/g)).toHaveLength(2);
    expect(stderr).not.toContain("going on from");
  });
});

describe("a full disk", () => {
  const mounts = Bun.spawnSync(["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]).exitCode === 0;

  skipUnless(mounts && nativePath(), "no small file system can be mounted here (unshare -rm), or the native library is not built")(
    "while it trains: two checkpoints may fail, the third ends the run with 74; what was saved is gone on from once there is space",
    async () => {
      const model = await calm;
      mkdirSync(join(program.dir, "disk"), { recursive: true });
      // A checkpoint is four times the weights: one fits beside the data set, or two, but never the three that a save needs for a moment.
      const kilobytes = Math.ceil((7 * model.length) / 1024) + 1000;
      const run = `"$@" run r.yaml --out disk/run -v; echo "ended with $?" >&2`;
      const script = `mount -t tmpfs -o size=${kilobytes}k tmpfs disk || exit 99
${run}
ls -A disk/run/.scratch/train-structvae/checkpoints >&2
mount -o remount,size=100m disk
${run}
cp disk/run/train-structvae/model.safetensors out.safetensors`;
      const result = Bun.spawnSync(["unshare", "-rm", "sh", "-c", script, "sh", ...programCommand], {
        cwd: program.dir,
        env: program.env,
      });
      const said = result.stderr.toString();
      const [full, roomy] = said.split("ended with 74\n");
      expect(full!.match(/the checkpoint could not be written .*; the one before stays, the next interval tries again/g)).toHaveLength(2);
      expect(full).toMatch(/error: ENOSPC: .*\n {2}fix: free some space/);
      const [listed] = /^(\.?\S+\n)+(?=run: )/.exec(roomy!)!;
      expect(listed).toMatch(/^(step-\d+\n){1,2}$/); // nothing half-written beside them
      expect(roomy).toContain(`going on from step ${Math.max(...[...listed.matchAll(/\d+/g)].map(Number))}\n`);
      expect(roomy).toContain("ended with 0");
      expect(readFileSync(join(program.dir, "out.safetensors")).equals(model)).toBe(true);
    },
  );

  skipUnless(mounts, "no small file system can be mounted here (unshare -rm)")(
    "from the first byte is told as such: 74, and nothing is left half-written",
    async () => {
      program.write("small.yaml", "title: t\nstages: [numbers]\n");
      mkdirSync(join(program.dir, "disk"), { recursive: true });
      const script = `mount -t tmpfs -o size=4k tmpfs disk && dd if=/dev/zero of=disk/filler bs=1k count=4 2>/dev/null
"$@" run small.yaml --out disk/run; echo "ended with $?" >&2; find disk -name stage.json >&2`;
      const result = Bun.spawnSync(["unshare", "-rm", "sh", "-c", script, "sh", ...programCommand], {
        cwd: program.dir,
        env: program.env,
      });
      expect(result.stdout.toString()).toBe("");
      expect(result.stderr.toString()).toMatch(/error: ENOSPC: no space left on device.*\n {2}fix: free some space .*\nended with 74\n$/);
    },
  );
});
