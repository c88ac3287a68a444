/** "Did you mean …?": the nearest of some names by Levenshtein distance. */

export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) row[j] = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    previous = row;
  }
  return previous[b.length]!;
}

/** The nearest name at a distance of at most a third of its length (at least 1, at most 3), or one that begins alike. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const candidate of names) {
    const swapped = candidate.split(/[-_ ]/).sort().join() === name.split(/[-_ ]/).sort().join();
    const prefix = name.length >= 3 && candidate.startsWith(name);
    const distance = swapped ? 0 : prefix ? 1 : editDistance(name.toLowerCase(), candidate.toLowerCase());
    const limit = prefix ? 1 : Math.min(3, Math.max(1, Math.floor(candidate.length / 3)));
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** A `fix` line: the nearest name, else all of them when they are few. */
export function suggestion(name: string, names: Iterable<string>): string {
  const all = [...names];
  const near = nearest(name, all);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (all.length === 0) return "nothing is known here";
  return `known are ${all.sort().slice(0, 24).join(", ")}${all.length > 24 ? ", …" : ""}`;
}
