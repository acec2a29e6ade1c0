#include "cli/code_source.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/json_access.h"
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

// The folder into which its .ts files were built; "": there is none.
std::string built_folder(const std::vector<CodeEntry>& entries) {
  for (const std::string folder : {"dist", "build", "out", "lib"}) {
    const auto is_top_module = [&folder](const CodeEntry& entry) {
      return entry.path.starts_with(folder + "/") &&
             entry.path.find('/', folder.size() + 1) == std::string::npos &&
             (entry.path.ends_with(".js") || entry.path.ends_with(".mjs") ||
              entry.path.ends_with(".cjs"));
    };
    if (std::any_of(entries.begin(), entries.end(), is_top_module)) return folder;
  }
  return "";
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
  const std::string file = typescript(entries), built = built_folder(entries);
  if (!file.empty() && !built.empty())
    return "give the folder with what was built of its .ts files: `kiln create NAME " +
           shell_word(folder == "DIR" ? "DIR/" + built
                                      : (std::filesystem::path(folder) / built).string()) +
           "`";
  if (!file.empty())
    return "build its .ts files first, in its folder: `npx esbuild " + shell_word(file) +
           " --bundle --platform=node --outfile=build/index.js`; then give the folder build";
  for (const Sources& sources : kSources)
    if (std::any_of(entries.begin(), entries.end(),
                    [&](const CodeEntry& entry) { return entry.path.ends_with(sources.ending); }))
      return std::string(sources.step);
  return "give --runtime and --handler";
}

// "src/app.js" -> "src/app"
std::string module_of(const std::string& file) { return file.substr(0, file.rfind('.')); }

// Larger files were made by a tool, and say little by names.
constexpr size_t kMaxSourceBytes = 4'194'304;
// Code with more of them at its top is searched for no handler: each is read, and an archive is
// hostile.
constexpr size_t kMaxSources = 32;

const Result<std::string>& text_of(const CodeSource& source, const std::string& file) {
  if (const auto known = source.texts.find(file); known != source.texts.end()) return known->second;
  Result<std::string> text = source.folder.empty()
                                 ? zip_content(source.zip, file, kMaxSourceBytes)
                                 : read_file(source.folder + "/" + file, kMaxSourceBytes);
  return source.texts.emplace(file, std::move(text)).first->second;
}

bool is_word_character(char c) { return ascii::is_alnum(c) || c == '_' || c == '$'; }

bool has_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !is_word_character(text[at - 1])) &&
        (end == text.size() || !is_word_character(text[end])))
      return true;
  }
  return false;
}

// False only if it is sure: the name occurs nowhere, and nothing brings in names of other files.
bool may_define(std::string_view text, std::string_view function) {
  constexpr std::array<std::string_view, 10> kNamesOfOthers = {
      "import*",      "globals(",        "setattr(",   "exec(",      "export*",
      "__exportStar", "exports=require", "exports=__", "...require", "assign(exports"};
  if (has_word(text, function)) return true;
  std::string dense;
  std::copy_if(text.begin(), text.end(), std::back_inserter(dense),
               [](char c) { return c != ' ' && c != '\t'; });
  return std::any_of(kNamesOfOthers.begin(), kNamesOfOthers.end(), [&](std::string_view others) {
    return dense.find(others) != std::string::npos;
  });
}

// Those that the files have, as --handler takes them.
std::vector<std::string> handlers_in(const CodeSource& source,
                                     const std::vector<std::string>& files) {
  std::vector<std::string> handlers;
  if (files.size() > kMaxSources) return handlers;
  for (const std::string& file : files) {
    const Result<std::string>& text = text_of(source, file);
    if (!text) continue;
    for (const std::string& name :
         file.ends_with(".py") ? handlers_in_python(*text) : handlers_in_javascript(*text))
      handlers.push_back(module_of(file) + "." + name);
  }
  return handlers;
}

// The files that a module may be: "src/app" may be src/app.js.
std::vector<std::string> files_of_module(const CodeSource& source, const std::string& module,
                                         std::span<const std::string_view> endings) {
  std::vector<std::string> files;
  for (const std::string_view ending : endings)
    if (std::string file = module + std::string(ending); has(source.entries, file))
      files.push_back(std::move(file));
  return files;
}

// "a", or "a, or b"
std::string named_in_turn(const std::vector<std::string>& handlers, const char* word = ", or ") {
  std::string choice;
  for (const std::string& handler : handlers) choice += (choice.empty() ? "" : word) + handler;
  return choice;
}

// Where the default file is there without the default function: the only handler that it has.
// "": the default one will do, or nothing is sure.
std::string other_handler(const CodeSource& source, const std::vector<std::string>& files,
                          std::string_view function) {
  if (files.size() != 1) return "";
  const Result<std::string>& text = text_of(source, files.front());
  if (!text || may_define(*text, function)) return "";
  const std::vector<std::string> handlers = handlers_in(source, files);
  return handlers.size() == 1 ? handlers.front() : "";
}

// The only handler that is there. `wanted` is the file where the default one would be, and `there`
// those that are there.
Result<std::string> only_handler(const CodeSource& source, const std::string& wanted,
                                 const std::vector<std::string>& there,
                                 const std::string& function) {
  const std::vector<std::string> handlers = handlers_in(source, there);
  if (handlers.size() == 1) return handlers.front();
  // Beside others, the one that has the default function's name.
  const auto has_its_name = [&](const std::string& one) { return one.ends_with("." + function); };
  if (std::count_if(handlers.begin(), handlers.end(), has_its_name) == 1)
    return *std::find_if(handlers.begin(), handlers.end(), has_its_name);
  std::string choice = named_in_turn(handlers);
  if (choice.empty()) {
    const std::string module = module_of(there.front());
    choice = module + ".FUNCTION, such as " + module + "." + function;
  }
  return usage("there is no " + wanted + ", where the default handler would be; give --handler " +
               choice);
}

// The file that package.json names as the package's; "": none that is JavaScript and there.
std::string main_of_package(const CodeSource& source) {
  if (!has(source.entries, "package.json")) return "";
  const Result<std::string>& text = text_of(source, "package.json");
  if (!text) return "";
  const std::string main =
      fs::path(string_at(json_parse(*text), "main")).lexically_normal().generic_string();
  const bool is_code = std::any_of(kNodeFiles.begin(), kNodeFiles.end(),
                                   [&](std::string_view ending) { return main.ends_with(ending); });
  return is_code && has(source.entries, main) ? main : "";
}

bool may_have_handler(const CodeEntry& entry) {
  return !is_of_others(entry) &&
         (entry.path.ends_with(".py") ||
          std::any_of(kNodeFiles.begin(), kNodeFiles.end(),
                      [&](std::string_view ending) { return entry.path.ends_with(ending); }));
}

// What helps where there is no code at the top: a template, or code in the folders below.
std::string step_below(const CodeSource& source) {
  for (const char* file : {"template.yaml", "template.yml", "template.json", "cdk.out"})
    if (!source.folder.empty() && fs::exists(fs::path(source.folder) / file))
      return "`kiln deploy " + shell_word(source.folder) + "` makes the functions of its " + file;
  const std::vector<CodeEntry>& all = source.entries;
  const bool unbuilt = !typescript(all).empty();
  const auto deep = std::find_if(all.begin(), all.end(), may_have_handler);
  if (unbuilt || deep == all.end())
    return step_for(all, source.folder.empty() ? "DIR" : source.folder);
  const std::string folder = fs::path(deep->path).parent_path().string();
  if (source.folder.empty())
    return "the code is in its folder " + folder +
           ": zip what is in there, or give --runtime and --handler " + module_of(deep->path) +
           ".FUNCTION";
  return "there is code in " + (fs::path(source.folder) / folder).lexically_normal().string() +
         ": give that folder, or --runtime and --handler";
}

}  // namespace

Result<CodeSource> read_code(const std::string& path, CodeForm form) {
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status)) {
    const std::string file = path.substr(path.starts_with("fileb://") ? 8 : 0);
    return usage(nothing_at(path, file != path ? "write the path alone: " + shell_word(file)
                                               : "give the folder or the zip file of the code"));
  }
  CodeSource source;
  source.form = form;
  if (form == CodeForm::kHotReload) {
    if (!fs::is_directory(status))
      return usage("--hot-reload needs a folder; '" + path + "' is none");
    source.hot_reload_dir = fs::canonical(path, ec).string();
    if (ec) return usage("can't read the folder '" + path + "': " + ec.message());
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
  const std::string main = main_of_package(source);
  const auto newest_node = [&] {
    const std::string found = newest("nodejs");
    return found.empty() ? std::string("nodejs22.x") : found;
  };
  if (wanted.runtime.empty()) {
    if (has(entries, "bootstrap")) {
      wanted.runtime = "provided.al2023";
    } else if (!top_level(entries, kPythonFiles).empty()) {
      wanted.runtime = newest("python");
      if (wanted.runtime.empty()) wanted.runtime = "python3.13";
    } else if (has_index(entries) || (top_level(entries, kTypeScriptFiles).empty() &&
                                      !top_level(entries, kNodeFiles).empty())) {
      wanted.runtime = newest_node();
    } else if (!main.empty()) {
      wanted.runtime = newest_node();
    } else {
      return usage(
          "can't infer the runtime: the code has no bootstrap, .py, .js, .mjs, or .cjs file at its "
          "top; " +
          step_below(source));
    }
  }
  if (!wanted.handler.empty()) return wanted;
  Result<std::string> found = std::string();  // another one than the default
  if (wanted.runtime.starts_with("python")) {
    const std::vector<std::string> files = all_top_level(entries, kPythonFiles);
    wanted.handler = "lambda_function.lambda_handler";
    if (has(entries, "lambda_function.py"))
      found = other_handler(source, {"lambda_function.py"}, "lambda_handler");
    else if (!files.empty())
      found = only_handler(source, "lambda_function.py", files, "lambda_handler");
  } else if (wanted.runtime.starts_with("nodejs")) {
    std::vector<std::string> files = all_top_level(entries, kNodeFiles);
    if (!main.empty() && files.empty()) files = {main};
    wanted.handler = "index.handler";
    if (has_index(entries))
      found = other_handler(source, files_of_module(source, "index", kNodeFiles), "handler");
    else if (!files.empty())
      found = only_handler(source, "index.js, index.mjs, or index.cjs", files, "handler");
  } else {
    wanted.handler = "bootstrap";
  }
  if (!found) return found.error();
  if (!found->empty()) wanted.handler = *found;
  return wanted;
}

std::string handler_fault(const CodeSource& source, const RuntimeChoice& choice) {
  const bool python = choice.runtime.starts_with("python");
  if (!python && !choice.runtime.starts_with("nodejs")) return "";
  const std::span<const std::string_view> endings =
      python ? std::span<const std::string_view>(kPythonFiles) : kNodeFiles;
  const std::string is = "the handler is '" + choice.handler + "'";
  const auto step = [&](const std::vector<std::string>& files) {
    const std::vector<std::string> handlers = handlers_in(source, files);
    return handlers.empty() ? "" : "; the code has " + named_in_turn(handlers, " and ");
  };
  const std::vector<std::string> at_top = all_top_level(source.entries, endings);
  // Python takes the last dot, Node.js the first one of the file's name.
  const size_t slash = choice.handler.rfind('/');
  const size_t dot = python ? choice.handler.rfind('.')
                            : choice.handler.find('.', slash == std::string::npos ? 0 : slash);
  if (dot == std::string::npos || dot == 0 || dot + 1 == choice.handler.size())
    return is + ", and it must be FILE.FUNCTION" + step(at_top);
  std::string module = choice.handler.substr(0, dot);
  if (python) std::replace(module.begin(), module.end(), '.', '/');
  module = fs::path(module).lexically_normal().generic_string();
  const std::string function =
      choice.handler.substr(dot + 1, choice.handler.find('.', dot + 1) - dot - 1);
  const std::vector<std::string> files = files_of_module(source, module, endings);
  if (files.empty()) {
    // A package, or a compiled module.
    const bool other =
        std::any_of(source.entries.begin(), source.entries.end(), [&](const CodeEntry& entry) {
          return entry.path.starts_with(module + ".") || entry.path.starts_with(module + "/");
        });
    return other ? ""
                 : is + ", and the code has no " + module + std::string(endings.front()) +
                       step(at_top);
  }
  for (const std::string& file : files)
    if (const Result<std::string>& text = text_of(source, file);
        !text || may_define(*text, function))
      return "";
  return is + ", and " + files.front() + " has no '" + function + "'" + step(files);
}

}  // namespace kiln::cli
