// A copy of a function under another name, to be measured and changed in its place: whatever
// happens to the program, the function itself stays as it is.
//
//   Result<ShadowFunction> shadow = ShadowFunction::make(client, "orders", "orders:live");
//   shadow->resize(client, 512);
//   … invoke shadow->name() …
//   shadow->remove(client, ShadowFunction::Logs::kRemove);
//
// The copy has the code, the layers and the settings of the function or of one of its versions, and
// neither its reserved concurrency, nor its event sources, destinations and policies. A killed
// program leaves it behind; its description says who made it, and the next one takes its place.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cli/api_client.h"

namespace kiln::cli {

class ShadowFunction {
 public:
  // Of `name`, at `qualifier` ("": $LATEST). Error: no such function; a copy of a program that
  // still runs is there; or as the API answered.
  static Result<ShadowFunction> make(ApiClient& client, const std::string& name,
                                     const std::string& qualifier);

  const std::string& name() const { return name_; }
  // The configuration of the function that it is a copy of, as the API has it.
  const Json& original() const { return original_; }

  // Another MemorySize; environments of the old one serve no more when this returns.
  Result<void> resize(ApiClient& client, int64_t memory_mb);
  // Environments start anew, at the same size.
  Result<void> renew(ApiClient& client);
  // With its environments and its log group, where logs are at the same endpoint (Kiln's).
  enum class Logs { kRemove, kKeep };
  Result<void> remove(ApiClient& client, Logs logs);

 private:
  Result<void> update(ApiClient& client, Json settings);

  std::string name_;
  Json original_;
  int64_t renewals_ = 0;
};

}  // namespace kiln::cli
