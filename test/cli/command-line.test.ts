/** The command line as a person meets it: what it prints, where, and the exit code. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fixturePlugin, Program, programCommand } from "./program";

setDefaultTimeout(60_000); // programs are started, and the machine may be busy

const program = new Program();
const run = (...args: string[]) => program.run(...args);
const given = async (...args: string[]) => JSON.parse((await run("count", "show", "--json", ...args)).stdout);

describe("values", () => {
  test("stay as they were written: ids are text, large seeds are exact or refused", async () => {
    expect((await given("00123")).args).toEqual({ id: "00123", more: [] });
    expect((await given("a", "--scene", "00123")).flags.scene).toBe("00123");
    expect((await given("a", "--scene=0x10")).flags.scene).toBe("0x10");
    expect((await given("a", "--scene", "true")).flags.scene).toBe("true");
    expect((await given("a", "--seed", "9007199254740991")).common.seed).toBe(9007199254740991);
    const large = await run("count", "show", "a", "--seed", "12345678901234567890");
    expect(large.stderr).toContain("--seed: 12345678901234567890 is too large".split(": ")[1]!);
    expect(large.code).toBe(2);
  });

  test("may begin with a dash, be empty, or hold an equals sign", async () => {
    expect((await given("a", "--size", "-3")).flags.size).toBe(-3);
    expect((await given("a", "--scene", "--odd")).flags.scene).toBe("--odd");
    expect((await given("a", "--scene=")).flags.scene).toBe("");
    expect((await given("a", "--set", "b.c=d=e")).common.set).toEqual(["b.c=d=e"]);
    expect((await given("a", "--", "--size", "-x")).args).toEqual({ id: "a", more: ["--size", "-x"] });
  });

  test("that are negative numbers may stand alone: no flag begins with a digit", async () => {
    expect((await given("-33.86,151.2", "-.5")).args).toEqual({ id: "-33.86,151.2", more: ["-.5"] });
    expect((await run("count", "show", "-x")).stderr).toContain("has no flag -x");
  });

  test("of a list come in order, one or many", async () => {
    expect((await given("a")).flags.tag).toEqual([]);
    expect((await given("a", "--tag", "1")).flags.tag).toEqual(["1"]);
    expect((await given("a", "--tag", "2", "--tag=1")).flags.tag).toEqual(["2", "1"]);
    expect((await given("a", "--set", "x=1", "--set", "y=2")).common.set).toEqual(["x=1", "y=2"]);
  });

  test("of paths start at the working folder, and defaults hold", async () => {
    expect((await given("a", "--file", "b/c")).flags).toMatchObject({ file: join(program.dir, "b/c"), size: 2 });
  });

  test("global flags may stand before the command", async () => {
    const { stdout } = await run("--seed", "7", "--json", "count", "show", "a");
    expect(JSON.parse(stdout).common.seed).toBe(7);
  });
});

describe("wrong usage says what was meant, and exits 2", () => {
  const cases: [string[], string][] = [
    [["rnu", "r.yaml"], 'did you mean "run"?'],
    [["run", "r.yaml", "--untill", "x"], "did you mean --until?"],
    [["count", "biuld", "r.yaml"], 'did you mean "count build"?'],
    [["count", "show"], "<id> is missing"],
    [["run", "a", "b"], '"b" is one argument too many'],
    [["run"], "<recipe> is missing"],
    [["run", "r.yaml", "--until"], "wants STAGE"],
    [["run", "r.yaml", "--json=1"], "takes no value"],
    [["count", "show", "a", "--mode", "quick"], '"quick" is not one of fast, slow'],
    [["count", "show", "a", "--size", "big"], '"big" is not a number'],
    [["count", "show", "a", "--out", "x"], "has no flag --out"],
    [["count", "show", "a", "--seed", "1.5"], "not a whole number"],
    [["run", "r.yaml", "--device", "gpu"], '"gpu" is no device'],
    [["run", "r.yaml", "--seed", "1", "--seed", "2"], "given more than once"],
    [["help", "nothing"], 'there is no command "nothing"'],
    [["run", "r.yaml", "--shard", "3/2"], "wants a part"],
    [["run", "missing.yaml"], "there is no such file"],
  ];
  for (const [args, message] of cases)
    test(args.join(" "), async () => {
      const { stdout, stderr, code } = await run(...args);
      expect(stdout).toBe("");
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    });

  test("no command: help on stderr", async () => {
    const { stdout, stderr, code } = await run();
    expect(stdout).toBe("");
    expect(stderr).toContain("Start here");
    expect(code).toBe(2);
  });
});

describe("help", () => {
  for (const args of [["--help"], ["-h"], ["help"]])
    test(args.join(" "), async () => {
      const { stdout, stderr, code } = await run(...args);
      expect(stdout).toContain("count show");
      expect(stderr).toBe("");
      expect(code).toBe(0);
    });

  for (const args of [
    ["help", "count", "show"],
    ["count", "show", "-h"],
    ["count", "show", "x", "--help"],
  ])
    test(args.join(" "), async () => {
      const { stdout, code } = await run(...args);
      expect(stdout).toStartWith("earthcraft count show <id> [more …]\n");
      expect(stdout).toContain("--mode fast|slow");
      expect(code).toBe(0);
    });

  test("of a group lists its commands", async () => {
    expect((await run("count", "--help")).stdout).toContain("count build");
    expect((await run("count")).code).toBe(2);
  });

  test("explains the exit codes", async () => {
    expect((await run("help", "exit-codes")).stdout).toMatch(/ 75 {2}the run folder is in use/);
  });

  test("comes within 150 ms and runs no plugin's code", async () => {
    const broken = join(program.dir, "broken");
    mkdirSync(broken, { recursive: true });
    program.write("broken/index.ts", "throw new Error('ran');\n");
    program.write(
      "broken/plugin.json",
      JSON.stringify({
        protocol: 1,
        name: "broken",
        summary: "",
        commands: [{ name: "snap", summary: "breaks", args: {}, flags: {}, accepts: [], examples: [] }],
        stages: [],
        report: false,
      }),
    );
    using own = new Program([fixturePlugin, broken]);
    const { stdout, stderr, cpu_ms } = await own.run("--help");
    expect(stdout).toContain("snap");
    expect(stderr).toBe("");
    expect(cpu_ms).toBeWithin(5, 150);
    const snapped = await own.run("snap");
    expect(snapped.stderr).toContain('plugin "broken" does not load: ran');
    expect(snapped.stderr).toContain("fix: mend it, or take it out of your configuration");
    expect(snapped.stderr).not.toContain("bug in earthcraft"); // it is somebody else's
    expect(snapped.code).toBe(1);
    expect((await own.run("count", "show", "a")).stdout).toBe("id a\n");
  });

  test("survives plugins that are missing, torn or of another protocol, each named in a warning", async () => {
    program.write("torn/plugin.json", "{");
    program.write("future/plugin.json", '{"protocol": 2, "name": "future"}');
    using own = new Program([join(program.dir, "torn"), join(program.dir, "future"), "/nowhere", fixturePlugin]);
    const { stdout, stderr, code } = await own.run("--help");
    expect(stdout).toContain("count show");
    expect(stderr.match(/warning: /g)).toHaveLength(3);
    expect(stderr).toContain("wants protocol 2, this program has 1");
    expect(code).toBe(0);
  });
});

test("a plugin that only lies in the working folder is not loaded", async () => {
  using own = new Program([]);
  own.write(
    "node_modules/earthcraft-plugin-evil/plugin.json",
    '{"protocol":1,"name":"evil","summary":"","commands":[{"name":"evil","summary":"","args":{},"flags":{},"accepts":[],"examples":[]}],"stages":[],"report":false}',
  );
  expect((await own.run("evil")).code).toBe(2);
});

test("a plugin of somebody else's, anywhere on the disk, gets the host's own interface", async () => {
  using own = new Program([]);
  own.write("config.json", '{ "plugins": ["./mine"] }');
  own.write(
    "mine/index.ts",
    `import { z } from "zod";
     import { defineCommand, definePlugin, defineStage, fileOption, UserError } from "earthcraft/cli/plugin";
     const refuse = defineStage({ name: "refuse", version: 1, title: "Refusal", options: z.strictObject({ why: z.string().default("no"), from: fileOption().optional() }), native: false,
       async run({ options }) { throw new UserError({ what: options.why, exit: 65 }); } });
     export default definePlugin({ name: "mine", summary: "mine", stages: [refuse], commands: [defineCommand({ name: "mine", summary: "mine", async run({ result }) { result({}, "it runs"); } })] });`,
  );
  own.write(
    "mine/plugin.json",
    '{"protocol":1,"name":"mine","summary":"mine","commands":[{"name":"mine","summary":"mine","args":{},"flags":{},"accepts":[],"examples":[]}],"stages":[{"name":"refuse","version":1,"title":"Refusal","aliases":[]}],"report":false}',
  );
  expect((await own.run("mine")).stdout).toBe("it runs\n");
  own.write("r.yaml", "title: t\nstages: [{ refuse: { why: because } }]\n");
  const { stderr, code } = await own.run("run", "r.yaml");
  expect(stderr).toContain("error: because\n");
  expect(code).toBe(65);
});

test("names that would move the cursor or clear the screen are shown harmless", async () => {
  const hostile = "\u001b[2J\u0007\u009b1A";
  const missing = await run("run", `a${hostile}.yaml`);
  program.write("escape.yaml", `title: "t\\e[2J\\a"\nstages: [numbers]\n`);
  expect((await run("run", "escape.yaml")).code).toBe(0);
  const shown = [missing.stderr, (await run("runs", "ls")).stdout, (await run("runs", "show", "runs/escape")).stdout];
  for (const text of shown) expect(text).toContain("\ufffd[2J");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  for (const text of shown) expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
});

test("--version is the program's own", async () => {
  expect((await run("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe("stdout", () => {
  test("a reader that leaves early is no error", async () => {
    const words = Array.from({ length: 9_000 }, (_, i) => `word-${i}`).join(" "); // as much as one argument of a shell may hold
    for (const args of ["--help", `count show a ${words} --json`]) {
      const command = `${programCommand.join(" ")} ${args} | head -c 20; echo; echo $PIPESTATUS`;
      const result = Bun.spawnSync(["bash", "-c", command], { env: program.env, cwd: program.dir });
      expect(result.stderr.toString()).toBe("");
      expect(result.stdout.toString()).toEndWith("\n0\n");
    }
  });

  test("stderr that nobody reads any more stops no run", async () => {
    program.write("quiet.yaml", "title: t\nstages: [numbers, square, total]\n");
    const command = `${programCommand.join(" ")} run quiet.yaml 2>&1 >/dev/null | head -1; echo $PIPESTATUS`;
    const result = Bun.spawnSync(["bash", "-c", command], { env: program.env, cwd: program.dir });
    expect(result.stdout.toString()).toEndWith("\n0\n");
    expect(program.has("runs/quiet/total/total.json")).toBe(true);
  });

  const intoFull = async (...args: string[]) => {
    const child = Bun.spawn([...programCommand, ...args], {
      env: program.env,
      cwd: program.dir,
      stdout: openSync("/dev/full", "w"),
      stderr: "pipe",
    });
    return { stderr: await new Response(child.stderr).text(), code: await child.exited };
  };

  for (const args of [["count", "show", "a"], ["count", "show", "a", "--json"], ["--help"], ["--version"], ["help", "exit-codes"]])
    test(`that cannot be written is one, 74: ${args.join(" ")}`, async () => {
      const { stderr, code } = await intoFull(...args);
      expect(stderr).toContain("cannot write the result");
      expect(stderr).not.toContain("    at ");
      expect(code).toBe(74);
    });

  test("that cannot be written hides no other error", async () => {
    for (const more of [[], ["--json"]]) {
      const { stderr, code } = await intoFull("rnu", ...more);
      expect(stderr).toMatch(/there is no command \\?"rnu/);
      expect(stderr).not.toContain("    at ");
      expect(code).toBe(2);
    }
  });

  test("that cannot be written costs a run nothing but its last line", async () => {
    program.write("full.yaml", "title: t\nstages: [numbers]\n");
    const { stderr, code } = await intoFull("run", "full.yaml");
    expect(stderr).toContain("cannot write the result");
    expect(code).toBe(74);
    expect((await run("run", "full.yaml", "--json")).stdout).toContain('"ran":0');
  });

  test("a long result arrives whole", async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `word-${i}`);
    const { stdout } = await run("count", "show", "--json", "a", ...many);
    expect(JSON.parse(stdout).args.more).toEqual(many);
  });
});
