#include "ownership/owners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/fail.h"

#define MAGIC "TSBOWN01"
#define MAXIMUM_ENTRIES (8u << 20)

/* In memory and in the file. */
struct entry {
	uint64_t device, inode;
	struct owner owner;
};
struct header {
	char magic[8];
	uint64_t count;
};
_Static_assert(sizeof(struct entry) == 64 && sizeof(struct header) == 16, "the format of the file");

enum state { FREE, LIVE, FORGOTTEN };

/* Open addressing; forgotten slots stay until the table grows, so that probing goes over them. */
static struct entry *entries;
static unsigned char *states;
static size_t capacity, used, live;

static bool real_owners;

void expect_real_owners(void) { real_owners = true; }
bool owners_are_real(void) { return real_owners; }
bool has_records(void) { return live > 0; }

static size_t slot_of(uint64_t device, uint64_t inode)
{
	uint64_t hash = (inode ^ device << 48) * 0x9E3779B97F4A7C15ull;
	size_t i = (size_t)(hash >> 20) & (capacity - 1);
	while (states[i] != FREE && (entries[i].inode != inode || entries[i].device != device)) i = (i + 1) & (capacity - 1);
	return i;
}

static void resize(void)
{
	struct entry *old = entries;
	unsigned char *old_states = states;
	size_t n = capacity, wanted = 1024;
	while (wanted < 4 * live) wanted *= 2;
	if (live >= MAXIMUM_ENTRIES) refuse("ownership", "too many owners to remember");
	entries = calloc(wanted, sizeof *entries);
	states = calloc(wanted, 1);
	if (!entries || !states) fail("memory", NULL);
	capacity = wanted;
	used = live;
	for (size_t i = 0; i < n; i++) {
		if (old_states[i] != LIVE) continue;
		size_t to = slot_of(old[i].device, old[i].inode);
		entries[to] = old[i];
		states[to] = LIVE;
	}
	free(old);
	free(old_states);
}

/* An entry that stands for another one: the halves of its inode number are in `major` and `minor`. */
#define OTHER_INODE 0xffffu

static uint64_t other_inode(const struct owner *owner) { return (uint64_t)owner->major << 32 | owner->minor; }

uint64_t recorded_inode(uint64_t device, uint64_t inode)
{
	if (!capacity) return inode;
	size_t i = slot_of(device, inode);
	return states[i] == LIVE && entries[i].owner.type == OTHER_INODE ? other_inode(&entries[i].owner) : inode;
}

struct owner *find_owner(uint64_t device, uint64_t inode)
{
	if (!capacity) return NULL;
	size_t i = slot_of(device, recorded_inode(device, inode));
	return states[i] == LIVE ? &entries[i].owner : NULL;
}

void forget_owner(uint64_t device, uint64_t inode)
{
	if (!capacity) return;
	size_t i = slot_of(device, recorded_inode(device, inode));
	if (states[i] != LIVE) return;
	states[i] = FORGOTTEN;
	live--;
}

static bool is_root_owned(const struct owner *o)
{
	return !o->uid && !o->gid && !o->type && !o->mode && !o->capability_length;
}

static void put_entry(uint64_t device, uint64_t inode, struct owner owner)
{
	if (2 * (used + 1) > capacity) resize();
	size_t i = slot_of(device, inode);
	used += states[i] == FREE;
	live += states[i] != LIVE;
	states[i] = LIVE;
	entries[i] = (struct entry){device, inode, owner};
}

void record_owner(uint64_t device, uint64_t inode, struct owner owner)
{
	/* dpkg, for one, gives every file to root once more: that is what no record says. */
	if (is_root_owned(&owner)) forget_owner(device, inode);
	else put_entry(device, recorded_inode(device, inode), owner);
}

void join_inodes(uint64_t device, uint64_t inode, uint64_t of)
{
	of = recorded_inode(device, of);
	if (recorded_inode(device, inode) == of) return;
	const struct owner *recorded = find_owner(device, inode);
	struct owner owner = recorded ? *recorded : (struct owner){0};
	forget_owner(device, inode);
	record_owner(device, of, owner);
	put_entry(device, inode, (struct owner){.type = OTHER_INODE, .major = (uint32_t)(of >> 32), .minor = (uint32_t)of});
}

static void read_exactly(int fd, const char *name, void *to, size_t size)
{
	for (size_t n = 0; n < size;) {
		ssize_t part = read(fd, (char *)to + n, size - n);
		if (part < 0 && errno == EINTR) continue;
		if (part < 0) fail("read owners", name);
		if (part == 0) refuse("read owners", "the file ends too early");
		n += (size_t)part;
	}
}

static void write_exactly(int fd, const char *name, const void *from, size_t size)
{
	for (size_t n = 0; n < size;) {
		ssize_t part = write(fd, (const char *)from + n, size - n);
		if (part < 0 && errno == EINTR) continue;
		if (part <= 0) fail("write owners", name);
		n += (size_t)part;
	}
}

void load_owners(int fd, const char *name)
{
	struct header header;
	struct entry batch[256];
	read_exactly(fd, name, &header, sizeof header);
	if (memcmp(header.magic, MAGIC, sizeof header.magic)) refuse("read owners", "not a table of owners");
	if (header.count > MAXIMUM_ENTRIES) refuse("read owners", "too many entries");
	while (header.count) {
		size_t n = header.count < 256 ? (size_t)header.count : 256;
		read_exactly(fd, name, batch, n * sizeof *batch);
		for (size_t i = 0; i < n; i++) {
			const struct owner *o = &batch[i].owner;
			bool device = o->type == S_IFCHR || o->type == S_IFBLK;
			if ((o->type && !device) || o->capability_length > MAXIMUM_CAPABILITY || (o->mode && !(o->mode & MODE_RECORDED)) || o->mode & 0x7000) refuse("read owners", "an entry is malformed");
			record_owner(batch[i].device, batch[i].inode, *o);
		}
		header.count -= n;
	}
}

/* The header comes last, so that a table cut short is none. */
void save_owners(int fd, const char *name)
{
	struct header header = {.count = 0};
	struct entry batch[256];
	size_t n = 0;
	memcpy(header.magic, MAGIC, sizeof header.magic);
	if (lseek(fd, sizeof header, SEEK_SET) < 0) fail("write owners", name);
	for (size_t i = 0; i < capacity; i++) {
		const struct owner *owner = states[i] == LIVE ? find_owner(entries[i].device, entries[i].inode) : NULL;
		if (!owner) continue;
		header.count++;
		batch[n++] = (struct entry){entries[i].device, entries[i].inode, *owner};
		if (n < 256) continue;
		write_exactly(fd, name, batch, sizeof batch);
		n = 0;
	}
	write_exactly(fd, name, batch, n * sizeof *batch);
	if (lseek(fd, 0, SEEK_SET) < 0) fail("write owners", name);
	write_exactly(fd, name, &header, sizeof header);
	if (close(fd)) fail("write owners", name);
}
