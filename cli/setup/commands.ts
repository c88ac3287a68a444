/** `earthcraft setup` and `earthcraft doctor`. */
import { defineCommand, EXIT } from "../plugin";

export const setup = defineCommand({
  name: "setup",
  summary: "get libtorch and build the native library (once; a second call ends at once)",
  flags: { cuda: { kind: "boolean", summary: "with the library for NVIDIA GPUs; takes no GPU, gets nvcc where there is none" } },
  examples: ["earthcraft setup", "earthcraft setup --cuda", "EARTHCRAFT_LIBTORCH=/opt/libtorch earthcraft setup"],
  async run({ flags, ui, result }) {
    const { ensureNative } = await import("./native");
    const record = await ensureNative(ui, { cuda: flags.cuda });
    result(record, `ready: ${record.library} (libtorch ${record.libtorch.version}${record.cuda ? `, CUDA ${record.cuda}` : ""})`);
  },
});

export const doctor = defineCommand({
  name: "doctor",
  summary: "say what of bun, libtorch, compiler, native library, GPU, disk and memory is there, and what to do about the rest",
  examples: ["earthcraft doctor", "earthcraft doctor --json"],
  async run({ result }) {
    const { describeChecks, examine } = await import("./doctor");
    const checks = examine();
    const ok = checks.every(({ status }) => status !== "missing");
    result({ ok, checks }, describeChecks(checks));
    if (!ok) process.exitCode = EXIT.missing;
  },
});
