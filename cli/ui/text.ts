/** Numbers and strings as a terminal shows them. */

/** `9 s`, `1:05`, `2:03:00` */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return seconds < 9.95 && seconds > 0 ? `${seconds.toFixed(1)} s` : `${whole} s`;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), String(whole % 60).padStart(2, "0")];
  return h === 0 ? `${m}:${s}` : `${h}:${String(m).padStart(2, "0")}:${s}`;
}

export function bytes(count: number): string {
  if (count < 1e6) return `${Math.ceil(count / 1e3)} kB`;
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}

/** Names come from files: nothing in them may move the cursor or turn the direction of writing. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** Cut to a width in columns, the end marked. */
export function clip(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  let kept = "";
  for (const letter of text) {
    if (Bun.stringWidth(kept + letter) > width - 1) break;
    kept += letter;
  }
  return width < 1 ? "" : `${kept}…`;
}

/** Filled up with spaces to a width in columns. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
}
