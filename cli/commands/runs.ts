import { defineCommand } from "../plugin";

const folder = { folder: { summary: "run folder", kind: "required" } } as const;

export const runsList = defineCommand({
  name: "runs ls",
  summary: "run folders, and how far each has come",
  args: { folder: { summary: "folder that holds them (runs)", kind: "optional" } },
  async run({ args, io, result }) {
    const { listRuns, runTable } = await import("./runs-output");
    const runs = listRuns(io.cwd, args.folder ?? "runs");
    result({ runs }, runTable(runs));
  },
});

export const runsShow = defineCommand({
  name: "runs show",
  summary: "stages of a run: state, time, memory, measures",
  args: folder,
  async run({ args, io, result }) {
    const { openRun, stageTable } = await import("./runs-output");
    const run = openRun(io.cwd, args.folder);
    result({ ...run.run, metrics: Object.fromEntries(run.stages.map(({ id, record }) => [id, record?.metrics ?? {}])) }, stageTable(run));
  },
});

export const runsVerify = defineCommand({
  name: "runs verify",
  summary: "compare every output of a run with the size and hash that were recorded",
  args: folder,
  async run({ args, io, result }) {
    const { openRun, verifyRun } = await import("./runs-output");
    const { EXIT } = await import("../errors");
    const { files, problems } = verifyRun(openRun(io.cwd, args.folder));
    result({ ok: problems.length === 0, files, problems }, [...problems, `${files} files, ${problems.length} wrong`].join("\n"));
    if (problems.length > 0) process.exitCode = EXIT.badInput;
  },
});
