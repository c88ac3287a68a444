import { resolve } from "node:path";
import { defineCommand } from "../plugin";

const folder = { folder: { summary: "run folder", kind: "required", completes: "run" } } as const;

export const runsList = defineCommand({
  name: "runs ls",
  summary: "run folders: how far each has come, and how its training goes",
  args: { folder: { summary: "folder that holds them (runs)", kind: "optional", completes: "folder" } },
  async run({ args, io, result }) {
    const [{ listRuns, runTable }, { canvasOf }] = await Promise.all([import("./runs-output"), import("../ui/canvas")]);
    const runs = listRuns(io.cwd, args.folder ?? "runs");
    result({ runs: runs.map(({ curve: _, ...run }) => run) }, runTable(runs, canvasOf(io)));
  },
});

export const runsShow = defineCommand({
  name: "runs show",
  summary: "stages of a run: state, time, memory, measures, curves of training",
  args: folder,
  async run({ args, io, result, output }) {
    const [{ curveCharts, stageTable }, { canvasOf }, { readRun }] = await Promise.all([
      import("./runs-output"),
      import("../ui/canvas"),
      import("../runs/record"),
    ]);
    const run = readRun(resolve(io.cwd, args.folder));
    const metrics = Object.fromEntries(run.stages.map(({ id, record }) => [id, record?.metrics ?? {}]));
    const canvas = canvasOf(io);
    const charts = output.json ? "" : curveCharts(run, canvas);
    result({ ...run.run, metrics }, [stageTable(run, canvas), ...(charts === "" ? [] : [charts])].join("\n\n"));
  },
});

export const runsVerify = defineCommand({
  name: "runs verify",
  summary: "compare every output of a run with the size and hash that were recorded",
  args: folder,
  async run({ args, io, result }) {
    const [{ verifyRun }, { readRun }, { EXIT }] = await Promise.all([import("./runs-output"), import("../runs/record"), import("../errors")]);
    const { files, problems } = verifyRun(readRun(resolve(io.cwd, args.folder)));
    result({ ok: problems.length === 0, files, problems }, [...problems, `${files} files, ${problems.length} wrong`].join("\n"));
    if (problems.length > 0) process.exitCode = EXIT.badInput;
  },
});
