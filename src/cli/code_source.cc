#include "cli/code_source.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "cli/read_file.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

bool has(const std::vector<CodeEntry>& entries, std::string_view path) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const CodeEntry& entry) { return entry.path == path; });
}

// The name of a top-level .py file, without its ending; "" when there is none.
std::string top_level_python(const std::vector<CodeEntry>& entries) {
  for (const CodeEntry& entry : entries) {
    if (entry.path.find('/') == std::string::npos && entry.path.ends_with(".py")) {
      return entry.path.substr(0, entry.path.size() - 3);
    }
  }
  return "";
}

bool has_typescript(const std::vector<CodeEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(),
                     [](const CodeEntry& entry) { return entry.path.ends_with(".ts"); });
}

}  // namespace

Result<CodeSource> read_code(const std::string& path, CodeForm form) {
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status)) return usage("there is no file or folder '" + path + "'");
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
    return source;
  }
  if (fs::is_directory(status)) {
    Result<PackedFolder> packed = pack_folder(path, Pick::kCode);
    if (!packed) return packed.error();
    source.packed = *std::move(packed);
    source.zip = std::exchange(source.packed.zip, {});
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

Result<RuntimeChoice> choose_runtime(const std::vector<CodeEntry>& entries, RuntimeChoice wanted,
                                     const NewestRuntime& newest) {
  if (wanted.runtime.empty()) {
    if (has(entries, "bootstrap")) {
      wanted.runtime = "provided.al2023";
    } else if (!top_level_python(entries).empty()) {
      wanted.runtime = newest("python");
      if (wanted.runtime.empty()) wanted.runtime = "python3.13";
    } else if (has(entries, "index.js") || has(entries, "index.mjs") || has(entries, "index.cjs")) {
      wanted.runtime = newest("nodejs");
      if (wanted.runtime.empty()) wanted.runtime = "nodejs22.x";
    } else {
      return usage(
          "can't infer the runtime: the code has no bootstrap, .py file, index.js, index.mjs or "
          "index.cjs at its top; " +
          std::string(has_typescript(entries)
                          ? "its .ts files need a build first, as with esbuild: give the folder "
                            "that this writes to"
                          : "give --runtime and --handler"));
    }
  }
  if (!wanted.handler.empty()) return wanted;
  if (wanted.runtime.starts_with("python")) {
    const std::string module = top_level_python(entries);
    if (!has(entries, "lambda_function.py") && !module.empty()) {
      return usage(
          "there is no lambda_function.py, where the default handler would be; give --handler " +
          module + ".FUNCTION, such as " + module + ".lambda_handler");
    }
    wanted.handler = "lambda_function.lambda_handler";
  } else if (wanted.runtime.starts_with("nodejs")) {
    wanted.handler = "index.handler";
  } else {
    wanted.handler = "bootstrap";
  }
  return wanted;
}

}  // namespace kiln::cli
