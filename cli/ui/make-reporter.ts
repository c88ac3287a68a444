import type { Io } from "../io";
import { EventReporter } from "./events";
import { LineReporter } from "./lines";
import type { Reporter } from "./reporter";
import { TerminalReporter } from "./terminal";

/** A redrawn line on a terminal, plain lines elsewhere (pipes, CI, NO_COLOR, a dumb terminal), JSON lines under `--json`. */
export function makeReporter(io: Io, options: { json: boolean; quiet: boolean; verbose: boolean }): Reporter {
  if (options.json) return new EventReporter(io, options);
  const plain = !io.stderr.isTTY || (io.env.NO_COLOR ?? "") !== "" || isSet(io.env.CI) || io.env.TERM === "dumb";
  return plain ? new LineReporter(io, options) : new TerminalReporter(io, options);
}

/** `CI=false` is how some say that there is none. */
const isSet = (value: string | undefined) => value !== undefined && !["", "0", "false"].includes(value.toLowerCase());
