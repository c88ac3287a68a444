import type { CommandGrammar, Grammar, Offer } from "./grammar";

const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** `-a`, and whether files may stand there. */
function values(offer: Offer): string {
  switch (offer.kind) {
    case "words":
      return `-a ${quoted(offer.words.join(" "))}`;
    case "recipe":
      return "-a '(__earthcraft_recipes)'";
    case "run":
      return "-a '(__earthcraft_runs)'";
    case "folder":
      return "-a '(__fish_complete_directories)'";
    case "file":
      return "-F";
    case "text":
      return "";
  }
}

function commandLines({ name, flags, args, repeats }: CommandGrammar): string[] {
  const ofFlags = flags.map((flag) => {
    const value = flag.value === undefined ? "" : `${flag.value.kind === "file" ? "-r" : "-x"} ${values(flag.value)} `;
    return `complete -c earthcraft -n ${quoted(`__earthcraft_at ${quoted(name)}`)} -l ${flag.name.slice(2)} ${value}-d ${quoted(flag.summary)}`;
  });
  const ofArgs = args.flatMap((offer, i) => {
    const where = `__earthcraft_at ${quoted(name)} ${i}${repeats && i === args.length - 1 ? " or-more" : ""}`;
    return offer.kind === "text" ? [] : [`complete -c earthcraft -n ${quoted(where)} ${values(offer)}`];
  });
  return [...ofFlags, ...ofArgs];
}

/** Completion for fish from 3.1 on. */
export function fishScript({ words, commands, valued }: Grammar): string {
  const befores = [...words].map(
    ([before, next]) => `        case ${quoted(before)}\n            string join \\n ${next.map(({ word }) => word).join(" ")}`,
  );
  const wordLines = [...words].flatMap(([before, next]) =>
    next.map(({ word, summary }) => `complete -c earthcraft -n ${quoted(`__earthcraft_at ${quoted(before)} 0`)} -a ${word} -d ${quoted(summary)}`),
  );
  return `# Completion of earthcraft for fish, as \`earthcraft completion fish\` prints it. Once:
#   earthcraft completion fish > ~/.config/fish/completions/earthcraft.fish
function __earthcraft_words
    switch $argv[1]
${befores.join("\n")}
    end
end

# True where the words of the command line are these, and so many arguments follow them.
function __earthcraft_at
    set -l tokens (commandline -opc)
    set -l at
    set -l position 0
    set -l flag
    for token in $tokens[2..-1]
        if test -n "$flag"
            set flag
        else if string match -q -- '-*' $token
            contains -- $token ${valued.join(" ")}
            and set flag $token
        else if test $position -eq 0; and contains -- $token (__earthcraft_words "$at")
            set at (string trim "$at $token")
        else
            set position (math $position + 1)
        end
    end
    test "$at" = "$argv[1]"
    or return 1
    set -q argv[2]
    or return 0
    test $position -eq $argv[2]
    or begin
        set -q argv[3]
        and test $position -gt $argv[2]
    end
end

function __earthcraft_recipes
    set -l token (commandline -ct)
    set -l found recipes/*.yaml $token*.yaml
    string join \\n $found
    __fish_complete_directories $token
end

function __earthcraft_runs
    set -l found runs/*/run.json
    string replace '/run.json' '' $found
    __fish_complete_directories
end

complete -c earthcraft -f
${wordLines.join("\n")}
${commands.flatMap(commandLines).join("\n")}
`;
}
