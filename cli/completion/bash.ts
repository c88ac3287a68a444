import type { Grammar } from "./grammar";
import { tables } from "./tables";

/** Completion for bash from 4.0 on; needs nothing but bash. */
export function bashScript(grammar: Grammar): string {
  return `# Completion of earthcraft for bash, as \`earthcraft completion bash\` prints it. In ~/.bashrc:
#   eval "$(earthcraft completion bash)"
${tables(grammar, false)}

# Files by pattern, and the folders on the way to them.
_earthcraft_files() { compgen -f -X "!$1" -- "$2"; compgen -d -- "$2"; }

_earthcraft_offer() {
  local dir
  case $1 in
    recipe)
      _earthcraft_files '*.yaml' "$2"
      [[ recipes/ == "$2"* ]] && compgen -f -X '!*.yaml' -- recipes/
      ;;
    run)
      for dir in "$2"*/ runs/*/; do
        dir=\${dir%/}
        [[ $dir == "$2"* && -e $dir/run.json ]] && printf '%s\\n' "$dir"
      done
      compgen -d -- "$2"
      ;;
    file) compgen -f -- "$2" ;;
    folder) compgen -d -- "$2" ;;
  esac
}

_earthcraft() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at= flag= only_args= prefix= slot= word i
  local -i position=0
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == '=' ]]; then continue # bash makes three words of --flag=value
    elif [[ $word == ':' ]]; then ((i++))
    elif [[ -n $flag ]]; then flag=
    elif [[ $word == -- ]]; then only_args=1
    elif [[ -z $only_args && $word == -* ]]; then _earthcraft_valued "$word" && flag=$word
    elif ((position == 0)) && [[ $'\\n'$(_earthcraft_words "$at")$'\\n' == *$'\\n'"$word"$'\\n'* ]]; then at=\${at:+$at }$word
    else ((position++)); fi
  done

  COMPREPLY=()
  if [[ -n $flag ]]; then
    [[ $cur == '=' ]] && cur=
  elif [[ -z $only_args && $cur == --*=* ]]; then
    flag=\${cur%%=*} prefix=\${cur%%=*}= cur=\${cur#*=}
  elif [[ -z $only_args && $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_earthcraft_flags "$at")" -- "$cur")
    return
  fi
  if [[ -n $flag ]]; then slot=$(_earthcraft_value "$at $flag")
  elif ((position == 0)) && [[ -n $(_earthcraft_words "$at") ]]; then slot="words $(_earthcraft_words "$at")"
  else slot=$(_earthcraft_argument "$at $position"); fi
  case $slot in
    words*) mapfile -t COMPREPLY < <(compgen -W "\${slot#words}" -- "$cur") ;;
    *)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(_earthcraft_offer "$slot" "$cur")
      ;;
  esac
  [[ -n $prefix ]] && COMPREPLY=("\${COMPREPLY[@]/#/$prefix}")
}
complete -F _earthcraft earthcraft
`;
}
