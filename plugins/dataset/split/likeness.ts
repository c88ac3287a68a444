/** How typical the sites that are held out are: how much of its mix of classes each has in common with the sites that train. */

export interface SiteMix {
  id: string;
  training: boolean;
  /** Amount of each class, in any unit; index = id. */
  mix: readonly number[];
}

export interface Likeness {
  /** Of each site: what its mix shares with that of the other training sites, 0–1. */
  shared: ReadonlyMap<string, number>;
  /** Median of the training sites' own: what is usual in this place. */
  usual: number;
}

/** What two mixes have in common, Σ min(p, q) of their shares: 1 for equal ones, 0 where no class is in both. */
export function commonShare(a: readonly number[], b: readonly number[]): number {
  const [totalA, totalB] = [sum(a), sum(b)];
  if (totalA === 0 || totalB === 0) return 0;
  return a.reduce((common, amount, i) => common + Math.min(amount / totalA, (b[i] ?? 0) / totalB), 0);
}

/** @returns undefined without two training sites, or without one that is held out */
export function likenessOf(sites: readonly SiteMix[]): Likeness | undefined {
  const training = sites.filter((site) => site.training);
  if (training.length < 2 || training.length === sites.length) return undefined;
  const shared = new Map(
    sites.map((site) => {
      const others = training.filter((other) => other !== site);
      const mix = site.mix.map((_, c) => sum(others.map((other) => share(other.mix, c))));
      return [site.id, commonShare(site.mix, mix)];
    }),
  );
  const own = training.map(({ id }) => shared.get(id)!).sort((a, b) => a - b);
  return { shared, usual: own[Math.floor(own.length / 2)]! };
}

/** A site with less in common than usual by this much measures something else than the place. */
const FAR = 0.15;

/** Those of these sites that have much less in common with the training sites than is usual. */
export function farFrom({ shared, usual }: Likeness, sites: readonly string[]): string[] {
  return sites.filter((id) => shared.get(id)! < usual - FAR);
}

/** In words: `x1y2 has 54 % of its classes in common with the training sites; 83 % is usual here.` */
export function sayLikeness(likeness: Likeness, heldOut: readonly string[]): string {
  const { shared, usual } = likeness;
  const percent = (value: number) => `${Math.round(100 * value)} %`;
  const each = heldOut.map((id, i) => `${id} has ${percent(shared.get(id)!)}${i === 0 ? " of its classes in common with the training sites" : ""}`);
  const far = farFrom(likeness, heldOut);
  const verdict =
    far.length === 0
      ? ""
      : `. ${far.join(" and ")} ${far.length === 1 ? "is" : "are"} unlike the rest of the place: read measures on ${far.length === 1 ? "it" : "them"} with that in mind`;
  return `${each.join(", ")}; ${percent(usual)} is usual among those${verdict}.`;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const share = (mix: readonly number[], c: number) => (mix[c] ?? 0) / Math.max(1e-12, sum(mix));
