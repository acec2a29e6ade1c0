// CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload,
// AbortMultipartUpload, ListParts.
#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "base/ascii.h"
#include "base/digest.h"
#include "services/s3/call.h"
#include "services/s3/expiry.h"
#include "services/s3/object_document.h"
#include "services/s3/range.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

constexpr int kMostParts = 10'000;
constexpr int64_t kLeastPartBytes = int64_t{5} * 1024 * 1024;  // of all but the last
constexpr const char *kFull = "FULL_OBJECT", *kComposite = "COMPOSITE";

// CRC32 as texts have it: crc32.
std::string lower_name(std::string text) {
  for (char& c : text) c = ascii::lower(c);
  return text;
}

Result<store::Upload> find_upload(S3Call& call) {
  const std::string id(call.query.get("uploadId"));
  auto upload = call.objects.find_upload(call.address.bucket, call.address.key, id);
  if (!upload && upload.error().type == "NoSuchUpload")
    return s3_with(upload.error(), "UploadId", id);
  return upload;
}

std::optional<int> read_number(std::string_view text) {
  int number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<store::Part> keep_part(S3Call& call, const store::Upload& upload, int number,
                              ObjectContent& content) {
  ObjectDocument document;
  document.set_checksum(content.algorithm(), content.checksum().base64(), kFull);
  store::Part part;
  part.number = number;
  part.etag = content.md5_hex();
  part.document = document.text();
  return call.objects.put_part(upload, std::move(part), std::move(content.file()));
}

// The algorithm of the checksum that comes with a part; nullopt: none is said.
std::optional<wire::ChecksumAlgorithm> given_algorithm(const S3Call& call) {
  constexpr std::string_view kPrefix = "x-amz-checksum-";
  for (const auto& field : call.request.base()) {
    std::string name = lower_name({field.name_string().data(), field.name_string().size()});
    if (!name.starts_with(kPrefix)) continue;
    if (const auto found = wire::checksum_algorithm(name.substr(kPrefix.size()))) return found;
  }
  return wire::checksum_algorithm(call.header("x-amz-sdk-checksum-algorithm"));
}

struct WantedPart {
  int number = 0;
  std::string etag;
  std::string checksum;              // of the upload's algorithm; "" where none is said
  std::string other_algorithm = {};  // of a checksum that the upload has not
};

// What the client says its parts are, in ascending order.
Result<std::vector<WantedPart>> read_parts(const std::string& body, const store::Upload& upload) {
  if (body.empty()) return s3_invalid("InvalidRequest", "You must specify at least one part");
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return malformed_xml();
  std::vector<WantedPart> parts;
  const std::string algorithm = ObjectDocument::parse(upload.document).checksum_algorithm;
  for (const pugi::xml_node part : document.child("CompleteMultipartUpload").children("Part")) {
    const auto number = read_number(part.child("PartNumber").text().get());
    if (!number) return malformed_xml();
    if (!parts.empty() && *number <= parts.back().number)
      return s3_with(s3_invalid("InvalidPartOrder",
                                "The list of parts was not in ascending order. Parts must be "
                                "ordered by part number."),
                     "UploadId", upload.id);
    WantedPart wanted;
    wanted.number = *number;
    wanted.etag = without_quotes(part.child("ETag").text().get());
    constexpr std::string_view kChecksum = "Checksum";
    for (const pugi::xml_node child : part.children()) {
      const std::string_view name = child.name();
      if (!name.starts_with(kChecksum)) continue;
      if (name.substr(kChecksum.size()) == algorithm)
        wanted.checksum = child.text().get();
      else
        wanted.other_algorithm = lower_name(std::string(name.substr(kChecksum.size())));
    }
    parts.push_back(std::move(wanted));
  }
  if (parts.empty()) return s3_invalid("InvalidRequest", "You must specify at least one part");
  return parts;
}

Result<std::vector<store::Part>> chosen_parts(S3Call& call, const store::Upload& upload) {
  const ObjectDocument kept = ObjectDocument::parse(upload.document);
  const bool composite = kept.checksum_asked && kept.checksum_type == kComposite;
  auto wanted = read_parts(call.request.body(), upload);
  if (!wanted) return wanted.error();
  auto stored = call.objects.parts(upload);
  if (!stored) return stored.error();
  std::map<int, store::Part> by_number;
  for (store::Part& part : *stored) by_number.emplace(part.number, std::move(part));
  std::vector<store::Part> chosen;
  for (const auto& [number, etag, checksum, other] : *wanted) {
    const auto found = by_number.find(number);
    const bool there = found != by_number.end() && found->second.etag == etag;
    const std::string known =
        there ? ObjectDocument::parse(found->second.document).checksum : std::string();
    // An upload that asked for no checksum has none to compare with.
    const bool unknown = !other.empty() && !kept.checksum_asked;
    if (!there || unknown || (!checksum.empty() && checksum != known))
      return s3_with(
          s3_with(s3_with(s3_invalid("InvalidPart",
                                     "One or more of the specified parts could not be found.  The "
                                     "part may not have been uploaded, or the specified entity tag "
                                     "may not match the part's entity tag."),
                          "UploadId", upload.id),
                  "PartNumber", std::to_string(number)),
          "ETag", etag);
    if (!other.empty())
      return s3_invalid("BadDigest", "The " + other + " you specified for part " +
                                         std::to_string(number) +
                                         " did not match what we received.");
    if (composite && checksum.empty())
      return s3_invalid("InvalidRequest",
                        "The upload was created using a " + lower_name(kept.checksum_algorithm) +
                            " checksum. The complete request must include the checksum for each "
                            "part. It was missing for part " +
                            std::to_string(number) + " in the request.");
    chosen.push_back(std::move(found->second));
  }
  for (size_t i = 0; i + 1 < chosen.size(); ++i)
    if (chosen[i].size < kLeastPartBytes)
      return s3_with(
          s3_with(s3_with(s3_with(s3_invalid("EntityTooSmall",
                                             "Your proposed upload is smaller than the minimum "
                                             "allowed size"),
                                  "ProposedSize", std::to_string(chosen[i].size)),
                          "MinSizeAllowed", std::to_string(kLeastPartBytes)),
                  "PartNumber", std::to_string(chosen[i].number)),
          "ETag", chosen[i].etag);
  return chosen;
}

std::string bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

// The MD5 of the parts' MD5s, and how many there are.
std::string etag_of(const std::vector<store::Part>& parts) {
  wire::Checksum sum(wire::ChecksumAlgorithm::kMd5);
  for (const store::Part& part : parts) sum.add(bytes_of_hex(part.etag));
  return sum.hex() + "-" + std::to_string(parts.size());
}

// The same of the parts' checksums; nullopt: not all have one of this algorithm.
std::optional<std::string> composite_of(const std::vector<store::Part>& parts,
                                        wire::ChecksumAlgorithm algorithm) {
  wire::Checksum sum(algorithm);
  for (const store::Part& part : parts) {
    const ObjectDocument document = ObjectDocument::parse(part.document);
    const auto bytes = base64_decode(document.checksum);
    if (document.checksum_algorithm != to_text(algorithm) || !bytes) return std::nullopt;
    sum.add(*bytes);
  }
  return sum.base64() + "-" + std::to_string(parts.size());
}

Result<ObjectContent> join(S3Call& call, const std::vector<store::Part>& parts,
                           wire::ChecksumAlgorithm algorithm) {
  auto file = call.objects.new_file();
  if (!file) return file.error();
  ObjectContent content(std::move(*file), algorithm);
  for (const store::Part& part : parts) {
    auto opened = call.objects.open_part(part);
    if (!opened) return opened.error();
    auto copied = store::read_file(*opened, 0, part.size,
                                   [&](std::string_view bytes) { return content.add(bytes); });
    if (!copied) return copied.error();
  }
  return content;
}

net::Response completed(const S3Call& call, const store::Object& object,
                        const ObjectDocument& document) {
  const S3Address& address = call.address;
  XmlText xml("CompleteMultipartUploadResult");
  xml.text("Location", "http://" + std::string(call.header("Host")) + "/" + address.bucket + "/" +
                           s3_encoded(address.key));
  xml.text("Bucket", address.bucket).text("Key", address.key);
  xml.text("ETag", in_quotes(object.etag));
  add_checksum_elements(document, xml);
  net::Response response = xml.answer();
  add_expiry(call, object, document, response);
  add_encryption(document, response);
  return response;
}

// For a client that didn't get the answer: the same again, while the object is the one that the
// upload made of these parts. nullopt: it isn't.
std::optional<net::Response> completed_before(S3Call& call) {
  const auto object = call.objects.find(call.address.bucket, call.address.key);
  if (!object) return std::nullopt;
  const ObjectDocument document = ObjectDocument::parse(object->document);
  if (document.upload.empty() || document.upload != call.query.get("uploadId")) return std::nullopt;
  const auto wanted = read_parts(call.request.body(), {.id = document.upload});
  const auto parts = call.objects.parts_of(*object);
  const bool same = wanted && parts &&
                    std::equal(wanted->begin(), wanted->end(), parts->begin(), parts->end(),
                               [](const WantedPart& said, const store::Part& part) {
                                 return said.number == part.number && said.etag == part.etag;
                               });
  return same ? std::optional(completed(call, *object, document)) : std::nullopt;
}

S3Result complete_upload(S3Call& call) {
  auto upload = find_upload(call);
  if (!upload) return upload.error();
  ObjectDocument document = ObjectDocument::parse(upload->document);
  const auto type = call.header("x-amz-checksum-type");
  if (document.checksum_asked && !type.empty() && type != document.checksum_type)
    return s3_invalid("InvalidRequest", "The upload was created using the " +
                                            document.checksum_type +
                                            " checksum mode. The complete request must use the "
                                            "same checksum mode.");
  const auto condition = change_condition(call);
  if (!condition) return condition.error();
  auto parts = chosen_parts(call, *upload);
  if (!parts) return parts.error();
  int64_t total = 0;
  for (const store::Part& part : *parts) total += part.size;
  if (const auto said = call.header("x-amz-mp-object-size");
      !said.empty() && said != std::to_string(total))
    return s3_invalid("InvalidRequest",
                      "The provided 'x-amz-mp-object-size' header value " + std::string(said) +
                          " does not match what was computed: " + std::to_string(total));
  document.checksum_asked = false;
  document.upload = upload->id;
  const auto algorithm = wire::checksum_algorithm(document.checksum_algorithm)
                             .value_or(wire::ChecksumAlgorithm::kCrc64Nvme);
  auto content = join(call, *parts, algorithm);
  if (!content) return content.error();
  const auto composite =
      document.checksum_type == kComposite ? composite_of(*parts, algorithm) : std::nullopt;
  document.set_checksum(algorithm, composite.value_or(content->checksum().base64()),
                        composite ? kComposite : kFull);
  const std::string_view given = call.header(wire::checksum_header(algorithm));
  if (!given.empty() && given != document.checksum)
    return s3_invalid("BadDigest", "The " + lower_name(document.checksum_algorithm) +
                                       " you specified did not match the calculated checksum.");
  store::Object object;
  object.etag = etag_of(*parts);
  object.document = document.text();
  auto put = call.objects.complete(*upload, std::move(object), std::move(content->file()),
                                   *condition, *parts);
  if (!put) return named_condition(call, put.error());
  return completed(call, *put, document);
}

}  // namespace

Result<int> s3_part_number(const S3Call& call) {
  const auto number = read_number(call.query.get("partNumber"));
  if (!number || *number < 1 || *number > kMostParts)
    return s3_with(
        s3_with(s3_invalid("InvalidArgument",
                           "Part number must be an integer between 1 and 10000, inclusive"),
                "ArgumentName", "partNumber"),
        "ArgumentValue", call.query.get("partNumber"));
  return *number;
}

S3Result s3_create_upload(S3Call& call) {
  if (auto valid = check_key(call.address.key); !valid) return valid.error();
  ObjectDocument document;
  if (auto taken = document.take_headers(call.request.base()); !taken) return taken.error();
  const std::string_view wanted = call.header("x-amz-checksum-algorithm");
  const auto algorithm = wire::checksum_algorithm(wanted);
  if (!wanted.empty() && !algorithm)
    return s3_invalid("InvalidRequest",
                      "Checksum algorithm provided is unsupported. Please try again with any of "
                      "the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  if (!algorithm && !call.header("x-amz-checksum-type").empty())
    return s3_invalid("InvalidRequest",
                      "The x-amz-checksum-type header can only be used with the "
                      "x-amz-checksum-algorithm header.");
  document.checksum_asked = algorithm.has_value();
  const bool is_full = call.header("x-amz-checksum-type") == kFull || !algorithm ||
                       *algorithm == wire::ChecksumAlgorithm::kCrc64Nvme;
  document.set_checksum(algorithm.value_or(wire::ChecksumAlgorithm::kCrc64Nvme), "",
                        is_full ? kFull : kComposite);
  auto upload = call.objects.create_upload(call.address.bucket, call.address.key, document.text());
  if (!upload) return upload.error();
  XmlText xml("InitiateMultipartUploadResult");
  xml.text("Bucket", upload->bucket).text("Key", upload->key).text("UploadId", upload->id);
  net::Response response = xml.answer();
  if (algorithm) {
    response.headers.emplace_back("x-amz-checksum-algorithm", document.checksum_algorithm);
    response.headers.emplace_back("x-amz-checksum-type", document.checksum_type);
  }
  add_encryption(document, response);
  return response;
}

S3Result s3_upload_part(S3Call& call) {
  const auto number = s3_part_number(call);
  if (!number) return number.error();
  auto upload = find_upload(call);
  if (!upload) return upload.error();
  const ObjectDocument kept = ObjectDocument::parse(upload->document);
  if (const auto given = given_algorithm(call);
      kept.checksum_asked && given && to_text(*given) != kept.checksum_algorithm)
    return s3_invalid("InvalidRequest",
                      "Checksum Type mismatch occurred, expected checksum Type: " +
                          lower_name(kept.checksum_algorithm) +
                          ", actual checksum Type: " + lower_name(std::string(to_text(*given))));
  auto content = call.upload->finish(call.objects);
  if (!content) return content.error();
  auto part = keep_part(call, *upload, *number, *content);
  if (!part) return part.error();
  net::Response response = empty_answer(200);
  response.headers.emplace_back("ETag", in_quotes(part->etag));
  response.headers.emplace_back(wire::checksum_header(content->algorithm()),
                                content->checksum().base64());
  add_encryption(kept, response);
  return response;
}

S3Result s3_upload_part_copy(S3Call& call) {
  const auto number = s3_part_number(call);
  if (!number) return number.error();
  const auto from = copy_source(call.header("x-amz-copy-source"));
  if (!from) return from.error();
  auto upload = find_upload(call);
  if (!upload) return upload.error();
  auto source = call.objects.open(from->bucket, from->key);
  if (!source) return of_copy_source(source.error(), *from);
  if (const auto read = read_verdict(call, "x-amz-copy-source-", source->object);
      read.verdict != Verdict::kSend)
    return precondition_failed(read.condition);
  auto range = read_copy_range(call.header("x-amz-copy-source-range"), source->object.size);
  if (!range) return range.error();
  const ByteRange bytes = *range;
  const auto kept = ObjectDocument::parse(upload->document);
  auto file = call.objects.new_file();
  if (!file) return file.error();
  ObjectContent content(std::move(*file), wire::checksum_algorithm(kept.checksum_algorithm)
                                              .value_or(wire::ChecksumAlgorithm::kCrc64Nvme));
  auto copied = store::read_file(source->file, bytes.offset, bytes.size,
                                 [&](std::string_view part) { return content.add(part); });
  if (!copied) return copied.error();
  auto part = keep_part(call, *upload, *number, content);
  if (!part) return part.error();
  XmlText xml("CopyPartResult");
  xml.text("LastModified", s3_time(part->modified_ms)).text("ETag", in_quotes(part->etag));
  if (kept.checksum_asked)
    xml.text("Checksum" + std::string(to_text(content.algorithm())), content.checksum().base64());
  net::Response response = xml.answer();
  add_encryption(kept, response);
  return response;
}

// Another request may complete the same upload while this one joins its parts.
S3Result s3_complete_upload(S3Call& call) {
  auto done = complete_upload(call);
  if (done || find_upload(call)) return done;
  auto again = completed_before(call);
  return again ? S3Result(std::move(*again)) : done;
}

S3Result s3_abort_upload(S3Call& call) {
  auto upload = find_upload(call);
  if (!upload) return upload.error();
  if (auto done = call.objects.abort(*upload); !done) return done.error();
  return empty_answer(204);
}

S3Result s3_list_parts(S3Call& call) {
  auto upload = find_upload(call);
  if (!upload) return upload.error();
  auto parts = call.objects.parts(*upload);
  if (!parts) return parts.error();
  const int marker = read_number(call.query.get("part-number-marker")).value_or(0);
  const auto most = static_cast<size_t>(
      std::clamp(read_number(call.query.get("max-parts")).value_or(1000), 0, 1000));
  std::erase_if(*parts, [&](const store::Part& part) { return part.number <= marker; });
  const bool truncated = parts->size() > most;
  if (truncated) parts->resize(most);
  XmlText xml("ListPartsResult");
  xml.text("Bucket", upload->bucket).text("Key", upload->key).text("UploadId", upload->id);
  xml.number("PartNumberMarker", marker);
  xml.number("NextPartNumberMarker", parts->empty() ? 0 : parts->back().number);
  xml.number("MaxParts", static_cast<int64_t>(most));
  xml.text("IsTruncated", truncated ? "true" : "false");
  const ObjectDocument kept = ObjectDocument::parse(upload->document);
  for (const store::Part& part : *parts) {
    const ObjectDocument document = ObjectDocument::parse(part.document);
    xml.open("Part").number("PartNumber", part.number);
    xml.text("LastModified", s3_time(part.modified_ms)).text("ETag", in_quotes(part.etag));
    xml.number("Size", part.size);
    if (kept.checksum_asked) xml.text("Checksum" + document.checksum_algorithm, document.checksum);
    xml.close();
  }
  add_initiator(xml, call.account, call.region);
  add_owner(xml, "Owner", call.account);
  xml.text("StorageClass", "STANDARD");
  add_checksum_kind(kept, xml);
  return xml.answer();
}

}  // namespace kiln::services
