#include "kiln/s3.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "sdk/clients/aws/error.h"
#include "sdk/clients/aws/s3_service.h"
#include "sdk/clients/aws/text.h"
#include "sdk/clients/aws/xml.h"

namespace kiln::s3 {
namespace {

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Of a ranged answer the whole's size is behind the slash: "bytes 0-9/443".
uint64_t whole_size(const http::Response& response) {
  const std::string_view range = response.header("content-range");
  if (const size_t slash = range.rfind('/'); slash != std::string_view::npos) {
    if (const auto size = number(range.substr(slash + 1))) return *size;
  }
  return number(response.header("content-length")).value_or(response.body_size);
}

void read_info(const http::Response& response, ObjectInfo& info) {
  info.size = whole_size(response);
  info.content_type = response.header("content-type");
  info.etag = response.header("etag");
  info.last_modified = aws::parse_http_date(response.header("last-modified"));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Keys may hold what XML can't, so S3 is asked to encode them: as in a form, "+" being a blank.
std::string decoded(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

struct Client::Impl {
  Impl(aws::Config config, size_t size) : service(std::move(config)), part_size(size) {}

  Object get(aws::Call call) {
    http::Response response = service.call(call);
    Object object;
    read_info(response, object);
    object.body = std::move(response.body);
    return object;
  }

  Service service;
  size_t part_size;
};

Client::Client(aws::Config config, size_t part_size)
    : impl_(std::make_unique<Impl>(std::move(config), part_size)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Object Client::get(const std::string& bucket, const std::string& key) {
  return impl_->get(impl_->service.on_object("GetObject", "GET", bucket, key));
}

Object Client::get_range(const std::string& bucket, const std::string& key, uint64_t first,
                         uint64_t last) {
  aws::Call call = impl_->service.on_object("GetObject", "GET", bucket, key);
  call.headers = {{"range", "bytes=" + std::to_string(first) + "-" + std::to_string(last)}};
  return impl_->get(std::move(call));
}

ObjectInfo Client::get_to(const std::string& bucket, const std::string& key,
                          const std::function<bool(std::string_view)>& sink) {
  aws::Call call = impl_->service.on_object("GetObject", "GET", bucket, key);
  call.sink = sink;
  ObjectInfo info;
  read_info(impl_->service.call(call), info);
  return info;
}

ObjectInfo Client::head(const std::string& bucket, const std::string& key) {
  ObjectInfo info;
  read_info(impl_->service.call(impl_->service.on_object("HeadObject", "HEAD", bucket, key)), info);
  return info;
}

std::string Client::put(const std::string& bucket, const std::string& key, std::string_view body,
                        const PutOptions& options) {
  if (body.size() > impl_->part_size) {
    return put_in_parts(impl_->service, bucket, key, body, options, impl_->part_size);
  }
  aws::Call call = impl_->service.on_object("PutObject", "PUT", bucket, key);
  call.headers = {{"content-type", options.content_type}};
  call.body = body;
  return std::string(impl_->service.call(call).header("etag"));
}

void Client::remove(const std::string& bucket, const std::string& key) {
  impl_->service.call(impl_->service.on_object("DeleteObject", "DELETE", bucket, key));
}

ListPage Client::list_page(const std::string& bucket, const ListOptions& options) {
  aws::Call call = impl_->service.on_bucket("ListObjectsV2", "GET", bucket);
  call.query = {
      {"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", std::to_string(options.max_keys)}};
  if (!options.prefix.empty()) call.query.emplace_back("prefix", options.prefix);
  if (!options.delimiter.empty()) call.query.emplace_back("delimiter", options.delimiter);
  if (!options.token.empty()) call.query.emplace_back("continuation-token", options.token);
  const http::Response response = impl_->service.call(call);
  const auto root = aws::xml::parse(response.body);
  if (!root || root->name != "ListBucketResult") {
    throw aws::bad_answer("s3", call.operation, response, "the answer is no list");
  }
  const bool encoded = root->text_of("EncodingType") == "url";
  const auto key_in = [&](const std::string& text) { return encoded ? decoded(text) : text; };
  ListPage page;
  for (const auto* entry : root->children("Contents")) {
    page.objects.push_back({key_in(entry->text_of("Key")),
                            number(entry->text_of("Size")).value_or(0), entry->text_of("ETag"),
                            aws::parse_iso(entry->text_of("LastModified"))});
  }
  for (const auto* prefix : root->children("CommonPrefixes")) {
    page.common_prefixes.push_back(key_in(prefix->text_of("Prefix")));
  }
  if (root->text_of("IsTruncated") == "true") {
    page.next_token = root->text_of("NextContinuationToken");
    // Else the same page would come for ever, or the list end too early.
    if (page.next_token.empty() || page.next_token == options.token) {
      throw aws::bad_answer("s3", call.operation, response,
                            "a page that is not the last has no new token");
    }
  }
  return page;
}

std::vector<Listed> Client::list(const std::string& bucket, const std::string& prefix) {
  std::vector<Listed> all;
  ListOptions options{.prefix = prefix};
  do {
    ListPage page = list_page(bucket, options);
    std::move(page.objects.begin(), page.objects.end(), std::back_inserter(all));
    options.token = page.next_token;
  } while (!options.token.empty());
  return all;
}

}  // namespace kiln::s3
