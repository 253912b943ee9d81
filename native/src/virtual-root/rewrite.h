/*
 * Another system call instead of the one that waits, made by the caller itself: for what acts on the caller alone (its
 * directory, its sockets, its program). The caller is stopped with ptrace for some 70 µs on its way out of the call,
 * and sent back to its system call instruction with other registers. No process is traced for longer than one call.
 */
#ifndef REWRITE_H
#define REWRITE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ownership/call.h"

/* Memory for arguments that every process of a virtual root has, at the address that its program's record has. */
#define SCRATCH_SLOT 8192u
#define SCRATCH_SLOTS 16u
#define SCRATCH_SIZE (SCRATCH_SLOT * SCRATCH_SLOTS)

struct instead {
	int number;
	uint64_t args[6];
	/* Bytes for the caller's memory. The argument `pointer` becomes their address; -1 for none. */
	int pointer;
	size_t length;
	/* Whether the address of the byte `points_to` of `data` is put at its byte `pointer_at`. */
	bool has_inner_pointer;
	size_t pointer_at, points_to;
	_Alignas(8) unsigned char data[PATH_MAX + 256];
	bool is_exec;  /* the caller is not waited for */
	int held[2];   /* closed when the call is over; -1 for none */
	/* Called when it is over, if it succeeded. */
	void (*finish)(const struct call *call, const struct instead *done, int64_t result);
};

/* The one that an answer of INSTEAD stands for: empty but for the arguments of the call. */
struct instead *prepare_instead(const struct call *call);
/* Makes the last prepared one happen. False if the caller is gone. */
bool start_instead(const struct call *call);
/* Call it with every status that waitpid reports: a traced process goes on, one that ended is forgotten. */
void on_stopped(pid_t thread, int status);
/* Whether the call is one that was put in place of another: the kernel does it. */
bool is_instead(const struct call *call);
/* /proc/PID/fd/N of this process, which the step's processes can open: its length. */
int alias_of(int fd, char *to, size_t size);

#endif
