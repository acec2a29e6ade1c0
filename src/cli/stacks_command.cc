// kiln stacks and kiln destroy.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/near_word.h"
#include "cli/command.h"
#include "cli/consent.h"
#include "cli/named_function.h"
#include "cli/shell.h"
#include "cli/size_text.h"
#include "cli/stack_client.h"
#include "cli/stack_text.h"
#include "cli/stack_watch.h"
#include "cli/table.h"
#include "cli/template_source.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

// The command that does the same for a function.
enum class Instead { kDelete, kLogs };

// Error: there is none; its text names one that may be meant, or a function that has the name.
Result<json> stack_named(StackClient& client, const std::string& name, Instead instead) {
  auto stack = client.find(name);
  if (!stack || !stack->is_null()) return stack;
  if (client.is_function(name))
    return Error{ErrorKind::kNotFound, "NoSuchStack",
                 "'" + name + "' is a function and no stack; `kiln " +
                     (instead == Instead::kDelete ? "delete " : "logs ") + shell_word(name) +
                     region_words(client.options()) +
                     (instead == Instead::kDelete ? "` deletes it" : "` shows its logs")};
  std::vector<std::string> names;
  if (const auto all = client.pages("DescribeStacks", {}, "Stacks"))
    for (const json& each : *all) names.push_back(string_at(each, "StackName"));
  const std::string near = near_word(name, names);
  return Error{ErrorKind::kNotFound, "NoSuchStack",
               "there is no stack '" + name + "' in " + client.options().region + "; " +
                   (near.empty() ? "" : "did you mean " + near + "? ") +
                   "`kiln stacks` shows those that are there"};
}

json stack_document(const json& stack) {
  return {{"name", string_at(stack, "StackName")},
          {"id", string_at(stack, "StackId")},
          {"status", string_at(stack, "StackStatus")},
          {"reason", string_at(stack, "StackStatusReason")},
          {"created", string_at(stack, "CreationTime")},
          {"updated", string_at(stack, "LastUpdatedTime")},
          {"outputs", outputs_document(stack)}};
}

// As commands take it: NAME:ALIAS of a function's ARN, NAME:VERSION of a layer's.
std::string short_name(const std::string& physical_id) {
  if (!physical_id.starts_with("arn:")) return physical_id;
  for (const std::string kind : {":function:", ":layer:"})
    if (const size_t at = physical_id.find(kind); at != std::string::npos)
      return physical_id.substr(at + kind.size());
  return physical_id;
}

// What is in one stack.
int show_stack(Console& console, StackClient& client, OutputFormat format,
               const std::string& name) {
  const auto stack = stack_named(client, name, Instead::kLogs);
  if (!stack) return fail(console, stack.error());
  const auto resources =
      client.pages("ListStackResources", {{"StackName", name}}, "StackResourceSummaries");
  if (!resources) return fail(console, resources.error());
  if (format == OutputFormat::kJson) {
    json out = stack_document(*stack);
    out["resources"] = json::array();
    for (const json& each : *resources)
      out["resources"].push_back({{"logicalId", string_at(each, "LogicalResourceId")},
                                  {"type", string_at(each, "ResourceType")},
                                  {"status", string_at(each, "ResourceStatus")},
                                  {"reason", string_at(each, "ResourceStatusReason")},
                                  {"physicalId", string_at(each, "PhysicalResourceId")}});
    console.out << json_dump(out) << '\n';
    return kExitOk;
  }
  const std::string reason = string_at(*stack, "StackStatusReason");
  console.out << console.paint(Style::kBold, string_at(*stack, "StackName")) << "  "
              << string_at(*stack, "StackStatus") << (reason.empty() ? "" : "  " + reason)
              << "\n\n";
  Table table({{"RESOURCE"}, {"TYPE"}, {"STATUS"}, {"NAME OR ARN"}});
  for (const json& each : *resources) {
    const bool left_out = is_left_out(each);
    table.add({string_at(each, "LogicalResourceId"), string_at(each, "ResourceType"),
               left_out ? "left out" : string_at(each, "ResourceStatus"),
               left_out ? "-" : short_name(string_at(each, "PhysicalResourceId"))});
  }
  if (!resources->empty()) console.out << table.format(console);
  if (const std::string outputs = outputs_text(console, *stack, *resources); !outputs.empty())
    console.out << '\n' << outputs;
  return kExitOk;
}

int run_stacks(Console& console, const ClientOptions& options, const std::string& name) {
  auto client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  StackClient stacks(*client);
  if (!name.empty()) return show_stack(console, stacks, options.format, name);
  const auto all = stacks.pages("DescribeStacks", {}, "Stacks");
  if (!all) return fail(console, all.error());
  if (options.format == OutputFormat::kJson) {
    json out = json::array();
    for (const json& stack : *all) out.push_back(stack_document(stack));
    console.out << json_dump(out) << '\n';
    return kExitOk;
  }
  if (all->empty()) {
    note(console, "no stacks in " + options.api.region + "; `kiln deploy PATH` makes one");
    return kExitOk;
  }
  Table table({{"STACK"}, {"STATUS"}, {"LAST CHANGE"}, {"REASON"}});
  for (const json& stack : *all) {
    const std::string updated = string_at(stack, "LastUpdatedTime");
    table.add({string_at(stack, "StackName"), string_at(stack, "StackStatus"),
               updated.empty() ? string_at(stack, "CreationTime") : updated,
               string_at(stack, "StackStatusReason")});
  }
  console.out << table.format(console);
  return kExitOk;
}

// The stacks of a PATH in the order in which they go, or the name itself. A folder without a
// template may have the name of a stack or of a function.
Result<std::vector<std::string>> names_of(StackClient& client, const std::string& target) {
  std::error_code ec;
  if (!std::filesystem::exists(target, ec)) return std::vector<std::string>{target};
  const auto sources = read_template_source(target);
  if (!sources) {
    if (!is_folder_without_template(target) || target.find_first_of("/.") != std::string::npos)
      return sources.error();
    const auto stack = client.find(target);
    if (!stack) return stack.error();
    if (!stack->is_null() || client.is_function(target)) return std::vector<std::string>{target};
    return sources.error();
  }
  std::vector<std::string> names;
  for (auto source = sources->rbegin(); source != sources->rend(); ++source)
    names.push_back(source->stack_name);
  return names;
}

struct DestroyOptions {
  std::vector<std::string> targets;
  std::vector<std::string> retained;  // logical ids
  bool yes = false;
};

// One DeleteStack, followed to its end: the stack as it is then.
Result<json> delete_stack(const Console& console, std::ostream& progress, StackClient& client,
                          const std::string& id, const std::vector<std::string>& retained) {
  auto watch = StackWatch::start(client, id);
  if (!watch) return watch.error();
  StackClient::Form form = {{"StackName", id}};
  for (size_t i = 0; i < retained.size(); ++i)
    form.emplace_back("RetainResources.member." + std::to_string(i + 1), retained[i]);
  if (auto begun = client.call("DeleteStack", form); !begun) return begun.error();
  return watch->until_done([&](const json& event) {
    progress << event_text(console, event) << '\n';
    progress.flush();
  });
}

int destroy_one(Console& console, std::ostream& progress, StackClient& client,
                const std::string& name, const std::vector<std::string>& retained) {
  const auto stack = stack_named(client, name, Instead::kDelete);
  if (!stack) return fail(console, stack.error());
  const std::string id = string_at(*stack, "StackId");
  Result<json> end = *stack;
  // Resources can be left behind only once it was tried to delete them.
  if (retained.empty() || string_at(*end, "StackStatus") != "DELETE_FAILED")
    end = delete_stack(console, progress, client, id, {});
  if (end && string_at(*end, "StackStatus") == "DELETE_FAILED" && !retained.empty())
    end = delete_stack(console, progress, client, id, retained);
  if (!end) return fail(console, end.error());
  const std::string status = string_at(*end, "StackStatus");
  if (status == "DELETE_COMPLETE") return kExitOk;
  return fail(console,
              {ErrorKind::kInvalid, "DeletionFailed",
               name + " is in " + status + ": " + string_at(*end, "StackStatusReason") +
                   (retained.empty() ? "; --retain LOGICALID leaves a resource behind" : "")});
}

// "orders (3 resources: Hello, HelloRole, and HelloUrl)": what goes with it. What was left out is
// not there.
Result<std::string> what_goes(StackClient& client, const std::string& name) {
  if (const auto there = stack_named(client, name, Instead::kDelete); !there) return there.error();
  const auto resources =
      client.pages("ListStackResources", {{"StackName", name}}, "StackResourceSummaries");
  if (!resources) return resources.error();
  constexpr size_t kNamed = 6;
  size_t count = 0;
  std::string list;
  for (const json& each : *resources) {
    const std::string status = string_at(each, "ResourceStatus");
    if (status == "DELETE_COMPLETE" || is_left_out(each)) continue;
    if (++count <= kNamed)
      list += (list.empty() ? "" : ", ") + string_at(each, "LogicalResourceId");
  }
  if (count == 0) return name + " (no resources)";
  if (count > kNamed) list += " and " + std::to_string(count - kNamed) + " more";
  return name + " (" + count_text(count, "resource") + ": " + list + ")";
}

int run_destroy(Console& console, const ClientOptions& options, const DestroyOptions& wanted) {
  auto client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  StackClient stacks(*client);
  std::vector<std::string> names;
  for (const std::string& target : wanted.targets) {
    const auto found = names_of(stacks, target);
    if (!found) return fail(console, found.error());
    names.insert(names.end(), found->begin(), found->end());
  }
  if (!wanted.yes) {
    std::string list;
    for (const std::string& name : names) {
      const auto stack = what_goes(stacks, name);
      if (!stack) return fail(console, stack.error());
      list += (list.empty() ? "" : ", ") + *stack;
    }
    if (!is_anybody_there(console))
      return fail(console, usage("nobody is there to ask whether to destroy " + list +
                                 "; --yes does it without asking"));
    const int code = ask(console, "Destroy " + list + "?", "nothing was destroyed");
    if (code != kExitOk) return code;
  }
  // Progress goes to stderr when stdout is for a program.
  const bool for_program = options.format == OutputFormat::kJson;
  for (const std::string& name : names)
    if (const int code = destroy_one(console, for_program ? console.err : console.out, stacks, name,
                                     wanted.retained);
        code != kExitOk)
      return code;
  if (for_program) console.out << deleted_document(names);
  return kExitOk;
}

}  // namespace

void add_stacks_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("stacks", "List the stacks, or what is in one");
  command->footer(
      "Examples:\n"
      "  kiln stacks\n"
      "  kiln stacks orders                       its resources and outputs\n"
      "  kiln stacks --json | jq '.[] | select(.name == \"orders\").outputs'");
  auto name = std::make_shared<std::string>();
  command->add_option("stack", *name, "Name of a stack; all without one");
  auto options = add_client_options(*command);
  command->callback([&invocation, options, name] {
    invocation.exit_code = run_stacks(invocation.console, *options, *name);
  });
}

void add_destroy_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("destroy", "Delete stacks with all their resources");
  command->footer(
      "It asks first; where stdin isn't a terminal, it needs --yes.\n"
      "\n"
      "Examples:\n"
      "  kiln destroy orders --yes\n"
      "  kiln destroy cdk.out             the stacks of a CDK app, each before the stacks that it "
      "uses\n"
      "  kiln destroy orders --retain Seed --yes\n"
      "                                   also when the resource Seed can't be deleted");
  auto wanted = std::make_shared<DestroyOptions>();
  command->add_option("stack", wanted->targets, "Names of stacks, or the PATH that was deployed")
      ->required();
  command->add_flag("--yes,-y", wanted->yes, "Do it without asking");
  command
      ->add_option(
          "--retain", wanted->retained,
          "Leave this resource behind if the stack can't be deleted with it; can be repeated")
      ->type_name("LOGICALID")
      ->allow_extra_args(false);
  auto options = add_client_options(*command);
  command->callback([&invocation, options, wanted] {
    invocation.exit_code = run_destroy(invocation.console, *options, *wanted);
  });
}

}  // namespace kiln::cli
