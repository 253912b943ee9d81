/* The spec of a step: a file of records, each a key and its values, NUL after every string. README.md lists them. */
#ifndef SPEC_H
#define SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#define MAXIMUM_GROUPS 1024

struct step_mount {
	const char *source; /* NULL: a tmpfs */
	const char *target;
	bool readonly;
	uint64_t size; /* of a tmpfs, in bytes; 0: no limit of its own */
	unsigned mode;
};

struct step_limit {
	const char *name;
	int resource;
	uint64_t soft, hard;
};

struct spec {
	const char *root, *hostname, *cwd;
	bool virtual_root; /* no mounts: the helper answers for names */
	uint64_t mark;     /* of a virtual root, what the hard limit RLIMIT_RTTIME becomes; 0: nothing */
	bool bind_proc;    /* the place's /proc instead of a new one */
	bool new_network;  /* loopback only */
	bool allow_devices; /* device nodes in the root work */
	bool writable_sys;
	uint64_t shm_size;

	bool has_user;
	uint32_t uid, gid, groups[MAXIMUM_GROUPS];
	size_t group_count;
	bool map_user; /* the only id that there is gets this name, in a user namespace of its own */

	bool has_bounding;
	uint64_t bounding;
	struct sock_filter *filter;
	size_t filter_length; /* instructions */

	struct step_mount *mounts;
	size_t mount_count;
	char **masked, **readonly; /* ended by NULL */
	size_t masked_count, readonly_count;
	struct step_limit *limits;
	size_t limit_count;
	char **args, **env; /* ended by NULL */
	size_t arg_count, env_count;

	const char *owners_in, *owners_out; /* both or only out: the helper records what the disk can't have */
	bool real_owners;                   /* files have their owners on disk: only devices are recorded */
	char **kept;                        /* devices and set-id files of the root, ended by NULL */
	size_t kept_count;
	bool virtual_capabilities;          /* setcap is recorded instead of done */
	bool hard_links;                    /* owners_in names files that have several names */
};

static inline bool has_virtual_users(const struct spec *spec) { return spec->owners_out && !spec->real_owners; }

/* Reads all of `fd` and closes it. What isn't as it should be ends the program. */
void read_spec(int fd, struct spec *spec);

#endif
