// Layers as requests name them: names, ARNs of layers and of their versions, and the Layers of a
// function. Threading: resolve_layers on a worker (it makes folders); the rest anywhere.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/function.h"
#include "services/lambda/call.h"

namespace kiln::services {

// As AWS shows it where a layer's version is refused.
inline constexpr const char* kLayerVersionPattern =
    "(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:"
    "layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)";

struct LayerRef {
  std::string region;
  std::string account;
  std::string name;
  int64_t number = 0;  // 0: the layer, not one of its versions
};

// arn:aws:lambda:REGION:ACCOUNT:layer:NAME[:NUMBER]; nullopt: it is none.
std::optional<LayerRef> parse_layer_arn(std::string_view arn);
// arn:aws:lambda:REGION:ACCOUNT:layer:NAME, and with :NUMBER where it is not 0.
std::string layer_arn(const LambdaCall& call, const std::string& name, int64_t number = 0);

// The name of the layer in the call's path, which may be an ARN. Error: not a name, or a layer of
// another account or Region.
Result<std::string> read_layer_name(const LambdaCall& call);
// The version that the call's path names. Error: ResourceNotFoundException with `missing`.
Result<engine::LayerVersionPtr> find_layer_version(const LambdaCall& call,
                                                   const std::string& missing);

// The member Layers of `body`, looked up and put together in one folder; nullopt: it has none.
Result<std::optional<model::LayerStack>> resolve_layers(LambdaCall& call,
                                                        const nlohmann::json& body);
// Whether the function's code and its layers are within the limit together.
Result<void> check_unpacked(const LambdaCall& call, const model::FunctionConfig& config);

}  // namespace kiln::services
