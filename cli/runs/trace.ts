/** EARTHCRAFT_TRACE: a file in Chrome's trace event format that all ranks append to. Its array is never closed, which the format allows and a kill cannot break. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { EXIT, UserError } from "../errors";
import type { Io } from "../io";

/** Empties the file. @returns the variable for the ranks, none where no trace is asked for @throws UserError where the file cannot be written */
export function newTrace({ env, cwd }: Io): { EARTHCRAFT_TRACE?: string } {
  if (!env.EARTHCRAFT_TRACE) return {};
  const path = resolve(cwd, env.EARTHCRAFT_TRACE);
  try {
    writeFileSync(path, "[\n");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new UserError({
      what: `the trace cannot be written (${code})`,
      where: path,
      fix: "name another file in EARTHCRAFT_TRACE",
      exit: EXIT.usage,
    });
  }
  return { EARTHCRAFT_TRACE: path };
}
