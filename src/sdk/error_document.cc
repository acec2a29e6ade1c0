#include "sdk/error_document.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "sdk/text.h"

namespace kiln::sdk {
namespace {

constexpr size_t kMaxMessage = 64 * 1024;

std::string type_name(const std::type_info& type) {
  int status = 0;
  char* readable = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string name = status == 0 ? readable : type.name();
  std::free(readable);
  return name;
}

}  // namespace

ExceptionInfo current_exception_info() {
  ExceptionInfo info;
  if (const std::type_info* type = abi::__cxa_current_exception_type())
    info.type = type_name(*type);
  try {
    throw;
  } catch (const std::exception& e) {
    info.message = e.what();
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

std::string error_document(const ExceptionInfo& info) {
  std::string document = "{\"errorMessage\":";
  append_json_string(document, std::string_view(info.message).substr(0, kMaxMessage));
  document += ",\"errorType\":";
  append_json_string(document, info.type);
  document += ",\"stackTrace\":[]}";
  return document;
}

}  // namespace kiln::sdk
