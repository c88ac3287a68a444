/** `earthcraft setup` and `earthcraft doctor`. */
import { defineCommand, EXIT } from "../plugin";

export const setup = defineCommand({
  name: "setup",
  summary: "get libtorch and build the native library (once; a second call ends at once)",
  examples: ["earthcraft setup", "EARTHCRAFT_LIBTORCH=/opt/libtorch earthcraft setup"],
  async run({ ui, result }) {
    const { ensureNative } = await import("./native");
    const record = await ensureNative(ui);
    result(record, `ready: ${record.library} (libtorch ${record.libtorch.version})`);
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
