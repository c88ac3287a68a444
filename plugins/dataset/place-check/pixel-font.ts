/** Letters of 3 × 5 pixels, so that a picture's words depend on no font of the machine. */

/** Rows from the top, "#" a pixel; capital letters only. */
const GLYPHS: Record<string, string> = {
  "0": "### #.# #.# #.# ###",
  "1": ".#. ##. .#. .#. ###",
  "2": "### ..# ### #.. ###",
  "3": "### ..# .## ..# ###",
  "4": "#.# #.# ### ..# ..#",
  "5": "### #.. ### ..# ###",
  "6": "### #.. ### #.# ###",
  "7": "### ..# .#. .#. .#.",
  "8": "### #.# ### #.# ###",
  "9": "### #.# ### ..# ###",
  A: ".#. #.# ### #.# #.#",
  B: "##. #.# ##. #.# ##.",
  C: ".## #.. #.. #.. .##",
  D: "##. #.# #.# #.# ##.",
  E: "### #.. ##. #.. ###",
  F: "### #.. ##. #.. #..",
  G: ".## #.. #.# #.# .##",
  H: "#.# #.# ### #.# #.#",
  I: "### .#. .#. .#. ###",
  J: "..# ..# ..# #.# .#.",
  K: "#.# ##. #.. ##. #.#",
  L: "#.. #.. #.. #.. ###",
  M: "#.# ### #.# #.# #.#",
  N: "#.# ### ### ### #.#",
  O: ".#. #.# #.# #.# .#.",
  P: "##. #.# ##. #.. #..",
  Q: ".#. #.# #.# .#. ..#",
  R: "##. #.# ##. #.# #.#",
  S: ".## #.. .#. ..# ##.",
  T: "### .#. .#. .#. .#.",
  U: "#.# #.# #.# #.# ###",
  V: "#.# #.# #.# #.# .#.",
  W: "#.# #.# ### ### #.#",
  X: "#.# #.# .#. #.# #.#",
  Y: "#.# #.# .#. .#. .#.",
  Z: "### ..# .#. #.. ###",
  ".": "... ... ... ... .#.",
  "-": "... ... ### ... ...",
  _: "... ... ... ... ###",
};

/** Calls `dot` for every pixel of a text whose upper left corner is (0, 0), each letter pixel being `scale` pixels wide. @returns its width in pixels */
export function drawText(text: string, scale: number, dot: (x: number, y: number) => void): number {
  let left = 0;
  for (const letter of text.toUpperCase()) {
    for (const [row, line] of (GLYPHS[letter] ?? "").split(" ").entries())
      for (const [column, mark] of [...line].entries())
        if (mark === "#") for (let dy = 0; dy < scale; dy++) for (let dx = 0; dx < scale; dx++) dot(left + column * scale + dx, row * scale + dy);
    left += 4 * scale;
  }
  return Math.max(0, left - scale);
}

/** Rows of pixels of a letter. */
export const LETTER_ROWS = 5;
