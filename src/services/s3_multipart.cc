// CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload,
// AbortMultipartUpload, ListParts, ListMultipartUploads.
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "base/digest.h"
#include "services/s3_call.h"
#include "services/s3_object_document.h"
#include "services/s3_range.h"
#include "services/s3_xml.h"

namespace kiln::services {
namespace {

constexpr int kMostParts = 10'000;
constexpr int64_t kLeastPartBytes = int64_t{5} * 1024 * 1024;  // of all but the last
constexpr const char *kFull = "FULL_OBJECT", *kComposite = "COMPOSITE";

Result<store::Upload> find_upload(S3Call& call) {
  return call.objects.find_upload(call.address.bucket, call.address.key,
                                  std::string(call.query.get("uploadId")));
}

std::optional<int> read_number(std::string_view text) {
  int number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<int> part_number(const S3Call& call) {
  const auto number = read_number(call.query.get("partNumber"));
  if (!number || *number < 1 || *number > kMostParts)
    return s3_invalid("InvalidArgument",
                      "Part number must be an integer between 1 and 10000, inclusive");
  return *number;
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

// What the client says its parts are: number and ETag in ascending order.
Result<std::vector<std::pair<int, std::string>>> read_parts(const std::string& body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return malformed_xml();
  std::vector<std::pair<int, std::string>> parts;
  for (const pugi::xml_node part : document.child("CompleteMultipartUpload").children("Part")) {
    const auto number = read_number(part.child("PartNumber").text().get());
    if (!number) return malformed_xml();
    if (!parts.empty() && *number <= parts.back().first)
      return s3_invalid("InvalidPartOrder",
                        "The list of parts was not in ascending order. Parts must be ordered by "
                        "part number.");
    parts.emplace_back(*number, without_quotes(part.child("ETag").text().get()));
  }
  if (parts.empty()) return malformed_xml();
  return parts;
}

Result<std::vector<store::Part>> chosen_parts(S3Call& call, const store::Upload& upload) {
  auto wanted = read_parts(call.request.body());
  if (!wanted) return wanted.error();
  auto stored = call.objects.parts(upload);
  if (!stored) return stored.error();
  std::map<int, store::Part> by_number;
  for (store::Part& part : *stored) by_number.emplace(part.number, std::move(part));
  std::vector<store::Part> chosen;
  for (const auto& [number, etag] : *wanted) {
    const auto found = by_number.find(number);
    if (found == by_number.end() || found->second.etag != etag)
      return s3_invalid("InvalidPart",
                        "One or more of the specified parts could not be found.  The part may not "
                        "have been uploaded, or the specified entity tag may not match the part's "
                        "entity tag.");
    chosen.push_back(std::move(found->second));
  }
  for (size_t i = 0; i + 1 < chosen.size(); ++i)
    if (chosen[i].size < kLeastPartBytes)
      return s3_invalid("EntityTooSmall",
                        "Your proposed upload is smaller than the minimum allowed size");
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
  Checksum sum(ChecksumAlgorithm::kMd5);
  for (const store::Part& part : parts) sum.add(bytes_of_hex(part.etag));
  return sum.hex() + "-" + std::to_string(parts.size());
}

// The same of the parts' checksums; nullopt: not all have one of this algorithm.
std::optional<std::string> composite_of(const std::vector<store::Part>& parts,
                                        ChecksumAlgorithm algorithm) {
  Checksum sum(algorithm);
  for (const store::Part& part : parts) {
    const ObjectDocument document = ObjectDocument::parse(part.document);
    const auto bytes = base64_decode(document.checksum);
    if (document.checksum_algorithm != to_text(algorithm) || !bytes) return std::nullopt;
    sum.add(*bytes);
  }
  return sum.base64() + "-" + std::to_string(parts.size());
}

Result<ObjectContent> join(S3Call& call, const std::vector<store::Part>& parts,
                           ChecksumAlgorithm algorithm) {
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

}  // namespace

S3Result s3_create_upload(S3Call& call) {
  if (auto valid = check_key(call.address.key); !valid) return valid.error();
  ObjectDocument document;
  if (auto taken = document.take_headers(call.request.base()); !taken) return taken.error();
  const std::string_view wanted = call.header("x-amz-checksum-algorithm");
  const auto algorithm = checksum_algorithm(wanted);
  if (!wanted.empty() && !algorithm)
    return s3_invalid("InvalidRequest",
                      "Checksum algorithm provided is unsupported. Please try again with any of "
                      "the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  const bool is_full = call.header("x-amz-checksum-type") == kFull || !algorithm ||
                       *algorithm == ChecksumAlgorithm::kCrc64Nvme;
  document.set_checksum(algorithm.value_or(ChecksumAlgorithm::kCrc64Nvme), "",
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
  return response;
}

S3Result s3_upload_part(S3Call& call) {
  const auto number = part_number(call);
  if (!number) return number.error();
  auto upload = find_upload(call);
  if (!upload) return upload.error();
  auto content = call.upload->finish(call.objects);
  if (!content) return content.error();
  auto part = keep_part(call, *upload, *number, *content);
  if (!part) return part.error();
  net::Response response = empty_answer(200);
  response.headers.emplace_back("ETag", in_quotes(part->etag));
  response.headers.emplace_back(checksum_header(content->algorithm()),
                                content->checksum().base64());
  return response;
}

S3Result s3_upload_part_copy(S3Call& call) {
  const auto number = part_number(call);
  if (!number) return number.error();
  const auto from = copy_source(call.header("x-amz-copy-source"));
  if (!from) return from.error();
  auto upload = find_upload(call);
  if (!upload) return upload.error();
  auto source = call.objects.open(from->bucket, from->key);
  if (!source) return source.error();
  if (read_verdict(call, "x-amz-copy-source-", source->object) != Verdict::kSend)
    return Error{ErrorKind::kPreconditionFailed, "PreconditionFailed",
                 "At least one of the pre-conditions you specified did not hold"};
  auto range = read_range(call.header("x-amz-copy-source-range"), source->object.size);
  if (!range) return range.error();
  const ByteRange bytes = range->value_or(ByteRange{0, source->object.size});
  const auto kept = ObjectDocument::parse(upload->document);
  auto file = call.objects.new_file();
  if (!file) return file.error();
  ObjectContent content(
      std::move(*file),
      checksum_algorithm(kept.checksum_algorithm).value_or(ChecksumAlgorithm::kCrc64Nvme));
  auto copied = store::read_file(source->file, bytes.offset, bytes.size,
                                 [&](std::string_view part) { return content.add(part); });
  if (!copied) return copied.error();
  auto part = keep_part(call, *upload, *number, content);
  if (!part) return part.error();
  XmlText xml("CopyPartResult");
  xml.text("LastModified", s3_time(part->modified_ms)).text("ETag", in_quotes(part->etag));
  xml.text("Checksum" + std::string(to_text(content.algorithm())), content.checksum().base64());
  return xml.answer();
}

S3Result s3_complete_upload(S3Call& call) {
  auto upload = find_upload(call);
  if (!upload) return upload.error();
  auto parts = chosen_parts(call, *upload);
  if (!parts) return parts.error();
  ObjectDocument document = ObjectDocument::parse(upload->document);
  const auto algorithm =
      checksum_algorithm(document.checksum_algorithm).value_or(ChecksumAlgorithm::kCrc64Nvme);
  auto content = join(call, *parts, algorithm);
  if (!content) return content.error();
  const auto composite =
      document.checksum_type == kComposite ? composite_of(*parts, algorithm) : std::nullopt;
  document.set_checksum(algorithm, composite.value_or(content->checksum().base64()),
                        composite ? kComposite : kFull);
  const std::string_view given = call.header(checksum_header(algorithm));
  if (!given.empty() && given != document.checksum)
    return s3_invalid("BadDigest", "The " + document.checksum_algorithm +
                                       " you specified did not match the calculated checksum.");
  store::Object object;
  object.etag = etag_of(*parts);
  object.document = document.text();
  auto put = call.objects.complete(*upload, std::move(object), std::move(content->file()),
                                   change_condition(call));
  if (!put) return put.error();
  XmlText xml("CompleteMultipartUploadResult");
  xml.text("Location",
           "http://" + std::string(call.header("Host")) + "/" + upload->bucket + "/" + upload->key);
  xml.text("Bucket", upload->bucket).text("Key", upload->key).text("ETag", in_quotes(put->etag));
  add_checksum_elements(document, xml);
  return xml.answer();
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
  for (const store::Part& part : *parts) {
    const ObjectDocument document = ObjectDocument::parse(part.document);
    xml.open("Part").number("PartNumber", part.number);
    xml.text("LastModified", s3_time(part.modified_ms)).text("ETag", in_quotes(part.etag));
    xml.number("Size", part.size).text("Checksum" + document.checksum_algorithm, document.checksum);
    xml.close();
  }
  xml.text("StorageClass", "STANDARD");
  return xml.answer();
}

S3Result s3_list_uploads(S3Call& call) {
  const std::string prefix(call.query.get("prefix"));
  auto uploads = call.objects.uploads(call.address.bucket, prefix);
  if (!uploads) return uploads.error();
  XmlText xml("ListMultipartUploadsResult");
  xml.text("Bucket", call.address.bucket).text("Prefix", prefix).text("IsTruncated", "false");
  xml.number("MaxUploads", static_cast<int64_t>(uploads->size()));
  for (const store::Upload& upload : *uploads) {
    xml.open("Upload").text("Key", upload.key).text("UploadId", upload.id);
    xml.text("StorageClass", "STANDARD").text("Initiated", s3_time(upload.created_ms)).close();
  }
  return xml.answer();
}

}  // namespace kiln::services
