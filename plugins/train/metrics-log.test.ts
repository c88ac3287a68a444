import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MetricsLog } from "./metrics-log";

test("a resumed log is cut back to its step, and a torn last line dropped", () => {
  const dir = mkdtempSync(join(tmpdir(), "metrics-"));
  const path = join(dir, "metrics.jsonl");
  writeFileSync(path, '{"step":0,"loss":3}\n{"step":1,"loss":2}\n{"step":2,"loss":1.5}\n{"step":3,"lo');
  const log = MetricsLog.resume(path, 2);
  log.append({ step: 2, loss: 1.25 });
  expect(log.series("loss")).toEqual([
    [0, 3],
    [1, 2],
    [2, 1.25],
  ]);
  expect(readFileSync(path, "utf8")).toBe('{"step":0,"loss":3}\n{"step":1,"loss":2}\n{"step":2,"loss":1.25}\n');
  rmSync(dir, { recursive: true });
});
