// The configuration file: defaults of options, a section for each command, in the part of TOML that
// options need. What stands in it is either a setting or an error that names the file and the line;
// nothing is passed over.
//
//   [serve]
//   port = 4567                     # as is, or in "…" (with escapes) or '…' (without)
//   here = true                     # an option that takes no value
//   forward = ["s3=http://…", …]    # an option that may be given often
//
//   [alarm.set]
//   period = "1m"
//
// A setting gives way to the command line and to the environment variable that says the same.
#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

// What is wrong with the file, as a sentence.
class ConfigFault : public CLI::ConfigError {
 public:
  explicit ConfigFault(std::string sentence)
      : CLI::ConfigError(std::move(sentence), CLI::ExitCodes::ConfigError) {}
};

struct ConfigSetting {
  std::vector<std::string> path;  // the section's words and the name
  std::vector<std::string> values;
  bool is_list = false;
  int line = 0;  // from 1
};

// Everything in `text`, sections without a setting as a path with "" at its end. Throws ConfigFault
// with `file` in it.
std::vector<ConfigSetting> parse_config(const std::string& file, std::string_view text);

// Reads it for CLI11, which calls from_config() when the command line is parsed: `app` outlives it.
class ConfigFile final : public CLI::Config {
 public:
  explicit ConfigFile(CLI::App& app) : app_(app) {}
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
  // Kiln writes none.
  std::string to_config(const CLI::App* app, bool default_also, bool write_description,
                        std::string prefix) const override;

 private:
  CLI::App& app_;
};

}  // namespace kiln::cli
