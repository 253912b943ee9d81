/* The table of owners: what the disk can't say about an inode. The file format is in README.md. */
#ifndef OWNERS_H
#define OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAXIMUM_CAPABILITY 24 /* bytes of security.capability: revision 3 */

#define MODE_RECORDED 0x8000u

struct owner {
	uint32_t uid, gid;
	uint16_t type; /* S_IFCHR or S_IFBLK where the disk has a regular file instead; else 0 */
	uint16_t mode; /* MODE_RECORDED and permissions where the disk has others; else 0 */
	uint32_t major, minor;
	uint32_t capability_length;
	uint8_t capability[MAXIMUM_CAPABILITY];
};

/* From now on files have their owners on disk, and the table holds devices only. */
void expect_real_owners(void);
bool owners_are_real(void);
bool has_records(void);

/* From now on `inode` is another number of the file `of`, with the same record. */
void join_inodes(uint64_t device, uint64_t inode, uint64_t of);
/* The number under which a file is recorded. */
uint64_t recorded_inode(uint64_t device, uint64_t inode);
/* NULL if nothing is recorded: then it belongs to root. The pointer is good until the next change. */
struct owner *find_owner(uint64_t device, uint64_t inode);
/* Makes or replaces the record; what just belongs to root has none. */
void record_owner(uint64_t device, uint64_t inode, struct owner owner);
void forget_owner(uint64_t device, uint64_t inode);

/* Both end the program when the file isn't right or can't be written. */
void load_owners(int fd, const char *name);
void save_owners(int fd, const char *name);

#endif
