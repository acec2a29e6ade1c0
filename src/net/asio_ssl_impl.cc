// Asio's TLS, compiled once for the whole program, apart from the rest: only a program that sends
// https requests needs it.
#include <boost/asio/ssl/impl/src.hpp>
