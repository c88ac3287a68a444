/** A plugin in a package of its own: loaded when the user's configuration names it, and for no other reason. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Host } from "../../cli/host";
import { programRoot } from "../../cli/io";
import { fixturePlugin, Program } from "./program";

setDefaultTimeout(60_000); // programs are started, and the machine may be busy

const NAME = "earthcraft-plugin-canopy";
const SOURCE = join(programRoot, "test", "third-party", NAME);

let program: Program;
/** The user's own folder of configuration; the working folder is another one. */
let home: string;
beforeEach(() => {
  program = new Program([]);
  home = join(program.dir, "home");
  mkdirSync(home);
  program.env.EARTHCRAFT_CONFIG = join(home, "config.json");
  mkdirSync(join(program.dir, "work"));
});
afterEach(() => program[Symbol.dispose]());

const configure = (...plugins: string[]) => program.write("home/config.json", JSON.stringify({ plugins }));
const install = (folder: string) => cpSync(SOURCE, join(program.dir, folder, "node_modules", NAME), { recursive: true });
const colours = ["#20c030", "#c02030", "#101112", "#11ff12"];

describe("named in the configuration and installed beside it", () => {
  beforeEach(() => {
    install("home");
    configure(NAME);
  });

  test("its command runs, is listed and has help", async () => {
    expect((await program.run("canopy", ...colours)).stdout).toBe("50 % green\n");
    expect(JSON.parse((await program.run("canopy", ...colours, "--json")).stdout)).toEqual({ green: 0.5 });
    expect((await program.run("--help")).stdout).toContain("canopy");
    expect((await program.run("help", "canopy")).stdout).toContain("say whether colours are green");
  });

  test("its metric is found by name, beside ours, in recipes", async () => {
    const host = new Host({ EARTHCRAFT_CONFIG: join(home, "config.json") });
    expect(host.warnings).toEqual([]);
    expect(host.metricNames()).toEqual(["height_error_m", "green_share"]);
    const metric = await host.metric("green_share");
    const drawn = { coords: new Int32Array(9), rgb: Uint8Array.of(9, 200, 9, 200, 9, 9, 9, 10, 9) };
    expect(await metric!.measure({ crop: "", condition: "", extent: 8, voxel_m: 1, map: new Uint8Array(64), truth: drawn, drawn })).toBeCloseTo(
      2 / 3,
      6,
    );
    expect(await host.metric("blue_share")).toBeUndefined();
  });

  test("a recipe that names a metric nobody has is refused before anything runs", async () => {
    const recipe = join(programRoot, "recipes", "quickstart.yaml");
    const dry = (metric: string) => program.run("run", recipe, "--dry-run", "--set", `evaluate.metrics=[height_error_m, ${metric}]`);
    expect((await dry("green_share")).code).toBe(0);
    const { stderr, code } = await dry("gren_share");
    expect(stderr).toContain(
      'no plugin has the metric "gren_share"\n  where: --set evaluate.metrics evaluate.metrics.1\n  fix: did you mean "green_share"?',
    );
    expect(code).toBe(2);
  });
});

test("a folder by its path, from the configuration's own folder", async () => {
  cpSync(SOURCE, join(home, "mine"), { recursive: true });
  configure("./mine");
  expect((await program.run("canopy", "#00ff00")).stdout).toBe("100 % green\n");
});

test("what comes with earthcraft is never replaced: a command, a stage and a metric of the same name are left out, with a warning each", async () => {
  const { readFileSync } = await import("node:fs");
  cpSync(SOURCE, join(home, "mine"), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(home, "mine", "plugin.json"), "utf8"));
  manifest.commands[0].name = "doctor";
  manifest.metrics[0].name = "height_error_m";
  manifest.stages = [{ name: "split", version: 1, title: "", aliases: [] }];
  program.write("home/mine/plugin.json", JSON.stringify(manifest));
  const host = new Host({ EARTHCRAFT_CONFIG: configure("./mine") });
  expect(host.warnings).toEqual(
    ['the command "doctor"', 'the metric "height_error_m"', 'the stage "split"'].map(
      (what) => `plugin canopy: ${what} exists already; the first one wins`,
    ),
  );
  expect((await host.metric("height_error_m"))!.title).toBe("tops off by (m)");
});

describe("what only lies in the working folder is not loaded:", () => {
  const unknown = async (...args: Parameters<Program["start"]>) => {
    const running = program.start(...args);
    const { stdout, stderr, code } = await running.finished();
    expect(stdout).toBe("");
    expect(stderr).toContain('there is no command "canopy"');
    expect(code).toBe(2);
  };

  test("a package in its node_modules, a folder of plugins, a configuration", async () => {
    install(".");
    for (const folder of [NAME, "plugins/canopy", "plugin"]) cpSync(SOURCE, join(program.dir, folder), { recursive: true });
    const config = JSON.stringify({ plugins: [NAME, `./${NAME}`] });
    for (const file of ["config.json", "earthcraft.config.json", ".config/earthcraft/config.json", "earthcraft/config.json"])
      program.write(file, config);
    await unknown("canopy");
  });

  test("a name that is configured but installed only there", async () => {
    install(".");
    configure(NAME);
    const { stderr, code } = await program.run("canopy");
    expect(stderr).toContain(`warning: plugin "${NAME}" of ${join(home, "config.json")} was not found at ${join(home, "node_modules", NAME)}`);
    expect(code).toBe(2);
  });

  test("an .env that points at a configuration, a bunfig.toml that loads code, a tsconfig.json that moves imports", async () => {
    delete program.env.EARTHCRAFT_CONFIG;
    program.env.XDG_CONFIG_HOME = home;
    install(".");
    program.write("config.json", JSON.stringify({ plugins: [NAME] }));
    for (const file of [".env", ".env.local", ".env.development"]) program.write(file, `EARTHCRAFT_CONFIG=${join(program.dir, "config.json")}\n`);
    program.write("evil.ts", 'console.log("evil ran");\nprocess.exit(0);\n');
    program.write("bunfig.toml", 'preload = ["./evil.ts"]\n[run]\npreload = ["./evil.ts"]\n');
    program.write("tsconfig.json", JSON.stringify({ compilerOptions: { paths: { zod: ["./evil.ts"], cac: ["./evil.ts"], "*": ["./evil.ts"] } } }));
    await unknown("canopy");
    const launched = Bun.spawnSync([join(programRoot, "earthcraft"), "canopy"], {
      cwd: program.dir,
      env: { ...program.env, EARTHCRAFT_BUN: process.execPath },
    });
    expect(launched.stdout.toString()).toBe("");
    expect(launched.stderr.toString()).toContain('there is no command "canopy"');
    expect(launched.exitCode).toBe(2);
  });

  test("nor does any of it reach the processes that stages run in", async () => {
    program.write("config.json", JSON.stringify({ plugins: [fixturePlugin] }));
    program.env.EARTHCRAFT_CONFIG = join(program.dir, "config.json");
    program.write("evil.ts", `require("node:fs").writeFileSync(${JSON.stringify(join(program.dir, "evil-ran"))}, "");\n`);
    program.write("bunfig.toml", 'preload = ["./evil.ts"]\n');
    program.write("r.yaml", "title: t\nstages: [numbers]\n");
    expect((await program.run("run", "r.yaml")).code).toBe(0);
    expect(program.has("evil-ran")).toBe(false);
  });
});
