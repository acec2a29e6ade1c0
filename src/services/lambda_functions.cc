// CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, GetFunction, GetFunctionConfiguration, ListFunctions,
// DeleteFunction.
#include "base/digest.h"
#include "base/ids.h"
#include "base/time_format.h"
#include "model/validation.h"
#include "services/lambda_call.h"
#include "services/lambda_documents.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// The bucket whose keys are folders of this machine, run in place.
constexpr const char* kHotReloadBucket = "hot-reload";

std::string text_of(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool flag(const json& body, const char* name) {
  const auto it = body.find(name);
  return it != body.end() && it->is_boolean() && it->get<bool>();
}

// `code`: the Code member of CreateFunction, or the whole body of UpdateFunctionCode.
Result<model::CodeLocation> load_code(LambdaCall& call, const json& code) {
  const std::string bucket = text_of(code, "S3Bucket"), key = text_of(code, "S3Key");
  if (code.contains("ImageUri"))
    return invalid_parameter("Kiln has no container images (ImageUri); send a ZipFile.");
  if (bucket == kHotReloadBucket) return call.code_store.add_hot_reload(key);
  if (!bucket.empty() || !key.empty())
    return invalid_parameter("Kiln has no S3 to fetch code from (bucket '" + bucket +
                             "'); send a ZipFile, or S3Bucket 'hot-reload' with a folder of this machine as S3Key.");
  const auto zip = code.find("ZipFile");
  if (zip == code.end() || !zip->is_string()) return invalid_parameter("Please provide a source for function code.");
  const auto bytes = base64_decode(zip->get_ref<const std::string&>());
  if (!bytes)
    return invalid_parameter("Could not unzip uploaded file. Please check your file, then try to upload again.");
  return call.code_store.add_zip(*bytes);
}

std::string now_text(const LambdaCall& call) { return format_lambda_time(call.registry.clock().wall_now()); }

// The config that `target` selects, under the name it was asked for.
Result<model::ConfigPtr> select(const LambdaCall& call, const Target& target) {
  auto config = model::resolve_qualifier(*target.function, target.ref.qualifier, 1.0);
  if (config) return config;
  return not_found("Function not found: " + model::function_arn(target.ref.region, call.registry.account(),
                                                                target.ref.name, target.ref.qualifier));
}

Result<model::FunctionPtr> store_latest(LambdaCall& call, const model::Function& before,
                                        std::shared_ptr<model::FunctionConfig> latest) {
  auto next = std::make_shared<model::Function>(before);
  latest->last_modified = now_text(call);
  latest->revision_id = new_uuid();
  next->latest = std::move(latest);
  if (auto put = call.registry.put(next); !put) return put.error();
  return model::FunctionPtr(std::move(next));
}

}  // namespace

Result<void> prepare_create(LambdaCall& call) {
  const json& body = call.body;
  auto ref = model::parse_function_ref(text_of(body, "FunctionName"), {}, call.region, call.registry.account(),
                                       model::Operation::kCreate);
  if (!ref) return ref.error();
  model::FunctionConfig config;
  config.region = ref->region;
  config.account = call.registry.account();
  config.name = ref->name;
  if (auto read = read_configuration(body, config); !read) return read;
  if (auto valid = model::validate_create(config); !valid) return valid;
  if (const auto tags = body.find("Tags"); tags != body.end() && tags->is_object()) {
    std::map<std::string, std::string> all;
    for (const auto& [name, value] : tags->items()) all[name] = value.is_string() ? value.get<std::string>() : "";
    if (auto valid = model::validate_tags(all); !valid) return valid;
  }
  const auto code = body.find("Code");
  if (code == body.end() || !code->is_object()) return invalid_parameter("Please provide a source for function code.");
  auto location = load_code(call, *code);
  if (!location) return location.error();
  config.code = *location;
  call.config = std::move(config);
  return {};
}

OperationResult create_function(LambdaCall& call) {
  const model::FunctionConfig& wanted = *call.config;
  if (call.registry.find(wanted.region, wanted.name))
    return conflict("Function already exist: " + wanted.name);
  auto latest = std::make_shared<model::FunctionConfig>(wanted);
  latest->last_modified = now_text(call);
  latest->revision_id = new_uuid();
  auto function = std::make_shared<model::Function>();
  function->latest = latest;
  if (const auto tags = call.body.find("Tags"); tags != call.body.end() && tags->is_object())
    for (const auto& [name, value] : tags->items())
      function->tags[name] = value.is_string() ? value.get<std::string>() : "";
  model::ConfigPtr shown = latest;
  if (flag(call.body, "Publish")) std::tie(function, shown) = with_new_version(*function, std::nullopt);
  if (auto put = call.registry.put(function); !put) return put.error();
  json document =
      function_document(*shown, shown->version == model::kLatest ? "" : shown->version, StateView::kCreated);
  // AWS gives a new revision when the function becomes Active.
  document["RevisionId"] = new_uuid();
  return json_response(201, document);
}

Result<void> prepare_update_code(LambdaCall& call) {
  auto code = load_code(call, call.body);
  if (!code) return code.error();
  call.code = std::move(*code);
  return {};
}

OperationResult update_function_code(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  if (auto same = check_revision(call.body, target->function->latest->revision_id); !same) return same.error();
  auto latest = std::make_shared<model::FunctionConfig>(*target->function->latest);
  latest->code = *call.code;
  if (const auto it = call.body.find("Architectures"); it != call.body.end()) {
    if (auto read = read_configuration({{"Architectures", *it}}, *latest); !read) return read.error();
    if (auto valid = model::validate_update(*latest); !valid) return valid.error();
  }
  if (flag(call.body, "DryRun")) return json_response(200, function_document(*latest, "", StateView::kCurrent));
  auto stored = store_latest(call, *target->function, latest);
  if (!stored) return stored.error();
  if (!flag(call.body, "Publish"))
    return json_response(200, function_document(*(*stored)->latest, "", StateView::kUpdating));
  auto [next, version] = with_new_version(**stored, std::nullopt);
  if (auto put = call.registry.put(next); !put) return put.error();
  return json_response(200, function_document(*version, version->version, StateView::kUpdating));
}

OperationResult update_function_configuration(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  if (auto same = check_revision(call.body, target->function->latest->revision_id); !same) return same.error();
  auto latest = std::make_shared<model::FunctionConfig>(*target->function->latest);
  if (auto read = read_configuration(call.body, *latest); !read) return read.error();
  if (auto valid = model::validate_update(*latest); !valid) return valid.error();
  auto stored = store_latest(call, *target->function, latest);
  if (!stored) return stored.error();
  return json_response(200, function_document(*(*stored)->latest, "", StateView::kUpdating));
}

OperationResult get_function(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  auto config = select(call, *target);
  if (!config) return config.error();
  const auto& code = (*config)->code;
  json document = {{"Configuration", function_document(**config, target->ref.qualifier, StateView::kCurrent)}};
  document["Code"] = {{"RepositoryType", "S3"},
                      {"Location", code.zip_sha_hex.empty()
                                       ? "file://" + code.hot_reload_dir
                                       : "http://" + call.host + "/_kiln/code/" + code.zip_sha_hex + ".zip"}};
  if (!target->function->tags.empty()) document["Tags"] = target->function->tags;
  return json_response(200, document);
}

OperationResult get_function_configuration(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  auto config = select(call, *target);
  if (!config) return config.error();
  return json_response(200, function_document(**config, target->ref.qualifier, StateView::kCurrent));
}

OperationResult list_functions(LambdaCall& call) {
  const auto versions = call.query.find("FunctionVersion");
  if (versions && *versions != "ALL")
    return validation_error("1 validation error detected: Value '" + std::string(*versions) +
                            "' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: "
                            "[ALL]");
  auto page = read_page(call);
  if (!page) return page.error();
  json list = json::array();
  const auto functions = call.registry.list(call.region, page->after, page->max_items + 1);
  const bool more = functions.size() > page->max_items;
  for (size_t i = 0; i < std::min(functions.size(), page->max_items); ++i) {
    const model::Function& f = *functions[i];
    list.push_back(function_document(*f.latest, versions ? std::string(model::kLatest) : "", StateView::kListed));
    if (versions)
      for (const auto& [number, config] : f.versions)
        list.push_back(function_document(*config, config->version, StateView::kListed));
  }
  json document = {{"Functions", std::move(list)}};
  if (more) document["NextMarker"] = make_marker(functions[page->max_items - 1]->name());
  return json_response(200, document);
}

OperationResult delete_function(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kDelete);
  if (!target) return target.error();
  const auto& [ref, function] = *target;
  if (ref.qualifier.empty()) {
    if (auto erased = call.registry.erase(ref.region, ref.name); !erased) return erased.error();
    return empty_response(204);
  }
  if (ref.qualifier == model::kLatest)
    return invalid_parameter("$LATEST version cannot be deleted without deleting the function.");
  if (function->aliases.contains(ref.qualifier))
    return invalid_parameter("Deletion of aliases is not currently supported.");
  const auto config = model::resolve_qualifier(*function, ref.qualifier, 1.0);
  if (!config) return empty_response(204);  // as AWS answers for a version that is not there
  for (const auto& [name, alias] : function->aliases)
    if (alias.function_version == ref.qualifier ||
        (alias.additional_version && alias.additional_version->first == ref.qualifier))
      return conflict("Version " + ref.qualifier + " of " + ref.name + " is in use by alias '" + name +
                      "'; delete the alias or point it elsewhere first.");
  auto next = std::make_shared<model::Function>(*function);
  next->versions.erase(std::stoll(ref.qualifier));
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
