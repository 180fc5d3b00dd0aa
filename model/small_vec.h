// Two sequence types for state that is copied and hashed often.
//
// FixedVec<T, N>: at most N trivially copyable elements in place. Going past N is a broken program:
// whatever fills one from input checks the size first.
// SmallVec<T, N>: N elements in place, the heap beyond that.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "model/ensure.h"
#include "model/value.h"

namespace model {

template <typename T, std::size_t N>
class FixedVec {
  static_assert(std::is_trivially_copyable_v<T> && N < 256);

 public:
  using value_type = T;
  FixedVec() = default;
  FixedVec(std::initializer_list<T> values) {
    for (const T& value : values) push_back(value);
  }
  static constexpr std::size_t capacity() { return N; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return items_.data(); }
  T* end() { return items_.data() + size_; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }
  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  const T& front() const { return items_[0]; }
  const T& back() const { return items_[size_ - 1U]; }
  void push_back(const T& value) {
    ENSURE(size_ < N);
    items_[size_] = value;
    ++size_;
  }
  void clear() { size_ = 0; }
  void erase(const T* at) {
    std::copy(at + 1, static_cast<const T*>(end()), begin() + (at - begin()));
    --size_;
  }
  bool contains(const T& value) const { return std::find(begin(), end(), value) != end(); }
  void remove(const T& value) {
    const T* at = std::find(begin(), end(), value);
    if (at != end()) erase(at);
  }
  friend bool operator==(const FixedVec& a, const FixedVec& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::uint8_t size_ = 0;
  std::array<T, N> items_{};
};

template <typename T, std::size_t N>
class SmallVec {
 public:
  using value_type = T;
  SmallVec() = default;
  SmallVec(std::initializer_list<T> values) {
    for (const T& value : values) push_back(value);
  }
  SmallVec(const SmallVec& other) { append_copies(other); }
  SmallVec(SmallVec&& other) noexcept { take(other); }
  SmallVec& operator=(const SmallVec& other) {
    if (this != &other) {
      clear();
      append_copies(other);
    }
    return *this;
  }
  SmallVec& operator=(SmallVec&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  ~SmallVec() { release(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return heap_ != nullptr ? heap_ : inline_items(); }
  const T* data() const { return heap_ != nullptr ? heap_ : inline_items(); }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  T& front() { return data()[0]; }
  const T& front() const { return data()[0]; }
  T& back() { return data()[size_ - 1]; }
  const T& back() const { return data()[size_ - 1]; }

  void push_back(const T& value) { emplace_back(value); }
  void push_back(T&& value) { emplace_back(std::move(value)); }
  template <typename... A>
  T& emplace_back(A&&... arguments) {
    if (size_ == capacity_) {
      T made{std::forward<A>(arguments)...};  // may refer to an element that moves now
      grow(std::size_t{capacity_} * 2 + 1);
      T* at = ::new (static_cast<void*>(data() + size_)) T(std::move(made));
      ++size_;
      return *at;
    }
    T* at = ::new (static_cast<void*>(data() + size_)) T{std::forward<A>(arguments)...};
    ++size_;
    return *at;
  }
  void pop_back() {
    --size_;
    std::destroy_at(data() + size_);
  }
  void clear() {
    std::destroy(begin(), end());
    size_ = 0;
  }
  T* erase(T* at) {
    std::move(at + 1, end(), at);
    pop_back();
    return at;
  }
  T* erase(T* first, T* last) {
    T* kept = std::move(last, end(), first);
    while (end() != kept) pop_back();
    return first;
  }
  friend bool operator==(const SmallVec& a, const SmallVec& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  T* inline_items() { return std::launder(reinterpret_cast<T*>(storage_)); }
  const T* inline_items() const { return std::launder(reinterpret_cast<const T*>(storage_)); }
  void append_copies(const SmallVec& other) {
    if (other.size_ > capacity_) grow(other.size_);
    std::uninitialized_copy(other.begin(), other.end(), data());
    size_ = other.size_;
  }
  void take(SmallVec& other) noexcept {
    if (other.heap_ != nullptr) {
      heap_ = std::exchange(other.heap_, nullptr);
      size_ = std::exchange(other.size_, 0U);
      capacity_ = std::exchange(other.capacity_, static_cast<std::uint32_t>(N));
      return;
    }
    std::uninitialized_move(other.begin(), other.end(), inline_items());
    size_ = other.size_;
    other.clear();
  }
  // Out of line: it is rare, and must not keep the common case from being inlined.
  [[gnu::noinline]] void grow(std::size_t wanted) {
    T* items = static_cast<T*>(::operator new (wanted * sizeof(T), std::align_val_t{alignof(T)}));
    std::uninitialized_move(begin(), end(), items);
    std::destroy(begin(), end());
    if (heap_ != nullptr) ::operator delete (heap_, std::align_val_t{alignof(T)});
    heap_ = items;
    capacity_ = static_cast<std::uint32_t>(wanted);
  }
  void release() {
    clear();
    if (heap_ != nullptr) ::operator delete (heap_, std::align_val_t{alignof(T)});
    heap_ = nullptr;
    capacity_ = static_cast<std::uint32_t>(N);
  }

  T* heap_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = static_cast<std::uint32_t>(N);
  alignas(T) std::byte storage_[N * sizeof(T)];
};

template <typename T, std::size_t N>
void hash_append(Hasher& hasher, const FixedVec<T, N>& values) {
  hasher.add(values.size());
  for (const auto& value : values) hash_append(hasher, value);
}
template <typename T, std::size_t N>
void hash_append(Hasher& hasher, const SmallVec<T, N>& values) {
  hasher.add(values.size());
  for (const auto& value : values) hash_append(hasher, value);
}

}  // namespace model
