#include "model/function_session.h"

#include "base/digest.h"

namespace kiln::model {
namespace {

constexpr std::string_view kStart = "IQoJb3JpZ2luX2Vj";  // as AWS's tokens begin
constexpr std::string_view kMark = "kiln-function";
constexpr size_t kMaxToken = 4096;

}  // namespace

std::string session_token(const FunctionSession& session) {
  std::string content(kMark);
  content.append("\n").append(session.role_arn).append("\n").append(session.function);
  return std::string(kStart) + base64_encode(content);
}

std::optional<FunctionSession> read_session_token(std::string_view token) {
  if (!token.starts_with(kStart) || token.size() > kMaxToken) return std::nullopt;
  const auto content = base64_decode(token.substr(kStart.size()));
  if (!content) return std::nullopt;
  const size_t first = content->find('\n');
  const size_t second = first == std::string::npos ? first : content->find('\n', first + 1);
  if (second == std::string::npos || std::string_view(*content).substr(0, first) != kMark)
    return std::nullopt;
  return FunctionSession{content->substr(first + 1, second - first - 1),
                         content->substr(second + 1)};
}

}  // namespace kiln::model
