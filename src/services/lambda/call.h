// One call of the Lambda control plane, taken apart, and the operations that answer it.
//
// An operation is a function of its call: it reads and changes the registry and returns the
// response or AWS's error. Threading: the control thread, but for the prepare_… steps, which run on
// a worker and read no functions.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/vpc_policy.h"
#include "engine/account_book.h"
#include "engine/engine.h"
#include "engine/layer_book.h"
#include "engine/provisioned_board.h"
#include "engine/registry.h"
#include "model/function.h"
#include "model/names.h"
#include "model/validation.h"
#include "net/http_message.h"
#include "store/code_store.h"
#include "wire/uri.h"

namespace kiln::services {

struct LambdaCall {
  engine::Registry& registry;
  store::CodeStore& code_store;
  engine::AccountBook& accounts;
  engine::ProvisionedBoard& board;
  engine::LayerBook& layers;
  std::string region;
  std::string host;      // the Host header: where the caller can reach us
  std::string function;  // {FunctionName} of the path, decoded; or {ARN} of the tags operations
  std::string argument;  // the path's second variable: alias name, statement id, layer version
  std::string detail;    // and its third
  wire::QueryParams query;
  nlohmann::json body = nlohmann::json::object();

  // Reads an object of at most so many bytes, for the prepare_… steps. Errors are S3's.
  using FetchObject = std::function<Result<std::string>(const std::string& bucket,
                                                        const std::string& key, int64_t most)>;
  FetchObject fetch_object = {};
  VpcPolicy vpc = VpcPolicy::kRefuse;
  engine::Effects effects = engine::Effects::kReal;
  model::TagAuthor tags_by = model::TagAuthor::kUser;

  // Made by the prepare_… steps.
  std::optional<model::FunctionConfig> config = {};
  std::optional<model::CodeLocation> code = {};
  // Since before code was added, until the registry refers to it; null: none was.
  store::CodeStore::Hold added_code = {};
  // Before code is added.
  void hold_code() {
    if (!added_code) added_code = code_store.hold();
  }
  std::optional<model::LayerStack> layer_stack = {};
  // What is wrong with what the request names: said once its function is known to be there.
  std::optional<Error> unprepared = {};

  std::string note = {};  // made by the operation: what its caller should know beside the answer
};

using OperationResult = Result<net::Response>;
using Operation = OperationResult (*)(LambdaCall&);

// Checks the request, unpacks its code and puts layers together, before the registry is asked.
using Preparation = Result<void> (*)(LambdaCall&);
Result<void> prepare_create(LambdaCall& call);
Result<void> prepare_update_code(LambdaCall& call);
Result<void> prepare_update_configuration(LambdaCall& call);
Result<void> prepare_publish_layer(LambdaCall& call);

OperationResult create_function(LambdaCall& call);
OperationResult update_function_code(LambdaCall& call);
OperationResult update_function_configuration(LambdaCall& call);
OperationResult get_function(LambdaCall& call);
OperationResult get_function_configuration(LambdaCall& call);
OperationResult list_functions(LambdaCall& call);
OperationResult delete_function(LambdaCall& call);

OperationResult publish_version(LambdaCall& call);
OperationResult list_versions(LambdaCall& call);

OperationResult create_alias(LambdaCall& call);
OperationResult get_alias(LambdaCall& call);
OperationResult list_aliases(LambdaCall& call);
OperationResult update_alias(LambdaCall& call);
OperationResult delete_alias(LambdaCall& call);

OperationResult add_permission(LambdaCall& call);
OperationResult get_policy(LambdaCall& call);
OperationResult remove_permission(LambdaCall& call);

OperationResult tag_resource(LambdaCall& call);
OperationResult list_tags(LambdaCall& call);
OperationResult untag_resource(LambdaCall& call);

OperationResult get_account_settings(LambdaCall& call);

OperationResult put_function_concurrency(LambdaCall& call);
OperationResult get_function_concurrency(LambdaCall& call);
OperationResult delete_function_concurrency(LambdaCall& call);

OperationResult put_provisioned_concurrency(LambdaCall& call);
OperationResult get_provisioned_concurrency(LambdaCall& call);
OperationResult list_provisioned_concurrency(LambdaCall& call);
OperationResult delete_provisioned_concurrency(LambdaCall& call);

OperationResult put_event_invoke_config(LambdaCall& call);
OperationResult update_event_invoke_config(LambdaCall& call);
OperationResult get_event_invoke_config(LambdaCall& call);
OperationResult list_event_invoke_configs(LambdaCall& call);
OperationResult delete_event_invoke_config(LambdaCall& call);

OperationResult publish_layer_version(LambdaCall& call);
OperationResult get_layer_version(LambdaCall& call);
OperationResult get_layer_version_by_arn(LambdaCall& call);
OperationResult list_layers(LambdaCall& call);
OperationResult list_layer_versions(LambdaCall& call);
OperationResult delete_layer_version(LambdaCall& call);

OperationResult add_layer_version_permission(LambdaCall& call);
OperationResult get_layer_version_policy(LambdaCall& call);
OperationResult remove_layer_version_permission(LambdaCall& call);

OperationResult create_function_url(LambdaCall& call);
OperationResult get_function_url(LambdaCall& call);
OperationResult update_function_url(LambdaCall& call);
OperationResult list_function_urls(LambdaCall& call);
OperationResult delete_function_url(LambdaCall& call);

// What the operations share.

// Whether an alias sends invocations to a version.
bool points_at(const model::Alias& alias, const std::string& version);

// Puts the package that `code` says into the code store: the member Code or Content, or the body of
// UpdateFunctionCode. `at`: what AWS's texts have before its members, "code.", "content." or "".
Result<model::CodeLocation> load_code(LambdaCall& call, const nlohmann::json& code,
                                      const std::string& at);

// function_document(), with what SnapStart is at.
enum class StateView;
nlohmann::json describe(const LambdaCall& call, const model::FunctionConfig& config,
                        const std::string& arn_qualifier, StateView view);

net::Response json_response(unsigned status, const nlohmann::json& document);
net::Response empty_response(unsigned status);

// The function that the call names, and the reference itself.
struct Target {
  model::FunctionRef ref;
  model::FunctionPtr function;
};
Result<Target> find_target(const LambdaCall& call,
                           model::Operation operation = model::Operation::kGet);
// The same for operations that change the function as a whole: a version or an alias is refused.
Result<Target> find_unqualified_target(const LambdaCall& call);
Error function_not_found(const LambdaCall& call, const model::FunctionRef& ref);

// The ARN of the target's function, with `qualifier` where given.
std::string target_arn(const LambdaCall& call, const model::FunctionRef& ref,
                       const std::string& qualifier = {});

// 412 when the request carries a RevisionId that is not `current`.
Result<void> check_revision(const std::optional<std::string>& given, const std::string& current);

// The time for LastModified: now, but later than `previous`. Two changes within a millisecond
// differ, too: by LastModified it is known whether a version is still what $LATEST is.
std::string next_last_modified(const Clock& clock, const std::string& previous);

// A page of a list: `Marker` of the request to `NextMarker` of the answer.
struct Page {
  size_t max_items = 50;
  std::string after;  // decoded marker, "" at the start
};
Result<Page> read_page(const LambdaCall& call);
std::string make_marker(const std::string& last);
// The whole of `text` as a number that is not negative. False: it is none.
bool parse_number(std::string_view text, int64_t& number);

// Adds the next version, a copy of $LATEST, to `function`: what PublishVersion and Publish=true do.
// $LATEST gets a new revision, as on AWS.
model::ConfigPtr add_version(model::Function& function,
                             const std::optional<std::string>& description = std::nullopt);

// An InvalidParameterValueException whose body has a message alone, as AWS answers where a limit of
// the account is in the way.
net::Response limit_exceeded(const std::string& message);

Error invalid_parameter(std::string message);
Error validation_error(std::string message);
// Whether the error says what is wrong with a member alone, whatever the function is.
inline bool is_of_one_member(const Error& error) {
  return error.type == "ValidationException" || error.type == "SerializationException";
}
inline Error missing_member(const std::string& member) {
  return validation_error("1 validation error detected: Value null at '" + member +
                          "' failed to satisfy constraint: Member must not be null");
}
// "1 validation error detected: Value 'VALUE' at 'MEMBER' failed to satisfy constraint: … enum
// value set: [ALLOWED]".
Error enum_violation(const std::string& value, const std::string& member,
                     const std::string& allowed);
Error not_found(std::string message);
Error conflict(std::string message);

}  // namespace kiln::services
