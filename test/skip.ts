/**
 * Tests that need something a machine may not have. A skip always carries its reason; `make test` lists every one, and counts a skip
 * without a reason as a failure.
 */
import { test } from "bun:test";

/** What follows a skipped test's name; `test/run.ts` reads the reason back from it. */
export const SKIP_MARK = " -- skipped: ";

type Body = NonNullable<Parameters<typeof test>[1]>;

/**
 * `skipUnless(data, "EARTHCRAFT_DATA is not set")("reads Monaco's tile", () => …)`
 * @param condition the test runs when this is truthy
 * @param reason what is missing, and how to get it
 */
export function skipUnless(condition: unknown, reason: string): (name: string, body: Body, timeoutMs?: number) => void {
  if (condition) return (name, body, timeoutMs) => test(name, body, timeoutMs);
  return (name, body) => test.skip(name + SKIP_MARK + reason, body);
}
