#include "cli/code_source.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include "cli/handler_names.h"
#include "cli/read_file.h"
#include "cli/shell.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 1> kPythonFiles = {".py"};
constexpr std::array<std::string_view, 3> kNodeFiles = {".js", ".mjs", ".cjs"};
constexpr std::array<std::string_view, 1> kTypeScriptFiles = {".ts"};
// Folders, at any depth, of code that others wrote or that a build made: nobody builds these files.
constexpr std::array<std::string_view, 8> kFoldersOfOthers = {
    "node_modules", "CMakeFiles", "vendor", "third_party",
    "target",       ".venv",      "venv",   "site-packages"};

bool has(const std::vector<CodeEntry>& entries, std::string_view path) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const CodeEntry& entry) { return entry.path == path; });
}

// The top-level files with one of these endings. A file such as jest.config.js can't have a
// handler.
std::vector<std::string> all_top_level(const std::vector<CodeEntry>& entries,
                                       std::span<const std::string_view> endings) {
  std::vector<std::string> files;
  for (const CodeEntry& entry : entries)
    for (const std::string_view ending : endings) {
      if (!entry.path.ends_with(ending)) continue;
      const std::string name = entry.path.substr(0, entry.path.size() - ending.size());
      if (name.find_first_of("/.") == std::string::npos) files.push_back(entry.path);
    }
  return files;
}

// The first of them; "" when there is none.
std::string top_level(const std::vector<CodeEntry>& entries,
                      std::span<const std::string_view> endings) {
  const std::vector<std::string> files = all_top_level(entries, endings);
  return files.empty() ? "" : files.front();
}

bool has_index(const std::vector<CodeEntry>& entries) {
  return has(entries, "index.js") || has(entries, "index.mjs") || has(entries, "index.cjs");
}

bool is_of_others(const CodeEntry& entry) {
  std::string_view rest = entry.path;
  for (size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    const std::string_view folder = rest.substr(0, slash);
    if (std::find(kFoldersOfOthers.begin(), kFoldersOfOthers.end(), folder) !=
        kFoldersOfOthers.end())
      return true;
    rest.remove_prefix(slash + 1);
  }
  return false;
}

// The file that a build begins with: index.ts or app.ts, else the first. "": there is none.
std::string typescript(const std::vector<CodeEntry>& entries) {
  std::string found;
  for (const CodeEntry& entry : entries) {
    if (!entry.path.ends_with(".ts") || entry.path.ends_with(".d.ts")) continue;
    if (entry.path.ends_with("index.ts") || entry.path.ends_with("app.ts")) return entry.path;
    if (found.empty()) found = entry.path;
  }
  return found;
}

// Sources that no runtime here takes as they are, by their ending, and what makes a package of
// them.
struct Sources {
  std::string_view ending, step;
};
constexpr std::array kSources = {
    Sources{".go",
            "build its .go files first, in its folder: `CGO_ENABLED=0 go build -o build/bootstrap "
            ".`; then give the folder build"},
    Sources{".rs",
            "build its .rs files first, in its folder: `cargo build --release`; then copy the "
            "program from target/release to build/bootstrap, and give the folder build"},
    Sources{".java",
            "give a folder with the .jar files and a script bootstrap that starts java with AWS's "
            "runtime interface client"},
    Sources{".rb",
            "give a folder with the .rb files and a script bootstrap that starts ruby with AWS's "
            "runtime interface client"},
    Sources{".cs", "publish a self-contained program, name it bootstrap, and give its folder"},
    Sources{".cc", "`kiln new NAME` makes a project that builds a function in C++"},
    Sources{".cpp", "`kiln new NAME` makes a project that builds a function in C++"},
};

std::string step_for(std::vector<CodeEntry> entries, const std::string& folder) {
  std::erase_if(entries, is_of_others);
  if (has(entries, "CMakeLists.txt")) {
    const std::string word = shell_word(folder);
    return "`kiln dev " + word +
           "` builds a project with CMake and makes its function, and `kiln create NAME " + word +
           "/build/NAME.zip` makes one of what is built";
  }
  if (const std::string file = typescript(entries); !file.empty())
    return "build its .ts files first, in its folder: `npx esbuild " + shell_word(file) +
           " --bundle --platform=node --outfile=build/index.js`; then give the folder build";
  for (const Sources& sources : kSources)
    if (std::any_of(entries.begin(), entries.end(),
                    [&](const CodeEntry& entry) { return entry.path.ends_with(sources.ending); }))
      return std::string(sources.step);
  return "give --runtime and --handler";
}

// `wanted` is the file where the default handler would be, and `there` those that are there.
Error no_default_handler(const CodeSource& source, const std::string& wanted,
                         const std::vector<std::string>& there, const std::string& function) {
  const auto module_of = [](const std::string& file) { return file.substr(0, file.find('.')); };
  std::string handlers;
  for (const std::string& file : there) {
    if (source.folder.empty()) break;  // an archive
    const Result<std::string> text = read_file(source.folder + "/" + file);
    if (!text) continue;
    for (const std::string& name :
         file.ends_with(".py") ? handlers_in_python(*text) : handlers_in_javascript(*text))
      handlers.append(handlers.empty() ? "" : ", or ").append(module_of(file) + "." + name);
  }
  if (handlers.empty()) {
    const std::string module = module_of(there.front());
    handlers = module + ".FUNCTION, such as " + module + "." + function;
  }
  return usage("there is no " + wanted + ", where the default handler would be; give --handler " +
               handlers);
}

}  // namespace

Result<CodeSource> read_code(const std::string& path, CodeForm form) {
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status)) {
    const std::string file = path.substr(path.starts_with("fileb://") ? 8 : 0);
    return usage("there is no file or folder '" + path + "'" +
                 (file != path ? "; write the path alone: " + shell_word(file) : ""));
  }
  CodeSource source;
  source.form = form;
  if (form == CodeForm::kHotReload) {
    if (!fs::is_directory(status))
      return usage("--hot-reload needs a folder; '" + path + "' is none");
    source.hot_reload_dir = fs::canonical(path, ec).string();
    if (ec) return usage("cannot read the folder '" + path + "': " + ec.message());
    Result<std::vector<CodeEntry>> entries = code_entries(source.hot_reload_dir);
    if (!entries) return entries.error();
    source.entries = *std::move(entries);
    source.folder = source.hot_reload_dir;
    return source;
  }
  if (fs::is_directory(status)) {
    Result<PackedFolder> packed = pack_folder(path, Pick::kCode);
    if (!packed) return packed.error();
    source.packed = *std::move(packed);
    source.zip = std::exchange(source.packed.zip, {});
    source.folder = path;
  } else {
    Result<std::string> content = read_file(path);
    if (!content) return content.error();
    source.zip = *std::move(content);
  }
  Result<std::vector<CodeEntry>> entries = zip_entries(source.zip);
  if (!entries) {
    const fs::path folder = fs::path(path).parent_path();
    return usage("'" + path + "' is neither a folder nor a zip archive; if it is the code, give " +
                 "its folder: " + (folder.empty() ? "." : folder.string()));
  }
  source.entries = *std::move(entries);
  return source;
}

Result<RuntimeChoice> choose_runtime(const CodeSource& source, RuntimeChoice wanted,
                                     const NewestRuntime& newest) {
  const std::vector<CodeEntry>& entries = source.entries;
  if (wanted.runtime.empty()) {
    if (has(entries, "bootstrap")) {
      wanted.runtime = "provided.al2023";
    } else if (!top_level(entries, kPythonFiles).empty()) {
      wanted.runtime = newest("python");
      if (wanted.runtime.empty()) wanted.runtime = "python3.13";
    } else if (has_index(entries) || (top_level(entries, kTypeScriptFiles).empty() &&
                                      !top_level(entries, kNodeFiles).empty())) {
      wanted.runtime = newest("nodejs");
      if (wanted.runtime.empty()) wanted.runtime = "nodejs22.x";
    } else {
      return usage(
          "can't infer the runtime: the code has no bootstrap, .py, .js, .mjs, or .cjs file at its "
          "top; " +
          step_for(entries, source.folder.empty() ? "DIR" : source.folder));
    }
  }
  if (!wanted.handler.empty()) return wanted;
  if (wanted.runtime.starts_with("python")) {
    const std::vector<std::string> files = all_top_level(entries, kPythonFiles);
    if (!has(entries, "lambda_function.py") && !files.empty())
      return no_default_handler(source, "lambda_function.py", files, "lambda_handler");
    wanted.handler = "lambda_function.lambda_handler";
  } else if (wanted.runtime.starts_with("nodejs")) {
    const std::vector<std::string> files = all_top_level(entries, kNodeFiles);
    if (!has_index(entries) && !files.empty())
      return no_default_handler(source, "index.js, index.mjs, or index.cjs", files, "handler");
    wanted.handler = "index.handler";
  } else {
    wanted.handler = "bootstrap";
  }
  return wanted;
}

}  // namespace kiln::cli
