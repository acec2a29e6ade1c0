// ListObjects, ListObjectsV2, ListObjectVersions: one walk, three documents.
#include <charconv>

#include "base/digest.h"
#include "services/s3/call.h"
#include "services/s3/object_document.h"
#include "services/s3/xml.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

constexpr int64_t kMostKeys = 1000;

struct ListInput {
  std::string prefix;
  std::string delimiter;
  std::string after;  // keys and common prefixes up to this one are left out
  int64_t max_keys = kMostKeys;
  bool encodes = false;  // encoding-type=url

  // Slashes stay readable, as in S3's answers.
  std::string shown(const std::string& text) const { return encodes ? s3_encoded(text) : text; }
};

struct ListOutput {
  // In the order of keys; a common prefix has no object.
  struct Item {
    std::string name;
    std::optional<store::Object> object;
  };
  std::vector<Item> items;
  bool truncated = false;
};

Result<ListInput> read_input(const S3Call& call) {
  ListInput input;
  input.prefix = call.query.get("prefix");
  input.delimiter = call.query.get("delimiter");
  if (const auto text = call.query.find("max-keys"); text && !text->empty()) {
    const auto [end, ec] =
        std::from_chars(text->data(), text->data() + text->size(), input.max_keys);
    if (ec != std::errc() || end != text->data() + text->size() || input.max_keys < 0 ||
        input.max_keys > INT32_MAX)
      return s3_invalid("InvalidArgument",
                        "Provided max-keys not an integer or within integer range");
    input.max_keys = std::min(input.max_keys, kMostKeys);
  }
  auto encodes = s3_encodes(call);
  if (!encodes) return encodes.error();
  input.encodes = *encodes;
  return input;
}

Result<ListOutput> list(S3Call& call, const ListInput& input) {
  using Step = store::ObjectStore::Step;
  ListOutput output;
  const auto is_full = [&] {
    output.truncated = static_cast<int64_t>(output.items.size()) == input.max_keys;
    return output.truncated;
  };
  const auto visit = [&](const store::Object& object) -> Step {
    const size_t cut = input.delimiter.empty()
                           ? std::string::npos
                           : object.key.find(input.delimiter, input.prefix.size());
    if (cut == std::string::npos) {
      if (is_full()) return {Step::Kind::kStop};
      output.items.push_back({object.key, object});
      return {};
    }
    std::string common = object.key.substr(0, cut + input.delimiter.size());
    std::string next = store::key_after_prefix(common);
    if (common > input.after) {
      if (is_full()) return {Step::Kind::kStop};
      output.items.push_back({std::move(common), std::nullopt});
    }
    return {Step::Kind::kSeek, std::move(next)};
  };
  const std::string from = input.after.empty() ? "" : input.after + '\0';
  if (input.max_keys == 0) {
    if (auto bucket = call.objects.find_bucket(call.address.bucket); !bucket) return bucket.error();
    return output;
  }
  if (auto walked = call.objects.walk(call.address.bucket, input.prefix, from, visit); !walked)
    return walked.error();
  return output;
}

// What all three say about the question.
void add_question(const S3Call& call, const ListInput& input, const ListOutput& output,
                  XmlText& xml) {
  xml.text("Name", call.address.bucket).text("Prefix", input.shown(input.prefix));
  if (!input.delimiter.empty()) xml.text("Delimiter", input.shown(input.delimiter));
  xml.number("MaxKeys", input.max_keys);
  if (input.encodes) xml.text("EncodingType", "url");
  xml.text("IsTruncated", output.truncated ? "true" : "false");
}

// `owner`: of the objects, where it is said; "" else.
void add_items(const ListInput& input, const ListOutput& output, const char* element,
               const std::string& owner, XmlText& xml) {
  const bool is_version = std::string_view(element) == "Version";
  for (const auto& [name, object] : output.items) {
    if (!object) continue;
    const ObjectDocument document = ObjectDocument::parse(object->document);
    xml.open(element).text("Key", input.shown(name));
    if (is_version) xml.text("VersionId", "null").text("IsLatest", "true");
    xml.text("LastModified", s3_time(object->modified_ms)).text("ETag", in_quotes(object->etag));
    if (!document.checksum_algorithm.empty())
      xml.text("ChecksumAlgorithm", document.checksum_algorithm)
          .text("ChecksumType", document.checksum_type);
    if (!owner.empty()) add_owner(xml, "Owner", owner);
    xml.number("Size", object->size);
    const auto storage = document.headers.find("x-amz-storage-class");
    xml.text("StorageClass", storage == document.headers.end() ? "STANDARD" : storage->second);
    xml.close();
  }
  for (const auto& [name, object] : output.items)
    if (!object) xml.open("CommonPrefixes").text("Prefix", input.shown(name)).close();
}

// Whoever lists may not know where the bucket is.
net::Response list_answer(S3Call& call, XmlText& xml) {
  net::Response response = xml.answer();
  if (const auto bucket = call.objects.find_bucket(call.address.bucket))
    response.headers.emplace_back("x-amz-bucket-region", bucket->region);
  return response;
}

}  // namespace

Result<bool> s3_encodes(const S3Call& call) {
  const auto encoding = call.query.find("encoding-type");
  if (!encoding) return false;
  if (*encoding == "url") return true;
  return s3_with(
      s3_with(s3_invalid("InvalidArgument", "Invalid Encoding Method specified in Request"),
              "ArgumentName", "encoding-type"),
      "ArgumentValue", *encoding);
}

std::string s3_encoded(const std::string& text) {
  std::string out = wire::percent_encode(text);
  for (size_t at = 0; (at = out.find("%2F", at)) != std::string::npos;) out.replace(at, 3, "/");
  return out;
}

S3Result s3_list_objects(S3Call& call) {
  auto input = read_input(call);
  if (!input) return input.error();
  input->after = call.query.get("marker");
  auto output = list(call, *input);
  if (!output) return output.error();
  XmlText xml("ListBucketResult");
  add_question(call, *input, *output, xml);
  xml.text("Marker", input->shown(input->after));
  if (output->truncated && !input->delimiter.empty())
    xml.text("NextMarker", input->shown(output->items.back().name));
  add_items(*input, *output, "Contents", call.account, xml);
  return list_answer(call, xml);
}

S3Result s3_list_objects_v2(S3Call& call) {
  auto input = read_input(call);
  if (!input) return input.error();
  const auto start = call.query.find("start-after");
  const auto token = call.query.find("continuation-token");
  if (token) {
    auto after = base64_decode(*token);
    if (!after || after->empty())
      return s3_with(s3_invalid("InvalidArgument", "The continuation token provided is incorrect"),
                     "ArgumentName", "continuation-token");
    input->after = std::move(*after);
  } else if (start) {
    input->after = *start;
  }
  auto output = list(call, *input);
  if (!output) return output.error();
  XmlText xml("ListBucketResult");
  add_question(call, *input, *output, xml);
  xml.number("KeyCount", static_cast<int64_t>(output->items.size()));
  if (start && !token) xml.text("StartAfter", input->shown(std::string(*start)));
  if (token) xml.text("ContinuationToken", *token);
  if (output->truncated)
    xml.text("NextContinuationToken", base64_encode(output->items.back().name));
  const bool wants_owner = call.query.get("fetch-owner") == "true";
  add_items(*input, *output, "Contents", wants_owner ? call.account : "", xml);
  return list_answer(call, xml);
}

S3Result s3_list_object_versions(S3Call& call) {
  auto input = read_input(call);
  if (!input) return input.error();
  input->after = call.query.get("key-marker");
  auto output = list(call, *input);
  if (!output) return output.error();
  XmlText xml("ListVersionsResult");
  add_question(call, *input, *output, xml);
  xml.text("KeyMarker", input->shown(input->after));
  xml.text("VersionIdMarker", call.query.get("version-id-marker"));
  if (output->truncated)
    xml.text("NextKeyMarker", input->shown(output->items.back().name))
        .text("NextVersionIdMarker", "null");
  add_items(*input, *output, "Version", call.account, xml);
  return xml.answer();
}

}  // namespace kiln::services
