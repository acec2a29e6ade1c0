// AWS::Serverless::SimpleTable and AWS::Serverless::LayerVersion.
#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {

void expand_table(SamTemplate& all, const SamResource& table, Made& made) {
  check_properties(all, table,
                   {"PointInTimeRecoverySpecification", "PrimaryKey", "ProvisionedThroughput",
                    "TableName", "Tags", "SSESpecification"});
  std::string type = "S";
  Node name = sam::text("id");
  if (const Node* key = table.find("PrimaryKey"); sam::truthy(key)) {
    const Node* its_name = key->find("Name");
    const Node* its_type = key->find("Type");
    if (!its_name || !its_type)
      return sam_problem(
          all, table, key->place,
          "Property 'PrimaryKey." + std::string(its_name ? "Type" : "Name") + "' is required.");
    const std::string kind = all.resolved_text(its_type);
    if (kind != "String" && kind != "Number" && kind != "Binary")
      return sam_problem(all, table, its_type->place, "Invalid 'Type' \"" + kind + "\".");
    name = *its_name;
    type = kind.substr(0, 1);
  }
  Node properties = sam::map(
      {{"AttributeDefinitions",
        sam::list({sam::map({{"AttributeName", name}, {"AttributeType", type}})})},
       {"KeySchema", sam::list({sam::map({{"AttributeName", name}, {"KeyType", "HASH"}})})}});
  for (const char* each : {"PointInTimeRecoverySpecification", "ProvisionedThroughput",
                           "SSESpecification", "TableName"})
    if (const Node* value = table.find(each); sam::truthy(value))
      sam::put(properties, each, *value);
  if (!properties.find("ProvisionedThroughput"))
    sam::put(properties, "BillingMode", sam::text("PAY_PER_REQUEST"));
  if (const Node* tags = table.find("Tags"); sam::truthy(tags))
    sam::put(properties, "Tags", sam::tag_list(tags));
  made.push_back(make_main(all, table, "AWS::DynamoDB::Table", std::move(properties)));
}

void expand_layer(SamTemplate& all, const SamResource& layer, Made& made) {
  check_properties(
      all, layer,
      {"LayerName", "Description", "PublishLambdaVersion", "ContentUri", "CompatibleArchitectures",
       "CompatibleRuntimes", "LicenseInfo", "RetentionPolicy"});
  const Node* uri = layer.find("ContentUri");
  if (!uri) return sam_problem(all, layer, layer.place, "Missing required property 'ContentUri'.");
  // What asks for a new version gives it another id.
  Node reasons = sam::map({{"Type", "AWS::Serverless::LayerVersion"}});
  Node properties = layer.properties;
  for (const char* name : {"LayerName", "LicenseInfo", "Description", "RetentionPolicy"})
    if (Node* value = sam::find(properties, name)) *value = all.resolved(*value);
  sam::copy(layer.whole, {"DependsOn", "Condition"}, reasons);
  sam::put(reasons, "Properties", properties);
  Node whole = sam::map();
  sam::put(whole, layer.id, std::move(reasons));
  const std::string id = layer.id + sam::id_hash(sam::compact_text(whole));

  Node version = sam::map({{"LayerName", sam::text(layer.id)},
                           {"Content", code_location(all, layer, *uri, "ContentUri")}});
  for (const char* name :
       {"LayerName", "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"})
    if (const Node* value = properties.find(name)) sam::put(version, name, *value);
  Member resource = make_resource(all, layer, id, "AWS::Lambda::LayerVersion", std::move(version));
  sam::copy(layer.whole, {"DependsOn", "Metadata"}, resource.value);
  if (!resource.value.find("DeletionPolicy"))
    sam::put(resource.value, "DeletionPolicy", sam::text("Retain"));
  if (const Node* policy = properties.find("RetentionPolicy")) {
    std::string kept = policy->is_text() ? policy->text : "";
    std::transform(kept.begin(), kept.end(), kept.begin(), [](char c) { return ascii::lower(c); });
    if (kept != "retain" && kept != "delete")
      return sam_problem(all, layer, policy->place,
                         "'RetentionPolicy' must be one of the following options: ['Retain', "
                         "'Delete'].");
    sam::put(resource.value, "DeletionPolicy", sam::text(kept == "retain" ? "Retain" : "Delete"));
  }
  made.push_back(std::move(resource));
  all.names[layer.id] = id;
}

}  // namespace kiln::cfn
