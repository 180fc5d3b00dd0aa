// Reports in the Test Anything Protocol, one line per case as it ends, so that meson counts cases and not
// programs. The plan comes last: a program that dies on the way has none, and meson calls that an error.
#include <doctest/doctest.h>

#include <ostream>
#include <sstream>
#include <string>

namespace {

class TapReporter : public doctest::IReporter {
 public:
  explicit TapReporter(const doctest::ContextOptions& options) : out_(*options.cout) {}

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override { out_ << "1.." << cases_ << std::endl; }

  void test_case_start(const doctest::TestCaseData& test) override {
    name_ = one_line(test.m_name);
    diagnostics_.clear();
  }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    ++cases_;
    out_ << (stats.testCaseSuccess ? "ok " : "not ok ") << cases_ << " - " << name_ << '\n'
         << diagnostics_ << std::flush;
  }
  void test_case_exception(const doctest::TestCaseException& exception) override {
    note(std::string("exception: ") + exception.error_string.c_str());
  }

  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}

  void log_assert(const doctest::AssertData& data) override {
    if (!data.m_failed) return;
    std::ostringstream text;
    text << data.m_file << ':' << data.m_line << ": " << doctest::assertString(data.m_at) << "( " << data.m_expr
         << " )";
    if (data.m_threw) {
      text << " threw: " << data.m_exception.c_str();
    } else {
      text << " is: " << data.m_decomp.c_str();
    }
    note(text.str());
    for (int i = 0; i < get_num_active_contexts(); ++i) {
      std::ostringstream context;
      get_active_contexts()[i]->stringify(&context);
      note("  with " + context.str());
    }
  }
  void log_message(const doctest::MessageData& message) override {
    std::ostringstream text;
    text << message.m_file << ':' << message.m_line << ": " << message.m_string.c_str();
    note(text.str());
  }
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  // A line break would start a line of the protocol, and a '#' a directive that turns a failure into a skip.
  static std::string one_line(const char* text) {
    std::string line;
    for (const char* c = text; *c != '\0'; ++c) {
      line += *c == '\n' || *c == '#' ? ' ' : *c;
    }
    return line;
  }
  void note(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) diagnostics_ += "# " + line + '\n';
  }

  std::ostream& out_;
  int cases_ = 0;
  std::string name_, diagnostics_;
};

DOCTEST_REGISTER_REPORTER("tap", 1, TapReporter);

}  // namespace
