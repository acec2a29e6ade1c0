#include "cli/completion_text.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <vector>

namespace kiln::cli {
namespace {

using Visit = std::function<void(const CommandShape&)>;

void each(const CommandShape& command, const Visit& visit) {
  visit(command);
  for (const CommandShape& below : command.commands) each(below, visit);
}

// Single quotes for sh: it's → 'it'\''s'.
std::string sh_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string options_of(const CommandShape& command) {
  std::vector<std::string> words;
  for (const OptionShape& option : command.options)
    for (const std::string& name : option.long_names) words.push_back("--" + name);
  return joined(words);
}

std::string commands_of(const CommandShape& command) {
  std::vector<std::string> words;
  for (const CommandShape& below : command.commands) words.push_back(below.name);
  return joined(words);
}

// The kinds of things whose names a command takes first, and what lists them: a table with a title,
// and the names in its first column.
struct NamedThing {
  std::string_view name, list;
  std::array<std::string_view, 2> in_about;  // of the argument; "": none
};
constexpr std::array kNamedThings = {
    NamedThing{"functions", "kiln list", {"function", "version or alias"}},
    NamedThing{"stacks", "kiln stacks", {"stack"}},
    NamedThing{"alarms", "kiln alarm list", {"alarm"}},
    NamedThing{"layers", "kiln layer list", {"layer"}},
    NamedThing{"events", "kiln event", {"service that sends it"}},
    NamedThing{"shells", "printf \"%s\\n\" - bash zsh fish", {"bash, zsh, or fish"}},
};

// "functions stacks"; "": none.
std::string names_of(const CommandShape& command) {
  std::vector<std::string> out;
  // These make one with a new name.
  if (command.arguments.empty() || command.name == "create" || command.name == "new") return "";
  const std::string& about = command.arguments.front().about;
  const auto says = [&about](std::string_view words) {
    return !words.empty() && about.find(words) != std::string::npos;
  };
  for (const NamedThing& kind : kNamedThings)
    if (std::any_of(kind.in_about.begin(), kind.in_about.end(), says)) out.emplace_back(kind.name);
  return joined(out);
}

// The cases of a shell's switch over kinds.
std::string lists_of_kinds(const std::string& before, const std::string& after) {
  std::string out;
  for (const NamedThing& kind : kNamedThings) {
    out += before + std::string(kind.name) + after + std::string(kind.list);
    out += after.starts_with(')') ? " ;;\n" : "\n";
  }
  return out;
}
constexpr const char* kFirstColumn = " 2>/dev/null | sed '1d; s/  .*//'\n";

std::string bash(const CommandShape& program) {
  std::string cases, commands;
  each(program, [&](const CommandShape& command) {
    cases += "    " + sh_quoted(command.path) + ") options=" + sh_quoted(options_of(command));
    if (const std::string names = names_of(command); !names.empty())
      cases += " names=" + sh_quoted(names);
    if (!command.arguments.empty()) cases += " files=yes";
    cases += " ;;\n";
    if (!command.commands.empty())
      commands +=
          "    " + sh_quoted(command.path) + ") echo " + sh_quoted(commands_of(command)) + " ;;\n";
  });
  return "# Completion of kiln for bash: eval \"$(kiln completion bash)\"\n"
         "_kiln() {\n"
         "  local so_far=kiln word words options='' names='' files=no i\n"
         "  local now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    case $word in -*) continue ;; esac\n"
         "    case \" $(_kiln_commands \"$so_far\") \" in *\" $word \"*) so_far=\"$so_far $word\" "
         ";; esac\n"
         "  done\n"
         "  case $so_far in\n" +
         cases +
         "  esac\n"
         "  [[ $so_far == 'kiln invoke' && $before == --event ]] && names=events\n"
         "  words=$(_kiln_commands \"$so_far\")\n"
         "  COMPREPLY=()\n"
         "  if [[ $now == -* || -z $words$names && $files == no ]]; then\n"
         "    words=$options\n"
         "  elif [[ -n $names ]]; then\n"
         // Not by compgen -W, which carries out a $(command) in a name.
         "    words=''\n"
         "    while IFS= read -r word; do\n"
         "      [[ $word == \"$now\"* ]] && COMPREPLY+=(\"$(printf %q \"$word\")\")\n"
         "    done < <(_kiln_names \"$names\")\n"
         "  fi\n"
         "  [[ -z $words ]] || COMPREPLY=($(compgen -W \"$words\" -- \"$now\"))\n"
         "  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"$now\"))\n"
         "}\n"
         "_kiln_names() {\n"
         "  local kind\n"
         "  for kind in $(echo \"$1\"); do\n"
         "    case $kind in\n" +
         lists_of_kinds("      ", ") ") + "    esac" + kFirstColumn +
         "  done\n"
         "}\n"
         "_kiln_commands() {\n"
         "  case $1 in\n" +
         commands +
         "  esac\n"
         "}\n"
         "complete -F _kiln kiln\n";
}

std::string zsh(const CommandShape& program) {
  return "#compdef kiln\n"
         "# Completion of kiln for zsh: source <(kiln completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash(program);
}

std::string fish(const CommandShape& program) {
  std::string out =
      "# Completion of kiln for fish: kiln completion fish | source\n"
      "function __kiln_names\n"
      "  for kind in $argv\n"
      "    switch $kind\n" +
      lists_of_kinds("      case ", "\n        ") + "    end" + kFirstColumn +
      "  end\n"
      "end\n";
  for (const CommandShape& command : program.commands) {
    out += "complete -c kiln -n __fish_use_subcommand -f -a " + command.name + " -d " +
           sh_quoted(command.about) + "\n";
    const std::string here = " -n '__fish_seen_subcommand_from " + command.name + "'";
    for (const CommandShape& below : command.commands)
      out += "complete -c kiln" + here + " -f -a " + below.name + " -d " + sh_quoted(below.about) +
             "\n";
    each(command, [&](const CommandShape& one) {
      if (const std::string names = names_of(one); !names.empty())
        out += "complete -c kiln" + here + " -f -a '(__kiln_names " + names + ")'\n";
      for (const OptionShape& option : one.options)
        for (const std::string& name : option.long_names)
          out +=
              "complete -c kiln" + here + " -l " + name + " -d " + sh_quoted(option.about) + "\n";
    });
  }
  return out;
}

}  // namespace

Result<std::string> completion_script(const CommandShape& program, const std::string& shell) {
  if (shell == "bash") return bash(program);
  if (shell == "zsh") return zsh(program);
  if (shell == "fish") return fish(program);
  return Error{ErrorKind::kInvalid, "Usage",
               "there is no completion for '" + shell + "'; there is one for bash, zsh, and fish"};
}

}  // namespace kiln::cli
