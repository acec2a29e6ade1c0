// AWS::Serverless::Function: the function, its role, version, alias and URL.
#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

const std::initializer_list<std::string_view> kFunctionProperties = {
    "Architectures",
    "AssumeRolePolicyDocument",
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "AutoPublishCodeSha256",
    "CapacityProviderConfig",
    "CodeSigningConfigArn",
    "CodeUri",
    "DeadLetterQueue",
    "DeploymentPreference",
    "Description",
    "DurableConfig",
    "Environment",
    "EphemeralStorage",
    "EventInvokeConfig",
    "Events",
    "FileSystemConfigs",
    "FunctionName",
    "FunctionScalingConfig",
    "FunctionUrlConfig",
    "Handler",
    "ImageConfig",
    "ImageUri",
    "InlineCode",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "ProvisionedConcurrencyConfig",
    "PublishToLatestPublished",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "Role",
    "RolePath",
    "Runtime",
    "RuntimeManagementConfig",
    "SnapStart",
    "SourceKMSKeyArn",
    "Tags",
    "TenancyConfig",
    "Timeout",
    "Tracing",
    "VersionDeletionPolicy",
    "VersionDescription",
    "VpcConfig"};
constexpr const char* kFunctionCreatedBy = "lambda:createdBy";

class FunctionExpander {
 public:
  FunctionExpander(SamTemplate& all, const SamResource& function, Made& made)
      : all_(all), function_(function), made_(made) {}

  void expand() {
    check_properties(all_, function_, kFunctionProperties);
    read_alias();
    const Node tags = tag_list();
    Node lambda = lambda_properties(tags);
    EventTarget target{function_.id};
    Made more;
    if (!alias_.empty()) {
      publish(lambda, more);
      target = {alias_id(), true};
    } else if (const Node* config = find("ProvisionedConcurrencyConfig")) {
      wrong(config->place,
            "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on "
            "the function");
    }
    make_url(target, more);
    if (find("DeploymentPreference")) prefer(more);
    std::vector<Node> documents;
    if (const Node* queue = find("DeadLetterQueue"))
      if (const Node* arn = queue->find("TargetArn"))
        documents.push_back(dead_letter_policy(*queue, *arn));
    if (const Node* config = find("EventInvokeConfig"); sam::truthy(config))
      expand_invoke_config(all_, function_, sam::text(alias_.empty() ? "$LATEST" : alias_),
                           alias_.empty() ? "" : target.id, documents, more);
    Member role = make_role(all_, function_, trust(), managed_policies(), std::move(documents),
                            find("Policies"), tags);
    const bool takes_role = choose_role(lambda, role);
    expand_events(all_, function_, target, sam::at(role.value, "Properties"), more);
    made_.push_back(make_main(all_, function_, "AWS::Lambda::Function", std::move(lambda)));
    if (takes_role) made_.push_back(std::move(role));
    std::move(more.begin(), more.end(), std::back_inserter(made_));
  }

 private:
  const Node* find(std::string_view name) const { return function_.find(name); }
  void wrong(Place place, const std::string& message) {
    sam_problem(all_, function_, place, message);
  }

  void read_alias() {
    const Node* alias = find("AutoPublishAlias");
    if (!alias) return;
    const Node value = all_.resolved(*alias);
    if (!value.is_text() && value.kind != Node::Kind::kNumber && value.kind != Node::Kind::kBool)
      return unresolved_alias(*alias, value);
    alias_ = value.text;
    const bool digits = std::all_of(alias_.begin(), alias_.end(), ascii::is_digit);
    const bool plain = std::all_of(alias_.begin(), alias_.end(), [](char c) {
      return ascii::is_alnum(c) || c == '-' || c == '_';
    });
    if (alias_.empty() || !plain || digits)
      wrong(alias->place,
            "AutoPublishAlias name ('" + alias_ +
                "') must contain only alphanumeric characters, hyphens, or underscores matching "
                "(?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.");
  }
  // A parameter that has its value at deployment only: its name stands for it in logical ids.
  void unresolved_alias(const Node& alias, const Node& value) {
    const Node* parameters = all_.root.find("Parameters");
    const Node* ref = value.find("Ref");
    if (ref && parameters && parameters->find(ref->text)) {
      alias_ = ref->text;
      return;
    }
    wrong(alias.place, "'AutoPublishAlias' must be a string or a Ref to a template parameter");
  }
  // A logical id has letters and digits only.
  std::string alias_id() const {
    std::string id = function_.id + "Alias";
    for (const char c : alias_) id += c == '-' ? 'D' : c == '_' ? 'U' : c;
    return id;
  }

  Node tag_list() {
    const Node* tags = find("Tags");
    if (tags && (!tags->is_map() || sam::is_function(*tags))) {
      wrong(tags->place, "Tags must be a map of names and values");
      tags = nullptr;
    }
    if (tags && tags->find(kFunctionCreatedBy))
      wrong(tags->place,
            "lambda:createdBy is a reserved Tag key name and cannot be set on your "
            "resource. Please change the tag key in the input.");
    Node out = sam::tag_list(tags);
    out.list.insert(out.list.begin(), sam::map({{"Key", kFunctionCreatedBy}, {"Value", "SAM"}}));
    return out;
  }

  Node lambda_properties(const Node& tags) {
    Node out = sam::map({{"Code", code()}});
    sam::copy(function_.properties,
              {"FunctionName",
               "Handler",
               "Runtime",
               "Description",
               "MemorySize",
               "Timeout",
               "VpcConfig",
               "Role",
               "Environment",
               "KmsKeyArn",
               "Layers",
               "ReservedConcurrentExecutions",
               "FileSystemConfigs",
               "ImageConfig",
               "PackageType",
               "Architectures",
               "SnapStart",
               "EphemeralStorage",
               "CodeSigningConfigArn",
               "RuntimeManagementConfig",
               "LoggingConfig",
               "TenancyConfig",
               "RecursiveLoop",
               "DurableConfig",
               "FunctionScalingConfig",
               "PublishToLatestPublished"},
              out);
    sam::put(out, "Tags", tags);
    if (is_traced()) sam::put(out, "TracingConfig", sam::map({{"Mode", find("Tracing")}}));
    if (const Node* queue = find("DeadLetterQueue")) {
      const Node* target = queue->find("TargetArn");
      const Node* type = queue->find("Type");
      if (!target || !type)
        wrong(queue->place,
              "'DeadLetterQueue' requires Type and TargetArn properties to be specified.");
      else if (type->text != "SQS" && type->text != "SNS")
        wrong(type->place, "'DeadLetterQueue' requires Type of ['SQS', 'SNS']");
      else
        sam::put(out, "DeadLetterConfig", sam::map({{"TargetArn", target}}));
    }
    if (const Node* config = find("CapacityProviderConfig"))
      sam::put(out, "CapacityProviderConfig",
               sam::map({{"LambdaManagedInstancesCapacityProviderConfig",
                          sam::map({{"CapacityProviderArn", config->find("Arn")},
                                    {"PerExecutionEnvironmentMaxConcurrency",
                                     config->find("PerExecutionEnvironmentMaxConcurrency")},
                                    {"ExecutionEnvironmentMemoryGiBPerVCpu",
                                     config->find("ExecutionEnvironmentMemoryGiBPerVCpu")}})}}));
    if (const Node* sha = find("AutoPublishCodeSha256"); sha && !alias_.empty()) {
      const Node* description = find("Description");
      const Node now = description ? all_.resolved(*description) : sam::text("");
      const std::string digest = all_.resolved_text(sha);
      if (digest.empty())
        wrong(sha->place, "AutoPublishCodeSha256 must be a string");
      else if (now.is_map())
        sam::put(out, "Description",
                 sam::map({{"Fn::Join",
                            sam::list({sam::text(" "), sam::list({now, sam::text(digest)})})}}));
      else
        sam::put(out, "Description",
                 sam::text(now.text.empty() ? digest : now.text + " " + digest));
    }
    return out;
  }

  bool is_traced() const {
    const Node* tracing = find("Tracing");
    return sam::truthy(tracing) && all_.resolved_text(tracing) != "Disabled";
  }

  Node code() {
    const std::string package = find("PackageType") ? find("PackageType")->text : "Zip";
    if (package == "Image") {
      const Node* image = find("ImageUri");
      // `sam build` sets it.
      if (!image)
        all_.notes.push_back(
            {"the function " + function_.id + " of PackageType Image has no ImageUri",
             function_.place});
      for (const char* name : {"Handler", "Runtime", "Layers"})
        if (find(name))
          wrong(find(name)->place,
                "Runtime, Handler, Layers cannot be present when PackageType is of type `Image`");
      return sam::map({{"ImageUri", image ? *image : sam::text("")}});
    }
    if (package != "Zip" && !package.empty())
      wrong(find("PackageType")->place, "invalid 'PackageType' : " + package);
    if (!find("Runtime") || !find("Handler"))
      wrong(function_.place,
            "Runtime and Handler needs to be present when PackageType is of type `Zip`");
    Node out = sam::map();
    // Without code the template's folder is the package: that is what `sam package` makes of it.
    if (const Node* inline_code = find("InlineCode"))
      out = sam::map({{"ZipFile", inline_code}});
    else if (const Node* uri = find("CodeUri"))
      out = code_location(all_, function_, *uri, "CodeUri");
    else
      out = sam::text(".");
    if (out.is_map())
      if (const Node* key = find("SourceKMSKeyArn")) sam::put(out, "SourceKMSKeyArn", *key);
    return out;
  }

  Node trust() const {
    const Node* own = find("AssumeRolePolicyDocument");
    return own ? *own : trust_in("lambda.amazonaws.com");
  }
  std::vector<Node> managed_policies() const {
    const auto policy = [&](const std::string& name) {
      return sam::text("arn:" + all_.partition() + ":iam::aws:policy/" + name);
    };
    std::vector<Node> out = {policy(find("DurableConfig")
                                        ? "service-role/AWSLambdaBasicDurableExecutionRolePolicy"
                                        : "service-role/AWSLambdaBasicExecutionRole")};
    if (is_traced()) out.push_back(policy(all_.tracing_policy()));
    if (sam::truthy(find("VpcConfig")))
      out.push_back(policy("service-role/AWSLambdaVPCAccessExecutionRole"));
    return out;
  }
  static Node dead_letter_policy(const Node& queue, const Node& arn) {
    const Node* type = queue.find("Type");
    Node policy =
        one_statement("DeadLetterQueuePolicy",
                      type && type->text == "SNS" ? "sns:Publish" : "sqs:SendMessage", arn);
    sam::put(sam::at(policy, "PolicyDocument"), "Version", sam::text("2012-10-17"));
    return policy;
  }

  // Whether the role that SAM makes is used: without one, or where an Fn::If gives none.
  bool choose_role(Node& lambda, Member& role) {
    const Node arn = sam::get_att(role.name, "Arn");
    const Node* own = find("Role");
    if (!own) {
      sam::put(lambda, "Role", arn);
      return true;
    }
    const Node* choice = sam::if_arguments(*own);
    if (!choice) return false;
    const std::string& condition = choice->list[0].text;
    const Node yes = choice->list[1], no = choice->list[2];
    if (sam::is_no_value(yes) && sam::is_no_value(no)) {
      sam::put(lambda, "Role", arn);
    } else if (sam::is_no_value(yes)) {
      sam::put(lambda, "Role", sam::choose(condition, arn, no));
      sam::put(role.value, "Condition", sam::text(condition));
    } else if (sam::is_no_value(no)) {
      sam::put(lambda, "Role", sam::choose(condition, yes, arn));
      sam::put(role.value, "Condition", sam::text("NOT" + condition));
      all_.add_condition(
          "NOT" + condition,
          sam::map({{"Fn::Not", sam::list({sam::map({{"Condition", condition}})})}}));
    } else {
      return false;
    }
    return true;
  }

  // A version is a resource that never changes: what asks for a new one gives it another id.
  std::string version_id(const Node& lambda) const {
    const std::string prefix = function_.id + "Version";
    if (const std::string sha = all_.resolved_text(find("AutoPublishCodeSha256")); !sha.empty())
      return prefix + sha.substr(0, 10);
    if (sam::is_true(find("AutoPublishAliasAllProperties"))) {
      Node reasons = lambda;
      if (const Node* layers = lambda.find("Layers"))
        for (const Node& layer : layers->list) {
          const std::string id = sam::referred_id(layer);
          const Node* resource = all_.resources.find(id);
          const Node* properties = resource ? resource->find("Properties") : nullptr;
          if (properties && sam::truthy(properties->find("PublishLambdaVersion")))
            sam::put(reasons, id, *properties);
        }
      return prefix + sam::id_hash(sam::compact_text(reasons));
    }
    Node reasons = all_.resolved(*lambda.find("Code"));
    if (!reasons.is_map()) reasons = sam::map({{"CodeUri", reasons}});
    if (const Node* environment = lambda.find("Environment"))
      for (const Member& member : environment->map) sam::put(reasons, member.name, member.value);
    if (const Node* memory = lambda.find("MemorySize")) sam::put(reasons, "MemorySize", *memory);
    if (const Node* snap = lambda.find("SnapStart"))
      if (const Node* apply = snap->find("ApplyOn"); apply && apply->text != "None")
        sam::put(reasons, "SnapStart", *snap);
    return prefix + sam::id_hash(sam::compact_text(reasons));
  }

  void publish(const Node& lambda, Made& more) {
    const std::string version = version_id(lambda);
    Node properties = sam::map(
        {{"FunctionName", sam::ref(function_.id)}, {"Description", find("VersionDescription")}});
    if (find("CapacityProviderConfig") && find("FunctionScalingConfig"))
      sam::put(properties, "FunctionScalingConfig", *find("FunctionScalingConfig"));
    Member resource =
        make_resource(all_, function_, version, "AWS::Lambda::Version", std::move(properties));
    if (!resource.value.find("DeletionPolicy")) {
      const Node* policy = find("VersionDeletionPolicy");
      sam::put(resource.value, "DeletionPolicy",
               policy ? all_.resolved(*policy)
                      : sam::text(find("CapacityProviderConfig") ? "Delete" : "Retain"));
    }
    more.push_back(std::move(resource));
    all_.names[function_.id + ".Version"] = version;
    more.push_back(make_resource(
        all_, function_, alias_id(), "AWS::Lambda::Alias",
        sam::map({{"Name", alias_},
                  {"FunctionName", sam::ref(function_.id)},
                  {"FunctionVersion", sam::get_att(version, "Version")},
                  {"ProvisionedConcurrencyConfig", find("ProvisionedConcurrencyConfig")}})));
    all_.names[function_.id + ".Alias"] = alias_id();
  }

  void prefer(Made& more) {
    const auto policy = expand_deployment(all_, function_, more);
    if (!policy) return;
    if (alias_.empty())
      return wrong(find("DeploymentPreference")->place,
                   "'DeploymentPreference' requires AutoPublishAlias property to be specified.");
    for (Member& each : more)
      if (each.name == alias_id()) sam::put(each.value, "UpdatePolicy", *policy);
  }

  void make_url(const EventTarget& target, Made& more) {
    const Node* config = find("FunctionUrlConfig");
    if (!config) return;
    const Node* auth = config->find("AuthType");
    const bool known =
        auth && (sam::is_function(*auth) || auth->text == "NONE" || auth->text == "AWS_IAM");
    if (!known && !sam::is_function(*config))
      return wrong(
          config->place,
          "AuthType is required to configure function property `FunctionUrlConfig`. Please "
          "provide either AWS_IAM or NONE.");
    const Node name = target.name();
    more.push_back(make_resource(all_, function_, function_.id + "Url", "AWS::Lambda::Url",
                                 sam::map({{"TargetFunctionArn", name},
                                           {"AuthType", auth},
                                           {"Cors", config->find("Cors")},
                                           {"InvokeMode", config->find("InvokeMode")}})));
    if (!auth || auth->text != "NONE") return;
    more.push_back(make_resource(all_, function_, function_.id + "UrlPublicPermissions",
                                 "AWS::Lambda::Permission",
                                 sam::map({{"Action", "lambda:InvokeFunctionUrl"},
                                           {"FunctionName", name},
                                           {"Principal", "*"},
                                           {"FunctionUrlAuthType", auth}})));
    more.push_back(make_resource(all_, function_, function_.id + "URLInvokeAllowPublicAccess",
                                 "AWS::Lambda::Permission",
                                 sam::map({{"Action", "lambda:InvokeFunction"},
                                           {"FunctionName", name},
                                           {"Principal", "*"},
                                           {"InvokedViaFunctionUrl", true}})));
  }

  SamTemplate& all_;
  const SamResource& function_;
  Made& made_;
  std::string alias_;  // its name in logical ids; "" without one
};

}  // namespace

void expand_function(SamTemplate& all, const SamResource& function, Made& made) {
  FunctionExpander(all, function, made).expand();
}

}  // namespace kiln::cfn
