import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRoot } from "../io";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-machine-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** What a shell script needs to run at all. */
const BASE = "sh readlink uname grep cut cat ls cmp mkdir rm mktemp sed".split(" ");

/** A folder for PATH with just these programs: the machine's own, or scripts that print a line. */
function machine(name: string, own: readonly string[], scripts: Readonly<Record<string, string>> = {}): string {
  const bin = join(dir, name, "bin");
  mkdirSync(bin, { recursive: true });
  for (const program of [...BASE, ...own]) symlinkSync(Bun.which(program)!, join(bin, program));
  for (const [program, prints] of Object.entries(scripts)) {
    writeFileSync(join(bin, program), `#!${Bun.which("sh")}\necho '${prints}'\n`);
    chmodSync(join(bin, program), 0o755);
  }
  return bin;
}

function requirements(path: string, env: Record<string, string> = {}): Record<string, string> & { exit: string } {
  const ran = Bun.spawnSync([Bun.which("sh")!, join(import.meta.dir, "requirements.sh"), "bun", "torch", "build"], { env: { PATH: path, ...env } });
  const rows = ran.stdout
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
  return {
    exit: String(ran.exitCode),
    ...Object.fromEntries(rows.map(([state, name, found]) => [name, state === "install" ? found : `${state}: ${found}`])),
  };
}

describe("requirements", () => {
  test("of a bare Debian are named with one command for all", () => {
    const said = requirements(machine("bare", [], { "apt-get": "" }));
    expect(said.exit).toBe("1");
    expect(said.command).toBe("apt-get install npm python3 python3-pip g++ cmake make");
  });

  test("of a bare Fedora and Alpine have their own names", () => {
    expect(requirements(machine("fedora", [], { dnf: "" })).command).toBe("dnf install nodejs-npm python3 python3-pip gcc-c++ cmake make");
    expect(requirements(machine("alpine", [], { apk: "" })).command).toBe("apk add npm python3 py3-pip g++ cmake make");
  });

  test("that are too old are missing, and it says how old", () => {
    const said = requirements(
      machine("old", [], { "g++": "9.4.0", cmake: "cmake version 3.16.3", python3: "3.8.10", npm: "6.1.0", make: "", "apt-get": "" }),
    );
    expect(said.compiler).toContain("is 9.4.0, 11 is needed");
    expect(said.cmake).toContain("is 3.16.3, 3.18 is needed");
    expect(said.python3).toContain("is 3.8.10, 3.10 is needed");
    expect(said.npm).toStartWith("ok: ");
    expect(said.command).toBe("apt-get install python3 python3-pip g++ cmake");
  });

  test("that are met say where and which version", () => {
    const said = requirements(
      machine("good", [], { "g++": "12.2.0", cmake: "cmake version 3.25.1", python3: "3.11.2", npm: "10.2.0", ninja: "1.11" }),
    );
    expect(said).toMatchObject({
      exit: "0",
      compiler: `ok: ${join(dir, "good/bin/g++")} 12.2.0`,
      cmake: expect.stringContaining("3.25.1"),
      ninja: expect.stringContaining("ok: "),
    });
    expect(said.command).toBeUndefined();
  });

  test("CXX is the compiler that counts", () => {
    expect(requirements(machine("cxx", [], { "g++": "13.1.0", "g++-9": "9.3.0" }), { CXX: "g++-9" }).compiler).toContain("is 9.3.0");
  });
});

describe("the launcher", () => {
  const checkout = join(dir, "checkout");
  mkdirSync(join(checkout, "cli", "setup"), { recursive: true });
  for (const file of ["earthcraft", "bun.lock", "bunfig.toml", "tsconfig.json", "package.json", "cli/setup/requirements.sh"])
    cpSync(join(programRoot, file), join(checkout, file));
  writeFileSync(join(checkout, "cli/main.ts"), "console.log(process.argv.slice(2).join(' '))");
  const launch = (path: string, args: string[], env: Record<string, string> = {}) => {
    const home = mkdtempSync(join(dir, "home-"));
    const ran = Bun.spawnSync([join(checkout, "earthcraft"), ...args], { cwd: dir, env: { PATH: path, HOME: home, ...env } });
    return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString(), home: readdirSync(home) };
  };

  test("without bun, npm and compiler names all of it, downloads nothing, leaves nothing", () => {
    const { exit, stderr, home } = launch(machine("launch-bare", [], { "apt-get": "" }), ["run", "x.yaml"]);
    expect(exit).toBe(69);
    expect(stderr).toContain("nothing was downloaded");
    expect(stderr).toContain("apt-get install npm g++ cmake make python3 python3-pip");
    expect(home).toEqual([]);
    expect(existsSync(join(checkout, "node_modules"))).toBe(false);
  });

  test("a ready native library and libtorch need no compiler and no pip", () => {
    const { stderr } = launch(machine("launch-ready", [], { "apt-get": "" }), ["run"], { EARTHCRAFT_NATIVE: "/x.so" });
    expect(stderr).toContain("install it:  apt-get install npm\n");
  });

  test("with bun but no packages and no compiler it stops before the packages", () => {
    const { exit, stderr } = launch(machine("launch-half", [], { "apt-get": "" }), ["run"], { EARTHCRAFT_BUN: process.execPath });
    expect(exit).toBe(69);
    expect(stderr).toContain("install it:  apt-get install g++ cmake make python3 python3-pip\n");
    expect(existsSync(join(checkout, "node_modules"))).toBe(false);
  });

  test("an EARTHCRAFT_BUN that is none is an error, not passed over", () => {
    const { exit, stderr } = launch(machine("launch-wrong", []), ["doctor"], { EARTHCRAFT_BUN: "/bin/false" });
    expect(exit).toBe(69);
    expect(stderr).toContain("EARTHCRAFT_BUN=/bin/false is not a bun");
  });

  test("with packages in place it hands every argument over as it is", () => {
    mkdirSync(join(checkout, "node_modules"));
    cpSync(join(checkout, "bun.lock"), join(checkout, "node_modules/.earthcraft-bun.lock"));
    const args = ["train", "--set", "a=00123", "two words", "$HOME", "--seed", "-3"];
    const { exit, stdout } = launch(machine("launch-good", []), args, { EARTHCRAFT_BUN: process.execPath });
    expect(stdout).toBe(`${args.join(" ")}\n`);
    expect(exit).toBe(0);
  });

  test("through a link elsewhere it finds its own checkout", () => {
    symlinkSync(join(checkout, "earthcraft"), join(dir, "link"));
    const ran = Bun.spawnSync([join(dir, "link"), "hello"], {
      cwd: "/",
      env: { PATH: machine("launch-link", []), HOME: dir, EARTHCRAFT_BUN: process.execPath },
    });
    expect(ran.stdout.toString()).toBe("hello\n");
  });
});
