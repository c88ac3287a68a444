/** How long the rest will take: the recipe's `minutes`, corrected by how the stages of this run compared with theirs. */

export interface EtaStage {
  id: string;
  minutes: number;
}

/** Seconds that the hints are believed for before measurements outweigh them: stages of a second say little of those of minutes. */
const PRIOR_S = 20;

export class Eta {
  #hinted_s = 0;
  #spent_s = 0;

  constructor(readonly stages: readonly EtaStage[]) {}

  finished(id: string, seconds: number): void {
    this.#hinted_s += this.#hint_s(id);
    this.#spent_s += seconds;
  }

  /**
   * @param fraction of the running stage that is done
   * @param elapsed_s since it began
   * @param waiting ids of the stages after it
   * @returns nothing once a stage has taken longer than its hint and told of no progress
   */
  estimate(id: string, fraction: number, elapsed_s: number, waiting: ReadonlySet<string>): { stageEta_s?: number; runEta_s?: number } {
    const own_s = this.#hint_s(id);
    const ratio = this.#ratio(fraction > 0 ? elapsed_s : 0, fraction * own_s);
    const hinted = Math.max(0, own_s * this.#ratio(0, 0) - elapsed_s);
    if (fraction === 0 && hinted === 0) return {};
    const measured = fraction > 0 ? (elapsed_s * (1 - fraction)) / fraction : hinted;
    const trust = hinted === 0 ? 1 : Math.min(1, fraction * 10); // the first tenth says little
    const stageEta_s = trust * measured + (1 - trust) * hinted;
    const rest_s = this.stages.reduce((sum, stage) => sum + (waiting.has(stage.id) ? stage.minutes * 60 : 0), 0);
    return { stageEta_s, runEta_s: stageEta_s + rest_s * ratio };
  }

  #hint_s(id: string): number {
    return (this.stages.find((stage) => stage.id === id)?.minutes ?? 0) * 60;
  }

  /** How much slower this machine is than the hints, by the finished stages and what is done of the running one. */
  #ratio(spent_s: number, hinted_s: number): number {
    return (PRIOR_S + this.#spent_s + spent_s) / (PRIOR_S + this.#hinted_s + hinted_s);
  }
}
