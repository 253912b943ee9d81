/*
 * File names in a virtual root: from what a caller says to a directory that is open here and a name in it.
 *
 * A virtual name is absolute and canonical: no symlink, no `.` or `..`, no slash at the end; the root itself is "".
 * Parts of the tree are other directories or files of the host (binds). The walk happens here, since links that are
 * absolute or lead out of a bind begin at the root again. Whatever is opened is opened with openat2(RESOLVE_BENEATH |
 * RESOLVE_NO_SYMLINKS) from the root or a bind, so that a name that changes meanwhile leads to an error, never out.
 */
#ifndef NAMES_H
#define NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "ownership/call.h"

/* Call before the others, with absolute paths of the host. `proc` is an open /proc of the host. */
void set_virtual_root(const char *host, int proc);
/* A file or directory of the host at a virtual name. Binds of longer names win. The name must be canonical. */
void add_bind(const char *host, const char *name, bool readonly);
/* Opens the root and the binds; ends the program if one can't be opened. */
void open_binds(void);

/* Call it before each call is answered. */
void begin_names(void);

struct where {
	int directory;            /* open here, or AT_FDCWD with an absolute name in /proc */
	bool owned;               /* the directory is closed with this */
	bool through;             /* `last` is one of the kernel's own links in /proc: follow it */
	bool of_descriptor;       /* it is what a descriptor of the caller holds */
	bool mount_point;         /* it is the root or a bind: not to be removed, replaced or made */
	bool readonly;            /* it is in a read-only bind */
	bool must_be_directory;   /* the name ended with a slash */
	int failed;               /* why fstatat failed: 0, ENOENT for a name that can be made */
	struct stat st;           /* if not failed; the link itself unless followed */
	char last[PATH_MAX];
	char name[PATH_MAX];      /* the virtual name; "" with of_descriptor, too */
};
void close_where(struct where *where);
#define PLACE __attribute__((cleanup(close_where))) struct where

/* How to look a name up: with a link at its end followed, and with an empty name for the descriptor itself. */
#define FOLLOW 1
#define EMPTY 2
#define ITSELF 4 /* not even a slash at its end follows a link: for what removes or makes names */
/* 0 or an error number; ENOENT only if the directory isn't there, see `failed`. `address` 0 with EMPTY is the
 * descriptor. */
int find_where(const struct call *call, int directory, uint64_t address, int how, struct where *where);
/* The same for a name that was read already. */
int find_named(const struct call *call, int directory, const char *path, int how, struct where *where);
/* Fills in the virtual name of what a descriptor holds, "" if it has none. */
void name_descriptor(struct where *where);
/* An O_PATH descriptor of the file itself, -1 with errno. */
int open_where(const struct where *where);
/* readlink(2) as the caller sees it: at most PATH_MAX bytes, not ended by NUL. The length, or minus an error number. */
int read_link(const struct call *call, const struct where *where, char *to);
/* The absolute name of the caller's working directory as the caller sees it; 0 or an error number. */
int working_directory(const struct call *call, char *to);

/* The virtual names that the present call was about, as far as they were walked: at most two, NULL for none. */
const char *walked_name(int index);
/* Opens a canonical name, whatever it is, with O_PATH: -1 with errno, also for a name in a read-only bind or in
 * /proc. */
int open_to_change(const char *name);

/* A name is no directory any more, or none of those below it is what it was. */
void forget_names(void);

/* The number of a root directory for state.h: 0 or more, minus an error number. */
int number_of_root(const char *name);
/* A virtual name as the caller sees it, perhaps from a root of its own. */
const char *as_seen(const struct call *call, const char *name);

#endif
