#include "sdk/core/error_document.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "sdk/core/text.h"
#include "sdk/core/throw_place.h"

namespace kiln::sdk {
namespace {

constexpr size_t kMaxMessage = 64 * 1024;

constexpr size_t kMaxCauses = 16;

// What the library's own versions of its ABI add to names; nobody writes them.
void drop_abi_namespaces(std::string& name) {
  for (const std::string_view inner : {"__cxx11::", "_V2::", "__1::"})
    for (size_t at = name.find(inner); at != std::string::npos; at = name.find(inner, at))
      name.erase(at, inner.size());
  for (size_t at = name.find("[abi:"); at != std::string::npos; at = name.find("[abi:", at)) {
    const size_t end = name.find(']', at);
    name.erase(at, end == std::string::npos ? end : end + 1 - at);
  }
}

std::string readable_type(const std::type_info& type) {
  int status = 0;
  char* readable = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string name = status == 0 ? readable : type.name();
  std::free(readable);
  drop_abi_namespaces(name);
  return name;
}

// throw_with_nested throws a class of its own, derived from the one that was thrown.
std::string thrown_type(const std::type_info& type) {
  constexpr std::string_view kWrapper = "std::_Nested_exception<";
  std::string name = readable_type(type);
  if (!name.starts_with(kWrapper) || !name.ends_with('>')) return name;
  name = name.substr(kWrapper.size(), name.size() - kWrapper.size() - 1);
  if (name.ends_with(' ')) name.pop_back();
  return name;
}

// The exceptions that `e` was thrown over, nearest first.
std::vector<ExceptionInfo> causes_of(const std::exception& e) {
  const auto* nested = dynamic_cast<const std::nested_exception*>(&e);
  if (nested == nullptr || !nested->nested_ptr()) return {};
  try {
    std::rethrow_exception(nested->nested_ptr());
  } catch (...) {
    ExceptionInfo cause = current_exception_info();
    std::vector<ExceptionInfo> causes = std::move(cause.causes);
    cause.causes.clear();
    causes.insert(causes.begin(), std::move(cause));
    if (causes.size() > kMaxCauses) causes.resize(kMaxCauses);
    return causes;
  }
}

void append_document(std::string& document, const ExceptionInfo& info,
                     const std::vector<ExceptionInfo>& causes, size_t first_cause) {
  document += "{\"errorMessage\":";
  append_json_string(document, std::string_view(info.message).substr(0, kMaxMessage));
  document += ",\"errorType\":";
  append_json_string(document, info.type);
  document += ",\"stackTrace\":[";
  for (const std::string& line : info.stack) {
    if (&line != &info.stack.front()) document += ',';
    append_json_string(document, line);
  }
  document += ']';
  if (first_cause < causes.size()) {
    document += ",\"cause\":";
    append_document(document, causes[first_cause], causes, first_cause + 1);
  }
  document += '}';
}

}  // namespace

ExceptionInfo current_exception_info() {
  ExceptionInfo info;
  if (const std::type_info* type = abi::__cxa_current_exception_type())
    info.type = thrown_type(*type);
  try {
    throw;
  } catch (const std::exception& e) {
    const char* what = e.what();
    info.message = what != nullptr ? what : "";
    info.causes = causes_of(e);
  } catch (const std::string& text) {
    info.message = text;
    info.type = "std::string";
  } catch (const char* text) {
    info.message = text ? text : "";
  } catch (...) {
    info.message = "an exception that is no std::exception";
  }
  return info;
}

ExceptionInfo current_exception_info_with_stack() {
  const Stack* stack = current_throw();
  std::vector<std::string> lines = stack ? stack_lines(*stack) : std::vector<std::string>();
  ExceptionInfo info = current_exception_info();
  info.stack = std::move(lines);
  return info;
}

std::string error_document(const ExceptionInfo& info) {
  std::string document;
  append_document(document, info, info.causes, 0);
  return document;
}

}  // namespace kiln::sdk
