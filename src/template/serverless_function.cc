// AWS::Serverless::Function: the function, its role, version, alias and URL.
#include <algorithm>
#include <iterator>

#include "template/functions.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

// What AWS::Lambda::Function has under the same name.
constexpr std::string_view kSame[] = {"Architectures",
                                      "CodeSigningConfigArn",
                                      "Description",
                                      "Environment",
                                      "EphemeralStorage",
                                      "FileSystemConfigs",
                                      "FunctionName",
                                      "Handler",
                                      "ImageConfig",
                                      "KmsKeyArn",
                                      "Layers",
                                      "LoggingConfig",
                                      "MemorySize",
                                      "PackageType",
                                      "RecursiveLoop",
                                      "ReservedConcurrentExecutions",
                                      "Role",
                                      "Runtime",
                                      "RuntimeManagementConfig",
                                      "SnapStart",
                                      "Timeout",
                                      "VpcConfig"};
constexpr std::string_view kOwn[] = {"AssumeRolePolicyDocument",
                                     "AutoPublishAlias",
                                     "AutoPublishAliasAllProperties",
                                     "AutoPublishCodeSha256",
                                     "CodeUri",
                                     "DeadLetterQueue",
                                     "DeploymentPreference",
                                     "EventInvokeConfig",
                                     "Events",
                                     "FunctionUrlConfig",
                                     "ImageUri",
                                     "InlineCode",
                                     "PermissionsBoundary",
                                     "Policies",
                                     "ProvisionedConcurrencyConfig",
                                     "RolePath",
                                     "Tags",
                                     "Tracing",
                                     "VersionDeletionPolicy",
                                     "VersionDescription"};

bool is_true(const Node* node) {
  return node && node->text == "true" && (node->kind == Node::Kind::kBool || node->is_text());
}

class FunctionExpander {
 public:
  FunctionExpander(const SamResource& function, std::vector<Problem>& problems)
      : function_(function), problems_(problems), make_(function.place) {}

  Expansion expand() {
    check_names();
    check_deployment_preference();
    Node lambda = lambda_properties();
    const std::string alias = alias_name();
    const std::string target = alias.empty() ? function_.id : alias_id(alias);
    if (!alias.empty()) publish(lambda);
    if (const Node* config = find("ProvisionedConcurrencyConfig"); config && alias.empty())
      wrong(config->place,
            "To set ProvisionedConcurrencyConfig AutoPublishAlias must be defined on the function");
    make_url(target);
    std::vector<Node> statements = dead_letter_statements();
    if (find("EventInvokeConfig")) {
      const Node* name = alias.empty() ? nullptr : find("AutoPublishAlias");
      add(expand_invoke_config(function_, name ? *name : make_.text("$LATEST"), statements,
                               problems_));
      if (name) depend_on(target, out_.resources.back());
    }
    if (!find("Role")) {
      out_.resources.push_back(
          make_role(function_, *lambda.find("Tags"), std::move(statements), problems_));
      make_.add(lambda, "Role", make_.get_att(function_.id + "Role", "Arn"));
    }
    for (Member& each : expand_events(function_, target, problems_))
      out_.resources.push_back(std::move(each));
    Member whole =
        make_resource(function_, function_.id, "AWS::Lambda::Function", std::move(lambda));
    copy_members(function_.whole, {"DependsOn", "Metadata", "UpdatePolicy"}, whole.value);
    out_.resources.insert(out_.resources.begin(), std::move(whole));
    return std::move(out_);
  }

 private:
  const Node* find(std::string_view name) const { return function_.properties.find(name); }
  void wrong(Place place, const std::string& message) {
    sam_problem(function_, place, message, problems_);
  }
  void add(Expansion more) {
    for (Member& each : more.resources) out_.resources.push_back(std::move(each));
    out_.names.merge(more.names);
  }
  void depend_on(const std::string& id, Member& resource) const {
    make_.add(resource.value, "DependsOn", make_.text(id));
  }

  void check_names() {
    for (const Member& member : function_.properties.map) {
      const bool known =
          std::find(std::begin(kSame), std::end(kSame), member.name) != std::end(kSame) ||
          std::find(std::begin(kOwn), std::end(kOwn), member.name) != std::end(kOwn);
      if (!known)
        wrong(member.place,
              "'" + member.name +
                  "' is not a property of AWS::Serverless::Function that is known here");
    }
  }

  // Traffic that CodeDeploy moves step by step is the one thing it is for.
  void check_deployment_preference() {
    const Node* preference = find("DeploymentPreference");
    if (!preference) return;
    const Node* enabled = preference->find("Enabled");
    if (enabled && enabled->text == "false") return;
    const Node* type = preference->find("Type");
    const bool at_once = type && type->text == "AllAtOnce" && !preference->find("Hooks") &&
                         !preference->find("Alarms");
    if (!at_once)
      wrong(preference->place,
            "DeploymentPreference is CodeDeploy's, which is not here; AllAtOnce without Hooks and "
            "Alarms is supported, and Enabled: false");
  }

  Node lambda_properties() {
    Node out = make_.map();
    copy_members(function_.properties, kSame, out);
    make_.add(out, "Code", code());
    make_.add(out, "Tags", tag_list(function_, problems_));
    if (const Node* tracing = find("Tracing"); tracing && tracing->text != "Disabled")
      make_.add(out, "TracingConfig", make_.map({{"Mode", *tracing}}));
    if (const Node* queue = find("DeadLetterQueue")) {
      const Node* target = queue->find("TargetArn");
      const Node* type = queue->find("Type");
      if (!target || !type)
        wrong(queue->place,
              "'DeadLetterQueue' requires Type and TargetArn properties to be specified");
      else if (type->text != "SQS" && type->text != "SNS")
        wrong(type->place, "'DeadLetterQueue' requires Type of SQS or SNS");
      else
        make_.add(out, "DeadLetterConfig", make_.map({{"TargetArn", *target}}));
    }
    return out;
  }

  Node code() {
    const Node* package = find("PackageType");
    if (package && package->text == "Image") {
      const Node* image = find("ImageUri");
      if (!image) wrong(function_.place, "'ImageUri' must be set");
      return make_.map({{"ImageUri", image ? *image : make_.text("")}});
    }
    if (!find("Runtime") || !find("Handler"))
      wrong(function_.place,
            "Runtime and Handler needs to be present when PackageType is of type `Zip`");
    if (const Node* text = find("InlineCode")) return make_.map({{"ZipFile", *text}});
    if (const Node* uri = find("CodeUri")) return code_location(function_, *uri, problems_);
    wrong(function_.place, "Either 'InlineCode' or 'CodeUri' must be set");
    return make_.map();
  }

  // The name that the alias has in logical ids; "" without one.
  std::string alias_name() {
    const Node* alias = find("AutoPublishAlias");
    if (!alias) return {};
    if (alias->is_text() && !alias->text.empty()) return alias->text;
    const Node* ref = alias->find("Ref");
    const Node* parameters = function_.root.find("Parameters");
    const Node* parameter = ref && parameters ? parameters->find(ref->text) : nullptr;
    if (!parameter) {
      wrong(alias->place, "'AutoPublishAlias' must be a string or a Ref to a template parameter");
      return {};
    }
    const Node* value = parameter->find("Default");
    return value && !value->text.empty() ? value->text : ref->text;
  }
  // A logical id has letters and digits only.
  std::string alias_id(const std::string& name) const {
    std::string id = function_.id + "Alias";
    for (const char c : name) id += c == '-' ? 'D' : c == '_' ? 'U' : c;
    return id;
  }

  // A version is a resource that never changes: what asks for a new one gives it another id.
  std::string version_id(const Node& lambda) const {
    const std::string prefix = function_.id + "Version";
    if (const Node* sha = find("AutoPublishCodeSha256"); sha && sha->is_text())
      return prefix + sha->text.substr(0, 10);
    if (is_true(find("AutoPublishAliasAllProperties"))) return prefix + short_hash(lambda);
    Node reasons = make_.map();
    copy_members(lambda, {"Code", "Environment", "MemorySize"}, reasons);
    if (const Node* snap = find("SnapStart"))
      if (const Node* apply = snap->find("ApplyOn"); apply && apply->text != "None")
        make_.add(reasons, "SnapStart", *snap);
    return prefix + short_hash(reasons);
  }

  void publish(const Node& lambda) {
    const std::string version = version_id(lambda);
    Node properties = make_.map({{"FunctionName", make_.ref(function_.id)}});
    if (const Node* description = find("VersionDescription"))
      make_.add(properties, "Description", *description);
    Member resource =
        make_resource(function_, version, "AWS::Lambda::Version", std::move(properties));
    if (const Node* policy = find("VersionDeletionPolicy")) {
      std::erase_if(resource.value.map,
                    [](const Member& member) { return member.name == "DeletionPolicy"; });
      make_.add(resource.value, "DeletionPolicy", *policy);
    }
    if (!resource.value.find("DeletionPolicy"))
      make_.add(resource.value, "DeletionPolicy", make_.text("Retain"));
    out_.resources.push_back(std::move(resource));
    out_.names[function_.id + ".Version"] = version;

    Node alias = make_.map({{"Name", *find("AutoPublishAlias")},
                            {"FunctionName", make_.ref(function_.id)},
                            {"FunctionVersion", make_.get_att(version, "Version")}});
    if (const Node* config = find("ProvisionedConcurrencyConfig"))
      make_.add(alias, "ProvisionedConcurrencyConfig", *config);
    const std::string id = alias_id(alias_name());
    out_.resources.push_back(make_resource(function_, id, "AWS::Lambda::Alias", std::move(alias)));
    out_.names[function_.id + ".Alias"] = id;
  }

  void make_url(const std::string& target) {
    const Node* config = find("FunctionUrlConfig");
    if (!config) return;
    const Node* auth = config->find("AuthType");
    const bool known =
        auth && (is_function(*auth) || auth->text == "NONE" || auth->text == "AWS_IAM");
    if (!known)
      return wrong(
          config->place,
          "AuthType is required to configure function property `FunctionUrlConfig`. Please "
          "provide either AWS_IAM or NONE.");
    Node properties = make_.map({{"TargetFunctionArn", make_.ref(target)}});
    for (const Member& member : config->map) {
      if (member.name != "AuthType" && member.name != "Cors" && member.name != "InvokeMode")
        wrong(member.place, "'" + member.name + "' is not a property of FunctionUrlConfig");
      properties.map.push_back(member);
    }
    out_.resources.push_back(
        make_resource(function_, function_.id + "Url", "AWS::Lambda::Url", std::move(properties)));
    if (auth->text != "NONE") return;
    Node permission = make_.map({{"Action", make_.text("lambda:InvokeFunctionUrl")},
                                 {"FunctionName", make_.ref(target)},
                                 {"FunctionUrlAuthType", *auth},
                                 {"Principal", make_.text("*")}});
    out_.resources.push_back(make_resource(function_, function_.id + "UrlPublicPermissions",
                                           "AWS::Lambda::Permission", std::move(permission)));
  }

  std::vector<Node> dead_letter_statements() const {
    const Node* queue = find("DeadLetterQueue");
    const Node* target = queue ? queue->find("TargetArn") : nullptr;
    const Node* type = queue ? queue->find("Type") : nullptr;
    if (!target || !type) return {};
    return {
        make_.map({{"Action", make_.text(type->text == "SNS" ? "sns:Publish" : "sqs:SendMessage")},
                   {"Effect", make_.text("Allow")},
                   {"Resource", *target}})};
  }

  const SamResource& function_;
  std::vector<Problem>& problems_;
  const NodeMaker make_;
  Expansion out_;
};

}  // namespace

Expansion expand_function(const SamResource& function, std::vector<Problem>& problems) {
  return FunctionExpander(function, problems).expand();
}

}  // namespace kiln::cfn
