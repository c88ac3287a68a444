import { defineCommand } from "../plugin";

export const completion = defineCommand({
  name: "completion",
  summary: "print the script that lets a shell complete commands, flags and files",
  args: { shell: { summary: "bash, zsh or fish", choices: ["bash", "zsh", "fish"] } },
  examples: [
    'eval "$(earthcraft completion bash)"      in ~/.bashrc',
    "source <(earthcraft completion zsh)       in ~/.zshrc, after compinit",
    "earthcraft completion fish > ~/.config/fish/completions/earthcraft.fish",
  ],
  async run({ args, plugins, result }) {
    const { completionScript } = await import("../completion/script");
    const script = completionScript(args.shell, plugins.manifests);
    result({ shell: args.shell, script }, script);
  },
});
