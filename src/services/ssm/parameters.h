// The parameters of every Region, with their latest hundred versions. The newest version of each
// that was put is a document of kind kKind, each older one of kind kPastKind under "NAME:VERSION".
// The parameter that `cdk bootstrap` leaves behind is there until somebody puts another one in its
// place.
//
//   if (const auto p = parameters.find("eu-west-1", "/app/host")) use(p->value);
//
// Threading: reads from any thread; put() and erase() on the thread of the StatePort.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/state_port.h"

namespace kiln::services {

struct SsmParameter {
  std::string name;
  std::string type = "String";  // String, StringList, SecureString
  std::string value;            // as it was put, also of a SecureString
  int64_t version = 1;
  int64_t modified_ms = 0;
  std::string description = {};
  std::string allowed_pattern = {};
  std::string key_id = {};  // of a SecureString
  std::string tier = "Standard";
  std::string data_type = "text";
  std::map<std::string, std::string> tags = {};  // of the newest version alone
  std::vector<std::string> labels = {};
};

class SsmParameters {
 public:
  static constexpr const char* kKind = "ssm-parameter";
  static constexpr const char* kPastKind = "ssm-parameter-past";
  static constexpr size_t kMostVersions = 100;

  // `port` outlives this.
  explicit SsmParameters(StatePort& port) : port_(port) {}

  // A document that the port has kept; one that is not of this kind's form is left out.
  void load(const std::string& region, const std::string& name, const std::string& document);
  void load_past(const std::string& region, const std::string& key, const std::string& document);

  std::optional<SsmParameter> find(const std::string& region, const std::string& name) const;
  // Those whose names start with `prefix`, by name.
  std::vector<SsmParameter> list(const std::string& region, const std::string& prefix) const;

  // All that are kept of the one of exactly this name, oldest first.
  std::vector<SsmParameter> versions(const std::string& region, const std::string& name) const;

  // One with a new version number makes the version before it a past one; of more than
  // kMostVersions the oldest goes.
  Result<void> put(const std::string& region, const SsmParameter& parameter);
  // A version with other labels, which is there.
  Result<void> put_labels(const std::string& region, const SsmParameter& version);
  // All of them or none. The names that were there, as they were asked for.
  Result<std::set<std::string>> erase(const std::string& region,
                                      const std::vector<std::string>& names);

 private:
  using Key = std::pair<std::string, std::string>;  // Region, name

  StatePort& port_;
  mutable Mutex mutex_;
  std::map<Key, SsmParameter> parameters_ KILN_GUARDED_BY(mutex_);
  std::map<Key, std::map<int64_t, SsmParameter>> past_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::services
