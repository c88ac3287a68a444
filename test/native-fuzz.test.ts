/**
 * libFuzzer on the C interface (`ffi/native/fuzz`), which clang builds with the sanitizers: `make fuzz SECONDS=60` runs it. An input that breaks something
 * is kept in the cache folder, where the test says, and is tried first ever after.
 */
import { expect } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { cachePath } from "../cli/setup/cache";
import { buildRecord } from "../cli/setup/native-path";
import { buildWithCMake, builtPath, nativeFolder, run } from "./native-build";
import { skipUnless } from "./skip";

const seconds = Number(process.env.EARTHCRAFT_FUZZ_SECONDS) || 0;
const clang = Bun.which("clang++");
const libtorch = buildRecord()?.libtorch;
const why = seconds === 0 ? "takes minutes: make fuzz" : clang === null ? "no clang on this machine (Debian: clang)" : "earthcraft setup has not run";

skipUnless(seconds > 0 && clang !== null && libtorch, why)(
  "no bytes that come through the C interface end the process",
  async () => {
    const sources = ["CMakeLists.txt", "{core,fuzz,gloo,include,kernels,ops}/**/*", "cuda/interface.h", "test/library/*"];
    const program = join(builtPath("fuzz", sources, [clang!, libtorch!.dir]), "call_fuzz");
    // The program finds the library where it was linked: both stay in a tree of their own.
    const tree = join(dirname(program), "tree");
    const options = ["-DEARTHCRAFT_SANITIZE=ON", "-DEARTHCRAFT_FUZZ=ON", `-DCMAKE_CXX_COMPILER=${clang}`, `-DEARTHCRAFT_LIBTORCH=${libtorch!.dir}`];
    if (!existsSync(program)) await buildWithCMake(nativeFolder, tree, options, "call_fuzz", "call_fuzz", program);
    const corpus = cachePath("native", "fuzz", "corpus");
    mkdirSync(corpus, { recursive: true });
    const command = [
      program,
      corpus,
      `-max_total_time=${seconds}`,
      "-timeout=60",
      "-rss_limit_mb=6000",
      "-max_len=256",
      `-artifact_prefix=${corpus}/`,
    ];
    const { code, said } = await run([...command, "-print_final_stats=1"], {
      ...process.env,
      ASAN_OPTIONS: "detect_leaks=0:allocator_may_return_null=1",
    });
    expect([code, code === 0 ? "" : said.slice(-6000)]).toEqual([0, ""]);
    console.log(/stat::number_of_executed_units: *\d+/.exec(said)?.[0]);
  },
  45 * 60_000 + 2000 * seconds,
);
