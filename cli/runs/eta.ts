/** How long the rest will take: the recipe's `minutes`, corrected by how the stages of this run compared with theirs. */

export interface EtaStage {
  id: string;
  minutes: number;
}

export class Eta {
  #hinted_s = 0;
  #spent_s = 0;

  constructor(readonly stages: readonly EtaStage[]) {}

  /** How much slower this machine is than the hints; 1 until something has been measured. */
  get #ratio(): number {
    return this.#hinted_s === 0 ? 1 : Math.min(20, Math.max(0.05, this.#spent_s / this.#hinted_s));
  }

  finished(id: string, seconds: number): void {
    this.#hinted_s += (this.stages.find((stage) => stage.id === id)?.minutes ?? 0) * 60;
    this.#spent_s += seconds;
  }

  /**
   * @param fraction of the running stage that is done
   * @param elapsed_s since it began
   * @param waiting ids of the stages after it
   * @returns nothing once a stage has taken longer than its hint and told of no progress
   */
  estimate(id: string, fraction: number, elapsed_s: number, waiting: ReadonlySet<string>): { stageEta_s?: number; runEta_s?: number } {
    const hint = (stage: EtaStage) => stage.minutes * 60 * this.#ratio;
    const own = this.stages.find((stage) => stage.id === id);
    const hinted = Math.max(0, (own === undefined ? 0 : hint(own)) - elapsed_s);
    if (fraction === 0 && hinted === 0) return {};
    const measured = fraction > 0 ? (elapsed_s * (1 - fraction)) / fraction : hinted;
    const trust = hinted === 0 ? 1 : Math.min(1, fraction * 10); // the first tenth says little
    const stageEta_s = trust * measured + (1 - trust) * hinted;
    return { stageEta_s, runEta_s: stageEta_s + this.stages.filter((stage) => waiting.has(stage.id)).reduce((sum, stage) => sum + hint(stage), 0) };
  }
}
