/** What the program tells a person while it works. All of it goes to stderr. */

export interface StageView {
  /** Name in the recipe. */
  id: string;
  title: string;
  /** Position among the stages to run, from 1. */
  index: number;
  count: number;
  /** Tasks: 1, or the number of items. */
  tasks: number;
}

export interface Progress {
  done: number;
  total: number;
  note?: string;
  /** The item, of a `foreach` stage. */
  item?: string;
  /** Seconds until the stage, and the whole run, are expected to end. */
  stageEta_s?: number;
  runEta_s?: number;
}

export interface StageOutcome {
  status: "done" | "skipped" | "failed" | "interrupted";
  seconds: number;
  peakMemory_bytes?: number;
  /** For what was skipped: why. */
  note?: string;
}

export interface Reporter {
  /** Something worth reading once: `report: runs/quickstart/report/index.html`. */
  info(text: string): void;
  warn(text: string): void;
  /** Only under `-v`. */
  debug(text: string): void;
  stageStart(stage: StageView): void;
  stageProgress(stage: StageView, progress: Progress): void;
  stageEnd(stage: StageView, outcome: StageOutcome): void;
  /** Yes or no; `fallback` where there is no terminal to ask on. Name the flag that answers it in the question. */
  confirm(question: string, fallback: boolean): Promise<boolean>;
  /** Takes away anything that is still being redrawn. */
  close(): void;
}
