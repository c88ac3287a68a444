/** The scripts of `earthcraft completion`: tables of what the manifests say, and for each shell the few lines that look things up in them. */
import type { Manifest } from "../manifest";
import { bashScript } from "./bash";
import { fishScript } from "./fish";
import { grammarOf } from "./grammar";
import { zshScript } from "./zsh";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

export function completionScript(shell: keyof typeof SCRIPTS, manifests: readonly Manifest[]): string {
  return SCRIPTS[shell](grammarOf(manifests)).trimEnd();
}
