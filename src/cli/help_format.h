// --help in 80 columns, whatever the length of descriptions: options and commands in two columns,
// paragraphs reflowed, long examples continued with a backslash.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace kiln::cli {

inline constexpr size_t kHelpColumns = 80;

class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_footer(const CLI::App* app) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;
};

// Lines of at most `columns` characters, broken between words.
std::string wrapped(std::string_view text, size_t columns);

// Paragraphs and examples, which are indented, in kHelpColumns. A comment behind an example comes
// nearer, or on a line of its own.
std::string fitted_footer(std::string_view text);

}  // namespace kiln::cli
