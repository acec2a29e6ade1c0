#include "template/serverless_resource.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "base/near_word.h"
#include "template/functions.h"
#include "template/node_reader.h"
#include "template/template.h"

namespace kiln::cfn {
namespace {

// Of all that the transform makes out of one template.
constexpr size_t kMaxMadeBytes = 16 * kMaxTemplateBytes;

void measure_made(const Node& node, SamTemplate& all) {
  ++all.made_nodes;
  all.made_bytes += node.text.size();
  for (const Node& item : node.list) measure_made(item, all);
  for (const Member& member : node.map) {
    all.made_bytes += member.name.size();
    measure_made(member.value, all);
  }
}

// Types whose tags are a map; SAM never adds some to the others.
constexpr std::string_view kTagMaps[] = {"AWS::ApiGatewayV2::Stage",
                                         "AWS::ApiGatewayV2::DomainName", "AWS::SSM::Parameter"};
constexpr std::string_view kTagLists[] = {"AWS::Lambda::Function",
                                          "AWS::IAM::Role",
                                          "AWS::SQS::Queue",
                                          "AWS::SNS::Topic",
                                          "AWS::ApiGateway::RestApi",
                                          "AWS::ApiGateway::Stage",
                                          "AWS::ApiGateway::UsagePlan",
                                          "AWS::ApiGateway::ApiKey",
                                          "AWS::ApiGateway::DomainName",
                                          "AWS::ApiGateway::DomainNameV2",
                                          "AWS::ApiGateway::DomainNameAccessAssociation",
                                          "AWS::DynamoDB::Table",
                                          "AWS::StepFunctions::StateMachine",
                                          "AWS::IoT::TopicRule",
                                          "AWS::Cognito::UserPool",
                                          "AWS::S3::Bucket"};

}  // namespace

void spend(SamTemplate& all, const Node& node) {
  measure_made(node, all);
  if (all.made_nodes > kMaxNodes || all.made_bytes > kMaxMadeBytes) throw SamTooLarge{};
}

Node SamTemplate::resolved(const Node& node) const {
  if (node.map.size() == 1) {
    const Member& only = node.map[0];
    if (only.name == "Ref" && only.value.is_text())
      if (const auto found = parameters.find(only.value.text); found != parameters.end()) {
        Node value = found->second;
        sam::place_within(value, node.place);
        return value;
      }
    if (only.name == "Fn::Sub") {
      Node out = node;
      Node& argument = out.map[0].value;
      Node& text = argument.is_list() && !argument.list.empty() ? argument.list[0] : argument;
      std::string put_in;
      for (const SubPart& part : sub_parts(text.text)) {
        if (part.kind == SubPart::Kind::kText) {
          // "${!Name}" is the text "${Name}" by now.
          for (size_t i = 0; i < part.text.size(); ++i) {
            put_in += part.text[i];
            if (part.text.compare(i, 2, "${") == 0) put_in += "{!", ++i;
          }
          continue;
        }
        const auto found = parameters.find(part.text);
        const bool plain = found != parameters.end() && !found->second.is_list();
        const Node* own = argument.list.size() == 2 ? argument.list[1].find(part.text) : nullptr;
        put_in += plain && !own ? found->second.text : "${" + part.text + "}";
      }
      text.text = std::move(put_in);
      return out;
    }
  }
  Node out = node;
  for (Node& item : out.list) item = resolved(item);
  for (Member& member : out.map) member.value = resolved(member.value);
  return out;
}

std::string SamTemplate::resolved_text(const Node* node) const {
  if (!node) return {};
  const Node value = resolved(*node);
  return value.is_map() || value.is_list() ? std::string() : value.text;
}

std::string SamTemplate::partition() const {
  const auto found = parameters.find("AWS::Partition");
  return found == parameters.end() ? "aws" : found->second.text;
}

std::string SamTemplate::tracing_policy() const {
  return partition() == "aws" ? "AWSXrayWriteOnlyAccess" : "AWSXRayDaemonWriteAccess";
}

void SamTemplate::add_condition(const std::string& name, Node definition) {
  sam::put(conditions, name, std::move(definition));
}

Node* SamTemplate::find_shared(std::string_view id) {
  for (Member& member : shared)
    if (member.name == id) return &member.value;
  return nullptr;
}

std::string SamResource::condition() const {
  const Node* name = whole.find("Condition");
  return name && name->is_text() ? name->text : std::string();
}

namespace {

// `id`: as the message has it, which may be that of an event.
void invalid_resource(SamTemplate& all, const std::string& owner, const std::string& id,
                      Place place, const std::string& message) {
  all.problems.push_back({"Resource with id [" + id + "] is invalid. " + message, place, owner});
}

}  // namespace

void sam_problem(SamTemplate& all, const SamResource& resource, Place place,
                 const std::string& message) {
  invalid_resource(all, resource.id, resource.id, place, message);
}

void sam_event_problem(SamTemplate& all, const SamEvent& event, Place place,
                       const std::string& message) {
  sam_problem(all, event.owner, place, "Event with id [" + event.name + "] is invalid. " + message);
}

void sam_made_event_problem(SamTemplate& all, const SamEvent& event, Place place,
                            const std::string& message) {
  const std::string text = "Event with id [" + event.id + "] is invalid. " + message;
  const Node* type = event.owner.whole.find("Type");
  if (type && type->text == "AWS::Serverless::StateMachine")
    all.problems.push_back({text, place, event.owner.id});
  else
    sam_problem(all, event.owner, place, text);
}

bool requires_all(SamTemplate& all, const SamEvent& event,
                  std::initializer_list<std::string_view> names) {
  bool fine = true;
  for (const std::string_view name : names)
    if (!event.find(name)) {
      invalid_resource(all, event.owner.id, event.id, event.place,
                       "Missing required property '" + std::string(name) + "'.");
      fine = false;
    }
  return fine;
}

void unknown_event_type(SamTemplate& all, const SamEvent& event, Place place,
                        const std::string& type) {
  sam_event_problem(all, event, place,
                    "Resource dict has missing or invalid value for key Type. Event Type is: " +
                        (type.empty() ? "None" : type) + ".");
}

void check_names(SamTemplate& all, const std::string& owner, const std::string& id,
                 const std::string& type, const Node& properties,
                 const std::vector<std::string>& known) {
  for (const Member& member : properties.map) {
    if (std::find(known.begin(), known.end(), member.name) != known.end()) continue;
    // Nobody reads the guesses of a thousand, each of which takes time.
    constexpr size_t kMostGuesses = 32;
    const std::string near =
        all.problems.size() < kMostGuesses ? near_word(member.name, known) : std::string();
    invalid_resource(all, owner, id, member.place,
                     "property " + member.name + " not defined for resource of type " + type +
                         (near.empty() ? "" : "; did you mean " + near + "?"));
  }
}

void check_properties(SamTemplate& all, const SamResource& resource,
                      std::initializer_list<std::string_view> known) {
  const Node* type = resource.whole.find("Type");
  check_names(all, resource.id, resource.id, type ? type->text : "", resource.properties,
              {known.begin(), known.end()});
}

Member make_resource(SamTemplate& all, const SamResource& from, std::string id, const char* type,
                     Node properties) {
  Node whole = sam::map({{"Type", type}, {"Properties", std::move(properties)}});
  sam::copy(from.whole, {"Condition", "DeletionPolicy", "UpdateReplacePolicy"}, whole);
  spend(all, whole);
  sam::place_within(whole, from.place);
  return {std::move(id), from.place, std::move(whole)};
}

Member make_main(SamTemplate& all, const SamResource& from, const char* type, Node properties) {
  Member made = make_resource(all, from, from.id, type, std::move(properties));
  sam::copy(from.whole, {"DependsOn", "Metadata", "UpdatePolicy"}, made.value);
  return made;
}

Node s3_location(SamTemplate& all, const SamResource& resource, const Node& given,
                 const char* property) {
  const std::string name = property;
  const Node uri = given.find("Ref") ? all.resolved(given) : given;
  const auto wrong = [&](const std::string& message) {
    sam_problem(all, resource, uri.place, message);
    return sam::map();
  };
  if (uri.is_map() && !sam::is_function(uri)) {
    if (!sam::truthy(uri.find("Bucket")) || !sam::truthy(uri.find("Key")))
      return wrong("'" + name + "' requires Bucket and Key properties to be specified.");
    Node out = sam::map();
    sam::copy(uri, {"Bucket", "Key", "Version"}, out);
    return out;
  }
  const auto no_uri = [&] {
    return wrong("'" + name +
                 "' is not a valid S3 Uri of the form 's3://bucket/key' with optional "
                 "versionId query parameter.");
  };
  if (!uri.is_text()) return no_uri();
  constexpr std::string_view kScheme = "s3://";
  if (!uri.text.starts_with(kScheme)) return uri;
  const std::string rest = uri.text.substr(kScheme.size());
  const size_t slash = rest.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == rest.size()) return no_uri();
  constexpr std::string_view kVersion = "?versionId=";
  const size_t version = rest.find(kVersion, slash);
  Node out = sam::map(
      {{"Bucket", rest.substr(0, slash)}, {"Key", rest.substr(slash + 1, version - slash - 1)}});
  if (version != std::string::npos)
    sam::put(out, "Version", sam::text(rest.substr(version + kVersion.size())));
  return out;
}

Node code_location(SamTemplate& all, const SamResource& resource, const Node& uri,
                   const char* property) {
  Node out = s3_location(all, resource, uri, property);
  for (Member& member : out.map)
    member.name = member.name == "Bucket" ? "S3Bucket"
                  : member.name == "Key"  ? "S3Key"
                                          : "S3ObjectVersion";
  return out;
}

void propagate_tags(SamTemplate& all, const SamResource& resource, Made& made, size_t from) {
  const Node* tags = resource.find("Tags");
  if (!sam::is_true(resource.find("PropagateTags")) || !sam::truthy(tags)) return;
  for (size_t i = from; i < made.size(); ++i) {
    const std::string& type = made[i].value.find("Type")->text;
    Node& properties = sam::at(made[i].value, "Properties");
    const auto is_among = [&](const auto& types) {
      return std::find(std::begin(types), std::end(types), type) != std::end(types);
    };
    if (is_among(kTagLists)) sam::put(properties, "Tags", sam::tag_list(tags));
    if (is_among(kTagMaps)) sam::put(properties, "Tags", *tags);
    spend(all, *tags);
  }
}

std::string id_with(const std::string& prefix, const std::string& suffix) {
  if (suffix.empty()) return prefix;
  const bool plain = std::all_of(suffix.begin(), suffix.end(), ascii::is_alnum);
  return prefix + (plain ? suffix : sam::id_hash(suffix));
}

}  // namespace kiln::cfn
