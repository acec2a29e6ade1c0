// From a template's resource to what its type is told: properties evaluated, checked against the
// type, with scalars as the APIs expect them.
//
//   Resolver resolver(parsed, surroundings, wish);
//   if (auto fine = resolver.check(); !fine) return fine.error();   // before anything changes
//   Result<Wanted> wanted = resolver.wanted("Function");
//
// Errors: kInvalid, ValidationError, with the place in the template. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "stack/resource_type.h"
#include "stack/stack.h"
#include "template/evaluate.h"

namespace kiln::stack {

// A resource as the template wants it.
struct Wanted {
  const ResourceType* type = nullptr;
  std::string given_name;  // "": Kiln chooses one, or it isn't known yet
  nlohmann::json properties;
  std::string note;  // why it is left out, or what of it; "" for nothing

  // The note as an event's reason.
  std::string reason() const;
};

class Resolver {
 public:
  // The text at an address.
  using FetchTemplate = std::function<Result<std::string>(const std::string& url)>;
  // Keeps a reference to `parsed`. `fetch`: nested stacks whose template it can't read are left
  // out, where the wish leaves out what can't be held.
  Resolver(const cfn::Template& parsed, cfn::Surroundings surroundings, const Wish& wish,
           FetchTemplate fetch);

  // Types that stacks can hold, capabilities, rules. Nothing is evaluated that needs a resource.
  Result<void> check(bool asks_for_macros);
  // The resources whose condition holds, by logical id, each with what it needs.
  Result<std::map<std::string, std::vector<std::string>>> graph();
  // REQUIRES: `logical_id` is in the graph.
  Result<Wanted> wanted(const std::string& logical_id);
  Result<std::vector<StackOutput>> outputs();
  // The exports that evaluating has asked for so far.
  std::vector<std::string> imports();

  const cfn::Template& parsed() const { return template_; }

 private:
  Error at(cfn::Place place, const std::string& message) const;
  Result<void> check_properties(const cfn::Resource& resource, const ResourceType& type,
                                const nlohmann::json& properties) const;

  // Why the template of a nested stack can't be read; nullopt: it can, or isn't known yet.
  std::optional<std::string> unreadable(const nlohmann::json& properties) const;

  const cfn::Template& template_;
  const Wish& wish_;
  const FetchTemplate fetch_;
  const std::string account_;
  std::set<std::string> imports_;  // with mutex_, too
  Mutex mutex_;
  cfn::Evaluator evaluator_ KILN_GUARDED_BY(mutex_);
};

// The type of a resource under this wish: one that stacks can't hold is skipped, if the wish says
// so. nullptr: refused.
const ResourceType* type_for(const std::string& name, Wish::Unsupported unsupported);

// The names of the properties that differ.
std::vector<std::string> changed_properties(const nlohmann::json& before,
                                            const nlohmann::json& after);
// Whether a change of these means another resource.
bool replaces(const ResourceType& type, const std::vector<std::string>& changed);

// Ref (attribute "") or GetAtt of a resource that is there.
Result<nlohmann::json> value_of(const StackResource& resource, const std::string& attribute);

}  // namespace kiln::stack
