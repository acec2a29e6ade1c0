#include "cli/config_file.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <span>
#include <utility>

#include "base/near_word.h"
#include "cli/size_text.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

constexpr size_t kMostConfigBytes = 1 << 20;

// Options whose variable is read elsewhere than by CLI11.
struct OptionVariable {
  std::string_view option;
  const char* variable;
};
constexpr std::array kOptionVariables = {
    OptionVariable{"endpoint", "KILN_ENDPOINT"},
    OptionVariable{"endpoint", "AWS_ENDPOINT_URL"},
    OptionVariable{"region", "AWS_REGION"},
    OptionVariable{"region", "AWS_DEFAULT_REGION"},
    OptionVariable{"data-dir", "KILN_DATA_DIR"},
    OptionVariable{"here", "KILN_DATA_DIR"},
    OptionVariable{"python", "KILN_PYTHON"},
    OptionVariable{"node", "KILN_NODE"},
    OptionVariable{"strict-runtimes", "KILN_STRICT_RUNTIMES"},
    OptionVariable{"accept-vpc", "KILN_ACCEPT_VPC"},
};

bool is_set(const std::string& variable) {
  const char* value = variable.empty() ? nullptr : std::getenv(variable.c_str());
  return value != nullptr && *value != '\0';
}

bool environment_says(const CLI::Option& option, const std::string& name) {
  return is_set(option.get_envname()) ||
         std::any_of(kOptionVariables.begin(), kOptionVariables.end(),
                     [&name](const OptionVariable& one) {
                       return one.option == name && is_set(one.variable);
                     });
}

// Given on the command line, or kept from having an effect by what is.
bool command_line_says(const CLI::Option& option) {
  const auto& others = option.get_excludes();
  return option.count() > 0 ||
         std::any_of(others.begin(), others.end(),
                     [](const CLI::Option* other) { return other->count() > 0; });
}

std::string what_is_wrong(CLI::Option& option, std::string value) {
  for (int i = 0;; ++i) {
    const CLI::Validator* validator = nullptr;
    try {
      validator = option.get_validator(i);
    } catch (const CLI::OptionNotFound&) {
      return "";
    }
    if (std::string message = (*validator)(value); !message.empty()) return message;
  }
}

// Finds commands and options by the names that a file has for them.
class SettingResolver {
 public:
  SettingResolver(CLI::App& app, std::string file) : app_(app), file_(std::move(file)) {}

  // Nothing for a section's beginning, and for what has no effect.
  void resolve(const ConfigSetting& setting, std::vector<CLI::ConfigItem>& items) {
    CLI::App& command = find_command(setting);
    const std::string& name = setting.path.back();
    if (name.empty()) return;
    CLI::Option& option = find_option(command, setting);
    const auto [first, is_new] = lines_.emplace(&option, setting.line);
    const bool repeats = option.get_items_expected_max() > 1;
    if (!is_new)
      refuse(setting,
             name + " is set on line " + std::to_string(first->second) + " already" +
                 (repeats ? "; write all its values as a list, as in " + name + " = [\"…\", \"…\"]"
                          : ""));
    if (setting.is_list && !repeats) refuse(setting, name + " takes one value, not a list");
    const bool is_flag = option.get_expected_min() == 0;
    std::vector<std::string> values;
    for (const std::string& text : setting.values) {
      if (is_flag && text != "true" && text != "false")
        refuse(setting, name + " is '" + text + "'; it must be true or false");
      for (std::string& value : split(option, text)) {
        if (const std::string wrong = is_flag ? "" : what_is_wrong(option, value); !wrong.empty())
          refuse(setting, wrong.starts_with("is ") ? name + " " + wrong : wrong);
        values.push_back(std::move(value));
      }
    }
    if (values.empty() || (is_flag && values.front() == "false")) return;
    if (command_line_says(option) || environment_says(option, name)) return;
    CLI::ConfigItem item;
    item.parents.assign(setting.path.begin(), setting.path.end() - 1);
    item.name = name;
    item.inputs = std::move(values);
    items.push_back(std::move(item));
  }

 private:
  [[noreturn]] void refuse(const ConfigSetting& setting, const std::string& what) const {
    throw ConfigFault(file_ + ", line " + std::to_string(setting.line) + ": " + what);
  }

  CLI::App& find_command(const ConfigSetting& setting) const {
    if (setting.path.size() == 1)
      refuse(setting, "'" + setting.path.back() +
                          "' stands above the first section; write it below that of its command, "
                          "such as [serve]");
    CLI::App* at = &app_;
    std::string path = app_.get_name();
    for (const std::string& word : std::span(setting.path).first(setting.path.size() - 1)) {
      const auto all =
          at->get_subcommands([&word](CLI::App* one) { return one->get_name() == word; });
      if (all.empty()) {
        const std::string near = near_word(word, names_of_commands(*at));
        refuse(setting, "there is no command '" + path + " " + word + "'" +
                            (near.empty() ? "; `" + path + " --help` lists the commands"
                                          : "; did you mean " + near + "?"));
      }
      at = all.front();
      path += " " + word;
    }
    return *at;
  }

  CLI::Option& find_option(CLI::App& command, const ConfigSetting& setting) const {
    const std::string& name = setting.path.back();
    CLI::Option* const found = command.get_option_no_throw("--" + name);
    if (found != nullptr && found->get_configurable()) return *found;
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options())
      if (option->get_configurable())
        for (const std::string& known : option->get_lnames()) names.push_back(known);
    std::string path;
    for (const std::string& word : std::span(setting.path).first(setting.path.size() - 1))
      path += " " + word;
    const std::string near = near_word(name, names);
    refuse(setting, "kiln" + path + " has no option '" + name + "'" +
                        (near.empty() ? "; `kiln" + path + " --help` shows what it takes"
                                      : "; did you mean " + near + "?"));
  }

  static std::vector<std::string> split(const CLI::Option& option, const std::string& text) {
    if (option.get_delimiter() == '\0') return {text};
    return CLI::detail::split(text, option.get_delimiter());
  }

  CLI::App& app_;
  const std::string file_;
  std::map<const CLI::Option*, int> lines_;  // where each was set
};

}  // namespace

std::vector<CLI::ConfigItem> ConfigFile::from_config(std::istream& input) const {
  const auto file = app_.get_config_ptr()->as<std::string>();
  std::string text(kMostConfigBytes + 1, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(input.gcount()));
  if (text.size() > kMostConfigBytes)
    throw ConfigFault(file + " has more than " + size_text(kMostConfigBytes) +
                      ", too much for a configuration file");
  std::vector<CLI::ConfigItem> settings;
  SettingResolver resolver(app_, file);
  for (const ConfigSetting& setting : parse_config(file, text)) resolver.resolve(setting, settings);
  return settings;
}

std::string ConfigFile::to_config(const CLI::App* /*app*/, bool /*default_also*/,
                                  bool /*write_description*/, std::string /*prefix*/) const {
  return "";
}

}  // namespace kiln::cli
