/** The bench itself: what its table says of rows, and, where the peers are, every row once at small sizes. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { nativePath } from "../../cli/setup/native-path";
import { torchPython } from "../parity/python";
import { skipUnless } from "../skip";
import { type Measured, markdown, summary, verdict } from "./cpu/table";

const row = (rest: Partial<Measured>): Measured => ({ name: "conv", figure: 0.4, bar: { at: 0.5, stretch: 0.3, better: "less" }, ...rest });

describe("a row", () => {
  test("reaches its bar, the stretch, or misses", () => {
    expect([0.3, 0.31, 0.5, 0.51, Number.NaN].map((figure) => verdict(row({ figure })))).toEqual(["stretch", "yes", "yes", "no", "no"]);
    expect([1.79, 1.8].map((figure) => verdict(row({ figure, bar: { at: 1.8, better: "more" } })))).toEqual(["no", "yes"]);
  });

  test("counts for nothing where results are wrong, the peer was disturbed, or it failed", () => {
    expect(verdict(row({ wrong: true }))).toBe("wrong");
    expect(verdict(row({ validity: "invalid: the peer takes 1.40 times" }))).toBe("invalid");
    expect(verdict(row({ problem: "no spconv" }))).toBe("failed");
    expect(verdict(row({ bar: undefined }))).toBe("");
  });

  test("is a line of markdown with as many cells as the head", () => {
    const lines = markdown(["a machine"], [row({ ours_ms: 0.05, peer_ms: 1200, about: "one | two", validity: "unverified" })]).split("\n");
    expect(lines[0]).toBe("- a machine.");
    expect(lines.slice(2, 5).map((line) => line.split("|").length)).toEqual([10, 10, 10]);
    expect(lines[4]).toContain("50.0 µs");
    expect(lines[4]).toContain("1.20 s");
    expect(lines[4]).toContain("0.40");
    expect(lines[4]).toContain("one / two; peer unverified");
  });

  test("is counted", () => {
    expect(summary([row({}), row({ figure: 0.1 }), row({ figure: 2 }), row({ problem: "x" }), row({ bar: undefined })])).toBe(
      "4 rows with a bar: 2 reached (1 the stretch), 1 missed, 1 failed",
    );
  });
});

const { python, reason } = torchPython();
const library = nativePath();
skipUnless(python && library, reason || "no native library: ./earthcraft setup")(
  "every row runs at small sizes, with right results",
  () => {
    const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "run.ts"), "--quick"], {
      env: { ...process.env, EARTHCRAFT_NATIVE: library, EARTHCRAFT_PEERS: python },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const text = ran.stdout.toString();
    expect(`${ran.exitCode} ${ran.stderr.toString().slice(-1000)}`, text).toStartWith("0");
    expect(text).toMatch(/\d\d rows with a bar: .* missed$/m);
  },
  300_000,
);
