// The read and write buffers, without a file.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "stream/read_buffer.hpp"
#include "stream/write_buffer.hpp"

namespace ringfiles::stream {
namespace {

void arrive(read_buffer& buffer, std::string_view bytes) {
  const auto space = buffer.prepare(bytes.size());
  ASSERT_GE(space.size(), bytes.size());
  std::memcpy(space.data(), bytes.data(), bytes.size());
  buffer.commit(bytes.size());
}

void arrive_as_chunk(read_buffer& buffer, std::string_view bytes) {
  base::block chunk(headroom_bytes + bytes.size());
  std::memcpy(chunk.data() + headroom_bytes, bytes.data(), bytes.size());
  buffer.accept(std::move(chunk), bytes.size());
}

TEST(read_buffer, BytesLeaveInTheOrderInWhichTheyCame) {
  read_buffer buffer;
  arrive(buffer, "one ");
  arrive_as_chunk(buffer, "two ");
  arrive(buffer, "three");
  EXPECT_EQ(buffer.bytes(), "one two three");
  buffer.consume(4);
  EXPECT_EQ(buffer.bytes(), "two three");
  EXPECT_EQ(buffer.position(), 4u);
  EXPECT_EQ(buffer.end_position(), 13u);
}

TEST(read_buffer, SharedBytesNeverChange) {
  read_buffer buffer;
  arrive(buffer, "first line\nrest");
  const auto owner = buffer.share();
  const std::string_view view = buffer.bytes().substr(0, 11);
  buffer.consume(11);
  for (int i = 0; i < 100; ++i) {
    arrive(buffer, std::string(1000, 'x'));
    buffer.consume(buffer.size());
  }
  EXPECT_EQ(view, "first line\n");
}

TEST(read_buffer, ChunkBehindAnUnreadRestKeepsBoth) {
  for (std::size_t rest : {std::size_t{1}, headroom_bytes, headroom_bytes + 1}) {
    read_buffer buffer;
    arrive(buffer, std::string(rest, 'a'));
    arrive_as_chunk(buffer, "bcd");
    EXPECT_EQ(buffer.bytes(), std::string(rest, 'a') + "bcd");
    EXPECT_EQ(buffer.end_position(), rest + 3);
  }
}

TEST(read_buffer, SeekFindsOnlyWhatIsThere) {
  read_buffer buffer;
  buffer.reset(100);
  arrive_as_chunk(buffer, "0123456789");
  buffer.consume(4);
  EXPECT_TRUE(buffer.seek(100));
  EXPECT_EQ(buffer.bytes(), "0123456789");
  EXPECT_FALSE(buffer.seek(99)) << "the room in front of a chunk holds no bytes of the file";
  EXPECT_TRUE(buffer.seek(110));
  EXPECT_TRUE(buffer.empty());
  EXPECT_FALSE(buffer.seek(111));
}

TEST(read_buffer, UnreadBytesComeAgain) {
  read_buffer buffer;
  arrive(buffer, "abcdef");
  const std::string taken(buffer.bytes().substr(0, 3));
  buffer.consume(3);
  buffer.unread(taken);
  EXPECT_EQ(buffer.bytes(), "abcdef");
  EXPECT_EQ(buffer.position(), 0u);
}

TEST(read_buffer, GrowsWithALineWithoutEnd) {
  read_buffer buffer;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string piece(997, static_cast<char>('a' + i % 26));
    arrive(buffer, piece);
    expected += piece;
  }
  EXPECT_EQ(buffer.bytes(), expected);
}

TEST(read_buffer, EmptyOneGivesItsMemoryBack) {
  read_buffer buffer;
  arrive(buffer, "abc");
  buffer.release();
  EXPECT_EQ(buffer.bytes(), "abc") << "bytes that nobody has read stay";
  buffer.consume(3);
  buffer.release();
  EXPECT_EQ(buffer.position(), 3u);
  EXPECT_EQ(buffer.share(), nullptr);
}

std::string drained(write_buffer& buffer) {
  const auto bytes = buffer.drain();
  return {bytes.data(), bytes.size()};
}

TEST(write_buffer, OneBlockFillsWhileTheOtherIsWritten) {
  write_buffer buffer(8);
  buffer.take("abcd");
  EXPECT_EQ(drained(buffer), "abcd");
  buffer.take("efgh");
  EXPECT_EQ(drained(buffer), "abcd") << "what is pending stays pending until it is written";
  buffer.written(4);
  EXPECT_EQ(buffer.position(), 4u);
  EXPECT_EQ(drained(buffer), "efgh");
  EXPECT_EQ(buffer.end_position(), 8u);
}

TEST(write_buffer, ShortWriteLeavesTheRest) {
  write_buffer buffer(8);
  buffer.take("abcdef");
  buffer.drain();
  buffer.written(2);
  EXPECT_EQ(drained(buffer), "cdef");
  EXPECT_EQ(buffer.position(), 2u);
  EXPECT_FALSE(buffer.empty());
  buffer.written(4);
  EXPECT_TRUE(buffer.empty());
}

TEST(write_buffer, SealedBlockFollowsThePendingOne) {
  stream::write_buffer buffer(4);
  buffer.start_at(100);
  buffer.take("abcd");
  buffer.drain();
  buffer.take("efg");
  EXPECT_EQ(buffer.end_position() - buffer.filled(), 104U);
  const auto sealed = buffer.seal();
  EXPECT_EQ(std::string(sealed.data(), sealed.size()), "efg");
  EXPECT_FALSE(buffer.fits(1));
  buffer.unseal();
  EXPECT_TRUE(buffer.fits(1));
  buffer.seal();
  buffer.written(4);
  EXPECT_EQ(buffer.drain().data(), sealed.data());
  EXPECT_EQ(buffer.position(), 104U);
  EXPECT_TRUE(buffer.fits(4));
}

TEST(write_buffer, AskedForSizeIsKept) {
  write_buffer buffer(16);
  EXPECT_TRUE(buffer.fits(16));
  EXPECT_FALSE(buffer.fits(17));
  EXPECT_FALSE(buffer.buffers(17));
  buffer.grow(1000);
  EXPECT_EQ(buffer.block_bytes(), 16u);
}

TEST(write_buffer, ChosenSizeGrowsToItsBound) {
  write_buffer buffer;
  EXPECT_EQ(buffer.block_bytes(), write_buffer::first_block_bytes);
  for (int i = 0; i < 20; ++i) buffer.grow(1);
  EXPECT_EQ(buffer.block_bytes(), write_buffer::last_block_bytes);
}

TEST(write_buffer, DiscardedBytesCountAsPassed) {
  write_buffer buffer(8);
  buffer.start_at(100);
  buffer.take("abcd");
  buffer.drain();
  buffer.take("ef");
  buffer.discard();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.end_position(), 106u);
}

}  // namespace
}  // namespace ringfiles::stream
