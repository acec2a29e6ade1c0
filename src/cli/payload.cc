#include "cli/payload.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

Error usage(std::string message) { return Error{ErrorKind::kInvalid, "Usage", std::move(message)}; }

std::string read_all(std::istream& in) {
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

}  // namespace

Result<std::string> read_payload(const std::string& argument, std::istream& in) {
  if (argument.empty()) return std::string("{}");
  std::string text;
  std::string where = "the payload";
  if (argument == "-") {
    text = read_all(in);
    where = "standard input";
  } else if (argument.front() == '@') {
    const std::string path = argument.substr(1);
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      return usage("cannot read the payload file '" + path + "': " + std::strerror(errno));
    }
    text = read_all(file);
    if (file.bad()) return usage("cannot read the payload file '" + path + "'");
    where = "'" + path + "'";
  } else {
    text = argument;
  }
  if (!nlohmann::json::accept(text)) {
    return usage(where + " is not JSON; a string needs its quotes: kiln invoke NAME '\"text\"'");
  }
  return text;
}

}  // namespace kiln::cli
