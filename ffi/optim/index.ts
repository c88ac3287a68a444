export { AdamW, type AdamWOptions, type StepResult } from "./adamw";
export { constant, cosine, emaDecay, polynomial, type Schedule, warmup } from "./schedules";
