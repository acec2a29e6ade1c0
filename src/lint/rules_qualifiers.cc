// Provisioned concurrency where Lambda has none: on $LATEST, twice on a version, beside weights or
// SnapStart.
#include "lint/capacity_sums.h"
#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

// What a qualifier leads to: the stand-in or number of a version.
std::optional<std::string> version_of(const Qualifier& qualifier) {
  if (qualifier.kind == Qualifier::Kind::kVersion) return qualifier.name;
  return qualifier.version.value();
}

bool provisions(const Qualifier& qualifier) {
  return qualifier.provisioned.value().value_or(0) > 0;
}

}  // namespace

void provisioned_on_latest(const Model& model, const Circumstances&, Report& report) {
  for (const Qualifier& qualifier : model.qualifiers) {
    if (!provisions(qualifier) || version_of(qualifier) != "$LATEST") continue;
    report.add(qualifier.origin, qualifier.version.place(),
               describe(qualifier) + " points at $LATEST and provisions " +
                   std::to_string(*qualifier.provisioned.value()),
               "publish a version (AWS::Lambda::Version) and point the alias at it");
  }
}

void provisioned_twice(const Model& model, const Circumstances&, Report& report) {
  for (size_t second = 0; second < model.qualifiers.size(); ++second) {
    const Qualifier& later = model.qualifiers[second];
    if (!provisions(later) || !later.function || !version_of(later)) continue;
    for (size_t first = 0; first < second; ++first) {
      const Qualifier& earlier = model.qualifiers[first];
      if (!provisions(earlier) || earlier.function != later.function ||
          version_of(earlier) != version_of(later)) {
        continue;
      }
      report.add(later.origin, later.provisioned.place(),
                 describe(later) + " and " + describe(earlier) +
                     " provision for the same version of " +
                     model.functions[*later.function].origin.logical_id,
                 "keep one of the two");
      break;
    }
  }
}

void provisioned_with_routing(const Model& model, const Circumstances&, Report& report) {
  for (const Qualifier& qualifier : model.qualifiers) {
    if (!provisions(qualifier) || !qualifier.routes_by_weight) continue;
    report.add(qualifier.origin, qualifier.provisioned.place(),
               describe(qualifier) + " provisions " +
                   std::to_string(*qualifier.provisioned.value()) +
                   " and divides requests between two versions",
               "provision on the versions themselves, or remove the weights before provisioning");
  }
}

void provisioned_with_snapstart(const Model& model, const Circumstances&, Report& report) {
  for (const Qualifier& qualifier : model.qualifiers) {
    if (!provisions(qualifier) || !qualifier.function) continue;
    const Function& function = model.functions[*qualifier.function];
    if (function.snap_start.value() != "PublishedVersions") continue;
    report.add(qualifier.origin, qualifier.provisioned.place(),
               describe(qualifier) + " provisions " +
                   std::to_string(*qualifier.provisioned.value()) + " for " +
                   function.origin.logical_id + ", which has SnapStart",
               "choose one: SnapStart (no charge while idle on Java) or provisioned concurrency "
               "(no start at all)");
  }
}

}  // namespace kiln::lint
