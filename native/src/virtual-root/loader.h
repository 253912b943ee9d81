/* The question of the loader, which the kernel starts in place of every program of a virtual root, and its answer. */
#ifndef LOADER_H
#define LOADER_H

#include <stdint.h>

/* Both are getcwd(2) with a third argument, which that call does not have. */
#define LOADER_ASKS 0x7473656c66ul        /* args: the answer, its size, this, the scratch memory */
#define LOADER_CHANGES_ROOT 0x7473656c70ul /* args: the name of chroot(2), 0, this */

#define LOADER_ANSWER_SIZE 65536u
#define LOADER_MAXIMUM_WORDS 16

struct loader_answer {
	int32_t program, interpreter; /* descriptors; -1: the program is static */
	uint32_t real_uid, effective_uid, real_gid, effective_gid;
	uint32_t secure;              /* the user changed: AT_SECURE */
	uint32_t word_count;          /* words in place of argv[0], for scripts; 0: argv stays */
	uint32_t words[LOADER_MAXIMUM_WORDS]; /* offsets from the beginning of this structure */
	uint32_t name;                /* AT_EXECFN, an offset */
	char command[16];             /* as in /proc/PID/comm */
	char text[];
};

#endif
