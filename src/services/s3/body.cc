#include "services/s3/body.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/digest.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

using ascii::lower;

constexpr std::string_view kChecksumPrefix = "x-amz-checksum-";

std::string_view header_field(const net::RequestHeader& header, std::string_view name) {
  return header[name];
}

// Of the headers x-amz-checksum-ALGORITHM.
std::optional<wire::ChecksumAlgorithm> algorithm_of_header(std::string_view name) {
  if (!name.starts_with(kChecksumPrefix)) return std::nullopt;
  return wire::checksum_algorithm(name.substr(kChecksumPrefix.size()));
}

Result<void> compare_checksum(std::string_view given, wire::ChecksumAlgorithm algorithm,
                              wire::Checksum& sum) {
  const auto decoded = base64_decode(given);
  if (!decoded || decoded->size() != sum.bytes().size())
    return s3_invalid("InvalidRequest",
                      "Value for " + wire::checksum_header(algorithm) + " header is invalid.");
  if (*decoded == sum.bytes()) return {};
  return s3_invalid("BadDigest", "The " + std::string(to_text(algorithm)) +
                                     " you specified did not match the calculated checksum.");
}

// How an error writes the digest that was expected: as recorded, other than the one of the request
// except for parts.
enum class Expected { kHex, kAsGiven };

Result<void> compare_md5(std::string_view given, wire::Checksum& md5, Expected form) {
  const auto decoded = base64_decode(given);
  if (!decoded || decoded->size() != md5.bytes().size())
    return s3_with(s3_invalid("InvalidDigest", "The Content-MD5 you specified was invalid."),
                   "Content-MD5", given);
  if (*decoded == md5.bytes()) return {};
  return s3_with(
      s3_with(
          s3_invalid("BadDigest", "The Content-MD5 you specified did not match what we received."),
          "ExpectedDigest", form == Expected::kHex ? wire::to_hex(*decoded) : std::string(given)),
      "CalculatedDigest", md5.base64());
}

// 64 hex digits; other values say how the body is signed.
bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return ascii::is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

Result<void> ObjectContent::add(std::string_view bytes) {
  md5_.add(bytes);
  checksum_.add(bytes);
  return file_.write(bytes);
}

S3Body::S3Body(const net::RequestHeader& header) {
  for (const auto& each : header) {
    const auto name = each.name_string(), value = each.value();
    std::string lower_name = lower({name.data(), name.size()});
    if (lower_name.starts_with("x-amz-") || lower_name.starts_with("content-"))
      fields_.emplace(std::move(lower_name), std::string_view(value.data(), value.size()));
  }
  is_part_ = net::target(header).find("partNumber=") != std::string_view::npos;
  const std::string_view hash = field("x-amz-content-sha256");
  if (hash.starts_with("STREAMING-") ||
      field("content-encoding").find("aws-chunked") != std::string_view::npos)
    chunked_.emplace();
  else if (is_sha256(hash))
    sha256_.emplace(wire::ChecksumAlgorithm::kSha256);
}

std::string_view S3Body::field(std::string_view name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? std::string_view() : std::string_view(found->second);
}

Result<void> S3Body::begin(store::ObjectStore& objects) {
  if (content_) return {};
  // CRC64NVME is what S3 computes when nobody says which.
  std::optional<wire::ChecksumAlgorithm> algorithm;
  for (const auto& [name, value] : fields_) {
    const auto found = algorithm_of_header(name);
    if (found && algorithm)
      return s3_invalid("InvalidRequest",
                        "Expecting a single x-amz-checksum- header. Multiple checksum Types are "
                        "not allowed.");
    if (found) algorithm = found;
  }
  if (!algorithm) algorithm = algorithm_of_header(lower(field("x-amz-trailer")));
  if (!algorithm) algorithm = wire::checksum_algorithm(field("x-amz-sdk-checksum-algorithm"));
  auto file = objects.new_file();
  if (!file) return file.error();
  content_.emplace(std::move(*file), algorithm.value_or(wire::ChecksumAlgorithm::kCrc64Nvme));
  return {};
}

Result<void> S3Body::write(store::ObjectStore& objects, std::string_view bytes) {
  if (auto begun = begin(objects); !begun) return begun;
  if (content_->file().size() + static_cast<int64_t>(bytes.size()) > kMaxUploadBytes)
    return s3_invalid("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
  if (sha256_) sha256_->add(bytes);
  return content_->add(bytes);
}

void S3Body::add(store::ObjectStore& objects, std::string_view bytes) {
  if (!status_) return;
  if (!chunked_) {
    status_ = write(objects, bytes);
    return;
  }
  status_ = chunked_->add(bytes, [&](std::string_view part) { return write(objects, part); });
}

Result<void> S3Body::compare() {
  if (chunked_ && !chunked_->is_done())
    return s3_invalid("IncompleteBody",
                      "The aws-chunked request body ended before its last chunk.");
  if (const std::string_view length = field("x-amz-decoded-content-length"); !length.empty()) {
    if (length != std::to_string(content_->file().size()))
      return s3_invalid("IncompleteBody", "The request body has " +
                                              std::to_string(content_->file().size()) +
                                              " bytes; x-amz-decoded-content-length says " +
                                              std::string(length) + ".");
  }
  if (sha256_ && sha256_->hex() != field("x-amz-content-sha256"))
    return s3_invalid("XAmzContentSHA256Mismatch",
                      "The provided 'x-amz-content-sha256' header does not match what was "
                      "computed.");
  if (const std::string_view md5 = field("content-md5"); !md5.empty())
    if (auto same =
            compare_md5(md5, content_->md5(), is_part_ ? Expected::kAsGiven : Expected::kHex);
        !same)
      return same;
  const std::string name = wire::checksum_header(content_->algorithm());
  std::string given(field(name));
  if (chunked_) {
    const auto trailer = chunked_->trailers().find(name);
    if (trailer != chunked_->trailers().end())
      given = trailer->second;
    else if (!field("x-amz-trailer").empty())
      return s3_invalid("MalformedTrailerError",
                        "The request contained trailing data that was not well-formed or did not "
                        "conform to our published schema.");
  }
  if (given.empty()) return {};
  return compare_checksum(given, content_->algorithm(), content_->checksum());
}

Result<ObjectContent> S3Body::finish(store::ObjectStore& objects) {
  if (status_) status_ = begin(objects);
  if (status_) status_ = compare();
  if (!status_) return status_.error();
  return std::move(*content_);
}

bool has_body_checksum(const net::RequestHeader& header) {
  if (!header_field(header, "Content-MD5").empty()) return true;
  return std::any_of(std::begin(wire::kChecksumHeaders), std::end(wire::kChecksumHeaders),
                     [&](auto algorithm) {
                       return !header_field(header, wire::checksum_header(algorithm)).empty();
                     });
}

Result<void> check_s3_body(const net::RequestHeader& header, std::string_view body) {
  if (const std::string_view given = header_field(header, "Content-MD5"); !given.empty()) {
    wire::Checksum md5(wire::ChecksumAlgorithm::kMd5);
    md5.add(body);
    if (auto same = compare_md5(given, md5, Expected::kHex); !same) return same;
  }
  for (const wire::ChecksumAlgorithm algorithm : wire::kChecksumHeaders) {
    const std::string_view given = header_field(header, wire::checksum_header(algorithm));
    if (given.empty()) continue;
    wire::Checksum sum(algorithm);
    sum.add(body);
    if (auto same = compare_checksum(given, algorithm, sum); !same) return same;
  }
  return {};
}

}  // namespace kiln::services
