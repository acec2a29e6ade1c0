// What a function is: its configuration, versions and aliases. Plain data, no behaviour beyond
// lookups. Field names are those of the Lambda API; sizes are MiB ("MB" in Lambda's documents),
// times are seconds.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/seldom.h"

namespace kiln::model {

inline constexpr std::string_view kLatest = "$LATEST";

// Where the code of a version is. Extracted archives are shared by content.
struct CodeLocation {
  std::string sha256_base64;  // CodeSha256 of the zip; for a hot-reload folder the hash of its path
  int64_t size_bytes = 0;     // CodeSize: bytes of the zip
  std::string zip_sha_hex;    // key in the code store; empty for a hot-reload folder
  std::string hot_reload_dir;  // absolute path of a folder run in place; empty otherwise
  int64_t unpacked_bytes = 0;  // of all files; 0 for a hot-reload folder
};

// The layers of a version, and the folder that they make together.
struct LayerStack {
  struct Use {
    std::string arn;         // of the layer's version
    int64_t size_bytes = 0;  // CodeSize: bytes of the zip
    bool operator==(const Use&) const = default;
  };
  std::vector<Use> uses;       // a later one's files over an earlier one's
  std::string folder_key;      // in the code store; empty: no layers
  int64_t unpacked_bytes = 0;  // of all layers together
  bool operator==(const LayerStack&) const = default;
};

enum class LogFormat { kText, kJson };

struct LoggingConfig {
  LogFormat format = LogFormat::kText;
  std::string application_level;  // TRACE … FATAL; only with JSON
  std::string system_level;       // DEBUG | INFO | WARN; only with JSON
  std::string log_group;          // empty: /aws/lambda/NAME
  bool operator==(const LoggingConfig&) const = default;
};

// Where a function would be on AWS, and what it would mount there: kept, and without effect here.
struct VpcConfig {
  std::vector<std::string> subnet_ids, security_group_ids;
  bool ipv6 = false;
  bool operator==(const VpcConfig&) const = default;
};
struct FileSystem {
  std::string arn, local_mount_path;
  bool operator==(const FileSystem&) const = default;
};

// Everything that publishing a version freezes. Immutable once shared.
struct FunctionConfig {
  std::string region;
  std::string account;
  std::string name;
  std::string version{kLatest};
  std::string runtime;  // "provided.al2023", "python3.12", "nodejs20.x"
  std::string handler;
  std::string role;
  std::string description;
  int timeout_s = 3;
  int memory_mb = 128;
  int ephemeral_mb = 512;
  std::map<std::string, std::string> environment;
  bool has_environment = false;  // it was given, if only without variables
  std::optional<VpcConfig> vpc;
  std::vector<FileSystem> file_systems;
  std::vector<std::string> architectures{"x86_64"};
  CodeLocation code;
  Seldom<LayerStack> layers;
  Seldom<LoggingConfig> logging;
  std::string tracing_mode = "PassThrough";
  std::string dead_letter_target_arn;
  std::string kms_key_arn;
  std::string snap_start = "None";  // ApplyOn
  std::string revision_id;
  std::string last_modified;  // 2023-01-21T11:30:00.000+0000

  std::string log_group() const {
    return logging->log_group.empty() ? "/aws/lambda/" + name : logging->log_group;
  }
};
using ConfigPtr = std::shared_ptr<const FunctionConfig>;

struct Alias {
  std::string name;
  std::string function_version;
  std::optional<std::pair<std::string, double>> additional_version;  // version → weight 0..1
  std::string description;
  std::string revision_id;
};

// Provisioned concurrency as configured, for a version or an alias. What is allocated of it is the
// provisioner's to know.
struct ProvisionedConfig {
  int requested = 0;
  std::string last_modified;  // 2023-01-21T11:30:00.000+0000
  bool operator==(const ProvisionedConfig&) const = default;
};

// How asynchronous invocations of a qualifier are retried, and who is told of their end.
struct EventInvokeConfig {
  std::optional<int> maximum_retry_attempts;  // 0–2
  std::optional<int> maximum_event_age_s;     // 60–21,600
  std::string on_success, on_failure;         // destination ARNs
  WallTime last_modified{};
};

// The Cors member of a function URL. Empty lists: not said.
struct UrlCors {
  bool allow_credentials = false;
  std::vector<std::string> allow_headers, allow_methods, allow_origins, expose_headers;
  std::optional<int> max_age_s;
};

// An invoke mode: the answer is sent while the function writes it.
inline constexpr std::string_view kResponseStream = "RESPONSE_STREAM";

// An address at which HTTP requests invoke the function.
struct FunctionUrl {
  std::string id;           // 32 of [a-z0-9]: the first label of the host name
  std::string auth_type;    // NONE | AWS_IAM
  std::string invoke_mode;  // BUFFERED
  std::optional<UrlCors> cors;
  WallTime created{}, last_modified{};
};

// A function with all that hangs on its name. A new value is made for every change; readers keep
// the one they hold.
struct Function {
  ConfigPtr latest;                        // $LATEST
  SeldomMap<int64_t, ConfigPtr> versions;  // published, by number
  SeldomMap<std::string, Alias> aliases;
  SeldomMap<std::string, std::string> tags;
  SeldomMap<std::string, std::string>
      policies;  // qualifier ("" = unqualified) → statements, JSON array text
  SeldomMap<std::string, std::string> policy_revisions;  // qualifier → RevisionId of that policy
  int64_t next_version = 1;                              // never reused
  std::optional<int> reserved_concurrency;
  std::string recursive_loop = "Terminate";                // or "Allow"
  SeldomMap<std::string, ProvisionedConfig> provisioned;   // by version or alias
  SeldomMap<std::string, EventInvokeConfig> event_invoke;  // by qualifier; "$LATEST" too
  SeldomMap<std::string, FunctionUrl> urls;                // by alias; "" = $LATEST

  const std::string& region() const { return latest->region; }
  const std::string& name() const { return latest->name; }
};
using FunctionPtr = std::shared_ptr<const Function>;

// The version that a qualifier ("" = $LATEST, version, or alias) selects; `roll` in [0,1) decides
// weighted aliases. nullptr: no such version or alias.
ConfigPtr resolve_qualifier(const Function& function, std::string_view qualifier, double roll);

// The version that has the provisioned concurrency configured for `qualifier`: the version itself,
// or the one that the alias points at. "" when there is no such qualifier.
std::string provisioned_version(const Function& function, const std::string& qualifier);
// Provisioned concurrency by version number, and all of it together.
std::map<std::string, int> provisioned_by_version(const Function& function);
int provisioned_total(const Function& function);

// arn:aws:lambda:REGION:ACCOUNT:function:NAME, and with :QUALIFIER where given.
std::string function_arn(std::string_view region, std::string_view account, std::string_view name,
                         std::string_view qualifier = {});

}  // namespace kiln::model
