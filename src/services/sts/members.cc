#include "services/sts/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"AssumeRole",
     "RoleArn RoleSessionName PolicyArns~ Policy~ DurationSeconds Tags~"
     " TransitiveTagKeys~ ExternalId~ SerialNumber~ TokenCode~ SourceIdentity~"
     " ProvidedContexts~"},
    {"GetCallerIdentity", ""},
    {"GetSessionToken", "DurationSeconds SerialNumber~ TokenCode~"},
};

}  // namespace

std::span<const OperationMembers> sts_members() { return kMembers; }

}  // namespace kiln::services
