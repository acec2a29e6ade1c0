// kiln_channel: the function's end of the direct channel's shared memory for bootstrap.py, as
// functions on the SDK have it (sdk/core/channel_memory.h). One file for every CPython from 3.8 on,
// by the stable ABI.
//
//   reserve(names) → bool     before the engine is told that one knows memory; the names of an
//                             event's headers, in the order of its meta (base/channel_frame.h)
//   rehearse() → bool         the next event is one of its own, small, with a value for each name
//   rehearsed()               … and there is none any more, as before
//   first(fd) → None, bytes   waits for the engine's first word: memory, or what came instead
//   next() → (200, headers, body)   the next event; a body that may be JSON in UTF-8 is text
//   answer(request id, None or the error's type, body)
//   set_trace_id(value) → bool      the variable, for code in C; False: it is too long
//
// Threading: one thread; the interpreter's lock is let go while it waits.
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03080000
#include <Python.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "sdk/core/channel_memory.h"

namespace {

using kiln::sdk::ChannelMemory;

constexpr size_t kFirstRead = 65536;

ChannelMemory g_memory;
int g_socket = -1;
PyObject* g_names = nullptr;  // a tuple

PyObject* lost() {
  PyErr_SetString(PyExc_ConnectionError, "the direct channel carries no event");
  return nullptr;
}

PyObject* reserve(PyObject*, PyObject* names) {
  if (!PyTuple_Check(names)) {
    PyErr_SetString(PyExc_TypeError, "the names of an event's headers are a tuple");
    return nullptr;
  }
  Py_INCREF(names);
  Py_XDECREF(g_names);
  g_names = names;
  return PyBool_FromLong(g_memory.reserve());
}

PyObject* rehearse(PyObject*, PyObject*) {
  std::string meta;
  for (Py_ssize_t i = 0; i < PyTuple_Size(g_names); ++i) kiln::MetaWriter(meta).add("0");
  return PyBool_FromLong(g_memory.begin_rehearsal(meta, R"({"a": "b"})"));
}

PyObject* rehearsed(PyObject*, PyObject*) {
  g_memory.end_rehearsal();
  Py_RETURN_NONE;
}

PyObject* first(PyObject*, PyObject* argument) {
  g_socket = static_cast<int>(PyLong_AsLong(argument));
  if (PyErr_Occurred()) return nullptr;
  auto* room = static_cast<char*>(PyMem_Malloc(kFirstRead));
  if (!room) return PyErr_NoMemory();
  kiln::UniqueFd descriptor;
  ssize_t got = -1;
  do {
    PyThreadState* state = PyEval_SaveThread();
    got = kiln::sdk::receive_with_descriptor(g_socket, room, kFirstRead, descriptor);
    const int error = errno;
    PyEval_RestoreThread(state);
    errno = error;
  } while (got < 0 && errno == EINTR && PyErr_CheckSignals() == 0);
  PyObject* result = nullptr;
  if (PyErr_Occurred()) {
    // A signal's handler has raised.
  } else if (got >= 0 && !descriptor) {
    result = PyBytes_FromStringAndSize(room, got);
  } else if (got >= 0 && g_memory.map(descriptor.get())) {
    result = Py_None;
    Py_INCREF(result);
  } else {
    PyErr_SetFromErrno(PyExc_ConnectionError);
  }
  PyMem_Free(room);
  return result;
}

// False: an exception is set.
bool wait_for_event() {
  while (!g_memory.has_event()) {
    PyThreadState* state = PyEval_SaveThread();
    const auto woke = g_memory.wait();
    PyEval_RestoreThread(state);
    if (woke == ChannelMemory::Woke::kStop) return lost(), false;
    if (woke == ChannelMemory::Woke::kInterrupted && PyErr_CheckSignals() != 0) return false;
  }
  return true;
}

PyObject* headers_of(std::string_view meta) {
  PyObject* headers = PyDict_New();
  kiln::MetaReader in(meta);
  for (Py_ssize_t i = 0; headers && i < PyTuple_Size(g_names); ++i) {
    const auto value = in.next();
    if (value && value->empty()) continue;
    PyObject* text =
        value ? PyUnicode_DecodeUTF8(value->data(), static_cast<Py_ssize_t>(value->size()),
                                     "surrogateescape")
              : lost();
    if (!text || PyDict_SetItem(headers, PyTuple_GetItem(g_names, i), text) != 0) Py_CLEAR(headers);
    Py_XDECREF(text);
  }
  return headers;
}

// As the bootstrap's decode() would look at it.
PyObject* body_of(std::string_view body) {
  const auto size = static_cast<Py_ssize_t>(body.size());
  if (!body.empty() && std::strchr("{[\"", body[0]) && body[0] != '\0' &&
      body.substr(0, 4).find('\0') == std::string_view::npos) {
    if (PyObject* text = PyUnicode_DecodeUTF8(body.data(), size, "surrogatepass")) return text;
    PyErr_Clear();
  }
  return PyBytes_FromStringAndSize(body.data(), size);
}

PyObject* next(PyObject*, PyObject*) {
  if (!g_memory.mapped()) return lost();
  if (!wait_for_event()) return nullptr;
  std::string_view meta, body;
  if (!g_memory.take_event(meta, body)) return lost();
  PyObject* headers = headers_of(meta);
  PyObject* content = headers ? body_of(body) : nullptr;
  PyObject* result = content ? Py_BuildValue("(iOO)", 200, headers, content) : nullptr;
  Py_XDECREF(headers);
  Py_XDECREF(content);
  return result;
}

bool text_of(PyObject* text, PyObject*& bytes, std::string_view& view) {
  bytes = PyUnicode_AsEncodedString(text, "utf-8", "surrogateescape");
  if (!bytes) return false;
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(bytes, &data, &size) != 0) return false;
  view = {data, static_cast<size_t>(size)};
  return true;
}

PyObject* answer(PyObject*, PyObject* arguments) {
  PyObject *id = nullptr, *error_type = nullptr, *body = nullptr;
  if (!PyArg_ParseTuple(arguments, "UOS", &id, &error_type, &body)) return nullptr;
  if (!g_memory.mapped()) return lost();
  const bool failed = error_type != Py_None;
  PyObject *id_bytes = nullptr, *type_bytes = nullptr, *meta = nullptr;
  std::string_view id_text, type_text;
  char* content = nullptr;
  Py_ssize_t size = 0;
  bool done = text_of(id, id_bytes, id_text) &&
              (!failed || text_of(error_type, type_bytes, type_text)) &&
              PyBytes_AsStringAndSize(body, &content, &size) == 0;
  if (done) {
    const size_t meta_size =
        sizeof(uint32_t) + id_text.size() + (failed ? sizeof(uint32_t) + type_text.size() : 0);
    meta = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(meta_size));
    done = meta != nullptr;
  }
  if (done) {
    char* to = PyBytes_AsString(meta);
    const char* const begin = to;
    const auto add = [&to](std::string_view text) {
      const auto length = static_cast<uint32_t>(text.size());
      std::memcpy(to, &length, sizeof length);
      std::memcpy(to + sizeof length, text.data(), text.size());
      to += sizeof length + text.size();
    };
    add(id_text);
    if (failed) add(type_text);
    g_memory.answer(failed ? kiln::FrameType::kError : kiln::FrameType::kResult,
                    {begin, static_cast<size_t>(to - begin)}, {content, static_cast<size_t>(size)},
                    g_socket);
  }
  Py_XDECREF(meta);
  Py_XDECREF(type_bytes);
  Py_XDECREF(id_bytes);
  if (!done) return nullptr;
  Py_RETURN_NONE;
}

// setenv(3) would keep every value that there ever was.
PyObject* set_trace_id(PyObject*, PyObject* value) {
  constexpr std::string_view kName = "_X_AMZN_TRACE_ID=";
  // Two that take turns: who reads one while it is replaced reads a whole one.
  static char room[2][1024];
  static int used = 0;
  char* text = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(value, &text, &size) != 0) return nullptr;
  if (kName.size() + static_cast<size_t>(size) >= sizeof room[0]) Py_RETURN_FALSE;
  used ^= 1;
  std::memcpy(room[used], kName.data(), kName.size());
  std::memcpy(room[used] + kName.size(), text, static_cast<size_t>(size) + 1);
  if (::putenv(room[used]) != 0) return PyErr_NoMemory();
  Py_RETURN_TRUE;
}

PyMethodDef g_methods[] = {{"reserve", reserve, METH_O, nullptr},
                           {"rehearse", rehearse, METH_NOARGS, nullptr},
                           {"rehearsed", rehearsed, METH_NOARGS, nullptr},
                           {"first", first, METH_O, nullptr},
                           {"next", next, METH_NOARGS, nullptr},
                           {"answer", answer, METH_VARARGS, nullptr},
                           {"set_trace_id", set_trace_id, METH_O, nullptr},
                           {nullptr, nullptr, 0, nullptr}};
PyModuleDef_Slot g_slots[] = {{0, nullptr}};
PyModuleDef g_module = {PyModuleDef_HEAD_INIT,
                        "kiln_channel",
                        nullptr,
                        0,
                        g_methods,
                        g_slots,
                        nullptr,
                        nullptr,
                        nullptr};

}  // namespace

extern "C" PyMODINIT_FUNC PyInit_kiln_channel() { return PyModuleDef_Init(&g_module); }
