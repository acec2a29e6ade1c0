// Where the code of a new function comes from, and what it says by itself: package, runtime and
// handler.
//
// Threading: a CodeSource is of one thread. Cost: a zip archive is held in memory, and the texts
// that were looked at.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/dir_zip.h"

namespace kiln::cli {

enum class CodeForm { kPackage, kHotReload };

struct CodeSource {
  CodeForm form = CodeForm::kPackage;
  std::string zip;             // kPackage
  PackedFolder packed;         // of a folder: what went into the zip; its own zip is empty
  std::string hot_reload_dir;  // kHotReload: absolute
  std::vector<CodeEntry> entries;
  std::string folder;  // where the code lies as files; empty: in an archive
  // Files that were looked at, so that each is read once.
  mutable std::map<std::string, Result<std::string>> texts = {};
};

// `path` is a folder or a zip archive; kHotReload needs a folder.
// Error (kInvalid): not there, unreadable, neither of the two.
Result<CodeSource> read_code(const std::string& path, CodeForm form);

struct RuntimeChoice {
  std::string runtime;
  std::string handler;
};

// The newest runtime of a language, "python" or "nodejs", that is at home where the function will
// run; "": not known.
using NewestRuntime = std::function<std::string(const std::string& language)>;

// Fills what the user left empty: provided.al2023 for a `bootstrap`, the newest runtime of Python
// for a .py file, of Node.js for index.js or index.mjs, or another such file where no .ts file lies
// beside it, all at the top of the package, or for the file that package.json names as main. The
// handler is the default one, or the only one that the files have. Error (kInvalid):
// none of these, or several handlers; the message names those that are in the code. What is in
// node_modules and the like is not looked at.
Result<RuntimeChoice> choose_runtime(const CodeSource& source, RuntimeChoice wanted,
                                     const NewestRuntime& newest);

// "the handler is 'app.run', and the code has no app.py; the code has main.run": what will make
// invocations fail, as far as the files of Python and Node.js show it. "": nothing is sure. Not for
// functions with layers, which may bring the file.
std::string handler_fault(const CodeSource& source, const RuntimeChoice& choice);

}  // namespace kiln::cli
