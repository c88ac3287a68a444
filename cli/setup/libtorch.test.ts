import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { searchLibtorch } from "./libtorch";
import { libtorchWheels, TORCH_VERSION } from "./pins";
import { probeLibrary } from "./probe";
import { pythonTorch } from "./python-torch";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-libtorch-"));
const cacheBefore = process.env.XDG_CACHE_HOME;
process.env.XDG_CACHE_HOME = join(dir, "cache");
afterAll(() => {
  if (cacheBefore === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = cacheBefore;
  rmSync(dir, { recursive: true });
});

function torch(name: string, version: string, files = ["lib/libtorch_cpu.so", "lib/libc10.so", "include/ATen/core/Tensor.h"]): string {
  const folder = join(dir, name);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  writeFileSync(join(folder, "version.py"), `from typing import Optional\n__version__ = '${version}'\ndebug = False\n`);
  return folder;
}

/** A python3 that answers every probe with this module folder, and counts how often it is asked. */
function python(name: string, module: string | null, sysPath: string[] = []): { path: string; asked: () => number } {
  const bin = join(dir, name);
  mkdirSync(bin, { recursive: true });
  const log = join(bin, "asked");
  writeFileSync(log, "");
  writeFileSync(join(bin, "python3"), `#!/bin/sh\necho x >>'${log}'\necho '${JSON.stringify({ dir: module, path: sysPath })}'\n`);
  chmodSync(join(bin, "python3"), 0o755);
  return { path: bin, asked: () => readFileSync(log, "utf8").length / 2 };
}

describe("libtorch is searched for", () => {
  test("in EARTHCRAFT_LIBTORCH first, and nowhere else when that is wrong", () => {
    const good = torch("named", `${TORCH_VERSION}+cpu`);
    expect(searchLibtorch({ EARTHCRAFT_LIBTORCH: good }).found).toEqual({
      dir: good,
      version: `${TORCH_VERSION}+cpu`,
      source: "EARTHCRAFT_LIBTORCH",
    });
    const wrong = searchLibtorch({ EARTHCRAFT_LIBTORCH: torch("older", "2.10.1"), LIBTORCH: good });
    expect(wrong.found).toBeUndefined();
    expect(wrong.attempts.at(-1)!.detail).toBe(`is 2.10.1; exactly ${TORCH_VERSION} is needed`);
  });

  test("then in LIBTORCH, then where python3 would import torch from", () => {
    const [fromVariable, fromPython] = [torch("variable", TORCH_VERSION), torch("wheel", `${TORCH_VERSION}+cu130`)];
    const { path } = python("python-good", fromPython);
    expect(searchLibtorch({ LIBTORCH: fromVariable, PATH: path }).found!.dir).toBe(fromVariable);
    expect(searchLibtorch({ LIBTORCH: join(dir, "nowhere"), PATH: path }).found).toMatchObject({ dir: fromPython, source: "python3" });
  });

  test("and every place says why it would not do", () => {
    const half = torch("half", TORCH_VERSION, ["lib/libtorch_cpu.so"]);
    const { attempts, found } = searchLibtorch({ LIBTORCH: half, PATH: python("python-none", null).path });
    expect(found).toBeUndefined();
    expect(attempts.map(({ source, detail }) => [source, detail])).toEqual([
      ["EARTHCRAFT_LIBTORCH", "not set"],
      ["LIBTORCH", "has no lib/libc10.so, include/ATen/core/Tensor.h"],
      ["python3", `${join(dir, "python-none", "python3")} has no torch`],
      ["cache", "no such folder"],
    ]);
  });
});

test("python3 is asked once, and again when a folder on its path changes", () => {
  const site = join(dir, "site");
  mkdirSync(site);
  const { path, asked } = python("python-counting", "/somewhere/torch", [site]);
  expect(pythonTorch({ PATH: path })).toEqual({ dir: "/somewhere/torch" });
  expect(pythonTorch({ PATH: path })).toEqual({ dir: "/somewhere/torch" });
  expect(asked()).toBe(1);
  writeFileSync(join(site, "installed.txt"), "");
  pythonTorch({ PATH: path });
  expect(asked()).toBe(2);
});

test("every wheel is pinned to one version and a checksum of its own", () => {
  const all = ["x64", "arm64"].flatMap((architecture) => libtorchWheels(architecture)!);
  for (const { requirement, sha256 } of all) {
    expect(requirement).toMatch(/^[a-z-]+==\d+(\.\d+)+$/);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(new Set(all.map(({ sha256 }) => sha256)).size).toBe(6);
  expect(libtorchWheels("ia32")).toBeUndefined();
});

describe("a library is tried in a child", () => {
  const library = (name: string, code: string): string => {
    const path = join(dir, `${name}.so`);
    writeFileSync(join(dir, `${name}.c`), code);
    expect(Bun.spawnSync(["cc", "-shared", "-fPIC", "-o", path, join(dir, `${name}.c`)]).exitCode).toBe(0);
    return path;
  };

  test("that crashes: the verdict names the signal", () => {
    const verdict = probeLibrary(library("crash", "#include <stdlib.h>\n__attribute__((constructor)) static void begin(void) { abort(); }"));
    expect(verdict).toMatchObject({ ok: false, detail: expect.stringContaining("SIGABRT") });
  });

  test("that is another library: the missing symbol is named", () => {
    expect(probeLibrary(library("other", "int nothing(void) { return 1; }"))).toMatchObject({
      ok: false,
      detail: expect.stringContaining("ec_abi_version"),
    });
  });

  test("that is no library", () => {
    writeFileSync(join(dir, "text.so"), "not a library");
    expect(probeLibrary(join(dir, "text.so")).ok).toBe(false);
  });
});
