#include "cli/payload.h"

#include <iterator>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/read_file.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

std::string read_stream(std::istream& in) {
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

}  // namespace

Result<std::string> read_payload(const std::string& argument, std::istream& in) {
  if (argument.empty()) return std::string("{}");
  std::string text;
  std::string where = "the payload";
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
  }
  if (!nlohmann::json::accept(text)) {
    const auto first = text.find_first_not_of(" \t\r\n");
    const auto fault = json_fault(text);
    if (fault && first != std::string::npos && (text[first] == '{' || text[first] == '['))
      return usage(where + " is not JSON: line " + std::to_string(fault->line) + ", column " +
                   std::to_string(fault->column) + ": " + fault->why);
    return usage(where + " is not JSON; a string needs its quotes: kiln invoke NAME '\"text\"'");
  }
  return text;
}

}  // namespace kiln::cli
