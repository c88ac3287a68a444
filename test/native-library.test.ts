/**
 * The whole native library under AddressSanitizer and UndefinedBehaviorSanitizer, driven by its own tests in TypeScript: what the tests of the kernels
 * cannot see, which is how operators, handles and autograd use memory. `make test-sanitize` runs it; the library is kept until its sources change.
 */
import { describe, expect } from "bun:test";
import { existsSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { cachePath } from "../cli/setup/cache";
import { buildRecord } from "../cli/setup/native-path";
import { buildWithCMake, builtPath, compiler, nativeFolder, output, run } from "./native-build";
import { skipUnless } from "./skip";

const MINUTE = 60_000;

/** Tests of files and folders, all but those whose names hold one of the words. */
const suites: [path: string, without?: string[]][] = [
  ["ffi/handles.test.ts"],
  ["ffi/operators.test.ts", ["at 2 threads", "at 4 threads"]], // 20 times the same bytes; below it is twice
  ["ffi/scope.test.ts", ["the allocator gives back"]], // under AddressSanitizer our allocator is not there
  ["ffi/checkpoint.test.ts", ["keeps far less memory"]],
  ["ffi/errors.test.ts", ["a kind memory"]],
  ...["ffi/arguments.test.ts", "ffi/autograd.test.ts", "ffi/safetensors.test.ts", "ffi/random.test.ts", "ffi/trace.test.ts"].map((path): [string] => [
    path,
  ]),
  ...["attention", "convolution", "resample", "sparse-index"].map((name): [string] => [`ffi/sparse/${name}.test.ts`]),
  ["ffi/splat/render.test.ts"],
  ...["ffi/mesh", "ffi/image", "ffi/nn", "ffi/optim"].map((folder): [string] => [folder]),
];

const found = (library: string) => output(compiler, `-print-file-name=${library}`).stdout.toString().trim();
const [asan, libstdcxx] = [found("libasan.so"), found("libstdc++.so.6")];
const libtorch = buildRecord()?.libtorch;
const wanted = process.env.EARTHCRAFT_SANITIZE?.includes("address");
const test = skipUnless(
  wanted && isAbsolute(asan) && libtorch,
  wanted ? `${compiler} has no libasan, or earthcraft setup has not run` : "takes minutes: make test-sanitize",
);

async function library(): Promise<string> {
  const path = join(
    builtPath("sanitized", ["CMakeLists.txt", "{core,gloo,include,kernels,ops}/**/*", "cuda/interface.h", "test/library/*"], [libtorch!.dir]),
    "libearthcraft.so",
  );
  if (existsSync(path)) return path;
  const tree = cachePath("native", "trees", `sanitized-${Bun.hash(`${compiler}\0${nativeFolder}\0${libtorch!.dir}`).toString(16)}`);
  const options = [`-DEARTHCRAFT_LIBTORCH=${libtorch!.dir}`, `-DCMAKE_CXX_COMPILER=${compiler}`, "-DEARTHCRAFT_SANITIZE=ON"];
  await buildWithCMake(nativeFolder, tree, options, "earthcraft", "libearthcraft.so", path);
  return path;
}

/** bun itself knows nothing of sanitizers: they are loaded before it, and leave it its signals. */
const environment = async () => ({
  ...process.env,
  EARTHCRAFT_NATIVE: await library(),
  EARTHCRAFT_LINEAR: "ours",
  OMP_NUM_THREADS: "2",
  NO_COLOR: "1",
  LD_PRELOAD: `${asan} ${libstdcxx}`, // AddressSanitizer finds what throws exceptions when it starts, or never
  ASAN_OPTIONS: "detect_leaks=0:handle_segv=0:allow_user_segv_handler=1:allocator_may_return_null=1",
  UBSAN_OPTIONS: "print_stacktrace=1",
});

const last = (said: string) => said.split("\n").filter(Boolean).slice(-80).join("\n");

describe("the library under sanitizers", () => {
  test("is built", async () => expect(basename(await library())).toBe("libearthcraft.so"), 30 * MINUTE);

  for (const [fault, word] of [
    ["read_beyond", "heap-buffer-overflow"],
    ["read_freed", "heap-use-after-free"],
    ["overflow", "signed integer overflow"],
  ])
    test(
      `dies of ${word}`,
      async () => {
        const { code, said } = await run([process.execPath, "test/sanitizer-fault.ts", fault!], await environment());
        expect(said).toContain(word!);
        expect(said).not.toContain("lives");
        expect(code).not.toBe(0);
      },
      MINUTE,
    );

  for (const [path, without = []] of suites)
    test(
      `${path} passes`,
      async () => {
        const pattern = without.length > 0 ? ["--test-name-pattern", `^(?!.*(${without.join("|")}))`] : [];
        const { code, said } = await run([process.execPath, "test", "--timeout=300000", ...pattern, `./${path}`], await environment());
        expect([code, code === 0 ? "" : last(said)]).toEqual([0, ""]);
        expect(said).toMatch(/\n [1-9]\d* pass\n/);
      },
      10 * MINUTE,
    );

  test(
    "every operator runs on two threads, forward and backward",
    async () => {
      const { code, said } = await run([process.execPath, "test/operators/determinism.ts", "2", "2"], await environment());
      expect([code, code === 0 ? "" : last(said)]).toEqual([0, ""]);
      expect(JSON.parse(said).changed).toEqual({});
    },
    10 * MINUTE,
  );
});
