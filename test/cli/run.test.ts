/** Recipes run by the real program: what is done, what is skipped, what lies in the run folder. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunRecord, readRun, type StageRecord } from "../../cli/plugin";
import { Program } from "./program";

setDefaultTimeout(60_000); // programs are started, and the machine may be busy

let program: Program;
beforeEach(() => {
  program = new Program();
});
afterEach(() => program[Symbol.dispose]());

const RECIPE = "title: Counting\nseed: 3\nplace: make-place\nstages:\n  - numbers: { count: 5 }\n  - square\n  - total\n";
interface Result {
  ran: number;
  skipped: number;
  waiting?: boolean;
}
const run = async (...args: string[]): Promise<Result> => {
  const { stdout, stderr, code } = await program.run("run", "r.yaml", "--json", ...args);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Result;
};
const stage = (id: string, dir = "runs/r") => program.json<StageRecord>(`${dir}/${id}/stage.json`);
const tree = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();

describe("a run", () => {
  test("leaves the outputs, a record of each stage and a report; nothing else", async () => {
    program.write("r.yaml", RECIPE);
    const { stdout, stderr, code } = await program.run("run", "r.yaml");
    expect(stdout).toBe("runs/r\n");
    expect(stderr).toContain("report: ");
    expect(stderr.indexOf("report: ")).toBeLessThan(stderr.indexOf("[2/4]"));
    expect(stderr).toMatch(/peak memory \d+ MB/);
    expect(code).toBe(0);
    const items = ["n-1", "n-2", "n-3", "n-4", "n-5"].flatMap((item) => [`square/${item}/square.json`, `square/${item}/stage.json`]);
    expect(tree(join(program.dir, "runs/r")).filter((file) => !file.startsWith("report/"))).toEqual(
      [
        ".lock",
        "numbers/numbers.json",
        "numbers/stage.json",
        "place/place.yaml",
        "place/stage.json",
        "run.json",
        ...items,
        "square/stage.json",
        "total/stage.json",
        "total/total.json",
      ].sort(),
    );
    expect(readdirSync(join(program.dir, "runs/r")).filter((name) => name.startsWith("."))).toEqual([".lock"]);
    expect(program.json<unknown>("runs/r/total/total.json")).toBe(1 + 4 + 9 + 16 + 25);
    expect(program.json("runs/r/numbers/numbers.json")).toMatchObject({ seed: 3, place: "hills: 3\n" });
  });

  test("records size and content of every output, options with defaults, and what was read", async () => {
    program.write("r.yaml", RECIPE);
    await run();
    const record = stage("total");
    const bytes = readFileSync(join(program.dir, "runs/r/total/total.json"));
    expect(record.outputs).toEqual({ "total.json": { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") } });
    expect(record).toMatchObject({
      status: "done",
      options: { scale: 1, model: { width: 1 } },
      needs: { square: stage("square").key },
      metrics: { total: 55 },
      version: 1,
    });
    expect(record.peakMemory_bytes).toBeGreaterThan(10e6);
    expect(stage("square").metrics).toEqual({ square: 11 });
    const read = readRun(join(program.dir, "runs/r"));
    expect(read.stages.map(({ id, status, items }) => [id, status, items.length])).toEqual([
      ["place", "done", 0],
      ["numbers", "done", 0],
      ["square", "done", 5],
      ["total", "done", 0],
    ]);
    expect(read.stages[2]!.items[1]!.sections).toEqual([{ title: "Square of n-2", sentence: "It is exact." }]);
  });

  test("counts the memory of each stage by itself, though one process runs them", async () => {
    program.write("r.yaml", "title: m\nstages:\n  - { large: { stage: memory, megabytes: 400 } }\n  - { small: { stage: memory, megabytes: 1 } }\n");
    await run();
    const [large, small] = [stage("large").peakMemory_bytes, stage("small").peakMemory_bytes];
    expect(large).toBeGreaterThan(400e6);
    expect(small).toBeLessThan(300e6);
    const whole = program.json<RunRecord>("runs/r/run.json").peakMemory_bytes; // the parent's comes on top
    expect(whole).toBeGreaterThan(large);
    expect(whole).toBeLessThan(large + 200e6);
  });

  test("that is finished is found so in less than two seconds, and touches nothing", async () => {
    program.write("r.yaml", RECIPE);
    await run();
    const before = program.read("runs/r/run.json");
    const again = await program.run("run", "r.yaml", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ ran: 0, skipped: 4 });
    expect(again.cpu_ms).toBeWithin(10, 2000);
    expect(program.read("runs/r/run.json")).toBe(before);
    rmSync(join(program.dir, "runs/r/report"), { recursive: true });
    expect(await run()).toMatchObject({ ran: 0, skipped: 4 });
    expect(program.has("runs/r/report/index.html")).toBe(true); // the one thing that is made again
  });

  test("redoes what an option reaches, and no more", async () => {
    program.write("r.yaml", RECIPE);
    await run();
    program.write("r.yaml", RECIPE.replace("- square", "- square: { plus: 1 }"));
    expect(await run()).toMatchObject({ ran: 2, skipped: 2 });
    expect(program.json<unknown>("runs/r/total/total.json")).toBe(60);
    program.write("r.yaml", RECIPE.replace("- square", "- square: { plus: 1, loud: true }")); // an idle option
    expect(await run()).toMatchObject({ ran: 0, skipped: 4 });
    program.write("r.yaml", RECIPE.replace("- square", "- square: { plus: 1 }").replace("- total", "- total: { scale: 2 }"));
    expect(await run()).toMatchObject({ ran: 1, skipped: 3 });
    expect(program.json<unknown>("runs/r/total/total.json")).toBe(120);
  });

  test("redoes a stage whose output is gone or cut short, and nothing that stands on it", async () => {
    program.write("r.yaml", RECIPE);
    await run();
    rmSync(join(program.dir, "runs/r/total/total.json"));
    expect(await run()).toMatchObject({ ran: 1, skipped: 3 });
    truncateSync(join(program.dir, "runs/r/numbers/numbers.json"), 3);
    expect(await run()).toMatchObject({ ran: 1, skipped: 3 });
    expect(program.json("runs/r/numbers/numbers.json")).toMatchObject({ seed: 3 });
    const before = stage("square/n-2").finished;
    rmSync(join(program.dir, "runs/r/square/n-4"), { recursive: true });
    expect(await run()).toMatchObject({ ran: 1, skipped: 3 });
    expect(program.json<unknown>("runs/r/square/n-4/square.json")).toBe(16);
    expect(stage("square/n-2").finished).toBe(before);
  });

  test("redoes what reads a user's file when its content changes, not when it is touched or moved", async () => {
    const own = program.write("own.txt", "one");
    program.write("r.yaml", "title: x\nstages: [{ numbers: { from: own.txt } }]\n");
    expect(await run()).toMatchObject({ ran: 1 });
    utimesSync(own, new Date(), new Date(1e12));
    expect(await run()).toMatchObject({ ran: 0 });
    program.write("moved.txt", "one");
    program.write("r.yaml", "title: x\nstages: [{ numbers: { from: moved.txt } }]\n");
    expect(await run()).toMatchObject({ ran: 0 });
    program.write("moved.txt", "two");
    expect(await run()).toMatchObject({ ran: 1 });
    expect(program.json("runs/r/numbers/numbers.json")).toMatchObject({ from: "two" });
  });

  test("redoes all when a file that the place names changes", async () => {
    program.write("town/place.yaml", "elevation: { file: dem.tif }\n");
    program.write("town/dem.tif", "flat");
    program.write("r.yaml", "title: x\nplace: town/place.yaml\nstages: [numbers, square]\n");
    expect(await run()).toMatchObject({ ran: 2 });
    expect(await run()).toMatchObject({ ran: 0 });
    program.write("town/dem.tif", "hilly");
    expect(await run()).toMatchObject({ ran: 2 });
  });

  test("drops items that are no more", async () => {
    program.write("r.yaml", RECIPE);
    await run();
    program.write("r.yaml", RECIPE.replace("count: 5", "count: 2"));
    await run();
    expect(stage("square").items).toEqual(["n-1", "n-2"]);
    expect(readdirSync(join(program.dir, "runs/r/square")).sort()).toEqual(["n-1", "n-2", "stage.json"]);
  });
});

describe("folders", () => {
  test("of a changed place, scale, seed or --set lie beside the plain one, each by its own name", async () => {
    program.write("r.yaml", `${RECIPE}scale: { mini: { numbers: { count: 2 } } }\n`.replace("numbers: { count: 5 }", "numbers"));
    program.write("town/place.yaml", "x: 1\n");
    const folder = async (...args: string[]) => (await program.run("run", "r.yaml", "--until", "numbers", ...args)).stdout.trim();
    expect(await folder()).toBe("runs/r");
    expect(await folder("--scale", "mini")).toBe("runs/r"); // the only scale is the plain one
    expect(await folder("--seed", "3")).toBe("runs/r");
    const names = [await folder("--seed", "4"), await folder("--set", "numbers.count=3"), await folder("--set", "place=town/place.yaml")];
    expect(names[0]).toMatch(/^runs\/r@make-place-[0-9a-f]{6}$/);
    expect(names[2]).toMatch(/^runs\/r@town-[0-9a-f]{6}$/);
    expect(new Set(names).size).toBe(3);
    expect(await folder("--out", "mine")).toBe("mine");
  });
});

describe("--out", () => {
  const snapshot = (dir: string) => Object.fromEntries(tree(join(program.dir, dir)).map((file) => [file, program.read(`${dir}/${file}`)]));
  async function refused(what: string, ...args: string[]): Promise<void> {
    const { stdout, stderr, code } = await program.run(...args);
    expect(stdout).toBe("");
    expect(stderr).toContain(what);
    expect(stderr).toContain("fix: name ");
    expect(code).toBe(2);
  }

  test("that holds another recipe's run is refused, and that run left as it is", async () => {
    program.write("r.yaml", RECIPE);
    program.write("other/r.yaml", "title: Other\nstages: [{ numbers: { count: 1 } }]\n");
    await run("--out", "kept");
    const before = snapshot("kept");
    for (const more of [[], ["--dry-run"], ["--set", "numbers.count=2"]])
      await refused(
        `this folder holds the run of another recipe, ${join(program.dir, "r.yaml")}\n  where: ${join(program.dir, "kept")}`,
        "run",
        "other/r.yaml",
        "--out",
        "kept",
        ...more,
      );
    expect(snapshot("kept")).toEqual(before);
    // Its own recipe may go on in it, changed or not, and from wherever it was moved to.
    program.write("r.yaml", RECIPE.replace("count: 5", "count: 4"));
    expect(await run("--out", "kept")).toMatchObject({ ran: 3 });
    program.write("moved/r.yaml", RECIPE.replace("count: 5", "count: 3"));
    rmSync(join(program.dir, "r.yaml"));
    expect((await program.run("run", "moved/r.yaml", "--out", "kept")).code).toBe(0);
  });

  test("that holds files of somebody's is refused, also under the names of stages; an empty folder is taken", async () => {
    program.write("r.yaml", RECIPE);
    program.write("mine/numbers/thesis.txt", "years of work");
    await refused("this folder is no run of earthcraft: it holds numbers", "run", "r.yaml", "--out", "mine");
    await refused("it holds ", "run", "r.yaml", "--out", ".");
    await refused("this is a file, not a folder", "run", "r.yaml", "--out", "r.yaml");
    expect(program.read("mine/numbers/thesis.txt")).toBe("years of work");
    mkdirSync(join(program.dir, "empty"));
    expect(await run("--out", "empty")).toMatchObject({ ran: 4 });
  });

  test("whose record a killed process left half-written is taken", async () => {
    program.write("r.yaml", RECIPE);
    program.write("begun/run.json.tmp-4711", "{");
    expect(await run("--out", "begun")).toMatchObject({ ran: 4 });
  });

  test("of one stage alone is never a stage of a run, another stage's outputs or a folder of somebody's", async () => {
    program.write("r.yaml", RECIPE);
    await run();
    const before = snapshot("runs/r");
    const total = (out: string) => ["count", "total", "runs/r/square", "--out", out];
    await refused('this folder holds the outputs of the stage "numbers"', ...total("runs/r/numbers"));
    await refused('this folder is the stage "total" of a run', ...total("runs/r/total"));
    await refused("is no earlier output of earthcraft", ...total("runs/r"));
    expect(snapshot("runs/r")).toEqual(before);
    expect((await program.run(...total("own"))).code).toBe(0);
    expect((await program.run(...total("own"))).code).toBe(0); // its own earlier output
  });
});

describe("parts", () => {
  test("--until stops after a stage, --only runs what it needs", async () => {
    program.write("r.yaml", RECIPE);
    expect(await run("--until", "numbers")).toMatchObject({ ran: 2 });
    expect(await run("--only", "total")).toMatchObject({ ran: 2 });
    expect((await program.run("count", "build", "r.yaml", "--json")).stdout).toContain('"ran":0');
    expect((await program.run("pick", "plain", "r.yaml", "--json")).stdout).toContain('"skipped":2');
    expect((await program.run("pick", "all", "r.yaml", "--json")).stdout).toContain('"skipped":3');
    const unknown = await program.run("pick", "sqares", "r.yaml");
    expect(unknown.stderr).toContain('there is no kind "sqares"\n  fix: did you mean "squares"?');
    expect(unknown.code).toBe(2);
    expect((await program.run("run", "r.yaml", "--until", "sqaure")).stderr).toContain('did you mean "square"?');
  });

  test("shards share the items; what follows waits for all of them", async () => {
    program.write("r.yaml", RECIPE);
    await run("--until", "numbers");
    const [first, second] = await Promise.all([run("--shard", "1/2", "--until", "square"), run("--shard", "2/2", "--until", "square")]);
    expect(first.waiting && second.waiting).toBe(false);
    expect(readdirSync(join(program.dir, "runs/r/square")).sort()).toEqual(["n-1", "n-2", "n-3", "n-4", "n-5", "stage.json"]);
    expect(await run()).toMatchObject({ ran: 1, skipped: 3 });
    expect(program.json<unknown>("runs/r/total/total.json")).toBe(55);
  });

  test("a lone shard does its part and says that it waits", async () => {
    program.write("r.yaml", RECIPE);
    expect(await run("--shard", "2/2")).toMatchObject({ waiting: true });
    expect(existsSync(join(program.dir, "runs/r/square/n-2/stage.json"))).toBe(true);
    expect(existsSync(join(program.dir, "runs/r/square/n-1"))).toBe(false);
    expect(existsSync(join(program.dir, "runs/r/total"))).toBe(false);
  });

  test("--dry-run and --print say what would happen and write nothing", async () => {
    program.write("r.yaml", RECIPE);
    const dry = await program.run("run", "r.yaml", "--dry-run");
    expect(dry.stdout).toContain("square   would run");
    const print = await program.run("run", "r.yaml", "--print", "--set", "total.scale=2", "--set", "square.failOn=a b");
    expect(print.stdout.split("\n")[1]).toBe("earthcraft run r.yaml --only numbers --set total.scale=2 --set 'square.failOn=a b'");
    expect(program.has("runs")).toBe(false);
  });

  test("one stage by itself takes folders as inputs", async () => {
    program.write("r.yaml", RECIPE);
    await run();
    const { stdout, code } = await program.run("count", "total", "runs/r/square", "--out", "own", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ metrics: { total: 550 } });
    expect(code).toBe(0);
    expect(tree(join(program.dir, "own"))).toEqual(["stage.json", "total.json"]);
    expect(program.has("own.work")).toBe(false);
  });
});

describe("an item that fails", () => {
  test("ends the run with its own error and exit code; the others' work is kept", async () => {
    program.write("r.yaml", RECIPE.replace("- square", "- square: { failOn: n-4 }"));
    const { stdout, stderr, code } = await program.run("run", "r.yaml", "--jobs", "1");
    expect(stdout).toBe("");
    expect(stderr).toContain("error: cannot square n-4\n  where: fixture\n  fix: choose another number\n");
    expect(code).toBe(65);
    expect(stage("square")).toMatchObject({ status: "failed", error: { exit: 65 } });
    const json = await program.run("run", "r.yaml", "--json");
    const error = { what: "cannot square n-4", where: "fixture", fix: "choose another number", exit: 65 };
    expect(JSON.parse(json.stdout)).toEqual({ ok: false, error });
    const events = json.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toEqual({ event: "error", error });
    expect(events).toContainEqual(expect.objectContaining({ event: "stage-end", id: "square", status: "failed" }));
    expect(readdirSync(join(program.dir, "runs/r/square")).sort()).toEqual(["n-1", "n-2", "n-3", "n-5", "stage.json"]);
  });
});

describe("a matrix", () => {
  test("runs a row each, and once what rows have in common", async () => {
    program.write(
      "r.yaml",
      "title: m\nmatrix:\n  - { id: one, total: { scale: 1 } }\n  - { id: two, total: { scale: 2 } }\nstages: [numbers, square, total]\n",
    );
    expect(await run()).toMatchObject({ ran: 4 });
    expect(
      readdirSync(join(program.dir, "runs/r"))
        .filter((name) => !name.startsWith("."))
        .sort(),
    ).toEqual(["numbers", "report", "run.json", "square", "total@one", "total@two"]);
    expect(program.json<unknown>("runs/r/total@two/total.json")).toBe(60);
    expect(await run("--only", "total@two")).toMatchObject({ ran: 0, skipped: 3 });
  });
});

describe("needs", () => {
  test("bind to the nearest stage before, or to the one a recipe names", async () => {
    program.write(
      "r.yaml",
      "title: n\nstages:\n  - numbers: { count: 1 }\n  - { few: { stage: square, plus: 1 } }\n  - { many: { stage: square, plus: 100 } }\n  - total\n  - { named: { stage: total, needs: { square: few } } }\n",
    );
    await run();
    expect(stage("total").metrics.total).toBe(101);
    expect(stage("named").metrics.total).toBe(2);
  });

  test("that nothing answers are refused before anything runs", async () => {
    program.write("r.yaml", "title: n\nstages: [square]\n");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr).toContain('the stage "square" needs "numbers", and no stage before it is one');
    expect(code).toBe(2);
    program.write("r.yaml", "title: n\nstages: [numbers, { square: { needs: { numbers: numbrs } } }]\n");
    expect((await program.run("run", "r.yaml")).stderr).toContain('did you mean "numbers"?');
  });

  test("a file that is not there is bad input, by name", async () => {
    program.write("r.yaml", "title: n\nplace: town/place.yaml\nstages: [numbers]\n");
    const { stderr, code } = await program.run("run", "r.yaml");
    expect(stderr).toContain(`where: ${join(program.dir, "town/place.yaml")}`);
    expect(code).toBe(65);
  });
});

test("the disk being full is told as such: 74", async () => {
  program.write("r.yaml", RECIPE);
  await run();
  writeFileSync(join(program.dir, "r.yaml"), RECIPE.replace("- total", "- total: { scale: 3 }"));
  const limited = Bun.spawnSync(
    ["bash", "-c", `ulimit -f 0; trap '' XFSZ; exec "$@"`, "bash", process.execPath, join(import.meta.dir, "../../cli/main.ts"), "run", "r.yaml"],
    { cwd: program.dir, env: program.env },
  );
  expect(limited.stderr.toString()).toContain("free some space");
  expect(limited.exitCode).toBe(74);
  expect(stage("total").metrics.total).toBe(55); // the earlier output stands
});

test("runs ls, show and verify read what is there", async () => {
  expect((await program.run("runs", "ls")).stdout).toBe("no runs here\n");
  program.write("r.yaml", RECIPE);
  await run();
  expect((await program.run("runs", "ls")).stdout).toMatch(/^runs\/r {2}4\/4 +done +\d{4}-/m);
  expect((await program.run("runs", "show", "runs/r")).stdout).toMatch(/^total +done .*total 55 · slow 0$/m);
  expect((await program.run("runs", "verify", "runs/r")).stdout).toBe("8 files, 0 wrong\n");
  program.write("runs/r/square/n-2/square.json", "5");
  program.write("runs/r/total/stray.txt", "");
  const wrong = await program.run("runs", "verify", "runs/r", "--json");
  expect(JSON.parse(wrong.stdout).problems).toEqual([
    expect.stringContaining("n-2/square.json: content has changed"),
    expect.stringContaining("stray.txt: not an output"),
  ]);
  expect(wrong.code).toBe(65);
  expect((await program.run("runs", "show", "nothing")).code).toBe(65);
});
