#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "base/json_access.h"
#include "cli/command.h"
#include "cli/consent.h"
#include "cli/interrupts.h"
#include "cli/remedies.h"
#include "cli/shell.h"
#include "cli/stack_client.h"
#include "cli/stack_package.h"
#include "cli/stack_text.h"
#include "cli/stack_watch.h"
#include "cli/template_source.h"
#include "cli/usage.h"
#include "template/template.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr const char* kPlannedAlone = "REVIEW_IN_PROGRESS";
constexpr const char* kUnchanged = "nothing was changed";
constexpr size_t kMaxTemplateInRequest = 51'200;  // bytes; a larger one goes into the bucket

struct DeployOptions {
  std::string path = ".";
  std::string stack_name;
  std::vector<std::string> only;
  std::vector<std::string> parameters, tags;
  bool yes = false;
  bool plan_only = false;
  bool skip_unsupported = false;
  bool hot_reload = false;
};

Result<std::map<std::string, std::string>> read_pairs(const std::vector<std::string>& given,
                                                      const char* option) {
  std::map<std::string, std::string> out;
  for (const std::string& pair : given) {
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos)
      return usage(std::string(option) + " '" + pair + "' is not NAME=VALUE");
    out[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return out;
}

// A change set that leaves nothing behind, unless it is carried out: neither itself nor a new stack
// that holds nothing else. Another command may have planned the same stack, or carried that out.
class Plan {
 public:
  Plan(StackClient& client, const json& made, bool is_new)
      : client_(client),
        id_(string_at(made, "Id")),
        stack_id_(string_at(made, "StackId")),
        is_new_(is_new) {}
  ~Plan() { drop(); }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const std::string& id() const { return id_; }
  const std::string& stack_id() const { return stack_id_; }

  Result<void> carry_out() {
    const auto begun = client_.call("ExecuteChangeSet", {{"ChangeSetName", id_}});
    // Without an answer it may have begun.
    const bool refused = !begun && begun.error().kind != ErrorKind::kUnavailable &&
                         begun.error().kind != ErrorKind::kInternal;
    left_ = !refused;
    if (!begun) return begun.error();
    return {};
  }
  void drop() {
    if (std::exchange(left_, true)) return;
    (void)client_.call("DeleteChangeSet", {{"ChangeSetName", id_}});
    if (is_new_ && is_of_no_use()) (void)client_.call("DeleteStack", {{"StackName", stack_id_}});
  }

 private:
  bool is_of_no_use() {
    const auto stack = client_.find(stack_id_);
    if (!stack || stack->is_null() || string_at(*stack, "StackStatus") != kPlannedAlone)
      return false;
    const auto others = client_.call("ListChangeSets", {{"StackName", stack_id_}});
    return others && json_list(*others, "Summaries").empty();
  }

  StackClient& client_;
  std::string id_, stack_id_;
  bool is_new_;
  bool left_ = false;
};

// A value with NoEcho, as the engine shows it.
constexpr std::string_view kHidden = "****";

// Deploys the stacks of one PATH, one after the other.
class Deployer {
 public:
  Deployer(Console& console, const ClientOptions& client_options, const DeployOptions& options,
           ApiClient& client)
      : console_(console),
        client_options_(client_options),
        options_(options),
        api_(client),
        client_(client) {}

  int run() {
    auto sources = read_template_source(options_.path);
    if (!sources) return fail(console_, sources.error());
    if (!options_.stack_name.empty()) {
      if (sources->size() != 1)
        return fail(console_, usage(options_.path + " has " + std::to_string(sources->size()) +
                                    " stacks; --stack-name is for a single template"));
      sources->front().stack_name = options_.stack_name;
    }
    for (const std::string& name : options_.only) {
      const bool there = std::any_of(sources->begin(), sources->end(),
                                     [&](const auto& s) { return s.stack_name == name; });
      if (!there)
        return fail(console_, usage("there is no stack '" + name + "' in " + options_.path));
    }
    const auto account = client_.account();
    if (!account) return fail(console_, account.error());
    target_ = {*account, client_.options().region,
               options_.hot_reload ? Folders::kRunInPlace : Folders::kPack,
               options_.skip_unsupported ? Missing::kLeaveOut : Missing::kRefuse};
    json all_outputs = json::object();
    for (const StackTemplate& source : *sources) {
      if (!options_.only.empty() && std::find(options_.only.begin(), options_.only.end(),
                                              source.stack_name) == options_.only.end())
        continue;
      const int code = deploy(source, all_outputs);
      if (code != kExitOk) return code;
    }
    if (client_options_.format == OutputFormat::kJson)
      console_.out << json_dump(all_outputs) << '\n';
    return kExitOk;
  }

 private:
  // Progress goes to stderr when stdout is for a program.
  std::ostream& talk() {
    return client_options_.format == OutputFormat::kJson ? console_.err : console_.out;
  }

  int deploy(const StackTemplate& source, json& all_outputs) {
    auto before = client_.find(source.stack_name);
    if (!before) return fail(console_, before.error());
    const auto given = given_parameters(source);
    if (!given) return fail(console_, given.error());
    target_.values = known_values(*given, *before);
    auto package = pack_stack(source, target_);
    if (!package) return fail(console_, package.error());
    for (const std::string& warning : package->warnings)
      warn(console_, placed_in(source.file, warning));
    if (auto gone = remove_failed(source.stack_name, *before); !gone)
      return fail(console_, gone.error());
    if (auto sent = upload(*package); !sent) return fail(console_, sent.error());
    const auto form = change_set_form(source, *package, *before);
    if (!form) return fail(console_, form.error());
    std::optional<Interrupts> interrupts(std::in_place, console_,
                                         "removing the plan; Ctrl-C again ends at once");
    const auto made = client_.call("CreateChangeSet", *form);
    if (!made) return fail(console_, located(source, made.error()));
    Plan plan(client_, *made, before->is_null());
    const auto code = consider(source, plan, *interrupts, all_outputs);
    if (code.value_or(kExitOk) != kExitOk) return *code;
    if (interrupts->came()) return stop();
    if (code) return kExitOk;
    auto watch = StackWatch::start(client_, plan.stack_id());
    if (interrupts->came()) return stop();
    if (!watch) return fail(console_, watch.error());
    if (const auto begun = plan.carry_out(); !begun)
      return fail(console_, located(source, begun.error()));
    if (interrupts->came()) return fail(console_, StackWatch::interrupted());
    interrupts.reset();
    return follow(source.stack_name, *watch, plan.stack_id(), all_outputs);
  }

  // For somebody who did so before the plan was carried out.
  int stop() {
    note(console_, kUnchanged);
    return kExitInterrupted;
  }

  Result<std::map<std::string, std::string>> given_parameters(const StackTemplate& source) const {
    auto given = read_pairs(options_.parameters, "--parameter");
    if (given) given->insert(source.parameters.begin(), source.parameters.end());
    return given;
  }

  // With the values that the stack keeps, but for those that nobody is shown.
  std::map<std::string, std::string> known_values(const std::map<std::string, std::string>& given,
                                                  const json& before) const {
    auto known = pseudo_values(target_.account, target_.region);
    known.insert(given.begin(), given.end());
    for (const json& parameter : json_list(before, "Parameters"))
      if (const std::string value = string_at(parameter, "ParameterValue"); value != kHidden)
        known.emplace(string_at(parameter, "ParameterKey"), value);
    return known;
  }

  // A stack whose creation was rolled back holds nothing; only a new one can follow it.
  Result<void> remove_failed(const std::string& name, json& stack) {
    const std::string status = stack.is_null() ? "" : string_at(stack, "StackStatus");
    if (status == kPlannedAlone) stack = nullptr;
    if (status != "ROLLBACK_COMPLETE") return {};
    talk() << name << " is in " << status << ": removing what is left of it\n";
    const std::string id = string_at(stack, "StackId");
    if (auto gone = client_.call("DeleteStack", {{"StackName", id}}); !gone) return gone.error();
    auto watch = StackWatch::start(client_, id);
    if (!watch) return watch.error();
    auto end = watch->until_done([](const json&) {});
    if (!end) return end.error();
    stack = nullptr;
    return {};
  }

  Result<void> upload(const StackPackage& package) {
    for (const Upload& each : package.uploads) {
      const auto there = client_.has_object(each.bucket, each.key);
      if (!there) return there.error();
      if (*there) continue;
      auto content = read_upload(each);
      if (!content) return content.error();
      if (auto made = client_.make_bucket(each.bucket); !made) return made;
      if (auto put = client_.put_object(each.bucket, each.key, std::move(*content)); !put)
        return put;
    }
    return {};
  }

  Result<StackClient::Form> change_set_form(const StackTemplate& source,
                                            const StackPackage& package, const json& before) {
    StackClient::Form form = {{"StackName", source.stack_name},
                              {"ChangeSetName", "kiln-deploy-" + new_uuid()},
                              {"ChangeSetType", before.is_null() ? "CREATE" : "UPDATE"},
                              {"Capabilities.member.1", "CAPABILITY_NAMED_IAM"},
                              {"Capabilities.member.2", "CAPABILITY_AUTO_EXPAND"}};
    if (options_.skip_unsupported) form.emplace_back("KilnSkipUnsupported", "true");
    if (package.template_text.size() <= kMaxTemplateInRequest) {
      form.emplace_back("TemplateBody", package.template_text);
    } else {
      const Upload large{source.file, AssetPackaging::kFile, deploy_bucket(target_),
                         source.stack_name + ".template", package.template_text};
      if (auto made = client_.make_bucket(large.bucket); !made) return made.error();
      if (auto put = client_.put_object(large.bucket, large.key, large.content); !put)
        return put.error();
      form.emplace_back("TemplateURL",
                        client_.options().endpoint + "/" + large.bucket + "/" + large.key);
    }
    const auto parameters = given_parameters(source);
    if (!parameters) return parameters.error();
    auto tags = read_pairs(options_.tags, "--tag");
    if (!tags) return tags.error();
    tags->insert(source.tags.begin(), source.tags.end());
    if (auto kept = keep_previous(source, before, *parameters, form); !kept) return kept.error();
    int number = 0;
    for (const auto& [name, value] : *tags) {
      const std::string at = "Tags.member." + std::to_string(++number);
      form.emplace_back(at + ".Key", name);
      form.emplace_back(at + ".Value", value);
    }
    return form;
  }

  // Parameters that aren't given keep the value that the stack has.
  Result<void> keep_previous(const StackTemplate& source, const json& before,
                             const std::map<std::string, std::string>& given,
                             StackClient::Form& form) {
    int number = 0;
    for (const auto& [name, value] : given) {
      const std::string at = "Parameters.member." + std::to_string(++number);
      form.emplace_back(at + ".ParameterKey", name);
      form.emplace_back(at + ".ParameterValue", value);
    }
    if (before.is_null()) return {};
    const auto written = cfn::read_as_written(source.text, local_include(source));
    for (const json& parameter : json_list(before, "Parameters")) {
      const std::string name = string_at(parameter, "ParameterKey");
      if (given.contains(name) || !written || !written->parameter(name)) continue;
      const std::string at = "Parameters.member." + std::to_string(++number);
      form.emplace_back(at + ".ParameterKey", name);
      form.emplace_back(at + ".UsePreviousValue", "true");
    }
    return {};
  }

  // Shows the plan, and asks. What the command ends with; nullopt: the plan is to be carried out.
  std::optional<int> consider(const StackTemplate& source, Plan& plan, const Interrupts& interrupts,
                              json& all_outputs) {
    const auto set = client_.call(
        "DescribeChangeSet", {{"ChangeSetName", plan.id()}, {"IncludePropertyValues", "true"}});
    if (!set) return fail(console_, set.error());
    json changes = json_list(*set, "Changes");
    if (!changes.is_array()) changes = json::array();
    if (string_at(*set, "Status") == "FAILED") {
      plan.drop();
      if (string_at(*set, "StatusReason").find("didn't contain changes") == std::string::npos)
        return fail(console_,
                    {ErrorKind::kInvalid, "ChangeSetFailed", string_at(*set, "StatusReason")});
      talk() << source.stack_name << ": no changes\n";
      if (options_.plan_only) return keep_plan(source.stack_name, json::array(), all_outputs);
      return finish(source.stack_name, all_outputs);
    }
    talk() << console_.paint(Style::kBold, source.stack_name) << ": " << plan_summary(changes)
           << "\n"
           << plan_text(console_, changes);
    warn_of_runtimes(source, changes);
    if (options_.plan_only) return keep_plan(source.stack_name, changes, all_outputs);
    if (options_.yes) return std::nullopt;
    int code = expect_somebody(console_, "--yes carries the plan out, --plan only shows it");
    if (code == kExitOk) code = ask(console_, "Carry this out?", kUnchanged, interrupts);
    return code == kExitOk ? std::nullopt : std::optional(code);
  }

  int follow(const std::string& name, StackWatch& watch, const std::string& stack_id,
             json& all_outputs) {
    const auto end = watch.until_done([this](const json& event) {
      talk() << event_text(console_, event) << '\n';
      talk().flush();
    });
    if (!end) return fail(console_, end.error());
    const std::string status = string_at(*end, "StackStatus");
    if (status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE")
      return finish(name, all_outputs);
    return fail(console_, {ErrorKind::kInvalid, "DeploymentFailed",
                           name + " is in " + status + why(stack_id)});
  }

  // Another interpreter of the machine runs these functions, or none. AWS says nothing of the kind.
  void warn_of_runtimes(const StackTemplate& source, const json& changes) {
    const auto functions = functions_by_runtime(changes);
    if (functions.empty()) return;
    const Result<json> known = api_.json({.path = "/_kiln/runtimes"});
    if (!known) return;
    for (const auto& [runtime, names] : functions)
      if (const std::string remark = string_at(json_member(*known, "remarks"), runtime.c_str());
          !remark.empty())
        warn(console_, source.file + ": " + names + ": " + remark);
  }

  // The first failure says why; what follows are its consequences.
  std::string why(const std::string& stack_id) {
    const auto events = client_.pages(
        "DescribeStackEvents", {{"StackName", stack_id}}, "StackEvents", [](const json& event) {
          return string_at(event, "ResourceType") == "AWS::CloudFormation::Stack" &&
                 string_at(event, "ResourceStatusReason") == "User Initiated";
        });
    if (!events) return "";
    for (auto event = events->rbegin(); event != events->rend(); ++event)
      if (string_at(*event, "ResourceStatus").ends_with("_FAILED"))
        return ": " + string_at(*event, "LogicalResourceId") + ": " +
               string_at(*event, "ResourceStatusReason");
    // No resource, but the stack itself: an export of a name that another stack has.
    for (const json& event : *events)
      if (string_at(event, "ResourceStatus").ends_with("ROLLBACK_IN_PROGRESS"))
        return ": " + string_at(event, "ResourceStatusReason");
    return "";
  }

  int finish(const std::string& name, json& all_outputs) {
    const auto stack = client_.find(name);
    if (!stack) return fail(console_, stack.error());
    all_outputs[name] = outputs_document(*stack);
    if (client_options_.format == OutputFormat::kJson) return kExitOk;
    const auto resources =
        client_.pages("ListStackResources", {{"StackName", name}}, "StackResourceSummaries");
    if (!resources) return fail(console_, resources.error());
    console_.out << outputs_text(console_, *stack, *resources);
    return kExitOk;
  }

  // With --json, a plan is what DescribeChangeSet calls Changes.
  static int keep_plan(const std::string& name, const json& changes, json& all_outputs) {
    all_outputs[name] = {{"Changes", changes}};
    return kExitOk;
  }

  Error located(const StackTemplate& source, Error error) const {
    const bool busy = error.message.find("_IN_PROGRESS state") != std::string::npos;
    error.message = placed_in(source.file, error.message);
    if (busy) error.message += " Deploy again when `kiln stacks` shows that it has ended.";
    // The server doesn't know the path.
    constexpr std::string_view kCommand = "`kiln deploy ";
    if (const size_t at = error.message.find("`kiln deploy --skip-unsupported`");
        at != std::string::npos)
      error.message.insert(at + kCommand.size(), shell_word(options_.path) + " ");
    return error;
  }

  Console& console_;
  const ClientOptions& client_options_;
  const DeployOptions& options_;
  ApiClient& api_;
  StackClient client_;
  PackageTarget target_;
};

int run_deploy(Console& console, const ClientOptions& client_options,
               const DeployOptions& options) {
  auto client = ApiClient::create(client_options.api);
  if (!client) return fail(console, client.error());
  return Deployer(console, client_options, options, *client).run();
}

}  // namespace

void add_deploy_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "deploy", "Deploy the stacks of a CDK app or a template, after showing a plan");
  command->footer(
      "PATH is a cdk.out folder, a CloudFormation or SAM template, or a folder with one.\n"
      "\n"
      "Examples:\n"
      "  kiln deploy cdk.out --yes\n"
      "  kiln deploy template.yaml --stack-name orders --parameter Stage=test\n"
      "  kiln deploy template.yaml --plan                what would change\n"
      "  kiln deploy template.yaml --yes --json | jq -r .orders.Url");
  auto options = std::make_shared<DeployOptions>();
  command
      ->add_option("path", options->path,
                   "cdk.out, a template, or a folder with one; default: this folder")
      ->type_name("PATH");
  command->add_option("--stack-name", options->stack_name,
                      "Name of a single template's stack (default: from its file or folder)");
  command->add_option("--stack", options->only, "Only this stack of a CDK app; can be repeated");
  command
      ->add_option("--parameter", options->parameters,
                   "Value of a template's parameter; can be repeated")
      ->type_name("NAME=VALUE");
  command
      ->add_option("--tag", options->tags,
                   "A tag of all resources that can have tags; can be repeated")
      ->type_name("NAME=VALUE");
  command->add_flag("--yes,-y", options->yes, "Carry out the plan without asking");
  command->add_flag("--plan", options->plan_only, "Show the plan and end");
  command->add_flag("--skip-unsupported", options->skip_unsupported,
                    "Leave out resources and properties that Kiln's stacks can't hold, and what "
                    "refers to them");
  command->add_flag("--hot-reload", options->hot_reload,
                    "Run the folders of local code in place instead of packing them");
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_deploy(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
