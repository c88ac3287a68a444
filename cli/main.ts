#!/usr/bin/env bun
/** The `earthcraft` program. Exits by `process.exitCode`, never by `process.exit`, which would cut off what a pipe has not taken yet. */
import { RANK_VARIABLE } from "./runs/messages";

if (process.env[RANK_VARIABLE] !== undefined) {
  const { rankMain } = await import("./runs/rank");
  await rankMain();
} else {
  const [{ processIo }, { runProgram }] = await Promise.all([import("./io"), import("./program")]);
  const code = await runProgram(process.argv.slice(2), processIo());
  if (code !== 0) process.exitCode = code;
}
