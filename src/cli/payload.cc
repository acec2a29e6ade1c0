#include "cli/payload.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "base/ascii.h"
#include "base/json.h"
#include "cli/read_file.h"
#include "cli/shell.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

std::string read_stream(std::istream& in) {
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

}  // namespace

std::string file_meant(const std::string& argument) {
  for (const std::string_view sign : {"file://", "fileb://"})
    if (argument.starts_with(sign)) return argument.substr(sign.size());
  std::error_code ec;
  return argument != "-" && std::filesystem::is_regular_file(argument, ec) ? argument : "";
}

Result<std::string> read_payload(const std::string& argument, std::istream& in) {
  if (argument.empty()) return std::string("{}");
  std::string text;
  std::string where = "the payload";
  bool is_read = true;  // and not the argument itself
  if (argument == "-") {
    text = read_stream(in);
    where = "standard input";
  } else if (argument.front() == '@') {
    const std::string path = argument.substr(1);
    Result<std::string> content = read_file(path);
    if (!content) return content;
    text = *std::move(content);
    where = "'" + path + "'";
  } else {
    text = argument;
    is_read = false;
  }
  if (!nlohmann::json::accept(text)) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos)
      return usage(where + " is empty; write the event as JSON, or leave it out for {}");
    if (const std::string file = is_read ? "" : file_meant(argument); !file.empty())
      return usage(where + " is not JSON; if the event is in the file '" + file + "', write " +
                   shell_word("@" + file));
    const auto fault = json_fault(text);
    if (fault && (text[first] == '{' || text[first] == '['))
      return usage(where + " is not JSON: line " + std::to_string(fault->line) + ", column " +
                   std::to_string(fault->column) + ": " + fault->why);
    if (is_read) return usage(where + " is not JSON; a string needs its quotes, as in \"text\"");
    std::error_code ec;
    if (std::filesystem::is_directory(argument, ec))
      return usage(where + " is not JSON, and '" + argument +
                   "' is a folder; write the event's file as @FILE");
    if (argument.find('/') != std::string::npos || argument.find(".json") != std::string::npos)
      return usage(where + " is not JSON, and " +
                   nothing_at(argument,
                              "the event goes here, and the answer to stdout: `kiln invoke NAME "
                              "'{}' > " +
                                  shell_word(argument) + "`"));
    const std::string member = argument.substr(0, argument.find('='));  // name=Ada
    if (member != argument && !member.empty() &&
        std::all_of(member.begin(), member.end(),
                    [](char c) { return ascii::is_alnum(c) || c == '_' || c == '-'; }))
      return usage(where + " is not JSON; write it as `kiln invoke NAME '{\"" + member +
                   "\": \"VALUE\"}'`");
    return usage(where + " is not JSON; a string needs its quotes: kiln invoke NAME '\"text\"'");
  }
  return text;
}

}  // namespace kiln::cli
