/** What docs/cli.md promises to scripts: exit codes, and the shape of every result under `--json`. Commands that need trained models: end-to-end.test.ts; `dataset place make` has a test of its own. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { EXIT } from "../../cli/errors";
import { Host } from "../../cli/host";
import { programRoot } from "../../cli/io";
import { documentedBlock, documentedCodes, documentedResults, misfits } from "./documented";
import { Program } from "./program";

setDefaultTimeout(120_000); // programs are started, and the machine may be busy

const RECIPE = "title: Counting\nseed: 3\nplace: make-place\nstages:\n  - numbers: { count: 2 }\n  - square\n  - total\n";
let program: Program;
beforeAll(async () => {
  program = new Program();
  program.write("r.yaml", RECIPE);
  program.write("wrong.yaml", "stages:\n  - numbers: { cuont: 2 }\n");
  program.write("failing.yaml", "stages: [numbers, { square: { failOn: n-2 } }]\n");
  expect((await program.run("run", "r.yaml")).code).toBe(0);
});
afterAll(() => program[Symbol.dispose]());

test("misfits are found at all", () => {
  const shape = { a: 1, "b?": ["x"], c: { "…": 1 } };
  expect(misfits({ a: 2, c: {} }, shape)).toEqual([]);
  expect(misfits({ a: 2, b: ["y", "z"], c: { d: 1, e: 2 } }, shape)).toEqual([]);
  expect(misfits({ a: "2", b: [1], c: { d: "1" }, e: 0 }, shape)).toHaveLength(4);
  expect(misfits({ c: {} }, shape)).toEqual(["$.a is missing"]);
});

describe("the result of", () => {
  const cases: [documented: string, ...command: string[]][] = [
    ["run RECIPE", "run", "r.yaml", "--out", "again"],
    ["run RECIPE", "run", "r.yaml"],
    ["run RECIPE --dry-run", "run", "r.yaml", "--dry-run"],
    ["run RECIPE --print", "run", "r.yaml", "--print"],
    ["dataset build RECIPE", "count", "build", "r.yaml", "--out", "third"],
    ["recipe check RECIPE", "recipe", "check", "r.yaml"],
    ["recipe check RECIPE", "recipe", "check", "wrong.yaml"],
    ["recipe show RECIPE", "recipe", "show", "r.yaml", "--origin"],
    ["recipe show RECIPE", "recipe", "show", join(programRoot, "recipes/quickstart.yaml")],
    ["recipe schema", "recipe", "schema"],
    ["runs ls [FOLDER]", "runs", "ls"],
    ["runs show RUN", "runs", "show", "runs/r"],
    ["runs verify RUN", "runs", "verify", "runs/r"],
    ["dataset place init LAT,LON", "dataset", "place", "init", "47.2,9.62", "--out", "mine/place.yaml"],
    ["dataset place check FILE", "dataset", "place", "check", "mine/place.yaml", "--out", "mine.png"],
    ["models", "models", "--scale", "mini"],
    ["models", "models"],
    ["setup", "setup"],
    ["doctor", "doctor"],
    ["completion SHELL", "completion", "fish"],
  ];
  for (const [documented, ...command] of cases)
    test(`${command.join(" ")} is as documented`, async () => {
      const { stdout } = await program.run(...command, "--json");
      expect(stdout.trimEnd()).not.toContain("\n");
      expect(misfits(JSON.parse(stdout), documentedResults.get(documented))).toEqual([]);
    });

  test("every command is documented", () => {
    const known = [...documentedResults.keys()];
    const commands = new Host({}).commands.map(({ name }) => name);
    expect(commands.filter((name) => !known.some((text) => text === name || text.startsWith(`${name} `)))).toEqual([]);
  });
});

describe("exit codes", () => {
  test("are documented as `help exit-codes` says them", async () => {
    const { stdout } = await program.run("help", "exit-codes");
    const told = new Map([...stdout.matchAll(/^ +(\d+) {2}(.*)$/gm)].map(([, code, means]) => [Number(code), means!]));
    expect(told).toEqual(new Map(documentedCodes));
    expect([...told.keys()].sort()).toEqual((Object.values(EXIT) as number[]).sort());
  });

  const cases: [code: number, ...command: string[]][] = [
    [2, "run", "wrong.yaml"],
    [2, "recipe", "check", "wrong.yaml"],
    [2, "recipe", "show", "wrong.yaml"],
    [2, "recipe", "check", "absent.yaml"],
    [65, "recipe", "check", "r.yaml", "--set", "place=absent/place.yaml"],
    [65, "run", "failing.yaml"],
    [65, "runs", "show", "nothing"],
    [65, "runs", "verify", "nothing"],
    [65, "sample", "nothing"],
    [65, "extend", "nothing"],
    [65, "eval", "nothing"],
    [69, "sample", "runs/r"],
    [2, "view", "nothing"],
    [65, "view", "runs/r"],
    [65, "dataset", "ls", "nothing"],
    [65, "dataset", "show", "nothing", "x"],
    [65, "dataset", "reindex", "nothing"],
    [2, "models", "--scale", "huge"],
    [2, "completion", "tcsh"],
  ];
  for (const [code, ...command] of cases)
    test(`${command.join(" ")}: ${code}, and the error as documented`, async () => {
      const { stdout, stderr, code: exit } = await program.run(...command, "--json");
      expect([exit, stderr]).toEqual([code, expect.any(String)]);
      if (command[1] === "check") return; // what it finds is its result
      expect(misfits(JSON.parse(stdout), documentedBlock("error"))).toEqual([]);
      expect(JSON.parse(stdout).error.exit).toBe(code);
    });

  test("of every command: 2 for a flag that it does not have", async () => {
    for (const { name } of new Host({}).commands) {
      const { stdout, stderr, code } = await program.run(...name.split(" "), "--no-such-flag");
      expect([name, stdout, code]).toEqual([name, "", 2]);
      expect(stderr).toContain("--no-such-flag");
    }
  });
});

test("events on stderr are as documented", async () => {
  const { stderr } = await program.run("run", "failing.yaml", "--json", "--out", "events");
  const events = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(misfits(events, documentedBlock("events"))).toEqual([]);
  expect(new Set(events.map((event) => (event as { event: string }).event))).toEqual(
    new Set(["info", "stage-start", "stage-end", "stage-progress", "error"]),
  );
});
