// Replays what a real ZooKeeper 3.8.0 answered (tests/zookeeper/trace-3.8.0.txt) on the simulated server,
// operation by operation. The file's zxids count from its first create; its server had opened two sessions
// before that. Steps that the recording program took without writing a line are listed in
// take_hidden_step_before and _after.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/zookeeper/zk_driver.h"

namespace {

using namespace model;

constexpr Zxid kZxidOfFirstCreate = 3;  // sessions A and B took 1 and 2
constexpr std::int64_t kTick = 500;

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}
std::string between(const std::string& text, const std::string& open, const std::string& close) {
  const std::size_t from = text.find(open);
  if (from == std::string::npos) return "";
  const std::size_t to = text.find(close, from + open.size());
  return to == std::string::npos ? "" : text.substr(from + open.size(), to - from - open.size());
}
bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

// Names of the script become free words, "s-0000000003" the sequential name 3 of the word "s-".
struct Vocabulary {
  std::vector<std::string> words;

  Word word(const std::string& text) {
    auto at = std::find(words.begin(), words.end(), text);
    if (at == words.end()) at = words.insert(words.end(), text);
    return Word(static_cast<std::uint8_t>(static_cast<int>(Word::free_words) + (at - words.begin())));
  }
  Name name(const std::string& text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string::npos || dash + 11 != text.size()) return {Name::Form::word, word(text), 0};
    return {Name::Form::sequence, word(text.substr(0, dash + 1)), std::stoi(text.substr(dash + 1))};
  }
  Path path(const std::string& text) {
    Path made;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, '/');) {
      if (!part.empty()) made = made / name(part);
    }
    return made;
  }
};

std::string text_of_code(ZkCode code) {
  switch (code) {
    case ZkCode::ok:
      return "OK";
    case ZkCode::runtime_inconsistency:
      return "RUNTIMEINCONSISTENCY";
    case ZkCode::bad_version:
      return "BADVERSION";
    case ZkCode::no_node:
      return "NONODE";
    case ZkCode::no_children_for_ephemerals:
      return "NOCHILDRENFOREPHEMERALS";
    case ZkCode::node_exists:
      return "NODEEXISTS";
    case ZkCode::not_empty:
      return "NOTEMPTY";
    case ZkCode::session_expired:
      return "SESSIONEXPIRED";
    case ZkCode::connection_loss:
      return "CONNECTIONLOSS";
  }
  return "?";
}

std::string text_of_stat(const ZnodeStat& stat) {
  std::ostringstream out;
  out << "cz=" << stat.czxid - kZxidOfFirstCreate << " mz=" << stat.mzxid - kZxidOfFirstCreate
      << " pz=" << stat.pzxid - kZxidOfFirstCreate << " ver=" << stat.version << " cver=" << stat.cversion
      << " eph=" << (stat.ephemeral_owner != 0 ? 1 : 0) << " len=" << stat.data_length << " nch=" << stat.children;
  return out.str();
}

struct TraceClient {
  ConnectionId via;
  SessionId session = 0;
  std::deque<ZkEvent> inbox;
};

struct Replay {
  tests::ZkDriver driver;
  Vocabulary vocabulary;
  std::map<char, TraceClient> clients;
  std::map<Path, PlainData> written;
  std::int32_t writes = 0;
  std::uint32_t connections = 0;
  bool session_closed = false;  // since the last list of events
  int checked = 0;              // lines compared with an answer of the simulated server

  Replay() {
    driver.config.zookeeper_tick = milliseconds(kTick);
    // A real tree has /zookeeper from the beginning, and does not count it as created.
    Znode own;
    own.path = vocabulary.path("/zookeeper");
    driver.server.disk.tree.nodes.push_back(own);
    driver.server.disk.tree.nodes.front().stat.children = 1;
    driver.server.disk.tree.nodes.front().stat.cversion = -1;
    driver.start();
    open('A');
    open('B');
  }

  void open(char name, SessionId session = 0) {
    TraceClient& client = clients[name];
    client.via = tests::zk_connection(name - 'A' + 1, ++connections);
    client.session = driver.connect(client.via, 3'000, session);
    REQUIRE(client.session > 0);
  }
  ZkResponse ask(char name, std::vector<ZkOp> ops) {
    const ZkResponse response = driver.request(clients.at(name).via, std::move(ops));
    for (auto& [other, client] : clients) {
      for (const ZkEvent& event : driver.events_to(client.via)) client.inbox.push_back(event);
    }
    return response;
  }
  void close(char name) {
    ZkOp op;
    op.type = ZkOpType::close_session;
    CHECK(ask(name, {op}).code == ZkCode::ok);
    clients.erase(name);
    session_closed = true;
  }

  ZkOp read_op(ZkOpType type, const std::string& path, bool watch) {
    ZkOp op;
    op.type = type;
    op.path = vocabulary.path(path);
    op.watch = watch;
    return op;
  }
  ZkOp set_op(const std::string& path, std::int32_t version, std::int32_t length) {
    ZkOp op = read_op(ZkOpType::set, path, false);
    op.version = version;
    op.data = PlainData{++writes, length};
    return op;
  }
};

// --- lines -------------------------------------------------------------------------------------

struct Line {
  std::string text;
  char client = 0;
  std::string verb, path, argument;  // "create", "/t", "P"
  std::string expected;              // after "-> "
  std::string expected_code;
};

Line parse(const std::string& text) {
  Line line;
  line.text = text;
  const std::size_t arrow = text.find(" -> ");
  if (arrow != std::string::npos) line.expected = text.substr(arrow + 4);
  const std::vector<std::string> words = words_of(text.substr(0, arrow));
  if (words.size() > 1 && words[0].size() == 1) {
    line.client = words[0][0];
    line.verb = words[1];
  }
  if (words.size() > 2) line.path = words[2];
  if (words.size() > 3) line.argument = words[3];
  const std::vector<std::string> expected = words_of(line.expected);
  if (!expected.empty()) line.expected_code = expected[0];
  return line;
}

// The script's data is not in the file; its length is, in the answer.
std::int32_t length_in(const std::string& expected) {
  const std::string length = between(expected + " ", "len=", " ");
  return length.empty() ? 0 : std::stoi(length);
}
void check_code_and_stat(Replay& replay, const Line& line, const ZkResponse& response) {
  CHECK(text_of_code(response.code) == line.expected_code);
  const std::size_t stat = line.expected.find("cz=");
  if (stat != std::string::npos) {
    REQUIRE(response.results.size() == 1);
    CHECK(text_of_stat(response.results.front().stat) == line.expected.substr(stat));
  }
  ++replay.checked;
}

void replay_create(Replay& replay, const Line& line) {
  ZkOp op = replay.read_op(ZkOpType::create, line.path, false);
  op.ephemeral = line.argument.find('E') != std::string::npos;
  op.sequential = line.argument.find('S') != std::string::npos;
  op.data = PlainData{++replay.writes, length_in(line.expected)};
  const SessionId session = replay.clients.at(line.client).session;
  const ZkResponse response = replay.ask(line.client, {op});
  check_code_and_stat(replay, line, response);
  if (response.code != ZkCode::ok) return;
  const ZkResult& result = response.results.front();
  CHECK(result.created == replay.vocabulary.path(words_of(line.expected)[1]));
  CHECK(result.stat.ephemeral_owner == (op.ephemeral ? session : 0));
  replay.written[result.created] = std::get<PlainData>(op.data);
}

void replay_set(Replay& replay, const Line& line) {
  const std::int32_t version = std::stoi(line.argument.substr(2));
  const ZkOp op = replay.set_op(line.path, version, length_in(line.expected));
  const ZkResponse response = replay.ask(line.client, {op});
  check_code_and_stat(replay, line, response);
  if (response.code == ZkCode::ok) replay.written[op.path] = std::get<PlainData>(op.data);
}

void replay_delete(Replay& replay, const Line& line) {
  ZkOp op = replay.read_op(ZkOpType::remove, line.path, false);
  op.version = std::stoi(line.argument.substr(2));
  check_code_and_stat(replay, line, replay.ask(line.client, {op}));
}

void replay_read(Replay& replay, const Line& line) {
  const ZkOpType type = line.verb == "exists" ? ZkOpType::exists
                        : line.verb == "get"  ? ZkOpType::get
                                              : ZkOpType::children;
  const ZkOp op = replay.read_op(type, line.path, line.argument == "+watch");
  const ZkResponse response = replay.ask(line.client, {op});
  check_code_and_stat(replay, line, response);
  if (type == ZkOpType::get) {
    const std::string data = between(line.expected, "OK ", " cz=");
    CHECK(std::get<PlainData>(response.results.front().data) == replay.written.at(op.path));
    CHECK(static_cast<std::size_t>(replay.written.at(op.path).length) == data.size());
  }
  if (type != ZkOpType::children) return;
  std::vector<Path> expected;  // a real server's order is that of a hash set
  for (const std::string& name : words_of(between(line.expected, "[", "]"))) {
    expected.push_back(op.path / replay.vocabulary.name(name));
  }
  std::sort(expected.begin(), expected.end());
  CHECK(response.children == expected);
}

// "multi delete m1, check t/a v7, delete m2 (a remark)"
void replay_multi(Replay& replay, const Line& line) {
  constexpr std::int32_t kLengthOfSet = 2;  // a later `get` shows "mm"
  std::string text = line.text.substr(0, line.text.find(" -> "));
  text = text.substr(text.find("multi ") + 6);
  text = text.substr(0, text.find(" ("));
  std::vector<ZkOp> ops;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const std::vector<std::string> words = words_of(part);
    const std::int32_t version = words.size() > 2 ? std::stoi(words[2].substr(1)) : -1;
    ZkOp op = words[0] == "set" ? replay.set_op(words[1], version, kLengthOfSet)
                                : replay.read_op(ZkOpType::create, words[1], false);
    if (words[0] == "delete") op.type = ZkOpType::remove;
    if (words[0] == "check") op.type = ZkOpType::check;
    if (words[0] == "create") op.data = PlainData{++replay.writes, 0};
    op.version = version;
    ops.push_back(op);
  }
  REQUIRE(ops.size() > 1);
  const ZkResponse response = replay.ask(line.client, ops);
  check_code_and_stat(replay, line, response);
  std::vector<std::string> codes;
  for (const ZkResult& result : response.results) codes.push_back(text_of_code(result.code));
  CHECK(codes == words_of(between(line.expected, "[", "]")));
  if (response.code != ZkCode::ok) return;
  for (const ZkOp& op : ops) {
    if (const auto* data = std::get_if<PlainData>(&op.data)) replay.written[op.path] = *data;
  }
}

void replay_events(Replay& replay, const Line& line) {
  const std::map<std::string, ZkEventType> types{{"CREATED", ZkEventType::node_created},
                                                 {"DELETED", ZkEventType::node_deleted},
                                                 {"CHANGED", ZkEventType::node_data_changed},
                                                 {"CHILD", ZkEventType::node_children_changed}};
  using Seen = std::pair<ZkEventType, Path>;
  std::vector<Seen> expected, seen;
  std::string rest = line.text.substr(line.text.find(':') + 1);
  for (std::string one = between(rest, "[", "]"); !one.empty(); one = between(rest, "[", "]")) {
    rest = rest.substr(rest.find(']') + 1);
    const std::vector<std::string> words = words_of(one);
    expected.emplace_back(types.at(words[0]), replay.vocabulary.path(words[1]));
  }
  for (const ZkEvent& event : replay.clients.at(line.client).inbox) seen.emplace_back(event.type, event.path);
  replay.clients.at(line.client).inbox.clear();
  if (replay.session_closed) {  // in which order a session's ephemerals go is open
    std::sort(expected.begin(), expected.end());
    std::sort(seen.begin(), seen.end());
  }
  replay.session_closed = false;
  CHECK(seen == expected);
  ++replay.checked;
}

// Group 11 counts how often two threads of the C client overtake each other, which is no business of the
// server. Its 300 writes use zxids all the same, its last event stays unread, and on the wire each event
// comes before the first answer that shows the change.
void replay_race(Replay& replay) {
  for (int round = 0; round < 300; ++round) {
    std::deque<ZkEvent>& inbox = replay.clients.at('B').inbox;
    inbox.clear();
    replay.ask('B', {replay.read_op(ZkOpType::get, "/o1", true)});
    const ZkOp op = replay.set_op("/o1", -1, 0);
    replay.ask('A', {op});
    replay.written[op.path] = std::get<PlainData>(op.data);
    REQUIRE(inbox.size() == 1);
    CHECK(inbox.front().type == ZkEventType::node_data_changed);
    const ZkResponse seen = replay.ask('B', {replay.read_op(ZkOpType::get, "/o1", false)});
    CHECK(std::get<PlainData>(seen.results.front().data) == replay.written.at(op.path));
  }
}

void replay_timeouts(Replay& replay, const std::string& text) {
  const std::vector<std::string> words = words_of(text);  // "asked 100 got 1000"
  const ConnectionId via = tests::zk_connection(9, ++replay.connections);
  replay.driver.connect(via, std::stoi(words[1]));
  const auto* answer = replay.driver.last_to<ZkConnectResponse>(via);
  REQUIRE(answer != nullptr);
  CHECK(answer->timeout == milliseconds(std::stoi(words[3])));
  ++replay.checked;
}

void take_hidden_step_before(Replay& replay, const std::string& text) {
  if (starts_with(text, "C create /id1") && replay.clients.contains('C')) replay.close('C');
  if (starts_with(text, "C create") && !replay.clients.contains('C')) replay.open('C');
}
void take_hidden_step_after(Replay& replay, const std::string& text) {
  if (starts_with(text, "D exists /e3")) replay.close('D');
}

void replay_line(Replay& replay, const std::string& text) {
  if (text.empty() || text[0] == '#') return;
  INFO(text);
  take_hidden_step_before(replay, text);
  const Line line = parse(text);
  if (line.verb == "create") {
    replay_create(replay, line);
  } else if (line.verb == "set") {
    replay_set(replay, line);
  } else if (line.verb == "delete") {
    replay_delete(replay, line);
  } else if (line.verb == "exists" || line.verb == "get" || line.verb == "children") {
    replay_read(replay, line);
  } else if (line.verb == "multi") {
    replay_multi(replay, line);
  } else if (line.verb == "events:") {
    replay_events(replay, line);
  } else if (starts_with(text, "reads of the new value")) {
    replay_race(replay);
  } else if (starts_with(text, "close took")) {  // how long it took is the machine's
    replay.close('C');
  } else if (starts_with(text, "same id")) {
    const TraceClient moved = replay.clients.at('C');
    replay.open('D', moved.session);
    CHECK(replay.clients.at('D').session == moved.session);
    CHECK(replay.driver.out.closes == std::vector<ConnectionId>{moved.via});
    replay.clients.erase('C');
    ++replay.checked;
  } else if (starts_with(text, "asked")) {
    replay_timeouts(replay, text);
  } else {
    FAIL("a line that the replay does not know: ", text);
  }
  take_hidden_step_after(replay, text);
}

TEST_CASE("every answer, stat and event of a real ZooKeeper 3.8.0 is the simulated server's too") {
  std::ifstream file("tests/zookeeper/trace-3.8.0.txt");
  REQUIRE(file.good());
  Replay replay;
  int lines = 0;
  for (std::string text; std::getline(file, text);) {
    replay_line(replay, text);
    if (!text.empty() && text[0] != '#') ++lines;
  }
  CHECK(lines == 97);
  CHECK(replay.checked == lines - 2);  // all but the two that speak of the recording machine
}

}  // namespace
