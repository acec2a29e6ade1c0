// `kiln lint`: templates read, modelled, checked, and what was found printed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/console.h"

namespace kiln::cli {

enum class LintFormat { kText, kJson, kSarif };

struct LintOptions {
  std::string path = ".";
  std::map<std::string, std::string> parameters;
  std::string region = "us-east-1";  // of stacks that name none
  int64_t account_concurrency = 1000;
  int64_t min_unreserved = 100;
  std::string data_dir;  // "": not read
  std::string endpoint;  // "": not asked
  LintFormat format = LintFormat::kText;
};

// The exit code: kExitOk when nothing is above info, kExitFailed for warnings and errors,
// kExitUsage for what can't be read.
int run_lint(Console& console, const LintOptions& options);

}  // namespace kiln::cli
