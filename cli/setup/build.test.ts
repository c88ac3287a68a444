/** Builds of a small library in a checkout of its own, through the program itself. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { programRoot } from "../io";
import { TORCH_VERSION } from "./pins";

const MINUTE = 60_000;
const dir = mkdtempSync(join(tmpdir(), "earthcraft-build-"));
const checkout = join(dir, "checkout");
const cache = join(dir, "cache");

const CMAKE = `cmake_minimum_required(VERSION 3.18)
project(earthcraft LANGUAGES CXX)
file(GLOB SOURCES CONFIGURE_DEPENDS "\${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
add_library(earthcraft SHARED \${SOURCES})
`;
const library = (init: string) => `extern "C" int ec_abi_version() { return 1; }
extern "C" int ec_init() { ${init} }
extern "C" int ec_operator_find(const char*) { return 0; }
`;

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const source = (text: string) => put(join(checkout, "ffi/native/all.cpp"), text);

async function setup(): Promise<{ exit: number; ready: string | undefined; stderr: string }> {
  const child = Bun.spawn([process.execPath, join(checkout, "cli/main.ts"), "setup", "--json"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: dir, XDG_CACHE_HOME: cache, EARTHCRAFT_LIBTORCH: join(dir, "torch") },
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const exit = await child.exited;
  return { exit, ready: exit === 0 ? (JSON.parse(stdout) as { library: string }).library : undefined, stderr: stderr + stdout };
}

const built = () => readdirSync(join(cache, "earthcraft/native")).filter((name) => /^[0-9a-f]{16}$/.test(name)).length;

beforeAll(() => {
  for (const file of ["lib/libtorch_cpu.so", "lib/libc10.so", "include/ATen/core/Tensor.h"]) put(join(dir, "torch", file), "");
  put(join(dir, "torch/version.py"), `__version__ = '${TORCH_VERSION}+test'\n`);
  for (const part of ["cli", "bunfig.toml", "tsconfig.json", "package.json"])
    cpSync(join(programRoot, part), join(checkout, part), { recursive: true });
  symlinkSync(join(programRoot, "node_modules"), join(checkout, "node_modules"));
  put(join(checkout, "ffi/native/CMakeLists.txt"), CMAKE);
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("setup", () => {
  test(
    "builds once, though two begin at the same time, and not again",
    async () => {
      source(library("return 0;"));
      const [a, b] = await Promise.all([setup(), setup()]);
      expect([a.exit, b.exit, a.stderr.match(/error/)]).toEqual([0, 0, null]);
      expect(a.ready).toBe(b.ready!);
      expect(existsSync(join(dirname(a.ready!), "BUILD_DONE"))).toBe(true);
      expect(built()).toBe(1);
      const made = statSync(a.ready!).mtimeMs;
      const again = await setup();
      expect(again.ready).toBe(a.ready!);
      expect(again.stderr).not.toContain("building");
      expect(statSync(a.ready!).mtimeMs).toBe(made);
    },
    MINUTE,
  );

  test(
    "builds changed sources beside the earlier ones, and finds those again when the change is taken back",
    async () => {
      const before = await setup();
      source(library("return 0 * 1;"));
      const changed = await setup();
      expect(changed.ready).not.toBe(before.ready!);
      source(library("return 0;"));
      const back = await setup();
      expect(back.ready).toBe(before.ready!);
      expect(back.stderr).not.toContain("building");
      expect(built()).toBe(2);
    },
    MINUTE,
  );

  test(
    "shows the compiler's own words, by the checkout's path, when that fails: exit 69, earlier builds stay",
    async () => {
      source(library("return nothing;"));
      const { exit, stderr } = await setup();
      expect(exit).toBe(69);
      expect(stderr).toMatch(/'nothing' was not declared|undeclared identifier 'nothing'/);
      expect(stderr).toContain(join(checkout, "ffi/native/all.cpp"));
      expect(stderr).toContain("fix");
      expect(built()).toBe(2);
    },
    MINUTE,
  );

  test(
    "keeps no library that crashes when it is opened",
    async () => {
      source(`#include <cstdlib>\n${library("std::abort();")}`);
      const { exit, stderr } = await setup();
      expect(exit).toBe(69);
      expect(stderr).toContain("SIGABRT");
      expect(built()).toBe(2);
    },
    MINUTE,
  );
});
