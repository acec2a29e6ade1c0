#include <algorithm>

#include "base/arn.h"
#include "base/ascii.h"
#include "model/violations.h"
#include "services/lambda/fields.h"
#include "services/lambda/layers.h"

namespace kiln::services {
namespace {

using ascii::is_digit;
using ascii::is_word;
using ascii::made_of;

constexpr size_t kMaxLayers = 5;
constexpr size_t kMaxName = 140;
constexpr size_t kMaxArn = 2'048;

constexpr const char* kNamePattern =
    "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";

bool is_partition(char c) { return is_word(c) && c != '_'; }

Error bad_reference(const std::vector<std::string>& arns) {
  std::string list;
  for (const std::string& arn : arns) list += (list.empty() ? "" : ", ") + arn;
  return validation_error(
      "1 validation error detected: Value '[" + list +
      "]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must "
      "have length less than or equal to 2048, Member must have length greater than or equal to 1, "
      "Member must satisfy regular expression pattern: " +
      kLayerVersionPattern + ", Member must not be null]");
}

// The version that a function wants.
Result<engine::LayerVersionPtr> find_wanted(const LambdaCall& call, const std::string& arn,
                                            const LayerRef& ref) {
  if (ref.account != call.registry.account())
    return invalid_parameter("The layer version " + arn + " belongs to another account than " +
                             call.registry.account() +
                             ", the one of this Kiln; publish its zip here.");
  if (ref.region != call.region)
    return invalid_parameter(
        "Layers are not in the same region as the function. Layers are expected to be in region " +
        call.region + ".");
  auto version = call.layers.find(ref.region, ref.name, ref.number);
  if (!version) return invalid_parameter("Layer version " + arn + " does not exist.");
  return version;
}

}  // namespace

std::optional<LayerRef> parse_layer_arn(std::string_view arn) {
  if (arn.size() > kMaxArn) return std::nullopt;
  std::vector<std::string_view> parts;
  while (true) {
    const size_t colon = arn.find(':');
    parts.push_back(arn.substr(0, colon));
    if (colon == std::string_view::npos) break;
    arn.remove_prefix(colon + 1);
  }
  if (parts.size() != 7 && parts.size() != 8) return std::nullopt;
  const bool matches = parts[0] == "arn" && made_of(parts[1], is_partition) &&
                       parts[2] == "lambda" && made_of(parts[3], is_partition) &&
                       parts[4].size() == 12 && made_of(parts[4], is_digit) &&
                       parts[5] == "layer" && made_of(parts[6], is_word);
  if (!matches) return std::nullopt;
  LayerRef ref{std::string(parts[3]), std::string(parts[4]), std::string(parts[6])};
  if (parts.size() == 8 &&
      (!made_of(parts[7], is_digit) || !parse_number(parts[7], ref.number) || ref.number == 0))
    return std::nullopt;
  return ref;
}

std::string layer_arn(const LambdaCall& call, const std::string& name, int64_t number) {
  std::string arn = arn_start("lambda", call.region) + call.registry.account() + ":layer:" + name;
  if (number > 0) arn += ":" + std::to_string(number);
  return arn;
}

Result<std::string> read_layer_name(const LambdaCall& call) {
  const std::string& given = call.function;
  if (given.size() <= kMaxName && made_of(given, is_word)) return given;
  const auto ref = parse_layer_arn(given);
  model::Violations violations;
  violations.check_length(given, "layerName", 1, kMaxName);
  if (!made_of(given, is_word) && (!ref || ref->number > 0))
    violations.add(given, "layerName",
                   std::string("Member must satisfy regular expression pattern: ") + kNamePattern);
  if (auto error = violations.error()) return *std::move(error);
  if (ref->account != call.registry.account() || ref->region != call.region)
    return not_found("The layer " + given + " is not of account " + call.registry.account() +
                     " and Region " + call.region + ".");
  return ref->name;
}

Result<engine::LayerVersionPtr> find_layer_version(const LambdaCall& call,
                                                   const std::string& missing) {
  auto name = read_layer_name(call);
  if (!name) return name.error();
  int64_t number = 0;
  if (!parse_number(call.argument, number) || number < 1)
    return invalid_parameter("Layer Version Cannot be less than 1");
  auto version = call.layers.find(call.region, *name, number);
  if (!version) return not_found(missing);
  return version;
}

Result<std::optional<model::LayerStack>> resolve_layers(LambdaCall& call,
                                                        const nlohmann::json& body) {
  Fields fields(body);
  const auto arns = fields.texts("Layers");
  if (auto read = fields.result(); !read) return read.error();
  if (!arns) return std::optional<model::LayerStack>();
  std::vector<LayerRef> refs;
  for (const std::string& arn : *arns) {
    auto ref = parse_layer_arn(arn);
    if (!ref || ref->number == 0) return bad_reference(*arns);
    refs.push_back(std::move(*ref));
  }
  if (refs.size() > kMaxLayers) return invalid_parameter("Cannot reference more than 5 layers.");
  model::LayerStack stack;
  std::vector<std::string> keys;
  for (size_t i = 0; i < refs.size(); ++i) {
    const std::string& arn = (*arns)[i];
    auto version = find_wanted(call, arn, refs[i]);
    if (!version) return version.error();
    for (size_t k = 0; k < i; ++k)
      if (refs[k].name == refs[i].name)
        return invalid_parameter(
            "Two different versions of the same layer are not allowed to be referenced in the same "
            "function. " +
            (*arns)[k] + " and " + arn + " are versions of the same layer.");
    const model::CodeLocation& code = (*version)->code;
    stack.uses.push_back({arn, code.size_bytes});
    stack.unpacked_bytes += code.unpacked_bytes;
    keys.push_back(code.zip_sha_hex);
  }
  if (keys.empty() || call.effects == engine::Effects::kNone)
    return std::optional(std::move(stack));
  // Before a folder is made of what would be refused.
  model::FunctionConfig alone;
  alone.layers = stack;
  if (auto fits = check_unpacked(call, alone); !fits) return fits.error();
  call.hold_code();
  auto folder = call.code_store.merge(keys);
  if (!folder) return folder.error();
  stack.folder_key = std::move(*folder);
  return std::optional(std::move(stack));
}

Result<void> check_unpacked(const LambdaCall& call, const model::FunctionConfig& config) {
  if (config.layers->uses.empty()) return {};
  const int64_t most = call.code_store.limits().max_unzipped_bytes;
  if (config.layers->unpacked_bytes > most)
    return invalid_parameter("Layers consume more than the available size of " +
                             std::to_string(most) + " bytes");
  const int64_t together = config.layers->unpacked_bytes + config.code.unpacked_bytes;
  if (together <= most) return {};
  return invalid_parameter(
      "Function code combined with layers exceeds the maximum allowed size of " +
      std::to_string(most) + " bytes. The actual size is " + std::to_string(together) + " bytes.");
}

}  // namespace kiln::services
