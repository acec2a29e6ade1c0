#include "kiln/stream.h"

#include "sdk/core/text.h"

namespace kiln {
namespace {

constexpr std::string_view kHttpType = "application/vnd.awslambda.http-integration-response";

void append_strings(std::string& out, const std::vector<std::string>& values) {
  out += '[';
  for (const std::string& value : values) {
    if (&value != values.data()) out += ',';
    sdk::append_json_string(out, value);
  }
  out += ']';
}

std::string prelude_of(const HttpPrelude& prelude) {
  std::string text = "{\"statusCode\":";
  sdk::append_integer(text, prelude.status);
  text += ",\"headers\":{";
  for (const auto& header : prelude.headers) {
    if (&header != prelude.headers.data()) text += ',';
    sdk::append_json_string(text, header.first);
    text += ':';
    sdk::append_json_string(text, header.second);
  }
  text += '}';
  if (!prelude.cookies.empty()) {
    text += ",\"cookies\":";
    append_strings(text, prelude.cookies);
  }
  text += '}';
  text.append(8, '\0');
  return text;
}

}  // namespace

void ResponseStream::content_type(std::string_view type) {
  if (started_) throw std::logic_error("the content type comes before the first write");
  for (const char c : type) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      throw std::invalid_argument("a content type can't hold control characters");
    }
  }
  content_type_ = type;
}

void ResponseStream::http(const HttpPrelude& prelude) {
  content_type(kHttpType);
  prelude_ = prelude_of(prelude);
}

void ResponseStream::start() {
  if (started_) return;
  started_ = true;
  begin(content_type_);
  if (content_type_ == kHttpType && !prelude_.empty()) send(prelude_);
}

void ResponseStream::write(std::string_view bytes) {
  if (bytes.empty()) return;
  start();
  send(bytes);
}

}  // namespace kiln
