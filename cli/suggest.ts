/** "Did you mean …?": the nearest of some names by edit distance. */

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

const words = (name: string) => name.split(/[-_ ]/).sort().join(" ");

/** The nearest name within a third of its length (at least 1, at most 3), with the same words in another order, or that begins alike. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const candidate of names) {
    const limit = Math.min(3, Math.max(1, Math.floor(candidate.length / 3)));
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    const alike = words(name) === words(candidate) || (name.length >= 3 && candidate.startsWith(name));
    const distance = alike ? Math.min(edits, 1) : edits;
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** What to try instead: the nearest name, else all of them when they are few. */
export function suggestion(name: string, names: Iterable<string>): string {
  const all = [...names];
  const near = nearest(name, all);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (all.length === 0) return "nothing is known here";
  return `known are ${all.sort().slice(0, 24).join(", ")}${all.length > 24 ? ", …" : ""}`;
}
