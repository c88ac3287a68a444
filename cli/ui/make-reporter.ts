import type { Io } from "../io";
import { LineReporter } from "./lines";
import type { Reporter } from "./reporter";

export function makeReporter(io: Io, options: { quiet: boolean; verbose: boolean }): Reporter {
  return new LineReporter(io, options);
}
