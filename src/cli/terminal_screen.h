// The terminal as a screen: the alternate page, no cursor, keys as they are pressed. What was on
// the terminal before is back when the object goes, also after Ctrl-C.
//
// It speaks the sequences that every terminal of the last decades has (ECMA-48, xterm's 1049), so
// it needs neither a library nor a terminal database. One thread; one object at a time.
#pragma once

#include <signal.h>
#include <termios.h>

#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"

namespace kiln::cli {

struct Key {
  enum class Kind { kNone, kText, kEnter, kEscape, kBackspace, kUp, kDown, kPageUp, kPageDown };
  Kind kind = Kind::kNone;
  char text = 0;  // kText
};

struct ScreenSize {
  int columns = 80;
  int rows = 24;
};

// Takes the first key from what a terminal has sent. Sequences that mean nothing here are kNone.
Key take_key(std::string& bytes);

class TerminalScreen {
 public:
  // REQUIRES: stdin and stdout are terminals.
  explicit TerminalScreen(std::ostream& out);
  ~TerminalScreen();
  TerminalScreen(const TerminalScreen&) = delete;
  TerminalScreen& operator=(const TerminalScreen&) = delete;

  static ScreenSize size();
  // Lines from the top, each no wider than the screen; the rest of the screen is cleared.
  void draw(const std::vector<std::string>& lines);

  enum class Wake { kKey, kTime, kResized, kStopped };
  // Waits for the first of: a key, a change of the size, SIGINT or SIGTERM, the time.
  Wake wait(Duration time, Key& key);

 private:
  std::ostream& out_;
  termios before_{};
  std::string typed_;  // and not handed out yet
  sigset_t signals_{};
  sigset_t signals_before_{};
};

}  // namespace kiln::cli
