import type { Grammar } from "./grammar";
import { tables } from "./tables";

/** Completion for zsh, after `compinit`; also as a file `_earthcraft` in a folder of `fpath`. */
export function zshScript(grammar: Grammar): string {
  return `#compdef earthcraft
# Completion of earthcraft for zsh, as \`earthcraft completion zsh\` prints it. In ~/.zshrc, after compinit:
#   source <(earthcraft completion zsh)
${tables(grammar, true)}

_earthcraft_offer() {
  local -a found
  case $1 in
    words*) found=(\${=1#words}) && compadd -a found ;;
    recipe)
      found=(recipes/*.yaml(N)) && compadd -f -a found
      _files -g '*.(yaml|yml)'
      ;;
    run)
      found=(runs/*/run.json(N:h)) && compadd -f -a found
      _files -/
      ;;
    file) _files ;;
    folder) _files -/ ;;
  esac
}

_earthcraft() {
  local at= flag= only_args= word
  local -a found
  local -i position=0 i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${(Q)words[i]}
    if [[ -n $flag ]]; then flag=
    elif [[ $word == -- ]]; then only_args=1
    elif [[ -z $only_args && $word == -* ]]; then _earthcraft_valued "$word" && flag=$word
    else
      found=("\${(@f)$(_earthcraft_words "$at")}")
      if ((position == 0 && \${found[(I)$word:*]})); then at=\${at:+$at }$word
      else ((position += 1)); fi
    fi
  done

  if [[ -z $flag && -z $only_args && $PREFIX == --*=* ]]; then
    flag=\${PREFIX%%=*}
    compset -P '*='
  elif [[ -z $flag && -z $only_args && $PREFIX == -* ]]; then
    found=("\${(@f)$(_earthcraft_flags "$at")}")
    _describe -o flag found
    return
  fi
  if [[ -n $flag ]]; then _earthcraft_offer "$(_earthcraft_value "$at $flag")"
  elif ((position == 0)) && [[ -n $(_earthcraft_words "$at") ]]; then
    found=("\${(@f)$(_earthcraft_words "$at")}")
    _describe command found
  else _earthcraft_offer "$(_earthcraft_argument "$at $position")"; fi
}

if [[ $funcstack[1] == _earthcraft ]]; then _earthcraft "$@"
else compdef _earthcraft earthcraft; fi
`;
}
