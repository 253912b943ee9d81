/* A system call that waits for an answer: its arguments, its process's memory, and what its file names mean. */
#ifndef CALL_H
#define CALL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct call {
	int listener;
	uint64_t id;
	int number;
	pid_t thread;
	uint64_t args[6];
};

struct reply {
	enum {
		PASS,    /* the kernel does the call */
		RESULT,  /* `value` is the result */
		ERROR,   /* `value` is an error number */
		HAND,    /* `value` is a descriptor of ours, opened with `flags`, that becomes the result */
		INSTEAD, /* the caller makes another call, see rewrite.h */
		NOTHING, /* nobody waits any more */
	} kind;
	int64_t value;
	int flags;
};

static inline struct reply pass(void) { return (struct reply){.kind = PASS}; }
static inline struct reply nothing(void) { return (struct reply){.kind = NOTHING}; }
static inline struct reply result(int64_t value) { return (struct reply){.kind = RESULT, .value = value}; }
static inline struct reply error(int number) { return (struct reply){.kind = ERROR, .value = number}; }

/* Whether the process still waits. If it does, facts found by its number before this call are about it, and not about a
 * later process with the same number. */
bool still_waits(const struct call *call);

bool read_memory(const struct call *call, uint64_t address, void *to, size_t size);
/* At most `size` bytes with the NUL. */
bool read_text(const struct call *call, uint64_t address, char *to, size_t size);
/* The same for a process that surely doesn't run: it waits for its answer, or is stopped. */
bool poke_memory(const struct call *call, uint64_t address, const void *from, size_t size);
/* RESULT 0, or what stands in the way. */
struct reply write_memory(const struct call *call, uint64_t address, const void *from, size_t size);

/* Puts a copy of a descriptor of ours into the waiting process, to be closed on exec. Its number there, -1 with
 * errno. */
int hand_descriptor(const struct call *call, int fd);

/* A file name as this process can use it. Declare it with FILE_NAME, so that it is closed. Its directory was opened
 * while the caller surely waited, so it is the caller's, whatever the kernel does with process numbers afterwards. */
struct name {
	int directory;
	bool opened;
	int flags; /* AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT and AT_EMPTY_PATH are left */
	char path[PATH_MAX];
};
void close_name(struct name *name);
#define FILE_NAME __attribute__((cleanup(close_name))) struct name

enum name_kind {
	NAMED,
	UNKNOWN, /* nonsense, or one that only the process itself can look up: the kernel knows what to say */
	GONE,
};
/* `address` 0 with AT_EMPTY_PATH in `flags` is the descriptor itself. */
enum name_kind find_name(const struct call *call, int directory, uint64_t address, int flags, struct name *name);
/* A descriptor with O_PATH of what the name leads to; -1 with errno. */
int open_path(const struct name *name);
/* The same of a descriptor of this process. */
int open_descriptor(int fd);
/* fstatat(2): 0 or an error number. */
int look_at(const struct name *name, int flags, struct stat *st);

/* Call once, with /proc as the processes of the sandbox can be seen from here and the sandbox's root entered. */
void prepare_names(int proc);
/* From now on processes may have roots of their own. */
void expect_other_roots(void);
/* /proc, for what else is known about processes. */
int proc_directory(void);
/* The value of a line `Name:\t…` of /proc/PID/status into `to`. */
bool read_status(pid_t pid, const char *name, char *to, size_t size);

#endif
