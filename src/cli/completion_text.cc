#include "cli/completion_text.h"

#include <functional>

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

std::string words_of(const CommandShape& command) {
  std::string out;
  const auto add = [&out](const std::string& word) { out += (out.empty() ? "" : " ") + word; };
  for (const CommandShape& below : command.commands) add(below.name);
  for (const OptionShape& option : command.options)
    for (const std::string& name : option.long_names) add("--" + name);
  return out;
}

// Names of functions are asked for where a command takes one first.
bool takes_function(const CommandShape& command) {
  if (command.arguments.empty()) return false;
  const std::string& about = command.arguments.front().about;
  return about.find("function") != std::string::npos ||
         about.find("version or alias") != std::string::npos;
}

constexpr const char* kNames =
    "kiln list --json 2>/dev/null | sed -n 's/.*\"FunctionName\": \"\\([^\"]*\\)\".*/\\1/p'";

std::string bash(const CommandShape& program) {
  std::string cases;
  each(program, [&](const CommandShape& command) {
    cases += "    " + sh_quoted(command.path) + ") words=" + sh_quoted(words_of(command));
    if (takes_function(command) && command.name != "create") cases += "; names=yes";
    cases += " ;;\n";
  });
  return "# Completion of kiln for bash: eval \"$(kiln completion bash)\"\n"
         "_kiln() {\n"
         "  local path=kiln word words='' names=no i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    case $word in -*) continue ;; esac\n"
         "    case \" $(_kiln_commands \"$path\") \" in *\" $word \"*) path=\"$path $word\" ;; "
         "esac\n"
         "  done\n"
         "  case $path in\n" +
         cases +
         "  esac\n"
         "  if [[ $names == yes && ${COMP_WORDS[COMP_CWORD]} != -* ]]; then\n"
         "    words=\"$words $(" +
         kNames +
         ")\"\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "
         "\"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "_kiln_commands() {\n"
         "  case $1 in\n" +
         [&] {
           std::string out;
           each(program, [&out](const CommandShape& command) {
             if (command.commands.empty()) return;
             std::string words;
             for (const CommandShape& below : command.commands)
               words += (words.empty() ? "" : " ") + below.name;
             out += "    " + sh_quoted(command.path) + ") echo " + sh_quoted(words) + " ;;\n";
           });
           return out;
         }() +
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
      "function __kiln_names\n  " +
      std::string(kNames) + "\nend\n";
  for (const CommandShape& command : program.commands) {
    out += "complete -c kiln -n __fish_use_subcommand -f -a " + command.name + " -d " +
           sh_quoted(command.about) + "\n";
    const std::string here = " -n '__fish_seen_subcommand_from " + command.name + "'";
    for (const CommandShape& below : command.commands)
      out += "complete -c kiln" + here + " -f -a " + below.name + " -d " + sh_quoted(below.about) +
             "\n";
    each(command, [&](const CommandShape& one) {
      if (takes_function(one) && one.name != "create")
        out += "complete -c kiln" + here + " -f -a '(__kiln_names)'\n";
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
