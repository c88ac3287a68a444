import type { Io } from "../io";

/** Room for what is drawn, and whether it takes more than ASCII. */
export interface Canvas {
  /** Columns of a chart. */
  width: number;
  /** Columns that a line of a table is cut to: a pipe gets all of it. */
  clip: number;
  unicode: boolean;
}

/** What stdout can show: the terminal's width, 80 columns in a pipe. */
export function canvasOf({ stdout, env }: Pick<Io, "stdout" | "env">): Canvas {
  return { width: stdout.isTTY ? stdout.columns : 80, clip: stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY, unicode: drawsUnicode(env) };
}

/** False where the locale says another encoding than UTF-8, and on the Linux console and dumb terminals, whose fonts lack braille and blocks. */
export function drawsUnicode(env: Io["env"]): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "UTF-8"; // unset, as in containers, says nothing about the terminal
  return /utf-?8/i.test(locale) && env.TERM !== "dumb" && env.TERM !== "linux";
}

/** True for terminals that are known to break long lines anew when they become narrower; going up a row in others would wipe out a line of somebody else's. */
export function reflows(env: Io["env"]): boolean {
  return ["TMUX", "VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "TERM_PROGRAM"].some((name) => (env[name] ?? "") !== "");
}

const ASCII: Readonly<Record<string, string>> = {
  "✓": "+",
  "✗": "x",
  "■": "!",
  "–": "-",
  "█": "#",
  "░": ".",
  "…": "~",
  "·": "-",
  "→": ">",
  "×": "x",
};

/** The signs that progress is told with, in ASCII, each as wide as before. */
export function inAscii(text: string): string {
  return text.replace(/[✓✗■–█░…·→×]/g, (sign) => ASCII[sign]!);
}
