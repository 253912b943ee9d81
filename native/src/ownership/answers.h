/* The answers to intercepted system calls. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "ownership/call.h"
#include "ownership/owners.h"

/* Puts the file's virtual owner and type into `st`. Returns the record, NULL if there is none. */
const struct owner *apply_owner(struct stat *st);

struct reply answer_stat(const struct call *call, int directory, uint64_t path, uint64_t out, int flags);
struct reply answer_statx(const struct call *call, int directory, uint64_t path, int flags, uint32_t mask, uint64_t out);
struct reply answer_chown(const struct call *call, int directory, uint64_t path, uint32_t uid, uint32_t gid, int flags);

/* Whether the caller, by its real or its virtual user, has a capability. */
bool is_capable(const struct call *call, int capability);
/* Whether the caller makes files as the launcher does: as root with root's group, by its real user. */
bool is_root(const struct call *call);
/* chmod. */
struct reply answer_mode(const struct call *call, int directory, uint64_t path, mode_t mode, int flags);

enum creation { DIRECTORY, LINK, NODE, FILE_ };
/* `extra`: the target's address of a link, the device of a node, the flags of a file. */
struct reply answer_create(const struct call *call, enum creation what, int directory, uint64_t path, mode_t mode, uint64_t extra);
struct reply answer_open(const struct call *call, int directory, uint64_t path, int flags, mode_t mode);
/* fstatat(2) of a file that is about to change, after overlayfs has copied it up from a lower layer. Returns 0 or an
 * error number. */
int look_at_copy(const struct name *name, struct stat *st);
/* Call before `name` changes: a file with several names keeps its record when its copy gets another inode number. */
void keep_record(const struct name *name);
struct reply answer_change(const struct call *call, int directory, uint64_t path, int flags);
struct reply answer_link(const struct call *call, int from, uint64_t path, int to, uint64_t new_path, int flags);
struct reply answer_remove(const struct call *call, int directory, uint64_t path, int flags);
struct reply answer_rename(const struct call *call, int from, uint64_t path, int to, uint64_t new_path, unsigned flags);

struct reply answer_exec(const struct call *call, int directory, uint64_t path, int flags);
struct reply answer_set_id(const struct call *call, int kind, int form);
struct reply answer_get_ids(const struct call *call, int kind);
struct reply answer_get_groups(const struct call *call);
struct reply answer_set_groups(const struct call *call);
/* prctl(PR_SET_KEEPCAPS) and PR_GET_KEEPCAPS. */
struct reply answer_keep_capabilities(const struct call *call);
struct reply answer_peer(const struct call *call);
/* Sets RLIMIT_RTTIME of a process if `new` is not 0, and writes what it was if `old` is not 0. `process` is a number as
 * the caller counts, 0 for the caller. */
struct reply answer_limit(const struct call *call, pid_t process, uint64_t new, uint64_t old);

struct reply answer_set_capability(const struct call *call, int directory, uint64_t path, int flags);
struct reply answer_get_capability(const struct call *call, int directory, uint64_t path, int flags);
struct reply answer_remove_capability(const struct call *call, int directory, uint64_t path, int flags);

/* Something was chowned that has no name any more: its inode number may come back for a file that the kernel makes. */
void expect_orphans(void);

#endif
