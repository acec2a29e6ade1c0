#include "cli/next_step.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/ascii.h"
#include "base/json_access.h"
#include "cli/missing_packages.h"

namespace kiln::cli {
namespace {

// The text between `before` and the next quote; "": there is none.
std::string quoted_behind(const std::string& message, std::string_view before) {
  const size_t at = message.find(before);
  if (at == std::string::npos) return "";
  const size_t begin = at + before.size();
  const size_t end = message.find('\'', begin);
  return end == std::string::npos ? "" : message.substr(begin, end - begin);
}

// The function says it, and it becomes a part of a command to copy. A file of the function's own
// that is missing has a path instead of a package's name.
bool is_package(const std::string& module) {
  return !module.empty() && module.front() != '.' && module.front() != '/' &&
         std::all_of(module.begin(), module.end(), [](char c) {
           return ascii::is_alnum(c) || std::string_view("-_.@/").find(c) != std::string::npos;
         });
}

// "": no package is missing.
std::string for_a_missing_package(const std::string& message, const std::string& name) {
  const std::string then = " puts it into the function's folder; then create or deploy it again";
  const std::string handler = "is it the file of the handler? `kiln files " + name +
                              "` lists the files, and a handler is FILE.FUNCTION";
  if (const std::string module = quoted_behind(message, "No module named '"); is_package(module)) {
    if (module == quoted_behind(message, "Unable to import module '")) return handler;
    return pip_command("DIR", module.substr(0, module.find('.'))) + then;
  }
  for (const std::string_view words : {"Cannot find module '", "Cannot find package '"})
    if (const std::string module = quoted_behind(message, words); is_package(module)) {
      // Node.js names the files that wanted it; of the function there may be none.
      if (message.find("/var/task/") == std::string::npos) return handler;
      return npm_command("DIR", module) + then;
    }
  return "";
}

// Whether the time limit ended an init, of which the first attempt had ended before.
bool timed_out_in_init(const std::string& log) {
  const size_t at = log.find("INIT_REPORT ");
  if (at == std::string::npos) return false;
  const std::string line = log.substr(at, log.find('\n', at) - at);
  return line.find("Phase: invoke") != line.npos && line.find("Status: timeout") != line.npos;
}

// Whether a program says, before it ends itself, that it could get no more memory. A cgroup kills
// one that needs too much; where none can be made, as without root, its allocations fail.
bool ran_out_of_memory(const std::string& type, const std::string& message,
                       const std::string& log) {
  if (type == "Runtime.OutOfMemory" || type == "MemoryError" || type == "std::bad_alloc" ||
      message == "Array buffer allocation failed")
    return true;
  if (type != "Runtime.ExitError") return false;
  constexpr std::array<std::string_view, 6> kLastWords = {
      "std::bad_alloc", "heap out of memory", "FatalProcessOutOfMemory",
      "MemoryError",    "out of memory",      "Cannot allocate memory"};
  return std::any_of(kLastWords.begin(), kLastWords.end(), [&log](std::string_view words) {
    return log.find(words) != std::string::npos;
  });
}

// "its memory of 128 MB ran out: ", as far as the log has the size.
std::string size_that_ran_out(const std::string& log) {
  constexpr std::string_view kSize = "Memory Size: ";
  const size_t at = log.rfind(kSize);
  if (at == std::string::npos) return "its memory ran out: ";
  const size_t begin = at + kSize.size();
  return "its memory of " + log.substr(begin, log.find('\t', begin) - begin) + " ran out: ";
}

}  // namespace

std::string next_step(const std::string& payload, const std::string& log, const std::string& name) {
  const auto document = json_parse(payload);
  const std::string type = string_at(document, "errorType");
  const std::string message = string_at(document, "errorMessage");
  const auto says = [&](std::string_view words) { return message.find(words) != message.npos; };
  if (std::string step = for_a_missing_package(message, name); !step.empty()) return step;
  const std::string replace = "`kiln create " + name + " DIR --update", update = replace + " ";
  if (type == "Runtime.HandlerNotFound")
    return "write that function, or name another with " + update + "--handler FILE.FUNCTION`";
  if (type == "Runtime.MalformedHandlerName")
    return update + "--handler FILE.FUNCTION` sets another";
  if (says("Unexpected token 'export'") || says("Cannot use import statement outside a module"))
    return "an ES module needs the name index.mjs, or {\"type\": \"module\"} in package.json";
  if (says("is not defined in ES module scope"))
    return "a CommonJS module needs the name index.cjs, or no \"type\" in package.json";
  if (type == "Runtime.UserCodeSyntaxError" && message.starts_with("SyntaxError: "))
    return "`node --check FILE` shows the line";
  if (type == "Sandbox.Timedout" && timed_out_in_init(log))
    return "the time went into its init: Lambda stops an init after 10 s and runs it again within "
           "the invocation's own time; load less before the handler, or give it more time with " +
           update + "--timeout SECONDS`";
  if (type == "Sandbox.Timedout") return update + "--timeout SECONDS` gives it more time";
  if (type == "Runtime.InvalidEntrypoint" && says("permission denied"))
    return "`chmod +x DIR/bootstrap` lets it be started; then " + replace + "` replaces the code";
  if (type == "Runtime.InvalidEntrypoint")
    return "put a program named bootstrap at the top of its folder; then " + replace +
           "` replaces the code";
  if (type == "Extension.LaunchError" && says("permission denied"))
    return "`chmod +x` lets that file of its layer be started; then publish the layer again";
  if (type.starts_with("Extension.") && type != "Extension.LaunchError")
    return "an extension in its layers has ended; `kiln logs " + name + "` shows what it printed";
  if (ran_out_of_memory(type, message, log))
    return size_that_ran_out(log) + update + "--memory MB` gives it more";
  if (type == "Sandbox.Failure" && says(" at /var/task: No such file or directory"))
    return "the folder of its code is gone: put it back, or name another with " + update +
           "--hot-reload`";
  if (type == "Function.ResponseSizeTooLarge")
    return "put a large answer into S3, and answer with its key";
  return "`kiln logs " + name + "` shows its log";
}

std::string describe_function_error(const std::string& payload) {
  const nlohmann::json document = json_parse(payload);
  const std::string type = string_at(document, "errorType");
  // Node.js adds lines to some messages; the answer has them all.
  std::string message = string_at(document, "errorMessage");
  message.resize(std::min(message.size(), message.find('\n')));
  // "RequestId: ID Error: …", of the platform's own; once, a time stamp was before it.
  constexpr std::string_view kId = "RequestId: ", kBehindId = " Error: ";
  if (const size_t id = message.find(kId); id != std::string::npos) {
    const std::string before = message.substr(0, id);
    const size_t text = message.find(' ', id + kId.size());
    if (before.find_first_not_of("0123456789-:.TZ ") == std::string::npos &&
        text != std::string::npos) {
      message.erase(0, text);
      message.erase(0, message.starts_with(kBehindId) ? kBehindId.size() : 1);
    }
  }
  if (message.ends_with('.')) message.pop_back();  // the sentence goes on
  if (type.empty()) return message;
  return message.empty() ? type : type + ": " + message;
}

}  // namespace kiln::cli
