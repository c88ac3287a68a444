/** A saved state into an optimiser's tensors. */
import { noGrad } from "../autograd";
import { ArgumentError } from "../errors";
import { scope } from "../scope";
import type { Tensor } from "../tensor";

/**
 * Copies `state` into `own`.
 * @param optimiser whose errors these are
 * @throws ArgumentError when a name is missing or a shape differs; then nothing was copied
 */
export function loadState(optimiser: string, own: ReadonlyMap<string, Tensor>, state: ReadonlyMap<string, Tensor>): void {
  for (const [name, tensor] of own) {
    const value = state.get(name);
    if (value === undefined) throw new ArgumentError(`${optimiser}: the saved state lacks ${name}`);
    if (value.shape.join() !== tensor.shape.join())
      throw new ArgumentError(`${optimiser}: ${name} is [${value.shape.join(", ")}], wanted [${tensor.shape.join(", ")}]`);
  }
  noGrad(() =>
    scope(() => {
      for (const [name, tensor] of own) tensor.copy_(state.get(name)!);
    }),
  );
}
