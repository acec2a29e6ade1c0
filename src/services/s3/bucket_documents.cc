// What a bucket is given to keep and gives back as it came: versioning, encryption, policy, public
// access block, tagging, lifecycle, CORS, ownership. None of it acts but CORS (cors.h).
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "base/system_tags.h"
#include "services/s3/call.h"
#include "services/s3/least_size.h"
#include "services/s3/object_document.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

#define KILN_S3_NS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

// Of what a bucket has from the start: it was taken away.
constexpr const char* kErased = "-";
constexpr size_t kMaxPolicy = size_t{20} * 1024;

struct Kind {
  std::string_view parameter;
  const char* root;      // of its XML; nullptr: it is JSON
  const char* standard;  // what a bucket has that was given nothing; nullptr: an error
  const char* missing;   // that error's code and text
  const char* missing_text;
  unsigned put_status = 200;
  bool is_erasable = true;
};

constexpr std::array kKinds = {
    Kind{"versioning", "VersioningConfiguration", "<VersioningConfiguration" KILN_S3_NS "/>", "",
         "", 200, false},
    Kind{"encryption", "ServerSideEncryptionConfiguration",
         "<ServerSideEncryptionConfiguration" KILN_S3_NS
         "><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
         "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
         "</ServerSideEncryptionConfiguration>",
         "", ""},
    Kind{"policy", nullptr, nullptr, "NoSuchBucketPolicy", "The bucket policy does not exist", 204},
    Kind{"publicAccessBlock", "PublicAccessBlockConfiguration",
         "<PublicAccessBlockConfiguration" KILN_S3_NS
         "><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>"
         "<BlockPublicPolicy>true</BlockPublicPolicy>"
         "<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
         "NoSuchPublicAccessBlockConfiguration",
         "The public access block configuration was not found"},
    Kind{"tagging", "Tagging", nullptr, "NoSuchTagSet", "The TagSet does not exist", 204},
    Kind{"lifecycle", "LifecycleConfiguration", nullptr, "NoSuchLifecycleConfiguration",
         "The lifecycle configuration does not exist"},
    Kind{"cors", "CORSConfiguration", nullptr, "NoSuchCORSConfiguration",
         "The CORS configuration does not exist"},
    Kind{"ownershipControls", "OwnershipControls",
         "<OwnershipControls" KILN_S3_NS
         "><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
         "OwnershipControlsNotFoundError", "The bucket ownership controls were not found"},
};

#undef KILN_S3_NS

constexpr const char* kLeastSizeHeader = "x-amz-transition-default-minimum-object-size";

Result<std::string> least_size_asked(const S3Call& call) {
  const std::string size(call.header(kLeastSizeHeader));
  if (size.empty()) return std::string(kAllClasses);
  if (size == kAllClasses || size == kByClass) return size;
  return s3_invalid("InvalidRequest", "Invalid TransitionDefaultMinimumObjectSize found: " + size);
}

// REQUIRES: the route said that there is one.
const Kind& kind_of(const S3Call& call) {
  for (const Kind& kind : kKinds)
    if (call.query.find(kind.parameter)) return kind;
  return kKinds.front();
}

Result<void> check_tagging(const std::string& body) {
  const auto tags = read_tagging(body);
  if (!tags) return tags.error();
  for (const auto& [key, value] : *tags)
    if (system_tags::is_reserved(key))
      return s3_with(s3_invalid("InvalidTag", "System tags cannot be added/updated by requester"),
                     "TagKey", key);
  return check_s3_tags(*tags);
}

// The conditions in a Filter; more than one go into And.
Result<void> check_filter(const pugi::xml_node filter) {
  size_t conditions = 0;
  for (const pugi::xml_node child : filter.children())
    if (child.type() == pugi::node_element) ++conditions;
  if (conditions > 1) return malformed_xml();
  std::set<std::string> keys;
  for (const pugi::xml_node tag : filter.child("And").children("Tag"))
    if (!keys.insert(tag.child("Key").text().get()).second)
      return s3_invalid("InvalidRequest", "Duplicate Tag Keys are not allowed.");
  return {};
}

// The days of one action: a whole number, `least` or more.
Result<void> check_days(const pugi::xml_node action, const char* member, int64_t least,
                        const std::string& wanted) {
  const pugi::xml_node given = action.child(member);
  if (!given) return {};
  const std::string_view text = given.text().get();
  int64_t days = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (error != std::errc() || end != text.data() + text.size()) return malformed_xml();
  if (days >= least) return {};
  return s3_with(s3_with(s3_invalid("InvalidArgument", "'" + std::string(member) + "' " + wanted),
                         "ArgumentName", member),
                 "ArgumentValue", text);
}

Result<void> check_all_days(const pugi::xml_node rule) {
  constexpr int64_t kInfrequent = 30;
  for (const auto& [action, member] :
       {std::pair("Expiration", "Days"), std::pair("NoncurrentVersionExpiration", "NoncurrentDays"),
        std::pair("AbortIncompleteMultipartUpload", "DaysAfterInitiation")})
    if (auto days = check_days(rule.child(action), member, 1,
                               "for " + std::string(action) + " action must be a positive integer");
        !days)
      return days;
  for (const auto& [action, member] : {std::pair("Transition", "Days"),
                                       std::pair("NoncurrentVersionTransition", "NoncurrentDays")})
    for (const pugi::xml_node transition : rule.children(action)) {
      const std::string storage = transition.child("StorageClass").text().get();
      const bool is_infrequent = storage == "STANDARD_IA" || storage == "ONEZONE_IA";
      const std::string start = "in " + std::string(action) + " action must be ";
      auto days = check_days(transition, member, 0, start + "nonnegative");
      if (days && is_infrequent)
        days = check_days(transition, member, kInfrequent,
                          start + "greater than or equal to 30 for storageClass '" + storage + "'");
      if (!days) return days;
    }
  return {};
}

// In characters, not in bytes.
size_t length_of(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

constexpr size_t kMaxRuleId = 255;

Result<void> check_rule_ids(const pugi::xml_node root) {
  std::set<std::string_view> ids;
  for (const pugi::xml_node rule : root.children("Rule")) {
    const std::string_view id = rule.child("ID").text().get();
    const char* wrong = nullptr;
    if (length_of(id) > kMaxRuleId)
      wrong = "ID length should not exceed allowed limit of 255";
    else if (!id.empty() && !ids.insert(id).second)
      wrong = "Rule ID must be unique. Found same ID for more than one rule";
    if (wrong)
      return s3_with(s3_with(s3_invalid("InvalidArgument", wrong), "ArgumentName", "ID"),
                     "ArgumentValue", id);
  }
  return {};
}

Result<void> check_lifecycle(const pugi::xml_node root) {
  if (!root.child("Rule")) return malformed_xml();
  if (auto ids = check_rule_ids(root); !ids) return ids;
  for (const pugi::xml_node rule : root.children("Rule")) {
    const std::string_view status = rule.child("Status").text().get();
    if (status != "Enabled" && status != "Disabled") return malformed_xml();
    if (!rule.child("Filter") && !rule.child("Prefix")) return malformed_xml();
    if (auto filter = check_filter(rule.child("Filter")); !filter) return filter;
    const pugi::xml_node expiration = rule.child("Expiration");
    if (expiration.child("ExpiredObjectDeleteMarker") &&
        (expiration.child("Days") || expiration.child("Date")))
      return malformed_xml();
    const std::string_view date = expiration.child("Date").text().get();
    if (!date.empty() && date.find("T00:00:00") == date.npos && date.find('T') != date.npos)
      return s3_with(s3_with(s3_invalid("InvalidArgument", "'Date' must be at midnight GMT"),
                             "ArgumentName", "Date"),
                     "ArgumentValue", date);
    const pugi::xml_node old = rule.child("NoncurrentVersionExpiration");
    if (old && !old.child("NoncurrentDays")) return malformed_xml();
    if (auto days = check_all_days(rule); !days) return days;
    bool acts = false;
    for (const char* action : {"Expiration", "Transition", "NoncurrentVersionExpiration",
                               "NoncurrentVersionTransition", "AbortIncompleteMultipartUpload"})
      acts = acts || rule.child(action);
    if (!acts) return malformed_xml();
  }
  return {};
}

// What the schema says of one CORS rule.
bool is_cors_rule(const pugi::xml_node rule) {
  const auto is_alone = [&](const char* name) { return !rule.child(name).next_sibling(name); };
  const std::string_view age = rule.child("MaxAgeSeconds").text().get();
  int32_t seconds = 0;
  const auto [end, error] = std::from_chars(age.data(), age.data() + age.size(), seconds);
  const bool has_age =
      error == std::errc() && end == age.data() + age.size() && !age.starts_with('-');
  return rule.child("AllowedMethod") && rule.child("AllowedOrigin") && is_alone("ID") &&
         length_of(rule.child("ID").text().get()) <= kMaxRuleId && is_alone("MaxAgeSeconds") &&
         (has_age || !rule.child("MaxAgeSeconds"));
}

// A name in the rule may have `most` stars.
Result<void> check_stars(const pugi::xml_node rule, const char* name, int64_t most,
                         const char* problem) {
  for (const pugi::xml_node node : rule.children(name)) {
    const std::string_view text = node.text().get();
    if (std::count(text.begin(), text.end(), '*') > most)
      return s3_invalid("InvalidRequest",
                        std::string(name) + " \"" + std::string(text) + "\" " + problem);
  }
  return {};
}

Result<void> check_cors_rule(const pugi::xml_node rule) {
  constexpr std::array kMethods = {"GET", "PUT", "HEAD", "POST", "DELETE"};
  for (const pugi::xml_node method : rule.children("AllowedMethod"))
    if (std::string_view name = method.text().get();
        std::find(kMethods.begin(), kMethods.end(), name) == kMethods.end())
      return s3_invalid("InvalidRequest",
                        "Found unsupported HTTP method in CORS config. Unsupported method is " +
                            std::string(name));
  for (const char* name : {"AllowedOrigin", "AllowedHeader"})
    if (auto stars = check_stars(rule, name, 1, "can not have more than one wildcard."); !stars)
      return stars;
  return check_stars(rule, "ExposeHeader", 0,
                     "contains wildcard. We currently do not support wildcard for ExposeHeader.");
}

Result<void> check_cors(const pugi::xml_node root) {
  constexpr size_t kMaxRules = 100;
  size_t rules = 0;
  for (const pugi::xml_node rule : root.children("CORSRule"))
    if (++rules; !is_cors_rule(rule)) return malformed_xml();
  if (rules == 0) return malformed_xml();
  if (rules > kMaxRules)
    return Error{ErrorKind::kInvalid, "InvalidRequest",
                 "The number of CORS rules should not exceed allowed limit of 100 rules."};
  for (const pugi::xml_node rule : root.children("CORSRule"))
    if (auto valid = check_cors_rule(rule); !valid) return valid;
  return {};
}

Result<void> check_versioning(const pugi::xml_node root) {
  const std::string_view status = root.child("Status").text().get();
  if (!root.child("Status"))
    return s3_invalid("IllegalVersioningConfigurationException",
                      "The Versioning element must be specified");
  return status == "Enabled" || status == "Suspended" ? Result<void>() : malformed_xml();
}

// The one rule that a document has; an empty node where it hasn't one alone.
pugi::xml_node only_rule(const pugi::xml_node root) {
  const pugi::xml_node rule = root.child("Rule");
  return rule.next_sibling("Rule") ? pugi::xml_node() : rule;
}

Result<void> check_encryption(const pugi::xml_node root) {
  const pugi::xml_node rule = only_rule(root);
  if (!rule) return malformed_xml();
  const pugi::xml_node by_default = rule.child("ApplyServerSideEncryptionByDefault");
  const std::string_view algorithm = by_default.child("SSEAlgorithm").text().get();
  if (by_default.child("KMSMasterKeyID") && !algorithm.starts_with("aws:kms"))
    return s3_with(s3_invalid("InvalidArgument",
                              "a KMSMasterKeyID is not applicable if the default sse algorithm is "
                              "not aws:kms or aws:kms:dsse"),
                   "ArgumentName", "ApplyServerSideEncryptionByDefault");
  return {};
}

Result<void> check_ownership(const pugi::xml_node root) {
  const pugi::xml_node rule = only_rule(root);
  return is_s3_ownership(rule.child("ObjectOwnership").text().get()) ? Result<void>()
                                                                     : malformed_xml();
}

Result<void> check_policy(const std::string& body) {
  const auto policy = body.size() > kMaxPolicy ? nlohmann::json() : json_parse(body);
  if (!body.starts_with('{') || !policy.is_object())
    return s3_invalid("MalformedPolicy",
                      "Policies must be valid JSON and the first byte must be '{'");
  if (!policy.contains("Statement"))
    return s3_invalid("MalformedPolicy", "Missing required field Statement");
  return {};
}

// As it is given back: what is not said is false.
std::string whole_access_block(const std::string& body) {
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  const pugi::xml_node root = document.child("PublicAccessBlockConfiguration");
  XmlText xml("PublicAccessBlockConfiguration");
  for (const char* member :
       {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"})
    xml.text(member, root.child(member).text().as_bool() ? "true" : "false");
  return xml.answer().body;
}

// With an ID for each rule that came without.
std::string with_rule_ids(const std::string& body) {
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size(),
                       pugi::parse_default | pugi::parse_ws_pcdata_single);  // a prefix of blanks
  bool is_new = false;
  for (pugi::xml_node rule : document.child("LifecycleConfiguration").children("Rule")) {
    pugi::xml_node id = rule.child("ID");
    if (*id.text().get() != '\0') continue;
    if (!id) id = rule.prepend_child("ID");
    id.text().set(base64_encode(new_uuid()).c_str());
    is_new = true;
  }
  if (!is_new) return body;
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
  return std::move(out).str();
}

// What stands for a document; "" where it is the same as none.
std::string kept(const Kind& kind, const std::string& body) {
  if (kind.parameter == "publicAccessBlock") return whole_access_block(body);
  if (kind.parameter == "lifecycle") return with_rule_ids(body);
  if (kind.parameter == "tagging") {
    const auto tags = read_tagging(body);
    if (tags && tags->empty()) return {};
  }
  return body;
}

// Those of what a bucket has from the start can be taken away.
bool can_be_missing(const Kind& kind) { return kind.standard != nullptr && *kind.missing != '\0'; }

Result<void> check_document(const Kind& kind, const std::string& body) {
  if (kind.root == nullptr) return check_policy(body);
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size()) || !document.child(kind.root))
    return malformed_xml();
  const pugi::xml_node root = document.child(kind.root);
  if (kind.parameter == "tagging") return check_tagging(body);
  if (kind.parameter == "lifecycle") return check_lifecycle(root);
  if (kind.parameter == "cors") return check_cors(root);
  if (kind.parameter == "versioning") return check_versioning(root);
  if (kind.parameter == "encryption") return check_encryption(root);
  if (kind.parameter == "ownershipControls") return check_ownership(root);
  return {};
}

}  // namespace

bool is_s3_ownership(std::string_view text) {
  return text == "BucketOwnerEnforced" || text == "BucketOwnerPreferred" || text == "ObjectWriter";
}

S3Result s3_get_bucket_document(S3Call& call) {
  const Kind& kind = kind_of(call);
  auto document = call.objects.bucket_document(call.address.bucket, std::string(kind.parameter));
  if (!document) return document.error();
  if (document->empty() || *document == kErased) {
    if (kind.standard == nullptr || *document == kErased)
      return Error{ErrorKind::kNotFound, kind.missing, kind.missing_text};
    *document = kind.standard;
  }
  net::Response response;
  response.content_type = kind.root == nullptr ? "application/json" : "application/xml";
  if (kind.parameter == "lifecycle")
    response.headers.emplace_back(kLeastSizeHeader, take_least_size(*document));
  response.body = std::move(*document);
  return response;
}

S3Result s3_put_bucket_document(S3Call& call) {
  const Kind& kind = kind_of(call);
  const std::string& body = call.request.body();
  if (auto whole = check_s3_body(call.request.base(), body); !whole) return whole.error();
  if (auto bucket = call.objects.find_bucket(call.address.bucket); !bucket) return bucket.error();
  const bool is_lifecycle = kind.parameter == "lifecycle";
  const auto least_size = least_size_asked(call);
  if (is_lifecycle && !least_size) return least_size.error();
  if (auto valid = check_document(kind, body); !valid) return valid.error();
  std::string document = kept(kind, body);
  if (is_lifecycle) put_least_size(document, *least_size);
  if (auto done = call.objects.set_bucket_document(call.address.bucket, std::string(kind.parameter),
                                                   document);
      !done)
    return done.error();
  net::Response response = empty_answer(kind.put_status);
  if (is_lifecycle) response.headers.emplace_back(kLeastSizeHeader, *least_size);
  return response;
}

S3Result s3_delete_bucket_document(S3Call& call) {
  const Kind& kind = kind_of(call);
  if (!kind.is_erasable)
    return Error{ErrorKind::kInvalid, "MethodNotAllowed",
                 "The specified method is not allowed against this resource."};
  if (auto done = call.objects.set_bucket_document(call.address.bucket, std::string(kind.parameter),
                                                   can_be_missing(kind) ? kErased : "");
      !done)
    return done.error();
  return empty_answer(204);
}

}  // namespace kiln::services
