// ListMultipartUploads.
#include <algorithm>
#include <charconv>

#include "services/s3/call.h"
#include "services/s3/object_document.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

constexpr int64_t kMostUploads = 1000;

struct Question {
  std::string prefix, delimiter, key_marker, id_marker;
  int64_t most = kMostUploads;
  bool encodes = false;

  std::string shown(const std::string& text) const { return encodes ? s3_encoded(text) : text; }
};

Result<Question> read_question(const S3Call& call) {
  Question out;
  out.prefix = call.query.get("prefix");
  out.delimiter = call.query.get("delimiter");
  out.key_marker = call.query.get("key-marker");
  // Without a key there is nothing that an id could be behind.
  if (!out.key_marker.empty()) out.id_marker = call.query.get("upload-id-marker");
  if (const auto text = call.query.find("max-uploads"); text && !text->empty()) {
    const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), out.most);
    if (ec != std::errc() || end != text->data() + text->size() || out.most < 0 ||
        out.most > INT32_MAX)
      return s3_with(s3_with(s3_invalid("InvalidArgument",
                                        "Provided max-uploads not an integer or within integer "
                                        "range"),
                             "ArgumentName", "max-uploads"),
                     "ArgumentValue", *text);
    out.most = std::min(out.most, kMostUploads);
  }
  auto encodes = s3_encodes(call);
  if (!encodes) return encodes.error();
  out.encodes = *encodes;
  return out;
}

// Where the uploads go on that come after the markers.
Result<std::vector<store::Upload>> after_markers(std::vector<store::Upload> uploads,
                                                 const Question& question) {
  if (question.key_marker.empty()) return uploads;
  if (question.id_marker.empty()) {
    std::erase_if(uploads,
                  [&](const store::Upload& each) { return each.key <= question.key_marker; });
    return uploads;
  }
  const auto marked = std::find_if(uploads.begin(), uploads.end(), [&](const store::Upload& each) {
    return each.key == question.key_marker && each.id == question.id_marker;
  });
  if (marked == uploads.end())
    return s3_with(s3_with(s3_invalid("InvalidArgument", "Invalid uploadId marker"), "ArgumentName",
                           "upload-id-marker"),
                   "ArgumentValue", question.id_marker);
  uploads.erase(uploads.begin(), marked + 1);
  return uploads;
}

void add_upload(const S3Call& call, const Question& question, const store::Upload& upload,
                XmlText& xml) {
  xml.open("Upload").text("Key", question.shown(upload.key)).text("UploadId", upload.id);
  add_initiator(xml, call.account, call.region);
  add_owner(xml, "Owner", call.account);
  xml.text("StorageClass", "STANDARD").text("Initiated", s3_time(upload.created_ms));
  add_checksum_kind(ObjectDocument::parse(upload.document), xml);
  xml.close();
}

}  // namespace

void add_checksum_kind(const ObjectDocument& upload, XmlText& xml) {
  if (!upload.checksum_asked) return;
  xml.text("ChecksumAlgorithm", upload.checksum_algorithm);
  xml.text("ChecksumType", upload.checksum_type);
}

S3Result s3_list_uploads(S3Call& call) {
  auto question = read_question(call);
  if (!question) return question.error();
  auto all = call.objects.uploads(call.address.bucket, question->prefix);
  if (!all) return all.error();
  auto uploads = after_markers(std::move(*all), *question);
  if (!uploads) return uploads.error();

  std::vector<const store::Upload*> shown;
  std::vector<std::string> prefixes;
  bool truncated = false;
  const store::Upload* last = nullptr;  // nullptr: a common prefix, or nothing
  for (const store::Upload& upload : *uploads) {
    const size_t cut = question->delimiter.empty()
                           ? std::string::npos
                           : upload.key.find(question->delimiter, question->prefix.size());
    const std::string common =
        cut == std::string::npos ? "" : upload.key.substr(0, cut + question->delimiter.size());
    const bool is_known = !common.empty() && !prefixes.empty() && prefixes.back() == common;
    if (is_known || (!common.empty() && common <= question->key_marker)) continue;
    truncated = static_cast<int64_t>(shown.size() + prefixes.size()) == question->most;
    if (truncated) break;
    last = common.empty() ? &upload : nullptr;
    if (common.empty())
      shown.push_back(&upload);
    else
      prefixes.push_back(common);
  }
  XmlText xml("ListMultipartUploadsResult");
  xml.text("Bucket", call.address.bucket);
  xml.text("KeyMarker", question->shown(question->key_marker));
  xml.text("UploadIdMarker", question->id_marker);
  xml.text("NextKeyMarker", last ? question->shown(last->key) : "");
  xml.text("NextUploadIdMarker", last ? last->id : "");
  if (!question->delimiter.empty()) xml.text("Delimiter", question->shown(question->delimiter));
  if (!question->prefix.empty()) xml.text("Prefix", question->shown(question->prefix));
  if (question->encodes) xml.text("EncodingType", "url");
  xml.number("MaxUploads", question->most).text("IsTruncated", truncated ? "true" : "false");
  for (const store::Upload* upload : shown) add_upload(call, *question, *upload, xml);
  for (const std::string& prefix : prefixes)
    xml.open("CommonPrefixes").text("Prefix", question->shown(prefix)).close();
  return xml.answer();
}

}  // namespace kiln::services
