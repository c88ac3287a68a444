/** [N, 3] of colours written #rrggbb. */
export function parse(colours: readonly string[]): Uint8Array {
  return Uint8Array.from(colours.flatMap((text) => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16))));
}

/** Of colours [N, 3], the share in which green is the strongest; NaN of none. */
export function share(rgb: Uint8Array): number {
  let green = 0;
  for (let i = 0; i < rgb.length; i += 3) if (rgb[i + 1]! > Math.max(rgb[i]!, rgb[i + 2]!)) green++;
  return green / (rgb.length / 3);
}
