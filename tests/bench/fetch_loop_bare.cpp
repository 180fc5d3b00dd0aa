#include "tests/bench/fetch_loop_bare.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <variant>
#include <vector>

#if defined(__GNUC__)
#define BENCH_INLINE inline __attribute__((always_inline))
#else
#define BENCH_INLINE inline
#endif

namespace bench {
namespace {

__extension__ using Wide = unsigned __int128;

class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  BENCH_INLINE std::uint64_t below(std::uint64_t n) {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return static_cast<std::uint64_t>((Wide{z} * n) >> 64);
  }

 private:
  std::uint64_t state_;
};

// Time, then the order of scheduling, then the slot of the payload: one number of 16 bytes.
constexpr int kSlotBits = 24;
class EventQueue {
 public:
  bool empty() const { return keys_.empty(); }
  BENCH_INLINE void push(std::uint64_t at, std::uint32_t slot) {
    const Wide key = (Wide{at} << 64) | (Wide{sequence_++} << kSlotBits) | slot;
    std::size_t hole = keys_.size();
    keys_.push_back(key);
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / 4;
      if (keys_[parent] < key) break;
      keys_[hole] = keys_[parent];
      hole = parent;
    }
    keys_[hole] = key;
  }
  BENCH_INLINE Wide pop() {
    const Wide top = keys_.front();
    const Wide last = keys_.back();
    keys_.pop_back();
    const std::size_t size = keys_.size();
    if (size == 0) return top;
    std::size_t hole = 0;
    for (;;) {
      const std::size_t first = 4 * hole + 1;
      if (first >= size) break;
      std::size_t least = first;
      const std::size_t end = std::min(first + 4, size);
      for (std::size_t child = first + 1; child < end; ++child) {
        if (keys_[child] < keys_[least]) least = child;
      }
      if (last < keys_[least]) break;
      keys_[hole] = keys_[least];
      hole = least;
    }
    keys_[hole] = last;
    return top;
  }

 private:
  std::vector<Wide> keys_;
  std::uint64_t sequence_ = 0;
};

struct Record {
  std::uint64_t value = 0;
  std::uint32_t epoch = 0;
  std::uint32_t producer = 0;
};
constexpr std::uint64_t kRing = 4096;
constexpr std::uint64_t kFetchMax = 100, kBatch = 5;
constexpr int kBrokers = 3, kLeader = 0, kProducer = 3;
constexpr std::uint64_t kMicrosecond = 1000;
constexpr std::uint64_t kHopMin = 100 * kMicrosecond, kHopSpan = 401 * kMicrosecond;
constexpr std::uint64_t kThinkMin = 200 * kMicrosecond, kThinkSpan = 1801 * kMicrosecond;
constexpr std::uint64_t kFetchWait = 5000 * kMicrosecond;

// Six types; all trivially copyable and no larger than 48 bytes, so that a slot is one cache line.
struct Produce {
  std::uint64_t first_value = 0, count = 0;
};
struct ProduceResponse {
  std::uint64_t end_offset = 0;
};
struct Fetch {
  std::uint32_t follower = 0;
  std::uint64_t offset = 0;
};
struct FetchResponse {
  std::uint64_t offset = 0, count = 0, high_watermark = 0;  // records are read from the leader's ring
};
struct FetchWaitOver {
  std::uint32_t follower = 0;
  std::uint64_t number = 0;  // of the parked fetch; an answered one's timer is void
};
struct ThinkOver {};
using Body = std::variant<Produce, ProduceResponse, Fetch, FetchResponse, FetchWaitOver, ThinkOver>;
struct Slot {
  Body body;
  std::uint32_t to = 0;
  std::uint32_t next_free = 0;
};
static_assert(sizeof(Slot) <= 64);

struct Broker {
  std::array<Record, kRing> ring{};
  std::uint64_t log_end = 0, high_watermark = 0;
};
struct Follower {  // as the leader sees it
  std::uint64_t offset = 0;
  bool parked = false;
  std::uint64_t number = 0;
};

class FetchLoop {
 public:
  explicit FetchLoop(std::uint64_t seed) : dice_(seed) {
    for (int follower = 1; follower < kBrokers; ++follower)
      send(kLeader, Fetch{static_cast<std::uint32_t>(follower), 0});
    send(kProducer, ThinkOver{});
  }

  BareResult run(std::uint64_t events) {
    for (std::uint64_t n = 0; n < events && !queue_.empty(); ++n) {
      const Wide key = queue_.pop();
      now_ = static_cast<std::uint64_t>(key >> 64);
      const std::uint32_t slot = static_cast<std::uint32_t>(key) & ((1u << kSlotBits) - 1);
      to_ = slots_[slot].to;
      const Body body = slots_[slot].body;
      slots_[slot].next_free = free_;
      free_ = slot;
      result_.checksum = (result_.checksum ^ (now_ + to_)) * 0x9e3779b97f4a7c15u;
      std::visit([this](const auto& message) { handle(message); }, body);
      ++result_.events;
    }
    result_.simulated_ns = now_;
    return result_;
  }

 private:
  template <typename Message>
  BENCH_INLINE void schedule(int to, std::uint64_t delay, const Message& message) {
    std::uint32_t slot = free_;
    if (slot == kNone) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      free_ = slots_[slot].next_free;
    }
    slots_[slot].body = message;
    slots_[slot].to = static_cast<std::uint32_t>(to);
    queue_.push(now_ + delay, slot);
  }
  template <typename Message>
  BENCH_INLINE void send(int to, const Message& message) {
    const std::uint64_t hop = kHopMin + dice_.below(kHopSpan);
    schedule(to, hop, message);
  }

  void handle(const ThinkOver&) {
    send(kLeader, Produce{next_value_, kBatch});
    next_value_ += kBatch;
  }
  void handle(const Produce& produce) {
    Broker& leader = brokers_[kLeader];
    for (std::uint64_t i = 0; i < produce.count; ++i) {
      leader.ring[leader.log_end++ % kRing] = Record{produce.first_value + i, 1, kProducer};
    }
    waiting_end_ = leader.log_end;
    for (std::uint32_t follower = 1; follower < kBrokers; ++follower) {
      if (followers_[follower].parked) answer(follower);
    }
  }
  void handle(const Fetch& fetch) {
    Follower& follower = followers_[fetch.follower];
    follower.offset = fetch.offset;
    advance_high_watermark();
    if (fetch.offset < brokers_[kLeader].log_end) {
      answer(fetch.follower);
      return;
    }
    follower.parked = true;
    schedule(kLeader, kFetchWait, FetchWaitOver{fetch.follower, ++follower.number});
  }
  void handle(const FetchWaitOver& wait) {
    const Follower& follower = followers_[wait.follower];
    if (follower.parked && follower.number == wait.number) answer(wait.follower);
  }
  void handle(const FetchResponse& response) {
    const Broker& leader = brokers_[kLeader];
    Broker& self = brokers_[to_];
    for (std::uint64_t i = 0; i < response.count; ++i) {
      self.ring[self.log_end % kRing] = leader.ring[(response.offset + i) % kRing];
      ++self.log_end;
    }
    self.high_watermark = std::min(response.high_watermark, self.log_end);
    send(kLeader, Fetch{to_, self.log_end});
  }
  void handle(const ProduceResponse&) {
    ++result_.acknowledged;
    const std::uint64_t think = kThinkMin + dice_.below(kThinkSpan);
    schedule(kProducer, think, ThinkOver{});
  }

  void answer(std::uint32_t to) {
    const Broker& leader = brokers_[kLeader];
    Follower& follower = followers_[to];
    follower.parked = false;
    const std::uint64_t count = std::min(kFetchMax, leader.log_end - follower.offset);
    send(static_cast<int>(to), FetchResponse{follower.offset, count, leader.high_watermark});
  }
  void advance_high_watermark() {
    Broker& leader = brokers_[kLeader];
    const std::uint64_t all = std::min({leader.log_end, followers_[1].offset, followers_[2].offset});
    if (all <= leader.high_watermark) return;
    leader.high_watermark = all;
    if (waiting_end_ == 0 || all < waiting_end_) return;
    send(kProducer, ProduceResponse{waiting_end_});
    waiting_end_ = 0;
  }

  static constexpr std::uint32_t kNone = 0xffffffff;
  SplitMix dice_;
  EventQueue queue_;
  std::vector<Slot> slots_;
  std::uint32_t free_ = kNone;
  std::uint64_t now_ = 0;
  std::uint32_t to_ = 0;
  std::array<Broker, kBrokers> brokers_{};
  std::array<Follower, kBrokers> followers_{};
  std::uint64_t waiting_end_ = 0;  // of the produce request that is not answered yet; 0: none
  std::uint64_t next_value_ = 0;
  BareResult result_;
};

}  // namespace

BareResult run_bare_fetch_loop(std::uint64_t events, std::uint64_t seed) { return FetchLoop(seed).run(events); }

}  // namespace bench
