// CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, GetFunction,
// GetFunctionConfiguration, ListFunctions, DeleteFunction.
#include "base/ascii.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "model/validation.h"
#include "model/violations.h"
#include "services/driver/trial.h"
#include "services/lambda/call.h"
#include "services/lambda/documents.h"
#include "services/lambda/fields.h"
#include "services/lambda/layers.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// The bucket whose keys are folders of this machine, run in place.
constexpr const char* kHotReloadBucket = "hot-reload";

// The config that the target's qualifier selects.
Result<model::ConfigPtr> select(const LambdaCall& call, const Target& target) {
  auto config = model::resolve_qualifier(*target.function, target.ref.qualifier, 1.0);
  if (config) return config;
  return function_not_found(call, target.ref);
}

// `before` with another $LATEST, as of now.
std::shared_ptr<model::Function> with_latest(const LambdaCall& call, const model::Function& before,
                                             std::shared_ptr<model::FunctionConfig> latest) {
  auto next = std::make_shared<model::Function>(before);
  latest->last_modified = next_last_modified(call.registry.clock(), before.latest->last_modified);
  latest->revision_id = new_uuid();
  next->latest = std::move(latest);
  return next;
}

// A package in S3, which may be larger than one in a request.
Result<model::CodeLocation> load_object(LambdaCall& call, const std::string& bucket,
                                        const std::string& key, const std::string& version) {
  const auto failed = [](const std::string& code, const std::string& message) {
    return invalid_parameter("Error occurred while GetObject. S3 Error Code: " + code +
                             ". S3 Error Message: " + message);
  };
  if (bucket.empty() || key.empty())
    return invalid_parameter("Please provide both S3Bucket and S3Key of the function's code.");
  if (!version.empty() && version != "null")
    return failed("NoSuchVersion", "The specified version does not exist.");
  const auto zip = call.fetch_object(bucket, key, call.code_store.limits().max_unzipped_bytes);
  if (!zip && zip.error().kind == ErrorKind::kInternal) return zip.error();
  if (!zip && zip.error().type == "EntityTooLarge")
    return invalid_parameter("Unzipped size must be smaller than " +
                             std::to_string(call.code_store.limits().max_unzipped_bytes) +
                             " bytes");
  if (!zip) return failed(zip.error().type, zip.error().message);
  call.hold_code();
  return call.code_store.add_zip(*zip, store::ZipSource::kObject);
}

// A configuration without a fault, to look at a request's members before its function is known.
model::FunctionConfig sound_configuration() {
  model::FunctionConfig config;
  config.runtime = "provided.al2023";
  config.handler = "bootstrap";
  config.role = "arn:aws:iam::000000000000:role/role";
  // Either format has what the request says of levels.
  config.logging.change().format = model::LogFormat::kJson;
  config.logging.change().application_level = config.logging.change().system_level = "INFO";
  return config;
}

// AWS looks at each member before it looks for the function. What only holds together with the
// function's own configuration waits.
Result<void> check_members_first(const LambdaCall& call) {
  model::FunctionConfig config = sound_configuration();
  if (auto read = read_configuration(call.body, VpcPolicy::kRecord, config); !read)
    return is_of_one_member(read.error()) ? read : Result<void>();
  return model::validate_update_members(config);
}

// A member that is wrong by itself is refused at once, code and layers after the function is found.
Result<void> say_after_lookup(LambdaCall& call, Error error) {
  if (is_of_one_member(error)) return error;
  call.unprepared = std::move(error);
  return {};
}

}  // namespace

Result<model::CodeLocation> load_code(LambdaCall& call, const json& code, const std::string& at) {
  Fields fields(code);
  const std::string bucket = fields.text("S3Bucket").value_or(""),
                    key = fields.text("S3Key").value_or(""),
                    version = fields.text("S3ObjectVersion").value_or("");
  const auto zip = code.find("ZipFile");
  const bool has_zip = zip != code.end() && !zip->is_null();
  if (has_zip && !zip->is_string()) (void)fields.text("ZipFile");  // notes the wrong type
  if (auto read = fields.result(); !read) return read.error();
  model::Violations violations;
  const auto check = [&](const char* name, const char* member, size_t least, size_t most) {
    if (const auto text = fields.text(name))
      violations.check_length(*text, at + member, least, most);
  };
  check("S3Bucket", "s3Bucket", 3, 63);
  check("S3Key", "s3Key", 1, 1024);
  check("S3ObjectVersion", "s3ObjectVersion", 1, 1024);
  if (!ascii::all(bucket, [](char c) { return ascii::is_word(c) || c == '.'; }) ||
      bucket.ends_with('.'))
    violations.add(bucket, at + "s3Bucket",
                   "Member must satisfy regular expression pattern: "
                   "[0-9A-Za-z\\.\\-_]*(?<!\\.)");
  if (auto error = violations.error()) return *std::move(error);
  if (has_zip && (!bucket.empty() || !key.empty() || !version.empty()))
    return invalid_parameter(
        "Please do not provide other FunctionCode parameters when providing a ZipFile.");
  if (bucket == kHotReloadBucket) return call.code_store.add_hot_reload(key);
  if (!bucket.empty() || !key.empty()) return load_object(call, bucket, key, version);
  if (!has_zip) return invalid_parameter("Please provide a source for function code.");
  const auto bytes = base64_decode(json_text(*zip));
  if (!bytes) {
    return Error{ErrorKind::kInvalid, "SerializationException", "'ZipFile' is not base64."};
  }
  call.hold_code();
  return call.code_store.add_zip(*bytes);
}

Result<void> prepare_create(LambdaCall& call) {
  Fields fields(call.body);
  const auto name = fields.text("FunctionName");
  const json* code = fields.object("Code");
  const auto tags = fields.text_map("Tags");
  (void)fields.flag("Publish");
  if (auto read = fields.result(); !read) return read;
  if (!name) {
    return validation_error(
        "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: "
        "Member must not be "
        "null");
  }
  auto ref = model::parse_function_ref(*name, {}, call.region, call.registry.account(),
                                       model::Operation::kCreate);
  if (!ref) return ref.error();
  model::FunctionConfig config;
  config.region = ref->region;
  config.account = call.registry.account();
  config.name = ref->name;
  if (auto read = read_configuration(call.body, call.vpc, config); !read) return read;
  if (auto valid = model::validate_create(config); !valid) return valid;
  if (tags) {
    if (auto valid = model::validate_tags(*tags, call.tags_by); !valid) return valid;
    if (auto valid = model::validate_tag_count(*tags); !valid) return valid;
  }
  if (code == nullptr) return invalid_parameter("Please provide a source for function code.");
  if (Fields(*code).says("ImageUri")) {
    return invalid_parameter("Kiln has no container images (Code.ImageUri); send a ZipFile.");
  }
  if (call.effects == engine::Effects::kNone) {
    if (auto layers = resolve_layers(call, call.body); !layers) return layers.error();
    return trial::not_kept();
  }
  auto location = load_code(call, *code, "code.");
  if (!location) return location.error();
  config.code = *location;
  auto layers = resolve_layers(call, call.body);
  if (!layers) return layers.error();
  if (*layers) config.layers = std::move(**layers);
  if (auto fits = check_unpacked(call, config); !fits) return fits;
  call.config = std::move(config);
  return {};
}

OperationResult create_function(LambdaCall& call) {
  const model::FunctionConfig& wanted = *call.config;
  if (call.registry.find(wanted.region, wanted.name))
    return conflict("Function already exist: " + wanted.name);
  auto latest = std::make_shared<model::FunctionConfig>(wanted);
  latest->last_modified = next_last_modified(call.registry.clock(), {});
  latest->revision_id = new_uuid();
  auto function = std::make_shared<model::Function>();
  function->latest = latest;
  Fields fields(call.body);
  if (auto tags = fields.text_map("Tags")) function->tags = std::move(*tags);
  model::ConfigPtr shown = latest;
  if (fields.flag("Publish")) shown = add_version(*function);
  if (auto put = call.registry.put(function); !put) return put.error();
  call.note = unheeded(*latest);
  // AWS answers the unqualified ARN for a published version, too.
  return json_response(201, describe(call, *shown, "", StateView::kCreated));
}

Result<void> prepare_update_code(LambdaCall& call) {
  // Before the package is unpacked, which takes much longer.
  auto ref = model::parse_function_ref(call.function, {}, call.region, call.registry.account(),
                                       model::Operation::kGet);
  if (!ref) return ref.error();
  Fields fields(call.body);
  (void)fields.flag("Publish"), (void)fields.flag("DryRun"), (void)fields.text("RevisionId");
  model::FunctionConfig config = sound_configuration();
  if (auto architectures = fields.texts("Architectures"))
    config.architectures = std::move(*architectures);
  if (auto read = fields.result(); !read) return read;
  if (auto valid = model::validate_update_members(config); !valid) return valid;
  if (fields.says("ImageUri")) {
    return say_after_lookup(
        call, invalid_parameter(
                  "Please don't provide ImageUri when updating a function with packageType Zip."));
  }
  auto code = load_code(call, call.body, "");
  if (!code) return say_after_lookup(call, code.error());
  call.code = std::move(*code);
  return {};
}

OperationResult update_function_code(LambdaCall& call) {
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  if (call.unprepared) return *call.unprepared;
  const model::Function& before = *target->function;
  Fields fields(call.body);
  if (auto same = check_revision(fields.text("RevisionId"), before.latest->revision_id); !same)
    return same.error();
  auto latest = std::make_shared<model::FunctionConfig>(*before.latest);
  latest->code = *call.code;
  if (auto fits = check_unpacked(call, *latest); !fits) return fits.error();
  if (auto architectures = fields.texts("Architectures"))
    latest->architectures = std::move(*architectures);
  if (auto read = fields.result(); !read) return read.error();
  if (fields.flag("DryRun"))
    return json_response(200, describe(call, *latest, "", StateView::kCurrent));
  auto next = with_latest(call, before, std::move(latest));
  model::ConfigPtr version;
  if (fields.flag("Publish")) version = add_version(*next);
  if (auto put = call.registry.put(next); !put) return put.error();
  if (version)
    return json_response(200, describe(call, *version, version->version, StateView::kCreated));
  return json_response(200, describe(call, *next->latest, "", StateView::kUpdating));
}

Result<void> prepare_update_configuration(LambdaCall& call) {
  if (auto valid = check_members_first(call); !valid) return valid;
  auto layers = resolve_layers(call, call.body);
  if (!layers) return say_after_lookup(call, layers.error());
  call.layer_stack = std::move(*layers);
  return {};
}

OperationResult update_function_configuration(LambdaCall& call) {
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  if (call.unprepared) return *call.unprepared;
  const model::Function& before = *target->function;
  Fields fields(call.body);
  const auto revision = fields.text("RevisionId");
  if (auto read = fields.result(); !read) return read.error();
  auto latest = std::make_shared<model::FunctionConfig>(*before.latest);
  if (auto read = read_configuration(call.body, call.vpc, *latest); !read) return read.error();
  if (auto valid = model::validate_update(*latest); !valid) return valid.error();
  if (call.layer_stack) latest->layers = *call.layer_stack;
  if (auto fits = check_unpacked(call, *latest); !fits) return fits.error();
  if (auto same = check_revision(revision, before.latest->revision_id); !same) return same.error();
  auto next = with_latest(call, before, std::move(latest));
  if (auto put = call.registry.put(next); !put) return put.error();
  if (fields.says("VpcConfig") || fields.says("FileSystemConfigs"))
    call.note = unheeded(*next->latest);
  return json_response(200, describe(call, *next->latest, "", StateView::kUpdating));
}

OperationResult get_function(LambdaCall& call) {
  auto target = find_target(call);
  if (!target) return target.error();
  auto config = select(call, *target);
  if (!config) return config.error();
  const model::Function& function = *target->function;
  const auto& code = (*config)->code;
  json document = {
      {"Configuration", describe(call, **config, target->ref.qualifier, StateView::kCurrent)}};
  document["Code"] = {
      {"RepositoryType", "S3"},
      {"Location", code.zip_sha_hex.empty()
                       ? "file://" + code.hot_reload_dir
                       : "http://" + call.host + "/_kiln/code/" + code.zip_sha_hex + ".zip"}};
  // Tags are the function's: AWS doesn't show them of a version.
  const std::string& qualifier = target->ref.qualifier;
  const bool is_latest = qualifier.empty() || qualifier == model::kLatest;
  if (is_latest && !function.tags.empty()) document["Tags"] = function.tags.all();
  if (function.reserved_concurrency) {
    document["Concurrency"] = {{"ReservedConcurrentExecutions", *function.reserved_concurrency}};
  }
  return json_response(200, document);
}

OperationResult get_function_configuration(LambdaCall& call) {
  auto target = find_target(call);
  if (!target) return target.error();
  auto config = select(call, *target);
  if (!config) return config.error();
  return json_response(200, describe(call, **config, target->ref.qualifier, StateView::kCurrent));
}

OperationResult list_functions(LambdaCall& call) {
  const bool versions = call.query.find("FunctionVersion").has_value();
  auto page = read_page(call);
  if (!page) return page.error();
  // A marker is "NAME", or "NAME:N" when the page ends behind version N (0: $LATEST) of that
  // function.
  const size_t colon = page->after.find(':');
  const std::string after_name = page->after.substr(0, colon);
  int64_t after_version = 0;
  const bool within = versions && colon != std::string::npos;
  if (within && !parse_number(std::string_view(page->after).substr(colon + 1), after_version)) {
    return invalid_parameter("Marker is not one that this list returned");
  }

  json list = json::array();
  std::string last;
  bool more = false;
  // False: the page is full.
  const auto add = [&](const model::FunctionConfig& config, int64_t number) {
    more = list.size() == page->max_items;
    if (more) return false;
    list.push_back(describe(call, config, versions ? config.version : "", StateView::kListed));
    last = config.name + (versions ? ":" + std::to_string(number) : "");
    return true;
  };
  const auto add_versions = [&](const model::Function& function, int64_t after) {
    for (auto it = function.versions.upper_bound(after); it != function.versions.end(); ++it) {
      if (!add(*it->second, it->first)) return false;
    }
    return true;
  };
  bool room = true;
  if (within) {
    if (const auto begun = call.registry.find(call.region, after_name))
      room = add_versions(**begun, after_version);
  }
  if (room) {
    for (const auto& function : call.registry.list(call.region, after_name, page->max_items + 1)) {
      if (!add(*function->latest, 0)) break;
      if (versions && !add_versions(*function, 0)) break;
    }
  }
  json document = {{"Functions", std::move(list)}};
  if (more) document["NextMarker"] = make_marker(last);
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
  const auto config = model::resolve_qualifier(*function, ref.qualifier, 1.0);
  if (!config) return empty_response(204);  // as AWS answers for a version that is not there
  int64_t number = 0;
  if (!parse_number(config->version, number)) {
    return invalid_parameter("$LATEST version cannot be deleted without deleting the function.");
  }
  std::string referring;
  for (const auto& [name, alias] : function->aliases)
    if (points_at(alias, config->version)) referring += (referring.empty() ? "" : ", ") + name;
  if (!referring.empty())
    return conflict("Unable to delete version because the following aliases reference it: [" +
                    referring + "]");
  auto next = std::make_shared<model::Function>(*function);
  next->versions.erase(number);
  next->policies.erase(config->version);
  next->policy_revisions.erase(config->version);
  next->provisioned.erase(config->version);
  next->event_invoke.erase(config->version);
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
