#include "services/sts/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"AssumeRole",
     "RoleArn RoleSessionName PolicyArns~ Policy~ DurationSeconds Tags~"
     " TransitiveTagKeys~ ExternalId~ SerialNumber~ TokenCode~ SourceIdentity~"
     " ProvidedContexts~ MinimumSessionTokenSize"},
    {"GetCallerIdentity", ""},
    {"GetSessionToken", "DurationSeconds SerialNumber~ TokenCode~ MinimumSessionTokenSize"},
};

}  // namespace

std::span<const OperationMembers> sts_members() { return kMembers; }

}  // namespace kiln::services
