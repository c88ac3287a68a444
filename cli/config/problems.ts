/** Everything that is wrong in a recipe, told at once. */
import { EXIT, type ExitCode, UserError } from "../errors";

export interface Problem {
  what: string;
  /** `recipe.yaml:12:5 train.model.depht` */
  where?: string;
  fix?: string;
}

export function problemText({ what, where, fix }: Problem): string {
  return `${where === undefined ? "" : `${where}: `}${what}${fix === undefined ? "" : ` (${fix})`}`;
}

export class RecipeError extends UserError {
  constructor(
    readonly problems: readonly Problem[],
    exit: ExitCode = EXIT.usage,
  ) {
    const [first, ...others] = problems;
    const fixes = [...(first?.fix === undefined ? [] : [first.fix]), ...others.map(problemText)];
    super({
      what: first?.what ?? "wrong recipe",
      ...(first?.where === undefined ? {} : { where: first.where }),
      ...(fixes.length === 0 ? {} : { fix: fixes.join("\n       ") }),
      exit,
    });
  }
}

export function problemsOf(error: UserError): readonly Problem[] {
  if (error instanceof RecipeError) return error.problems;
  const { what, where, fix } = error;
  return [{ what, ...(where === undefined ? {} : { where }), ...(fix === undefined ? {} : { fix }) }];
}

/** Collects problems, each once, so that work goes on after the first. */
export class Problems {
  readonly #found = new Map<string, Problem>();

  get list(): Problem[] {
    return [...this.#found.values()];
  }

  add(...problems: readonly Problem[]): void {
    for (const problem of problems) {
      // A value that several stages or scales read is wrong once.
      const place = `${problem.where?.split(" ")[0]} ${problem.what}`;
      if (!this.#found.has(place)) this.#found.set(place, problem);
    }
  }

  /** @returns what `work` gives; undefined when the recipe is wrong there */
  async keep<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError) || error.exit !== EXIT.usage) throw error;
      this.add(...problemsOf(error));
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.#found.size > 0) throw new RecipeError(this.list);
  }
}
