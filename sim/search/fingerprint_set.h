// Open-addressing tables keyed by 64-bit fingerprints, for searches that remember millions of states. Two values
// with one fingerprint count as one: among n random fingerprints that happens with a chance of about n^2 / 2^65.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim {

class FingerprintSet {
 public:
  FingerprintSet() : slots_(std::size_t{1} << kFirstBits) {}

  // Hides the cache miss of an insert that follows a few dozen instructions later.
  void prefetch(std::uint64_t fingerprint) const { __builtin_prefetch(&slots_[slot_of(fingerprint)], 1); }
  // True if it was not there.
  bool insert(std::uint64_t fingerprint) {
    if (fingerprint == 0) fingerprint = 1;  // 0 marks a free slot
    std::size_t at = slot_of(fingerprint);
    while (slots_[at] != 0) {
      if (slots_[at] == fingerprint) return false;
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at] = fingerprint;
    if (++size_ * 5 > slots_.size() * 3) grow();
    return true;
  }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.size() * sizeof(std::uint64_t); }

 private:
  static constexpr std::size_t kFirstBits = 10;

  std::size_t slot_of(std::uint64_t fingerprint) const { return fingerprint & (slots_.size() - 1); }
  void grow() {
    std::vector<std::uint64_t> old(slots_.size() * 2);
    old.swap(slots_);
    for (const std::uint64_t fingerprint : old) {
      if (fingerprint == 0) continue;
      std::size_t at = slot_of(fingerprint);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = fingerprint;
    }
  }

  std::vector<std::uint64_t> slots_;  // a power of two
  std::size_t size_ = 0;
};

// From keys to values that stay where they are once added. Keys need not be random.
template <typename Value>
class FingerprintMap {
 public:
  FingerprintMap() : slots_(std::size_t{1} << (64 - kFirstShift)) {}

  // nullptr: not there. Until the next insert.
  const Value* find(std::uint64_t key) const {
    std::size_t at = slot_of(key);
    while (slots_[at].used) {
      if (slots_[at].key == key) return &slots_[at].value;
      at = (at + 1) & (slots_.size() - 1);
    }
    return nullptr;
  }
  // The key must not be there.
  void insert(std::uint64_t key, const Value& value) {
    place({key, value, true});
    if (++size_ * 5 > slots_.size() * 3) grow();
  }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr int kFirstShift = 54;
  struct Slot {
    std::uint64_t key = 0;
    Value value{};
    bool used = false;
  };

  std::size_t slot_of(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15ULL) >> shift_);
  }
  void place(const Slot& slot) {
    std::size_t at = slot_of(slot.key);
    while (slots_[at].used) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (const Slot& slot : old) {
      if (slot.used) place(slot);
    }
  }

  std::vector<Slot> slots_;
  int shift_ = kFirstShift;
  std::size_t size_ = 0;
};

}  // namespace sim
