#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "cli/command.h"
#include "cli/shell.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxName = 64;

struct Template {
  const char* path;
  std::string_view text;  // @NAME@ is the function's name, @NAMESPACE@ what C++ calls it
};

constexpr std::array kTemplates = {
    Template{"CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.25)
project(@NAME@ LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_package(kiln REQUIRED)  # of the package kiln-dev, or of `cmake --install` from a clone

add_library(handler STATIC handler.cc)
target_compile_options(handler PRIVATE -g)  # for stack traces; the package is stripped
target_include_directories(handler PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(handler PUBLIC kiln::sdk)

add_executable(@NAME@ main.cc)
target_link_libraries(@NAME@ PRIVATE handler)
kiln_lambda(@NAME@ STATIC)  # makes @NAME@.zip

enable_testing()
add_executable(handler_test handler_test.cc)
target_link_libraries(handler_test PRIVATE handler)
add_test(NAME handler_test COMMAND handler_test)
)"},
    Template{"handler.h",
             R"(// What the function does, apart from main.cc so that a test can call it.
#pragma once

#include <kiln/context.h>

#include <nlohmann/json.hpp>

namespace @NAMESPACE@ {

nlohmann::json handle(const nlohmann::json& event, const kiln::Context& context);

}  // namespace @NAMESPACE@
)"},
    Template{"handler.cc", R"(#include "handler.h"

#include <kiln/log.h>

namespace @NAMESPACE@ {

nlohmann::json handle(const nlohmann::json& event, const kiln::Context& context) {
  const std::string name = event.value("name", "world");
  kiln::log::info("greeting", {{"name", name}, {"remaining_ms", context.remaining_time().count()}});
  return {{"hello", name}};
}

}  // namespace @NAMESPACE@
)"},
    Template{"main.cc", R"(#include <kiln/json_handler.h>

#include "handler.h"

int main() { return kiln::run(@NAMESPACE@::handle); }
)"},
    Template{"handler_test.cc", R"(#include "handler.h"

#include <cstdio>

// Returns how many expectations failed. Any test framework does as well.
int main() {
  int failed = 0;
  const auto expect = [&](const nlohmann::json& got, const nlohmann::json& wanted) {
    if (got == wanted) return;
    ++failed;
    std::fprintf(stderr, "got %s, wanted %s\n", got.dump().c_str(), wanted.dump().c_str());
  };
  expect(@NAMESPACE@::handle({{"name", "Ada"}}, {}), {{"hello", "Ada"}});
  expect(@NAMESPACE@::handle(nlohmann::json::object(), {}), {{"hello", "world"}});
  return failed;
}
)"},
};

std::string project_text(std::string_view text, const std::string& name) {
  std::string space = name;
  std::replace(space.begin(), space.end(), '-', '_');
  std::string out;
  while (!text.empty()) {
    const size_t at = std::min(text.find('@'), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.starts_with("@NAME@")) {
      out += name;
      text.remove_prefix(6);
    } else if (text.starts_with("@NAMESPACE@")) {
      out += space;
      text.remove_prefix(11);
    } else if (!text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string check_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool good = !name.empty() && name.size() <= kMaxName && is_letter(name.front()) &&
                    std::all_of(name.begin(), name.end(), [&](char c) {
                      return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
                    });
  return good ? ""
              : "'" + name +
                    "' is not a name for a new function: at most 64 letters, digits, '-' and '_', "
                    "a letter first";
}

Error cannot(const std::string& what, const std::string& why) {
  return {ErrorKind::kInvalid, "CannotMake", what + ": " + why};
}

int run_new(Console& console, const std::string& name, const std::string& folder) {
  std::error_code ec;
  if (fs::exists(folder, ec) && !fs::is_empty(folder, ec))
    return fail(console, cannot("'" + folder + "' is there and not empty",
                                "choose another name, or another place with --dir"));
  fs::create_directories(folder, ec);
  if (ec) return fail(console, cannot("can't make the folder '" + folder + "'", ec.message()));
  for (const Template& file : kTemplates) {
    const fs::path path = fs::path(folder) / file.path;
    std::ofstream out(path, std::ios::binary);
    out << project_text(file.text, name);
    out.close();
    if (!out) return fail(console, cannot("can't write " + path.string(), "is the disk full?"));
  }
  const std::string shown = shell_word(folder), build = shell_word(folder + "/build");
  console.out << "made " << folder << "; next:\n"
              << "  cmake -S " << shown << " -B " << build << "\n"
              << "  cmake --build " << build << "\n"
              << "  ctest --test-dir " << build << "\n"
              << "  kiln create " << name << ' ' << shell_word(folder + "/build/" + name + ".zip")
              << "\n"
              << "  kiln invoke " << name << " '{\"name\": \"Ada\"}' --tail\n"
              << "or let `kiln dev " << shown << "` build and update it whenever you save a file\n";
  return kExitOk;
}

}  // namespace

void add_new_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("new", "Create a project for a C++ function, with CMake file and test");
  command->footer(
      "The project builds with Kiln's SDK: the package kiln-dev, or `cmake --install` from a\n"
      "clone.\n"
      "\n"
      "Examples:\n"
      "  kiln new hello\n"
      "  kiln new hello --dir functions/hello");
  auto name = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  command->add_option("NAME", *name, "Name of the function")->required()->check(check_name);
  command->add_option("--dir", *folder, "Folder to make (default: NAME)")->type_name("DIR");
  command->callback([&invocation, name, folder] {
    invocation.exit_code = run_new(invocation.console, *name, folder->empty() ? *name : *folder);
  });
}

}  // namespace kiln::cli
