#include "cli/lint_command.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/report_lines.h"
#include "cli/table.h"
#include "cli/template_model.h"
#include "cli/usage.h"
#include "cli/usage_error.h"
#include "lint/findings_text.h"
#include "lint/rule.h"

namespace kiln::cli {
namespace {

using lint::Finding;
using lint::Severity;

Result<std::vector<lint::MemoryUse>> read_reports(const LintOptions& options,
                                                  const lint::Model& model) {
  const WantsReports wants = [&](const std::string& region, const std::string& name) {
    return std::any_of(model.functions.begin(), model.functions.end(),
                       [&](const lint::Function& function) {
                         const lint::StackInfo& stack = model.stacks[function.origin.stack];
                         return stack.region == region && runs_as(function, stack.name, name);
                       });
  };
  MemoryUses uses;
  const TakeReport take = [&](SeenReport&& seen) { return uses.add(seen); };
  const TakeReport take_all = [&](SeenReport&& seen) {
    uses.add(seen);
    return true;
  };
  if (!options.data_dir.empty()) {
    if (Result<void> read = reports_of_files(options.data_dir, wants, take_all); !read)
      return read.error();
    return uses.take();
  }
  if (options.endpoint.empty()) return uses.take();
  std::set<std::string> regions;
  for (const lint::StackInfo& stack : model.stacks) regions.insert(stack.region);
  for (const std::string& region : regions) {
    if (Result<void> read = reports_of_endpoint({options.endpoint, region}, wants, take); !read)
      return read.error();
  }
  return uses.take();
}

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return Style::kRed;
    case Severity::kWarning:
      return Style::kBold;
    case Severity::kInfo:
      break;
  }
  return Style::kDim;
}

constexpr size_t kBelowReason = 9;  // after "    why: "

void print_text(Console& console, const lint::Model& model, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    std::string text =
        console.paint(Style::kBold, lint::place_text(model, finding)) + ": " +
        console.paint(style_of(finding.severity), std::string(to_text(finding.severity))) + ": " +
        finding.origin.logical_id + ": " + finding.message + " " +
        console.paint(Style::kDim, "[" + std::string(finding.rule->id) + "]") + "\n";
    if (!finding.origin.construct.empty()) text += "    in:  " + finding.origin.construct + "\n";
    text += "    why: " + std::string(finding.rule->why) + "\n";
    text += "    do:  " + finding.advice + "\n";
    console.out << for_console(console, text, kBelowReason);
  }
  console.out << lint::summary_text(model, findings) << '\n';
}

void print(Console& console, LintFormat format, const lint::Model& model,
           const std::vector<Finding>& findings) {
  if (format == LintFormat::kText) {
    print_text(console, model, findings);
    return;
  }
  const nlohmann::json document = format == LintFormat::kSarif
                                      ? lint::sarif_document(model, findings, KILN_VERSION)
                                      : lint::json_document(model, findings);
  console.out << json_pretty(document) << '\n';
}

}  // namespace

int run_lint(Console& console, const LintOptions& options) {
  if (options.min_unreserved > options.account_concurrency) {
    return fail(console, usage("--min-unreserved " + std::to_string(options.min_unreserved) +
                               " is above --account-concurrency " +
                               std::to_string(options.account_concurrency)));
  }
  const std::optional<lint::Model> model =
      read_template_model(console, {options.path, options.parameters, options.region});
  if (!model) return kExitUsage;
  Result<std::vector<lint::MemoryUse>> memory = read_reports(options, *model);
  if (!memory) return fail(console, memory.error());

  const std::vector<Finding> findings =
      lint::lint(*model, {.account_concurrency = options.account_concurrency,
                          .min_unreserved = options.min_unreserved,
                          .memory = std::move(*memory)});
  print(console, options.format, *model, findings);
  const bool clean = std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::kInfo;
  });
  return clean ? kExitOk : kExitFailed;
}

void add_lint_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("lint", "Find conflicts of limits, scaling, and alarms in templates");
  command->footer(
      "Examples:\n"
      "  kiln lint template.yaml\n"
      "  kiln lint cdk.out --account-concurrency 3000\n"
      "  kiln lint . --data-dir ~/.local/share/kiln   with the memory that invocations used\n"
      "  kiln lint cdk.out --format sarif > lint.sarif\n"
      "\n"
      "Exit codes: 0 nothing above info, 1 warnings or errors, 2 wrong usage or a template that\n"
      "can't be read. docs/lint.md explains each rule.");
  auto options = std::make_shared<LintOptions>();
  if (const char* endpoint = std::getenv("KILN_ENDPOINT"); endpoint != nullptr)
    options->endpoint = endpoint;
  command
      ->add_option("path", options->path,
                   "cdk.out, a template, or a folder with one; default: this folder")
      ->type_name("PATH");
  add_parameter_option(*command, options->parameters);
  add_region_option(*command, options->region, "Region of stacks that name none [AWS_REGION]");
  command
      ->add_option("--account-concurrency", options->account_concurrency,
                   "Concurrent executions that the account has in a Region")
      ->check(number_between(1, 1'000'000'000))
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--min-unreserved", options->min_unreserved,
                   "Concurrency that must stay unreserved")
      ->check(number_between(0, 1'000'000'000))
      ->type_name("N")
      ->capture_default_str();
  CLI::Option* data_dir = command->add_option(
      "--data-dir", options->data_dir, "Read REPORT lines from the logs in Kiln's data folder");
  data_dir->type_name("DIR");
  command
      ->add_option("--endpoint", options->endpoint,
                   "Read REPORT lines from a running Kiln [KILN_ENDPOINT]")
      ->type_name("URL")
      ->excludes(data_dir);
  CLI::Option* format = command->add_option_function<std::string>(
      "--format",
      [options](const std::string& name) {
        options->format = name == "sarif" ? LintFormat::kSarif : LintFormat::kText;
      },
      "text or sarif (SARIF 2.1.0)");
  format->check(one_of({"text", "sarif"}))->type_name("NAME");
  command
      ->add_flag_callback(
          "--json", [options] { options->format = LintFormat::kJson; }, "Print JSON, for programs")
      ->excludes(format);
  command->callback(
      [&invocation, options] { invocation.exit_code = run_lint(invocation.console, *options); });
}

}  // namespace kiln::cli
