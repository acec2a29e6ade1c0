#include "services/lambda_code_use.h"

namespace kiln::services {

void CodeUse::note(const std::vector<model::FunctionPtr>& functions, SteadyTime now) {
  for (const auto& function : functions) {
    last_referred_[function->latest->code.zip_sha_hex] = now;
    for (const auto& [number, version] : function->versions) {
      last_referred_[version->code.zip_sha_hex] = now;
    }
  }
}

std::set<std::string> CodeUse::keep(const std::vector<model::FunctionPtr>& functions,
                                    SteadyTime now) {
  note(functions, now);
  std::erase_if(last_referred_, [now](const auto& item) { return now - item.second >= kGrace; });
  std::set<std::string> keys;
  for (const auto& [key, when] : last_referred_) keys.insert(key);
  return keys;
}

}  // namespace kiln::services
