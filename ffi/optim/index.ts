export { AdamW, type AdamWOptions, type StepResult } from "./adamw";
export { constant, cosine, emaDecay, polynomial, type Schedule, warmup } from "./schedules";
export { SparseAdam, type SparseAdamOptions } from "./sparse-adam";
